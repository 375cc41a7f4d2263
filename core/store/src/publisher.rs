//! Publisher: whose signatures are trusted.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::publisher;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// Who is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    pub id: Uuid,
    /// The deployment's name for it.
    pub name: String,
    /// Its ed25519 public key, in hex.
    pub key: String,
    pub trusted_at: DateTime<Utc>,
    pub trusted_by: String,
}

/// Everybody who is trusted now, by name.
pub async fn trusted(on: &impl Reads) -> Result<Vec<Publisher>, StoreError> {
    let query = publisher::Entity::find()
        .filter(publisher::Column::Status.eq("TRUSTED"))
        .order_by_asc(publisher::Column::Name)
        .order_by_asc(publisher::Column::Id);
    let read = |row: publisher::Model| Publisher {
        id: row.id,
        name: row.name,
        key: row.key,
        trusted_at: row.trusted_at,
        trusted_by: row.trusted_by,
    };
    Ok(on.link().find_all(query).await?.into_iter().map(read).collect())
}

/// Trusts somebody. Name and key are nobody else's who is trusted.
pub async fn trust(transaction: &Transaction, publisher: &Publisher) -> Result<(), StoreError> {
    let mut cells = row::new_record(publisher.id, publisher.trusted_at);
    cells.extend([
        ("name", Kind::Text, publisher.name.as_str().into()),
        ("key", Kind::Text, publisher.key.as_str().into()),
        ("status", Kind::Text, "TRUSTED".into()),
        ("trusted_at", Kind::DateTime, publisher.trusted_at.into()),
        ("trusted_by", Kind::Text, publisher.trusted_by.as_str().into()),
    ]);
    row::insert(transaction, "publisher", &cells, "").await.map(drop)
}

/// Trusts somebody no longer. Says whether he was trusted.
pub async fn distrust(transaction: &Transaction, id: Uuid, by: &str, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let sql = r#"UPDATE "publisher" SET "status" = 'DISTRUSTED', "distrusted_at" = $2, "distrusted_by" = $3,
        "version" = "version" + 1, "updated_at" = $2 WHERE "id" = $1 AND "status" = 'TRUSTED'"#;
    let cells = [
        ("id", Kind::Id, id.into()),
        ("distrusted_at", Kind::DateTime, now.into()),
        ("distrusted_by", Kind::Text, by.into()),
    ];
    Ok(transaction.execute(sql, row::bind(transaction, "publisher", &cells)?).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    fn publisher(name: &str, key: &str) -> Publisher {
        Publisher {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            key: key.to_owned(),
            trusted_at: now(),
            trusted_by: "ada".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_name_and_a_key_are_trusted_once_at_a_time() {
        for (database, _fixture) in databases().await {
            let acme = publisher("acme", "k1");
            let transaction = database.begin().await.unwrap();
            trust(&transaction, &acme).await.unwrap();
            transaction.commit().await.unwrap();
            for taken in [publisher("acme", "k2"), publisher("other", "k1")] {
                let transaction = database.begin().await.unwrap();
                assert!(matches!(trust(&transaction, &taken).await, Err(StoreError::Taken(_))), "{taken:?}");
                transaction.rollback().await.unwrap();
            }
            assert_eq!(trusted(&database).await.unwrap(), std::slice::from_ref(&acme));
            let transaction = database.begin().await.unwrap();
            assert!(distrust(&transaction, acme.id, "ada", now()).await.unwrap());
            assert!(!distrust(&transaction, acme.id, "ada", now()).await.unwrap());
            let again = publisher("acme", "k1");
            trust(&transaction, &again).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(trusted(&database).await.unwrap(), [again]);
        }
    }
}
