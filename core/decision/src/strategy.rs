//! The strategy: one document above all departments.
//!
//! **Which segment a customer belongs to.** The top segments are tried in the order of the file; the customer enters the
//! first whose condition holds. Inside it the subsegments are tried the same way, level by level; if none holds, the
//! customer stays where it is. So a subsegment never takes a customer from an earlier segment, and an unknown condition
//! does not hold. A parent stands before its children in the file.
//!
//! **What two rules do to each other** is settled when the document is read: all clamps of a field have a common range, a
//! forced value lies within it, and two forced values of a field have a strictest one.

mod assignment;
mod customers;
mod keys;
mod lint;
mod problem;
pub(crate) mod reader;
mod rules;
mod segments;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use guildhall_model::Model;

pub use assignment::Assignment;
pub use problem::{Problem, Problems};
pub use reader::MAX_DOCUMENT_BYTES;

use crate::{Condition, Datum, DecisionPoint};

/// One version of the customer strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    pub name: String,
    pub vision: String,
    pub goals: Vec<Goal>,
    /// Who may activate this strategy. Never empty.
    pub approvers: Vec<String>,
    /// In the order of the file.
    pub segments: Vec<Segment>,
    pub treatments: Vec<Treatment>,
    /// Agreed in writing; the strongest layer.
    pub contracts: Vec<Agreement>,
    /// Granted to one customer.
    pub exceptions: Vec<Agreement>,
    pub ground_rules: Vec<GroundRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    pub name: String,
    pub metric: String,
    pub side: Side,
    pub target: Option<String>,
}

/// Whom a goal is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Enterprise,
    Customer,
}

/// A group of customers with a need.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub key: String,
    pub name: String,
    pub need: String,
    pub when: Condition,
    /// The key of the segment this one is part of.
    pub parent: Option<String>,
}

/// What a segment gets at a decision point.
#[derive(Clone, Debug, PartialEq)]
pub struct Treatment {
    pub segment: String,
    pub point: String,
    pub parameters: BTreeMap<String, Datum>,
}

/// What one customer gets at a decision point, until and including a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    pub customer: CustomerKey,
    pub point: String,
    pub parameters: BTreeMap<String, Datum>,
    pub expires: NaiveDate,
    pub reason: String,
}

/// How the document names a customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CustomerKey {
    /// The global id.
    Id(String),
    External {
        source: String,
        external_id: String,
    },
}

/// A hard bound that nobody overrides.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundRule {
    pub id: String,
    pub name: String,
    pub reason: String,
    pub point: String,
    /// Over the subject, the request and the verdict before any bound. A rule without condition always holds; so does one
    /// whose condition cannot be evaluated because a fact is missing.
    pub when: Option<Condition>,
    pub effect: Effect,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Keeps a field within bounds.
    Clamp { field: String, min: Option<Datum>, max: Option<Datum> },
    /// Sets fields.
    Force(BTreeMap<String, Datum>),
}

impl Strategy {
    /// Reads a strategy document, and reports everything that is wrong with it at once.
    pub fn read(text: &str, model: &Model, points: &[DecisionPoint]) -> Result<Strategy, Problems> {
        reader::read(text, model, points)
    }

    pub fn segment(&self, key: &str) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.key == key)
    }

    /// The segment and the ones it is part of, outermost first; empty if there is no such segment.
    pub fn lineage(&self, key: &str) -> Vec<&Segment> {
        let mut lineage = Vec::new();
        let mut next = self.segment(key);
        while let Some(segment) = next {
            lineage.push(segment);
            next = segment.parent.as_deref().and_then(|parent| self.segment(parent));
        }
        lineage.reverse();
        lineage
    }

    pub fn treatment(&self, segment: &str, point: &str) -> Option<&Treatment> {
        self.treatments.iter().find(|treatment| treatment.segment == segment && treatment.point == point)
    }

    /// The ground rules of a decision point, by id.
    pub fn rules(&self, point: &str) -> Vec<&GroundRule> {
        let mut rules: Vec<_> = self.ground_rules.iter().filter(|rule| rule.point == point).collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        rules
    }

    /// The subject's fields that the ground rules of a decision point read; sorted, each once.
    pub fn rule_reads(&self, point: &str) -> Vec<Vec<String>> {
        let conditions = self.rules(point).into_iter().filter_map(|rule| rule.when.as_ref());
        let mut reads: Vec<_> = conditions.flat_map(|when| when.reads().iter().cloned()).collect();
        reads.sort();
        reads.dedup();
        reads
    }

    /// Whether this person may activate the strategy.
    pub fn may_activate(&self, person: &str) -> bool {
        self.approvers.iter().any(|approver| approver == person)
    }
}

#[cfg(test)]
pub(crate) mod tests;
