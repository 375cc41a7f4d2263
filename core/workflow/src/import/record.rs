//! Record: one record of the model, made from one row.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use chrono::{Datelike, NaiveDate};
use guildhall_model::{Kind, Value, parse_text, scaled};
use rust_decimal::Decimal;

use super::mapping::{FieldMapping, FileMapping, Mapping, Notation, Origin, ReferenceMapping};
use super::refusal::{Fault, shown};
use super::rows::Row;
use super::side_table::SideTables;

/// Most records one entry of a mapping may make, because their ids are remembered to find duplicates.
const MAX_RECORDS: usize = 10_000_000;

/// Longest external id.
const MAX_ID_BYTES: usize = 200;

#[derive(Debug)]
pub(crate) struct Record {
    pub line: u64,
    pub external_id: String,
    /// One per mapped field.
    pub values: Vec<Value>,
    /// The external ids of the records it refers to, one per mapped reference.
    pub parents: Vec<Option<String>>,
}

/// Makes records of the rows of one file, in their order.
pub(crate) struct Recorder<'m> {
    mapping: &'m FileMapping,
    notation: &'m Notation,
    tables: SideTables,
    /// How many rows had this text, per field that is a position.
    positions: HashMap<(usize, String), i32>,
    /// The line of every external id so far.
    seen: HashMap<String, u64>,
}

impl<'m> Recorder<'m> {
    pub(crate) fn new(mapping: &'m Mapping, file: &'m FileMapping, tables: SideTables) -> Self {
        Recorder { mapping: file, notation: &mapping.notation, tables, positions: HashMap::new(), seen: HashMap::new() }
    }

    /// The record of a row, or none if the mapping says to skip the row.
    pub(crate) fn record(&mut self, row: &Row) -> Result<Option<Record>, Fault> {
        for column in &self.mapping.skip_when_empty {
            if row.get(column)?.is_empty() {
                return Ok(None);
            }
        }
        let external_id = self.external_id(row)?;
        let mut values = Vec::with_capacity(self.mapping.fields.len());
        for (place, field) in self.mapping.fields.iter().enumerate() {
            values.push(self.value(place, field, row)?);
        }
        let parents = self.mapping.references.iter().map(|reference| parent(reference, row));
        let parents = parents.collect::<Result<_, _>>()?;
        Ok(Some(Record { line: row.line, external_id, values, parents }))
    }

    fn external_id(&mut self, row: &Row) -> Result<String, Fault> {
        let id = self.mapping.id.render_key(row)?;
        if id.len() > MAX_ID_BYTES {
            return Err(Fault::new(
                format!("the id `{}` is longer than {MAX_ID_BYTES} bytes", shown(&id)),
                "use columns that hold a short key",
            ));
        }
        if self.seen.len() >= MAX_RECORDS {
            return Err(Fault::new(format!("the file has more than {MAX_RECORDS} rows"), "split it"));
        }
        match self.seen.entry(id.clone()) {
            Entry::Vacant(place) => {
                place.insert(row.line);
                Ok(id)
            }
            Entry::Occupied(first) => Err(Fault::new(
                format!("the id `{}` was on line {} already", shown(&id), first.get()),
                "remove one of the rows, or add a column to the mapping's `id`",
            )),
        }
    }

    fn value(&mut self, place: usize, mapping: &FieldMapping, row: &Row) -> Result<Value, Fault> {
        match &mapping.origin {
            Origin::Constant(value) => Ok(value.clone()),
            Origin::Column(column) => {
                read(mapping, row.get(column)?, self.notation).map_err(|fault| fault.in_column(column))
            }
            Origin::Template(template) => {
                let text = template.render(row)?;
                read(mapping, &text, self.notation).map_err(|fault| in_first(fault, template.columns()))
            }
            Origin::Presence { column, then, otherwise } => {
                Ok(if row.get(column)?.is_empty() { otherwise.clone() } else { then.clone() })
            }
            Origin::Lookup { lookup } => self.looked_up(*lookup, mapping, row),
            Origin::Expression(expression) => {
                let mark = self.notation.decimal;
                let result = expression.evaluate(row, &|text| read_decimal(text, mark), &|sum| self.total(sum, row))?;
                number(mapping, result)
            }
            Origin::Position { within } => {
                let position = self.positions.entry((place, row.get(within)?.to_owned())).or_default();
                *position += 1;
                number(mapping, Decimal::from(*position))
            }
        }
    }

    fn looked_up(&self, place: usize, mapping: &FieldMapping, row: &Row) -> Result<Value, Fault> {
        let Some(lookup) = self.mapping.lookups.get(place) else { return Ok(Value::Null) };
        let key = row.get(&lookup.own)?;
        let text = if key.is_empty() { Some("") } else { self.tables.lookup(place, key) };
        let text = text.ok_or_else(|| {
            Fault::new(
                format!("`{}` has no row in `{}`", shown(key), shown(&lookup.file)),
                "correct the value or add the row there",
            )
        });
        text.and_then(|text| read(mapping, text, self.notation)).map_err(|fault| fault.in_column(&lookup.own))
    }

