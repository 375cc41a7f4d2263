//! Roles: the document of a deployment's own roles, version by version.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::role_document;
use crate::link::Reads;
use crate::{StoreError, Transaction, generation, row};

/// A version of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDocument {
    pub id: Uuid,
    /// Counted from 1.
    pub number: i32,
    /// The roles file, as it was set.
    pub document: String,
}

/// The document in force, if there is one.
pub async fn current(on: &impl Reads) -> Result<Option<RoleDocument>, StoreError> {
    let query = role_document::Entity::find().order_by_desc(role_document::Column::Number).limit(1);
    let row = on.link().find(query).await?;
    Ok(row.map(|row| RoleDocument { id: row.id, number: row.number, document: row.document }))
}

/// Puts a document into force under the next number and begins a new generation. `digest` is the document's SHA-256, in hex.
pub async fn set(
    transaction: &Transaction,
    document: &str,
    digest: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<RoleDocument, StoreError> {
    // The generation's row lock makes two of these wait for each other, so the number below is nobody else's.
    generation::bump(transaction).await?;
    let number = current(transaction).await?.map_or(0, |last| last.number) + 1;
    let set = RoleDocument { id: Uuid::now_v7(), number, document: document.to_owned() };
    let mut cells = row::new_record(set.id, now);
    cells.extend([
        ("number", Kind::Int, set.number.into()),
        ("document", Kind::Text, document.into()),
        ("digest", Kind::Text, digest.into()),
        ("set_at", Kind::DateTime, now.into()),
        ("set_by", Kind::Text, by.into()),
    ]);
    row::insert(transaction, "role_document", &cells, "").await?;
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    #[tokio::test]
    async fn the_document_set_last_is_in_force_and_begins_a_generation() {
        for (database, _fixture) in databases().await {
            assert_eq!(current(&database).await.unwrap(), None);
            for (number, document) in [(1, "first"), (2, "second")] {
                let transaction = database.begin().await.unwrap();
                let made = set(&transaction, document, "digest", "ada", now()).await.unwrap();
                transaction.commit().await.unwrap();
                assert_eq!((made.number, current(&database).await.unwrap()), (number, Some(made)));
                assert_eq!(generation::current(&database).await.unwrap(), i64::from(number));
            }
        }
    }
}
