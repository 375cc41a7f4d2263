//! Selections on records.

use std::sync::Arc;

use apollo_compiler::executable::SelectionSet;
use guildhall_model::plan::{Entry, MoneyPart, Output, Selection};
use guildhall_model::{Cardinality, Kind, ObjectType};

use super::collect::Collected;
use super::{DECISION_COST, Planner};
use crate::problem::Problem;
use crate::schema::{List, list_of};

impl<'a> Planner<'a> {
    /// What is read of a record; `records` is how many such records there may be.
    pub(super) fn selection(
        &mut self,
        object: &Arc<ObjectType>,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Selection, Problem> {
        let mut outputs = Vec::new();
        let all = self.collect(sets, &object.name)?;
        self.count_values(records, all.len())?;
        for collected in all {
            let value = self.output(object, &collected, records)?;
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(Selection { object: Arc::clone(object), outputs })
    }

    fn output(
        &mut self,
        object: &Arc<ObjectType>,
        collected: &Collected<'a>,
        records: usize,
    ) -> Result<Output, Problem> {
        let field = collected.first()?;
        let name = field.name.as_str();
        if name == "__typename" {
            return Ok(Output::Constant(object.name.clone()));
        }
        if let Some(declared) = object.get(name) {
            return match declared.kind {
                Kind::Id => Ok(Output::GlobalId),
                Kind::Money => {
                    Ok(Output::Money { field: Arc::clone(declared), parts: self.money(&collected.selections())? })
                }
                _ => Ok(Output::Field(Arc::clone(declared))),
            };
        }
        let (name, list) = list_of(name, |name| object.relation(name).is_some());
        if let Some(relation) = object.relation(name) {
            let target = self.context.model.object(&relation.target).ok_or_else(|| self.unplanned(field))?;
            let relation = Arc::clone(relation);
            let sets = &collected.selections();
            return Ok(match (relation.cardinality, list) {
                (Cardinality::One, _) => {
                    self.count(records)?;
                    Output::One { relation, selection: self.selection(target, sets, records)? }
                }
                (Cardinality::Many, List::Records) => {
                    let connection = self.connection(target, field, sets, records)?;
                    Output::Many { relation, connection: Box::new(connection) }
                }
                (Cardinality::Many, List::Groups) => {
                    let connection = self.groups(target, field, sets, records)?;
                    Output::Many { relation, connection: Box::new(connection) }
                }
                (Cardinality::Many, List::Aggregate) => {
                    let aggregate = self.aggregate(target, field, sets, records)?;
                    Output::Aggregate { relation, aggregate: Box::new(aggregate) }
                }
            });
        }
        let point = self.context.points.iter().find(|point| point.subject == object.name && point.field == name);
        let point = point.ok_or_else(|| self.unplanned(field))?;
        self.count(records.saturating_mul(DECISION_COST))?;
        self.decision(&Arc::clone(point), field, &collected.selections())
    }

    pub(super) fn money(&self, sets: &[&'a SelectionSet]) -> Result<Vec<Entry<MoneyPart>>, Problem> {
        let mut parts = Vec::new();
        for collected in self.collect(sets, "Money")? {
            let field = collected.first()?;
            let value = match field.name.as_str() {
                "amount" => MoneyPart::Amount,
                "currency" => MoneyPart::Currency,
                "__typename" => MoneyPart::Constant("Money".to_owned()),
                _ => return Err(self.unplanned(field)),
            };
            parts.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(parts)
    }
}