    fn total(&self, place: usize, row: &Row) -> Result<Decimal, Fault> {
        match self.mapping.sums.get(place) {
            Some(sum) => Ok(self.tables.sum(place, row.get(&sum.own)?)),
            None => Ok(Decimal::ZERO),
        }
    }
}

fn in_first<'a>(fault: Fault, mut columns: impl Iterator<Item = &'a str>) -> Fault {
    match columns.next() {
        Some(column) => fault.in_column(column),
        None => fault,
    }
}

fn parent(reference: &ReferenceMapping, row: &Row) -> Result<Option<String>, Fault> {
    let mut columns = reference.id.columns();
    let first = columns.next();
    // A reference is absent if its id is. Half an id is an error either way.
    if reference.nullable && reference.id.render(row)?.is_empty() {
        return Ok(None);
    }
    let id = reference.id.render_key(row).map_err(|_| {
        let name = &reference.target.name;
        in_first(Fault::new(format!("the row names no `{name}`"), "fill in the column"), first.into_iter())
    })?;
    Ok(Some(id))
}

/// A text of the file as a value of its field: translated, defaulted, read in the file's notation.
fn read(mapping: &FieldMapping, text: &str, notation: &Notation) -> Result<Value, Fault> {
    if let Some(meaning) = mapping.map.as_ref().and_then(|map| map.get(text)) {
        return Ok(meaning.clone());
    }
    if text.is_empty() {
        return match &mapping.default {
            Some(default) => Ok(default.clone()),
            None if mapping.field.nullable => Ok(Value::Null),
            None => Err(Fault::new(
                format!("the value is empty and `{}` always has one", mapping.field.name),
                "fill it in, or give the field a `default` in the mapping",
            )),
        };
    }
    if mapping.map.is_some() {
        return Err(Fault::new(
            format!("`{}` is not in the `map` of `{}`", shown(text), mapping.field.name),
            "correct the value or add it to the mapping",
        ));
    }
    match &mapping.field.kind {
        Kind::Date => read_date(text, &mapping.date),
        Kind::Decimal { .. } | Kind::Money => match read_decimal(text, notation.decimal) {
            Some(value) => number(mapping, value),
            None => Err(Fault::new(
                format!("`{}` is not a decimal number like `1234{}50`", shown(text), notation.decimal),
                "correct the value, or `csv.decimal` in the mapping",
            )),
        },
        kind => parse_text(kind, text).map_err(|error| {
            Fault::new(error.to_string(), "correct the value, or translate it with a `map` in the mapping")
        }),
    }
}

fn read_date(text: &str, format: &str) -> Result<Value, Fault> {
    // `%Y` also reads `96` as the year 96, which no business record means.
    let date = NaiveDate::parse_from_str(text, format).ok().filter(|date| (1000..=9999).contains(&date.year()));
    date.map(Value::Date).ok_or_else(|| {
        Fault::new(
            format!("`{}` is not a date like `{format}`", shown(text)),
            "correct the value, or the date format in the mapping",
        )
    })
}

/// Plain decimal notation with the file's own decimal mark; nothing that groups digits, no exponent.
pub(super) fn read_decimal(text: &str, mark: char) -> Option<Decimal> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, part) = digits.split_once(mark).unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !plain(whole) || !plain(part) || text.len() > 40 {
        return None;
    }
    let part = part.trim_end_matches('0');
    let point = if part.is_empty() { "" } else { "." };
    Decimal::from_str_exact(&format!("{sign}0{whole}{point}{part}")).ok()
}

/// A number as a value of its field, if it fits exactly.
fn number(mapping: &FieldMapping, number: Decimal) -> Result<Value, Fault> {
    let field = &mapping.field;
    let scale = match field.kind {
        Kind::Money => guildhall_model::MONEY_SCALE,
        Kind::Decimal { scale } => scale,
        _ => 0,
    };
    let beyond = || {
        Fault::new(
            format!("`{number}` has more than {scale} decimal places or is too large for `{}`", field.name),
            "correct the value or the expression; nothing is rounded silently",
        )
    };
    let units = scaled(number, scale).ok_or_else(beyond)?;
    match field.kind {
        Kind::Int => i32::try_from(units).map(Value::from).map_err(|_| beyond()),
        _ => Ok(Value::Decimal(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_in_the_notation_of_the_file() {
        let read = |text: &str, mark| read_decimal(text, mark).map(|value| value.to_string());
        assert_eq!(read("1234.50", '.').as_deref(), Some("1234.5"));
        assert_eq!(read("-0,15", ',').as_deref(), Some("-0.15"));
        assert_eq!(read(".5", '.').as_deref(), Some("0.5"));
        assert_eq!(read("7.", '.').as_deref(), Some("7"));
        for text in ["", "-", ".", "1,234.5", "1e3", "+1", " 1", "1.2.3", "٣", &"9".repeat(41)] {
            assert_eq!(read(text, '.'), None, "{text}");
        }
    }
}
