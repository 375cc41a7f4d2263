//! Reacts to events: asks the plugins concerned what is to be done about them, and makes tasks of what they propose.
//!
//! A batch of events is read and decided about outside of any transaction. One transaction then writes the tasks, the decisions
//! they follow from and the place up to which events are done; it does so only if the place is still where the batch began. So a
//! process that is killed leaves nothing half done, and of several processes one succeeds.

mod followup;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use guildhall_decision::{DecisionPoint, FOLLOWUP_POINT, canonical_json};
use guildhall_model::plan::{Entry, IdOf, Operand, Output, ReadPlan, Root, Selection};
use guildhall_model::{GlobalId, Model, ObjectType};
use guildhall_store::Statement;
use guildhall_store::event::{self, Told};
use guildhall_store::reaction::{self, Who};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::decide::{Decided, Detail, Each, Facts};
use crate::{Deployment, House, WorkflowError};

/// Events of one batch.
const BATCH: u32 = 100;
/// How long the work is a process's alone after it began a batch: longer than one takes.
const LEASE: TimeDelta = TimeDelta::seconds(10);

/// A process that reacts.
#[derive(Clone, Copy, Debug)]
pub struct Reactor(Uuid);

impl Default for Reactor {
    fn default() -> Self {
        Reactor(Uuid::now_v7())
    }
}

/// What came of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reacted {
    /// Events that are done with.
    pub events: usize,
    pub followups: usize,
    /// Whether there may be more to do at once.
    pub more: bool,
}

/// An event about which plugins are asked.
struct Concern {
    told: Told,
    /// The record's type.
    object: Arc<ObjectType>,
    record: Uuid,
    /// What is asked, as the point reads it, and the same as text.
    request: Value,
    text: String,
}

impl Reactor {
    /// Gives up places that this database never was at, because it was brought here from elsewhere: of plugins, and of
    /// segments. Once, before the first batch.
    pub async fn begin(&self, house: &House, now: DateTime<Utc>) -> Result<(), WorkflowError> {
        if !reaction::is_lost(&house.database, now).await? {
            return Ok(());
        }
        let transaction = house.database.begin().await?;
        if reaction::recover(&transaction, now).await? {
            tracing::warn!("the database was moved; what happened before is not reacted to any more");
        }
        Ok(transaction.commit().await?)
    }

