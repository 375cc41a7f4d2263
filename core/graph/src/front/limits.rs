//! Limits on the syntax tree, in time linear in the document: each fragment is measured once.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{Definition, DirectiveList, Document, FragmentDefinition, Selection, Value};

use crate::problem::{Code, Problem};

const DEFINITIONS: usize = 100;
/// Selections of an operation with every spread replaced by its fragment.
const EXPANDED_SELECTIONS: usize = 5_000;
/// Nesting of selections through fragments. Introspection has a limit of its own.
const DEPTH: usize = 24;

/// Checks a document, or says which limit it exceeds.
pub(super) fn check(document: &Document) -> Result<(), Problem> {
    if document.definitions.len() > DEFINITIONS {
        let given = document.definitions.len();
        return Err(limit(format!("the document has {given} definitions; at most {DEFINITIONS} are taken")));
    }
    let mut measure = Measure { fragments: HashMap::new(), measured: HashMap::new() };
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            measure.fragments.insert(fragment.name.as_str(), fragment);
        }
    }
    for definition in &document.definitions {
        let selections = match definition {
            Definition::OperationDefinition(operation) => &operation.selection_set,
            Definition::FragmentDefinition(fragment) => &fragment.selection_set,
            _ => continue,
        };
        if let Definition::OperationDefinition(operation) = definition {
            for variable in &operation.variables {
                variable.default_value.as_deref().map_or(Ok(()), unique_keys)?;
            }
            directives(&operation.directives)?;
        }
        let size = measure.selections(selections)?;
        if size.selections > EXPANDED_SELECTIONS {
            let message =
                format!("the document selects more than {EXPANDED_SELECTIONS} fields once its fragments are expanded");
            return Err(limit(message));
        }
        if size.depth > DEPTH {
            return Err(limit(format!(
                "the document is nested more than {DEPTH} deep once its fragments are expanded"
            )));
        }
    }
    Ok(())
}

fn limit(message: String) -> Problem {
    Problem::new(Code::LimitExceeded, message)
}

/// A literal's objects name each field once. The validator does not look, and the last one would win.
fn unique_keys(value: &Value) -> Result<(), Problem> {
    match value {
        Value::List(items) => items.iter().try_for_each(|item| unique_keys(item)),
        Value::Object(fields) => {
            let mut seen = HashSet::with_capacity(fields.len());
            for (name, value) in fields {
                if !seen.insert(name.as_str()) {
                    return Err(Problem::new(
                        Code::ValidationFailed,
                        format!("an input object has the field `{name}` twice"),
                    ));
                }
                unique_keys(value)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn directives(directives: &DirectiveList) -> Result<(), Problem> {
    directives.iter().flat_map(|directive| &directive.arguments).try_for_each(|argument| unique_keys(&argument.value))
}

#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
}

struct Measure<'d> {
    fragments: HashMap<&'d str, &'d FragmentDefinition>,
    /// Sizes of fragments; nothing while a fragment is being measured, which is how a cycle shows.
    measured: HashMap<&'d str, Option<Size>>,
}

impl<'d> Measure<'d> {
    fn selections(&mut self, selections: &'d [Selection]) -> Result<Size, Problem> {
        let mut total = Size::default();
        for selection in selections {
            let size = match selection {
                Selection::Field(field) => {
                    field.arguments.iter().try_for_each(|argument| unique_keys(&argument.value))?;
                    directives(&field.directives)?;
                    let inner = self.selections(&field.selection_set)?;
                    Size { selections: inner.selections.saturating_add(1), depth: inner.depth + 1 }
                }
                Selection::InlineFragment(inline) => self.selections(&inline.selection_set)?,
                Selection::FragmentSpread(spread) => self.fragment(spread.fragment_name.as_str())?,
            };
            total.selections = total.selections.saturating_add(size.selections);
            total.depth = total.depth.max(size.depth);
        }
        Ok(total)
    }

    fn fragment(&mut self, name: &str) -> Result<Size, Problem> {
        // An unknown fragment is the validator's to report.
        let Some(fragment) = self.fragments.get(name).copied() else { return Ok(Size::default()) };
        match self.measured.get(fragment.name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("fragment `{}` contains itself", fragment.name);
                return Err(Problem::new(Code::ValidationFailed, message));
            }
            None => {}
        }
        self.measured.insert(fragment.name.as_str(), None);
        let size = self.selections(&fragment.selection_set)?;
        self.measured.insert(fragment.name.as_str(), Some(size));
        Ok(size)
    }
}
