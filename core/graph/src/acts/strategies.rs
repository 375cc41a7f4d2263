//! The strategy that decides, and those that may follow it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use guildhall_model::{Ability, Kind, Value as Given, parse_text};
use guildhall_workflow::activate_strategy::{ToActivate, activate_strategy as activate, schedule_strategy as schedule};
use guildhall_workflow::approve_strategy::approve_strategy as approve;
use guildhall_workflow::challenge_strategy::challenge_strategy as challenge;
use guildhall_workflow::propose_strategy::propose_strategy as propose;
use guildhall_workflow::retire_strategy::retire_strategy as retire;
use guildhall_workflow::rollback_strategy::rollback_strategy as rollback;
use guildhall_workflow::simulate_strategy::{Extent, simulate_strategy as simulate};
use guildhall_workflow::{ActValue, WorkflowError};
use serde::Deserialize;
use serde_json::Value;

use super::{Act, Call, Came, Done, KEY, Part, Stopped, by, came, values};
use crate::problem::{Code, Problem};

/// Customers and recorded requests that one request simulates if it does not say, and at most: it is to end in time. The command
/// line has no such bound.
const CUSTOMERS: u32 = 2_000;
const MOST_CUSTOMERS: u32 = 20_000;
const MOST_RECORDED: u64 = 10_000;

const WARNINGS: Part =
    ("warnings", "[String!]", true, "What is questionable about it, one sentence each, with line and column.");
const NUMBER: Part = ("number", "Int", true, "The number of the version.");

