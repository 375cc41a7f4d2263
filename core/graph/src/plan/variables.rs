//! Variables of a plan: where they come from when it runs.

use std::sync::Arc;

use apollo_compiler::response::JsonMap;
use chrono::{DateTime, Utc};
use guildhall_model::{GlobalId, Kind, ObjectType, Value, parse_text, prefix_end, prefix_start};
use guildhall_workflow::Actor;
use uuid::Uuid;

use super::arguments::scalar_text;
use crate::problem::{Code, Problem};

/// Where a plan's variable gets its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A request variable that holds the id of a record of `object`, itself or as one of its items.
    Id {
        variable: String,
        item: Option<usize>,
        object: Arc<ObjectType>,
    },
    /// A request variable that holds a value to compare with a field of `kind`.
    Compared {
        variable: String,
        kind: Kind,
        object: Arc<ObjectType>,
    },
    /// A request variable that holds a text to compare with, where case does not count.
    AnyCase {
        variable: String,
    },
    /// A value of the cursor that a request variable holds.
    Cursor {
        variable: String,
        index: usize,
        list: Arc<Cursors>,
    },
    /// The least text that begins with what a request variable holds, in lower case.
    PrefixStart {
        variable: String,
    },
    /// The least text beyond all of those.
    PrefixEnd {
        variable: String,
    },
    /// The record a mutation's act gave, by its payload field.
    Act(String),
    ActorName,
    ActorTerritory,
    Today,
}

/// A variable of a plan.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub source: Source,
    /// Line and column where the request's variable is declared, if it comes from one.
    pub place: Option<(usize, usize)>,
}

/// What a plan's variables are bound from.
pub(crate) struct Bound<'a> {
    pub variables: &'a JsonMap,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
    /// The records a mutation's act gave.
    pub acts: &'a (dyn Fn(&str) -> Option<Uuid> + Sync),
}

/// The plan's variables for a request.
pub(super) fn bind(variables: &[Variable], from: &Bound<'_>) -> Result<Vec<Value>, Problem> {
    let bound = |variable: &Variable| variable.source.value(from).map_err(|problem| problem.placed(variable.place));
    variables.iter().map(bound).collect()
}

impl Source {
    /// The request variable it comes from, if it comes from one.
    pub(super) fn variable(&self) -> Option<&str> {
        match self {
            Source::Id { variable, .. }
            | Source::Compared { variable, .. }
            | Source::AnyCase { variable }
            | Source::Cursor { variable, .. }
            | Source::PrefixStart { variable }
            | Source::PrefixEnd { variable } => Some(variable),
            Source::Act(_) | Source::ActorName | Source::ActorTerritory | Source::Today => None,
        }
    }

    fn value(&self, from: &Bound<'_>) -> Result<Value, Problem> {
        let variables = from.variables;
        let text = |name: &str| {
            let value = variables.get(name).and_then(|value| serde_json::to_value(value).ok());
            value.as_ref().map(scalar_text).unwrap_or_default()
        };
        match self {
            Source::Id { variable, item, object } => {
                let value = variables.get(variable.as_str()).and_then(|value| serde_json::to_value(value).ok());
                let value = match (item, value) {
                    (Some(item), Some(serde_json::Value::Array(items))) => items.into_iter().nth(*item),
                    (_, value) => value,
                };
                let id = value.as_ref().map(scalar_text).unwrap_or_default();
                GlobalId::parse_as(&id, object).map(Value::Id).map_err(|error| bad(variable, &error))
            }
            Source::PrefixStart { variable } => {
                let text = text(variable);
                parse_text(&Kind::Text, &text).map_err(|error| bad(variable, &error))?;
                Ok(prefix_start(&text).into())
            }
            Source::PrefixEnd { variable } => Ok(prefix_end(&text(variable)).into()),
            Source::Compared { variable, kind, object } => {
                let value = variables.get(variable.as_str()).and_then(|value| serde_json::to_value(value).ok());
                compared(kind, object, &value.unwrap_or_default()).map_err(|error| bad(variable, error.as_ref()))
            }
            Source::AnyCase { variable } => any_case(&text(variable)).map_err(|error| bad(variable, error.as_ref())),
            Source::Cursor { variable, index, list } => {
                let mut values = list
                    .read(&text(variable))
                    .map_err(|message| Problem::new(Code::BadUserInput, format!("variable `{variable}`: {message}")))?;
                if *index < values.len() { Ok(values.swap_remove(*index)) } else { Ok(Value::Null) }
            }
            Source::Act(field) => Ok((from.acts)(field).map_or(Value::Null, Value::Id)),
            Source::ActorName => Ok(from.actor.name.clone().into()),
            // An actor without a territory sees nothing of it.
            Source::ActorTerritory => Ok(from.actor.territory.clone().into()),
            Source::Today => Ok(from.now.date_naive().into()),
        }
    }
}

