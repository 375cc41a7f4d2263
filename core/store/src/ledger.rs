//! Ledger: the append-only record of decisions, one hash chain per customer.
//!
//! The digests are made by `core/decision`; here they are kept in order. Documents are kept and read as texts, so that what
//! was hashed is what is found. Of each chain the end is noted in a row of its own: a chain whose last entries were removed
//! does not end there.

mod chains;
mod erasure;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::column::{self, parameter, selected};
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction, row};

pub use chains::{After, Recorded, chain, heads, page, recorded};
pub use erasure::{Erased, Which, erase};

/// One recorded decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: Uuid,
    pub customer: Uuid,
    pub strategy: Uuid,
    pub point: String,
    pub decided_at: DateTime<Utc>,
    pub recorded_by: String,
    pub fallback: bool,
    /// What decided, as JSON text.
    pub versions: String,
    /// SHA-256 over salt and content, in hex.
    pub commitment: String,
    /// What tells about the customer; nothing once it is erased.
    pub kept: Option<Kept>,
    /// When it was erased, and by whom.
    pub erased: Option<(DateTime<Utc>, String)>,
    /// The entry's place in the customer's chain, counted from 1.
    pub sequence: i32,
    /// SHA-256 over the entry and the digest before it, in hex.
    pub digest: String,
    pub previous_digest: Option<String>,
}

/// What an entry tells about the customer: JSON texts, and the salt of their commitment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub salt: String,
    pub request: String,
    pub verdict: String,
    pub parameters: String,
    pub proposals: String,
    pub bounds: String,
    pub inputs: String,
    pub explanation: String,
    pub customer_explanation: String,
}

/// The end of a customer's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub sequence: i32,
    pub digest: String,
}

/// The columns of an entry, in the order in which they are read.
const COLUMNS: [(&str, Kind); 23] = [
    ("id", Kind::Id),
    ("customer_id", Kind::Id),
    ("strategy_id", Kind::Id),
    ("point", Kind::Text),
    ("decided_at", Kind::DateTime),
    ("recorded_by", Kind::Text),
    ("fallback", Kind::Bool),
    ("versions", Kind::Json),
    ("commitment", Kind::Text),
    ("sequence", Kind::Int),
    ("digest", Kind::Text),
    ("previous_digest", Kind::Text),
    ("erased_at", Kind::DateTime),
    ("erased_by", Kind::Text),
    ("salt", Kind::Text),
    ("request", Kind::Json),
    ("verdict", Kind::Json),
    ("parameters", Kind::Json),
    ("proposals", Kind::Json),
    ("bounds", Kind::Json),
    ("inputs", Kind::Json),
    ("explanation", Kind::Json),
    ("customer_explanation", Kind::Json),
];

/// How many columns stand before those that are erased with the customer's personal data.
const LASTING: usize = 14;

