//! Limits on the syntax tree and on the variables, in time linear in what was sent: each fragment is measured once.
//!
//! They stand before the validator, because its work can grow faster than the document.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, DirectiveList, Document, Field, FragmentDefinition, OperationDefinition, Selection, Value,
};

use crate::problem::{Code, Problem};

const DEFINITIONS: usize = 100;
const VARIABLES: usize = 100;
/// Aliases as they are written.
const ALIASES: usize = 2_000;
/// Directives as they are written, and those of one place.
const DIRECTIVES: usize = 1_000;
const DIRECTIVES_OF_A_PLACE: usize = 8;
/// Selections of all operations together with every spread replaced by its fragment.
const EXPANDED_SELECTIONS: usize = 5_000;
/// How many of these have selections of their own: each becomes a part of the statement, which the database has to plan.
const OBJECTS: usize = 250;
/// Fields of an operation's root, once its fragments are expanded.
const ROOT_FIELDS: usize = 100;
/// Nesting of fields through fragments. Introspection has a limit of its own.
const DEPTH: usize = 24;
/// Nesting of fields, inline fragments and spreads: everything that walks a document goes that deep.
const NESTING: usize = 150;
/// How many of [`LISTS`] may stand one inside the other in an introspection.
const INTROSPECTED_LISTS: usize = 2;
/// Introspection's lists that lead from type to type.
const LISTS: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
/// Deepest nesting of the variables' values, and how many there may be.
const VARIABLE_DEPTH: usize = 24;
const VARIABLE_VALUES: usize = 10_000;

/// Checks a document, or says which limit it exceeds.
pub(super) fn check(document: &Document) -> Result<(), Problem> {
    let given = document.definitions.len();
    if given > DEFINITIONS {
        return Err(Problem::limit(
            "definitions",
            format!("the document has {given} definitions; at most {DEFINITIONS} are taken"),
        ));
    }
    let mut measure = Measure::default();
    for definition in &document.definitions {
        if let Definition::FragmentDefinition(fragment) = definition {
            measure.fragments.insert(fragment.name.as_str(), fragment);
        }
    }
    let mut selections = 0_usize;
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => {
                selections = selections.saturating_add(measure.operation(operation)?);
            }
            // Whether an operation spreads it or not.
            Definition::FragmentDefinition(fragment) => {
                let size = measure.fragment(fragment.name.as_str(), 0)?;
                selections = selections.max(size.selections);
            }
            _ => {}
        }
        if selections > EXPANDED_SELECTIONS {
            let message =
                format!("the document selects more than {EXPANDED_SELECTIONS} fields once its fragments are expanded");
            return Err(Problem::limit("selections", message));
        }
    }
    Ok(())
}

/// Checks the variables' values, or says which limit they exceed.
pub(super) fn check_variables(given: &serde_json::Value) -> Result<(), Problem> {
    let mut left = VARIABLE_VALUES;
    check_value(given, 0, &mut left)
}

fn check_value(value: &serde_json::Value, depth: usize, left: &mut usize) -> Result<(), Problem> {
    *left = left
        .checked_sub(1)
        .ok_or_else(|| Problem::limit("variables", format!("the variables have more than {VARIABLE_VALUES} values")))?;
    let mut inner = |value| check_value(value, depth + 1, left);
    match value {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) if depth == VARIABLE_DEPTH => {
            Err(Problem::limit("variables", format!("the variables are nested more than {VARIABLE_DEPTH} deep")))
        }
        serde_json::Value::Array(items) => items.iter().try_for_each(inner),
        serde_json::Value::Object(fields) => fields.values().try_for_each(&mut inner),
        _ => Ok(()),
    }
}

