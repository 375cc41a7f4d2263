//! The format of a file, as a mapping says it.

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use toml::Spanned;

use super::document::{Document, FormatTable};
use super::{Derived, check};
use crate::import::expression::Table;
use crate::import::format::{Encoding, Format};
use crate::import::refusal::{Fault, Refusal, listed, shown};
use crate::import::rows::MAX_COLUMNS;

/// `base` with what `table` says differently. `file` is none for what holds for all files.
pub(super) fn format(
    base: &Format,
    table: &FormatTable,
    file: Option<&str>,
    tables: &mut Vec<Table>,
    document: &Document<'_>,
    name: &str,
) -> Result<Format, Refusal> {
    let mut format = base.clone();
    let text = |given: &Option<Spanned<String>>, set: &mut dyn FnMut(&str) -> Result<(), Fault>| match given {
        None => Ok(()),
        Some(given) => set(given.get_ref()).map_err(|fault| fault.at(name, document.line(given))),
    };
    text(&table.format, &mut |given| is_json(given).map(|json| format.json = json))?;
    if format.json != base.json {
        let plain = Format::default();
        let quote = if format.json { None } else { plain.quote };
        let (separator, terminator) = (plain.separator, plain.terminator);
        format = Format { separator, terminator, quote, unescape: false, ..format };
    }
    if format.json {
        check_no_csv(table).map_err(|(fault, given)| fault.at(name, document.line(given)))?;
    }
    text(&table.separator, &mut |given| separating(given, "separator").map(|given| format.separator = given))?;
    text(&table.terminator, &mut |given| separating(given, "terminator").map(|given| format.terminator = given))?;
    text(&table.quote, &mut |given| quote(given).map(|given| format.quote = given))?;
    text(&table.encoding, &mut |given| encoding(given).map(|given| format.encoding = given))?;
    let notation = &mut format.notation;
    text(&table.date, &mut |given| check_date(given).map(|()| notation.date = given.to_owned()))?;
    text(&table.time, &mut |given| check_time(given).map(|()| notation.time = given.to_owned()))?;
    text(&table.zone, &mut |given| check_zone(given).map(|given| notation.zone = given))?;
    text(&table.decimal, &mut |given| decimal(given).map(|given| notation.decimal = given))?;
    text(&table.grouping, &mut |given| grouping(given).map(|given| notation.grouping = given))?;
    format.trim = table.trim.unwrap_or(format.trim);
    format.unescape = table.unescape.unwrap_or(format.unescape);
    if let Some(empty) = &table.empty {
        format.empty.clone_from(empty);
    }
    let line = [&table.grouping, &table.decimal, &table.terminator, &table.separator]
        .into_iter()
        .flatten()
        .next()
        .map_or(1, |given| document.line(given));
    check_apart(&format).map_err(|fault| fault.at(name, line))?;
    if let Some(columns) = &table.columns {
        let line = document.line(columns);
        check_columns(file, columns.get_ref()).map_err(|fault| fault.at(name, line))?;
        format.columns = Some(columns.get_ref().clone());
    }
    let mut derived = Vec::with_capacity(table.derived.len());
    for (column, given) in &table.derived {
        let line = document.line(given);
        let one = derive(file, column, given.get_ref(), tables, line);
        derived.push(one.map_err(|fault| fault.at(name, line))?);
    }
    format.derived = in_order(derived).map_err(|(fault, line)| fault.at(name, line))?;
    Ok(format)
}

fn is_json(given: &str) -> Result<bool, Fault> {
    match given {
        "csv" => Ok(false),
        "jsonl" => Ok(true),
        _ => Err(Fault::new(format!("the format `{}` is not known", shown(given)), "write `\"csv\"` or `\"jsonl\"`")),
    }
}

/// A key without effect would be a misunderstanding.
fn check_no_csv(table: &FormatTable) -> Result<(), (Fault, &Spanned<String>)> {
    let keys = [("separator", &table.separator), ("terminator", &table.terminator), ("quote", &table.quote)];
    let given = keys.into_iter().find_map(|(key, given)| Some((key, given.as_ref()?)));
    given.map_or(Ok(()), |(key, given)| {
        Err((Fault::new(format!("`{key}` says nothing about JSON Lines"), "leave it out"), given))
    })
}

fn separating(given: &str, key: &str) -> Result<String, Fault> {
    let fits = (1..=8).contains(&given.len()) && given.is_ascii() && !given.contains(['"', '\0']);
    // A separator of letters and digits would cut values.
    let means_nothing = given.bytes().any(|byte| !byte.is_ascii_alphanumeric());
    if fits && means_nothing {
        return Ok(given.to_owned());
    }
    Err(Fault::new(
        format!("`{key}` is not one to eight separating characters"),
        format!("write something like `{key} = \"{}\"`", if key == "separator" { ";" } else { "\\n" }),
    ))
}

fn quote(given: &str) -> Result<Option<u8>, Fault> {
    match given.as_bytes() {
        [] => Ok(None),
        [quote] if quote.is_ascii_punctuation() => Ok(Some(*quote)),
        _ => Err(Fault::new(
            "`quote` is no single quoting character",
            "write `quote = '\"'`, or `quote = \"\"` for none",
        )),
    }
}

