//! Text from outside (GraphQL, CSV, cursors) into typed values.

use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Utc};
use rust_decimal::Decimal;

use crate::{GlobalId, Kind, Value};

/// The years both databases and RFC 3339 can write.
const YEARS: std::ops::RangeInclusive<i32> = 1..=9999;

/// Digits of an exact number.
const DIGITS: usize = 28;

/// Why a text is no value of its field's kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    #[error("`{given}` is not {expected}")]
    Malformed { given: String, expected: &'static str },
    #[error("`{given}` has more than {scale} decimal places or is too large")]
    OutOfScale { given: String, scale: u32 },
    #[error("`{given}` is too large; an exact number has at most {DIGITS} digits")]
    TooLarge { given: String },
    #[error("`{given}` is not one of {allowed}")]
    NotInEnum { given: String, allowed: String },
    #[error("the text has a character U+0000, which no text may have; leave it out")]
    Nul,
    #[error("{0}")]
    Id(#[from] crate::GlobalIdError),
}

fn malformed(given: &str, expected: &'static str) -> ConversionError {
    ConversionError::Malformed { given: given.chars().take(64).collect(), expected }
}

/// Reads `text` in the canonical notation of `kind`: RFC 3339 for times (kept to the millisecond), `YYYY-MM-DD` for dates,
/// plain decimal notation for numbers. Decimals beyond the field's scale are refused, never rounded.
pub fn parse_text(kind: &Kind, text: &str) -> Result<Value, ConversionError> {
    match kind {
        Kind::Text if text.contains('\0') => Err(ConversionError::Nul),
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Id => Ok(Value::Id(GlobalId::parse(text)?.uuid)),
        Kind::Int => text.parse::<i32>().map(Value::from).map_err(|_| malformed(text, "a whole number of 32 bits")),
        Kind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(malformed(text, "`true` or `false`")),
        },
        Kind::Decimal { scale } => parse_decimal(text, *scale),
        Kind::Money => parse_decimal(text, crate::MONEY_SCALE),
        Kind::Date => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|date| text.len() == 10 && YEARS.contains(&date.year()))
            .map(Value::Date)
            .ok_or_else(|| malformed(text, "a date like `2026-11-22`, in the years 0001 to 9999")),
        Kind::DateTime => DateTime::parse_from_rfc3339(text)
            .map(|time| time.with_timezone(&Utc).trunc_subsecs(3))
            .ok()
            .filter(|time| YEARS.contains(&time.year()))
            .map(Value::DateTime)
            .ok_or_else(|| malformed(text, "a time like `2026-11-22T18:07:08Z`, in the years 0001 to 9999 of UTC")),
        Kind::Enum(declared) if declared.values.iter().any(|value| value.name == text) => {
            Ok(Value::Text(text.to_owned()))
        }
        Kind::Enum(declared) => Err(ConversionError::NotInEnum {
            given: text.chars().take(64).collect(),
            allowed: declared.values.iter().map(|value| value.name).collect::<Vec<_>>().join(", "),
        }),
        Kind::Json => match serde_json::from_str(text) {
            Ok(json) if has_nul(&json) => Err(ConversionError::Nul),
            Ok(json) => Ok(Value::Json(json)),
            Err(_) => Err(malformed(text, "JSON")),
        },
    }
}

/// Whether a text or a name anywhere in it has a U+0000, which PostgreSQL cannot keep.
pub fn has_nul(json: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Reads an exact number in plain notation: digits, perhaps with a minus before and a point between them.
pub fn parse_exact(text: &str) -> Result<Decimal, ConversionError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !only_digits(whole) || !only_digits(places) {
        return Err(malformed(text, "a decimal number like `1234.50`"));
    }
    match Decimal::from_str_exact(text) {
        Ok(value) if text.len() <= 40 => Ok(value),
        _ if whole.len() + places.len() > DIGITS => {
            Err(ConversionError::TooLarge { given: text.chars().take(64).collect() })
        }
        _ => Err(malformed(text, "a decimal number like `1234.50`")),
    }
}

fn parse_decimal(text: &str, scale: u32) -> Result<Value, ConversionError> {
    let value = parse_exact(text)?;
    match crate::scaled(value, scale) {
        Some(_) => Ok(Value::Decimal(value)),
        None => Err(ConversionError::OutOfScale { given: text.to_owned(), scale }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(kind: Kind, text: &str, message: &str) {
        assert_eq!(parse_text(&kind, text).unwrap_err().to_string(), message);
    }

    #[test]
    fn texts_that_are_no_value_are_refused_with_the_expected_form() {
        refuse(Kind::Date, "7/4/1996", "`7/4/1996` is not a date like `2026-11-22`, in the years 0001 to 9999");
        refuse(Kind::Date, "1996-02-30", "`1996-02-30` is not a date like `2026-11-22`, in the years 0001 to 9999");
        refuse(Kind::Money, "1e3", "`1e3` is not a decimal number like `1234.50`");
        for text in ["", "-", ".", "1.2.3", "--1", "1-", "+1", "1_0"] {
            refuse(Kind::Money, text, &format!("`{text}` is not a decimal number like `1234.50`"));
        }
        let large = "9".repeat(35);
        refuse(Kind::Money, &large, &format!("`{large}` is too large; an exact number has at most 28 digits"));
        refuse(Kind::Money, "0.00001", "`0.00001` has more than 4 decimal places or is too large");
        refuse(Kind::Int, "2147483648", "`2147483648` is not a whole number of 32 bits");
        refuse(Kind::Bool, "yes", "`yes` is not `true` or `false`");
    }

    #[test]
    fn what_a_database_cannot_keep_is_refused() {
        let nul = "the text has a character U+0000, which no text may have; leave it out";
        refuse(Kind::Text, "a\0b", nul);
        refuse(Kind::Json, r#"{"a": ["\u0000"]}"#, nul);
        refuse(Kind::Date, "0000-01-01", "`0000-01-01` is not a date like `2026-11-22`, in the years 0001 to 9999");
        let before = "0001-01-01T00:30:00+01:00";
        let expected = "is not a time like `2026-11-22T18:07:08Z`, in the years 0001 to 9999 of UTC";
        refuse(Kind::DateTime, before, &format!("`{before}` {expected}"));
        assert!(parse_text(&Kind::Date, "0001-01-01").is_ok() && parse_text(&Kind::Date, "9999-12-31").is_ok());
    }

    #[test]
    fn times_are_kept_to_the_millisecond_in_utc() {
        let value = parse_text(&Kind::DateTime, "2026-11-22T18:07:08.123456+02:00").unwrap();
        assert_eq!(value, Value::DateTime("2026-11-22T16:07:08.123Z".parse().unwrap()));
    }
}
