//! Goals that the treatments miss, and incentives that work against goals.

use guildhall_model::canonical_decimal;
use rust_decimal::Decimal;

use super::Findings;
use crate::strategy::{Aim, Direction, Goal, Incentive, Projection};

/// Decimal places of a figure in a sentence.
const PLACES: u32 = 4;

pub(super) fn check(findings: &mut Findings<'_>) {
    let strategy = findings.strategy;
    for (index, goal) in strategy.goals.iter().enumerate() {
        let path = format!("goals[{index}]");
        project(findings, &path, goal);
    }
    for (index, incentive) in strategy.incentives.iter().enumerate() {
        for goal in &strategy.goals {
            if let Some(why) = works_against(findings, incentive, goal) {
                let rewards = if incentive.rewards_more { "more" } else { "less" };
                let message = format!(
                    "{} is paid for {rewards} `{}`, which works against the goal `{}`: {why}",
                    incentive.department, incentive.metric, goal.name
                );
                findings.warn("INCENTIVE_AGAINST_GOAL", format!("incentives[{index}]"), message);
            }
        }
    }
}

fn project(findings: &mut Findings<'_>, path: &str, goal: &Goal) {
    let unit = goal.unit.as_deref().map(|unit| format!(" {unit}")).unwrap_or_default();
    let guard = goal.guard.as_ref();
    let guarded =
        guard.and_then(|guard| Some(("GUARD_BROKEN", &guard.metric, guard.aim, guard.projection.as_ref()?, "")));
    let aimed = goal.target.zip(goal.projection.as_ref());
    let aimed = aimed.map(|(aim, projection)| ("GOAL_MISSED", &goal.metric, aim, projection, unit.as_str()));
    for (code, metric, aim, projection, unit) in aimed.into_iter().chain(guarded) {
        match projection.value(findings.strategy, findings.points) {
            Err(error) => {
                let message =
                    format!("`{metric}` of the goal `{}` cannot be projected: the formula {error}", goal.name);
                findings.error("PROJECTION_FAILS", path, message);
            }
            Ok(value) if !aim.is_met(value) => {
                let what = if code == "GOAL_MISSED" { "the goal" } else { "the guard" };
                let message = format!(
                    "`{}`: {metric} comes to {}{unit} under the treatments, and {what} is {} {}{unit}; it cannot be met{}",
                    goal.name,
                    figure(value),
                    aim.direction.words(),
                    figure(aim.value),
                    because(findings, projection)
                );
                findings.warn(code, path, message);
            }
            Ok(_) => {}
        }
    }
}

/// The figures behind a projection: what each segment gets, with its share, and the assumptions.
fn because(findings: &Findings<'_>, projection: &Projection) -> String {
    let mut figures = Vec::new();
    for (point, parameter) in projection.formula.parameters() {
        let declared = findings.point(&point);
        let each = findings.strategy.segments.iter().filter_map(|segment| {
            let share = projection.mix.get(&segment.key)?;
            let value = findings.strategy.parameter(&segment.key, declared?, &parameter)?;
            Some(format!("{} {} at {value}", segment.key, figure(*share)))
        });
        figures.push(format!("{point}.{parameter}: {}", each.collect::<Vec<_>>().join(", ")));
    }
    figures.extend(projection.assumptions.iter().map(|(name, value)| format!("{name}: {}", figure(*value))));
    if figures.is_empty() { String::new() } else { format!(" ({})", figures.join("; ")) }
}

fn figure(value: Decimal) -> String {
    canonical_decimal(value.round_dp(PLACES))
}

/// Why an incentive works against a goal; nothing if it does not.
fn works_against(findings: &Findings<'_>, incentive: &Incentive, goal: &Goal) -> Option<String> {
    let aims = [
        goal.target.map(|aim| (&goal.metric, aim, goal.projection.as_ref())),
        goal.guard.as_ref().map(|guard| (&guard.metric, guard.aim, guard.projection.as_ref())),
    ];
    aims.into_iter().flatten().find_map(|(metric, aim, projection)| {
        if *metric == incentive.metric {
            let against = incentive.rewards_more == (aim.direction == Direction::AtMost);
            return against.then(|| format!("it wants {} {}", aim.direction.words(), figure(aim.value)));
        }
        moved(findings, incentive, metric, aim, projection?)
    })
}

/// Whether more, or less, of a parameter leads a projection away from its aim. One unit tells: the parameter moves it or not.
fn moved(
    findings: &Findings<'_>,
    incentive: &Incentive,
    metric: &str,
    aim: Aim,
    projection: &Projection,
) -> Option<String> {
    let (point, parameter) = incentive.metric.rsplit_once('.')?;
    let more = if incentive.rewards_more { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let before = projection.value(findings.strategy, findings.points).ok()?;
    let greater = Some((point, parameter, more));
    let after = projection.value_with(findings.strategy, findings.points, greater).ok()?;
    let away = match aim.direction {
        Direction::AtLeast => after < before,
        Direction::AtMost => after > before,
    };
    let figures = format!(
        "one {} leads {metric} from {} to {}, and it wants {} {}",
        if incentive.rewards_more { "more" } else { "less" },
        figure(before),
        figure(after),
        aim.direction.words(),
        figure(aim.value)
    );
    away.then_some(figures)
}
