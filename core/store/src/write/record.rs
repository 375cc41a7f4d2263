//! One record as it stands: locked and read, put away when it is deleted, brought back.

use chrono::{DateTime, Utc};
use guildhall_model::{Cardinality, GlobalId, Kind, Model, ObjectType, RelationKey, Value, parse_text};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::column::{read, selected};
use crate::id_list::{id_list, ids_of};
use crate::link::Reads;
use crate::row::{self, Cell};
use crate::{Dialect, StoreError, Transaction, facts};

/// A column of a record: a field of its type, or a reference.
#[derive(Clone, Debug)]
pub struct RecordColumn {
    /// What the API calls it.
    pub name: String,
    pub column: String,
    pub kind: Kind,
    /// The type it refers to, if it does.
    pub target: Option<String>,
}

/// Every column of a type's records: fields, then references.
pub fn record_columns(object: &ObjectType) -> Vec<RecordColumn> {
    let fields = object.fields.iter().map(|field| RecordColumn {
        name: field.name.clone(),
        column: field.column.clone(),
        kind: field.kind.clone(),
        target: None,
    });
    let references = object.relations.iter().filter_map(|relation| match (&relation.key, relation.cardinality) {
        (RelationKey::Here { column }, Cardinality::One) => Some(RecordColumn {
            name: relation.name.clone(),
            column: column.clone(),
            kind: Kind::Id,
            target: Some(relation.target.clone()),
        }),
        _ => None,
    });
    fields.chain(references).collect()
}

/// A record as the database has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub id: Uuid,
    pub version: i64,
    /// One for each of [`record_columns`].
    pub values: Vec<Value>,
}

impl Record {
    /// The value of a field or a reference, by the API's name.
    pub fn get(&self, object: &ObjectType, name: &str) -> Option<&Value> {
        let index = record_columns(object).iter().position(|column| column.name == name)?;
        self.values.get(index)
    }

    /// The values as the API writes them, by name.
    pub fn to_json(&self, model: &Model, object: &ObjectType) -> Map<String, Json> {
        let columns = record_columns(object);
        columns
            .iter()
            .zip(&self.values)
            .map(|(column, value)| (column.name.clone(), column.json(model, object, value)))
            .collect()
    }
}

impl RecordColumn {
    /// A value of this column as the API writes it.
    pub fn json(&self, model: &Model, object: &ObjectType, value: &Value) -> Json {
        let target = match &self.target {
            Some(target) => model.object(target).map(AsRef::as_ref),
            None => Some(object),
        };
        match (value, target) {
            (Value::Id(id), Some(target)) => GlobalId::new(target, *id).to_string().into(),
            _ => value.to_json(&self.kind),
        }
    }

    /// The value that [`RecordColumn::json`] wrote.
    fn value(&self, json: &Json) -> Result<Value, StoreError> {
        let text = match json {
            Json::Null => return Ok(Value::Null),
            Json::String(text) if self.kind != Kind::Json => text.clone(),
            other => other.to_string(),
        };
        parse_text(&self.kind, &text)
            .map_err(|error| StoreError::Failed(format!("a deleted record cannot be read: {error}")))
    }
}

