//! Watch: which customers an event concerns, for who depends on certain fields of theirs.
//!
//! A field of the customer depends on the customer's own record, one behind a relation (`customer.parent.name`) on every
//! record on the way, and a fact on the records it is counted from. So what is watched are ways from a customer to records
//! of a type, and a changed record is followed back along each way that ends at its type.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guildhall_model::{GlobalId, Model, ObjectType, RelationKey};
use uuid::Uuid;

use crate::StoreError;
use crate::event::Told;
use crate::facts::{SOURCES, is_fact};
use crate::id_list::{id_list, ids_of};
use crate::link::Reads;

/// What is watched of customers.
#[derive(Debug)]
pub struct Watch {
    ways: Vec<Way>,
}

/// A way from a customer to records of a type.
#[derive(Clone, Debug)]
struct Way {
    object: Arc<ObjectType>,
    steps: Vec<Step>,
    /// The fields and references that are looked at there.
    fields: BTreeSet<String>,
}

/// From a record to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The record, of `table`, names the other by `column`.
    Names { table: String, column: String },
    /// The other, of `table`, names the record by `column`, which the API calls `name`.
    NamedBy { table: String, column: String, name: String },
}

impl Watch {
    /// Watches fields of the customer, each a path of names through relations to one record. The customer's own segment is
    /// not watched: who decides about it would follow himself.
    pub fn of(model: &Model, paths: &[Vec<String>]) -> Result<Watch, StoreError> {
        let customer = object(model, "Customer")?;
        let mut watch = Watch { ways: Vec::new() };
        for path in paths.iter().filter(|path| path.first().is_none_or(|first| first != "segment")) {
            let mut way = Way { object: Arc::clone(customer), steps: Vec::new(), fields: BTreeSet::new() };
            // The steps to the customer whose facts these may be.
            let mut owner = 0;
            for name in path {
                if let Some(field) = way.object.get(name) {
                    if is_fact(&way.object.table, &field.column) {
                        let owner = way.steps.get(..owner).unwrap_or_default().to_vec();
                        watch.add_sources(model, &owner)?;
                    }
                    watch.add(&way, &[name]);
                    break;
                }
                let relation = way.object.relation(name).ok_or_else(lost)?;
                let target = object(model, &relation.target)?;
                match &relation.key {
                    RelationKey::Here { column } => {
                        watch.add(&way, &[name]);
                        way.steps.push(Step::Names { table: way.object.table.clone(), column: column.clone() });
                        way.object = Arc::clone(target);
                    }
                    RelationKey::There { column } => {
                        let (step, inverse) = named_by(target, column)?;
                        way.steps.push(step);
                        way.object = Arc::clone(target);
                        watch.add(&way, &[&inverse]);
                    }
                }
                if way.object.name == customer.name {
                    owner = way.steps.len();
                }
            }
        }
        Ok(watch)
    }

    /// The records that facts of a customer are counted from. An order and an invoice stand for whoever they are of, so that
    /// what names them concerns these customers, too.
    fn add_sources(&mut self, model: &Model, owner: &[Step]) -> Result<(), StoreError> {
        for source in &SOURCES {
            let counted = object(model, source.object)?;
            if counted.name == "Customer" {
                let way = Way { object: Arc::clone(counted), steps: owner.to_vec(), fields: BTreeSet::new() };
                self.add(&way, source.reads);
                continue;
            }
            for name in source.reads {
                let Some(relation) = counted.relation(name) else { continue };
                let RelationKey::Here { column } = &relation.key else { continue };
                let mut steps = owner.to_vec();
                if relation.target != "Customer" {
                    steps.push(named_by(object(model, &relation.target)?, "customer_id")?.0);
                }
                steps.push(named_by(counted, column)?.0);
                self.add(&Way { object: Arc::clone(counted), steps, fields: BTreeSet::new() }, source.reads);
            }
        }
        Ok(())
    }

    fn add(&mut self, way: &Way, fields: &[&str]) {
        let fields = fields.iter().map(|field| (*field).to_owned());
        match self.ways.iter_mut().find(|known| known.object.name == way.object.name && known.steps == way.steps) {
            Some(known) => known.fields.extend(fields),
            None => self.ways.push(Way { fields: fields.collect(), ..way.clone() }),
        }
    }

    /// The customers that events concern, at most `most`: who the records belonged to before, and belong to now. At most one
    /// statement.
    pub async fn customers(&self, on: &impl Reads, events: &[Told], most: usize) -> Result<Vec<Uuid>, StoreError> {
        let link = on.link();
        let (mut parts, mut values) = (Vec::new(), Vec::new());
        for (steps, ids) in self.changed(events) {
            values.push(id_list(&ids));
            let ids = ids_of(link.dialect(), values.len());
            parts.push(steps.iter().rev().fold(ids, |ids, step| match step {
                Step::Names { table, column } => format!(r#"SELECT "id" FROM "{table}" WHERE "{column}" IN ({ids})"#),
                Step::NamedBy { table, column, .. } => {
                    format!(r#"SELECT "{column}" FROM "{table}" WHERE "id" IN ({ids})"#)
                }
            }));
        }
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let concerned = parts.join(" UNION ");
        let sql = format!(r#"SELECT "id" FROM "customer" WHERE "id" IN ({concerned}) ORDER BY "id" LIMIT {most}"#);
        let rows = link.rows(&sql, values).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// The records that changed, by the steps that lead to them.
    fn changed(&self, events: &[Told]) -> BTreeMap<&[Step], BTreeSet<Uuid>> {
        let mut changed: BTreeMap<&[Step], BTreeSet<Uuid>> = BTreeMap::new();
        for event in events {
            for way in self.ways.iter().filter(|way| way.object.name == event.record_type) {
                if event.kind == "UPDATED" && !event.fields.iter().any(|field| way.fields.contains(field)) {
                    continue;
                }
                let Ok(id) = GlobalId::parse_as(&event.record_id, &way.object) else { continue };
                changed.entry(&way.steps).or_default().insert(id);
                // Whom the record named before, the database does not know any more.
                if let Some((Step::NamedBy { name, .. }, steps)) = way.steps.split_last() {
                    let named = event.named.iter().filter(|(field, _)| field == name).map(|(_, id)| id.uuid);
                    changed.entry(steps).or_default().extend(named);
                }
            }
        }
        changed.retain(|_, ids| !ids.is_empty());
        changed
    }
}

/// The step to records of a type that name the one before by this column, and what the API calls it.
fn named_by(object: &ObjectType, column: &str) -> Result<(Step, String), StoreError> {
    let is_it = |key: &RelationKey| matches!(key, RelationKey::Here { column: known } if known == column);
    let relation = object.relations.iter().find(|relation| is_it(&relation.key));
    let name = relation.ok_or_else(lost)?.name.clone();
    let step = Step::NamedBy { table: object.table.clone(), column: column.to_owned(), name: name.clone() };
    Ok((step, name))
}

fn object<'m>(model: &'m Model, name: &str) -> Result<&'m Arc<ObjectType>, StoreError> {
    model.object(name).ok_or_else(lost)
}

fn lost() -> StoreError {
    StoreError::internal("what is watched is not in the model")
}

#[cfg(test)]
mod tests;
