//! Fields that are merged: how much work the validator has with them, and that their arguments are the same.
//!
//! Fields of one key are merged for each type they may stand on, and their selections again for each type: a document
//! that takes the types apart on every level doubles the work with each, whatever its length. So the merging is walked
//! through here as the validator would, and given up when it takes too long. On the way arguments are compared: the
//! validator takes a list for equal to a longer one that begins with it.

use std::collections::{HashMap, HashSet};

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, Value};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Schema};

use crate::problem::{Code, Problem};

/// Most fields and values that merging a document's operations may look at.
const STEPS: usize = 40_000;

/// Checks every operation, or says that merging it takes too much, or which field has other arguments than one it is merged
/// with.
pub(super) fn check(document: &ExecutableDocument, schema: &Schema) -> Result<(), Problem> {
    let mut merging = Merging { document, schema, left: STEPS };
    document.operations.iter().try_for_each(|operation| merging.merge(&[&operation.selection_set]))
}

struct Merging<'d> {
    document: &'d ExecutableDocument,
    schema: &'d Schema,
    left: usize,
}

/// A field and whether the type it stands on is an object's; the type's name.
type Standing<'d> = (&'d SelectionSet, &'d Field);

impl<'d> Merging<'d> {
    fn merge(&mut self, sets: &[&'d SelectionSet]) -> Result<(), Problem> {
        let mut keys: HashMap<&str, Vec<Standing<'d>>> = HashMap::new();
        let mut seen = HashSet::new();
        for set in sets {
            self.collect(set, &mut seen, &mut keys)?;
        }
        for fields in keys.values() {
            for group in self.by_type(fields) {
                self.compare(&group)?;
                let inner: Vec<_> =
                    group.iter().map(|field| &field.selection_set).filter(|set| !set.is_empty()).collect();
                if !inner.is_empty() {
                    self.merge(&inner)?;
                }
            }
        }
        Ok(())
    }

    /// Each fragment is opened once.
    fn collect(
        &mut self,
        set: &'d SelectionSet,
        seen: &mut HashSet<&'d str>,
        keys: &mut HashMap<&'d str, Vec<Standing<'d>>>,
    ) -> Result<(), Problem> {
        for selection in &set.selections {
            self.step(1)?;
            match selection {
                Selection::Field(field) => keys.entry(field.response_key().as_str()).or_default().push((set, field)),
                Selection::InlineFragment(inline) => self.collect(&inline.selection_set, seen, keys)?,
                Selection::FragmentSpread(spread) if seen.insert(spread.fragment_name.as_str()) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.collect(&fragment.selection_set, seen, keys)?;
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
        Ok(())
    }

    /// The fields that may stand on one object: those of each object type together with those of all interfaces and unions.
    fn by_type(&self, fields: &[Standing<'d>]) -> Vec<Vec<&'d Field>> {
        let is_object = |set: &SelectionSet| matches!(self.schema.types.get(&set.ty), Some(ExtendedType::Object(_)));
        let mut abstracts = Vec::new();
        let mut objects: HashMap<&str, Vec<&Field>> = HashMap::new();
        for (set, field) in fields {
            if is_object(set) {
                objects.entry(set.ty.as_str()).or_default().push(field);
            } else {
                abstracts.push(*field);
            }
        }
        if objects.is_empty() {
            return vec![abstracts];
        }
        let with_abstracts = |mut group: Vec<&'d Field>| {
            group.extend(&abstracts);
            group
        };
        objects.into_values().map(with_abstracts).collect()
    }

    /// The first field's arguments are compared with each other's, and told with each that differs.
    fn compare(&mut self, group: &[&Field]) -> Result<(), Problem> {
        let Some((first, rest)) = group.split_first() else { return Ok(()) };
        if rest.is_empty() {
            return Ok(());
        }
        let values: usize = first.arguments.iter().map(|argument| size(&argument.value)).sum();
        self.step((values + 1).saturating_mul(rest.len()))?;
        let differs = |other: &&&Field| other.name == first.name && !same_arguments(&first.arguments, &other.arguments);
        match rest.iter().find(differs) {
            None => Ok(()),
            Some(other) => {
                let key = other.response_key();
                let message = format!("`{key}` is selected twice with other arguments; give one of them an alias");
                let problem = Problem::new(Code::ValidationFailed, message);
                Err(problem.located(other.name.location(), &self.document.sources))
            }
        }
    }

    fn step(&mut self, steps: usize) -> Result<(), Problem> {
        let left = self.left.checked_sub(steps);
        self.left = left.ok_or_else(|| {
            Problem::limit("merging", "the document selects too many fields of one name to merge them")
        })?;
        Ok(())
    }
}

/// How many values there are in a value. Comparing objects takes the square of their length.
fn size(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(|item| size(item)).sum::<usize>(),
        Value::Object(fields) => fields.len().pow(2) + fields.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 1,
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
