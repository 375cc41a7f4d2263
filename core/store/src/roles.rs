//! Roles: the document of a deployment's own roles, version by version.

use chrono::{DateTime, Utc};

use crate::document::{self, Document};
use crate::link::Reads;
use crate::{StoreError, Transaction, generation};

const TABLE: &str = "role_document";

/// The document in force, if there is one.
pub async fn current(on: &impl Reads) -> Result<Option<Document>, StoreError> {
    document::current(on, TABLE).await
}

/// Puts a document into force under the next number and begins a new generation. `digest` is the document's SHA-256, in hex.
pub async fn set(
    transaction: &Transaction,
    document: &str,
    digest: &str,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Document, StoreError> {
    generation::bump(transaction).await?;
    document::set(transaction, TABLE, document, digest, by, now).await
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
