//! Entering a table: the one place where a statement names a table of records, and so the one where it says which of them
//! the reader may see.

use guildhall_model::plan::Condition;
use guildhall_model::{ObjectType, Relation, RelationKey};

use super::sql::{Sql, quoted};
use crate::StoreError;

/// A row of a type, by the alias it has in the statement.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) object: &'a ObjectType,
    pub(super) alias: &'a str,
}

/// From where a table is entered.
#[derive(Clone, Copy)]
pub(super) enum Via<'a> {
    Nothing,
    /// From a record, over one of its relations.
    Relation(&'a Relation, Row<'a>),
}

impl Sql<'_> {
    /// `FROM ... WHERE ...`: the records that belong to `via`, that the reader may see and that fulfil `conditions`.
    pub(super) fn enter(
        &mut self,
        row: Row<'_>,
        via: Via<'_>,
        conditions: impl IntoIterator<Item = String>,
    ) -> Result<String, StoreError> {
        let mut all = Vec::new();
        if let Via::Relation(relation, outer) = via {
            all.push(join(relation, row.alias, outer.alias));
        }
        all.extend(self.rule(row, via)?);
        all.extend(conditions);
        let from = format!("FROM {} {}", quoted(&row.object.table), row.alias);
        Ok(if all.is_empty() { from } else { format!("{from} WHERE {}", all.join(" AND ")) })
    }

    /// What makes the row visible, unless everything is or the record it was entered from has answered for it.
    fn rule(&mut self, row: Row<'_>, via: Via<'_>) -> Result<Option<String>, StoreError> {
        let Some(visible) = self.visible else { return Ok(None) };
        let answered = match via {
            Via::Nothing => false,
            Via::Relation(_, outer) => {
                is_implied(row.object, via) && visible.answers_for(&outer.object.name, &row.object.name)
            }
        };
        let Some(rule) = visible.of(&row.object.name).filter(|_| !answered) else { return Ok(None) };
        self.unlimited(|sql| sql.condition(rule, row)).map(Some)
    }

    /// What `make` makes, with every record in sight.
    pub(super) fn unlimited<T>(
        &mut self,
        make: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let visible = self.visible.take();
        let made = make(self);
        self.visible = visible;
        made
    }

    /// The rows of a relation that fulfil `condition`, for `EXISTS`.
    pub(super) fn related(
        &mut self,
        relation: &Relation,
        outer: Row<'_>,
        condition: &Condition,
    ) -> Result<String, StoreError> {
        let target = self.target(&relation.target)?;
        let alias = self.alias();
        let row = Row { object: &target, alias: &alias };
        let filter = self.filter(condition, row)?;
        self.enter(row, Via::Relation(relation, outer), filter)
    }
}

/// Whether records of `object` entered so are visible because the record they were entered from is, if what opens the one
/// opens the other.
fn is_implied(object: &ObjectType, via: Via<'_>) -> bool {
    let Via::Relation(relation, outer) = via else { return false };
    let with = |object: &ObjectType| object.visible_with.as_ref().and_then(|name| object.relation(name)).cloned();
    match &relation.key {
        // To the record that the outer one is visible with.
        RelationKey::Here { .. } => with(outer.object).is_some_and(|with| with.name == relation.name),
        // To records that are visible with the outer one.
        RelationKey::There { column } => {
            with(object).is_some_and(|with| with.key == RelationKey::Here { column: column.clone() })
        }
    }
}

/// Joins the target's table `inner` to the record that `outer` stands for.
fn join(relation: &Relation, inner: &str, outer: &str) -> String {
    match &relation.key {
        RelationKey::Here { column } => format!("{inner}.id = {outer}.{}", quoted(column)),
        RelationKey::There { column } => format!("{inner}.{} = {outer}.id", quoted(column)),
    }
}
