//! Makes, changes, deletes and brings back records of one type: all of an order's changes in one transaction, or none.

mod agreement;
mod change;
mod credit_holds;
mod deletion;
mod given;
mod refusal;
mod sight;
mod totals;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::ObjectType;
use guildhall_model::plan::Visible;
use guildhall_store::event::{self, Event};
use guildhall_store::facts::{self, Touched};
use guildhall_store::{StoreError, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::once::Once;
use crate::{Actor, House, InvalidCode, InvalidValue, Reason, ReasonCode, WorkflowError};

/// Most records of one act.
pub const RECORD_LIMIT: usize = 250;
/// How often an upsert is tried when somebody else makes the same records at the same time.
const ATTEMPTS: usize = 3;

/// What is to be done to records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Update,
    /// Creates what is not known by its `source` and `externalId`, and updates what is.
    Upsert,
    Delete,
    Restore,
}

/// One record of an order: what of it there is depends on the verb.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub id: Option<Uuid>,
    /// The version the caller has seen.
    pub version: Option<i64>,
    /// Values by the API's names, as they came in.
    pub values: Map<String, Json>,
    /// Where the values stand in the input.
    pub path: Vec<Json>,
    /// Whether `source` and `externalId` stand beside the other values, as an upsert's do.
    pub keys_outside: bool,
}

/// What is to be done, by whom it is wanted.
#[derive(Clone, Debug)]
pub struct Order {
    /// The mutation, for the trail.
    pub act: String,
    pub verb: Verb,
    pub object: Arc<ObjectType>,
    pub changes: Vec<Change>,
    pub idempotency_key: String,
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub id: Uuid,
    pub version: i64,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    Created,
    Updated,
    /// Everything was as wanted already.
    Unchanged,
    Deleted,
    Restored,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Created => "CREATED",
            Outcome::Updated => "UPDATED",
            Outcome::Unchanged => "UNCHANGED",
            Outcome::Deleted => "DELETED",
            Outcome::Restored => "RESTORED",
        }
    }
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// One for each change, in their order.
    Done(Vec<Done>),
    /// Nothing was done: these values cannot be taken, all of them at once.
    Invalid(Vec<InvalidValue>),
    /// Nothing was done, for these reasons.
    Refused(Vec<Reason>),
}

/// Carries out `order`. `sight` says which records the actor sees: what he does not see is not there for him, neither to be
/// changed nor to be referred to, and he makes nothing that he would not see.
pub async fn write_records(
    house: &House,
    by: &Actor,
    sight: &Visible,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<Written, WorkflowError> {
    if order.changes.is_empty() || order.changes.len() > RECORD_LIMIT {
        let message = format!("give 1 to {RECORD_LIMIT} records; these are {}", order.changes.len());
        return Err(WorkflowError::invalid("items", message));
    }
    granted(by, order)?;
    let body = asked(order);
    let once = Once::new(by, &order.idempotency_key, &order.act, &[body.as_bytes()])?;
    if let Some(known) = once.answered(&house.database).await? {
        return remembered(known);
    }
    let given = match given::read(&house.model, order) {
        Ok(given) => given,
        Err(problems) => return Ok(Written::Invalid(problems)),
    };
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        match attempt(house, by, sight, order, &given, &once, now).await {
            // Somebody else made one of them after this looked for it.
            Err(WorkflowError::Store(StoreError::Taken(_))) if order.verb == Verb::Upsert && attempts > 0 => {}
            Err(WorkflowError::Store(error)) => return refusal::of_store(house, by, order, error).await,
            other => return other,
        }
    }
}

/// Refuses what the actor's roles do not let him write. The schema he is served has none of it either; this is for whoever
/// calls the act itself.
fn granted(by: &Actor, order: &Order) -> Result<(), WorkflowError> {
    let (access, object) = (&by.access, &order.object);
    let may = match order.verb {
        Verb::Create => access.creates(&object.name),
        Verb::Update => access.updates(&object.name),
        Verb::Upsert => access.upserts(object),
        Verb::Delete | Verb::Restore => access.deletes(&object.name),
    };
    let written: Vec<&str> = match order.verb {
        Verb::Create => access.created(&object.name).collect(),
        _ => access.updated(&object.name).collect(),
    };
    let mut values = order.changes.iter().flat_map(|change| change.values.keys());
    if may && values.all(|name| written.contains(&name.as_str())) {
        return Ok(());
    }
    Err(WorkflowError::refused(format!("your roles do not let you write this of a {}", refusal::name(object))))
}

