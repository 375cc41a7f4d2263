//! The verdict: what the core enforces, and why.
//!
//! Nothing here depends on the order of the plugins or of the ground rules. Ground rules look at the combined answer before
//! any bound; clamps narrow, a forced value wins over clamps (it lies within them, see [`crate::Strategy`]), and of two
//! forced values the strictest holds. **A ground rule that cannot be evaluated holds**: what we don't know doesn't loosen a
//! bound. Such a rule is in the trace even when it changes nothing.

mod bounds;
mod explain;
mod proposal;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value as Json};

pub use bounds::Bound;
pub use proposal::{Failure, Proposal, ProposalFailure, ProposedOutput};

use crate::{Datum, DecisionPoint, FailPolicy, Parameters, Resolved, Strategy};
use proposal::Judged;

/// The values of an answer by field; null for a nullable field without one.
type Answer = BTreeMap<String, Option<Datum>>;

/// Whom a decision is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The global id.
    pub id: &'a str,
    /// The system the record was imported from, and its id there.
    pub source: Option<&'a str>,
    pub external_id: Option<&'a str>,
    /// The key of the segment it belongs to.
    pub segment: Option<&'a str>,
    /// What [`Strategy::rule_reads`] asks for, as JSON in the form of the API.
    pub facts: &'a Json,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub strategy: &'a Strategy,
    pub point: &'a DecisionPoint,
    pub subject: Subject<'a>,
    /// The point's request; null if there is nothing to ask.
    pub request: &'a Json,
    /// The time the decision is made for.
    pub at: DateTime<Utc>,
}

/// The combined, bounded answer, with everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Every field of the point, in JSON in the form of the API.
    pub output: Map<String, Json>,
    /// Whether the point's defaults answered because a plugin could not, or because there is none.
    pub fallback: bool,
    pub bounds: Vec<Bound>,
    pub parameters: Vec<Resolved>,
    /// Sorted by plugin. An output that was refused is a failure here.
    pub proposals: Vec<Proposal>,
    pub failures: Vec<Failure>,
    /// What the departments would have answered by themselves, without strategy and ground rules. Nothing if nobody asked
    /// or if a plugin could not answer.
    pub without_strategy: Option<Map<String, Json>>,
    /// What the plugins proposed under the departments' own defaults, sorted by plugin; empty if nobody asked.
    pub by_default: Vec<Proposal>,
    /// The decision in words for people of the business, one sentence each; empty if it was [`decide_unexplained`].
    pub explanation: Vec<String>,
    /// The decision in words for the customer: nothing in it tells what a department, a plugin or a rule is about.
    pub customer_explanation: Vec<String>,
}

/// Makes one verdict of what the plugins proposed under `parameters`. `by_default` are their proposals under
/// [`crate::department_defaults`], if the caller asked for them, too.
pub fn decide(
    question: &Question<'_>,
    parameters: &Parameters,
    proposals: Vec<Proposal>,
    by_default: Option<Vec<Proposal>>,
) -> Verdict {
    let Unexplained { mut verdict, combined, outputs } = unexplained(question, parameters, proposals, by_default);
    let told = explain::tell(question, &verdict, &combined, &outputs);
    verdict.explanation = told.business;
    verdict.customer_explanation = told.customer;
    verdict
}

/// The verdict that [`decide`] makes, without its explanation: for whoever does not show it.
pub fn decide_unexplained(question: &Question<'_>, parameters: &Parameters, proposals: Vec<Proposal>) -> Verdict {
    unexplained(question, parameters, proposals, None).verdict
}

/// A verdict with what its explanation needs.
struct Unexplained {
    verdict: Verdict,
    combined: Answer,
    outputs: Vec<Answer>,
}

fn unexplained(
    question: &Question<'_>,
    parameters: &Parameters,
    proposals: Vec<Proposal>,
    by_default: Option<Vec<Proposal>>,
) -> Unexplained {
    let point = question.point;
    let Judged { proposals, outputs, mut failures } = proposal::judge(point, proposals);
    let combined = match point.fail {
        FailPolicy::Deny | FailPolicy::Default if !failures.is_empty() => None,
        _ => combine(point, &outputs),
    };
    if combined.is_none() && failures.is_empty() && !outputs.is_empty() {
        failures.push(Failure::overflow());
    }
    let fallback = combined.is_none();
    let combined = combined.unwrap_or_else(|| defaults(point));
    let (bounded, bounds) = bounds::apply(question, &combined);
    let by_default = by_default.map(|proposals| proposal::judge(point, proposals));
    let without = by_default.as_ref().filter(|judged| judged.failures.is_empty());
    let without = without.and_then(|judged| combine(point, &judged.outputs));
    let verdict = Verdict {
        output: to_json(point, &bounded),
        fallback,
        bounds,
        parameters: parameters.resolved.clone(),
        proposals,
        failures,
        without_strategy: without.as_ref().map(|without| to_json(point, without)),
        by_default: by_default.map(|judged| judged.proposals).unwrap_or_default(),
        explanation: Vec::new(),
        customer_explanation: Vec::new(),
    };
    Unexplained { verdict, combined, outputs }
}

/// Merges the answers field by field; nothing if there is no answer or a sum is out of range.
fn combine(point: &DecisionPoint, outputs: &[Answer]) -> Option<Answer> {
    if outputs.is_empty() {
        return None;
    }
    let mut combined = Answer::new();
    for field in &point.outputs {
        let values: Vec<_> = outputs.iter().filter_map(|output| output.get(&field.name)?.as_ref()).collect();
        let value = if values.is_empty() { None } else { Some(field.combine.combine(values.into_iter())?) };
        combined.insert(field.name.clone(), value);
    }
    Some(combined)
}

fn defaults(point: &DecisionPoint) -> Answer {
    point.outputs.iter().map(|field| (field.name.clone(), field.default.clone())).collect()
}

fn json(value: Option<&Datum>) -> Json {
    value.map_or(Json::Null, Datum::to_json)
}

/// In the point's order, where JSON objects keep one.
fn to_json(point: &DecisionPoint, answer: &Answer) -> Map<String, Json> {
    let value = |name: &str| json(answer.get(name).and_then(Option::as_ref));
    point.outputs.iter().map(|field| (field.name.clone(), value(&field.name))).collect()
}

#[cfg(test)]
mod tests;
