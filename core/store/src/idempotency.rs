//! Idempotency: the same request with the same key is carried out once and answered alike ever after.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::EntityTrait;

use crate::entity::idempotency;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

/// What an actor asked for under a key, and the answer it got.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    pub actor: String,
    pub key: String,
    /// The business act.
    pub act: String,
    /// SHA-256 of the request, in hex: the same key with another request is a mistake.
    pub body_digest: String,
    pub result: serde_json::Value,
    pub created_at: DateTime<Utc>,
}

pub async fn find(on: &impl Reads, actor: &str, key: &str) -> Result<Option<Remembered>, StoreError> {
    let row = on.link().find(idempotency::Entity::find_by_id((actor.to_owned(), key.to_owned()))).await?;
    Ok(row.map(|row| Remembered {
        actor: row.actor,
        key: row.key,
        act: row.act,
        body_digest: row.body_digest,
        result: row.result,
        created_at: row.created_at,
    }))
}

/// Remembers an answer in the transaction that carries out the act. Says whether it was the first with this key; if not,
/// roll back and answer with what [`find`] returns.
pub async fn remember(transaction: &Transaction, answer: &Remembered) -> Result<bool, StoreError> {
    let cells = [
        ("actor", Kind::Text, answer.actor.clone().into()),
        ("key", Kind::Text, answer.key.clone().into()),
        ("act", Kind::Text, answer.act.clone().into()),
        ("body_digest", Kind::Text, answer.body_digest.clone().into()),
        ("result", Kind::Json, Value::Json(answer.result.clone())),
        ("created_at", Kind::DateTime, answer.created_at.into()),
    ];
    let written = row::insert(transaction, "idempotency", &cells, r#"ON CONFLICT ("actor", "key") DO NOTHING"#).await?;
    Ok(written == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    #[tokio::test]
    async fn the_first_answer_is_the_one_remembered() {
        for (database, _fixture) in databases().await {
            let answer = Remembered {
                actor: "ann".to_owned(),
                key: "k1".to_owned(),
                act: "recordDecision".to_owned(),
                body_digest: "d".to_owned(),
                result: serde_json::json!({"id": "dec_1"}),
                created_at: now(),
            };
            let transaction = database.begin().await.unwrap();
            assert!(remember(&transaction, &answer).await.unwrap());
            let other = Remembered { result: serde_json::Value::Null, ..answer.clone() };
            assert!(!remember(&transaction, &other).await.unwrap());
            let stranger = Remembered { actor: "ben".to_owned(), ..answer.clone() };
            assert!(remember(&transaction, &stranger).await.unwrap());
            transaction.commit().await.unwrap();
            assert_eq!(find(&database, "ann", "k1").await.unwrap(), Some(answer));
            assert_eq!(find(&database, "ann", "k2").await.unwrap(), None);
        }
    }
}