/// The last entry of each of these customers' chains; customers without one are not in the answer. The chains are kept
/// from growing until the transaction ends, so that what is appended next still follows.
pub async fn last(transaction: &Transaction, customers: &[Uuid]) -> Result<HashMap<Uuid, Last>, StoreError> {
    let mut wanted = customers.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = HashMap::with_capacity(wanted.len());
    for chunk in wanted.chunks(500) {
        let places = (1..=chunk.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
        let values: Vec<_> = chunk.iter().map(|id| sea_orm::Value::Uuid(Some(*id))).collect();
        if transaction.dialect() == Dialect::Postgres {
            // In the order of ids, so that two batches never wait for each other.
            let lock =
                format!(r#"SELECT "id" FROM "customer" WHERE "id" IN ({places}) ORDER BY "id" FOR NO KEY UPDATE"#);
            transaction.link().rows(&lock, values.clone()).await?;
        }
        // The noted end and not the last row: were rows removed, the next entry leaves the gap for all to see.
        let sql = format!(
            r#"SELECT "customer_id", "sequence", "digest" FROM "ledger_head" WHERE "customer_id" IN ({places})"#
        );
        for row in transaction.link().rows(&sql, values).await? {
            let last = Last { sequence: row.try_get_by_index(1)?, digest: row.try_get_by_index(2)? };
            found.insert(row.try_get_by_index(0)?, last);
        }
    }
    Ok(found)
}

/// Appends an entry, which becomes the noted end of its chain. A place in the chain that is taken already is an error.
pub async fn append(transaction: &Transaction, entry: &Entry, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (erased_at, erased_by) = entry.erased.clone().unzip();
    let kept = entry.kept.as_ref();
    let [salt, texts @ ..] = texts_of(kept);
    let lasting: [Value; LASTING] = [
        entry.id.into(),
        entry.customer.into(),
        entry.strategy.into(),
        entry.point.clone().into(),
        entry.decided_at.into(),
        entry.recorded_by.clone().into(),
        entry.fallback.into(),
        Value::Null,
        entry.commitment.clone().into(),
        entry.sequence.into(),
        entry.digest.clone().into(),
        entry.previous_digest.clone().into(),
        erased_at.into(),
        erased_by.into(),
    ];
    let cells: Vec<_> = COLUMNS.iter().zip(lasting).map(|((name, kind), value)| (*name, kind.clone(), value)).collect();
    let mut values = row::bind(transaction, "decision", &cells)?;
    // Documents are bound as the texts they are: read as JSON first, they would be written anew.
    if let Some(versions) = values.get_mut(7) {
        *versions = sea_orm::Value::String(Some(entry.versions.clone()));
    }
    values.push(sea_orm::Value::String(salt.map(str::to_owned)));
    values.extend(texts.map(|text| sea_orm::Value::String(text.map(str::to_owned))));
    let beside = row::bind(transaction, "decision", &[("created_at", Kind::DateTime, now.into())])?;
    values.extend(beside);
    let names: Vec<_> = COLUMNS.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let places: Vec<_> =
        COLUMNS.iter().zip(1..).map(|((_, kind), number)| parameter(transaction.dialect(), kind, number)).collect();
    let time = COLUMNS.len() + 1;
    let sql = format!(
        r#"INSERT INTO "decision" ({}, "version", "created_at", "updated_at") VALUES ({}, 1, ${time}, ${time})"#,
        names.join(", "),
        places.join(", ")
    );
    transaction.execute(&sql, values).await?;
    note_end(transaction, entry).await
}

async fn note_end(transaction: &Transaction, entry: &Entry) -> Result<(), StoreError> {
    let cells = [
        ("customer_id", Kind::Id, entry.customer.into()),
        ("sequence", Kind::Int, entry.sequence.into()),
        ("digest", Kind::Text, entry.digest.clone().into()),
    ];
    let tail =
        r#"ON CONFLICT ("customer_id") DO UPDATE SET "sequence" = excluded."sequence", "digest" = excluded."digest""#;
    row::insert(transaction, "ledger_head", &cells, tail).await.map(drop)
}

/// Salt and documents, in the order of [`COLUMNS`].
fn texts_of(kept: Option<&Kept>) -> [Option<&str>; COLUMNS.len() - LASTING] {
    let text = |of: fn(&Kept) -> &String| kept.map(|kept| of(kept).as_str());
    [
        text(|kept| &kept.salt),
        text(|kept| &kept.request),
        text(|kept| &kept.verdict),
        text(|kept| &kept.parameters),
        text(|kept| &kept.proposals),
        text(|kept| &kept.bounds),
        text(|kept| &kept.inputs),
        text(|kept| &kept.explanation),
        text(|kept| &kept.customer_explanation),
    ]
}

/// One recorded decision.
pub async fn get(on: &impl Reads, id: Uuid) -> Result<Option<Entry>, StoreError> {
    let link = on.link();
    let sql = format!(r#"{} WHERE "id" = $1"#, select());
    link.row(&sql, vec![sea_orm::Value::Uuid(Some(id))]).await?.map(|row| read(link.dialect(), &row)).transpose()
}

/// The beginning of every statement that reads entries.
fn select() -> String {
    let columns: Vec<_> = COLUMNS.iter().map(|(name, kind)| selected(kind, name)).collect();
    format!(r#"SELECT {} FROM "decision""#, columns.join(", "))
}

fn read(dialect: Dialect, row: &QueryResult) -> Result<Entry, StoreError> {
    let time = |index: usize| match column::read(dialect, &Kind::DateTime, row, index)? {
        Value::DateTime(time) => Ok(Some(time)),
        _ => Ok::<_, StoreError>(None),
    };
    let text = |index: usize| row.try_get_by_index::<Option<String>>(index);
    let lost = |what: &str| StoreError::Failed(format!("a decision without `{what}`; restore the database"));
    let erased = time(12)?.map(|at| Ok::<_, StoreError>((at, text(13)?.unwrap_or_default()))).transpose()?;
    let kept = match text(LASTING)? {
        None => None,
        Some(salt) => {
            let document = |index: usize| Ok::<_, StoreError>(text(LASTING + index)?.unwrap_or_default());
            Some(Kept {
                salt,
                request: document(1)?,
                verdict: document(2)?,
                parameters: document(3)?,
                proposals: document(4)?,
                bounds: document(5)?,
                inputs: document(6)?,
                explanation: document(7)?,
                customer_explanation: document(8)?,
            })
        }
    };
    Ok(Entry {
        id: row.try_get_by_index(0)?,
        customer: row.try_get_by_index(1)?,
        strategy: row.try_get_by_index(2)?,
        point: row.try_get_by_index(3)?,
        decided_at: time(4)?.ok_or_else(|| lost("decided_at"))?,
        recorded_by: row.try_get_by_index(5)?,
        fallback: row.try_get_by_index(6)?,
        versions: row.try_get_by_index(7)?,
        commitment: row.try_get_by_index(8)?,
        sequence: row.try_get_by_index(9)?,
        digest: row.try_get_by_index(10)?,
        previous_digest: text(11)?,
        erased,
        kept,
    })
}

#[cfg(test)]
mod tests;
