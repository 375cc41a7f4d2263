//! What nobody reads: rules and parameters without a plugin, and agreements that are past.

use std::collections::BTreeSet;

use super::{Circumstances, Findings, Serving, treatment_path};
use crate::strategy::Agreement;
use crate::{Claim, exclusive_claims};

pub(super) fn check(findings: &mut Findings<'_>, circumstances: &Circumstances<'_>) {
    let strategy = findings.strategy;
    for (key, agreements) in [("contracts", &strategy.contracts), ("exceptions", &strategy.exceptions)] {
        expired(findings, circumstances, key, agreements);
    }
    let Some(serving) = circumstances.serving else { return };
    let claims =
        serving.iter().map(|one| Claim { plugin: &one.plugin, department: &one.department, point: &one.point });
    if let Err(error) = exclusive_claims(findings.points, claims) {
        findings.error("EXCLUSIVE_POINT", "", error.to_string());
    }
    for (index, rule) in strategy.ground_rules.iter().enumerate() {
        if !serving.iter().any(|one| one.point == rule.point) {
            let message = format!(
                "`{}` bounds `{}`, which no installed plugin serves: it bounds defaults only",
                rule.id, rule.point
            );
            findings.warn("RULE_NOBODY_READS", format!("ground_rules[{index}]"), message);
        }
    }
    parameters(findings, serving);
}

fn parameters(findings: &mut Findings<'_>, serving: &[Serving]) {
    let mut told = BTreeSet::new();
    for treatment in &findings.strategy.treatments {
        let path = treatment_path(&treatment.segment, &treatment.point);
        let at_point: Vec<_> = serving.iter().filter(|one| one.point == treatment.point).collect();
        if at_point.is_empty() {
            if told.insert((treatment.point.as_str(), "")) {
                let message =
                    format!("no installed plugin serves `{}`, so nobody reads its parameters", treatment.point);
                findings.warn("PARAMETER_NOBODY_READS", path, message);
            }
            continue;
        }
        let point = findings.point(&treatment.point);
        for name in treatment.parameters.keys() {
            let reads = |one: &&Serving| one.parameters.as_ref().is_none_or(|reads| reads.contains(name));
            // The core reads them, whatever the plugins do.
            let core = point.is_some_and(|point| point.reads_itself(name));
            if !core && !at_point.iter().any(reads) && told.insert((treatment.point.as_str(), name.as_str())) {
                let message = format!("no installed plugin reads `{name}` at `{}`", treatment.point);
                findings.warn("PARAMETER_NOBODY_READS", format!("{path}.{name}"), message);
            }
        }
    }
}

fn expired(findings: &mut Findings<'_>, circumstances: &Circumstances<'_>, key: &str, agreements: &[Agreement]) {
    let Some(today) = circumstances.today else { return };
    for (index, agreement) in agreements.iter().enumerate().filter(|(_, agreement)| agreement.expires < today) {
        let message =
            format!("what it sets at `{}` counted until {}; remove it or renew it", agreement.point, agreement.expires);
        findings.warn("AGREEMENT_EXPIRED", format!("{key}[{index}]"), message);
    }
}
