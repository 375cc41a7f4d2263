//! A verdict in words for the customer: what it means for him and, as far as it is his own business, why.
//!
//! He is told what was agreed with him in writing, the answer, his own figures and that a rule bounds it. Ceilings, how near he is to
//! them, what others owe and what departments think of him are ours.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::{order, shown, spoken};
use crate::exact::plain_decimal;
use crate::words::{capitalized, listed};
use crate::{Bound, DataType, Datum, DecisionPoint, Layer, OutputField, Question, Verdict};

/// The customer's fields that the explanation at a decision point tells him of.
pub(crate) fn told_of(point: &str) -> &'static [&'static str] {
    match point {
        "credit.check" => &["currency", "overdueAmount"],
        _ => &[],
    }
}

pub(super) fn tell(question: &Question<'_>, verdict: &Verdict) -> Vec<String> {
    let point = question.point;
    let mut told = contract(question, verdict);
    if verdict.fallback {
        told.push("We could not work out everything that matters here, so this is our cautious answer.".to_owned());
    }
    match point.name.as_str() {
        "credit.check" => {
            told.extend(credit(question, verdict));
            return told;
        }
        "service.level" => told.push(service(verdict)),
        _ => {
            let answer = answered(point, verdict);
            if !answer.is_empty() {
                told.push(format!("Our answer is {answer}."));
            }
        }
    }
    told.extend(bounded(point, verdict));
    told
}

/// What was agreed with him in writing, and why the answer is another, where it is. An exception may be what we think of him, as
/// a segment is.
fn contract(question: &Question<'_>, verdict: &Verdict) -> Vec<String> {
    let agreed = || verdict.parameters.iter().filter(|resolved| resolved.layer == Layer::Contract);
    let mut sources: Vec<&str> = Vec::new();
    for resolved in agreed() {
        if !sources.contains(&resolved.source.as_str()) {
            sources.push(&resolved.source);
        }
    }
    let mut told = Vec::new();
    for source in sources {
        let of_source = || agreed().filter(|resolved| resolved.source == source);
        let value = |value: Option<&Datum>| value.map_or("nothing".to_owned(), Datum::to_string);
        let set = of_source().map(|resolved| format!("{} {}", spoken(&resolved.name), value(resolved.value.as_ref())));
        told.push(format!("Your {source} says {}.", listed(set.collect())));
        for resolved in of_source() {
            let Some(field) = question.point.output(&resolved.name) else { continue };
            let given = verdict.output.get(&field.name).unwrap_or(&Json::Null);
            if super::super::json(resolved.value.as_ref()) == *given {
                continue;
            }
            let bound = verdict.bounds.iter().any(|bound| bound.field == field.name && bound.before != *given);
            let why = match (verdict.fallback, bound) {
                (true, _) => "we could not work out everything that matters here",
                (false, true) => "one of our rules, which nobody lifts, allows no other",
                (false, false) => "of how your account stands with us: what is overdue, and how late invoices are paid",
            };
            let given = shown(given).unwrap_or_else(|| "nothing".to_owned());
            told.push(format!("{} is {given} instead, because {why}.", capitalized(&spoken(&field.name))));
        }
    }
    told
}

