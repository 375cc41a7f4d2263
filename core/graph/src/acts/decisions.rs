//! What is decided.

use guildhall_model::Ability;
use guildhall_workflow::record_decision::{Order, record_decision as record};
use guildhall_workflow::{ActValue, WorkflowError};
use serde::Deserialize;
use serde_json::Value;

use super::{Act, Call, Came, Done, KEY, Stopped, by, id_of, values};

pub(super) static ACTS: [Act; 1] = [Act {
    name: "recordDecision",
    doc: "Makes a decision and puts it on the ledger.",
    ability: Ability::RecordDecisions,
    changes_what_decides: false,
    input: &[
        ("point", "String", true, "The decision point, such as `credit.terms`."),
        ("customer", "ID", true, "Whom the decision is about."),
        ("request", "JSON", false, "What is asked, if the point asks anything."),
        KEY,
    ],
    done: &[Done { name: "DecisionRecorded", payload: &[("decision", "Decision", true, "The recorded decision.")] }],
    perform: by!(record_decision),
}];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordDecision {
    point: String,
    customer: String,
    #[serde(default)]
    request: Value,
    idempotency_key: String,
}

async fn record_decision(call: &Call<'_>, input: RecordDecision) -> Result<Came, Stopped> {
    let customer = id_of(call.house, "Customer", "customer", &input.customer)?;
    let by = call.actor.permit()?;
    seen(call, customer).await?;
    let RecordDecision { point, request, idempotency_key, .. } = input;
    let order = Order { point, customer, request, idempotency_key };
    let decision = record(call.house, call.deployment, by, order, call.now).await?;
    values([("decision", ActValue::Record(decision))])
}

/// Refuses to decide about a customer the actor does not see, as if there were none.
async fn seen(call: &Call<'_>, customer: uuid::Uuid) -> Result<(), Stopped> {
    let Call { house, actor, .. } = call;
    if actor.access.sees_all() {
        return Ok(());
    }
    let missing = || WorkflowError::NotFound("there is no such customer".to_owned());
    let object = house.model.object("Customer").ok_or_else(missing)?;
    let statement = crate::plan::sees(&house.model, house.database.dialect(), actor, object, customer, call.now)?;
    let read = statement.run(&house.database, &[]).await?;
    if read.response == r#"{"record":null}"# { Err(missing().into()) } else { Ok(()) }
}
