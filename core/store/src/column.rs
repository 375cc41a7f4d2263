//! How a value of the model is stored, per dialect. All writes and all bound parameters go through [`adapt`].
//!
//! PostgreSQL has a type for every kind. SQLite has none for decimals, dates and times, so there they are whole numbers
//! of 10^-scale and texts that sort as they should. Left to itself, sea-orm would bind SQLite decimals as text.

use std::fmt::Display;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, Utc};
use guildhall_model::{Kind, MONEY_SCALE, Value, parse_text, scaled, unscaled};
use rust_decimal::Decimal;
use sea_orm::{DbErr, QueryResult, Value as Bound};
use uuid::Uuid;

use crate::{Dialect, StoreError};

/// Why a value does not fit a column.
#[derive(Debug, PartialEq)]
pub(crate) struct Unfit {
    value: String,
    reason: String,
}

impl Unfit {
    fn new(value: impl Display, reason: impl Into<String>) -> Self {
        Unfit { value: value.to_string().chars().take(64).collect(), reason: reason.into() }
    }

    /// The error, once it is known which column it is about (`Order.netTotal`).
    pub(crate) fn of(self, column: impl Display) -> StoreError {
        StoreError::Value { column: column.to_string(), value: self.value, reason: self.reason }
    }
}

/// `value` as `dialect` stores and compares a column of `kind`. Nothing is rounded; what does not fit is refused. Times
/// are cut to the millisecond, which is all the model keeps of them.
pub(crate) fn adapt(dialect: Dialect, kind: &Kind, value: &Value) -> Result<Bound, Unfit> {
    match (kind, value) {
        (_, Value::Null) => Ok(null(dialect, kind)),
        (Kind::Id, Value::Id(id)) => Ok(Bound::Uuid(Some(*id))),
        (Kind::Text, Value::Text(text)) => plain_text(text),
        (Kind::Int, Value::Int(number)) => match i32::try_from(*number) {
            Ok(number) => Ok(Bound::Int(Some(number))),
            Err(_) => Err(Unfit::new(number, "it is beyond 32 bits")),
        },
        (Kind::Bool, Value::Bool(truth)) => Ok(Bound::Bool(Some(*truth))),
        (Kind::Decimal { scale }, Value::Decimal(number)) => exact(dialect, *scale, *number),
        (Kind::Money, Value::Decimal(number)) => exact(dialect, MONEY_SCALE, *number),
        (Kind::Date, Value::Date(day)) => date(dialect, *day),
        (Kind::DateTime, Value::DateTime(time)) => instant(dialect, *time),
        (Kind::Enum(declared), Value::Text(name)) => {
            if declared.values.iter().any(|value| value.name == name) {
                return Ok(Bound::String(Some(name.clone())));
            }
            let allowed = declared.values.iter().map(|value| value.name).collect::<Vec<_>>().join(", ");
            Err(Unfit::new(name, format!("it is not one of {allowed}")))
        }
        (Kind::Json, Value::Json(json)) => document(json),
        (kind, value) => Err(Unfit::new(shown(value), format!("it is not {}", expected(kind)))),
    }
}

/// What [`adapt`] stored, from a column of a row. The inverse for every value of the kind. A column of JSON is selected as text.
pub(crate) fn read(dialect: Dialect, kind: &Kind, row: &QueryResult, index: usize) -> Result<Value, StoreError> {
    let text = || row.try_get_by_index::<Option<String>>(index);
    let parsed = |text: Option<String>| match text {
        Some(text) => parse_text(kind, &text)
            .map_err(|error| StoreError::Failed(format!("the database has a value of another kind: {error}"))),
        None => Ok(Value::Null),
    };
    let exact = |scale: u32| -> Result<Value, DbErr> {
        Ok(match dialect {
            Dialect::Postgres => row.try_get_by_index::<Option<Decimal>>(index)?.into(),
            Dialect::Sqlite => row.try_get_by_index::<Option<i64>>(index)?.map(|units| unscaled(units, scale)).into(),
        })
    };
    Ok(match kind {
        Kind::Id => row.try_get_by_index::<Option<Uuid>>(index)?.into(),
        Kind::Text | Kind::Enum(_) => text()?.into(),
        Kind::Json => parsed(text()?)?,
        Kind::Int => row.try_get_by_index::<Option<i32>>(index)?.into(),
        Kind::Bool => row.try_get_by_index::<Option<bool>>(index)?.into(),
        Kind::Decimal { scale } => exact(*scale)?,
        Kind::Money => exact(MONEY_SCALE)?,
        Kind::Date if dialect == Dialect::Postgres => row.try_get_by_index::<Option<NaiveDate>>(index)?.into(),
        Kind::DateTime if dialect == Dialect::Postgres => row.try_get_by_index::<Option<DateTime<Utc>>>(index)?.into(),
        Kind::Date | Kind::DateTime => parsed(text()?)?,
    })
}

