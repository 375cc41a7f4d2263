//! Customer facts: stored figures over orders, invoices, credit notes and interactions.
//!
//! What happened on a day is kept as a `CustomerDay` for each customer, day, origin and currency. What a customer is shown
//! with are sums over these days inside a window, and what depends on time alone: what is open and overdue, and exposure.
//! After a write the days it touched and the customers it concerns are counted anew ([`refresh_customers`]), after an import
//! everything is ([`recount_chunk`]), and when a day begins those whose facts another day makes others ([`next_chunk`]). What
//! concerns the whole base goes from some customers to the next: no base is too large for a statement or its log.
//!
//! The rules, which the documentation of `Customer` and `CreditAccount` promises:
//! - twelve months are the days after the same day a year ago, up to and including `as_of`;
//! - orders that are cancelled or held, and what is dated after `as_of`, don't count;
//! - an order's margin is unknown where its cost is, and one unknown margin makes the sum unknown;
//! - lateness counts invoices paid in the twelve months, in whole days rounded half up, early as 0;
//! - a credit note reduces the open invoice it names, down to nothing; one that names none does not say whether it was
//!   paid out, and reduces nothing;
//! - amounts in another currency than the customer's are left out, because adding them would be wrong;
//! - exposure is a matter of now, not of `as_of`: an order taken today must not slip out of it;
//! - exposure is what the entries of an account come to (`ExposureEntry`), and these are what its records come to.
//!
//! A fact that changes is no change of the record: `version` and `updatedAt` stay, so that nobody's change is refused because
//! an order came in. A `CustomerDay` is nobody else's, and counts its versions.

mod days;
mod exposure;
mod sql;
mod touched;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use guildhall_model::Kind;
use uuid::Uuid;

use crate::column::{adapt, read};
use crate::id_list::id_list;
use crate::link::Reads;
use crate::{StoreError, Transaction, business_day};
use business_day::BusinessDay;
pub(crate) use exposure::forget;
use sql::Scope;
pub(crate) use touched::SOURCES;
pub use touched::Touched;

/// How far ahead dynamic exposure looks for open orders, in days.
pub const HORIZON: u64 = 14;
/// How long a delivery without an invoice counts as exposure, in days. A base without invoices would otherwise owe all it was
/// ever sent.
pub const DELIVERED: u64 = 30;
/// How many customers are brought to the next day at a time: others wait for these.
const CHUNK: i64 = 500;
/// How many customers are counted anew at a time. More gain nothing measurable.
const RECOUNTED: i64 = 2_000;
/// Who counts the whole base and who counts some customers wait for each other here.
const TURN: &str = "facts";

/// What a refresh changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Customers that were not up to date for this day.
    pub customers: u64,
    /// Credit accounts whose exposure was another.
    pub credit_accounts: u64,
    /// Customer days that are new, other or gone.
    pub days: u64,
}

const FACTS: [(&str, &[&str]); 2] = [
    (
        "customer",
        &[
            "revenue12m",
            "margin12m",
            "orders12m",
            "last_order_on",
            "open_amount",
            "overdue_amount",
            "overdue1_to30",
            "overdue31_to60",
            "overdue61_to90",
            "overdue_over90",
            "average_days_late",
            "last_touch_at",
            "facts_as_of",
        ],
    ),
    ("credit_account", &["exposure", "exposure_dynamic"]),
];

/// The tables that facts are counted from and kept in.
const COUNTED: [&str; 7] = ["customer", "order", "invoice", "credit_note", "payment", "interaction", "credit_account"];

/// Whether this module keeps the column, so that nobody else needs to give it a value.
pub(crate) fn is_fact(table: &str, column: &str) -> bool {
    FACTS.iter().any(|(name, columns)| *name == table && columns.contains(&column))
}

/// Lets nobody count until this transaction ends. Who counts the whole base or changes all customers calls this before it
/// touches one.
pub async fn lock(transaction: &Transaction) -> Result<(), StoreError> {
    transaction.take_turns(TURN).await
}

/// Keeps the whole base from being counted until this transaction ends, beside others that do the same. A transaction that
/// writes what facts depend on calls this before its first record.
pub async fn hold(transaction: &Transaction) -> Result<(), StoreError> {
    transaction.share_turns(TURN).await
}

/// Lets the database look at what was just written before all of it is counted. Who counts the whole base begins with it.
pub async fn take_stock(transaction: &Transaction) -> Result<(), StoreError> {
    transaction.take_stock(&COUNTED).await
}

/// Counts everything anew in one transaction: the days, the facts of all customers, the exposure of all credit accounts. For a
/// base that is small, or has to appear whole. The caller has [`lock`]ed the facts.
pub async fn refresh(transaction: &Transaction, as_of: NaiveDate, now: DateTime<Utc>) -> Result<Refreshed, StoreError> {
    take_stock(transaction).await?;
    let (mut all, mut last) = (Refreshed::default(), None);
    while let Some((id, some)) = recount_chunk(transaction, last, as_of, now).await? {
        all.customers += some.customers;
        all.credit_accounts += some.credit_accounts;
        all.days += some.days;
        last = Some(id);
    }
    Ok(all)
}

