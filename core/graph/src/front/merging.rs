//! Fields that are merged have the same arguments. The validator takes a list for equal to a longer one that begins with it,
//! so documents with such a pair are looked at again.

use std::collections::{BTreeSet, HashSet};

use apollo_compiler::ast::{Argument, Value};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};

use crate::problem::{Code, Problem};

/// Most fields that are looked at. Types that meet in fragments multiply them.
const FIELD_LIMIT: usize = 100_000;

/// Checks a validated document.
pub(super) fn check(schema: &Schema, document: &ExecutableDocument) -> Result<(), Problem> {
    if !has_lists_of_other_length(document) {
        return Ok(());
    }
    let mut merging = Merging { schema, document, fields: 0 };
    document.operations.iter().try_for_each(|operation| merging.merge(vec![&operation.selection_set]))
}

/// Whether fields anywhere have one key and arguments that differ by the length of a list.
fn has_lists_of_other_length(document: &ExecutableDocument) -> bool {
    let mut known: IndexMap<&Name, &Field> = IndexMap::default();
    let mut sets: Vec<&SelectionSet> = document.operations.iter().map(|operation| &operation.selection_set).collect();
    sets.extend(document.fragments.values().map(|fragment| &fragment.selection_set));
    while let Some(set) = sets.pop() {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    sets.push(&field.selection_set);
                    if !field.arguments.iter().any(|argument| has_list(&argument.value)) {
                        continue;
                    }
                    let first = *known.entry(field.response_key()).or_insert(field);
                    if !same_arguments(&first.arguments, &field.arguments) {
                        return true;
                    }
                }
                Selection::InlineFragment(inline) => sets.push(&inline.selection_set),
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    false
}

struct Merging<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    fields: usize,
}

/// A field with the type it is selected on.
type Selected<'d> = (&'d Name, &'d Node<Field>);

impl<'d> Merging<'d> {
    /// Checks sets whose fields are merged.
    fn merge(&mut self, sets: Vec<&'d SelectionSet>) -> Result<(), Problem> {
        let mut by_key: IndexMap<&Name, Vec<Selected<'d>>> = IndexMap::default();
        for selected in self.expanded(sets)? {
            by_key.entry(selected.1.response_key()).or_default().push(selected);
        }
        for fields in by_key.values() {
            for meeting in self.meeting(fields) {
                let Some((first, others)) = meeting.split_first() else { continue };
                if let Some((_, other)) =
                    others.iter().find(|(_, other)| !same_arguments(&first.1.arguments, &other.arguments))
                {
                    let message = format!(
                        "`{}` is selected twice with other arguments; give one of them an alias",
                        other.response_key()
                    );
                    let problem = Problem::new(Code::ValidationFailed, message);
                    return Err(problem.located(other.name.location(), &self.document.sources));
                }
                let inner: Vec<_> = meeting.iter().map(|(_, field)| &field.selection_set).collect();
                if inner.iter().any(|set| !set.is_empty()) {
                    self.merge(inner)?;
                }
            }
        }
        Ok(())
    }

    /// The fields of all sets with their fragments opened.
    fn expanded(&mut self, mut sets: Vec<&'d SelectionSet>) -> Result<Vec<Selected<'d>>, Problem> {
        let mut fields = Vec::new();
        let mut seen = HashSet::new();
        while let Some(set) = sets.pop() {
            for selection in &set.selections {
                match selection {
                    Selection::Field(field) => fields.push((&set.ty, field)),
                    Selection::InlineFragment(inline) => sets.push(&inline.selection_set),
                    Selection::FragmentSpread(spread) => {
                        if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                            && seen.insert(&spread.fragment_name)
                        {
                            sets.push(&fragment.selection_set);
                        }
                    }
                }
            }
        }
        self.fields += fields.len();
        if self.fields > FIELD_LIMIT {
            let message = "the document's fields meet in too many ways; give fields of lists aliases of their own";
            return Err(Problem::new(Code::LimitExceeded, message));
        }
        Ok(fields)
    }

    /// The fields that may stand on one record: those of an object type with those of interfaces and unions.
    fn meeting(&self, fields: &[Selected<'d>]) -> Vec<Vec<Selected<'d>>> {
        let is_object = |ty: &Name| self.schema.get_object(ty).is_some();
        let objects: BTreeSet<&Name> = fields.iter().map(|(ty, _)| *ty).filter(|ty| is_object(ty)).collect();
        if objects.is_empty() {
            return vec![fields.to_vec()];
        }
        let of = |object: &Name| {
            let meets = |(ty, _): &&Selected<'d>| *ty == object || !is_object(ty);
            fields.iter().filter(meets).copied().collect()
        };
        objects.into_iter().map(of).collect()
    }
}

fn has_list(value: &Value) -> bool {
    match value {
        Value::List(_) => true,
        Value::Object(fields) => fields.iter().any(|(_, value)| has_list(value)),
        _ => false,
    }
}

/// Whether arguments are the same, in whatever order.
fn same_arguments(left: &[Node<Argument>], right: &[Node<Argument>]) -> bool {
    left.len() == right.len()
        && left.iter().all(|one| {
            right.iter().find(|other| other.name == one.name).is_some_and(|other| same(&one.value, &other.value))
        })
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| {
                    right.iter().find(|(other, _)| other == name).is_some_and(|(_, other)| same(value, other))
                })
        }
        _ => left == right,
    }
}
