//! The strategy: one document above all departments.
//!
//! **Which segment a customer belongs to.** The top segments are tried in the order of the file; the customer enters the
//! first whose condition holds. Inside it the subsegments are tried the same way, level by level; if none holds, the
//! customer stays where it is. So a subsegment never takes a customer from an earlier segment, and an unknown condition
//! does not hold. A parent stands before its children in the file.
//!
//! **What two rules do to each other** is settled when the document is read: all clamps of a field have a common range, a
//! forced value lies within it, and two forced values of a field have a strictest one.

mod activation;
mod assignment;
mod contradictions;
mod customers;
mod difference;
mod goals;
mod keys;
mod lint;
mod places;
mod pledges;
mod policies;
mod problem;
pub(crate) mod reader;
mod rules;
mod segments;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use guildhall_model::Model;
use rust_decimal::Decimal;

pub use activation::ActivationRules;
pub use assignment::Assignment;
pub use difference::difference;
pub use goals::{Aim, Direction, Goal, GoalError, Guard, Objective, Projection, Side};
pub use lint::{Circumstances, Finding, Serving, Severity};
pub use pledges::{Money, MoneyError, Pledge};
pub use policies::{
    Arbitration, Authority, ContactCap, ContactPolicy, DELEGATED_ACTS, Field, Holdout, Incentive, Information, Place,
    QuietHours, lot,
};
pub use problem::{Problem, Problems};
pub use reader::MAX_DOCUMENT_BYTES;

use crate::verdict::told_of;
use crate::{Condition, Datum, DecisionPoint, Formula};

/// One version of the customer strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    pub name: String,
    pub vision: String,
    /// What is promised to whom.
    pub value_propositions: Vec<ValueProposition>,
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
    /// Who may approve what, up to a limit.
    pub authorities: Vec<Authority>,
    /// What departments are paid for.
    pub incentives: Vec<Incentive>,
    /// The facts that decisions rest on, who answers for them and how old they may be.
    pub information: Vec<Information>,
    pub contact_policy: Option<ContactPolicy>,
    pub arbitration: Option<Arbitration>,
    pub holdout: Option<Holdout>,
    pub pledges: Vec<Pledge>,
    /// ISO 4217 code of the currency that all others are counted in.
    pub currency: Option<String>,
    /// How much one unit of another currency is in `currency`.
    pub rates: BTreeMap<String, Decimal>,
    /// What a year of lent money costs: 0.06 is 6 %.
    pub financing_rate: Option<Decimal>,
    /// What the next strategy needs before it is active.
    pub activation: ActivationRules,
    /// Where its parts stand in the document.
    pub(crate) places: places::Places,
}

/// What is promised to a segment, or to everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueProposition {
    pub segment: Option<String>,
    pub promise: String,
}

/// A group of customers with a need.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub key: String,
    pub name: String,
    pub need: String,
    pub when: Condition,
    /// Who belongs to it already stays while this holds.
    pub stay: Option<Condition>,
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
    Clamp { field: String, min: Option<Limit>, max: Option<Limit> },
    /// Sets fields.
    Force(BTreeMap<String, Datum>),
    /// Sets fields to what the request says they are: nothing may change them.
    Keep(BTreeMap<String, String>),
    /// Sees to it that a segment gets its share of what is scarce, as far as it wants it.
    Reserve { segment: String, share: Decimal },
}

/// One end of a clamp.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    Value(Datum),
    /// Computed for each decision, and rounded so that the bound holds: to 4 decimal places, or to whole numbers.
    Formula(Box<Formula>),
}

impl GroundRule {
    /// The subject's fields it reads.
    fn reads(&self) -> Vec<Vec<String>> {
        let mut reads: Vec<_> = self.when.iter().flat_map(|when| when.reads().iter().cloned()).collect();
        if let Effect::Clamp { min, max, .. } = &self.effect {
            for limit in [min, max].into_iter().flatten() {
                if let Limit::Formula(formula) = limit {
                    reads.extend(formula.reads());
                }
            }
        }
        reads
    }
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

    /// The subject's fields that the ground rules of a decision point read, and those the customer is told of; sorted, each once.
    pub fn rule_reads(&self, point: &str) -> Vec<Vec<String>> {
        let mut reads: Vec<_> = self.rules(point).into_iter().flat_map(GroundRule::reads).collect();
        reads.extend(told_of(point).iter().map(|name| vec![(*name).to_owned()]));
        if self.max_age_days(point).is_some() {
            reads.push(vec!["factsAsOf".to_owned()]);
        }
        reads.sort();
        reads.dedup();
        reads
    }

    /// How old the customer's facts may be when something is decided at a point, in days; nothing if nobody says.
    pub fn max_age_days(&self, point: &str) -> Option<i32> {
        let about = self
            .information
            .iter()
            .filter(|information| information.points.is_empty() || information.points.iter().any(|name| name == point));
        about.filter_map(|information| information.max_age_days).min()
    }

    /// The value of a parameter in a segment: its own, that of a segment it is part of, or the department's default.
    pub fn parameter(&self, segment: &str, point: &DecisionPoint, name: &str) -> Option<Datum> {
        let lineage = self.lineage(segment);
        let set =
            lineage.iter().rev().find_map(|segment| self.treatment(&segment.key, &point.name)?.parameters.get(name));
        set.cloned().or_else(|| point.parameter(name)?.default.clone())
    }

    /// The segment and all that are part of it.
    pub fn family(&self, key: &str) -> Vec<&Segment> {
        let inside = |segment: &&Segment| self.lineage(&segment.key).iter().any(|outer| outer.key == key);
        self.segments.iter().filter(inside).collect()
    }

    /// Whether this person may activate the strategy.
    pub fn may_activate(&self, person: &str) -> bool {
        self.approvers.iter().any(|approver| approver == person)
    }
}

#[cfg(test)]
pub(crate) mod tests;