/// The column in a list of what is selected: documents are read as the texts they are kept as.
pub(crate) fn selected(kind: &Kind, column: &str) -> String {
    match kind {
        Kind::Json => format!(r#"CAST("{column}" AS text)"#),
        _ => format!(r#""{column}""#),
    }
}

/// The parameter of that number for a column of `kind`. PostgreSQL takes a text for JSON only when told: bound as JSON it
/// would pass through `jsonb`, which writes it anew.
pub(crate) fn parameter(dialect: Dialect, kind: &Kind, number: usize) -> String {
    match (kind, dialect) {
        (Kind::Json, Dialect::Postgres) => format!("${number}::json"),
        _ => format!("${number}"),
    }
}

/// A null of the column's own type: PostgreSQL wants to know.
fn null(dialect: Dialect, kind: &Kind) -> Bound {
    match (kind, dialect) {
        (Kind::Id, _) => Bound::Uuid(None),
        (Kind::Text | Kind::Enum(_), _) => Bound::String(None),
        (Kind::Int, _) => Bound::Int(None),
        (Kind::Bool, _) => Bound::Bool(None),
        (Kind::Decimal { .. } | Kind::Money, Dialect::Postgres) => Bound::Decimal(None),
        (Kind::Decimal { .. } | Kind::Money, Dialect::Sqlite) => Bound::BigInt(None),
        (Kind::Date, Dialect::Postgres) => Bound::ChronoDate(None),
        (Kind::DateTime, Dialect::Postgres) => Bound::ChronoDateTimeUtc(None),
        (Kind::Json, _) => Bound::String(None),
        (Kind::Date | Kind::DateTime, Dialect::Sqlite) => Bound::String(None),
    }
}

fn exact(dialect: Dialect, scale: u32, number: Decimal) -> Result<Bound, Unfit> {
    let units = scaled(number, scale)
        .ok_or_else(|| Unfit::new(number, format!("it has more than {scale} decimal places or is too large")))?;
    Ok(match dialect {
        Dialect::Postgres => Bound::Decimal(Some(unscaled(units, scale))),
        Dialect::Sqlite => Bound::BigInt(Some(units)),
    })
}

fn plain_text(text: &str) -> Result<Bound, Unfit> {
    if text.contains('\0') {
        return Err(Unfit::new(
            text.replace('\0', "\\0"),
            "it contains the character U+0000, which PostgreSQL cannot store",
        ));
    }
    Ok(Bound::String(Some(text.to_owned())))
}

fn date(dialect: Dialect, day: NaiveDate) -> Result<Bound, Unfit> {
    four_digit_year(day.year(), day)?;
    Ok(match dialect {
        Dialect::Postgres => Bound::ChronoDate(Some(day)),
        Dialect::Sqlite => Bound::String(Some(day.to_string())),
    })
}

fn instant(dialect: Dialect, time: DateTime<Utc>) -> Result<Bound, Unfit> {
    four_digit_year(time.year(), time)?;
    let time = time.trunc_subsecs(3);
    Ok(match dialect {
        Dialect::Postgres => Bound::ChronoDateTimeUtc(Some(time)),
        Dialect::Sqlite => Bound::String(Some(time.to_rfc3339_opts(SecondsFormat::Millis, true))),
    })
}

/// Only years of four digits sort as text in the order of time.
fn four_digit_year(year: i32, given: impl Display) -> Result<(), Unfit> {
    if (1..=9999).contains(&year) {
        return Ok(());
    }
    Err(Unfit::new(given, "its year is not between 0001 and 9999"))
}

/// A document as the text both databases keep: no blanks, names in one order. It was read from text before, so its numbers
/// are written in one way, too.
fn document(json: &serde_json::Value) -> Result<Bound, Unfit> {
    if has_nul(json) {
        return Err(Unfit::new(json, "it contains the character U+0000, which PostgreSQL cannot store"));
    }
    Ok(Bound::String(Some(json.to_string())))
}

fn has_nul(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(items) => items.iter().any(has_nul),
        serde_json::Value::Object(members) => members.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Id(id) => id.to_string(),
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(time) => time.to_rfc3339(),
        Value::Json(json) => json.to_string(),
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Id => "an id",
        Kind::Text => "a text",
        Kind::Int => "a whole number",
        Kind::Bool => "true or false",
        Kind::Decimal { .. } => "a decimal number",
        Kind::Money => "an amount",
        Kind::Date => "a date",
        Kind::DateTime => "a time",
        Kind::Enum(_) => "the name of an enum value",
        Kind::Json => "a JSON document",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(kind: Kind, value: impl Into<Value>, message: &str) {
        let value = value.into();
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert_eq!(adapt(dialect, &kind, &value).unwrap_err().of("Order.it").to_string(), message);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_alike_by_both_dialects() {
        let amount = |text: &str| text.parse::<Decimal>().unwrap();
        refuse(
            Kind::Money,
            amount("1.00001"),
            "`Order.it` cannot hold `1.00001`: it has more than 4 decimal places or is too large",
        );
        refuse(
            Kind::Money,
            amount("922337203685477.5808"),
            "`Order.it` cannot hold `922337203685477.5808`: it has more than 4 decimal places or is too large",
        );
        refuse(Kind::Int, 2_147_483_648_i64, "`Order.it` cannot hold `2147483648`: it is beyond 32 bits");
        refuse(Kind::Int, "7", "`Order.it` cannot hold `7`: it is not a whole number");
        refuse(
            Kind::Text,
            "a\0b",
            "`Order.it` cannot hold `a\\0b`: it contains the character U+0000, which PostgreSQL cannot store",
        );
        refuse(
            Kind::Date,
            NaiveDate::from_ymd_opt(12026, 1, 1).unwrap(),
            "`Order.it` cannot hold `+12026-01-01`: its year is not between 0001 and 9999",
        );
    }

    #[test]
    fn sqlite_keeps_scaled_numbers_and_sortable_times() {
        let sqlite = |kind: Kind, value: Value| adapt(Dialect::Sqlite, &kind, &value).unwrap();
        assert_eq!(sqlite(Kind::Money, Value::Decimal("-12.5".parse().unwrap())), Bound::BigInt(Some(-125_000)));
        let time: DateTime<Utc> = "2026-11-22T18:07:08.123987Z".parse().unwrap();
        assert_eq!(sqlite(Kind::DateTime, time.into()), Bound::from("2026-11-22T18:07:08.123Z"));
        assert_eq!(sqlite(Kind::Date, NaiveDate::from_ymd_opt(826, 1, 1).unwrap().into()), Bound::from("0826-01-01"));
    }
}
