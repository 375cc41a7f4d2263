//! Who may serve a point that one plugin at most may serve.

use std::collections::BTreeMap;

use super::DecisionPoint;

/// A plugin that serves, or wants to serve, a decision point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim<'a> {
    pub plugin: &'a str,
    pub department: &'a str,
    pub point: &'a str,
}

/// Two plugins that cannot both serve a point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{point}` is served by one plugin at most, and {claimants} want to; remove all but one, or let one department answer for all"
)]
pub struct ClaimError {
    pub point: String,
    /// In words: "`a` (sales) and `b` (finance)", sorted.
    pub claimants: String,
}

/// Refuses two plugins at one exclusive point. Two versions of one plugin are one.
pub fn exclusive_claims<'a>(
    points: &[DecisionPoint],
    claims: impl IntoIterator<Item = Claim<'a>>,
) -> Result<(), ClaimError> {
    let mut by_point: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for claim in claims {
        by_point.entry(claim.point).or_default().insert(claim.plugin, claim.department);
    }
    for (point, plugins) in by_point {
        let exclusive = points.iter().any(|declared| declared.name == point && declared.is_exclusive());
        if exclusive && plugins.len() > 1 {
            let all = plugins.iter().map(|(plugin, department)| format!("`{plugin}` ({department})"));
            let claimants = crate::words::listed(all.collect());
            return Err(ClaimError { point: point.to_owned(), claimants });
        }
    }
    Ok(())
}