fn bad(variable: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(Code::BadUserInput, format!("variable `{variable}`: {error}"))
}

/// Why a JSON value cannot be compared with a field.
#[derive(Debug, thiserror::Error)]
enum Uncomparable {
    /// It has already been through a float, which may have changed it.
    #[error("`{0}` is a number with a fraction; write exact decimals as strings, like \"1234.50\"")]
    Inexact(serde_json::Number),
    #[error("a list or an object is no single value")]
    NotSingle,
    #[error("the text has {0} characters; where case does not count, {ANY_CASE_LIMIT} are the most")]
    TooLong(usize),
}

/// Reads a value to compare with a field of `kind` of `object`. Ids must be of the field's own type.
pub(super) fn compared(
    kind: &Kind,
    object: &ObjectType,
    value: &serde_json::Value,
) -> Result<Value, Box<dyn std::error::Error>> {
    match value {
        serde_json::Value::Number(number) if number.is_f64() => {
            return Err(Uncomparable::Inexact(number.clone()).into());
        }
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => return Err(Uncomparable::NotSingle.into()),
        _ => {}
    }
    let text = scalar_text(value);
    match kind {
        Kind::Id => Ok(Value::Id(GlobalId::parse_as(&text, object)?)),
        kind => Ok(parse_text(kind, &text)?),
    }
}

/// Most characters of a text to compare with where case does not count: the database goes through each of them.
const ANY_CASE_LIMIT: usize = 200;

/// Reads a text to compare with where case does not count.
pub(super) fn any_case(text: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let letters = text.chars().count();
    if letters > ANY_CASE_LIMIT {
        return Err(Uncomparable::TooLong(letters).into());
    }
    Ok(parse_text(&Kind::Text, text)?)
}

/// What a list's cursors hold.
#[derive(Debug, PartialEq)]
pub(crate) struct Cursors {
    /// What they are of.
    pub digest: String,
    /// The kind of each of the order's values, and whether it may be null.
    pub terms: Vec<(Kind, bool)>,
}

impl Cursors {
    /// Reads a cursor: hex of a JSON array of what it is of and, for every term, one text, or null where it may be.
    pub(super) fn read(&self, text: &str) -> Result<Vec<Value>, String> {
        let foreign =
            || "this is no cursor of this list in this order; take `endCursor` of a page of the same".to_owned();
        let bytes = hex::decode(text).map_err(|_| foreign())?;
        let given: Vec<Option<String>> = serde_json::from_slice(&bytes).map_err(|_| foreign())?;
        let mut values = given.into_iter();
        if values.next().flatten().as_ref() != Some(&self.digest) || values.len() != self.terms.len() {
            return Err(foreign());
        }
        let read = |(value, (kind, nullable)): (Option<String>, &(Kind, bool))| match (value, kind) {
            (None, _) if *nullable => Ok(Value::Null),
            (None, _) => Err(foreign()),
            (Some(text), Kind::Id) => Uuid::try_parse(&text).map(Value::Id).map_err(|_| foreign()),
            (Some(text), kind) => parse_text(kind, &text).map_err(|_| foreign()),
        };
        values.zip(&self.terms).map(read).collect()
    }
}
