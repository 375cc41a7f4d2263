//! Limits on the syntax tree, in time linear in the document: each fragment is measured once.

use std::collections::HashMap;

use apollo_compiler::ast::{Definition, Document, FragmentDefinition, Selection};

const DEFINITIONS: usize = 100;
/// Selections of an operation with every spread replaced by its fragment.
const EXPANDED_SELECTIONS: usize = 5_000;
/// Nesting of selections through fragments. Introspection has a limit of its own.
const DEPTH: usize = 24;

/// Checks a document, or says which limit it exceeds.
pub(super) fn check(document: &Document) -> Result<(), String> {
    if document.definitions.len() > DEFINITIONS {
        return Err(format!(
            "the document has {} definitions; at most {DEFINITIONS} are taken",
            document.definitions.len()
        ));
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
        let size = measure.selections(selections)?;
        if size.selections > EXPANDED_SELECTIONS {
            return Err(format!(
                "the document selects more than {EXPANDED_SELECTIONS} fields once its fragments are expanded"
            ));
        }
        if size.depth > DEPTH {
            return Err(format!("the document is nested more than {DEPTH} deep once its fragments are expanded"));
        }
    }
    Ok(())
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
    fn selections(&mut self, selections: &'d [Selection]) -> Result<Size, String> {
        let mut total = Size::default();
        for selection in selections {
            let size = match selection {
                Selection::Field(field) => {
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

    fn fragment(&mut self, name: &str) -> Result<Size, String> {
        // An unknown fragment is the validator's to report.
        let Some(fragment) = self.fragments.get(name).copied() else { return Ok(Size::default()) };
        match self.measured.get(fragment.name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(format!("fragment `{}` contains itself", fragment.name)),
            None => {}
        }
        self.measured.insert(fragment.name.as_str(), None);
        let size = self.selections(&fragment.selection_set)?;
        self.measured.insert(fragment.name.as_str(), Some(size));
        Ok(size)
    }
}
