//! The columns of a type.

use std::sync::Arc;

use guildhall_model::{Field, Kind, Model, ObjectType, Relation};
use serde_json::Value as Json;

use super::ExportError;
use super::cell::{Cell, quote};
use crate::business_data::{HERE, is_given, is_given_reference};

/// What is exported of a type: all that an import can set.
#[derive(Clone, Debug)]
pub struct Table {
    pub object: Arc<ObjectType>,
    pub fields: Vec<Arc<Field>>,
    pub references: Vec<Arc<Relation>>,
}

impl Table {
    pub(super) fn of(model: &Model, object: &Arc<ObjectType>) -> Self {
        let fields = object.fields.iter().filter(|field| is_given(object, &field.name)).cloned().collect();
        let references =
            object.relations.iter().filter(|relation| is_given_reference(model, relation)).cloned().collect();
        Table { object: Arc::clone(object), fields, references }
    }

    /// The names of the columns, which are the keys of JSON Lines.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = vec!["source".to_owned(), "externalId".to_owned()];
        columns.extend(self.fields.iter().map(|field| field.name.clone()));
        for reference in &self.references {
            columns.extend(["source", "externalId"].map(|part| format!("{}.{part}", reference.name)));
        }
        columns
    }

    pub(super) fn write_header(&self, out: &mut String) {
        for (index, column) in self.columns().iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            quote(column, out);
        }
        out.push('\n');
    }

    pub(super) fn write_csv(&self, record: &Json, out: &mut String) -> Result<(), ExportError> {
        for (index, cell) in self.cells(record)?.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            cell.write_csv(out);
        }
        out.push('\n');
        Ok(())
    }

    pub(super) fn write_json(&self, record: &Json, out: &mut String) -> Result<(), ExportError> {
        for (index, (column, cell)) in self.columns().iter().zip(self.cells(record)?).enumerate() {
            out.push(if index == 0 { '{' } else { ',' });
            // Names of the model: nothing to escape.
            out.push_str(&format!("\"{column}\":"));
            cell.write_json(out);
        }
        out.push_str("}\n");
        Ok(())
    }

    /// A record's values in the order of the columns.
    fn cells<'a>(&self, record: &'a Json) -> Result<Vec<Cell<'a>>, ExportError> {
        let mut cells = Vec::with_capacity(2 + self.fields.len() + 2 * self.references.len());
        cells.extend(self.origin(record)?);
        for field in &self.fields {
            let value = self.member(record, &field.name)?;
            cells.push(match (&field.kind, value) {
                (_, Json::Null) => Cell::Null,
                (Kind::Text, Json::String(text)) => Cell::Text(text),
                (Kind::Money, amount) => Cell::Value(self.member(amount, "amount")?),
                (_, value) => Cell::Value(value),
            });
        }
        for reference in &self.references {
            match self.member(record, &reference.name)? {
                Json::Null => cells.extend([Cell::Null, Cell::Null]),
                target => cells.extend(self.origin(target)?),
            }
        }
        Ok(cells)
    }

    /// Where a record came from, and its id there.
    fn origin<'a>(&self, record: &'a Json) -> Result<[Cell<'a>; 2], ExportError> {
        let part = |name: &str| self.member(record, name).map(Json::as_str);
        Ok(match (part("source")?, part("externalId")?) {
            (Some(source), Some(id)) => [Cell::Text(source), Cell::Text(id)],
            _ => [Cell::Text(HERE), Cell::Value(self.member(record, "id")?)],
        })
    }

    fn member<'a>(&self, record: &'a Json, name: &str) -> Result<&'a Json, ExportError> {
        record.get(name).ok_or_else(|| ExportError::incomplete(&self.object.name, name))
    }
}