/// A literal's objects name each field once. The validator does not look, and the last one would win.
fn unique_keys(value: &Value) -> Result<(), Problem> {
    match value {
        Value::List(items) => items.iter().try_for_each(|item| unique_keys(item)),
        Value::Object(fields) => {
            let mut seen = HashSet::with_capacity(fields.len());
            for (name, value) in fields {
                if !seen.insert(name.as_str()) {
                    let message = format!("an input object has the field `{name}` twice");
                    return Err(Problem::new(Code::ValidationFailed, message));
                }
                unique_keys(value)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What a selection comes to once its fragments are expanded.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    /// Fields with selections of their own, but for introspection's.
    objects: usize,
    /// Fields that stand on the outermost level.
    outermost: usize,
    depth: usize,
    nesting: usize,
    /// Most of introspection's [`LISTS`] one inside the other.
    lists: usize,
}

impl Size {
    /// With another size beside it.
    fn and(self, other: Size) -> Self {
        Size {
            selections: self.selections.saturating_add(other.selections),
            objects: self.objects.saturating_add(other.objects),
            outermost: self.outermost.saturating_add(other.outermost),
            depth: self.depth.max(other.depth),
            nesting: self.nesting.max(other.nesting),
            lists: self.lists.max(other.lists),
        }
    }
}

#[derive(Default)]
struct Measure<'d> {
    fragments: HashMap<&'d str, &'d FragmentDefinition>,
    /// Sizes of fragments; nothing while a fragment is being measured, which is how a cycle shows.
    measured: HashMap<&'d str, Option<Size>>,
    aliases: usize,
    directives: usize,
}

impl<'d> Measure<'d> {
    /// How many selections the operation has.
    fn operation(&mut self, operation: &'d OperationDefinition) -> Result<usize, Problem> {
        let given = operation.variables.len();
        if given > VARIABLES {
            return Err(Problem::limit(
                "variables",
                format!("an operation has {given} variables; at most {VARIABLES} are taken"),
            ));
        }
        for variable in &operation.variables {
            variable.default_value.as_deref().map_or(Ok(()), unique_keys)?;
            self.directives(&variable.directives)?;
        }
        self.directives(&operation.directives)?;
        let size = self.selections(&operation.selection_set, 0)?;
        if size.outermost > ROOT_FIELDS {
            return Err(Problem::limit(
                "root fields",
                format!("an operation has more than {ROOT_FIELDS} root fields; send several operations"),
            ));
        }
        if size.objects > OBJECTS {
            let message =
                format!("an operation selects more than {OBJECTS} objects and lists; send several operations");
            return Err(Problem::limit("objects", message));
        }
        Ok(size.selections)
    }

    fn directives(&mut self, directives: &'d DirectiveList) -> Result<(), Problem> {
        if directives.len() > DIRECTIVES_OF_A_PLACE {
            return Err(Problem::limit(
                "directives",
                format!("more than {DIRECTIVES_OF_A_PLACE} directives stand in one place"),
            ));
        }
        self.directives += directives.len();
        if self.directives > DIRECTIVES {
            return Err(Problem::limit("directives", format!("the document has more than {DIRECTIVES} directives")));
        }
        let mut arguments = directives.iter().flat_map(|directive| &directive.arguments);
        arguments.try_for_each(|argument| unique_keys(&argument.value))
    }

    /// Measures selections that stand within `outer` levels of this walk.
    fn selections(&mut self, selections: &'d [Selection], outer: usize) -> Result<Size, Problem> {
        let too_deep = || Problem::limit("depth", format!("fields and fragments are nested more than {NESTING} deep"));
        if outer > NESTING {
            return Err(too_deep());
        }
        let mut total = Size::default();
        for selection in selections {
            let size = match selection {
                Selection::Field(field) => self.field(field, outer + 1)?,
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives)?;
                    self.selections(&inline.selection_set, outer + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives)?;
                    let size = self.fragment(spread.fragment_name.as_str(), outer + 1)?;
                    // An empty fragment is work, too.
                    Size { selections: size.selections.max(1), ..size }
                }
            };
            total = total.and(Size { nesting: size.nesting + 1, ..size });
        }
        if total.depth > DEPTH {
            let message = format!("the document is nested more than {DEPTH} deep once its fragments are expanded");
            return Err(Problem::limit("depth", message));
        }
        if total.nesting > NESTING {
            return Err(too_deep());
        }
        Ok(total)
    }

    fn field(&mut self, field: &'d Field, outer: usize) -> Result<Size, Problem> {
        self.aliases += usize::from(field.alias.is_some());
        if self.aliases > ALIASES {
            return Err(Problem::limit("aliases", format!("the document has more than {ALIASES} aliases")));
        }
        field.arguments.iter().try_for_each(|argument| unique_keys(&argument.value))?;
        self.directives(&field.directives)?;
        let inner = self.selections(&field.selection_set, outer)?;
        let name = field.name.as_str();
        let introspects = name == "__schema" || name == "__type";
        if introspects && inner.lists > INTROSPECTED_LISTS {
            let message = format!(
                "an introspection has more than {INTROSPECTED_LISTS} of {} one inside the other",
                LISTS.map(|list| format!("`{list}`")).join(", ")
            );
            return Err(Problem::limit("introspection", message));
        }
        Ok(Size {
            selections: inner.selections.saturating_add(1),
            objects: if introspects { 0 } else { inner.objects + usize::from(!field.selection_set.is_empty()) },
            outermost: 1,
            depth: if introspects { 1 } else { inner.depth + 1 },
            nesting: inner.nesting,
            lists: inner.lists + usize::from(LISTS.contains(&name)),
        })
    }

    fn fragment(&mut self, name: &str, outer: usize) -> Result<Size, Problem> {
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
        self.directives(&fragment.directives)?;
        let mut size = self.selections(&fragment.selection_set, outer)?;
        if fragment.type_condition.as_str().starts_with("__") {
            // It is spread in an introspection, which has a limit of its own.
            size.depth = 0;
            size.objects = 0;
        }
        self.measured.insert(fragment.name.as_str(), Some(size));
        Ok(size)
    }
}
