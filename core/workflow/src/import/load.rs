//! Load: records into the store, a batch at a time, with the records they refer to found by their external ids.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use guildhall_model::Value;
use guildhall_store::{Batch, Transaction, Upserted};
use uuid::Uuid;

use super::ImportError;
use super::mapping::{FileMapping, ReferenceMapping};
use super::record::Record;
use super::refusal::{Fault, shown};

pub(crate) struct Load<'a> {
    pub transaction: &'a Transaction,
    pub source: &'a str,
    pub now: DateTime<Utc>,
}

impl Load<'_> {
    /// Writes records made by one file mapping.
    pub(crate) async fn write(&self, mapping: &FileMapping, records: Vec<Record>) -> Result<Upserted, ImportError> {
        let failed = |error| ImportError::Store {
            file: mapping.file.clone(),
            object: mapping.object.name.clone(),
            error: Box::new(error),
        };
        let mut parents = Vec::with_capacity(mapping.references.len());
        for (place, reference) in mapping.references.iter().enumerate() {
            parents.push(self.parents(place, reference, &records).await.map_err(failed)?);
        }
        let mut columns: Vec<String> = vec!["source".to_owned(), "externalId".to_owned()];
        columns.extend(mapping.fields.iter().map(|field| field.field.name.clone()));
        columns.extend(mapping.references.iter().map(|reference| reference.column.clone()));
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            let mut row = Vec::with_capacity(columns.len());
            row.push(Value::from(self.source));
            row.push(Value::from(record.external_id));
            row.extend(record.values);
            for ((reference, known), id) in mapping.references.iter().zip(&parents).zip(record.parents) {
                let value = match id {
                    None => Value::Null,
                    Some(id) => match known.get(&id) {
                        Some(uuid) => Value::Id(*uuid),
                        None => {
                            let fault = missing_parent(reference, &id);
                            return Err(ImportError::Row(fault.at(&mapping.file, record.line)));
                        }
                    },
                };
                row.push(value);
            }
            rows.push(row);
        }
        let batch = Batch { object: &mapping.object, columns, rows };
        self.transaction.upsert(&batch, self.now).await.map_err(failed)
    }

    async fn parents(
        &self,
        place: usize,
        reference: &ReferenceMapping,
        records: &[Record],
    ) -> Result<HashMap<String, Uuid>, guildhall_store::StoreError> {
        let ids: HashSet<&String> = records.iter().filter_map(|record| record.parents.get(place)?.as_ref()).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        self.transaction.ids_by_external(&reference.target, self.source, &ids).await
    }
}

fn missing_parent(reference: &ReferenceMapping, id: &str) -> Fault {
    let fault = Fault::new(
        format!("there is no `{}` with the id `{}`", reference.target.name, shown(id)),
        format!("add it to its file, and let the mapping import `{}` first", reference.target.name),
    );
    match reference.id.columns().next() {
        Some(column) => fault.in_column(column),
        None => fault,
    }
}