/// Counts everything anew of the next customers after `last`, and says which was the last of them; none when all are done.
/// The caller has [`hold`] of the facts.
pub async fn recount_chunk(
    transaction: &Transaction,
    last: Option<Uuid>,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, Refreshed)>, StoreError> {
    let ids = lock_chunk(transaction, last, None).await?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let list = id_list(&ids);
    let days = days::all(transaction, &list, now).await?;
    let counted = figures(transaction, &Scope::These(list), as_of, now).await?;
    Ok(Some((last, Refreshed { days, ..counted })))
}

/// Brings the customers up to date that the transaction's writes concern. The caller has [`hold`] of the facts. Customers are
/// locked, so that two transactions that write for the same one count one after the other, and none misses the other's.
pub async fn refresh_customers(
    transaction: &Transaction,
    touched: &Touched,
    now: DateTime<Utc>,
) -> Result<Refreshed, StoreError> {
    let mut customers = touched.customers.clone();
    if !touched.orders.is_empty() || !touched.invoices.is_empty() {
        let values = vec![id_list(&touched.orders), id_list(&touched.invoices)];
        for row in transaction.link().rows(&sql::customers_of(transaction.dialect()), values).await? {
            customers.insert(row.try_get_by_index(0)?);
        }
    }
    if customers.is_empty() {
        return Ok(Refreshed::default());
    }
    let list = id_list(&customers);
    // All rows are fetched: only what is fetched is locked.
    let locked = transaction.link().rows(&sql::lock_customers(transaction.dialect()), vec![list.clone()]).await?;
    let Some(row) = locked.first() else { return Ok(Refreshed::default()) };
    let day = |index: usize| read(transaction.dialect(), &Kind::Date, row, index);
    let (facts, held) = (as_date(day(0)?), as_date(day(1)?));
    let as_of = BusinessDay { facts, held }.at(now);
    let days = days::touched(transaction, touched, now).await?;
    Ok(Refreshed { days, ..figures(transaction, &Scope::These(list), as_of, now).await? })
}

/// Brings the next customers after `last` to a day, and says which was the last of them; none when all are there. The days
/// themselves do not change with time, and customers for whom nothing depends on the new day only get its date. The
/// caller has [`hold`] of the facts.
pub async fn next_chunk(
    transaction: &Transaction,
    last: Option<Uuid>,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, Refreshed)>, StoreError> {
    let ids = lock_chunk(transaction, last, Some(as_of)).await?;
    let Some(last) = ids.last().copied() else { return Ok(None) };
    let list = id_list(&ids);
    let moved = figures(transaction, &Scope::Moved(list.clone()), as_of, now).await?;
    let dated = transaction.execute(&sql::dated(transaction.dialect()), vec![date(transaction, as_of)?, list]).await?;
    Ok(Some((last, Refreshed { customers: moved.customers + dated, ..moved })))
}

/// Locks the next customers after `last`: all of them, or those that are not at the day.
async fn lock_chunk(
    transaction: &Transaction,
    last: Option<Uuid>,
    not_at: Option<NaiveDate>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut values = vec![last.unwrap_or_default().into()];
    if let Some(day) = not_at {
        values.push(date(transaction, day)?);
    }
    let sql = match not_at {
        Some(_) => sql::chunk(transaction.dialect(), false, CHUNK),
        None => sql::chunk(transaction.dialect(), true, RECOUNTED),
    };
    let rows = transaction.link().rows(&sql, values).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// The facts of the customers in scope, and the exposure of their credit accounts.
async fn figures(
    transaction: &Transaction,
    scope: &Scope,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Refreshed, StoreError> {
    let before = |days: u64| date(transaction, as_of.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN));
    let year_before = as_of.checked_sub_months(Months::new(12)).unwrap_or(NaiveDate::MIN);
    let mut values = vec![date(transaction, as_of)?, date(transaction, year_before)?];
    values.extend([before(30)?, before(60)?, before(90)?]);
    values.push(scope.ids());
    let customers = transaction.execute(&sql::customers(transaction.dialect(), scope), values).await?;
    let credit_accounts = exposure::count(transaction, &scope.ids(), as_of, now).await?;
    Ok(Refreshed { customers, credit_accounts, days: 0 })
}

fn date(transaction: &Transaction, day: NaiveDate) -> Result<sea_orm::Value, StoreError> {
    adapt(transaction.dialect(), &Kind::Date, &day.into()).map_err(|unfit| unfit.of("Customer.factsAsOf"))
}

fn as_date(value: guildhall_model::Value) -> Option<NaiveDate> {
    if let guildhall_model::Value::Date(day) = value { Some(day) } else { None }
}
