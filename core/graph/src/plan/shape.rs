//! Which variables shape a plan, and how much of them.
//!
//! A plan may be used again for every request whose variables agree in what shaped it: all of a filter or an order, of
//! `@include` and of page sizes; the prefix of a `node` id; of a compared value only whether it is there.

use std::collections::BTreeMap;
use std::fmt::Write;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::{Argument, DirectiveList, Value};
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;

/// How much of a variable's value a plan depends on, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Whether it is absent, null or a value.
    Presence,
    /// The prefix of the id it holds, or of each of its ids.
    Prefix,
    /// All of it.
    Value,
}

/// How an operation's plan depends on its variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    parts: BTreeMap<String, Part>,
}

impl Shape {
    pub(crate) fn of(document: &ExecutableDocument, operation: &Operation) -> Self {
        let mut shape = Shape::default();
        shape.selections(&operation.selection_set);
        // Fragments are walked once each; whether this operation spreads one makes the shape at worst too fine.
        for fragment in document.fragments.values() {
            shape.selections(&fragment.selection_set);
        }
        shape
    }

    /// Whether the plan depends on all of the variable, so that its value may be written into the plan.
    pub(super) fn by_value(&self, variable: &str) -> bool {
        self.parts.get(variable) == Some(&Part::Value)
    }

    /// What two requests must agree in to share a plan.
    pub(crate) fn key(&self, variables: &JsonMap) -> String {
        let mut key = String::new();
        for (name, part) in &self.parts {
            let value = variables.get(name.as_str());
            let _ = match (part, value) {
                (_, None) => write!(key, "{name}-;"),
                (Part::Value, Some(value)) => write!(key, "{name}={value};"),
                (_, Some(value)) if value.is_null() => write!(key, "{name}=null;"),
                (Part::Prefix, Some(value)) => {
                    let prefix = |value: &apollo_compiler::response::JsonValue| {
                        let prefix = value.as_str().and_then(|text| text.split_once('_'));
                        serde_json::Value::from(prefix.map_or("", |(prefix, _)| prefix))
                    };
                    let prefixes = match value.as_array() {
                        Some(items) => items.iter().map(prefix).collect(),
                        None => prefix(value),
                    };
                    write!(key, "{name}={prefixes};")
                }
                (Part::Presence, Some(_)) => write!(key, "{name}+;"),
            };
        }
        key
    }

    fn note(&mut self, variable: &str, part: Part) {
        let known = self.parts.entry(variable.to_owned()).or_insert(part);
        *known = part.max(*known);
    }

    fn selections(&mut self, set: &SelectionSet) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => self.field(field),
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selections(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.directives),
            }
        }
    }

    fn field(&mut self, field: &Field) {
        self.directives(&field.directives);
        for argument in &field.arguments {
            self.argument(field, argument);
        }
        self.selections(&field.selection_set);
    }

    fn argument(&mut self, field: &Field, argument: &Argument) {
        let part = match (field.name.as_str(), argument.name.as_str()) {
            ("node", "id") | ("nodes", "ids") => Part::Prefix,
            ("search", "text") | (_, "request" | "input" | "id" | "after" | "before") => Part::Presence,
            (_, "filter") => return self.filter(&argument.value, false),
            _ => Part::Value,
        };
        self.value(&argument.value, part);
    }

    fn directives(&mut self, directives: &DirectiveList) {
        for directive in directives.iter() {
            for argument in &directive.arguments {
                self.value(&argument.value, Part::Value);
            }
        }
    }

    fn value(&mut self, value: &Value, part: Part) {
        match value {
            Value::Variable(name) => self.note(name.as_str(), part),
            Value::List(items) => items.iter().for_each(|item| self.value(item, part)),
            Value::Object(fields) => fields.iter().for_each(|(_, value)| self.value(value, part)),
            _ => {}
        }
    }

    /// Inside a filter only compared values may differ between requests; all else is the filter's form.
    fn filter(&mut self, value: &Value, compared: bool) {
        match value {
            Value::Variable(name) => self.note(name.as_str(), if compared { Part::Presence } else { Part::Value }),
            Value::List(items) => items.iter().for_each(|item| self.filter(item, compared)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    let compares =
                        super::filter::COMPARES.contains(&name.as_str()) && !matches!(value.as_ref(), Value::Object(_));
                    let whole_list = name == "in" && matches!(value.as_ref(), Value::Variable(_));
                    self.filter(value, compares && !whole_list);
                }
            }
            _ => {}
        }
    }
}