/// Everything that makes the request this one and no other.
fn asked(order: &Order) -> String {
    let change =
        |change: &Change| serde_json::json!({ "id": change.id, "version": change.version, "values": change.values });
    Json::Array(order.changes.iter().map(change).collect()).to_string()
}

fn remembered(known: Json) -> Result<Written, WorkflowError> {
    serde_json::from_value(known)
        .map(Written::Done)
        .map_err(|error| WorkflowError::Internal(format!("a stored answer cannot be read: {error}")))
}

async fn attempt(
    house: &House,
    by: &Actor,
    sight: &Visible,
    order: &Order,
    given: &[given::Values],
    once: &Once<'_>,
    now: DateTime<Utc>,
) -> Result<Written, WorkflowError> {
    let transaction = house.database.begin().await?;
    let written = write(house, by, sight, order, given, &transaction, now).await?;
    let Written::Done(done) = &written else {
        transaction.rollback().await?;
        return Ok(written);
    };
    let answer = serde_json::to_value(done).map_err(|error| WorkflowError::Internal(error.to_string()))?;
    if !once.remember(&transaction, answer, now).await? {
        transaction.rollback().await?;
        return remembered(once.answered(&house.database).await?.unwrap_or_default());
    }
    transaction.commit().await?;
    Ok(written)
}

/// Carries out `order`, with its events and what they concern. What is not [`Written::Done`] is to be undone.
async fn write(
    house: &House,
    by: &Actor,
    sight: &Visible,
    order: &Order,
    given: &[given::Values],
    transaction: &Transaction,
    now: DateTime<Utc>,
) -> Result<Written, WorkflowError> {
    let (events, touched) = (Vec::new(), Touched::default());
    let mut work = Work { house, by, sight, order, transaction, now, events, touched };
    if Touched::concerns(&order.object) || order.object.name == "OrderLine" {
        facts::hold(transaction).await?;
    }
    let written = match order.verb {
        Verb::Create | Verb::Update | Verb::Upsert => work.change(given).await?,
        Verb::Delete => work.delete().await?,
        Verb::Restore => work.restore().await?,
    };
    if let Written::Done(_) = &written {
        // What is deleted or brought back as a whole comes to what it came to.
        if order.object.name == "OrderLine" {
            let lined: Vec<_> = work.touched.lined.iter().copied().collect();
            let reasons = work.total(&lined).await?;
            if !reasons.is_empty() {
                return Ok(Written::Refused(reasons));
            }
        }
        facts::refresh_customers(transaction, &work.touched, now).await?;
        event::append(transaction, &work.events, now).await?;
    }
    Ok(written)
}

/// Carries out an order of Guildhall itself, within an act that has a transaction already.
pub(crate) async fn write_within(
    house: &House,
    by: &Actor,
    order: &Order,
    transaction: &Transaction,
    now: DateTime<Utc>,
) -> Result<Written, WorkflowError> {
    match given::read(&house.model, order) {
        Ok(given) => write(house, by, &Visible::default(), order, &given, transaction, now).await,
        Err(problems) => Ok(Written::Invalid(problems)),
    }
}

/// An order being carried out.
struct Work<'a> {
    house: &'a House,
    by: &'a Actor,
    sight: &'a Visible,
    order: &'a Order,
    transaction: &'a Transaction,
    now: DateTime<Utc>,
    /// What happened so far.
    events: Vec<Event>,
    /// Whose customer facts that concerns.
    touched: Touched,
}

impl Work<'_> {
    /// Puts down what happened to a record.
    fn happened(
        &mut self,
        object: &ObjectType,
        (id, version): (Uuid, i64),
        kind: &'static str,
        before: Option<Map<String, Json>>,
        after: Option<Map<String, Json>>,
    ) {
        self.events.push(Event {
            id: Uuid::now_v7(),
            occurred_at: self.now,
            actor: self.by.name.clone(),
            act: self.order.act.clone(),
            kind,
            record_type: object.name.clone(),
            record_id: guildhall_model::GlobalId::new(object, id).to_string(),
            record_version: version,
            before: before.map(Json::Object),
            after: after.map(Json::Object),
        });
    }
}