pub(super) static ACTS: [Act; 7] = [
    Act {
        name: "simulateStrategy",
        doc: "Tells what a strategy would change for the customers of today, and what that is worth to either side. Nothing is \
            changed, so there is no idempotency key.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: false,
        input: &[
            ("document", "String", true, "The strategy file."),
            (
                "customers",
                "Int",
                false,
                "Customers at most, spread evenly over all: 2,000 if not said, 20,000 at most.",
            ),
            (
                "requests",
                "JSON",
                false,
                "What everybody is asked at points that ask something: an object by decision point.",
            ),
            (
                "recorded",
                "Int",
                false,
                "Recorded requests at most that are asked again at all other such points; 200 if not said.",
            ),
        ],
        done: &[Done {
            name: "StrategySimulated",
            payload: &[
                ("asked", "Int", true, "How many customers were asked."),
                ("moved", "Int", true, "How many of them come to another segment."),
                ("changed", "Int", true, "How many of them get another answer at one decision point or more."),
                (
                    "report",
                    "JSON",
                    true,
                    "Everything that was found, as `guildhall strategy simulate --json` prints it.",
                ),
                ("text", "String", true, "The same in words."),
            ],
        }],
        perform: by!(simulate_strategy),
    },
    Act {
        name: "proposeStrategy",
        doc: "Makes a draft of a strategy file without errors. Nothing decides otherwise for it: it is simulated and approved first.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: false,
        input: &[("document", "String", true, "The strategy file."), KEY],
        done: &[Done {
            name: "StrategyProposed",
            payload: &[("strategy", "Strategy", true, "The strategy, now a draft."), WARNINGS],
        }],
        perform: by!(propose_strategy),
    },
    Act {
        name: "approveStrategy",
        doc: "Approves a strategy that was proposed. Only an approver named by the strategy in force may, and where that asks for four \
            eyes, not who proposed it.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: false,
        input: &[NUMBER, KEY],
        done: &[Done {
            name: "StrategyApproved",
            payload: &[("strategy", "Strategy", true, "The strategy, now approved.")],
        }],
        perform: by!(approve_strategy),
    },
    Act {
        name: "challengeStrategy",
        doc: "Lets an approved strategy decide for a share of the customers, always the same ones, beside the one in force. Recorded \
            decisions say which it was.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: true,
        input: &[NUMBER, ("share", "Decimal", true, "The share of the customers: 0.1 is 10 %."), KEY],
        done: &[Done {
            name: "StrategyChallenges",
            payload: &[("strategy", "Strategy", true, "The strategy, now the challenger.")],
        }],
        perform: by!(challenge_strategy),
    },
    Act {
        name: "retireStrategy",
        doc: "Withdraws a strategy that does not decide for all: a draft, an approved one, the challenger.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: true,
        input: &[NUMBER, KEY],
        done: &[Done {
            name: "StrategyRetired",
            payload: &[("strategy", "Strategy", true, "The strategy, now retired.")],
        }],
        perform: by!(retire_strategy),
    },
    Act {
        name: "activateStrategy",
        doc: "Makes a strategy the one that decides: a version that was approved, or a file in one step where the strategy in force \
            asks for no more. Only an approver named by the strategy in force may.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: true,
        input: &[
            ("document", "String", false, "The strategy file; or else `number`."),
            ("number", "Int", false, "The number of an approved version; or else `document`."),
            ("activateAt", "DateTime", false, "When; now if not said."),
            KEY,
        ],
        done: &[
            Done {
                name: "StrategyActivated",
                payload: &[
                    ("strategy", "Strategy", true, "The strategy, now active."),
                    ("assigned", "Int", true, "How many customers changed their segment."),
                    WARNINGS,
                ],
            },
            Done {
                name: "StrategyScheduled",
                payload: &[("strategy", "Strategy", true, "The strategy, which becomes active by itself."), WARNINGS],
            },
        ],
        perform: by!(activate_strategy),
    },
    Act {
        name: "rollbackStrategy",
        doc: "Goes back to the strategy that decided before the one in force, at once. Only an approver named by the strategy in \
            force may.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: true,
        input: &[KEY],
        done: &[Done {
            name: "StrategyRolledBack",
            payload: &[
                ("strategy", "Strategy", true, "The strategy, active again."),
                ("assigned", "Int", true, "How many customers changed their segment."),
            ],
        }],
        perform: by!(rollback_strategy),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SimulateStrategy {
    document: String,
    #[serde(default)]
    customers: Option<i64>,
    #[serde(default)]
    requests: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    recorded: Option<i64>,
}

async fn simulate_strategy(call: &Call<'_>, input: SimulateStrategy) -> Result<Came, Stopped> {
    let within = |name: &'static str, given: Option<i64>, unsaid: u64, most: u64| match given.map(u64::try_from) {
        None => Ok(unsaid),
        Some(Ok(number)) if number <= most => Ok(number),
        Some(_) => Err(WorkflowError::invalid(name, format!("`{name}` must lie between 0 and {most}"))),
    };
    let customers = within("customers", input.customers, CUSTOMERS.into(), MOST_CUSTOMERS.into())?;
    let recorded = within("recorded", input.recorded, 200, MOST_RECORDED)?;
    let extent =
        Extent { customers: u32::try_from(customers).ok(), requests: input.requests.unwrap_or_default(), recorded };
    let permit = call.actor.permit()?;
    let report = simulate(call.house, permit, Some(&input.document), &[], &extent, call.now, &mut |_| true).await?;
    let json = serde_json::to_value(&report).map_err(|error| Problem::new(Code::Internal, error.to_string()))?;
    let seen = report.customers;
    values([
        ("asked", ActValue::Json(seen.asked.into())),
        ("moved", ActValue::Json(seen.moved.into())),
        ("changed", ActValue::Json(seen.changed.into())),
        ("report", ActValue::Json(json)),
        ("text", ActValue::Json(report.to_string().into())),
    ])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProposeStrategy {
    document: String,
    idempotency_key: String,
}

async fn propose_strategy(call: &Call<'_>, input: ProposeStrategy) -> Result<Came, Stopped> {
    let key = Some(input.idempotency_key.as_str());
    let proposed = propose(call.house, call.actor.permit()?, &input.document, key, call.now).await?;
    values([("strategy", ActValue::Record(proposed.strategy)), ("warnings", ActValue::Json(proposed.warnings.into()))])
}

/// A version, and the key.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    number: i32,
    idempotency_key: String,
}

async fn approve_strategy(call: &Call<'_>, input: Version) -> Result<Came, Stopped> {
    let key = Some(input.idempotency_key.as_str());
    let approved = approve(call.house, call.actor.permit()?, input.number, key, call.now).await?;
    values([("strategy", ActValue::Record(approved))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChallengeStrategy {
    number: i32,
    share: String,
    idempotency_key: String,
}

async fn challenge_strategy(call: &Call<'_>, input: ChallengeStrategy) -> Result<Came, Stopped> {
    let share = match parse_text(&Kind::Decimal { scale: 4 }, &input.share) {
        Ok(Given::Decimal(share)) => share,
        _ => return Err(WorkflowError::invalid("share", "`share` is no number with at most 4 decimal places").into()),
    };
    let key = Some(input.idempotency_key.as_str());
    let challenger = challenge(call.house, call.actor.permit()?, input.number, share, key, call.now).await?;
    values([("strategy", ActValue::Record(challenger))])
}

async fn retire_strategy(call: &Call<'_>, input: Version) -> Result<Came, Stopped> {
    let key = Some(input.idempotency_key.as_str());
    let retired = retire(call.house, call.actor.permit()?, input.number, key, call.now).await?;
    values([("strategy", ActValue::Record(retired))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActivateStrategy {
    #[serde(default)]
    document: Option<String>,
    #[serde(default)]
    number: Option<i32>,
    #[serde(default)]
    activate_at: Option<DateTime<Utc>>,
    idempotency_key: String,
}

async fn activate_strategy(call: &Call<'_>, input: ActivateStrategy) -> Result<Came, Stopped> {
    let what = match (&input.document, input.number) {
        (Some(document), None) => ToActivate::Document(document),
        (None, Some(number)) => ToActivate::Version(number),
        _ => return Err(WorkflowError::invalid("document", "give exactly one of `document` and `number`").into()),
    };
    let (key, permit) = (Some(input.idempotency_key.as_str()), call.actor.permit()?);
    if let Some(at) = input.activate_at {
        let scheduled = schedule(call.house, permit, what, at, key, call.now).await?;
        let warnings = ActValue::Json(scheduled.warnings.into());
        return came(1, [("strategy", ActValue::Record(scheduled.strategy)), ("warnings", warnings)]);
    }
    let done = activate(call.house, permit, what, key, call.now).await?;
    values([
        ("strategy", ActValue::Record(done.strategy)),
        ("assigned", ActValue::Json(done.assigned.into())),
        ("warnings", ActValue::Json(done.warnings.into())),
    ])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RollbackStrategy {
    idempotency_key: String,
}

async fn rollback_strategy(call: &Call<'_>, input: RollbackStrategy) -> Result<Came, Stopped> {
    let key = Some(input.idempotency_key.as_str());
    let done = rollback(call.house, call.actor.permit()?, key, call.now).await?;
    values([("strategy", ActValue::Record(done.strategy)), ("assigned", ActValue::Json(done.assigned.into()))])
}
