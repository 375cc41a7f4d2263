//! Claims: what only one record may have, told where nothing is written that the database could refuse.

use std::collections::HashMap;

use guildhall_model::{Model, ObjectType, Value};
use guildhall_store::{Batch, ExternalKey, StoreError, Transaction, unique_fields};

use super::load::Stop;
use super::mapping::FileMapping;
use super::record::Record;
use super::refusal::Fault;
use super::scratch::Scratch;
use super::taken::seen;

/// The columns of a type whose values occur once, and where a dry run remembers which record would have which.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    /// As a batch names them.
    columns: Vec<String>,
    /// Two shelves for each column: by value the record, and by record the value.
    shelf: u32,
}

/// One column, with what the records looked at so far would have; not yet remembered, as a later one may be refused.
struct Claimed<'a> {
    scratch: &'a Scratch,
    shelf: u32,
    /// By value the record that has it in the database, if it has a name elsewhere.
    stored: HashMap<String, Option<ExternalKey>>,
    records: HashMap<Vec<u8>, Vec<u8>>,
    values: HashMap<Vec<u8>, Vec<u8>>,
}

impl Claims {
    pub(crate) fn new(model: &Model, object: &ObjectType, shelf: u32) -> Self {
        let references = object.references(model).into_iter().filter(|reference| reference.unique);
        let references = references.map(|reference| reference.column.to_owned());
        Claims { columns: unique_fields(object).into_iter().chain(references).collect(), shelf }
    }

    /// Refuses records as the database would, were those of earlier batches there, or remembers what they would have.
    pub(crate) async fn check(
        &self,
        transaction: &Transaction,
        scratch: &Scratch,
        file: &FileMapping,
        batch: &Batch<'_>,
        records: &[Record],
    ) -> Result<(), Stop> {
        let mut checked = Vec::new();
        for (shelf, column) in (self.shelf..).step_by(2).zip(&self.columns) {
            let Some(place) = batch.columns.iter().position(|name| name == column) else { continue };
            let values =
                batch.rows.iter().zip(records).map(|(row, record)| claim(row.get(place)?, column, file, record));
            let values: Vec<Option<String>> = values.collect();
            let wanted: Vec<String> = values.iter().flatten().cloned().collect();
            let stored = transaction.holders(batch.object, column, &wanted).await?;
            let mut claimed = Claimed { scratch, shelf, stored, records: HashMap::new(), values: HashMap::new() };
            for (record, value) in records.iter().zip(values) {
                if let Some(value) = value
                    && !claimed.claim(&value, seen(&record.key))?
                {
                    return Err(StoreError::Taken(format!("{}.{column}", batch.object.table)).into());
                }
            }
            checked.push(claimed);
        }
        Ok(checked.iter().try_for_each(Claimed::remember)?)
    }
}

impl Claimed<'_> {
    /// Lets a record have a value, or says that another has it.
    fn claim(&mut self, value: &str, record: Vec<u8>) -> Result<bool, Fault> {
        if self.holder(value)?.is_some_and(|holder| holder != record) {
            return Ok(false);
        }
        self.records.insert(value.as_bytes().to_vec(), record.clone());
        self.values.insert(record, value.as_bytes().to_vec());
        Ok(true)
    }

    /// The record that would have a value now. One that would have another by now has let go of it.
    fn holder(&self, value: &str) -> Result<Option<Vec<u8>>, Fault> {
        let planned = match self.records.get(value.as_bytes()) {
            Some(record) => Some(record.clone()),
            None => self.scratch.get(self.shelf, value.as_bytes())?,
        };
        if let Some(record) = planned
            && self.now(&record)?.is_some_and(|now| now == value.as_bytes())
        {
            return Ok(Some(record));
        }
        let Some(stored) = self.stored.get(value) else { return Ok(None) };
        // Who has no name elsewhere is no record of this import, and keeps it.
        let record = stored.as_ref().map(seen).unwrap_or_default();
        let has_it = self.now(&record)?.is_none_or(|now| now == value.as_bytes());
        Ok(has_it.then_some(record))
    }

    /// The value that a record of this import would have.
    fn now(&self, record: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.values.get(record) {
            Some(value) => Ok(Some(value.clone())),
            None => self.scratch.get(self.shelf + 1, record),
        }
    }

    fn remember(&self) -> Result<(), Fault> {
        let records = self.records.iter().map(|(value, record)| (self.shelf, value, record));
        let values = self.values.iter().map(|(record, value)| (self.shelf + 1, record, value));
        records.chain(values).try_for_each(|(shelf, key, value)| self.scratch.put(shelf, key, value).map(drop))
    }
}

/// A value as the database is asked for it; a record that is not there yet by its name elsewhere.
fn claim(value: &Value, column: &str, file: &FileMapping, record: &Record) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Id(id) if !id.is_nil() => Some(id.simple().to_string()),
        Value::Id(_) => {
            let place = file.references.iter().position(|reference| reference.column == column)?;
            let key = record.parents.get(place)?.as_ref()?;
            Some(format!("{}\0{}", key.source, key.id))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only texts and references are claimed, one column by itself.
    #[test]
    fn what_is_unique_of_business_data_is_known() {
        let model = Model::core();
        let unique = crate::business_data::types(&model).flat_map(|object| {
            let columns = Claims::new(&model, object, 0).columns.into_iter();
            columns.map(move |column| format!("{}.{column}", object.name))
        });
        let unique: Vec<_> = unique.collect();
        assert_eq!(unique, ["User.login", "Topic.key", "CreditAccount.customer_id"]);
    }
}
