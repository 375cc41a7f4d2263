//! Brings the customer facts up to a day: revenue, margin, what is open and overdue, credit exposure.
//!
//! Facts change with time alone: yesterday's open invoice is overdue today. So this runs after every import and once a day.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_store::facts::{Refreshed, refresh};
use guildhall_store::{Database, StoreError, Transaction};

/// Why the facts stayed as they were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefreshFactsError {
    #[error("the customer facts could not be refreshed: {0}")]
    Store(#[from] StoreError),
}

/// Computes the facts of all customers anew, as of the end of `as_of`, and says how many records that changed.
pub async fn refresh_facts(
    database: &Database,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Refreshed, RefreshFactsError> {
    let transaction = database.begin().await?;
    let refreshed = refresh_within(&transaction, as_of, now).await?;
    transaction.commit().await?;
    Ok(refreshed)
}

/// As [`refresh_facts`], for an act that has a transaction already and wants facts and records to appear together.
pub(crate) async fn refresh_within(
    transaction: &Transaction,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Refreshed, StoreError> {
    transaction.take_time().await?;
    refresh(transaction, as_of, now).await
}
