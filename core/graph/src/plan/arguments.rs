//! Arguments of fields, freed from the document.

use apollo_compiler::ast::Value as Literal;
use apollo_compiler::executable::Field;
use apollo_compiler::response::JsonMap;
use guildhall_model::plan::Operand;
use guildhall_model::{GlobalId, ObjectType};
use serde_json::Value;
use std::sync::Arc;

use super::{Planner, Source};
use crate::problem::{Code, Problem};

/// An argument's value. What stands as [`Argument::Variable`] is known only when the plan runs.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    Null,
    Scalar(Value),
    Variable(String),
    List(Vec<Argument>),
    Object(Vec<(String, Argument)>),
}

impl Argument {
    fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Argument::Null,
            Value::Array(items) => Argument::List(items.iter().map(Argument::from_json).collect()),
            Value::Object(fields) => Argument::Object(
                fields.iter().map(|(name, value)| (name.clone(), Argument::from_json(value))).collect(),
            ),
            scalar => Argument::Scalar(scalar.clone()),
        }
    }

    /// The value with the request's variables; absent variables leave no trace.
    pub(crate) fn resolve(&self, variables: &JsonMap) -> Option<Value> {
        Some(match self {
            Argument::Null => Value::Null,
            Argument::Scalar(value) => value.clone(),
            Argument::Variable(name) => serde_json::to_value(variables.get(name.as_str())?).ok()?,
            Argument::List(items) => items.iter().map(|item| item.resolve(variables).unwrap_or(Value::Null)).collect(),
            Argument::Object(fields) => {
                fields.iter().filter_map(|(name, value)| Some((name.clone(), value.resolve(variables)?))).collect()
            }
        })
    }
}

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
        let given = field.arguments.iter().find(|argument| argument.name == name).map(|argument| &argument.value);
        let default = || {
            field
                .definition
                .arguments
                .iter()
                .find(|argument| argument.name == name)
                .and_then(|argument| argument.default_value.as_ref())
        };
        // A variable that is absent leaves the argument's own default.
        given.and_then(|literal| self.literal(literal)).or_else(|| default().and_then(|literal| self.literal(literal)))
    }

    /// The argument with every variable left open.
    pub(super) fn deferred(&self, field: &Field, name: &str) -> Option<Argument> {
        field.arguments.iter().find(|argument| argument.name == name).map(|argument| open(&argument.value))
    }

    fn literal(&self, literal: &Literal) -> Option<Argument> {
        Some(match literal {
            Literal::Variable(name) => {
                let value = self.context.variables.get(name.as_str())?;
                if value.is_null() {
                    Argument::Null
                } else if self.context.shape.by_value(name.as_str()) {
                    Argument::from_json(&serde_json::to_value(value).ok()?)
                } else {
                    Argument::Variable(name.to_string())
                }
            }
            Literal::List(items) => {
                Argument::List(items.iter().map(|item| self.literal(item).unwrap_or(Argument::Null)).collect())
            }
            Literal::Object(fields) => Argument::Object(
                fields.iter().filter_map(|(name, value)| Some((name.to_string(), self.literal(value)?))).collect(),
            ),
            other => scalar(other),
        })
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
        let known = self.variables.iter().position(|other| *other == source);
        Operand::Variable(known.unwrap_or_else(|| {
            self.variables.push(source);
            self.variables.len() - 1
        }))
    }
}

fn open(literal: &Literal) -> Argument {
    match literal {
        Literal::Variable(name) => Argument::Variable(name.to_string()),
        Literal::List(items) => Argument::List(items.iter().map(|item| open(item)).collect()),
        Literal::Object(fields) => {
            Argument::Object(fields.iter().map(|(name, value)| (name.to_string(), open(value))).collect())
        }
        other => scalar(other),
    }
}

fn scalar(literal: &Literal) -> Argument {
    match literal {
        Literal::String(text) => Argument::Scalar(Value::from(text.as_str())),
        Literal::Enum(name) => Argument::Scalar(Value::from(name.as_str())),
        Literal::Boolean(value) => Argument::Scalar(Value::from(*value)),
        Literal::Int(number) => {
            Argument::Scalar(number.as_str().parse::<i64>().map_or_else(|_| Value::from(number.as_str()), Value::from))
        }
        // Numbers with a fraction stay text: an exact decimal must not pass through a float.
        Literal::Float(number) => Argument::Scalar(Value::from(number.as_str())),
        _ => Argument::Null,
    }
}
