//! Answer: what a guest proposes, read from untrusted bytes.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

use crate::failure::{Failure, FailureCode, shown};
use crate::limits::Limits;

const REASONS: usize = 20;
const REASON_LENGTH: usize = 500;

/// What a guest proposes about one subject. Whether `output` fits the decision point is for the decision to check.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub output: Map<String, Value>,
    /// At most 20 of at most 500 characters.
    pub reasons: Vec<String>,
}

impl Answer {
    /// Reads what a guest answered about one subject. The bytes may come from anyone.
    ///
    /// # Errors
    ///
    /// [`FailureCode::OutputTooLarge`], or [`FailureCode::MalformedAnswer`] with what is wrong and where.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Failure> {
        if bytes.len() > limits.output {
            let message = format!("the answer has {} bytes; {} are allowed", bytes.len(), limits.output);
            return Err(Failure::new(FailureCode::OutputTooLarge, message));
        }
        let malformed = |message: String| Failure::new(FailureCode::MalformedAnswer, message);
        let written: Written = serde_json::from_slice(bytes).map_err(|error| {
            malformed(format!("the answer is not as the contract says: {}", shown(&error.to_string(), 200)))
        })?;
        if written.reasons.len() > REASONS {
            return Err(malformed(format!("the answer has {} reasons; {REASONS} are read", written.reasons.len())));
        }
        Ok(Answer { output: written.output.0, reasons: written.reasons.into_iter().map(|Reason(text)| text).collect() })
    }
}

/// One outcome as the guest gave it.
pub(crate) fn read(outcome: Result<Vec<u8>, String>, limits: &Limits) -> Result<Answer, Failure> {
    let bytes = outcome.map_err(|reason| Failure::new(FailureCode::RefusedByGuest, shown(&reason, REASON_LENGTH)))?;
    Answer::read(&bytes, limits)
}

/// A JSON object in which no name occurs twice, at any depth.
pub(crate) fn unique_object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str::<Unique>(text).map_err(|error| shown(&error.to_string(), 200)).and_then(|Unique(value)| {
        match value {
            Value::Object(object) => Ok(object),
            _ => Err("it is another kind of value".to_owned()),
        }
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    output: UniqueObject,
    #[serde(default)]
    reasons: Vec<Reason>,
}

/// A reason as it may be shown.
struct Reason(String);

struct ReasonVisitor;

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReasonVisitor)
    }
}

impl Visitor<'_> for ReasonVisitor {
    type Value = Reason;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Reason, E> {
        match text.chars().count() {
            long if long > REASON_LENGTH => {
                Err(E::custom(format!("a reason has {long} characters; {REASON_LENGTH} are read")))
            }
            _ => Ok(Reason(shown(text, REASON_LENGTH))),
        }
    }
}

/// An object in which no name occurs twice, at any depth: which of two values counts would depend on the reader.
struct UniqueObject(Map<String, Value>);

struct Unique(Value);

impl<'de> Deserialize<'de> for UniqueObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Unique::deserialize(deserializer)?.0 {
            Value::Object(object) => Ok(UniqueObject(object)),
            _ => Err(D::Error::custom("`output` must be an object")),
        }
    }
}

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => {
                    place.insert(members.next_value::<Unique>()?.0);
                }
                Entry::Occupied(place) => return Err(A::Error::custom(format!("`{}` occurs twice", place.key()))),
            }
        }
        Ok(Value::Object(object))
    }
}
