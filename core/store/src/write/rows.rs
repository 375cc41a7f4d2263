//! From a batch to `INSERT` statements: checked columns, adapted values.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use guildhall_model::{Cardinality, Kind, ObjectType, RelationKey, Value};
use sea_orm::Value as Bound;
use uuid::Uuid;

use super::Batch;
use crate::column::{adapt, parameter};
use crate::{Dialect, StoreError, facts};

/// More rows per statement gain nothing measurable and make long texts to parse.
pub(super) const ROWS_PER_STATEMENT: usize = 500;

/// Columns of every table that only this crate writes.
const KEPT: [&str; 4] = ["id", "version", "created_at", "updated_at"];

/// A column of a batch.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    nullable: bool,
}

impl Column {
    pub(super) fn accept_null(&self, object: &ObjectType, value: &Value) -> Result<(), StoreError> {
        if value.is_null() && !self.nullable {
            return Err(StoreError::MissingColumn { object: object.name.clone(), column: self.name.clone() });
        }
        Ok(())
    }
}

/// A batch whose columns are known and complete.
pub(super) struct Rows<'a> {
    object: &'a ObjectType,
    /// The columns to write, without `id`.
    pub(super) columns: Vec<(usize, Column)>,
    /// Where the rows have their id, if they do.
    id: Option<usize>,
}

impl<'a> Rows<'a> {
    pub(super) fn check(batch: &Batch<'a>) -> Result<Self, StoreError> {
        let object = batch.object;
        let mut columns = Vec::with_capacity(batch.columns.len());
        for (index, name) in batch.columns.iter().enumerate().filter(|(_, name)| *name != "id") {
            columns.push((index, writable(object, name)?));
        }
        for needed in all_columns(object).filter(|column| !column.nullable && !is_kept(object, &column.name)) {
            if !columns.iter().any(|(_, column)| column.name == needed.name) {
                return Err(StoreError::MissingColumn { object: object.name.clone(), column: needed.name });
            }
        }
        let expected = batch.columns.len();
        if let Some((row, values)) = batch.rows.iter().enumerate().find(|(_, values)| values.len() != expected) {
            let object = object.name.clone();
            return Err(StoreError::RowWidth { object, row, given: values.len(), expected });
        }
        let id = batch.columns.iter().position(|name| name == "id");
        Ok(Rows { object, columns, id })
    }

    /// How many rows go into one statement.
    pub(super) fn per_statement(&self, dialect: Dialect) -> usize {
        (dialect.parameter_limit() / (self.columns.len() + 3)).clamp(1, ROWS_PER_STATEMENT)
    }

    /// The `INSERT` of `chunk`.
    pub(super) fn insert(
        &self,
        dialect: Dialect,
        chunk: &[Vec<Value>],
        now: DateTime<Utc>,
    ) -> Result<(String, Vec<Bound>), StoreError> {
        let (rows, values) = self.values(dialect, chunk, now)?;
        let columns = self.columns.iter().fold(String::new(), |list, (_, column)| list + ", \"" + &column.name + "\"");
        let table = &self.object.table;
        let sql =
            format!(r#"INSERT INTO "{table}" ("version", "created_at", "updated_at", "id"{columns}) VALUES {rows}"#);
        Ok((sql, values))
    }

    /// The rows of `chunk` as they stand behind `VALUES`: version, both times, id, the columns.
    pub(super) fn values(
        &self,
        dialect: Dialect,
        chunk: &[Vec<Value>],
        now: DateTime<Utc>,
    ) -> Result<(String, Vec<Bound>), StoreError> {
        let width = self.columns.len() + 3;
        let mut values = Vec::with_capacity(chunk.len() * width);
        let mut sql = String::with_capacity(chunk.len() * width * 8);
        let now = bind(dialect, self.object, "createdAt", &Kind::DateTime, &now.into())?;
        for (index, row) in chunk.iter().enumerate() {
            let first = values.len() + 1;
            sql.push_str(if index == 0 { "(1" } else { ", (1" });
            let kept = [&Kind::DateTime, &Kind::DateTime, &Kind::Id];
            let kinds = kept.into_iter().chain(self.columns.iter().map(|(_, column)| &column.kind));
            for (number, kind) in (first..).zip(kinds) {
                // Writing into a string cannot fail.
                let _ = match dialect {
                    Dialect::Postgres => write!(sql, ", {}", parameter(dialect, kind, number)),
                    // Numbered parameters have names to SQLite, and for each value bound it reads through all of them.
                    Dialect::Sqlite => write!(sql, ", ?"),
                };
            }
            sql.push(')');
            values.extend([now.clone(), now.clone()]);
            self.bind_row(dialect, row, &mut values)?;
        }
        Ok((sql, values))
    }

    fn bind_row(&self, dialect: Dialect, row: &[Value], values: &mut Vec<Bound>) -> Result<(), StoreError> {
        let id = match self.id.and_then(|index| row.get(index)) {
            Some(given) if !given.is_null() => bind(dialect, self.object, "id", &Kind::Id, given)?,
            _ => Bound::Uuid(Some(Uuid::now_v7())),
        };
        values.push(id);
        for (index, column) in &self.columns {
            let value = row.get(*index).unwrap_or(&Value::Null);
            column.accept_null(self.object, value)?;
            values.push(bind(dialect, self.object, &column.name, &column.kind, value)?);
        }
        Ok(())
    }
}

/// The value as a parameter; an error names the type and the field.
pub(super) fn bind(
    dialect: Dialect,
    object: &ObjectType,
    name: &str,
    kind: &Kind,
    value: &Value,
) -> Result<Bound, StoreError> {
    adapt(dialect, kind, value).map_err(|unfit| {
        let field = object.fields.iter().find(|field| field.column == name).map_or(name, |field| field.name.as_str());
        unfit.of(format_args!("{}.{field}", object.name))
    })
}

/// The column that a caller means by `name`.
pub(super) fn writable(object: &ObjectType, name: &str) -> Result<Column, StoreError> {
    let by_field = object.get(name).map(|field| field.column.as_str());
    let wanted = by_field.unwrap_or(name);
    let reference = by_field.is_none();
    match all_columns(object).find(|column| column.name == wanted && (!reference || column.kind == Kind::Id)) {
        Some(column) if KEPT.contains(&column.name.as_str()) => {
            Err(StoreError::KeptColumn { object: object.name.clone(), column: name.to_owned() })
        }
        Some(column) => Ok(column),
        None => Err(StoreError::UnknownColumn { object: object.name.clone(), column: name.to_owned() }),
    }
}

/// Fields, then references.
fn all_columns(object: &ObjectType) -> impl Iterator<Item = Column> {
    let fields = object.fields.iter().map(|field| Column {
        name: field.column.clone(),
        kind: field.kind.clone(),
        nullable: field.nullable,
    });
    let references = object.relations.iter().filter_map(|relation| match (&relation.key, relation.cardinality) {
        (RelationKey::Here { column }, Cardinality::One) => {
            Some(Column { name: column.clone(), kind: Kind::Id, nullable: relation.nullable })
        }
        _ => None,
    });
    fields.chain(references)
}

/// Whether this crate fills the column of a new record when nobody else does.
fn is_kept(object: &ObjectType, column: &str) -> bool {
    KEPT.contains(&column) || facts::is_fact(&object.table, column)
}
