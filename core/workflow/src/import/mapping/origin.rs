//! Origin: where the value of a field comes from, read from the right side of its line.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_model::{Field, Kind, Value, parse_text};

use super::check::{check_date, check_file, is_number};
use super::document::{FieldTable, Plain};
use super::{FieldMapping, Lookup, Notation, Origin};
use crate::import::expression::{Expression, Sum};
use crate::import::refusal::{Fault, shown};
use crate::import::template::Template;

/// The other files that fields of one entry read from, each way of reading once.
#[derive(Default)]
pub(super) struct Tables {
    pub sums: Vec<Sum>,
    pub lookups: Vec<Lookup>,
}

pub(super) fn field_mapping(
    field: &Arc<Field>,
    table: &FieldTable,
    notation: &Notation,
    tables: &mut Tables,
    line: u64,
) -> Result<FieldMapping, Fault> {
    check_companions(field, table)?;
    let origin = origin(field, table, tables)?;
    for sum in &tables.sums {
        check_file(&sum.file)?;
    }
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
    let date = table.date.clone().unwrap_or_else(|| notation.date.clone());
    Ok(FieldMapping { line, field: field.clone(), origin, map, default, date })
}

fn origin(field: &Field, table: &FieldTable, tables: &mut Tables) -> Result<Origin, Fault> {
    let text = match (&table.column, &table.template) {
        (Some(column), _) => Some(Template::column(column)),
        (None, Some(template)) => Some(Template::parse(template)?),
        (None, None) => None,
    };
    if let (Some(file), Some(by)) = (&table.from, &table.by) {
        check_file(file)?;
        let (key, own) = match by.split_once('=') {
            Some((key, own)) => (key.trim(), own.trim()),
            None => (by.trim(), by.trim()),
        };
        let text = text.ok_or_else(|| one_origin(field))?;
        let lookup = Lookup { file: file.clone(), text, key: key.to_owned(), own: own.to_owned() };
        let place = tables.lookups.iter().position(|known| *known == lookup).unwrap_or_else(|| {
            tables.lookups.push(lookup);
            tables.lookups.len() - 1
        });
        return Ok(Origin::Lookup { lookup: place });
    }
    if let Some(column) = &table.column {
        return Ok(Origin::Column(column.clone()));
    }
    if let Some(template) = text {
        return Ok(Origin::Template(template));
    }
    if let Some(constant) = &table.constant {
        return plain_value(field, constant).map(Origin::Constant);
    }
    if let Some(expression) = &table.expression {
        return Expression::parse(expression, &mut tables.sums).map(Origin::Expression);
    }
    if let (Some(column), Some(then), Some(otherwise)) = (&table.if_present, &table.then, &table.otherwise) {
        let (then, otherwise) = (plain_value(field, then)?, plain_value(field, otherwise)?);
        return Ok(Origin::Presence { column: column.clone(), then, otherwise });
    }
    match &table.position_within {
        Some(within) => Ok(Origin::Position { within: within.clone() }),
        None => Err(one_origin(field)),
    }
}

fn one_origin(field: &Field) -> Fault {
    Fault::new(
        format!("`{}` needs one origin", field.name),
        "say exactly one of `column`, `template`, `constant`, `expression`, `if_present` or `position_within`",
    )
}

/// One origin, and beside it only what belongs to it: a key without effect would be a misunderstanding.
fn check_companions(field: &Field, table: &FieldTable) -> Result<(), Fault> {
    let text = table.column.is_some() || table.template.is_some();
    let number = table.expression.is_some() || table.position_within.is_some();
    let origins = [
        table.column.is_some(),
        table.template.is_some(),
        table.constant.is_some(),
        table.expression.is_some(),
        table.if_present.is_some(),
        table.position_within.is_some(),
    ];
    if origins.into_iter().filter(|given| *given).count() != 1 {
        return Err(one_origin(field));
    }
    let presence = table.if_present.is_some();
    if presence != table.then.is_some() || presence != table.otherwise.is_some() {
        return Err(Fault::new(
            format!("`{}` has only some of `if_present`, `then` and `otherwise`", field.name),
            "the three belong together",
        ));
    }
    if table.from.is_some() != table.by.is_some() {
        return Err(Fault::new(
            format!("`{}` has only one of `from` and `by`", field.name),
            "the two belong together, as in `from = \"Categories.csv\", by = \"CategoryID\"`",
        ));
    }
    let only_text = table.from.is_some() || table.map.is_some() || table.default.is_some() || table.date.is_some();
    if only_text && !text {
        return Err(Fault::new(
            format!("`{}` has `from`, `map`, `default` or `date` without a text to read", field.name),
            "they belong to `column` and `template`",
        ));
    }
    if number && !is_number(&field.kind) {
        return Err(Fault::new(
            format!("`{}` is no number", field.name),
            "use `column` or `template`; `expression` and `position_within` make numbers",
        ));
    }
    if table.date.is_some() && field.kind != Kind::Date {
        return Err(Fault::new(format!("`{}` is no date", field.name), "leave out `date`"));
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
