//! What is questionable about a strategy that can be read: with figures, and with its place in the document.
//!
//! An **error** means that the strategy could not do what it says: it is not activated. A **warning** means that somebody
//! should look. A small strategy, of segments and treatments alone, has warnings and no errors.

mod blocks;
mod currencies;
mod enforced;
mod goals;
mod names;
mod pledges;
mod reach;
mod segments;
mod usage;

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

use super::Strategy;
use crate::DecisionPoint;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Refuses activation.
    Error,
    /// Somebody should look.
    Warning,
}

/// One thing that is questionable, where, and why. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub line: usize,
    pub column: usize,
    pub severity: Severity,
    /// What kind of finding it is, `GOAL_MISSED`.
    pub code: &'static str,
    /// The part of the document, like `segments[0]`; empty for the whole document.
    pub path: String,
    /// A sentence, with figures where there are some.
    pub message: String,
}

/// A plugin at a decision point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    pub plugin: String,
    pub department: String,
    pub point: String,
    /// The parameters it reads; nothing if it does not say, and then it may read all.
    pub parameters: Option<Vec<String>>,
}

/// What a strategy is looked at with.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    pub points: &'a [DecisionPoint],
    /// The installed plugins. Without them nothing is said about who reads what.
    pub serving: Option<&'a [Serving]>,
    /// The currencies that records of customers are in. Without them nothing is said about rates that are missing.
    pub currencies: Option<&'a [String]>,
    /// Without a day nothing is said about what is past.
    pub today: Option<NaiveDate>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { line, column, severity, code, message, .. } = self;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "line {line}, column {column}: {severity} {code}: {message}")
    }
}

impl Strategy {
    /// Everything that is questionable, in the order of the document.
    pub fn lint(&self, circumstances: &Circumstances<'_>) -> Vec<Finding> {
        let mut findings = Findings { strategy: self, points: circumstances.points, all: Vec::new() };
        blocks::check(&mut findings);
        segments::check(&mut findings);
        names::check(&mut findings);
        enforced::check(&mut findings);
        reach::check(&mut findings);
        goals::check(&mut findings);
        pledges::check(&mut findings, circumstances.today);
        currencies::check(&mut findings, circumstances.currencies.unwrap_or_default());
        usage::check(&mut findings, circumstances);
        let mut all = findings.all;
        all.sort();
        all.dedup();
        all
    }
}

struct Findings<'a> {
    strategy: &'a Strategy,
    points: &'a [DecisionPoint],
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    fn error(&mut self, code: &'static str, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, code, path.into(), message.into());
    }

    fn warn(&mut self, code: &'static str, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, code, path.into(), message.into());
    }

    fn add(&mut self, severity: Severity, code: &'static str, path: String, message: String) {
        let (line, column) = self.strategy.places.of(&path);
        self.all.push(Finding { line, column, severity, code, path, message });
    }

    fn point(&self, name: &str) -> Option<&'a DecisionPoint> {
        self.points.iter().find(|point| point.name == name)
    }
}

/// The path of a treatment, as the reader writes it.
fn treatment_path(segment: &str, point: &str) -> String {
    format!("treatments.{segment}.\"{point}\"")
}

#[cfg(test)]
mod tests;
