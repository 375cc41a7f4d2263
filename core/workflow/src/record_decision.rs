//! Makes a decision and puts it on the ledger.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_decision::{DecisionPoint, LedgerEntry, Question};
use guildhall_model::plan::{Entry, Operand, Output, ReadPlan, Root, Selection};
use guildhall_store::{Statement, generation, ledger};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::decide::{Decided, DecisionError, Detail, Facts, facts_in};
use crate::install_plugin::uuid_in;
use crate::keepable::keepable_json;
use crate::once::Once;
use crate::{Actor, Deployment, House, Permit, RecordDecisions, WorkflowError};

/// What is to be decided and recorded.
#[derive(Clone, Debug)]
pub struct Order {
    /// Name of the decision point.
    pub point: String,
    pub customer: Uuid,
    /// The point's request, or null.
    pub request: Value,
    pub idempotency_key: String,
}

/// Decides, with the departments' own defaults beside, and appends the decision to the customer's chain. Returns the
/// decision's id. Plugins run before the transaction begins; none runs inside it.
pub async fn record_decision(
    house: &House,
    deployment: &Arc<Deployment>,
    by: Permit<'_, RecordDecisions>,
    order: Order,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    // The ledger keeps milliseconds, and what it keeps is what was decided with.
    let now = now.trunc_subsecs(3);
    // A point whose answers the actor may not see is none for him.
    let seen = |point: &&Arc<DecisionPoint>| deployment.may_see(&house.model, &by.access, point);
    let point = house.point(&order.point).filter(seen).ok_or_else(|| {
        let known: Vec<_> = house.points.iter().filter(seen).map(|point| point.name.as_str()).collect();
        WorkflowError::BadInput(format!("`{}` is no decision point; there are {}", order.point, known.join(", ")))
    })?;
    // One form of the request for all that follows: what is asked twice is one request, however it was written.
    let asked = point.read_request(&order.request).map_err(|error| WorkflowError::BadInput(error.to_string()))?;
    keepable_json("the request", &asked)?;
    let order = Order { request: asked, ..order };
    let request = order.request.to_string();
    let body = [order.point.as_bytes(), order.customer.as_bytes(), request.as_bytes()];
    let once = Once::new(&by, &order.idempotency_key, "recordDecision", &body)?;
    if let Some(known) = once.answered(&house.database).await? {
        return uuid_in(&known);
    }
    if let Some(recorded) = attempt(house, deployment, &by, point, &order, &once, now).await? {
        return Ok(recorded);
    }
    // Strategy or plugins changed while this was decided: what comes on the ledger is decided by those in force.
    let fresh = Deployment::load(house).await?;
    let recorded = attempt(house, &fresh, &by, point, &order, &once, now).await?;
    recorded.ok_or_else(|| WorkflowError::refused("strategy or plugins changed while this was decided; ask again"))
}

