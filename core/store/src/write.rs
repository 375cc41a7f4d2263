//! Writing records of the model: many at a time, by id or by external id.

mod record;
mod references;
mod rows;
mod upsert;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, ObjectType, Value};
use uuid::Uuid;

use crate::column::parameter;
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};
pub use record::{Record, RecordColumn, record_columns};
pub use references::{Ancestor, Belonging, ExternalKey, referring_types, user_by_login};
use rows::Rows;

/// Records of one type to be written, a table of values.
///
/// `id`, `version`, `createdAt` and `updatedAt` are kept by the store; `id` may be given. The customer facts may be left
/// out: they begin at zero and are kept by [`crate::facts`]. Every other field that is never null must be there.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    pub object: &'a ObjectType,
    /// Field names of the model (`netTotal`) and reference columns (`customer_id`).
    pub columns: Vec<String>,
    /// One value per column.
    pub rows: Vec<Vec<Value>>,
}

/// What became of the records of an upsert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserted {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// What became of a change to one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldsSet {
    /// It is done; the record has this version now.
    Done { version: i64 },
    /// Refused: somebody else changed the record, which has this version now.
    OtherVersion { current: i64 },
    /// Refused: there is no such record.
    Missing,
}

impl Transaction {
    /// Writes new records and says how many. Rows without an `id` get one.
    pub async fn insert(&self, batch: &Batch<'_>, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let rows = Rows::check(batch)?;
        let mut written = 0;
        for chunk in batch.rows.chunks(rows.per_statement(self.dialect())) {
            let (sql, values) = rows.insert(self.dialect(), chunk, now)?;
            written += self.execute(&sql, values).await?;
        }
        Ok(written)
    }

    /// Writes records that are recognised by (`source`, `externalId`), which all of them must have: new ones are created,
    /// known ones updated where one of the given columns differs, and left alone where none does.
    pub async fn upsert(&self, batch: &Batch<'_>, now: DateTime<Utc>) -> Result<Upserted, StoreError> {
        upsert::upsert(self, batch, now).await
    }

    /// What [`Transaction::upsert`] would do with these records, and which of them it would update, without doing it.
    pub async fn compare(
        &self,
        batch: &Batch<'_>,
        now: DateTime<Utc>,
    ) -> Result<(Upserted, Vec<ExternalKey>), StoreError> {
        upsert::compare(self, batch, now).await
    }

