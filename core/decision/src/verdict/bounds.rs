//! Ground rules bound the combined answer.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::{Answer, Question, json, to_json};
use crate::{Bindings, Datum, DecisionPoint, Effect, GroundRule};

/// What one ground rule asked of one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The rule's id and name.
    pub rule: String,
    pub name: String,
    pub field: String,
    /// The combined value, before any rule.
    pub before: Json,
    /// What this rule alone makes of it. The verdict fulfils all rules together.
    pub after: Json,
    pub reason: String,
    /// The rule's condition could not be evaluated because a fact is missing, so the rule holds.
    pub undecided: bool,
}

/// What the rules that hold ask of one field.
#[derive(Default)]
struct Asked<'a> {
    min: Option<&'a Datum>,
    max: Option<&'a Datum>,
    forced: Vec<&'a Datum>,
}

pub(super) fn apply(question: &Question<'_>, combined: &Answer) -> (Answer, Vec<Bound>) {
    let verdict = Json::Object(to_json(question.point, combined));
    let bindings = Bindings { subject: question.subject.facts, request: question.request, verdict: &verdict };
    let mut bounds = Vec::new();
    let mut asked: BTreeMap<&str, Asked<'_>> = BTreeMap::new();
    for rule in question.strategy.rules(&question.point.name) {
        let holds = rule.when.as_ref().map_or(Some(true), |when| when.evaluate(&bindings));
        if holds != Some(false) {
            one(rule, holds.is_none(), combined, &mut asked, &mut bounds);
        }
    }
    let mut bounded = combined.clone();
    for (field, asked) in asked {
        if let Some(value) = bounded.get_mut(field) {
            *value = together(question.point, field, value.as_ref(), &asked);
        }
    }
    (bounded, bounds)
}

fn one<'a>(
    rule: &'a GroundRule,
    undecided: bool,
    combined: &Answer,
    asked: &mut BTreeMap<&'a str, Asked<'a>>,
    bounds: &mut Vec<Bound>,
) {
    let mut note = |field: &str, after: Option<&Datum>| {
        let before = combined.get(field).and_then(Option::as_ref);
        if before != after || undecided {
            bounds.push(Bound {
                rule: rule.id.clone(),
                name: rule.name.clone(),
                field: field.to_owned(),
                before: json(before),
                after: json(after),
                reason: rule.reason.clone(),
                undecided,
            });
        }
    };
    match &rule.effect {
        Effect::Clamp { field, min, max } => {
            let (min, max) = (min.as_ref(), max.as_ref());
            note(field, clamped(combined.get(field).and_then(Option::as_ref), min, max));
            let asked = asked.entry(field).or_default();
            // Nothing is less than any bound, so an absent maximum must not take part in the comparison.
            asked.min = asked.min.max(min);
            asked.max = [asked.max, max].into_iter().flatten().min();
        }
        Effect::Force(fields) => {
            for (field, value) in fields {
                note(field, Some(value));
                asked.entry(field).or_default().forced.push(value);
            }
        }
    }
}

fn clamped<'a>(value: Option<&'a Datum>, min: Option<&'a Datum>, max: Option<&'a Datum>) -> Option<&'a Datum> {
    // A field without a value stays without: no bound gives an answer.
    let raised = value?.max(min.unwrap_or(value?));
    Some(raised.min(max.unwrap_or(raised)))
}

fn together(point: &DecisionPoint, field: &str, value: Option<&Datum>, asked: &Asked<'_>) -> Option<Datum> {
    if asked.forced.is_empty() {
        return clamped(value, asked.min, asked.max).cloned();
    }
    let strictest = point.output(field).and_then(|field| field.combine.combine(asked.forced.iter().copied()));
    // Where no value is stricter than another, the document was read only with one; see `strategy::lint`.
    match point.output(field).is_some_and(|field| field.combine.is_bound()) {
        true => strictest,
        false => asked.forced.first().map(|value| (*value).clone()),
    }
}
