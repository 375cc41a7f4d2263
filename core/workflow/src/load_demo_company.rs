//! Loads Harbour Beverages, a generated company to try Guildhall on: a beverage distributor with key, core and small
//! customers, two years of orders, and every way of paying late.

mod assortment;
mod dice;
mod invoice;
mod name;
mod order;
mod profile;
mod sheet;

#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::Model;
use guildhall_store::{Database, StoreError, Transaction, Upserted};

use crate::refresh_facts::refresh_within;
use sheet::Sheet;

/// The `source` of every record of the demo company.
pub const SOURCE: &str = "demo";

const CURRENCY: &str = "EUR";

/// Customers whose records are in memory together.
const CUSTOMERS_AT_ONCE: u32 = 100;

/// How large the company is. The number of orders is met within a few percent, as long as
/// nobody would have to order more often than about daily.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoSize {
    pub customers: u32,
    pub orders: u32,
}

impl Default for DemoSize {
    fn default() -> Self {
        DemoSize { customers: 240, orders: 6_000 }
    }
}

/// What the company consists of, and whether it was there already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoSummary {
    /// Number of records by type, in the order in which they are written.
    pub records: Vec<(&'static str, u64)>,
    pub created: u64,
    pub unchanged: u64,
}

/// Why the demo company was not loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DemoError {
    #[error(
        "this database has a demo company of another day or size; nothing was changed, use an empty database for a new one"
    )]
    OtherCompany,
    #[error("a demo company of {customers} customers is more than the most of {most}; ask for fewer")]
    TooLarge { customers: u32, most: u32 },
    #[error("the demo company could not be loaded: {0}")]
    Store(#[from] StoreError),
}

/// Most customers a demo company may have.
const MOST_CUSTOMERS: u32 = 1_000_000;

/// Loads the company as it stands at the end of `today`, and its customer facts, in one transaction. The same `today` and
/// size give the same records with the same ids, so that loading it again changes nothing.
pub async fn load_demo_company(
    database: &Database,
    model: &Model,
    size: DemoSize,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<DemoSummary, DemoError> {
    if size.customers > MOST_CUSTOMERS {
        return Err(DemoError::TooLarge { customers: size.customers, most: MOST_CUSTOMERS });
    }
    let transaction = database.begin().await?;
    let mut done = Done::default();
    match write(&transaction, model, size, today, now, &mut done).await {
        Ok(()) if done.is_mixed() => {
            transaction.rollback().await?;
            Err(DemoError::OtherCompany)
        }
        Ok(()) => {
            // A company of another day than that of the clock stays at its day.
            refresh_within(&transaction, today, today != now.date_naive(), now).await?;
            transaction.commit().await?;
            Ok(done.summary)
        }
        Err(error) => {
            transaction.rollback().await?;
            // Another company's record can stand in the way of ours before the counts tell.
            Err(if matches!(error, StoreError::Taken(_)) { DemoError::OtherCompany } else { error.into() })
        }
    }
}

async fn write(
    transaction: &Transaction,
    model: &Model,
    size: DemoSize,
    today: NaiveDate,
    now: DateTime<Utc>,
    done: &mut Done,
) -> Result<(), StoreError> {
    for sheet in sheet::people() {
        done.write(sheet, transaction, model, now).await?;
    }
    let articles = assortment::assortment();
    done.write(sheet::products(&articles), transaction, model, now).await?;
    let mut first = 1;
    while first <= size.customers {
        let end = (first + CUSTOMERS_AT_ONCE).min(size.customers + 1);
        for sheet in sheet::customers(first..end, size, &articles, today) {
            done.write(sheet, transaction, model, now).await?;
        }
        first = end;
    }
    Ok(())
}

#[derive(Default)]
struct Done {
    summary: DemoSummary,
    updated: u64,
}

impl Done {
    async fn write(
        &mut self,
        sheet: Sheet,
        transaction: &Transaction,
        model: &Model,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let object = sheet.object;
        let Upserted { created, updated, unchanged } = sheet.upsert(transaction, model, now).await?;
        let written = created + updated + unchanged;
        match self.summary.records.iter_mut().find(|(name, _)| *name == object) {
            Some((_, count)) => *count += written,
            None => self.summary.records.push((object, written)),
        }
        self.summary.created += created;
        self.summary.unchanged += unchanged;
        self.updated += updated;
        Ok(())
    }

    /// Whether this company met another one: an order of another day would keep lines that its total no longer counts.
    /// People and products are the same in every company and tell nothing.
    fn is_mixed(&self) -> bool {
        let same = assortment::assortment().len() + sheet::people().iter().map(|sheet| sheet.rows.len()).sum::<usize>();
        self.updated > 0 || (self.summary.created > 0 && self.summary.unchanged > same as u64)
    }
}
