//! Assigns customers to their segments under the strategy in force: all of them, or some.

use chrono::{DateTime, Utc};
use guildhall_decision::Strategy;
use guildhall_model::GlobalId;
use guildhall_store::event::{self, Event};
use guildhall_store::reaction::{self, Who};
use guildhall_store::{
    Assignment, SegmentRule, Transaction, assign_segments, assign_segments_of, facts, segment, strategy,
};
use serde_json::json;
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::credit::SELF;
use crate::plugin_set::PluginSet;
use crate::reads::selection_of;
use crate::writing::object;
use crate::{House, WorkflowError};

/// The act that events of customers who moved tell of.
const ACT: &str = "assignSegments";

/// Assigns the whole base as the active strategy says; nothing to do where there is none. Returns how many customers changed
/// their segment. The caller has locked the generation, before it touched any customer: the strategy whose segments these
/// are stays the active one until they are assigned.
pub(crate) async fn assign_within(
    transaction: &Transaction,
    house: &House,
    now: DateTime<Utc>,
) -> Result<u64, WorkflowError> {
    let Some(active) = strategy::active(transaction).await? else { return Ok(0) };
    let points = PluginSet::present(house, transaction).await?.points;
    let read = read_strategy(&house.model, &points, &active.document)?;
    assign_in(transaction, house, &read, active.id, now).await
}

/// Assigns the whole base: one statement decides for every customer, others write the history of those who moved. What
/// happened before needs no following any more.
pub(crate) async fn assign_in(
    transaction: &Transaction,
    house: &House,
    strategy: &Strategy,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<u64, WorkflowError> {
    transaction.take_time().await?;
    // Who writes for some customers and who changes all of them would otherwise wait for each other.
    facts::lock(transaction).await?;
    // Before it is decided: what is committed meanwhile is followed.
    reaction::skip(transaction, Who::Segments, now).await?;
    let assignment = assignment(transaction, house, strategy, id).await?;
    Ok(assign_segments(transaction, &house.model, &assignment, now).await?)
}

/// Assigns these customers alone, and tells of each who moved. The caller holds the generation. Returns how many moved.
pub(crate) async fn assign_these(
    transaction: &Transaction,
    house: &House,
    (strategy, id): (&Strategy, Uuid),
    customers: &[Uuid],
    now: DateTime<Utc>,
) -> Result<usize, WorkflowError> {
    facts::hold(transaction).await?;
    let assignment = assignment(transaction, house, strategy, id).await?;
    let moved = assign_segments_of(transaction, &house.model, &assignment, customers, now).await?;
    let (customer, segment) = (object(house, "Customer")?, object(house, "Segment")?);
    let named = |id: Option<Uuid>| Some(json!({ "segment": id.map(|id| GlobalId::new(&segment, id).to_string()) }));
    let events: Vec<Event> = moved
        .iter()
        .map(|moved| Event {
            id: Uuid::now_v7(),
            occurred_at: now,
            actor: SELF.to_owned(),
            act: ACT.to_owned(),
            kind: "UPDATED",
            record_type: customer.name.clone(),
            record_id: GlobalId::new(&customer, moved.customer).to_string(),
            record_version: moved.version,
            before: named(moved.from),
            after: named(moved.to),
        })
        .collect();
    event::append(transaction, &events, now).await?;
    Ok(moved.len())
}

async fn assignment(
    transaction: &Transaction,
    house: &House,
    strategy: &Strategy,
    id: Uuid,
) -> Result<Assignment, WorkflowError> {
    let ids = segment::current(transaction).await?;
    let mut rules = Vec::new();
    for assignment in strategy.assignments() {
        let key = &assignment.segment.key;
        let segment =
            ids.get(key).copied().ok_or_else(|| WorkflowError::Internal(format!("segment `{key}` was not stored")))?;
        rules.push(SegmentRule { segment, condition: assignment.condition });
    }
    let evidence = selection_of(&house.model, &object(house, "Customer")?, &strategy.segment_reads())?;
    Ok(Assignment { rules, evidence, strategy: id })
}
