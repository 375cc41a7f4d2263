//! The strategy that decides, and those that may follow it.

use std::collections::BTreeMap;

use guildhall_model::Ability;
use guildhall_workflow::activate_strategy::activate_strategy as activate;
use guildhall_workflow::simulate_strategy::{Extent, simulate_strategy as simulate};
use guildhall_workflow::{ActValue, WorkflowError};
use serde::Deserialize;
use serde_json::Value;

use super::{Act, Call, Came, Done, KEY, Stopped, by, values};
use crate::problem::{Code, Problem};

/// Customers and recorded requests that one request simulates if it does not say, and at most: it is to end in time. The command
/// line has no such bound.
const CUSTOMERS: u32 = 2_000;
const MOST_CUSTOMERS: u32 = 20_000;
const MOST_RECORDED: u64 = 10_000;

pub(super) static ACTS: [Act; 2] = [
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
        name: "activateStrategy",
        doc: "Checks a strategy and makes it the one that decides. Only an approver named by the strategy in force may.",
        ability: Ability::ActivateStrategy,
        changes_what_decides: true,
        input: &[("document", "String", true, "The strategy file."), KEY],
        done: &[Done {
            name: "StrategyActivated",
            payload: &[
                ("strategy", "Strategy", true, "The strategy, now active."),
                ("assigned", "Int", true, "How many customers changed their segment."),
            ],
        }],
        perform: by!(activate_strategy),
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
    let report = simulate(call.house, permit, &input.document, &extent, call.now, &mut |_| true).await?;
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
struct ActivateStrategy {
    document: String,
    idempotency_key: String,
}

async fn activate_strategy(call: &Call<'_>, input: ActivateStrategy) -> Result<Came, Stopped> {
    let key = Some(input.idempotency_key.as_str());
    let activated = activate(call.house, call.actor.permit()?, &input.document, key, call.now).await?;
    values([
        ("strategy", ActValue::Record(activated.strategy)),
        ("assigned", ActValue::Json(activated.assigned.into())),
    ])
}
