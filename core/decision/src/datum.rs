//! Types and values of a decision point's requests, parameters and answers.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_model::canonical_decimal;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use crate::exact::plain_decimal;

const MAX_TEXT: usize = 2_000;
const MAX_TEXTS: usize = 1_000;

/// The type of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataType {
    /// 32 bits.
    Int,
    /// Exact; text in JSON.
    Decimal,
    Bool,
    Text,
    Date,
    Enum(Arc<EnumDefinition>),
    /// `[String!]`: a set of texts.
    Texts,
}

/// An enum that belongs to a decision point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumDefinition {
    pub name: String,
    pub description: String,
    pub values: Vec<EnumValue>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumValue {
    pub name: String,
    pub description: String,
}

/// One value. A value of an enum is its name, as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datum {
    Int(i32),
    Decimal(Decimal),
    Bool(bool),
    Text(String),
    Date(NaiveDate),
    Texts(BTreeSet<String>),
}

impl DataType {
    /// The type's name in GraphQL, without `!`.
    pub fn graphql(&self) -> &str {
        match self {
            DataType::Int => "Int",
            DataType::Decimal => "Decimal",
            DataType::Bool => "Boolean",
            DataType::Text => "String",
            DataType::Date => "Date",
            DataType::Enum(definition) => &definition.name,
            DataType::Texts => "[String!]",
        }
    }

    /// What a value of the type looks like, for messages.
    pub fn expected(&self) -> String {
        match self {
            DataType::Int => "a whole number of 32 bits".to_owned(),
            DataType::Decimal => "a decimal number written as text, like \"0.02\"".to_owned(),
            DataType::Bool => "true or false".to_owned(),
            DataType::Text => format!("a text of at most {MAX_TEXT} characters"),
            DataType::Date => "a date like \"2026-01-31\"".to_owned(),
            DataType::Enum(definition) => {
                let names: Vec<_> = definition.values.iter().map(|value| value.name.as_str()).collect();
                format!("one of {}", names.join(", "))
            }
            DataType::Texts => "a list of texts".to_owned(),
        }
    }

    /// Reads a JSON value; nothing if it is none of this type. Nothing is converted: a decimal is text, a number no text.
    pub fn read_json(&self, json: &Json) -> Option<Datum> {
        match (self, json) {
            (DataType::Int, Json::Number(number)) => {
                number.as_i64().and_then(|int| i32::try_from(int).ok()).map(Datum::Int)
            }
            (DataType::Bool, Json::Bool(bool)) => Some(Datum::Bool(*bool)),
            (DataType::Texts, Json::Array(items)) if items.len() <= MAX_TEXTS => {
                let texts = items.iter().map(|item| item.as_str().filter(|text| fits(text)).map(str::to_owned));
                texts.collect::<Option<BTreeSet<_>>>().map(Datum::Texts)
            }
            (DataType::Int | DataType::Bool | DataType::Texts, _) => None,
            (_, Json::String(text)) => self.read_text(text),
            _ => None,
        }
    }

    /// Reads the canonical text of a value; a list of texts is written as JSON.
    pub fn read_text(&self, text: &str) -> Option<Datum> {
        match self {
            DataType::Int => text.parse().ok().map(Datum::Int),
            DataType::Decimal => plain_decimal(text).map(Datum::Decimal),
            DataType::Bool => text.parse().ok().map(Datum::Bool),
            DataType::Text => fits(text).then(|| Datum::Text(text.to_owned())),
            DataType::Date => {
                let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
                date.map(Datum::Date)
            }
            DataType::Enum(definition) => {
                definition.values.iter().any(|value| value.name == text).then(|| Datum::Text(text.to_owned()))
            }
            DataType::Texts => serde_json::from_str(text).ok().and_then(|json| self.read_json(&json)),
        }
    }
}

/// No text has a U+0000: not every database keeps one.
fn fits(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT && !text.contains('\0')
}

impl Datum {
    /// The one JSON form: decimals and dates as text.
    pub fn to_json(&self) -> Json {
        match self {
            Datum::Int(int) => Json::from(*int),
            Datum::Bool(bool) => Json::from(*bool),
            Datum::Texts(texts) => Json::from(texts.iter().cloned().collect::<Vec<_>>()),
            Datum::Decimal(_) | Datum::Text(_) | Datum::Date(_) => Json::from(self.to_string()),
        }
    }
}

/// As people write it.
impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Int(int) => write!(f, "{int}"),
            Datum::Decimal(decimal) => f.write_str(&canonical_decimal(*decimal)),
            Datum::Bool(bool) => write!(f, "{bool}"),
            Datum::Text(text) => f.write_str(text),
            Datum::Date(date) => write!(f, "{}", date.format("%Y-%m-%d")),
            Datum::Texts(texts) if texts.is_empty() => f.write_str("nothing"),
            Datum::Texts(texts) => f.write_str(&texts.iter().cloned().collect::<Vec<_>>().join(", ")),
        }
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(data_type: &DataType, json: Json, expected: Option<Json>) {
        assert_eq!(data_type.read_json(&json).map(|datum| datum.to_json()), expected, "{json}");
    }

    #[test]
    fn values_are_read_without_conversion() {
        check(&DataType::Int, json!(45), Some(json!(45)));
        check(&DataType::Int, json!(45.0), None);
        check(&DataType::Int, json!("45"), None);
        check(&DataType::Int, json!(2_147_483_648_i64), None);
        check(&DataType::Decimal, json!("0.0200"), Some(json!("0.02")));
        check(&DataType::Decimal, json!(0.02), None);
        check(&DataType::Decimal, json!("2e-2"), None);
        check(&DataType::Bool, json!("true"), None);
        check(&DataType::Date, json!("2026-01-31"), Some(json!("2026-01-31")));
        check(&DataType::Date, json!("2026-02-30"), None);
        check(&DataType::Texts, json!(["b", "a", "b"]), Some(json!(["a", "b"])));
        check(&DataType::Text, json!(null), None);
        check(&DataType::Text, json!("a\u{0}b"), None);
        check(&DataType::Texts, json!(["a\u{0}b"]), None);
    }
}
