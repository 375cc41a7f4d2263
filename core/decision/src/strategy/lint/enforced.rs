//! What the strategy promises and no act keeps yet: everything at decision points about sets, contacts, and authority over fields.

use std::collections::BTreeSet;

use super::{Findings, treatment_path};
use crate::DecisionPoint;
use crate::strategy::Place;

const CODE: &str = "NOT_ENFORCED";

/// Whether somebody asks at a decision point: those about one customer are asked through the API and by acts; no act asks at
/// those about sets yet.
fn is_asked(point: &DecisionPoint) -> bool {
    point.members.is_none()
}

pub(super) fn check(findings: &mut Findings<'_>) {
    let strategy = findings.strategy;
    let treated = strategy.treatments.iter().map(|one| (treatment_path(&one.segment, &one.point), one.point.as_str()));
    let rules = strategy.ground_rules.iter().enumerate();
    let bounded = rules.map(|(index, rule)| (format!("ground_rules[{index}]"), rule.point.as_str()));
    let agreements = [("contracts", &strategy.contracts), ("exceptions", &strategy.exceptions)];
    let agreed = agreements.into_iter().flat_map(|(key, all)| {
        all.iter().enumerate().map(move |(index, one)| (format!("{key}[{index}]"), one.point.as_str()))
    });
    let held_out = strategy.holdout.iter().flat_map(|holdout| &holdout.points);
    let held_out = held_out.map(|point| ("holdout".to_owned(), point.as_str()));
    let mut told = BTreeSet::new();
    for (path, name) in treated.chain(bounded).chain(agreed).chain(held_out) {
        if findings.point(name).is_some_and(|point| !is_asked(point)) && told.insert(name) {
            let message = format!("no act decides at `{name}` yet, so what the strategy says of it changes nothing");
            findings.warn(CODE, path, message);
        }
    }
    for name in strategy.holdout.iter().flat_map(|holdout| &holdout.points) {
        if findings.point(name).is_some_and(|point| point.subject != "Customer") {
            findings.warn(CODE, "holdout", format!("`{name}` is not about customers, so nobody is held out from it"));
        }
    }
    if strategy.contact_policy.is_some() {
        findings.warn(CODE, "contact_policy", "no act contacts customers yet, so nothing keeps to the contact policy");
    }
    for (index, authority) in strategy.authorities.iter().enumerate() {
        if let Place::Field(field) = &authority.place {
            let message = format!(
                "no act asks for authority over `{}` at `{}` yet: a value above its parameter is only marked as waiting for approval",
                field.field, field.point
            );
            findings.warn(CODE, format!("authorities[{index}]"), message);
        }
    }
}
