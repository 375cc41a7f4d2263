//! Package: the bytes of a plugin, kept by their digest. Packages are never changed and never overwritten.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::EntityTrait;

use crate::entity::package;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// Keeps a package. Says whether it is new; the same digest a second time changes nothing.
pub async fn put(
    transaction: &Transaction,
    digest: &str,
    bytes: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let cells = [("digest", Kind::Text, Value::from(digest)), ("created_at", Kind::DateTime, now.into())];
    let mut values = row::bind(transaction, "package", &cells)?;
    values.push(sea_orm::Value::Bytes(Some(bytes)));
    let sql = r#"INSERT INTO "package" ("digest", "created_at", "bytes") VALUES ($1, $2, $3) ON CONFLICT ("digest") DO NOTHING"#;
    Ok(transaction.execute(sql, values).await? == 1)
}

/// The bytes of the package with this digest.
pub async fn get(on: &impl Reads, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(on.link().find(package::Entity::find_by_id(digest)).await?.map(|row| row.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    #[tokio::test]
    async fn a_package_is_kept_once() {
        for (database, _fixture) in databases().await {
            let transaction = database.begin().await.unwrap();
            let bytes: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
            assert!(put(&transaction, "d1", bytes.clone(), now()).await.unwrap());
            assert!(!put(&transaction, "d1", vec![1], now()).await.unwrap());
            assert_eq!(get(&transaction, "d1").await.unwrap(), Some(bytes));
            assert_eq!(get(&transaction, "d2").await.unwrap(), None);
        }
    }
}
