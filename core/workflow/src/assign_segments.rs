//! Assigns every customer to its segment under the strategy in force.

use chrono::{DateTime, Utc};
use guildhall_decision::Strategy;
use guildhall_store::{SegmentRule, Transaction, facts, segment, strategy};
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::plugin_set::PluginSet;
use crate::reads::selection_of;
use crate::{House, WorkflowError};

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

/// Assigns the whole base: one statement decides for every customer, others write the history of those who moved.
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
    let ids = segment::current(transaction).await?;
    let mut rules = Vec::new();
    for assignment in strategy.assignments() {
        let key = &assignment.segment.key;
        let segment =
            ids.get(key).copied().ok_or_else(|| WorkflowError::Internal(format!("segment `{key}` was not stored")))?;
        rules.push(SegmentRule { segment, condition: assignment.condition });
    }
    let customer = house
        .model
        .object("Customer")
        .ok_or_else(|| WorkflowError::Internal("the model has no customers".to_owned()))?;
    let evidence = selection_of(&house.model, customer, &strategy.segment_reads())?;
    Ok(guildhall_store::assign_segments(transaction, &house.model, &rules, &evidence, id, now).await?)
}
