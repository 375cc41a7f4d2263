//! What nobody reads: rules and parameters without a plugin, and agreements that are past.

use std::collections::{BTreeMap, BTreeSet};

use super::{Circumstances, Findings, Serving, treatment_path};
use crate::strategy::{Agreement, Strategy};
use crate::{Claim, Datum, exclusive_claims};

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

/// What is set at decision points: where it stands, the point and the names.
fn set(strategy: &Strategy) -> Vec<(String, &str, Vec<&str>)> {
    fn names(parameters: &BTreeMap<String, Datum>) -> Vec<&str> {
        parameters.keys().map(String::as_str).collect()
    }
    let treatments = strategy.treatments.iter();
    let mut all: Vec<_> = treatments
        .map(|one| (treatment_path(&one.segment, &one.point), one.point.as_str(), names(&one.parameters)))
        .collect();
    for (key, agreements) in [("contracts", &strategy.contracts), ("exceptions", &strategy.exceptions)] {
        let each = agreements.iter().enumerate();
        all.extend(each.map(|(index, one)| (format!("{key}[{index}]"), one.point.as_str(), names(&one.parameters))));
    }
    all
}

fn parameters(findings: &mut Findings<'_>, serving: &[Serving]) {
    let mut told = BTreeSet::new();
    for (path, at, names) in set(findings.strategy) {
        let at_point: Vec<_> = serving.iter().filter(|one| one.point == at).collect();
        if at_point.is_empty() {
            if told.insert((at, "")) {
                let message = format!("no installed plugin serves `{at}`, so nobody reads its parameters");
                findings.warn("PARAMETER_NOBODY_READS", path, message);
            }
            continue;
        }
        let point = findings.point(at);
        for name in names {
            let reads =
                |one: &&Serving| one.parameters.as_ref().is_none_or(|reads| reads.iter().any(|read| read == name));
            // The core reads them, whatever the plugins do.
            let core = point.is_some_and(|point| point.reads_itself(name));
            if !core && !at_point.iter().any(reads) && told.insert((at, name)) {
                let message = format!("no installed plugin reads `{name}` at `{at}`");
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