impl Transaction {
    /// The records with these ids, in the order of ids, locked until the transaction ends. Unknown ones are not in the answer.
    pub async fn lock_records(&self, object: &ObjectType, ids: &[Uuid]) -> Result<Vec<Record>, StoreError> {
        self.records(object, &format!(r#""id" IN ({})"#, ids_of(self.dialect(), 1)), ids, " FOR UPDATE").await
    }

    /// The same for records that others may be about to refer to: who does so is not waited for. They are changed, not deleted.
    pub async fn lock_wholes(&self, object: &ObjectType, ids: &[Uuid]) -> Result<Vec<Record>, StoreError> {
        self.records(object, &format!(r#""id" IN ({})"#, ids_of(self.dialect(), 1)), ids, " FOR NO KEY UPDATE").await
    }

    /// The records of a type whose reference `column` names one of `ids`, locked.
    pub async fn lock_parts(&self, object: &ObjectType, column: &str, ids: &[Uuid]) -> Result<Vec<Record>, StoreError> {
        let which = format!(r#""{column}" IN ({})"#, ids_of(self.dialect(), 1));
        self.records(object, &which, ids, " FOR UPDATE").await
    }

    /// The same without locking them.
    pub async fn parts(&self, object: &ObjectType, column: &str, ids: &[Uuid]) -> Result<Vec<Record>, StoreError> {
        self.records(object, &format!(r#""{column}" IN ({})"#, ids_of(self.dialect(), 1)), ids, "").await
    }

    async fn records(
        &self,
        object: &ObjectType,
        which: &str,
        ids: &[Uuid],
        lock: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let columns = record_columns(object);
        let names: Vec<_> = columns.iter().map(|column| selected(&column.kind, &column.column)).collect();
        // SQLite has one writer, and this transaction is it.
        let lock = if self.dialect() == Dialect::Postgres { lock } else { "" };
        let sql = format!(r#"SELECT {} FROM "{}" WHERE {which} ORDER BY "id"{lock}"#, names.join(", "), object.table);
        let rows = self.link().rows(&sql, vec![id_list(ids)]).await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let values =
                columns.iter().enumerate().map(|(index, column)| read(self.dialect(), &column.kind, row, index));
            let values: Vec<Value> = values.collect::<Result<_, _>>()?;
            let found =
                |name: &str| columns.iter().position(|column| column.name == name).and_then(|index| values.get(index));
            let (Some(Value::Id(id)), Some(Value::Int(version))) = (found("id"), found("version")) else {
                return Err(StoreError::internal("a record has no id or no version"));
            };
            records.push(Record { id: *id, version: *version, values });
        }
        Ok(records)
    }

    /// Deletes a record, so that [`Transaction::bring_back`] can undo it. What refers to it keeps it from being deleted:
    /// [`StoreError::Reference`]. `with` is the record it is deleted with: itself, or what it is a part of.
    pub async fn put_away(
        &self,
        model: &Model,
        object: &ObjectType,
        record: &Record,
        with: &GlobalId,
        by: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut cells = row::new_record(record.id, now);
        cells.extend([
            ("deleted_at", Kind::DateTime, now.into()),
            ("deleted_by", Kind::Text, by.into()),
            ("record_type", Kind::Text, object.name.clone().into()),
            ("record_id", Kind::Text, GlobalId::new(object, record.id).to_string().into()),
            ("deleted_with", Kind::Text, with.to_string().into()),
            ("values", Kind::Json, Value::Json(Json::Object(record.to_json(model, object)))),
        ]);
        row::insert(self, "deleted_record", &cells, "").await?;
        facts::forget(self, object, record.id).await?;
        let sql = format!(r#"DELETE FROM "{}" WHERE "id" = $1"#, object.table);
        self.execute(&sql, vec![record.id.into()]).await.map(drop)
    }

    /// What was deleted with a record: type and values, the record itself among them.
    pub async fn put_away_with(&self, with: &GlobalId) -> Result<Vec<(String, Map<String, Json>)>, StoreError> {
        let lock = if self.dialect() == Dialect::Postgres { " FOR UPDATE" } else { "" };
        let sql = format!(
            r#"SELECT "record_type", CAST("values" AS text) FROM "deleted_record" WHERE "deleted_with" = $1 ORDER BY "id"{lock}"#
        );
        let rows = self.link().rows(&sql, vec![with.to_string().into()]).await?;
        let read = |row: &sea_orm::QueryResult| {
            let (name, text): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let values = serde_json::from_str(&text)
                .map_err(|error| StoreError::Failed(format!("a deleted record cannot be read: {error}")))?;
            Ok((name, values))
        };
        rows.iter().map(read).collect()
    }

    /// Makes a deleted record again what it was, one version later. Its id, its times and its values are the same.
    pub async fn bring_back(
        &self,
        object: &ObjectType,
        values: &Map<String, Json>,
        now: DateTime<Utc>,
    ) -> Result<Record, StoreError> {
        let columns = record_columns(object);
        let mut record = Record { id: Uuid::nil(), version: 0, values: Vec::with_capacity(columns.len()) };
        let mut cells: Vec<Cell<'_>> = Vec::with_capacity(columns.len());
        for column in &columns {
            let value = match (column.name.as_str(), column.value(values.get(&column.name).unwrap_or(&Json::Null))?) {
                ("version", Value::Int(version)) => {
                    record.version = version.saturating_add(1);
                    Value::Int(record.version)
                }
                ("updatedAt", _) => now.into(),
                (_, value) => value,
            };
            if let ("id", Value::Id(id)) = (column.name.as_str(), &value) {
                record.id = *id;
            }
            cells.push((&column.column, column.kind.clone(), value.clone()));
            record.values.push(value);
        }
        row::insert(self, &object.table, &cells, "").await?;
        self.execute(r#"DELETE FROM "deleted_record" WHERE "id" = $1"#, vec![record.id.into()]).await?;
        Ok(record)
    }
}
