//! What the core makes of the members' answers together.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value as Json;

use super::{SetError, SetQuestion, Work};
use crate::point::{Members, Ration};
use crate::verdict::ration::{self, MAX_UNITS, Share};
use crate::verdict::{Bound, Failure, json};
use crate::{CombineRule, Datum, Effect, GroundRule, Settle};

/// Decimal places of a quantity that is not whole.
const PLACES: u32 = 4;

/// Puts the members in order and says each its place.
pub(super) fn rank(members: &Members, work: &mut [Work<'_>], by: &[String], into: &str) {
    order(members, work, by);
    for (work, place) in work.iter_mut().zip(1..) {
        work.answer.insert(into.to_owned(), Some(Datum::Int(place)));
    }
}

/// The greatest or most restrictive first, field by field; what is equal in all, by key.
fn order(members: &Members, work: &mut [Work<'_>], by: &[String]) {
    work.sort_by(|one, other| {
        let fields = by.iter().map(|name| {
            let value = |work: &Work<'_>| work.answer.get(name).cloned().flatten();
            compare(members, name, value(other).as_ref(), value(one).as_ref())
        });
        fields.fold(Ordering::Equal, Ordering::then).then_with(|| one.member.key.cmp(other.member.key))
    });
}

fn compare(members: &Members, name: &str, one: Option<&Datum>, other: Option<&Datum>) -> Ordering {
    match members.output(name).map(|field| &field.combine) {
        Some(CombineRule::MostRestrictive(order)) => {
            let place = |value: Option<&Datum>| match value {
                Some(Datum::Text(text)) => order.iter().position(|name| name == text),
                _ => None,
            };
            place(one).cmp(&place(other))
        }
        _ => one.cmp(&other),
    }
}

/// Chooses the first that are allowed.
pub(super) fn choose(question: &SetQuestion<'_>, members: &Members, work: &mut [Work<'_>], settle: &Settle) {
    let Settle::Choose { by, into, allowed, exempt, cap, used } = settle else { return };
    order(members, work, by);
    let caps = work.iter().filter_map(|work| match work.parameters.get(cap)?.value {
        Some(Datum::Int(cap)) => Some(cap),
        _ => None,
    });
    let used = used.as_ref().and_then(|used| question.request.get(used)?.as_i64()).unwrap_or(0).max(0);
    let mut left = i64::from(caps.min().unwrap_or(0)).saturating_sub(used);
    for work in work {
        let says = |field: &Option<String>, otherwise| {
            let value = field.as_ref().map(|field| work.answer.get(field).cloned().flatten());
            value.map_or(otherwise, |value| value == Some(Datum::Bool(true)))
        };
        let (allowed, exempt) = (says(allowed, true) && !work.unscored, says(exempt, false));
        let counted = allowed && !exempt && left > 0;
        if counted {
            left -= 1;
        }
        work.answer.insert(into.clone(), Some(Datum::Bool(counted || (allowed && exempt))));
    }
}

/// Shares out what is scarce.
pub(super) fn ration(
    question: &SetQuestion<'_>,
    work: &mut [Work<'_>],
    ration: &Ration,
    failures: &mut Vec<Failure>,
    sentences: &mut Vec<String>,
) -> Result<(), SetError> {
    let out_of_range = || SetError::OutOfRange(question.point.name.clone());
    let supply = decimal(question.request.get(&ration.supply));
    let places = if all_whole(supply, work, ration) { 0 } else { PLACES };
    let units = |value: Decimal| in_units(value, places).ok_or_else(out_of_range);
    let supplied = units(supply)?.max(0);
    let rules = reserves(question, work, ration);
    let mut shares = Vec::with_capacity(work.len());
    for work in work.iter() {
        shares.push(share(work, ration, &rules, &units)?);
    }
    let total =
        shares.iter().try_fold(0_i128, |sum, share| sum.checked_add(share.proposed.max(share.demand).max(share.low)));
    if total.is_none_or(|total| total > MAX_UNITS) || supplied > MAX_UNITS {
        return Err(out_of_range());
    }
    let mut kept = Vec::with_capacity(rules.len());
    for (rule, _) in &rules {
        let Effect::Reserve { share, .. } = &rule.effect else { continue };
        // At least that share: a part of a unit counts as a whole one.
        let part = supply
            .checked_mul(*share)
            .ok_or_else(out_of_range)?
            .round_dp_with_strategy(places, rust_decimal::RoundingStrategy::ToPositiveInfinity);
        kept.push(units(part)?.max(0));
    }
    let given = ration::ration(supplied, &shares, &kept);
    let over = given.iter().sum::<i128>() - supplied;
    if over > 0 {
        let (over, supply) = (shown(over, places), guildhall_model::canonical_decimal(supply));
        let message = format!("ground rules keep {over} more than the {supply} there are");
        failures.push(Failure::of_core("OVER_COMMITTED", message));
    }
    let without = ration::ration(supplied, &shares, &vec![0; kept.len()]);
    for (((work, share), given), without) in work.iter_mut().zip(&shares).zip(given).zip(without) {
        for index in &share.reserves {
            let Some((rule, undecided)) = rules.get(*index).filter(|_| given != without) else { continue };
            let (before, after) = (quantity(without, places), quantity(given, places));
            work.bounds.push(Bound {
                rule: rule.id.clone(),
                name: rule.name.clone(),
                field: ration.field.clone(),
                before: json(Some(&before)),
                after: json(Some(&after)),
                reason: rule.reason.clone(),
                undecided: *undecided,
            });
        }
        settle(work, ration, share, given, places, sentences);
    }
    Ok(())
}

fn settle(work: &mut Work<'_>, ration: &Ration, share: &Share, given: i128, places: u32, sentences: &mut Vec<String>) {
    let proposed = match &work.proposed {
        Some(Datum::Decimal(proposed)) => *proposed,
        _ => Decimal::ZERO,
    };
    let less = given < share.proposed.min(share.demand);
    work.answer.insert(ration.field.clone(), Some(quantity(given, places)));
    if let Some(short) = &ration.short {
        let missing = quantity((share.demand - given).max(0), places);
        work.answer.insert(short.clone(), Some(missing));
    }
    if let Some(cut) = &ration.cut {
        work.answer.insert(cut.clone(), Some(Datum::Bool(less)));
    }
    if less {
        let (key, given) = (work.member.key, shown(given, places));
        let proposed = guildhall_model::canonical_decimal(proposed);
        sentences
            .push(format!("`{key}` gets {given} of the {proposed} that were proposed: there is not enough for all."));
    }
}

/// The reserves that hold for any member, by rule. A reserve is undecided if it is for one of them.
fn reserves<'q>(question: &SetQuestion<'q>, work: &[Work<'_>], ration: &Ration) -> Vec<(&'q GroundRule, bool)> {
    if ration.segment.is_none() {
        return Vec::new();
    }
    let mut rules = Vec::new();
    for rule in question.strategy.rules(&question.point.name) {
        let held = work.iter().flat_map(|work| &work.reserves).filter(|(id, _)| *id == rule.id);
        let undecided: Vec<bool> = held.map(|(_, undecided)| *undecided).collect();
        if !undecided.is_empty() {
            rules.push((rule, undecided.contains(&true)));
        }
    }
    rules
}

fn share(
    work: &Work<'_>,
    ration: &Ration,
    rules: &[(&GroundRule, bool)],
    units: &impl Fn(Decimal) -> Result<i128, SetError>,
) -> Result<Share, SetError> {
    let number = |value: Option<&Datum>| match value {
        Some(Datum::Decimal(value)) => *value,
        Some(Datum::Int(value)) => Decimal::from(*value),
        _ => Decimal::ZERO,
    };
    let answered = |name: &str| number(work.answer.get(name).and_then(Option::as_ref));
    let proposed = units(answered(&ration.field))?.max(0);
    let asked = work.asked.get(&ration.field);
    let (mut low, mut high) = (0, None);
    if let Some(asked) = asked {
        if let Some(max) = &asked.max {
            high = Some(units(number(Some(max)))?);
        }
        if let Some(min) = &asked.min {
            low = units(number(Some(min)))?;
        }
        if asked.is_fixed() {
            (low, high) = (proposed, Some(proposed));
        }
    }
    let draws = |(rule, _): &(&GroundRule, bool)| match &rule.effect {
        Effect::Reserve { segment: reserved, .. } => {
            work.reserves.iter().any(|(id, _)| *id == rule.id) && work.lineage.contains(reserved)
        }
        _ => false,
    };
    let reserves = rules.iter().enumerate().filter(|(_, rule)| draws(rule)).map(|(index, _)| index).collect();
    let standing = ration.standing.as_ref().map_or(Decimal::ZERO, |name| answered(name));
    Ok(Share {
        proposed,
        demand: units(decimal(work.request.get(&ration.demand)))?.max(0),
        low,
        high,
        standing: in_units(standing, PLACES).unwrap_or(0),
        reserves,
    })
}

fn all_whole(supply: Decimal, work: &[Work<'_>], ration: &Ration) -> bool {
    let whole = |work: &Work<'_>| {
        let proposed = match work.answer.get(&ration.field) {
            Some(Some(Datum::Decimal(value))) => value.is_integer(),
            _ => true,
        };
        proposed && decimal(work.request.get(&ration.demand)).is_integer()
    };
    supply.is_integer() && work.iter().all(whole)
}

fn decimal(json: Option<&Json>) -> Decimal {
    json.and_then(Json::as_str).and_then(crate::exact::plain_decimal).unwrap_or_default()
}

/// Whole units, the rest left out.
fn in_units(value: Decimal, places: u32) -> Option<i128> {
    let factor = Decimal::from(10_u32.pow(places));
    value.checked_mul(factor)?.floor().to_i128()
}

fn quantity(units: i128, places: u32) -> Datum {
    Datum::Decimal(Decimal::try_from_i128_with_scale(units, places).unwrap_or_default().normalize())
}

fn shown(units: i128, places: u32) -> String {
    quantity(units, places).to_string()
}
