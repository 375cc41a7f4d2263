//! Conditions over money that nobody can tell, because customers count in a currency without a rate.

use super::Findings;
use crate::strategy::Strategy;
use crate::words::listed;
use crate::{Condition, MoneyError};

/// Why one of these currencies cannot be compared with a number in a condition.
fn obstacle(strategy: &Strategy, currencies: &[String]) -> Option<MoneyError> {
    let Some(base) = &strategy.currency else {
        let (first, other) = (currencies.first()?, currencies.get(1)?);
        return Some(MoneyError::NoCurrency(first.clone(), other.clone()));
    };
    let missing = currencies.iter().find(|code| *code != base && !strategy.rates.contains_key(*code))?;
    Some(MoneyError::NoRate(missing.clone(), base.clone()))
}

pub(super) fn check(findings: &mut Findings<'_>, currencies: &[String]) {
    let Some(obstacle) = obstacle(findings.strategy, currencies) else { return };
    for (path, name) in conditions(findings.strategy) {
        let message = format!(
            "`{name}` compares money with a number, and customers count in {}: {obstacle}",
            listed(currencies.to_vec())
        );
        findings.error("MONEY_WITHOUT_RATE", path, message);
    }
}

/// The conditions that compare money with numbers: where each stands and what it belongs to.
fn conditions(strategy: &Strategy) -> Vec<(String, &str)> {
    let mut all = Vec::new();
    for (index, segment) in strategy.segments.iter().enumerate() {
        for condition in std::iter::once(&segment.when).chain(&segment.stay) {
            all.push((format!("segments[{index}]"), segment.key.as_str(), condition));
        }
    }
    for (index, rule) in strategy.ground_rules.iter().enumerate() {
        all.extend(rule.when.iter().map(|when| (format!("ground_rules[{index}]"), rule.id.as_str(), when)));
    }
    all.retain(|(_, _, condition): &(_, _, &Condition)| condition.counts_money());
    all.into_iter().map(|(path, name, _)| (path, name)).collect()
}

impl Strategy {
    /// Whether a condition compares amounts of money with numbers, so that it matters in which currencies customers count.
    pub fn counts_money(&self) -> bool {
        !conditions(self).is_empty()
    }
}
