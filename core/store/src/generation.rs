//! Generation: counts the changes of plugins and strategy, so that every process notices that it serves an old one.

use sea_orm::{EntityTrait, QueryResult};

use crate::entity::deployment;
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};

/// The number of the generation that is in force.
pub async fn current(on: &impl Reads) -> Result<i64, StoreError> {
    let row = on.link().find(deployment::Entity::find_by_id(1)).await?;
    Ok(row.map_or(0, |row| row.generation))
}

/// Waits until no other transaction changes plugins or strategy, and keeps them from it until this one ends; returns the
/// number in force. An act that changes them calls this before it reads what it depends on.
pub async fn lock(transaction: &Transaction) -> Result<i64, StoreError> {
    locked(transaction, " FOR UPDATE").await
}

/// Keeps plugins and strategy as they are until this transaction ends, beside others that do the same; returns the number
/// in force.
pub async fn hold(transaction: &Transaction) -> Result<i64, StoreError> {
    locked(transaction, " FOR SHARE").await
}

/// SQLite knows no row locks and needs none: a transaction has the one writer's place from its first moment.
async fn locked(transaction: &Transaction, lock: &str) -> Result<i64, StoreError> {
    let lock = if transaction.dialect() == Dialect::Postgres { lock } else { "" };
    let sql = format!(r#"SELECT "generation" FROM "deployment" WHERE "id" = 1{lock}"#);
    number(transaction.query_row(&sql, Vec::new()).await?)
}

/// Begins the next generation and returns its number. The row stays locked until the transaction ends, so changes of
/// plugins and strategy come one after the other; the stores that make them call this first.
pub async fn bump(transaction: &Transaction) -> Result<i64, StoreError> {
    let sql = r#"UPDATE "deployment" SET "generation" = "generation" + 1 WHERE "id" = 1 RETURNING "generation""#;
    number(transaction.query_row(sql, Vec::new()).await?)
}

fn number(row: Option<QueryResult>) -> Result<i64, StoreError> {
    match row {
        Some(row) => Ok(row.try_get_by_index(0)?),
        None => Err(StoreError::Failed("the row of `deployment` is missing; restore the database".to_owned())),
    }
}
