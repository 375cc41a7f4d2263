//! All variable usages are allowed, also inside lists and objects: the validator looks only at whole arguments.

use std::collections::HashSet;

use apollo_compiler::ast::{Argument, DirectiveList, InputValueDefinition, Type, Value, VariableDefinition};
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};

use crate::problem::{Code, Problem};

/// Checks every variable of a validated document against each place it stands in.
pub(super) fn check(schema: &Schema, document: &ExecutableDocument) -> Result<(), Problem> {
    for operation in document.operations.iter() {
        let mut usages = Usages { schema, document, operation, seen: HashSet::new() };
        usages.directives(&operation.directives)?;
        usages.selections(&operation.selection_set)?;
    }
    Ok(())
}

struct Usages<'d> {
    schema: &'d Schema,
    document: &'d ExecutableDocument,
    operation: &'d Operation,
    /// Fragments that were walked for this operation.
    seen: HashSet<&'d Name>,
}

impl<'d> Usages<'d> {
    fn selections(&mut self, set: &'d SelectionSet) -> Result<(), Problem> {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    self.directives(&field.directives)?;
                    self.arguments(&field.arguments, &field.definition.arguments)?;
                    self.selections(&field.selection_set)?;
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives)?;
                    self.selections(&inline.selection_set)?;
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives)?;
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name)
                        && self.seen.insert(&fragment.name)
                    {
                        self.directives(&fragment.directives)?;
                        self.selections(&fragment.selection_set)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directives(&self, directives: &DirectiveList) -> Result<(), Problem> {
        for directive in directives.iter() {
            let Some(definition) = self.schema.directive_definitions.get(&directive.name) else { continue };
            self.arguments(&directive.arguments, &definition.arguments)?;
        }
        Ok(())
    }

    fn arguments(
        &self,
        arguments: &[Node<Argument>],
        definitions: &[Node<InputValueDefinition>],
    ) -> Result<(), Problem> {
        for argument in arguments {
            if let Some(definition) = definitions.iter().find(|definition| definition.name == argument.name) {
                self.value(&argument.value, &definition.ty, definition.default_value.is_some())?;
            }
        }
        Ok(())
    }

    /// Checks the variables in a value that stands where `ty` is expected.
    fn value(&self, value: &Node<Value>, ty: &Type, has_default: bool) -> Result<(), Problem> {
        match value.as_ref() {
            Value::Variable(name) => {
                let definition = self.operation.variables.iter().find(|variable| variable.name == *name);
                match definition {
                    Some(definition) if !is_allowed(definition, ty, has_default) => {
                        let message = format!(
                            "variable `${name}` is of type `{}`, which does not fit where `{ty}` is expected",
                            definition.ty
                        );
                        let problem = Problem::new(Code::ValidationFailed, message);
                        Err(problem.located(value.location(), &self.document.sources))
                    }
                    _ => Ok(()),
                }
            }
            Value::List(items) => items.iter().try_for_each(|item| self.value(item, ty.item_type(), false)),
            Value::Object(fields) => {
                // What stands inside a custom scalar is expected to be nothing in particular.
                let Some(ExtendedType::InputObject(object)) = self.schema.types.get(ty.inner_named_type()) else {
                    return Ok(());
                };
                for (name, value) in fields {
                    if let Some(definition) = object.fields.get(name) {
                        self.value(value, &definition.ty, definition.default_value.is_some())?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The specification's IsVariableUsageAllowed.
fn is_allowed(variable: &VariableDefinition, ty: &Type, has_default: bool) -> bool {
    if ty.is_non_null() && !variable.ty.is_non_null() {
        let own_default = variable.default_value.as_ref().is_some_and(|value| !value.is_null());
        return (own_default || has_default) && variable.ty.is_assignable_to(&ty.clone().nullable());
    }
    variable.ty.is_assignable_to(ty)
}
