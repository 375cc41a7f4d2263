//! Conditions that no record can fulfil.

use super::Findings;
use crate::condition::Region;
use crate::strategy::Segment;
use crate::words::listed;

pub(super) fn check(findings: &mut Findings<'_>) {
    let strategy = findings.strategy;
    for (index, segment) in strategy.segments.iter().enumerate() {
        let siblings = strategy.segments.iter().take(index).filter(|other| other.parent == segment.parent);
        if let Some(message) = unreached(findings, segment, siblings.collect()) {
            findings.warn("UNREACHABLE_CONDITION", format!("segments[{index}]"), message);
        }
    }
    for (index, rule) in strategy.ground_rules.iter().enumerate() {
        let empty = rule.when.as_ref().and_then(Region::of).is_some_and(|region| region.is_empty());
        if empty {
            let message = format!("the condition of `{}` can never hold, so it bounds nothing", rule.id);
            findings.error("UNREACHABLE_CONDITION", format!("ground_rules[{index}]"), message);
        }
    }
}

/// Why nobody enters a segment; nothing if somebody may.
fn unreached(findings: &Findings<'_>, segment: &Segment, earlier: Vec<&Segment>) -> Option<String> {
    let lineage = findings.strategy.lineage(&segment.key);
    let mut region = Region::of(&segment.when)?;
    if region.is_empty() {
        return Some(format!("nobody enters `{}`: its condition can never hold", segment.key));
    }
    for outer in lineage.iter().filter(|outer| outer.key != segment.key) {
        region = region.and(&Region::of(&outer.when)?)?;
        if region.is_empty() {
            return Some(format!(
                "nobody enters `{}`: its condition contradicts that of `{}`, which it is part of",
                segment.key, outer.key
            ));
        }
    }
    let mut takers = Vec::new();
    for other in earlier {
        let before = region.clone();
        let theirs = Region::of(&other.when)?;
        if before.and(&theirs).is_none_or(|common| !common.is_empty()) {
            takers.push(format!("`{}`", other.key));
        }
        region = before.without(&theirs)?;
        if region.is_empty() {
            let message = format!(
                "nobody enters `{}`: whoever fulfils its condition fulfils that of {} before it",
                segment.key,
                listed(takers)
            );
            return Some(message);
        }
    }
    None
}
