//! Arguments of fields, freed from the document.

use apollo_compiler::ast::InputValueDefinition;
use apollo_compiler::executable::{Field, OperationType};
use apollo_compiler::parser::SourceSpan;
use guildhall_model::plan::Operand;
use guildhall_model::{GlobalId, ObjectType};
use serde_json::Value;
use std::sync::Arc;

use super::{Planner, Source, Variable};
use crate::front;
use crate::problem::{Code, Problem};

pub(crate) use crate::front::Argument;

/// The text of a scalar as the model's conversions read it.
pub(super) fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl<'a> Planner<'a> {
    /// The argument as far as it shapes the plan: absent, null, known, or a variable to be bound.
    pub(super) fn argument(&self, field: &Field, name: &str) -> Option<Argument> {
        self.deferred(field, name).map(|argument| self.known(argument))
    }

    /// The argument with every variable left open.
    pub(super) fn deferred(&self, field: &Field, name: &str) -> Option<Argument> {
        let definition = field.definition.arguments.iter().find(|argument| argument.name == name)?;
        // Whether arguments are values of their types was seen when the field was collected.
        self.coerced(field, definition).ok().flatten()
    }

    /// Checks that all arguments of a field are values of their types.
    pub(super) fn check_arguments(&self, field: &Field) -> Result<(), Problem> {
        // What a mutation writes is held to its fields by the act, which tells all that is wrong with it at once.
        let exact = self.context.operation.operation_type != OperationType::Mutation;
        for definition in &field.definition.arguments {
            let checked = self.coerced(field, definition).and_then(|argument| match argument {
                Some(argument) if exact => front::exact(self.context.front.schema(), &definition.ty, &argument),
                _ => Ok(()),
            });
            checked.map_err(|reason| {
                let message = format!("argument `{}` of `{}`: {reason}", definition.name, field.name);
                Problem::new(Code::BadUserInput, message).located(field.name.location(), &self.context.document.sources)
            })?;
        }
        Ok(())
    }

    /// The line and column of a place in the document.
    pub(super) fn place(&self, span: Option<SourceSpan>) -> Option<(usize, usize)> {
        let place = span?.line_column(&self.context.document.sources)?;
        Some((place.line, place.column))
    }

    fn coerced(&self, field: &Field, definition: &InputValueDefinition) -> Result<Option<Argument>, String> {
        let given = field.arguments.iter().find(|argument| argument.name == definition.name);
        let given = given.map(|argument| argument.value.as_ref());
        front::argument(self.context.front.schema(), definition, given, self.context.variables)
    }

    /// Variables that shape the plan by all of their value are replaced by it.
    fn known(&self, argument: Argument) -> Argument {
        match argument {
            Argument::Variable(name) if self.context.shape.by_value(&name) => {
                let value = self.context.variables.get(name.as_str());
                let value = value.and_then(|value| serde_json::to_value(value).ok());
                Argument::from_json(&value.unwrap_or_default())
            }
            Argument::List(items) => Argument::List(items.into_iter().map(|item| self.known(item)).collect()),
            Argument::Object(fields) => {
                Argument::Object(fields.into_iter().map(|(name, value)| (name, self.known(value))).collect())
            }
            other => other,
        }
    }

    /// The id argument of a field that reads one record of `object`.
    pub(super) fn record_id(&mut self, field: &'a Field, object: &Arc<ObjectType>) -> Result<Operand, Problem> {
        match self.argument(field, "id") {
            Some(Argument::Variable(name)) => {
                Ok(self.variable(Source::Id { variable: name, item: None, object: Arc::clone(object) }))
            }
            Some(Argument::Scalar(value)) => GlobalId::parse_as(&scalar_text(&value), object)
                .map(|id| Operand::Value(id.into()))
                .map_err(|error| self.bad_argument(field, "id", &error)),
            _ => Err(Problem::new(Code::BadUserInput, format!("`{}` needs an id", field.name))),
        }
    }

    /// The text the argument has now, for arguments that shape the plan by a part of it.
    pub(super) fn current_text(&self, argument: &Argument) -> Option<String> {
        match argument {
            Argument::Scalar(value) => Some(scalar_text(value)),
            Argument::Variable(name) => self.context.variables.get(name.as_str())?.as_str().map(str::to_owned),
            _ => None,
        }
    }

    /// Adds a variable of the plan; the same source is bound once.
    pub(super) fn variable(&mut self, source: Source) -> Operand {
        let known = self.variables.iter().position(|other| other.source == source);
        Operand::Variable(known.unwrap_or_else(|| {
            let declared = source.variable().and_then(|name| {
                self.context.operation.variables.iter().find(|declared| declared.name == name)?.location()
            });
            let place = self.place(declared);
            self.variables.push(Variable { source, place });
            self.variables.len() - 1
        }))
    }
}
