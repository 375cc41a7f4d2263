//! Ground rules bound the combined answer.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use serde_json::Value as Json;

use super::{Answer, Question, fields_to_json, json};
use crate::{
    Bindings, CombineRule, DataType, Datum, DecisionPoint, Effect, FormulaValues, GroundRule, Limit, OutputField,
};

/// Decimal places of a bound that was computed.
const PLACES: u32 = 4;

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
    /// The rule's condition, or its bound, could not be evaluated because a fact is missing, so the rule holds.
    pub undecided: bool,
}

/// What the rules that hold ask of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) min: Option<Datum>,
    pub(super) max: Option<Datum>,
    forced: Vec<Datum>,
    /// A bound is not known, so the field has the point's default.
    unknown: bool,
}

/// A bounded answer, and how it came about.
pub(super) struct Bounded {
    pub(super) answer: Answer,
    pub(super) bounds: Vec<Bound>,
    pub(super) asked: BTreeMap<String, Asked>,
    /// The reserves whose condition holds or cannot be evaluated: rule and whether it is undecided.
    pub(super) reserves: BTreeSet<(String, bool)>,
}

pub(super) fn apply(question: &Question<'_>, combined: &Answer) -> Bounded {
    let point = question.point;
    let verdict = Json::Object(fields_to_json(point.bounded(), combined));
    let bindings = Bindings { subject: question.subject.facts, request: question.request, verdict: &verdict };
    let mut rules =
        Rules { point, combined, bindings, bounds: Vec::new(), asked: BTreeMap::new(), reserves: BTreeSet::new() };
    for rule in question.strategy.rules(&point.name) {
        let holds = rule.when.as_ref().map_or(Some(true), |when| when.evaluate(&rules.bindings));
        if holds != Some(false) {
            rules.one(rule, holds.is_none());
        }
    }
    let Rules { bounds, asked, reserves, .. } = rules;
    let mut answer = combined.clone();
    for (field, asked) in &asked {
        if let Some(value) = answer.get_mut(field) {
            *value = together(point, field, value.take(), asked);
        }
    }
    let fixed = |field: &str| asked.get(field).is_some_and(Asked::is_fixed);
    for field in point.bounded().iter().filter(|field| field.lifts.as_deref().is_some_and(fixed)) {
        answer.insert(field.name.clone(), None);
    }
    Bounded { answer, bounds, asked, reserves }
}

struct Rules<'a> {
    point: &'a DecisionPoint,
    combined: &'a Answer,
    bindings: Bindings<'a>,
    bounds: Vec<Bound>,
    asked: BTreeMap<String, Asked>,
    reserves: BTreeSet<(String, bool)>,
}

