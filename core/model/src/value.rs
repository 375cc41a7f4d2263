//! One typed value of a field.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{Kind, canonical_decimal, canonical_money};

/// A value of one of the model's scalar kinds, or its absence. `Money` fields hold the amount as [`Value::Decimal`]; their
/// currency is the record's.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Id(Uuid),
    Text(String),
    Int(i64),
    Bool(bool),
    Decimal(Decimal),
    Date(NaiveDate),
    DateTime(DateTime<Utc>),
    Json(serde_json::Value),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The value as the API writes it: decimals as texts in their canonical notation, times to the millisecond. Ids are not
    /// of one type here, so they are written plainly.
    pub fn to_json(&self, kind: &Kind) -> serde_json::Value {
        match (self, kind) {
            (Value::Null, _) => serde_json::Value::Null,
            (Value::Id(id), _) => id.to_string().into(),
            (Value::Text(text), _) => text.clone().into(),
            (Value::Int(number), _) => (*number).into(),
            (Value::Bool(truth), _) => (*truth).into(),
            (Value::Decimal(number), Kind::Money) => canonical_money(*number).into(),
            (Value::Decimal(number), _) => canonical_decimal(*number).into(),
            (Value::Date(day), _) => day.to_string().into(),
            (Value::DateTime(time), _) => time.to_rfc3339_opts(SecondsFormat::Millis, true).into(),
            (Value::Json(json), _) => json.clone(),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+) => { $(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::$variant(value.into())
            }
        }
    )+ };
}
from!(Uuid => Id, String => Text, &str => Text, i64 => Int, i32 => Int, bool => Bool, Decimal => Decimal, NaiveDate => Date, DateTime<Utc> => DateTime, serde_json::Value => Json);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
