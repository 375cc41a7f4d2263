//! Document: what a deployment is set by as a whole, version by version: its own roles, its own fields.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use uuid::Uuid;

use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// A version of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub id: Uuid,
    /// Counted from 1.
    pub number: i32,
    /// The file, as it was set.
    pub document: String,
}

/// The version of `table` in force, if there is one.
pub(crate) async fn current(on: &impl Reads, table: &str) -> Result<Option<Document>, StoreError> {
    let sql = format!(r#"SELECT "id", "number", "document" FROM "{table}" ORDER BY "number" DESC LIMIT 1"#);
    let Some(row) = on.link().row(&sql, Vec::new()).await? else { return Ok(None) };
    Ok(Some(Document {
        id: row.try_get_by_index(0)?,
        number: row.try_get_by_index(1)?,
        document: row.try_get_by_index(2)?,
    }))
}

/// Puts a version into force under the next number. The caller has begun a generation: its row lock makes two of these wait
/// for each other, so the number is nobody else's. `digest` is the document's SHA-256, in hex.
pub(crate) async fn set(
    transaction: &Transaction,
    table: &str,
    document: &str,
    digest: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Document, StoreError> {
    let number = current(transaction, table).await?.map_or(0, |last| last.number) + 1;
    let set = Document { id: Uuid::now_v7(), number, document: document.to_owned() };
    let mut cells = row::new_record(set.id, now);
    cells.extend([
        ("number", Kind::Int, set.number.into()),
        ("document", Kind::Text, document.into()),
        ("digest", Kind::Text, digest.into()),
        ("set_at", Kind::DateTime, now.into()),
        ("set_by", Kind::Text, by.into()),
    ]);
    row::insert(transaction, table, &cells, "").await?;
    Ok(set)
}
