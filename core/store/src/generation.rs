//! Generation: counts the changes of plugins and strategy, so that every process notices that it serves an old one.

use sea_orm::EntityTrait;

use crate::entity::deployment;
use crate::link::Reads;
use crate::{StoreError, Transaction};

/// The number of the generation that is in force.
pub async fn current(on: &impl Reads) -> Result<i64, StoreError> {
    let row = on.link().find(deployment::Entity::find_by_id(1)).await?;
    Ok(row.map_or(0, |row| row.generation))
}

/// Begins the next generation and returns its number. The row stays locked until the transaction ends, so changes of
/// plugins and strategy come one after the other; the stores that make them call this first.
pub async fn bump(transaction: &Transaction) -> Result<i64, StoreError> {
    let sql = r#"UPDATE "deployment" SET "generation" = "generation" + 1 WHERE "id" = 1 RETURNING "generation""#;
    match transaction.query_row(sql, Vec::new()).await? {
        Some(row) => Ok(row.try_get_by_index(0)?),
        None => Err(StoreError::Failed("the row of `deployment` is missing; restore the database".to_owned())),
    }
}