/// Whether credit is given, what stands against it as far as it is his own, and what he can do.
fn credit(question: &Question<'_>, verdict: &Verdict) -> Vec<String> {
    let facts = question.subject.facts;
    let currency = facts.get("currency").and_then(Json::as_str).unwrap_or_default();
    let money = |amount: Decimal| format!("{} {currency}", amount.normalize()).trim().to_owned();
    let number = |json: Option<&Json>| json.and_then(Json::as_str).and_then(plain_decimal);
    let over = number(question.request.get("amount")).map(|amount| format!(" over {}", money(amount)));
    let over = over.unwrap_or_default();
    if verdict.output.get("outcome").and_then(Json::as_str) == Some("APPROVED") {
        return vec![format!("Your order{over} can go ahead.")];
    }
    let mut told = vec![format!("Your order{over} waits.")];
    let blockers: Vec<&str> = match verdict.output.get("blockers") {
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let any = |names: &[&str]| blockers.iter().any(|blocker| names.contains(blocker));
    if any(&["oldest-open-item", "overdue-share", "dunning"]) {
        told.push("Invoices of yours have been open for too long.".to_owned());
    }
    let overdue = number(facts.get("overdueAmount").and_then(|money| money.get("amount")));
    if let Some(overdue) = overdue.filter(|amount| *amount > Decimal::ZERO) {
        told.push(format!("{} of what you owe us is overdue.", money(overdue)));
    }
    if any(&["limit", "limit-static", "group-limit"]) {
        told.push("With this order more would be open than we can give credit for now.".to_owned());
    }
    if any(&["document-maximum"]) {
        told.push("We look at every order of this size first.".to_owned());
    }
    if any(&["on-hold", "limit-expired", "no-account"]) {
        told.push("We have to look at your account first.".to_owned());
    }
    let bound = verdict.bounds.iter().any(|bound| bound.field == "outcome" && bound.after == "HELD");
    if bound {
        told.push("One of our rules, which nobody lifts, does not allow it as it is.".to_owned());
    }
    // With a limit that is shared, the amount would tell what the others owe.
    let more = ["on-hold", "limit-expired", "no-account", "document-maximum", "dunning", "group-limit"];
    let to_pay = number(verdict.output.get("amountToPay")).filter(|amount| *amount > Decimal::ZERO && !any(&more));
    told.push(match to_pay {
        Some(amount) => format!("It goes ahead once you have paid {}.", money(amount)),
        None if bound => "Please talk to us about a smaller order or a payment.".to_owned(),
        None => "It goes ahead once one of us has released it; please talk to us.".to_owned(),
    });
    told
}

fn service(verdict: &Verdict) -> String {
    let hours = |name: &str| verdict.output.get(name).and_then(Json::as_str).map(|hours| format!("{hours} hours"));
    let first = hours("responseHours").unwrap_or_else(|| "no fixed time".to_owned());
    match hours("resolutionHours") {
        Some(settled) => format!("We answer you within {first}, and settle your case within {settled}."),
        None => format!("We answer you within {first}."),
    }
}

/// The answer as a customer reads it: names as words, and what a value of an enum means. Texts are left out: plugins write
/// them, and nobody knows what they tell.
fn answered(point: &DecisionPoint, verdict: &Verdict) -> String {
    let typed = point.outputs.iter().filter(|field| !matches!(field.data_type, DataType::Text | DataType::Texts));
    let named = typed.filter_map(|field| {
        let value = shown(verdict.output.get(&field.name)?)?;
        let name = spoken(&field.name);
        Some(match meaning(&field.data_type, &value) {
            Some(meaning) => format!("{name} {value} ({meaning})"),
            None => format!("{name} {value}"),
        })
    });
    listed(named.collect())
}

fn meaning(data_type: &DataType, value: &str) -> Option<String> {
    let DataType::Enum(definition) = data_type else { return None };
    let known = definition.values.iter().find(|known| known.name == value)?;
    let mut letters = known.description.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_ascii_lowercase()).map(|first| std::iter::once(first).chain(letters).collect())
}

/// That a rule bounds a field, once for each field it changed; not which rule, nor why it stands.
fn bounded(point: &DecisionPoint, verdict: &Verdict) -> Vec<String> {
    let mut told: Vec<(&str, String)> = Vec::new();
    for Bound { field, before, .. } in &verdict.bounds {
        let Some(now) = verdict.output.get(field).filter(|now| *now != before) else { continue };
        let is_text = |of: &OutputField| matches!(of.data_type, DataType::Text | DataType::Texts);
        if told.iter().any(|(known, _)| known == field) || point.output(field).is_none_or(is_text) {
            continue;
        }
        let value = shown(now).unwrap_or_else(|| "nothing".to_owned());
        let verb = match order(before, now) {
            Some(std::cmp::Ordering::Greater) => "limits",
            Some(_) => "raises",
            None => "sets",
        };
        told.push((field, format!("One of our rules {verb} {} to {value}.", spoken(field))));
    }
    told.into_iter().map(|(_, sentence)| sentence).collect()
}
