//! The verdict: what the core enforces, and why.
//!
//! Nothing here depends on the order of the plugins or of the ground rules. Ground rules look at the combined answer before
//! any bound; clamps narrow, a forced value wins over clamps (it lies within them, see [`crate::Strategy`]), and of two
//! forced values the strictest holds. **A ground rule that cannot be evaluated holds**: what we don't know doesn't loosen a
//! bound. Such a rule is in the trace even when it changes nothing, and so is one that sets a value.

mod approval;
mod bounds;
mod explain;
mod proposal;
mod ration;
mod set;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value as Json};

pub use approval::Approval;
pub use bounds::Bound;
pub(crate) use explain::told_of;
pub use proposal::{Failure, Proposal, ProposalFailure, ProposedOutput};
pub use set::{Member, MemberVerdict, SetError, SetQuestion, SetVerdict, decide_set, resolve_set};

use crate::{Claim, Datum, DecisionPoint, FailPolicy, OutputField, Parameters, Resolved, Strategy, exclusive_claims};
use bounds::Bounded;
use proposal::{Judged, combine, defaults};

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

impl Question<'_> {
    /// Whether the strategy's treatments are not applied to the customer, so that one can see what they bring.
    pub fn is_held_out(&self) -> bool {
        let holdout = self.strategy.holdout.as_ref().filter(|_| self.point.subject == "Customer");
        holdout.is_some_and(|holdout| holdout.holds_out(&self.point.name, self.subject.id))
    }
}

/// The combined, bounded answer, with everything that led to it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Every field of the point, in JSON in the form of the API.
    pub output: Map<String, Json>,
    /// Whether the point's defaults answered because a plugin could not, or because there is none.
    pub fallback: bool,
    pub bounds: Vec<Bound>,
    /// What goes ahead only when somebody approves it.
    pub approvals: Vec<Approval>,
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
    let Judged { proposals, outputs, mut failures } =
        proposal::judge(proposals, |output| proposal::answer(point, output));
    let combined = match obstacle(question, &proposals) {
        Some(obstacle) => {
            failures.push(obstacle);
            None
        }
        None => merged(point, &point.outputs, &outputs.iter().collect::<Vec<_>>(), &mut failures),
    };
    let fallback = combined.is_none();
    let combined = combined.unwrap_or_else(|| defaults(&point.outputs));
    let Bounded { answer, bounds, .. } = bounds::apply(question, &combined);
    let read = |output: &Map<String, Json>| proposal::answer(point, output);
    let by_default = by_default.map(|proposals| proposal::judge(proposals, read));
    let without = by_default.as_ref().filter(|judged| judged.failures.is_empty());
    let without = without.and_then(|judged| combine(&point.outputs, &judged.outputs.iter().collect::<Vec<_>>()));
    let verdict = Verdict {
        output: fields_to_json(&point.outputs, &answer),
        fallback,
        bounds,
        approvals: approval::approvals(&point.outputs, &answer, parameters),
        parameters: parameters.resolved.clone(),
        proposals,
        failures,
        without_strategy: without.as_ref().map(|without| fields_to_json(&point.outputs, without)),
        by_default: by_default.map(|judged| judged.proposals).unwrap_or_default(),
        explanation: Vec::new(),
        customer_explanation: Vec::new(),
    };
    Unexplained { verdict, combined, outputs }
}

/// Why nobody can answer, however many plugins did: two where one may, or facts that are too old.
fn obstacle(question: &Question<'_>, proposals: &[Proposal]) -> Option<Failure> {
    exclusive(question.point, proposals).or_else(|| stale(question))
}

fn exclusive(point: &DecisionPoint, proposals: &[Proposal]) -> Option<Failure> {
    let claims = proposals.iter().map(|proposal| Claim {
        plugin: &proposal.plugin,
        department: &proposal.department,
        point: &point.name,
    });
    let refused = exclusive_claims(std::slice::from_ref(point), claims).err()?;
    Some(Failure::of_core("EXCLUSIVE_POINT", refused.to_string()))
}

/// Whether the strategy wants newer facts than these.
fn stale(question: &Question<'_>) -> Option<Failure> {
    let most = question.strategy.max_age_days(&question.point.name)?;
    if question.point.subject != "Customer" {
        return None;
    }
    let as_of = question.subject.facts.get("factsAsOf").and_then(Json::as_str);
    let day = as_of.and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
    let message = match day {
        None => format!("nobody knows how old the customer's facts are, and they may be {most} days old at most"),
        Some(day) => {
            let age = question.at.date_naive().signed_duration_since(day).num_days();
            if age <= i64::from(most) {
                return None;
            }
            format!("the customer's facts are of {day}, {age} days old, and they may be {most} days old at most")
        }
    };
    Some(Failure::of_core("STALE_FACTS", message))
}

/// Whether the fail policy takes what others say when a plugin failed.
fn lets_answer(point: &DecisionPoint, failures: &[Failure]) -> bool {
    point.fail == FailPolicy::Skip || failures.is_empty()
}

/// What the answers together say, as far as the point's fail policy lets them.
fn merged(
    point: &DecisionPoint,
    fields: &[OutputField],
    outputs: &[&Answer],
    failures: &mut Vec<Failure>,
) -> Option<Answer> {
    if !lets_answer(point, failures) {
        return None;
    }
    let combined = combine(fields, outputs);
    if combined.is_none() && !outputs.is_empty() {
        failures.push(Failure::overflow());
    }
    combined
}

fn json(value: Option<&Datum>) -> Json {
    value.map_or(Json::Null, Datum::to_json)
}

/// In the declared order, where JSON objects keep one.
fn fields_to_json(fields: &[OutputField], answer: &Answer) -> Map<String, Json> {
    let value = |name: &str| json(answer.get(name).and_then(Option::as_ref));
    fields.iter().map(|field| (field.name.clone(), value(&field.name))).collect()
}

#[cfg(test)]
mod tests;
