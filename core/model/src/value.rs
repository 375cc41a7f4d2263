//! One typed value of a field.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

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
