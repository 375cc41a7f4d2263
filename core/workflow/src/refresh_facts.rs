//! Keeps the customer facts of the whole base: revenue, margin, what is open and overdue, credit exposure, and the rest.
//!
//! Writes bring the facts of those they concern up to date themselves. Imports count everything anew when they are done
//! ([`recount_lot`]). And facts change with time alone: yesterday's open invoice is overdue today. So each business day begins
//! with [`new_day`].

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_store::business_day::{self, BusinessDay};
use guildhall_store::facts::{self, Refreshed};
use guildhall_store::{StoreError, Transaction, generation};
use uuid::Uuid;

use crate::assign_segments::assign_within;
use crate::{House, WorkflowError};

#[cfg(test)]
mod tests;

/// What the beginning of a business day changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewDay {
    pub day: NaiveDate,
    /// Customers brought to the day by this process; others may have brought more.
    pub customers: u64,
    /// Customers whose segment changed.
    pub assigned: u64,
}

/// Brings the facts of all customers to the business day, and every customer to its segment; nothing to do where that was
/// done. It goes on from customers to customers, each lot in a transaction of its own: other writers wait for a moment
/// only, several processes share the work, and one that is stopped is followed by the next that looks.
pub async fn new_day(house: &House, now: DateTime<Utc>) -> Result<Option<NewDay>, WorkflowError> {
    let calendar = business_day::current(&house.database).await?;
    let day = calendar.at(now);
    if calendar.facts == Some(day) {
        return Ok(None);
    }
    let (mut customers, mut last) = (0, None);
    while let Some((id, refreshed)) = lot(house, calendar.facts.is_none(), last, day, now).await? {
        customers += refreshed.customers;
        last = Some(id);
    }
    let transaction = house.database.begin().await?;
    // The strategy, then the facts: in this order imports take them, too.
    generation::lock(&transaction).await?;
    facts::lock(&transaction).await?;
    let calendar = business_day::current(&transaction).await?;
    if calendar.facts == Some(day) || calendar.at(now) != day {
        // Another process was faster, or an import began another calendar.
        transaction.rollback().await?;
        return Ok(None);
    }
    business_day::set(&transaction, BusinessDay { facts: Some(day), ..calendar }).await?;
    let assigned = assign_within(&transaction, house, now).await?;
    transaction.commit().await?;
    Ok(Some(NewDay { day, customers, assigned }))
}

/// The next customers, in a transaction of their own. `anew`: whether their days were never counted.
async fn lot(
    house: &House,
    anew: bool,
    last: Option<Uuid>,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, Refreshed)>, WorkflowError> {
    let transaction = house.database.begin().await?;
    let done = if anew {
        recount_lot(&transaction, last, day, now).await?
    } else {
        facts::hold(&transaction).await?;
        facts::next_chunk(&transaction, last, day, now).await?
    };
    transaction.commit().await?;
    Ok(done)
}

/// Lets everybody count for a business day from now on, before the whole base is counted for it. `held`: whether the calendar
/// stays there, because the base is of the past.
pub(crate) async fn begin_recount(transaction: &Transaction, as_of: NaiveDate, held: bool) -> Result<(), StoreError> {
    facts::lock(transaction).await?;
    let calendar = business_day::current(transaction).await?;
    business_day::set(transaction, BusinessDay { held: held.then_some(as_of), ..calendar }).await?;
    facts::take_stock(transaction).await
}

/// Counts the facts of the next customers after `last` anew, all of their days; none when everybody was counted.
pub(crate) async fn recount_lot(
    transaction: &Transaction,
    last: Option<Uuid>,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, Refreshed)>, StoreError> {
    transaction.take_time().await?;
    facts::hold(transaction).await?;
    facts::recount_chunk(transaction, last, as_of, now).await
}

/// Counts the facts of all customers anew, for an act that has a transaction already and wants facts and records to appear
/// together.
pub(crate) async fn refresh_within(
    transaction: &Transaction,
    as_of: NaiveDate,
    held: bool,
    now: DateTime<Utc>,
) -> Result<Refreshed, StoreError> {
    transaction.take_time().await?;
    facts::lock(transaction).await?;
    business_day::set(transaction, BusinessDay { facts: Some(as_of), held: held.then_some(as_of) }).await?;
    facts::refresh(transaction, as_of, now).await
}
