//! Writing records recognised by the id they have elsewhere.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};

use super::rows::Rows;
use super::{Batch, ExternalKey, Upserted};
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

/// What [`upsert`] would do, and the records it would change.
pub(super) async fn compare(
    transaction: &Transaction,
    batch: &Batch<'_>,
    now: DateTime<Utc>,
) -> Result<(Upserted, Vec<ExternalKey>), StoreError> {
    let rows = Rows::check(batch)?;
    check_keys(batch)?;
    let table = &batch.object.table;
    let names = rows.columns.iter().fold(String::new(), |list, (_, column)| list + ", \"" + &column.name + "\"");
    let differs = differs(table, "given", &rows);
    let (mut done, mut changed) = (Upserted::default(), Vec::new());
    for chunk in batch.rows.chunks(rows.per_statement(transaction.dialect())) {
        let (given, values) = rows.values(transaction.dialect(), chunk, now)?;
        let sql = format!(
            r#"WITH "given"("version", "created_at", "updated_at", "id"{names}) AS (VALUES {given})
               SELECT "given"."source", "given"."external_id", CASE WHEN {differs} THEN 1 ELSE 0 END
               FROM "given" JOIN "{table}" ON "{table}"."source" = "given"."source" AND "{table}"."external_id" = "given"."external_id""#
        );
        let known = transaction.link().rows(&sql, values).await?;
        done.created += (chunk.len() - known.len()) as u64;
        for row in known {
            if row.try_get_by_index::<i32>(2)? == 0 {
                done.unchanged += 1;
                continue;
            }
            done.updated += 1;
            changed.push(ExternalKey { source: row.try_get_by_index(0)?, id: row.try_get_by_index(1)? });
        }
    }
    Ok((done, changed))
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

/// Where a record of `table` is another than the row `given` says.
fn differs(table: &str, given: &str, rows: &Rows<'_>) -> String {
    let columns = rows.columns.iter().map(|(_, column)| column);
    let differs = columns.filter(|column| !matches!(column.name.as_str(), "source" | "external_id")).map(|column| {
        let name = &column.name;
        // Documents are compared as the texts they are kept as: PostgreSQL has no `=` for JSON.
        let (open, close) = if column.kind == Kind::Json { ("CAST(", " AS text)") } else { ("", "") };
        format!(r#"{open}"{table}"."{name}"{close} IS DISTINCT FROM {open}{given}."{name}"{close}"#)
    });
    let differs = differs.collect::<Vec<_>>().join(" OR ");
    if differs.is_empty() { "1 = 0".to_owned() } else { differs }
}

fn on_conflict(table: &str, rows: &Rows<'_>) -> String {
    let given = || {
        let columns = rows.columns.iter().map(|(_, column)| column);
        columns.filter(|column| !matches!(column.name.as_str(), "source" | "external_id"))
    };
    let assignments = given().map(|column| format!(r#", "{0}" = excluded."{0}""#, column.name)).collect::<String>();
    let differs = differs(table, "excluded", rows);
    format!(
        r#" ON CONFLICT ("source", "external_id") DO UPDATE SET "version" = "{table}"."version" + 1, "updated_at" = excluded."updated_at"{assignments} WHERE {differs} RETURNING "version""#
    )
}
