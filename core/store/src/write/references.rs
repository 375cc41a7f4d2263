//! References between records of one type: a customer's parent, a person's manager.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Model, ObjectType, RelationKey, towards_customer};
use uuid::Uuid;

use crate::column::adapt;
use crate::id_list::{id_list, ids_of};
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

/// Whose a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Belonging {
    pub customer: Uuid,
    /// The record's currency, if its type has one.
    pub currency: Option<String>,
}

/// The types that have records that refer to any of these.
pub async fn referring_types<'m>(
    on: &impl Reads,
    model: &'m Model,
    object: &ObjectType,
    ids: &[Uuid],
) -> Result<Vec<&'m ObjectType>, StoreError> {
    let link = on.link();
    let list = ids_of(link.dialect(), 1);
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
        if link.row(&sql, vec![id_list(ids)]).await?.is_some() {
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
        let list = ids_of(self.dialect(), 1);
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
        let values = vec![id_list(ids)];
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

    /// Whose these records of a type are, which belongs to customers. They keep it until the transaction ends.
    pub async fn belonging(
        &self,
        model: &Model,
        object: &ObjectType,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Belonging>, StoreError> {
        let (mut joins, mut at, mut customer) = (String::new(), object, r#""t0"."id""#.to_owned());
        let mut step = 0;
        while let Some((relation, target)) = towards_customer(model, at) {
            let RelationKey::Here { column } = &relation.key else { break };
            customer = format!(r#""t{step}"."{column}""#);
            at = target;
            step += 1;
            if at.visible_with.is_some() {
                joins.push_str(&format!(r#" JOIN "{}" AS "t{step}" ON "t{step}"."id" = {customer}"#, at.table));
            }
        }
        let currency = if object.get("currency").is_some() { r#""t0"."currency""# } else { "NULL" };
        let sql = format!(
            r#"SELECT "t0"."id", {customer}, {currency} FROM "{}" AS "t0"{joins} WHERE "t0"."id" IN ({}){}"#,
            object.table,
            ids_of(self.dialect(), 1),
            // Who moves a record to another customer locks it.
            if self.dialect() == Dialect::Postgres { " FOR KEY SHARE" } else { "" }
        );
        let mut found = HashMap::with_capacity(ids.len());
        for row in self.link().rows(&sql, vec![id_list(ids)]).await? {
            let belonging = Belonging { customer: row.try_get_by_index(1)?, currency: row.try_get_by_index(2)? };
            found.insert(row.try_get_by_index(0)?, belonging);
        }
        Ok(found)
    }

    /// Those of the wholes whose parts come to more than they are themselves, in the field `shared` of both. `column` of a part
    /// names its whole.
    pub async fn exceeded(
        &self,
        (part, column, whole): (&ObjectType, &str, &ObjectType),
        shared: &str,
        ids: &[Uuid],
    ) -> Result<HashSet<Uuid>, StoreError> {
        let list = ids_of(self.dialect(), 1);
        let (part, whole) = (&part.table, &whole.table);
        if self.dialect() == Dialect::Postgres {
            // One after the other: two parts made at once would not see each other.
            let lock = format!(r#"SELECT 1 FROM "{whole}" WHERE "id" IN ({list}) ORDER BY "id" FOR NO KEY UPDATE"#);
            self.link().rows(&lock, vec![id_list(ids)]).await?;
        }
        let sql = format!(
            r#"SELECT "w"."id" FROM "{whole}" AS "w" WHERE "w"."id" IN ({list})
               AND (SELECT sum("p"."{shared}") FROM "{part}" AS "p" WHERE "p"."{column}" = "w"."id") > "w"."{shared}""#
        );
        let rows = self.link().rows(&sql, vec![id_list(ids)]).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
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
