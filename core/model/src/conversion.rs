//! Text from outside (GraphQL, CSV, cursors) into typed values.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use rust_decimal::Decimal;

use crate::{GlobalId, Kind, Value};

/// Why a text is no value of its field's kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    #[error("`{given}` is not {expected}")]
    Malformed { given: String, expected: &'static str },
    #[error("`{given}` has more than {scale} decimal places or is too large")]
    OutOfScale { given: String, scale: u32 },
    #[error("`{given}` is not one of {allowed}")]
    NotInEnum { given: String, allowed: String },
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
            .filter(|_| text.len() == 10)
            .map(Value::Date)
            .ok_or_else(|| malformed(text, "a date like `2026-11-22`")),
        Kind::DateTime => DateTime::parse_from_rfc3339(text)
            .map(|time| Value::DateTime(time.with_timezone(&Utc).trunc_subsecs(3)))
            .map_err(|_| malformed(text, "a time like `2026-11-22T18:07:08Z`")),
        Kind::Enum(declared) if declared.values.iter().any(|value| value.name == text) => {
            Ok(Value::Text(text.to_owned()))
        }
        Kind::Enum(declared) => Err(ConversionError::NotInEnum {
            given: text.chars().take(64).collect(),
            allowed: declared.values.iter().map(|value| value.name).collect::<Vec<_>>().join(", "),
        }),
        Kind::Json => serde_json::from_str(text).map(Value::Json).map_err(|_| malformed(text, "JSON")),
    }
}

fn parse_decimal(text: &str, scale: u32) -> Result<Value, ConversionError> {
    let plain = text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let value = Decimal::from_str_exact(text)
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| malformed(text, "a decimal number like `1234.50`"))?;
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
        refuse(Kind::Date, "7/4/1996", "`7/4/1996` is not a date like `2026-11-22`");
        refuse(Kind::Date, "1996-02-30", "`1996-02-30` is not a date like `2026-11-22`");
        refuse(Kind::Money, "1e3", "`1e3` is not a decimal number like `1234.50`");
        refuse(Kind::Money, "0.00001", "`0.00001` has more than 4 decimal places or is too large");
        refuse(Kind::Int, "2147483648", "`2147483648` is not a whole number of 32 bits");
        refuse(Kind::Bool, "yes", "`yes` is not `true` or `false`");
    }

    #[test]
    fn times_are_kept_to_the_millisecond_in_utc() {
        let value = parse_text(&Kind::DateTime, "2026-11-22T18:07:08.123456+02:00").unwrap();
        assert_eq!(value, Value::DateTime("2026-11-22T16:07:08.123Z".parse().unwrap()));
    }
}
