//! The eight building blocks of a customer strategy, each with its home in the document.

use super::Findings;
use crate::strategy::{Side, Strategy};

/// A block, whether a strategy has it, and what would make it.
type Block = (&'static str, fn(&Strategy) -> bool, &'static str);

const BLOCKS: [Block; 8] = [
    (
        "vision",
        |strategy| !strategy.value_propositions.is_empty(),
        "say in `value_propositions` what customers are promised",
    ),
    (
        "strategy",
        |strategy| !strategy.segments.is_empty() && strategy.goals.iter().any(|goal| goal.objective.is_some()),
        "give it `segments`, and goals an `objective`: target, acquire, develop or retain",
    ),
    (
        "experience",
        |strategy| strategy.goals.iter().any(|goal| goal.side == Side::Customer),
        "give it a goal on the side of the customer",
    ),
    (
        "collaboration",
        |strategy| !strategy.authorities.is_empty() || !strategy.incentives.is_empty(),
        "say in `authorities` what departments may approve, or in `incentives` what they are paid for",
    ),
    (
        "processes",
        |strategy| !strategy.treatments.is_empty() && !strategy.ground_rules.is_empty(),
        "give segments `treatments` and the whole `ground_rules`",
    ),
    (
        "information",
        |strategy| !strategy.information.is_empty(),
        "say in `information` which facts count, who answers for them and how old they may be",
    ),
    (
        "technology",
        |strategy| !strategy.pledges.is_empty(),
        "say in `pledges` what each policy is to bring for what it costs",
    ),
    (
        "metrics",
        |strategy| {
            let measured =
                |goal: &super::super::Goal| goal.owner.is_some() && goal.baseline.is_some() && goal.target.is_some();
            strategy.goals.iter().any(measured)
        },
        "give a goal `owner`, `baseline` and `target`",
    ),
];

pub(super) fn check(findings: &mut Findings<'_>) {
    for (number, (name, is_there, remedy)) in (1..).zip(BLOCKS) {
        if !is_there(findings.strategy) {
            let message = format!("building block {number} of 8, {name}, is missing; {remedy}");
            findings.warn("MISSING_BUILDING_BLOCK", "", message);
        }
    }
}
