//! Customer facts: figures over orders and invoices, kept up to date by one statement over the whole base.
//!
//! The rules, which `Customer`'s documentation promises:
//! - twelve months are the days after the same day a year ago, up to and including `as_of`;
//! - cancelled orders and orders after `as_of` don't count;
//! - an order's margin is unknown where its cost is, and one unknown margin makes the sum unknown;
//! - lateness counts invoices issued in the twelve months and paid by `as_of`, in whole days rounded half up, early as 0;
//! - amounts in another currency than the customer's are left out, because adding them would be wrong;
//! - exposure is a matter of now, not of `as_of`: an order taken today must not slip out of it.

mod sql;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Months, NaiveDate, Utc};
use guildhall_model::Kind;

use crate::{StoreError, Transaction, row};

/// What [`refresh`] changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Customers that were not up to date for this day.
    pub customers: u64,
    /// Credit accounts whose exposure was another.
    pub credit_accounts: u64,
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
            "average_days_late",
            "facts_as_of",
        ],
    ),
    ("credit_account", &["exposure"]),
];

/// Whether this module keeps the column, so that nobody else needs to give it a value.
pub(crate) fn is_fact(table: &str, column: &str) -> bool {
    FACTS.iter().any(|(name, columns)| *name == table && columns.contains(&column))
}

/// Brings the facts of all customers and the exposure of all credit accounts up to date, with one statement each. Records
/// count as changed (version, `updatedAt`) where a figure differs; `factsAsOf` alone is no change.
pub async fn refresh(transaction: &Transaction, as_of: NaiveDate, now: DateTime<Utc>) -> Result<Refreshed, StoreError> {
    let year_before = as_of.checked_sub_months(Months::new(12)).unwrap_or(NaiveDate::MIN);
    let cells = [
        ("facts_as_of", Kind::Date, as_of.into()),
        ("facts_as_of", Kind::Date, year_before.into()),
        ("updated_at", Kind::DateTime, now.into()),
    ];
    let values = row::bind(transaction, "customer", &cells)?;
    let customers = transaction.execute(&sql::customers(transaction.dialect()), values).await?;
    let now = row::bind(transaction, "credit_account", &[("updated_at", Kind::DateTime, now.into())])?;
    let credit_accounts = transaction.execute(sql::EXPOSURE, now).await?;
    Ok(Refreshed { customers, credit_accounts })
}
