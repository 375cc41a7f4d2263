//! Holds of orders that wait for credit. They end by credit, by a release somebody answers for, or with the order: ended by a plain
//! write, they would leave an order behind that nothing releases.

use guildhall_model::{ObjectType, Value};
use guildhall_store::{Record, Transaction};
use uuid::Uuid;

use super::{Reason, ReasonCode};
use crate::held_order::is;
use crate::writing::object;
use crate::{House, WorkflowError};

/// Why these records, each with its place among an order's changes, are not to end: those that keep an order waiting for credit.
pub(super) async fn kept(
    house: &House,
    transaction: &Transaction,
    of: &ObjectType,
    ending: &[(usize, &Record)],
) -> Result<Vec<Reason>, WorkflowError> {
    if of.name != "Hold" {
        return Ok(Vec::new());
    }
    let reason = |hold: &Record| matches!(hold.get(of, "reason"), Some(Value::Text(reason)) if reason == "CREDIT");
    let order = |hold: &Record| if let Some(Value::Id(order)) = hold.get(of, "order") { Some(*order) } else { None };
    let stopping = ending.iter().filter(|(_, hold)| is(hold, of, "ACTIVE") && reason(hold));
    let stopping: Vec<(usize, Uuid)> = stopping.filter_map(|(place, hold)| Some((*place, order(hold)?))).collect();
    if stopping.is_empty() {
        return Ok(Vec::new());
    }
    let orders = object(house, "Order")?;
    let ids: Vec<Uuid> = stopping.iter().map(|(_, order)| *order).collect();
    let found = transaction.lock_records(&orders, &ids).await?;
    let waits = |id: Uuid| found.iter().any(|order| order.id == id && is(order, &orders, "HELD"));
    let kept = stopping.into_iter().filter(|(_, order)| waits(*order));
    Ok(kept
        .map(|(place, _)| {
            let message = "the order waits for credit; `releaseHold` releases it, `cancelOrder` cancels it";
            Reason::new(ReasonCode::NotAllowed, message).of(place)
        })
        .collect())
}
