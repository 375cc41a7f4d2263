//! Records that an act writes: each with its event, and the customer facts that follow from them.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::{GlobalId, ObjectType, Value};
use guildhall_store::event::{self, Event};
use guildhall_store::facts::{self, Touched};
use guildhall_store::{Batch, FieldsSet, Record, RecordColumn, Transaction, record_columns};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::{House, WorkflowError};

/// What an act writes in its transaction. [`Writing::finish`] comes before the commit.
pub(crate) struct Writing<'a> {
    house: &'a House,
    transaction: &'a Transaction,
    /// Who does it.
    actor: &'a str,
    /// The act's name.
    act: &'a str,
    now: DateTime<Utc>,
    events: Vec<Event>,
    touched: Touched,
}

impl<'a> Writing<'a> {
    pub(crate) fn new(
        house: &'a House,
        transaction: &'a Transaction,
        actor: &'a str,
        act: &'a str,
        now: DateTime<Utc>,
    ) -> Self {
        Writing { house, transaction, actor, act, now, events: Vec::new(), touched: Touched::default() }
    }

    /// A type of the model.
    pub(crate) fn object(&self, name: &str) -> Result<Arc<ObjectType>, WorkflowError> {
        object(self.house, name)
    }

    /// Makes a record of `values`, by the API's names.
    pub(crate) async fn make(
        &mut self,
        object: &Arc<ObjectType>,
        values: &[(&str, Value)],
    ) -> Result<Uuid, WorkflowError> {
        let (names, row): (Vec<&str>, Vec<Value>) = values.iter().cloned().unzip();
        let made = self.make_all(object, &names, vec![row]).await?;
        made.first().copied().ok_or_else(|| WorkflowError::Internal("nothing was made".to_owned()))
    }

    /// Makes records by one statement; each row has a value for each of `names`.
    pub(crate) async fn make_all(
        &mut self,
        object: &Arc<ObjectType>,
        names: &[&str],
        rows: Vec<Vec<Value>>,
    ) -> Result<Vec<Uuid>, WorkflowError> {
        let known = record_columns(object);
        let columns = names.iter().map(|name| column(&known, object, name)).collect::<Result<Vec<_>, _>>()?;
        let mut ids = Vec::with_capacity(rows.len());
        let mut batch = Vec::with_capacity(rows.len());
        for mut row in rows {
            let id = Uuid::now_v7();
            let after = columns.iter().zip(&row);
            let after =
                after.map(|(column, value)| (column.name.clone(), column.json(&self.house.model, object, value)));
            self.happened(object, (id, 1), "CREATED", None, Some(after.collect()));
            let given = |name: &str| names.iter().zip(&row).find(|(known, _)| **known == name).map(|(_, value)| value);
            self.touched.note(object, id, false, None, given);
            row.insert(0, Value::Id(id));
            batch.push(row);
            ids.push(id);
        }
        let stored = columns.iter().map(|column| stored(column).to_owned());
        let columns = std::iter::once("id".to_owned()).chain(stored).collect();
        self.transaction.insert(&Batch { object, columns, rows: batch }, self.now).await?;
        Ok(ids)
    }

    /// Changes a record that is locked.
    pub(crate) async fn set(
        &mut self,
        object: &Arc<ObjectType>,
        record: &Record,
        values: &[(&str, Value)],
    ) -> Result<(), WorkflowError> {
        let known = record_columns(object);
        let mut fields = Vec::with_capacity(values.len());
        let (mut before, mut after) = (Map::new(), Map::new());
        for (name, value) in values {
            let column = column(&known, object, name)?;
            let old = record.get(object, name).unwrap_or(&Value::Null);
            before.insert((*name).to_owned(), column.json(&self.house.model, object, old));
            after.insert((*name).to_owned(), column.json(&self.house.model, object, value));
            fields.push((stored(column), value.clone()));
        }
        let set = self.transaction.set_fields(object, record.id, record.version, &fields, self.now).await?;
        let FieldsSet::Done { version } = set else {
            return Err(WorkflowError::Internal(format!("a locked record of `{}` changed", object.name)));
        };
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let given = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
        self.touched.note(object, record.id, true, Some(&names), |name| record.get(object, name));
        self.touched
            .note(object, record.id, false, Some(&names), |name| given(name).or_else(|| record.get(object, name)));
        self.happened(object, (record.id, version), "UPDATED", Some(before), Some(after));
        Ok(())
    }

    /// Brings the facts up to date that the records concern, and writes the events.
    pub(crate) async fn finish(self) -> Result<(), WorkflowError> {
        facts::refresh_customers(self.transaction, &self.touched, self.now).await?;
        Ok(event::append(self.transaction, &self.events, self.now).await?)
    }

    fn happened(
        &mut self,
        object: &ObjectType,
        (id, version): (Uuid, i64),
        kind: &'static str,
        before: Option<Map<String, Json>>,
        after: Option<Map<String, Json>>,
    ) {
        self.events.push(Event {
            id: Uuid::now_v7(),
            occurred_at: self.now,
            actor: self.actor.to_owned(),
            act: self.act.to_owned(),
            kind,
            record_type: object.name.clone(),
            record_id: GlobalId::new(object, id).to_string(),
            record_version: version,
            before: before.map(Json::Object),
            after: after.map(Json::Object),
        });
    }
}

/// A type of the model.
pub(crate) fn object(house: &House, name: &str) -> Result<Arc<ObjectType>, WorkflowError> {
    let object = house.model.object(name).cloned();
    object.ok_or_else(|| WorkflowError::Internal(format!("the model lacks `{name}`")))
}

fn column<'c>(known: &'c [RecordColumn], object: &ObjectType, name: &str) -> Result<&'c RecordColumn, WorkflowError> {
    let column = known.iter().find(|column| column.name == name);
    column.ok_or_else(|| WorkflowError::Internal(format!("`{}` has no `{name}`", object.name)))
}

/// The name a column is written by.
fn stored(column: &RecordColumn) -> &str {
    if column.target.is_some() { &column.column } else { &column.name }
}
