//! Ends holds whose time has come. What an order waits for credit by ends by credit alone.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_store::credit::expired;

use crate::credit::SELF;
use crate::held_order::is;
use crate::writing::{Writing, object};
use crate::{House, WorkflowError};

const ACT: &str = "expireHolds";
/// How many holds are ended at a time.
const MOST: u32 = 100;

/// Ends the holds that are over, the longest first, and says how many. Any number of processes may do so at the same time: a
/// hold is ended once.
pub async fn expire_holds(house: &House, now: DateTime<Utc>) -> Result<usize, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let over = expired(&house.database, now, MOST).await?;
    if over.is_empty() {
        return Ok(0);
    }
    let holds = object(house, "Hold")?;
    let transaction = house.database.begin().await?;
    let records = transaction.lock_records(&holds, &over).await?;
    let mut writing = Writing::new(house, &transaction, SELF, ACT, now);
    let mut ended = 0;
    for hold in &records {
        // Somebody may have released it meanwhile, or given it longer.
        let over = matches!(hold.get(&holds, "until"), Some(Value::DateTime(until)) if *until <= now);
        if over && is(hold, &holds, "ACTIVE") {
            writing.set(&holds, hold, &[("status", "EXPIRED".into()), ("releasedAt", now.into())]).await?;
            ended += 1;
        }
    }
    writing.finish().await?;
    transaction.commit().await?;
    Ok(ended)
}
