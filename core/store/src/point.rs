//! Point: the SDL of decision points, kept by its digest, so that a decision can be replayed when its point has changed.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;

use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// Keeps a point's SDL; the same digest a second time changes nothing.
pub async fn put(transaction: &Transaction, digest: &str, sdl: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let cells = [
        ("digest", Kind::Text, digest.into()),
        ("sdl", Kind::Text, sdl.into()),
        ("created_at", Kind::DateTime, now.into()),
    ];
    row::insert(transaction, "point_sdl", &cells, r#"ON CONFLICT ("digest") DO NOTHING"#).await.map(drop)
}

/// The SDL with this digest.
pub async fn get(on: &impl Reads, digest: &str) -> Result<Option<String>, StoreError> {
    let row = on.link().row(r#"SELECT "sdl" FROM "point_sdl" WHERE "digest" = $1"#, vec![digest.into()]).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    #[tokio::test]
    async fn a_point_is_kept_once() {
        for (database, _fixture) in databases().await {
            let transaction = database.begin().await.unwrap();
            put(&transaction, "d1", "type A", now()).await.unwrap();
            put(&transaction, "d1", "type B", now()).await.unwrap();
            assert_eq!(get(&transaction, "d1").await.unwrap().as_deref(), Some("type A"));
            assert_eq!(get(&transaction, "d2").await.unwrap(), None);
        }
    }
}