impl Rules<'_> {
    fn one(&mut self, rule: &GroundRule, undecided: bool) {
        match &rule.effect {
            Effect::Clamp { field, min, max } => self.clamp(rule, undecided, field, min.as_ref(), max.as_ref()),
            Effect::Force(fields) => {
                for (field, value) in fields {
                    self.put_down(rule, field, Some(value), undecided);
                    self.asked.entry(field.clone()).or_default().forced.push(value.clone());
                }
            }
            Effect::Keep(fields) => {
                for (field, asked) in fields {
                    let declared = self.point.asked().find(|declared| declared.name == *asked);
                    let given = self.bindings.request.get(asked);
                    let kept = declared.zip(given).and_then(|(declared, given)| declared.data_type.read_json(given));
                    let after = kept.clone().or_else(|| self.default(field));
                    self.put_down(rule, field, after.as_ref(), undecided || kept.is_none());
                    let asked = self.asked.entry(field.clone()).or_default();
                    match kept {
                        Some(kept) => asked.forced.push(kept),
                        None => asked.unknown = true,
                    }
                }
            }
            Effect::Reserve { .. } => {
                self.reserves.insert((rule.id.clone(), undecided));
            }
        }
    }

    fn clamp(&mut self, rule: &GroundRule, undecided: bool, field: &str, min: Option<&Limit>, max: Option<&Limit>) {
        let low = min.map(|limit| self.limit(field, limit, RoundingStrategy::ToPositiveInfinity));
        let high = max.map(|limit| self.limit(field, limit, RoundingStrategy::ToNegativeInfinity));
        if matches!(low, Some(None)) || matches!(high, Some(None)) {
            let default = self.default(field);
            self.note(rule, field, default.as_ref(), true);
            self.asked.entry(field.to_owned()).or_default().unknown = true;
            return;
        }
        let (min, max) = (low.flatten(), high.flatten());
        let combined = self.combined.get(field).cloned().flatten();
        let after = clamped(self.point.output(field), combined, min.as_ref(), max.as_ref());
        self.note(rule, field, after.as_ref(), undecided);
        let asked = self.asked.entry(field.to_owned()).or_default();
        // Nothing is less than any bound, so an absent maximum must not take part in the comparison.
        asked.min = asked.min.take().max(min);
        asked.max = [asked.max.take(), max].into_iter().flatten().min();
    }

    /// The value of one end; nothing if it cannot be computed. Rounded towards the inside.
    fn limit(&self, field: &str, limit: &Limit, towards: RoundingStrategy) -> Option<Datum> {
        let formula = match limit {
            Limit::Value(value) => return Some(value.clone()),
            Limit::Formula(formula) => formula,
        };
        let value: Decimal = formula.evaluate(FormulaValues::Decision(&self.bindings)).ok()?;
        match self.point.output(field)?.data_type {
            DataType::Int => value.round_dp_with_strategy(0, towards).to_i32().map(Datum::Int),
            DataType::Decimal => Some(Datum::Decimal(value.round_dp_with_strategy(PLACES, towards).normalize())),
            _ => None,
        }
    }

    fn default(&self, field: &str) -> Option<Datum> {
        self.point.output(field)?.default.clone()
    }

    /// Puts a bound down if it changes something, or if nobody knows whether it would.
    fn note(&mut self, rule: &GroundRule, field: &str, after: Option<&Datum>, undecided: bool) {
        if self.combined.get(field).and_then(Option::as_ref) != after || undecided {
            self.put_down(rule, field, after, undecided);
        }
    }

    /// What a rule sets is put down even where departments said the same: whoever wants another answer has to know that it is
    /// not theirs alone.
    fn put_down(&mut self, rule: &GroundRule, field: &str, after: Option<&Datum>, undecided: bool) {
        self.bounds.push(Bound {
            rule: rule.id.clone(),
            name: rule.name.clone(),
            field: field.to_owned(),
            before: json(self.combined.get(field).and_then(Option::as_ref)),
            after: json(after),
            reason: rule.reason.clone(),
            undecided,
        });
    }
}

fn clamped(
    field: Option<&OutputField>,
    value: Option<Datum>,
    min: Option<&Datum>,
    max: Option<&Datum>,
) -> Option<Datum> {
    // Where the least counts, no value means that nobody set a limit, and the rule sets one. Any other field without a value
    // stays without: no bound gives an answer.
    let Some(value) = value else {
        return max.filter(|_| field.is_some_and(|field| field.combine == CombineRule::Min)).cloned();
    };
    let raised = match min {
        Some(min) if value < *min => min.clone(),
        _ => value,
    };
    Some(match max {
        Some(max) if raised > *max => max.clone(),
        _ => raised,
    })
}

fn together(point: &DecisionPoint, field: &str, value: Option<Datum>, asked: &Asked) -> Option<Datum> {
    let declared = point.output(field);
    if asked.unknown {
        let default = declared.and_then(|field| field.default.clone());
        return clamped(declared, default, asked.min.as_ref(), asked.max.as_ref());
    }
    if asked.forced.is_empty() {
        return clamped(declared, value, asked.min.as_ref(), asked.max.as_ref());
    }
    let forced = asked.forced.iter();
    // Where no value is stricter than another, the document was read only with one; see `strategy::contradictions`.
    match declared.is_some_and(|field| field.combine.is_bound()) {
        true => declared.and_then(|field| field.combine.combine(forced)),
        false => forced.min().cloned(),
    }
}

impl Asked {
    /// The value that rules set and nothing may change.
    pub(super) fn is_fixed(&self) -> bool {
        self.unknown || !self.forced.is_empty()
    }
}
