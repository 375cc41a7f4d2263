//! The record of decisions: made again, and erased.

use guildhall_model::Ability;
use guildhall_workflow::ActValue;
use guildhall_workflow::erase_decisions::{Which, erase_decisions as erase};
use guildhall_workflow::replay::replay_decision as replay;
use serde::Deserialize;
use serde_json::Value;

use super::{Act, Call, Stopped, Values, by, id_of, values};

pub(super) static ACTS: [Act; 2] = [
    Act {
        name: "replayDecision",
        doc: "Makes a recorded decision again, with the packages and the strategy of its time, and compares every byte with what \
            was recorded. Nothing is changed, so there is no idempotency key. Refused if it cannot be replayed, with the reason.",
        ability: Ability::ManageLedger,
        changes_what_decides: false,
        input: &[("decision", "ID", true, "The recorded decision.")],
        done: "DecisionReplayed",
        payload: &[
            ("decision", "Decision", true, "The recorded decision."),
            ("same", "Boolean", true, "Whether every byte is as it was recorded."),
            ("replayedDigest", "String", true, "The digest of what came out now."),
            ("differences", "[String!]", true, "What is not as it was recorded, one sentence each."),
        ],
        perform: by!(replay_decision),
    },
    Act {
        name: "eraseDecisions",
        doc: "Erases what a customer's recorded decisions tell about them. The decisions stay in their chain, and say that they \
            are erased. Erasing again erases nothing, so there is no idempotency key.",
        ability: Ability::ManageLedger,
        changes_what_decides: false,
        input: &[("customer", "ID", true, "The customer.")],
        done: "DecisionsErased",
        payload: &[("erased", "Int", true, "How many decisions were erased.")],
        perform: by!(erase_decisions),
    },
];

#[derive(Deserialize)]
struct ReplayDecision {
    decision: String,
}

async fn replay_decision(call: &Call<'_>, input: ReplayDecision) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Decision", "decision", &input.decision)?;
    let replayed = replay(call.house, call.actor.permit()?, id).await?;
    let differences: Vec<Value> = replayed.differences.iter().map(|found| found.to_string().into()).collect();
    values([
        ("decision", ActValue::Record(id)),
        ("same", ActValue::Json(replayed.same.into())),
        ("replayedDigest", ActValue::Json(replayed.replayed_digest.into())),
        ("differences", ActValue::Json(differences.into())),
    ])
}

#[derive(Deserialize)]
struct EraseDecisions {
    customer: String,
}

async fn erase_decisions(call: &Call<'_>, input: EraseDecisions) -> Result<Values, Stopped> {
    let customer = id_of(call.house, "Customer", "customer", &input.customer)?;
    let erased = erase(call.house, call.actor.permit()?, Which::Customer(customer), call.now).await?;
    values([("erased", ActValue::Json(erased.into()))])
}
