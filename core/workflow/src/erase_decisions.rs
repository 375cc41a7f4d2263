//! Erases what recorded decisions tell about customers. The entries stay in their chains and say that they are erased.

use chrono::{DateTime, Utc};
use guildhall_store::ledger;

use crate::{House, ManageLedger, Permit, WorkflowError};

pub use guildhall_store::ledger::Which;

/// Entries that one transaction erases.
const BATCH: u32 = 500;

/// Erases contents and salts, and says of how many decisions. In batches: what was erased stays so if a later batch fails, and
/// the same act again goes on with the rest.
pub async fn erase_decisions(
    house: &House,
    by: Permit<'_, ManageLedger>,
    which: Which,
    now: DateTime<Utc>,
) -> Result<u64, WorkflowError> {
    let mut erased = 0_u64;
    loop {
        let transaction = house.database.begin().await?;
        let batch = ledger::erase(&transaction, which, BATCH, &by.name, now).await?;
        transaction.commit().await?;
        erased = erased.saturating_add(batch);
        if batch < u64::from(BATCH) {
            break;
        }
    }
    if erased > 0 {
        tracing::info!(by = by.name, erased, "what decisions tell about customers was erased");
    }
    Ok(erased)
}