    /// The ids of records known by their ids in `source`. Unknown ones are not in the answer.
    pub async fn ids_by_external(
        &self,
        object: &ObjectType,
        source: &str,
        external_ids: &[String],
    ) -> Result<HashMap<String, Uuid>, StoreError> {
        let ids = match self.dialect() {
            Dialect::Postgres => "SELECT json_array_elements_text($2::json)",
            Dialect::Sqlite => "SELECT value FROM json_each($2)",
        };
        let sql = format!(
            r#"SELECT "external_id", "id" FROM "{}" WHERE "source" = $1 AND "external_id" IN ({ids})"#,
            object.table
        );
        let wanted = serde_json::Value::from(external_ids).to_string();
        let values = vec![source.into(), wanted.into()];
        let mut found = HashMap::with_capacity(external_ids.len());
        for row in self.link().rows(&sql, values).await? {
            found.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        Ok(found)
    }

    /// The records that have these values in a column of texts or references, by value: what they are called elsewhere, if they
    /// came from there. A reference is the 32 hexadecimal digits of the id; what is no such value no record has.
    pub async fn holders(
        &self,
        object: &ObjectType,
        column: &str,
        values: &[String],
    ) -> Result<HashMap<String, Option<ExternalKey>>, StoreError> {
        let column = rows::writable(object, column)?;
        let (kind, column) = (column.kind, format!(r#""{}""#, column.name));
        let is_id = kind == Kind::Id;
        let (list, text) = match (self.dialect(), is_id) {
            (Dialect::Postgres, true) => {
                ("SELECT json_array_elements_text($1::json)::uuid", format!("replace({column}::text, '-', '')"))
            }
            (Dialect::Postgres, false) => ("SELECT json_array_elements_text($1::json)", column.clone()),
            (Dialect::Sqlite, true) => ("SELECT unhex(value) FROM json_each($1)", format!("lower(hex({column}))")),
            (Dialect::Sqlite, false) => ("SELECT value FROM json_each($1)", column.clone()),
        };
        let sql =
            format!(r#"SELECT {text}, "source", "external_id" FROM "{}" WHERE {column} IN ({list})"#, object.table);
        let wanted = values.iter().filter(|value| !is_id || Uuid::try_parse(value).is_ok());
        let wanted = serde_json::Value::from_iter(wanted.map(String::as_str)).to_string();
        let mut found = HashMap::new();
        for row in self.link().rows(&sql, vec![wanted.into()]).await? {
            let (source, id): (Option<String>, Option<String>) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
            let key = source.zip(id).map(|(source, id)| ExternalKey { source, id });
            found.insert(row.try_get_by_index(0)?, key);
        }
        Ok(found)
    }

    /// Gives records that were never imported the name they go by elsewhere: their global id, in the source `source`.
    pub async fn name_by_id(&self, object: &ObjectType, source: &str, ids: &[Uuid]) -> Result<u64, StoreError> {
        let (list, hex) = match self.dialect() {
            Dialect::Postgres => ("SELECT json_array_elements_text($2::json)::uuid", r#"replace("id"::text, '-', '')"#),
            Dialect::Sqlite => ("SELECT unhex(value) FROM json_each($2)", r#"lower(hex("id"))"#),
        };
        let sql = format!(
            r#"UPDATE "{}" SET "source" = $1, "external_id" = '{}_' || {hex} WHERE "id" IN ({list}) AND "source" IS NULL AND "external_id" IS NULL"#,
            object.table, object.prefix
        );
        let wanted: Vec<String> = ids.iter().map(|id| id.simple().to_string()).collect();
        self.execute(&sql, vec![source.into(), serde_json::Value::from(wanted).to_string().into()]).await
    }

    /// Changes fields of one record, if it still has the version the caller has seen.
    pub async fn set_fields(
        &self,
        object: &ObjectType,
        id: Uuid,
        expected_version: i64,
        fields: &[(&str, Value)],
        now: DateTime<Utc>,
    ) -> Result<FieldsSet, StoreError> {
        let mut assignments = String::new();
        let mut values = vec![
            rows::bind(self.dialect(), object, "id", &Kind::Id, &id.into())?,
            sea_orm::Value::BigInt(Some(expected_version)),
            rows::bind(self.dialect(), object, "updatedAt", &Kind::DateTime, &now.into())?,
        ];
        for (name, value) in fields {
            let column = rows::writable(object, name)?;
            column.accept_null(object, value)?;
            values.push(rows::bind(self.dialect(), object, name, &column.kind, value)?);
            let place = parameter(self.dialect(), &column.kind, values.len());
            assignments.push_str(&format!(r#", "{}" = {place}"#, column.name));
        }
        let sql = format!(
            r#"UPDATE "{}" SET "version" = "version" + 1, "updated_at" = $3{assignments} WHERE "id" = $1 AND "version" = $2"#,
            object.table
        );
        if self.execute(&sql, values).await? == 1 {
            return Ok(FieldsSet::Done { version: expected_version + 1 });
        }
        let sql = format!(r#"SELECT "version" FROM "{}" WHERE "id" = $1"#, object.table);
        match self.query_row(&sql, vec![sea_orm::Value::Uuid(Some(id))]).await? {
            Some(row) => Ok(FieldsSet::OtherVersion { current: i64::from(row.try_get_by_index::<i32>(0)?) }),
            None => Ok(FieldsSet::Missing),
        }
    }
}