/// Decides and appends the decision; nothing is recorded if `deployment` is not the one in force.
async fn attempt(
    house: &House,
    deployment: &Deployment,
    by: &Actor,
    point: &DecisionPoint,
    order: &Order,
    once: &Once<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, WorkflowError> {
    let tree = facts_tree(house, deployment, point, order.customer).await?;
    let facts =
        facts_in(&tree).map_err(|error| WorkflowError::Internal(format!("the facts cannot be read: {error}")))?;
    let facts = facts.first().ok_or_else(|| WorkflowError::NotFound("there is no such customer".to_owned()))?;
    let decided =
        deployment.decide(point, &[facts], &order.request, now, Detail::Compared, &deployment.budget()).await?;
    let decided =
        decided.into_iter().next().ok_or_else(|| WorkflowError::Internal("nothing was decided".to_owned()))?;
    append(house, deployment, by, point, order, once, facts, &decided, now).await
}

/// What one statement knows of the customer; empty if there is no such customer.
async fn facts_tree(
    house: &House,
    deployment: &Deployment,
    point: &DecisionPoint,
    customer: Uuid,
) -> Result<String, WorkflowError> {
    let object = house
        .model
        .object(&point.subject)
        .ok_or_else(|| WorkflowError::Internal("the model lacks the subject".to_owned()))?;
    let parts = deployment.facts(&point.name).to_vec();
    let outputs = vec![Entry { key: "facts".to_owned(), value: Output::Facts { slot: 0, parts } }];
    let root =
        Root::Record { id: Operand::Value(customer.into()), object: Selection { object: Arc::clone(object), outputs } };
    let plan = ReadPlan { response: vec![Entry { key: "customer".to_owned(), value: root }], ..ReadPlan::default() };
    let statement = Statement::compile(&plan, &house.model, house.database.dialect())?;
    Ok(statement.run(&house.database, &[]).await?.response)
}

#[expect(
    clippy::too_many_arguments,
    reason = "one transaction needs all of them, and a struct would be used here only"
)]
async fn append(
    house: &House,
    deployment: &Deployment,
    by: &Actor,
    point: &DecisionPoint,
    order: &Order,
    once: &Once<'_>,
    facts: &Facts<'_>,
    decided: &Decided,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, WorkflowError> {
    let strategy = deployment.strategy.as_ref().ok_or(WorkflowError::NoActiveStrategy)?;
    let id = Uuid::now_v7();
    let transaction = house.database.begin().await?;
    if generation::hold(&transaction).await? != deployment.generation {
        transaction.rollback().await?;
        return Ok(None);
    }
    let last = ledger::last(&transaction, &[order.customer]).await?.remove(&order.customer);
    let previous = last.as_ref().map(|last| last.digest.clone());
    let sequence = last.as_ref().map_or(1, |last| last.sequence.saturating_add(1));
    let question =
        Question { strategy: &strategy.strategy, point, subject: facts.subject(), request: &order.request, at: now };
    let verdict = &decided.verdict;
    let mut entry = LedgerEntry::of(&question, verdict, decided.strategy, sequence, facts.inputs_json(), &by.name);
    // What the departments would have done by themselves stands beside what they proposed: nobody's losing voice is lost.
    entry.proposals = json!({ "underStrategy": entry.proposals, "withoutStrategy": verdict.without_strategy });
    let digest = entry.digest(previous.as_deref());
    let stored = ledger::Entry {
        id,
        customer: order.customer,
        strategy: strategy.id,
        point: entry.point,
        decided_at: entry.decided_at,
        recorded_by: entry.recorded_by,
        request: entry.request,
        verdict: entry.verdict,
        fallback: entry.fallback,
        parameters: entry.parameters,
        proposals: entry.proposals,
        bounds: entry.bounds,
        inputs: entry.inputs,
        explanation: entry.explanation,
        sequence,
        digest,
        previous_digest: previous,
    };
    ledger::append(&transaction, &stored, now).await?;
    if !once.remember(&transaction, json!(id), now).await? {
        transaction.rollback().await?;
        let known = once.answered(&house.database).await?;
        return uuid_in(&known.unwrap_or_default()).map(Some);
    }
    transaction.commit().await?;
    Ok(Some(id))
}

impl From<DecisionError> for WorkflowError {
    fn from(error: DecisionError) -> Self {
        match error {
            DecisionError::NoActiveStrategy => WorkflowError::NoActiveStrategy,
            DecisionError::Request(message) => WorkflowError::BadInput(message),
            DecisionError::Internal(message) => WorkflowError::Internal(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activate_strategy::activate_strategy;
    use crate::testing::{admin, customer, document, houses, now};

    fn order(customer: Uuid, request: Value) -> Order {
        Order { point: "credit.check".to_owned(), customer, request, idempotency_key: "k".to_owned() }
    }

    /// The request and the strategy on the ledger.
    async fn recorded(house: &House, customer: Uuid) -> Vec<ledger::Entry> {
        ledger::chain(&house.database, customer).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_written_in_two_ways_is_one_request() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            activate_strategy(&house, ada.permit().unwrap(), &document("first", "ada"), None, now()).await.unwrap();
            let deployment = Arc::new(Deployment::load(&house).await.unwrap());
            let customer = customer(&house).await;
            let mut ids = Vec::new();
            for amount in ["1500", "1500.00"] {
                let order = order(customer, json!({ "amount": amount }));
                ids.push(record_decision(&house, &deployment, ada.permit().unwrap(), order, now()).await.unwrap());
            }
            assert_eq!(ids[0], ids[1]);
            let canonical = house.point("credit.check").unwrap().read_request(&json!({ "amount": "1500" })).unwrap();
            assert_eq!(recorded(&house, customer).await[0].request, canonical);
        }
    }

    #[tokio::test]
    async fn what_is_recorded_was_decided_by_the_strategy_in_force() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            activate_strategy(&house, ada.permit().unwrap(), &document("first", "ada"), None, now()).await.unwrap();
            let old = Arc::new(Deployment::load(&house).await.unwrap());
            let second = activate_strategy(&house, ada.permit().unwrap(), &document("second", "ada"), None, now())
                .await
                .unwrap();
            let customer = customer(&house).await;
            let order = order(customer, json!({ "amount": "1500" }));
            record_decision(&house, &old, ada.permit().unwrap(), order, now()).await.unwrap();
            assert_eq!(recorded(&house, customer).await[0].strategy, second.strategy);
        }
    }
}
