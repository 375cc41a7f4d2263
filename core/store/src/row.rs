//! Writing one row of a known table, column by column.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use uuid::Uuid;

use crate::column::{adapt, parameter};
use crate::{StoreError, Transaction};

/// A column's name, its kind and the value it gets.
pub(crate) type Cell<'a> = (&'a str, Kind, Value);

/// The columns every record of the model begins with.
pub(crate) fn new_record<'a>(id: Uuid, now: DateTime<Utc>) -> Vec<Cell<'a>> {
    vec![
        ("id", Kind::Id, id.into()),
        ("version", Kind::Int, 1.into()),
        ("created_at", Kind::DateTime, now.into()),
        ("updated_at", Kind::DateTime, now.into()),
    ]
}

/// Inserts a row. `tail` may say what happens on conflict.
pub(crate) async fn insert(
    transaction: &Transaction,
    table: &str,
    cells: &[Cell<'_>],
    tail: &str,
) -> Result<u64, StoreError> {
    let mut names = Vec::with_capacity(cells.len());
    let mut places = Vec::with_capacity(cells.len());
    for (index, (name, kind, _)) in cells.iter().enumerate() {
        names.push(format!("\"{name}\""));
        places.push(parameter(transaction.dialect(), kind, index + 1));
    }
    let sql = format!(r#"INSERT INTO "{table}" ({}) VALUES ({}) {tail}"#, names.join(", "), places.join(", "));
    transaction.execute(&sql, bind(transaction, table, cells)?).await
}

/// The values of `cells` as parameters.
pub(crate) fn bind(
    transaction: &Transaction,
    table: &str,
    cells: &[Cell<'_>],
) -> Result<Vec<sea_orm::Value>, StoreError> {
    let bound = cells.iter().map(|(name, kind, value)| {
        adapt(transaction.dialect(), kind, value).map_err(|unfit| unfit.of(format_args!("{table}.{name}")))
    });
    bound.collect()
}
