//! Cancels an order that is held or open. Its exposure is free again, and what waits for credit is checked anew.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_model::plan::Visible;
use guildhall_store::facts;
use serde_json::json;
use uuid::Uuid;

use crate::held_order::is;
use crate::once::Once;
use crate::sight::seen;
use crate::writing::{Writing, object};
use crate::{House, Permit, PlaceOrders, WorkflowError};

const ACT: &str = "cancelOrder";

/// Cancels an order the actor sees, and gives its id.
pub async fn cancel_order(
    house: &House,
    by: Permit<'_, PlaceOrders>,
    sight: &Visible,
    order: Uuid,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let once = Once::new(&by, key, ACT, &[order.as_bytes()])?;
    if once.answered(&house.database).await?.is_some() {
        return Ok(order);
    }
    let orders = object(house, "Order")?;
    let transaction = house.database.begin().await?;
    facts::hold(&transaction).await?;
    let missing = || WorkflowError::NotFound("there is no such order".to_owned());
    if seen(house, &transaction, sight, &[(orders.clone(), order)]).await?.is_empty() {
        return Err(missing());
    }
    // Holds are locked before orders, here as in every act.
    let holds = object(house, "Hold")?;
    let stopping = transaction.lock_parts(&holds, "order_id", &[order]).await?;
    let record = transaction.lock_records(&orders, &[order]).await?.into_iter().next().ok_or_else(missing)?;
    if !is(&record, &orders, "OPEN") && !is(&record, &orders, "HELD") {
        return Err(WorkflowError::refused("only an order that is open or held can be cancelled"));
    }
    let mut writing = Writing::new(house, &transaction, &by.name, ACT, now);
    for hold in stopping.iter().filter(|hold| is(hold, &holds, "ACTIVE")) {
        writing.set(&holds, hold, &[("status", Value::from("EXPIRED")), ("releasedAt", now.into())]).await?;
    }
    writing.set(&orders, &record, &[("status", Value::from("CANCELLED"))]).await?;
    writing.finish().await?;
    if once.remember(&transaction, json!(order), now).await? {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(order)
}
