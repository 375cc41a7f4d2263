//! Makes a decision and puts it on the ledger.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_decision::DecisionPoint;
use guildhall_store::generation;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::decide::{DecisionError, Detail};
use crate::facts_of::facts_tree;
use crate::install_plugin::uuid_in;
use crate::keepable::keepable_json;
use crate::once::Once;
use crate::recording::{Recording, append};
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
    let point = deployment.point(&order.point).filter(seen).ok_or_else(|| {
        let known: Vec<_> = deployment.points().iter().filter(seen).map(|point| point.name.as_str()).collect();
        let message = format!("`{}` is no decision point; there are {}", order.point, known.join(", "));
        WorkflowError::invalid("point", message)
    })?;
    // One form of the request for all that follows: what is asked twice is one request, however it was written.
    let asked =
        point.read_request(&order.request).map_err(|error| WorkflowError::invalid("request", error.to_string()))?;
    keepable_json("the request", &asked).map_err(|error| error.of("request"))?;
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
    let recorded = match fresh.point(&order.point).filter(|fresh| fresh.request == point.request) {
        Some(point) => attempt(house, &fresh, &by, point, &order, &once, now).await?,
        None => None,
    };
    let changed = || WorkflowError::Busy("strategy or plugins changed while this was decided; ask again".to_owned());
    recorded.ok_or_else(changed)
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
    let tree = facts_tree(house, deployment, point, &[order.customer]).await?;
    let facts = deployment
        .facts_in(&tree)
        .map_err(|error| WorkflowError::Internal(format!("the facts cannot be read: {error}")))?;
    let facts = facts.first().ok_or_else(|| WorkflowError::NotFound("there is no such customer".to_owned()))?;
    let decided = deployment
        .decide(point, &[facts], &order.request, now, Detail::Compared, Some(&deployment.budget([point.name.as_str()])))
        .await?;
    let decided =
        decided.into_iter().next().ok_or_else(|| WorkflowError::Internal("nothing was decided".to_owned()))?;
    let transaction = house.database.begin().await?;
    if generation::hold(&transaction).await? != deployment.generation {
        transaction.rollback().await?;
        return Ok(None);
    }
    let recording = Recording {
        point,
        customer: order.customer,
        request: &order.request,
        facts,
        decided: &decided,
        by: &by.name,
        at: now,
    };
    let id = append(house, deployment, &transaction, &recording).await?;
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
            DecisionError::Request(message) => WorkflowError::invalid("request", message),
            DecisionError::Internal(message) => WorkflowError::Internal(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use guildhall_store::ledger;

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
            let canonical =
                deployment.point("credit.check").unwrap().read_request(&json!({ "amount": "1500" })).unwrap();
            let kept = recorded(&house, customer).await.remove(0).kept.unwrap();
            assert_eq!(kept.request, guildhall_decision::canonical_json(&canonical));
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

    /// A point that looks at what the actor may not read is none for him, and the refusal does not name it.
    #[tokio::test]
    async fn a_point_whose_answers_are_hidden_is_none() {
        use guildhall_model::{Ability, Access, RoleDefinition, RowSet, Rows, TypeGrant};
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let rule = "[[ground_rules]]\nid = \"GR1\"\nname = \"No losses\"\nreason = \"no credit at a loss\"\n\
                point = \"credit.terms\"\nwhen = \"customer.margin12m < 0\"\nclamp = { field = \"netDays\", max = 0 }\n";
            let text = format!("{}{rule}", document("first", "ada"));
            activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap();
            let deployment = Arc::new(Deployment::load(&house).await.unwrap());
            let grant = |read: &[&str]| TypeGrant {
                read: read.iter().map(|name| (*name).to_owned()).collect(),
                rows: RowSet::default().with(Rows::All),
                ..TypeGrant::default()
            };
            let types = [("Customer".to_owned(), grant(&["name"])), ("Decision".to_owned(), grant(&["point"]))];
            let abilities = [Ability::RecordDecisions].into();
            let role = RoleDefinition { types: types.into(), abilities, ..RoleDefinition::default() };
            let access = Access::sum(&house.model, &[&role]);
            let kim = Actor { roles: Vec::new(), name: "kim".to_owned(), access: access.into(), territory: None };
            let order = Order { point: "credit.terms".to_owned(), ..order(customer(&house).await, Value::Null) };
            let refused = record_decision(&house, &deployment, kim.permit().unwrap(), order.clone(), now()).await;
            let told = refused.unwrap_err().to_string();
            assert!(
                told.starts_with("`credit.terms` is no decision point; there are ")
                    && !told.contains("are credit.terms"),
                "{told}"
            );
            // Where no field goes into an answer, who reads decisions may see it, but of no type that he does not read.
            let loads = document("second", "ada");
            activate_strategy(&house, ada.permit().unwrap(), &loads, None, now()).await.unwrap();
            let deployment = Deployment::load(&house).await.unwrap();
            let point = deployment.point("credit.terms").unwrap();
            let access = |types: &[&str]| {
                let types = types.iter().map(|name| ((*name).to_owned(), grant(&["id"])));
                let role = RoleDefinition { types: types.collect(), ..RoleDefinition::default() };
                Access::sum(&house.model, &[&role])
            };
            assert!(deployment.may_see(&house.model, &access(&["Customer", "Decision"]), point));
            assert!(!deployment.may_see(&house.model, &access(&["Decision"]), point));
            assert!(!deployment.may_see(&house.model, &access(&["Customer"]), point));
            record_decision(&house, &Arc::new(deployment), ada.permit().unwrap(), order, now()).await.unwrap();
        }
    }
}
