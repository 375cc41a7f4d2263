//! What a selection reads: the fields a plugin's approver is shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use guildhall_model::plan::{
    Condition, Connection, ConnectionOutput, EdgeOutput, Expression, Groups, KeyOf, MoneyPart, Output, Rows, Selection,
};
use guildhall_model::{Field, Kind, Relation};

/// Every stored field the selection reads, as `Type.field`, with where it stands from the subject: `CreditAccount.limit` at
/// `Customer.creditAccount.limit`. Passing a relation reads whether there is a record: its `id`. What a list is filtered,
/// grouped and ordered by is disclosed by it, too.
pub(super) fn reads_of(selection: &Selection) -> BTreeSet<(String, String)> {
    let mut reads = Reads { found: BTreeSet::new(), path: vec![selection.object.name.clone()] };
    reads.selection(selection);
    reads.found
}

struct Reads {
    found: BTreeSet<(String, String)>,
    /// From the subject to where the walk is.
    path: Vec<String>,
}

impl Reads {
    fn field(&mut self, object: &str, field: &str) {
        let place = format!("{}.{field}", self.path.join("."));
        self.found.insert((format!("{object}.{field}"), place));
    }

    /// Goes through a relation: what is read behind it stands there, and so does whether there is anything.
    fn through(&mut self, relation: &Relation, behind: impl FnOnce(&mut Self)) {
        self.path.push(relation.name.clone());
        self.field(&relation.target, "id");
        behind(self);
        self.path.pop();
    }

    fn money(&mut self, object: &str, field: &Field, with_currency: bool) {
        self.field(object, &field.name);
        if with_currency {
            self.field(object, "currency");
        }
    }

    fn selection(&mut self, selection: &Selection) {
        let object = &selection.object.name;
        for entry in &selection.outputs {
            match &entry.value {
                Output::GlobalId => self.field(object, "id"),
                Output::Field(field) => self.field(object, &field.name),
                Output::Money { field, parts } => {
                    self.money(object, field, parts.iter().any(|part| part.value == MoneyPart::Currency));
                }
                Output::One { relation, selection } => self.through(relation, |reads| reads.selection(selection)),
                Output::Same(selection) => self.selection(selection),
                Output::Many { relation, connection } => self.through(relation, |reads| reads.list(connection)),
                Output::Aggregate { relation, aggregate } => {
                    self.through(relation, |reads| reads.groups(&aggregate.groups, &aggregate.filter));
                }
                Output::Null | Output::Constant(_) | Output::Total { .. } | Output::Slot(_) | Output::Facts { .. } => {}
            }
        }
    }

    fn list(&mut self, connection: &Connection) {
        let grouped = match &connection.rows {
            Rows::Groups(groups) => {
                self.groups(groups, &connection.filter);
                true
            }
            Rows::Records => {
                for term in &connection.order {
                    self.expression(&term.by, &connection.object.name);
                }
                self.condition(&connection.filter, &connection.object.name);
                false
            }
        };
        let mut row = |selection: &Selection| if grouped { self.group(selection) } else { self.selection(selection) };
        for output in &connection.outputs {
            match &output.value {
                ConnectionOutput::Nodes(selection) => row(selection),
                ConnectionOutput::Edges(entries) => {
                    for entry in entries {
                        if let EdgeOutput::Node(selection) = &entry.value {
                            row(selection);
                        }
                    }
                }
                ConnectionOutput::PageInfo(_) | ConnectionOutput::TotalCount | ConnectionOutput::Constant(_) => {}
            }
        }
    }

    /// What records are counted, grouped and added up by.
    fn groups(&mut self, groups: &Groups, filter: &Condition) {
        let of = &groups.of.name;
        self.field(of, "id");
        for key in &groups.keys {
            self.key(&key.through, &key.by, of);
        }
        for field in groups.measures.iter().filter_map(|measure| measure.field.as_ref()) {
            self.money(of, field, field.kind == Kind::Money);
        }
        self.condition(filter, of);
    }

    /// What a key of groups is read by: a field, or a related record, at the end of a path.
    fn key(&mut self, path: &[Arc<Relation>], by: &KeyOf, object: &str) {
        match (path.split_first(), by) {
            (Some((relation, rest)), _) => self.through(relation, |reads| reads.key(rest, by, &relation.target)),
            (None, KeyOf::Field { field, .. }) => self.field(object, &field.name),
            (None, KeyOf::Relation { relation, .. }) => self.through(relation, |_| ()),
        }
    }

    /// What is read beyond a group's own columns: the records its keys lead to.
    fn group(&mut self, selection: &Selection) {
        for entry in &selection.outputs {
            match &entry.value {
                Output::Same(selection) => self.group(selection),
                Output::One { relation, selection } => self.through(relation, |reads| reads.selection(selection)),
                _ => {}
            }
        }
    }

    fn expression(&mut self, expression: &Expression, object: &str) {
        match expression {
            Expression::Field(field) => self.field(object, &field.name),
            Expression::Through(relation, inner) => {
                self.through(relation, |reads| reads.expression(inner, &relation.target));
            }
            Expression::Lower(inner) => self.expression(inner, object),
            Expression::Counted(counted) => {
                self.field(object, &counted.amount.name);
                self.field(object, &counted.currency.name);
            }
            Expression::Operand(_) => {}
            Expression::Add(left, right) | Expression::Subtract(left, right) | Expression::Multiply(left, right) => {
                self.expression(left, object);
                self.expression(right, object);
            }
        }
    }

    fn condition(&mut self, condition: &Condition, object: &str) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| self.condition(part, object));
            }
            Condition::Not(inner) | Condition::NotTrue(inner) => self.condition(inner, object),
            Condition::Compare { left, right, .. } => {
                self.expression(left, object);
                self.expression(right, object);
            }
            Condition::OneOf { left, .. } | Condition::IsNull(left) | Condition::Text { left, .. } => {
                self.expression(left, object);
            }
            Condition::AnyCase { left, .. } => self.field(object, &left.name),
            Condition::Some { relation, condition } => {
                self.through(relation, |reads| reads.condition(condition, &relation.target));
            }
        }
    }
}

#[cfg(test)]
mod tests;
