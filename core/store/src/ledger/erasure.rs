//! Erasing what entries tell about customers. The entries themselves stay, with the chain they are in.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use uuid::Uuid;

use super::{COLUMNS, LASTING};
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// What is to be erased.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// Everything about one customer.
    Customer(Uuid),
    /// What was decided before a time.
    Before(DateTime<Utc>),
}

/// What was erased: how many entries.
pub type Erased = u64;

/// Erases salt and documents of up to `rows` entries that are not erased yet, the oldest first, and says of how many. What
/// recording them left among the answers to idempotency keys goes, too: their digests of what was asked have no salt.
pub async fn erase(
    transaction: &Transaction,
    which: Which,
    rows: u32,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Erased, StoreError> {
    let (condition, wanted) = match which {
        Which::Customer(id) => (r#""customer_id" = $3"#, ("customer_id", Kind::Id, id.into())),
        Which::Before(time) => (r#""decided_at" < $3"#, ("decided_at", Kind::DateTime, time.into())),
    };
    let cells = [("erased_at", Kind::DateTime, now.into()), ("erased_by", Kind::Text, by.into()), wanted];
    let gone: Vec<_> = COLUMNS.iter().skip(LASTING).map(|(name, _)| format!(r#""{name}" = NULL"#)).collect();
    let sql = format!(
        r#"UPDATE "decision" SET {}, "erased_at" = $1, "erased_by" = $2, "version" = "version" + 1, "updated_at" = $1
        WHERE "id" IN (SELECT "id" FROM "decision" WHERE {condition} AND "erased_at" IS NULL
            ORDER BY "decided_at", "id" LIMIT {rows}) RETURNING "id""#,
        gone.join(", ")
    );
    let erased = transaction.link().rows(&sql, row::bind(transaction, "decision", &cells)?).await?;
    let ids = erased.iter().map(|row| row.try_get_by_index::<Uuid>(0)).collect::<Result<Vec<_>, _>>()?;
    if !ids.is_empty() {
        let places: Vec<_> = (1..=ids.len()).map(|number| format!("${number}")).collect();
        let sql = format!(
            r#"DELETE FROM "idempotency" WHERE "act" = 'recordDecision' AND CAST("result" AS text) IN ({})"#,
            places.join(", ")
        );
        let answers = ids.iter().map(|id| sea_orm::Value::from(format!("\"{id}\""))).collect();
        transaction.execute(&sql, answers).await?;
    }
    Ok(u64::try_from(ids.len()).unwrap_or(u64::MAX))
}
