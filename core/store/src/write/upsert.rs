//! Writing records recognised by the id they have elsewhere.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};

use super::rows::Rows;
use super::{Batch, Upserted};
use crate::link::Reads;
use crate::{StoreError, Transaction};

pub(super) async fn upsert(
    transaction: &Transaction,
    batch: &Batch<'_>,
    now: DateTime<Utc>,
) -> Result<Upserted, StoreError> {
    let rows = Rows::check(batch)?;
    check_keys(batch)?;
    let conflict = on_conflict(&batch.object.table, &rows);
    let mut done = Upserted::default();
    for chunk in batch.rows.chunks(rows.per_statement(transaction.dialect())) {
        let (mut sql, values) = rows.insert(transaction.dialect(), chunk, now)?;
        sql.push_str(&conflict);
        let mut touched = 0;
        for row in transaction.link().rows(&sql, values).await? {
            touched += 1;
            // A record that was there has been counted up to 2 at least.
            match row.try_get_by_index::<i32>(0)? {
                1 => done.created += 1,
                _ => done.updated += 1,
            }
        }
        done.unchanged += chunk.len() as u64 - touched;
    }
    Ok(done)
}

/// Every row needs its key, once: PostgreSQL would refuse a second one in the same statement, SQLite would take it, and
/// which of the two is right only the sender knows.
fn check_keys(batch: &Batch<'_>) -> Result<(), StoreError> {
    let object = &batch.object.name;
    let place = |name: &str| {
        let missing = || StoreError::MissingColumn { object: object.clone(), column: name.to_owned() };
        batch.columns.iter().position(|column| column == name).ok_or_else(missing)
    };
    let (source, external_id) = (place("source")?, place("externalId")?);
    let mut seen = HashSet::with_capacity(batch.rows.len());
    for row in &batch.rows {
        let text = |index: usize, name: &str| match row.get(index) {
            Some(Value::Text(text)) => Ok(text.as_str()),
            _ => Err(StoreError::MissingColumn { object: object.clone(), column: name.to_owned() }),
        };
        let key = (text(source, "source")?, text(external_id, "externalId")?);
        if !seen.insert(key) {
            let (source_name, external_id) = (key.0.to_owned(), key.1.to_owned());
            return Err(StoreError::Repeated { object: object.clone(), source_name, external_id });
        }
    }
    Ok(())
}

fn on_conflict(table: &str, rows: &Rows<'_>) -> String {
    let given = || {
        let columns = rows.columns.iter().map(|(_, column)| column);
        columns.filter(|column| !matches!(column.name.as_str(), "source" | "external_id"))
    };
    let assignments = given().map(|column| format!(r#", "{0}" = excluded."{0}""#, column.name)).collect::<String>();
    let differs = given()
        .map(|column| {
            let name = &column.name;
            // Documents are compared as the texts they are kept as: PostgreSQL has no `=` for JSON.
            let (open, close) = if column.kind == Kind::Json { ("CAST(", " AS text)") } else { ("", "") };
            format!(r#"{open}"{table}"."{name}"{close} IS DISTINCT FROM {open}excluded."{name}"{close}"#)
        })
        .collect::<Vec<_>>()
        .join(" OR ");
    let differs = if differs.is_empty() { "1 = 0" } else { &differs };
    format!(
        r#" ON CONFLICT ("source", "external_id") DO UPDATE SET "version" = "{table}"."version" + 1, "updated_at" = excluded."updated_at"{assignments} WHERE {differs} RETURNING "version""#
    )
}
