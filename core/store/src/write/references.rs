//! References between records of one type: a customer's parent, a person's manager.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Model, ObjectType};
use uuid::Uuid;

use crate::column::adapt;
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};

/// How many records up [`Transaction::ancestors`] looks: a hierarchy is not deeper, and a circle ends here.
const MOST_ANCESTORS: u32 = 1000;

/// What a record is called in the system it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternalKey {
    pub source: String,
    pub id: String,
}

/// A record and the one above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ancestor {
    pub id: Uuid,
    /// What it is called elsewhere, if it came from there.
    pub key: Option<ExternalKey>,
    /// The record above.
    pub parent: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The user whose tokens act by this name.
pub async fn user_by_login(on: &impl Reads, login: &str) -> Result<Option<Uuid>, StoreError> {
    let row = on.link().row(r#"SELECT "id" FROM "user" WHERE "login" = $1"#, vec![login.into()]).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
}

/// The types that have records that refer to any of these.
pub async fn referring_types<'m>(
    on: &impl Reads,
    model: &'m Model,
    object: &ObjectType,
    ids: &[Uuid],
) -> Result<Vec<&'m ObjectType>, StoreError> {
    let link = on.link();
    let list = match link.dialect() {
        Dialect::Postgres => "SELECT json_array_elements_text($1::json)::uuid",
        Dialect::Sqlite => "SELECT unhex(value) FROM json_each($1)",
    };
    let ids: Vec<String> = ids.iter().map(|id| id.simple().to_string()).collect();
    let ids = serde_json::Value::from(ids).to_string();
    let mut found = Vec::new();
    for other in model.objects() {
        // What follows from the records goes with them.
        if other.name == "ExposureEntry" && object.name != "Customer" {
            continue;
        }
        let references = other.references(model);
        let columns = references.iter().filter(|reference| reference.target == object.name);
        let columns: Vec<_> = columns.map(|reference| format!(r#""{}" IN ({list})"#, reference.column)).collect();
        if columns.is_empty() {
            continue;
        }
        let sql = format!(r#"SELECT 1 FROM "{}" WHERE {} LIMIT 1"#, other.table, columns.join(" OR "));
        if link.row(&sql, vec![ids.clone().into()]).await?.is_some() {
            found.push(other.as_ref());
        }
    }
    Ok(found)
}

impl Transaction {
    /// The records with these ids and all above them, following the reference `column`.
    pub async fn ancestors(
        &self,
        object: &ObjectType,
        column: &str,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Ancestor>, StoreError> {
        // Ids go as text: one parameter for any number of them.
        let list = match self.dialect() {
            Dialect::Postgres => "SELECT json_array_elements_text($1::json)::uuid",
            Dialect::Sqlite => "SELECT unhex(value) FROM json_each($1)",
        };
        let sql = format!(
            r#"WITH RECURSIVE "up"("id", "source", "external_id", "parent", "created_at", "updated_at", "n") AS (
                 SELECT "id", "source", "external_id", "{column}", "created_at", "updated_at", 0 FROM "{table}" WHERE "id" IN ({list})
                 UNION ALL
                 SELECT "t"."id", "t"."source", "t"."external_id", "t"."{column}", "t"."created_at", "t"."updated_at", "up"."n" + 1
                 FROM "{table}" AS "t" JOIN "up" ON "t"."id" = "up"."parent" WHERE "up"."n" < {MOST_ANCESTORS}
               )
               SELECT DISTINCT "id", "parent", "created_at", "updated_at", "source", "external_id" FROM "up""#,
            table = object.table
        );
        let wanted: Vec<String> = ids.iter().map(|id| id.simple().to_string()).collect();
        let values = vec![serde_json::Value::from(wanted).to_string().into()];
        let mut found = HashMap::with_capacity(ids.len());
        for row in self.link().rows(&sql, values).await? {
            let id: Uuid = row.try_get_by_index(0)?;
            let (source, external_id): (Option<String>, Option<String>) =
                (row.try_get_by_index(4)?, row.try_get_by_index(5)?);
            let ancestor = Ancestor {
                id,
                key: source.zip(external_id).map(|(source, id)| ExternalKey { source, id }),
                parent: row.try_get_by_index(1)?,
                created_at: row.try_get_by_index(2)?,
                updated_at: row.try_get_by_index(3)?,
            };
            found.insert(id, ancestor);
        }
        Ok(found)
    }

    /// Lets one record refer to another, or to none.
    pub async fn set_reference(
        &self,
        object: &ObjectType,
        column: &str,
        id: Uuid,
        to: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sql = format!(
            r#"UPDATE "{}" SET "{column}" = $2, "version" = "version" + 1, "updated_at" = $3 WHERE "id" = $1"#,
            object.table
        );
        let now = adapt(self.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("updatedAt"))?;
        self.execute(&sql, vec![id.into(), to.into(), now]).await.map(drop)
    }
}