    /// Reacts to the next events, as strategy and plugins of `deployment` say.
    pub async fn react(
        &self,
        house: &House,
        deployment: &Deployment,
        now: DateTime<Utc>,
    ) -> Result<Reacted, WorkflowError> {
        let now = now.trunc_subsecs(3);
        let nothing = Reacted::default();
        if !deployment.reacts() {
            return Ok(nothing);
        }
        let Some(from) = reaction::place(&house.database, Who::Plugins).await? else { return Ok(nothing) };
        let (told, to) = event::after(&house.database, from, &event::Seen::default(), BATCH).await?;
        if told.is_empty() || !self.claim(house, now).await? {
            return Ok(nothing);
        }
        let point = deployment
            .point(FOLLOWUP_POINT)
            .ok_or_else(|| WorkflowError::Internal(format!("there is no `{FOLLOWUP_POINT}`")))?;
        let (events, more) = (told.len(), told.len() == BATCH as usize);
        let concerns = concerns(&house.model, deployment, point, told)?;
        let customers = customers(house, &concerns).await?;
        let tree = facts_tree(house, deployment, point, &customers).await?;
        let facts = deployment
            .facts_in(&tree)
            .map_err(|error| WorkflowError::Internal(format!("the facts cannot be read: {error}")))?;
        let facts: HashMap<&str, &Facts<'_>> = facts.iter().map(|facts| (facts.id.as_str(), facts)).collect();
        // Whoever was deleted meanwhile is not followed up.
        let asked: Vec<(&Concern, &Facts<'_>)> = concerns
            .iter()
            .zip(&customers)
            .filter_map(|(concern, customer)| Some((concern, *facts.get(customer.as_deref()?)?)))
            .collect();
        let mut decided = Vec::with_capacity(asked.len());
        for (concern, facts) in &asked {
            let each = Each { facts, request: &concern.request, text: &concern.text };
            // Each event has a budget of its own, so that none goes unanswered because of those before it.
            let budget = deployment.budget([point.name.as_str()]);
            decided.extend(deployment.decide_each(point, &[each], now, Detail::Compared, Some(&budget)).await?);
        }
        told_failures(&decided);
        let followups = followup::proposed(&house.model, asked.into_iter().zip(decided))?;
        let written = self.write(house, deployment, point, &followups, (from, to), now).await?;
        Ok(written.map_or(nothing, |followups| Reacted { events, followups, more }))
    }

    async fn claim(&self, house: &House, now: DateTime<Utc>) -> Result<bool, WorkflowError> {
        let transaction = house.database.begin().await?;
        let claimed = reaction::claim(&transaction, self.0, now, now + LEASE).await?;
        transaction.commit().await?;
        Ok(claimed)
    }
}

/// The events that a plugin wants to know of.
fn concerns(
    model: &Model,
    deployment: &Deployment,
    point: &DecisionPoint,
    told: Vec<Told>,
) -> Result<Vec<Concern>, WorkflowError> {
    let mut concerns = Vec::new();
    for told in told {
        if !deployment.reacts_to(&told.record_type, &told.kind) {
            continue;
        }
        let Some(object) = model.object(&told.record_type).cloned() else { continue };
        let Ok(record) = GlobalId::parse_as(&told.record_id, &object) else { continue };
        let request = json!({
            "recordType": told.record_type, "happened": told.kind, "recordId": told.record_id, "fields": told.fields,
        });
        let request = point.read_request(&request).map_err(|error| WorkflowError::Internal(error.to_string()))?;
        let text = canonical_json(&request);
        concerns.push(Concern { told, object, record, request, text });
    }
    Ok(concerns)
}

/// The customers that the events concern, by their global ids; none where a record is not there any more.
async fn customers(house: &House, concerns: &[Concern]) -> Result<Vec<Option<String>>, WorkflowError> {
    if concerns.is_empty() {
        return Ok(Vec::new());
    }
    let mut objects: Vec<Selection> = Vec::new();
    let mut ids = Vec::with_capacity(concerns.len());
    for concern in concerns {
        let known = objects.iter().position(|known| known.object.name == concern.object.name);
        let object = match known {
            Some(known) => known,
            None => {
                objects.push(to_customer(&house.model, &concern.object)?);
                objects.len() - 1
            }
        };
        ids.push(Some(IdOf { id: Operand::Value(concern.record.into()), object }));
    }
    let response = read(house, Root::Records { ids, objects }).await?;
    let response: Value = serde_json::from_str(&response)
        .map_err(|error| WorkflowError::Internal(format!("the customers of events cannot be read: {error}")))?;
    let records = response.get("records").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(records.iter().map(innermost).collect())
}

/// The way from a record to its customer's id.
fn to_customer(model: &Model, object: &Arc<ObjectType>) -> Result<Selection, WorkflowError> {
    let lost = || WorkflowError::Internal(format!("a `{}` leads to no customer", object.name));
    let value = match &object.visible_with {
        _ if object.name == "Customer" => Output::GlobalId,
        Some(name) => {
            let relation = object.relation(name).ok_or_else(lost)?;
            let target = model.object(&relation.target).ok_or_else(lost)?;
            Output::One { relation: Arc::clone(relation), selection: to_customer(model, target)? }
        }
        None => return Err(lost()),
    };
    Ok(Selection { object: Arc::clone(object), outputs: vec![Entry { key: "of".to_owned(), value }] })
}

fn innermost(record: &Value) -> Option<String> {
    let mut value = record;
    while let Some(inner) = value.get("of") {
        value = inner;
    }
    value.as_str().map(str::to_owned)
}

/// What one statement knows of the customers, each once.
async fn facts_tree(
    house: &House,
    deployment: &Deployment,
    point: &DecisionPoint,
    customers: &[Option<String>],
) -> Result<String, WorkflowError> {
    let lost = || WorkflowError::Internal("the model lacks the subject".to_owned());
    let object = house.model.object(&point.subject).ok_or_else(lost)?;
    let wanted: HashSet<Uuid> =
        customers.iter().flatten().filter_map(|id| GlobalId::parse_as(id, object).ok()).collect();
    if wanted.is_empty() {
        return Ok(String::new());
    }
    let parts = deployment.facts(&point.name).to_vec();
    let outputs = vec![Entry { key: "facts".to_owned(), value: Output::Facts { slot: 0, parts } }];
    let ids = wanted.into_iter().map(|id| Some(IdOf { id: Operand::Value(id.into()), object: 0 })).collect();
    read(house, Root::Records { ids, objects: vec![Selection { object: Arc::clone(object), outputs }] }).await
}

async fn read(house: &House, records: Root) -> Result<String, WorkflowError> {
    let response = vec![Entry { key: "records".to_owned(), value: records }];
    let plan = ReadPlan { response, ..ReadPlan::default() };
    let statement = Statement::compile(&plan, &house.model, house.database.dialect())?;
    Ok(statement.run(&house.database, &[]).await?.response)
}

/// A plugin that could not answer about an event is not asked about it again.
fn told_failures(decided: &[Decided]) {
    for failure in decided.iter().flat_map(|decided| &decided.verdict.failures) {
        // What a plugin says may be about a customer: a log is no place for it.
        let (plugin, code) = (&failure.plugin, &failure.code);
        tracing::warn!(plugin, code, "a plugin could not say what is to be done about an event");
    }
}
