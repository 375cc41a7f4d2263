//! Policies without a pledge, pledges that promise too little, and money that cannot be compared.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use guildhall_model::canonical_decimal;

use super::{Findings, treatment_path};
use crate::strategy::Pledge;

pub(super) fn check(findings: &mut Findings<'_>, today: Option<NaiveDate>) {
    let strategy = findings.strategy;
    let mut treated = BTreeSet::new();
    for treatment in &strategy.treatments {
        if treated.insert(treatment.point.as_str()) && strategy.pledge(&treatment.point).is_none() {
            let message = format!(
                "the policy at `{}` has no pledge; say in `pledges` what it is to bring for what it costs",
                treatment.point
            );
            findings.warn("POLICY_WITHOUT_PLEDGE", treatment_path(&treatment.segment, &treatment.point), message);
        }
    }
    for (index, pledge) in strategy.pledges.iter().enumerate() {
        one(findings, &format!("pledges[{index}]"), pledge, today);
    }
}

fn one(findings: &mut Findings<'_>, path: &str, pledge: &Pledge, today: Option<NaiveDate>) {
    match pledge.is_kept(findings.strategy) {
        Err(error) => {
            let message = format!("benefit and cost of the pledge for `{}` cannot be compared: {error}", pledge.policy);
            findings.error("MONEY_WITHOUT_RATE", path, message);
        }
        Ok(false) => {
            let ratio =
                pledge.ratio(findings.strategy).ok().flatten().map(|ratio| canonical_decimal(ratio.round_dp(2)));
            let message = format!(
                "the pledge for `{}` brings {} {} for {} {}: {} times its cost, and it wants {}",
                pledge.policy,
                canonical_decimal(pledge.benefit.amount),
                pledge.benefit.currency,
                canonical_decimal(pledge.cost.amount),
                pledge.cost.currency,
                ratio.unwrap_or_else(|| "0".to_owned()),
                canonical_decimal(pledge.minimum_ratio)
            );
            findings.error("PLEDGE_BELOW_RATIO", path, message);
        }
        Ok(true) => {}
    }
    if today.is_some_and(|today| pledge.review < today) {
        let message = format!("the pledge for `{}` was to be looked at on {}", pledge.policy, pledge.review);
        findings.warn("PLEDGE_REVIEW_DUE", path, message);
    }
}