fn encoding(given: &str) -> Result<Encoding, Fault> {
    let found = Encoding::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(given));
    found.map(|(_, encoding)| *encoding).ok_or_else(|| {
        Fault::new(
            format!("the encoding `{}` is not known", shown(given)),
            format!("write one of {}", listed(Encoding::NAMES.iter().map(|(name, _)| *name))),
        )
    })
}

fn decimal(given: &str) -> Result<char, Fault> {
    match given {
        "." => Ok('.'),
        "," => Ok(','),
        _ => Err(Fault::new("`decimal` is neither a point nor a comma", "write `decimal = \",\"`")),
    }
}

fn grouping(given: &str) -> Result<Option<char>, Fault> {
    let mut letters = given.chars();
    match (letters.next(), letters.next()) {
        (None, _) => Ok(None),
        (Some(mark @ (',' | '.' | ' ' | '\'' | '\u{a0}' | '\u{202f}')), None) => Ok(Some(mark)),
        _ => Err(Fault::new(
            "`grouping` is no mark between groups of digits",
            "write `grouping = \",\"`, or \"\" for none",
        )),
    }
}

/// Marks that mean two things mean nothing.
fn check_apart(format: &Format) -> Result<(), Fault> {
    if format.notation.grouping == Some(format.notation.decimal) {
        return Err(Fault::new("`grouping` and `decimal` are the same mark", "say which one the files use for which"));
    }
    if format.separator.contains(&format.terminator) || format.terminator == format.separator {
        return Err(Fault::new(
            "`separator` and `terminator` are not apart",
            "say what ends a value and what ends a row",
        ));
    }
    let quote = format.quote.map(char::from);
    if quote.is_some_and(|quote| format.separator.contains(quote) || format.terminator.contains(quote)) {
        return Err(Fault::new("`quote` is part of what separates", "write `quote = \"\"` if the file has no quotes"));
    }
    Ok(())
}

fn check_columns(file: Option<&str>, columns: &[String]) -> Result<(), Fault> {
    if file.is_none() {
        return Err(Fault::new("`columns` holds for one file", "write it under `[formats.\"file.csv\"]`"));
    }
    if columns.is_empty() || columns.len() > MAX_COLUMNS || columns.iter().any(String::is_empty) {
        return Err(Fault::new(
            format!("`columns` does not name from 1 to {MAX_COLUMNS} columns"),
            "name every column of the file, in its order",
        ));
    }
    Ok(())
}

fn derive(
    file: Option<&str>,
    column: &str,
    expression: &str,
    tables: &mut Vec<Table>,
    line: u64,
) -> Result<Derived, Fault> {
    if file.is_none() {
        return Err(Fault::new("`derived` holds for one file", "write it under `[formats.\"file.csv\"]`"));
    }
    let expression = check::expression(expression, tables)?;
    Ok(Derived { name: column.to_owned(), expression, line })
}

/// Derived columns after those they are made of.
fn in_order(mut waiting: Vec<Derived>) -> Result<Vec<Derived>, (Fault, u64)> {
    let mut ordered: Vec<Derived> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let names: Vec<String> = waiting.iter().map(|derived| derived.name.clone()).collect();
        let ready = waiting.iter().position(|derived| {
            !derived.expression.columns().iter().any(|column| names.iter().any(|name| name == column))
        });
        match ready {
            Some(place) => ordered.push(waiting.remove(place)),
            None => {
                let line = waiting.first().map_or(1, |derived| derived.line);
                let names = listed(names.iter().map(String::as_str));
                return Err((
                    Fault::new(
                        format!("the derived columns {names} are made of each other"),
                        "begin with a column of the file",
                    ),
                    line,
                ));
            }
        }
    }
    Ok(ordered)
}

/// A date format is good if a day written in it reads back as the same day.
pub(super) fn check_date(format: &str) -> Result<(), Fault> {
    let known = known_time();
    if written(format).is_some_and(|text| NaiveDate::parse_from_str(&text, format) == Ok(known.date())) {
        return Ok(());
    }
    Err(Fault::new(
        format!("`{}` is not a date format", shown(format)),
        "write year, month and day as in `%m/%d/%Y`, `%d.%m.%Y` or `%Y-%m-%d`",
    ))
}

/// A time format is good if a time written in it reads back to the minute.
pub(super) fn check_time(format: &str) -> Result<(), Fault> {
    let read = written(format).and_then(|text| {
        let zoned = chrono::DateTime::parse_from_str(&text, format).map(|time| time.naive_utc());
        zoned.or_else(|_| NaiveDateTime::parse_from_str(&text, format)).ok()
    });
    if read.is_some_and(|read| (read - known_time()).num_seconds().abs() < 60) {
        return Ok(());
    }
    Err(Fault::new(
        format!("`{}` is not a time format", shown(format)),
        "write day, hour and minute as in `%Y-%m-%d %H:%M` or `%Y-%m-%dT%H:%M:%S%:z`",
    ))
}

pub(super) fn check_zone(name: &str) -> Result<Tz, Fault> {
    name.parse().map_err(|_| {
        Fault::new(format!("the time zone `{}` is not known", shown(name)), "write one like `Europe/Berlin` or `UTC`")
    })
}

fn known_time() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(1998, 5, 6).and_then(|day| day.and_hms_opt(13, 14, 15)).unwrap_or_default()
}

fn written(format: &str) -> Option<String> {
    use std::fmt::Write;
    let mut text = String::new();
    write!(text, "{}", known_time().and_utc().format(format)).ok().map(|()| text)
}
