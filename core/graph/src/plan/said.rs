//! What an act says in JSON, read as the operation asks for it.

use apollo_compiler::executable::{Field, SelectionSet};
use guildhall_model::plan::Entry;
use serde_json::Value;

use super::Planner;
use crate::problem::Problem;

/// What is written of a JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    /// The value itself.
    Value,
    /// A constant text, such as `__typename`.
    Constant(String),
    /// Members of an object, or of every object of a list: which, and what of them.
    Members(Vec<Entry<(String, Said)>>),
}

impl Said {
    /// Writes what is asked for of `value`.
    pub(crate) fn of(&self, value: &Value) -> Value {
        match (self, value) {
            (Said::Constant(text), _) => Value::from(text.as_str()),
            (Said::Members(_), Value::Array(items)) => items.iter().map(|item| self.of(item)).collect(),
            (Said::Members(members), Value::Object(object)) => {
                let member = |entry: &Entry<(String, Said)>| {
                    let (name, said) = &entry.value;
                    (entry.key.clone(), said.of(object.get(name).unwrap_or(&Value::Null)))
                };
                Value::Object(members.iter().map(member).collect())
            }
            (_, value) => value.clone(),
        }
    }

    /// About how many bytes it holds on to.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Said::Value => 0,
            Said::Constant(text) => text.len(),
            Said::Members(members) => {
                members.iter().map(|entry| entry.key.len() + entry.value.0.len() + entry.value.1.bytes() + 64).sum()
            }
        }
    }
}

impl<'a> Planner<'a> {
    /// What is asked for of an object of type `of`.
    pub(super) fn said(&mut self, sets: &[&'a SelectionSet], of: &str) -> Result<Said, Problem> {
        let mut members = Vec::new();
        for collected in self.collect(sets, of)? {
            let field: &'a Field = collected.first()?;
            let name = field.name.as_str();
            let sets = collected.selections();
            let said = match name {
                "__typename" => Said::Constant(of.to_owned()),
                _ if sets.iter().all(|set| set.is_empty()) => Said::Value,
                _ => self.said(&sets, field.ty().inner_named_type().as_str())?,
            };
            members.push(Entry { key: collected.key.to_owned(), value: (name.to_owned(), said) });
        }
        Ok(Said::Members(members))
    }
}
