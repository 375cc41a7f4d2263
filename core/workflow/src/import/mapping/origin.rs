//! Origin: where the value of a field comes from, read from the right side of its line.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_model::{Field, Kind, Value, parse_text};

use super::check::expression;
use super::document::{FieldTable, Invalid, Plain};
use super::format::{check_date, check_time, check_zone};
use super::{FieldMapping, Origin, Reading};
use crate::import::expression::Table;
use crate::import::format::Notation;
use crate::import::refusal::{Fault, shown};
use crate::import::template::Template;

pub(super) fn field_mapping(
    field: &Arc<Field>,
    table: &FieldTable,
    notation: &Notation,
    tables: &mut Vec<Table>,
    line: u64,
) -> Result<FieldMapping, Fault> {
    check_companions(field, table)?;
    let origin = origin(field, table, tables)?;
    let map = match &table.map {
        None => None,
        Some(given) => {
            let read = |(text, meaning): (&String, &Plain)| Ok((text.clone(), plain_value(field, meaning)?));
            Some(given.iter().map(read).collect::<Result<BTreeMap<_, _>, Fault>>()?)
        }
    };
    let default = table.default.as_ref().map(|default| plain_value(field, default)).transpose()?;
    if let Some(date) = &table.date {
        check_date(date)?;
    }
    if let Some(time) = &table.time {
        check_time(time)?;
    }
    let zone = table.zone.as_deref().map(check_zone).transpose()?;
    let reading = Reading {
        map,
        default,
        date: table.date.clone().unwrap_or_else(|| notation.date.clone()),
        time: table.time.clone().unwrap_or_else(|| notation.time.clone()),
        zone: zone.unwrap_or(notation.zone),
        invalid: table.invalid.unwrap_or_default(),
    };
    Ok(FieldMapping { line, field: Arc::clone(field), origin, reading })
}

fn origin(field: &Field, table: &FieldTable, tables: &mut Vec<Table>) -> Result<Origin, Fault> {
    match (&table.column, &table.template, &table.constant, &table.expression) {
        (Some(column), None, None, None) => Ok(Origin::Column(column.clone())),
        (None, Some(template), None, None) => Template::parse(template).map(Origin::Template),
        (None, None, Some(constant), None) => plain_value(field, constant).map(Origin::Constant),
        (None, None, None, Some(text)) => expression(text, tables).map(Origin::Expression),
        _ => Err(Fault::new(
            format!("`{}` needs one origin", field.name),
            "say exactly one of `column`, `template`, `constant` and `expression`",
        )),
    }
}

/// A key without effect would be a misunderstanding.
fn check_companions(field: &Field, table: &FieldTable) -> Result<(), Fault> {
    let reads = table.map.is_some() || table.default.is_some() || table.invalid.is_some();
    if reads && table.constant.is_some() {
        return Err(Fault::new(
            format!("`{}` has `map`, `default` or `invalid` without a text to read", field.name),
            "they belong to `column`, `template` and `expression`",
        ));
    }
    if table.date.is_some() && field.kind != Kind::Date {
        return Err(Fault::new(format!("`{}` is no date", field.name), "leave out `date`"));
    }
    if (table.time.is_some() || table.zone.is_some()) && field.kind != Kind::DateTime {
        return Err(Fault::new(format!("`{}` is no time", field.name), "leave out `time` and `zone`"));
    }
    if table.invalid == Some(Invalid::Empty) && !field.nullable && table.default.is_none() {
        return Err(Fault::new(
            format!("`{}` always has a value, so what cannot be read cannot be left empty", field.name),
            "leave out `invalid`, or give the field a `default`",
        ));
    }
    Ok(())
}

/// A value that the mapping itself says, in the model's own notation whatever the files use.
fn plain_value(field: &Field, plain: &Plain) -> Result<Value, Fault> {
    parse_text(&field.kind, &plain.0).map_err(|error| {
        Fault::new(
            format!("`{}` does not fit `{}`: {error}", shown(&plain.0), field.name),
            "correct the value in the mapping",
        )
    })
}
