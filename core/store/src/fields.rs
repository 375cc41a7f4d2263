//! Fields: the document of a deployment's own fields, version by version, and their columns.

use chrono::{DateTime, Utc};
use guildhall_model::{Field, Model, ObjectType};

use crate::document::{self, Document};
use crate::link::Reads;
use crate::migration::{add_column, add_index};
use crate::{Dialect, StoreError, Transaction, generation};

const TABLE: &str = "field_document";

/// The document in force, if there is one.
pub async fn current(on: &impl Reads) -> Result<Option<Document>, StoreError> {
    document::current(on, TABLE).await
}

/// Puts a document into force under the next number and begins a new generation. `model` is the model with its fields: each gets
/// its column, and its index if it wants one. Columns of fields that are gone stay, with what is in them. `digest` is the
/// document's SHA-256, in hex.
pub async fn set(
    transaction: &Transaction,
    document: &str,
    digest: &str,
    model: &Model,
    by: &str,
    now: DateTime<Utc>,
) -> Result<Document, StoreError> {
    generation::bump(transaction).await?;
    for object in model.objects() {
        for field in object.fields.iter().filter(|field| field.is_custom()) {
            if !has_column(transaction, object, field).await? {
                transaction.execute(&add_column(transaction.dialect(), object, field), Vec::new()).await?;
            }
            if field.indexed {
                transaction.execute(&add_index(object, field), Vec::new()).await?;
            }
        }
    }
    document::set(transaction, TABLE, document, digest, by, now).await
}

async fn has_column(transaction: &Transaction, object: &ObjectType, field: &Field) -> Result<bool, StoreError> {
    let sql = match transaction.dialect() {
        Dialect::Sqlite => "SELECT 1 FROM pragma_table_info($1) WHERE name = $2",
        Dialect::Postgres => {
            "SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2"
        }
    };
    let values = vec![object.table.as_str().into(), field.column.as_str().into()];
    Ok(transaction.link().row(sql, values).await?.is_some())
}

#[cfg(test)]
mod tests {
    use guildhall_model::{CustomField, Kind, Role};

    use super::*;
    use crate::testing::{databases, now};

    fn model(indexed: bool) -> Model {
        let tier = CustomField {
            name: "tier".to_owned(),
            kind: Kind::Text,
            doc: "d".to_owned(),
            readable_by: Role::Reader,
            indexed,
            deprecated: None,
        };
        Model::core().with_custom_field("Customer", tier).unwrap()
    }

    #[tokio::test]
    async fn the_document_set_last_is_in_force_and_its_fields_have_columns() {
        for (database, _fixture) in databases().await {
            assert_eq!(current(&database).await.unwrap(), None);
            // The second gives an index to the column that is there; the third finds both.
            for (number, indexed) in [(1, false), (2, true), (3, true)] {
                let transaction = database.begin().await.unwrap();
                let made = set(&transaction, "text", "digest", &model(indexed), "ada", now()).await.unwrap();
                transaction.commit().await.unwrap();
                assert_eq!((made.number, current(&database).await.unwrap()), (number, Some(made)));
                assert_eq!(generation::current(&database).await.unwrap(), i64::from(number));
                let sql = r#"SELECT count("own_text_tier") FROM "customer""#;
                assert!(database.link().row(sql, Vec::new()).await.unwrap().is_some());
            }
        }
    }
}
