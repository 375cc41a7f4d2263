//! The meaning of a mapping file: every name in it exists, and every record it makes will be complete.

use std::path::{Component, Path};
use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_model::{Kind, Model, ObjectType, RelationKey};
use toml::Spanned;

use super::document::{Csv, Document, Entry, ReferenceTable};
use super::origin::{Tables, field_mapping};
use super::{FieldMapping, FileMapping, Mapping, Notation, ReferenceMapping};
use crate::business_data::{TYPES, is_given, is_given_reference};
use crate::import::refusal::{Fault, Refusal, listed, shown};
use crate::import::template::Template;

pub(super) fn check(name: &str, document: Document<'_>, model: &Model) -> Result<Mapping, Refusal> {
    let content = &document.content;
    let source = content.source.get_ref().trim();
    if source.is_empty() || source.len() > 64 || source.chars().any(char::is_control) {
        let fault =
            Fault::new("`source` is empty or too long", "name the system the files come from in up to 64 letters");
        return Err(fault.at(name, document.line(&content.source)));
    }
    let as_of = match &content.as_of {
        None => None,
        Some(given) => Some(as_of(given.get_ref()).map_err(|fault| fault.at(name, document.line(given)))?),
    };
    let notation = notation(&content.csv, &document, name)?;
    let mut files = Vec::with_capacity(content.files.len());
    for entry in &content.files {
        files.push(file_mapping(entry, &document, &notation, model, name)?);
    }
    Ok(Mapping { name: name.to_owned(), source: source.to_owned(), as_of, notation, files })
}

fn as_of(given: &toml::value::Datetime) -> Result<NaiveDate, Fault> {
    let day = given.date.filter(|_| given.time.is_none() && given.offset.is_none());
    day.and_then(|day| NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into()))
        .ok_or_else(|| Fault::new(format!("`{given}` is not a day"), "write it like `as_of = 1998-05-06`"))
}

fn notation(csv: &Csv, document: &Document<'_>, name: &str) -> Result<Notation, Refusal> {
    let at = |fault: Fault, given: &Spanned<String>| fault.at(name, document.line(given));
    let mut notation = Notation { separator: ',', date: "%Y-%m-%d".to_owned(), decimal: '.' };
    if let Some(given) = &csv.separator {
        notation.separator =
            one_letter(given.get_ref(), |letter| letter.is_ascii_punctuation() || matches!(letter, '\t' | ' '))
                .filter(|letter| *letter != '"')
                .ok_or_else(|| {
                    at(
                        Fault::new(
                            "`separator` is not one separating character",
                            "write something like `separator = \";\"`",
                        ),
                        given,
                    )
                })?;
    }
    if let Some(given) = &csv.decimal {
        notation.decimal = one_letter(given.get_ref(), |letter| matches!(letter, '.' | ',')).ok_or_else(|| {
            at(Fault::new("`decimal` is neither a point nor a comma", "write `decimal = \",\"`"), given)
        })?;
    }
    if let Some(given) = &csv.date {
        check_date(given.get_ref()).map_err(|fault| at(fault, given))?;
        notation.date.clone_from(given.get_ref());
    }
    Ok(notation)
}

fn one_letter(text: &str, fits: impl Fn(char) -> bool) -> Option<char> {
    let mut letters = text.chars();
    letters.next().filter(|letter| fits(*letter) && letters.next().is_none())
}

/// A date format is good if a day written in it reads back as the same day.
pub(super) fn check_date(format: &str) -> Result<(), Fault> {
    use std::fmt::Write;
    let known = NaiveDate::from_ymd_opt(1998, 5, 6).and_then(|day| day.and_hms_opt(13, 14, 15)).unwrap_or_default();
    let mut text = String::new();
    let written = write!(text, "{}", known.format(format)).is_ok();
    if written && NaiveDate::parse_from_str(&text, format) == Ok(known.date()) {
        return Ok(());
    }
    Err(Fault::new(
        format!("`{}` is not a date format", shown(format)),
        "write year, month and day as in `%m/%d/%Y`, `%d.%m.%Y` or `%Y-%m-%d`",
    ))
}

fn file_mapping(
    spanned: &Spanned<Entry>,
    document: &Document<'_>,
    notation: &Notation,
    model: &Model,
    name: &str,
) -> Result<FileMapping, Refusal> {
    let entry = spanned.get_ref();
    let at = |fault: Fault, text: &Spanned<String>| fault.at(name, document.line(text));
    check_file(entry.file.get_ref()).map_err(|fault| at(fault, &entry.file))?;
    let object = imported_type(entry.object.get_ref(), model).map_err(|fault| at(fault, &entry.object))?;
    let id = Template::parse(entry.id.get_ref())
        .and_then(|id| if id.columns().next().is_some() { Ok(id) } else { Err(constant_id()) })
        .map_err(|fault| at(fault, &entry.id))?;
    let mut tables = Tables::default();
    let mut fields = Vec::with_capacity(entry.fields.len());
    for (field, given) in &entry.fields {
        let line = document.line(given);
        let mapped = settable_field(object, field)
            .and_then(|field| field_mapping(field, &given.get_ref().0, notation, &mut tables, line));
        fields.push(mapped.map_err(|fault| fault.at(name, line))?);
    }
    let mut references = Vec::with_capacity(entry.references.len());
    for (relation, given) in &entry.references {
        let line = document.line(given);
        let mapped = reference_mapping(object, relation, &given.get_ref().0, model, line);
        references.push(mapped.map_err(|fault| fault.at(name, line))?);
    }
    let line = document.line(&entry.file);
    check_complete(object, &fields, &references).map_err(|fault| fault.at(name, line))?;
    Ok(FileMapping {
        line,
        file: entry.file.get_ref().clone(),
        object: object.clone(),
        id,
        skip_when_empty: entry.skip_when_empty.clone(),
        fields,
        references,
        sums: tables.sums,
        lookups: tables.lookups,
    })
}

fn constant_id() -> Fault {
    Fault::new("the id has no column in it", "write columns in braces, as in `id = \"{OrderID}-{ProductID}\"`")
}

/// Files stay inside the folder that is imported.
pub(super) fn check_file(file: &str) -> Result<(), Fault> {
    let inside = !file.is_empty()
        && !file.contains(['\\', '\0', ':'])
        && Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    if inside {
        return Ok(());
    }
    Err(Fault::new(
        format!("the file `{}` lies outside the folder", shown(file)),
        "name a file in the imported folder, without `..` and without a leading `/`",
    ))
}

fn imported_type<'m>(name: &str, model: &'m Model) -> Result<&'m Arc<ObjectType>, Fault> {
    let remedy = || format!("the types that can be imported are {}", listed(TYPES.into_iter()));
    match model.object(name) {
        None => Err(Fault::new(format!("there is no type `{}`", shown(name)), remedy())),
        Some(_) if !TYPES.contains(&name) => {
            Err(Fault::new(format!("`{name}` is kept by Guildhall and cannot be imported"), remedy()))
        }
        Some(object) => Ok(object),
    }
}

fn settable_field<'m>(object: &'m ObjectType, name: &str) -> Result<&'m Arc<guildhall_model::Field>, Fault> {
    let settable = object.fields.iter().filter(|field| is_given(object, &field.name));
    let remedy = || format!("its fields are {}", listed(settable.clone().map(|field| field.name.as_str())));
    match object.get(name) {
        None if object.relation(name).is_some() => Err(Fault::new(
            format!("`{name}` of `{}` is a relation, not a field", object.name),
            "move it under `references`",
        )),
        None => Err(Fault::new(format!("`{}` has no field `{}`", object.name, shown(name)), remedy())),
        Some(_) if name == "externalId" || name == "source" => {
            Err(Fault::new(format!("`{name}` is set by the mapping's `id` and `source`"), "leave it out here"))
        }
        Some(_) if !is_given(object, name) => {
            Err(Fault::new(format!("`{name}` of `{}` is computed by Guildhall", object.name), remedy()))
        }
        Some(field) => Ok(field),
    }
}

fn reference_mapping(
    object: &ObjectType,
    name: &str,
    table: &ReferenceTable,
    model: &Model,
    line: u64,
) -> Result<ReferenceMapping, Fault> {
    let leads_to = object.relations.iter().filter(|relation| is_given_reference(object, relation));
    let found = leads_to.clone().find(|relation| relation.name == name);
    let unknown = || {
        let names = listed(leads_to.clone().map(|relation| relation.name.as_str()));
        let remedy = if names.is_empty() { "it has none".to_owned() } else { format!("its references are {names}") };
        Fault::new(format!("`{}` has no reference `{}` to import", object.name, shown(name)), remedy)
    };
    let relation = found.ok_or_else(unknown)?;
    let (RelationKey::Here { column }, Some(target)) = (&relation.key, model.object(&relation.target)) else {
        return Err(unknown());
    };
    let id = match (&table.column, &table.template) {
        (Some(column), None) => Template::column(column),
        (None, Some(template)) => Template::parse(template)?,
        _ => {
            return Err(Fault::new(
                format!("`{name}` needs either `column` or `template`"),
                format!("write `{name} = \"CustomerID\"`, with the column that holds the id"),
            ));
        }
    };
    let nullable = relation.nullable;
    Ok(ReferenceMapping { line, column: column.clone(), target: target.clone(), nullable, id })
}

/// A record without a value for a field that always has one would be refused by the store; better said before reading.
fn check_complete(object: &ObjectType, fields: &[FieldMapping], references: &[ReferenceMapping]) -> Result<(), Fault> {
    let missing_fields = object.fields.iter().filter(|field| {
        !field.nullable && is_given(object, &field.name) && !fields.iter().any(|mapped| mapped.field.name == field.name)
    });
    let missing = listed(missing_fields.map(|field| field.name.as_str()));
    if !missing.is_empty() {
        return Err(Fault::new(
            format!("every `{}` needs {missing}", object.name),
            "add them under `fields`, from a column or as a `constant`",
        ));
    }
    let missing_references = object.relations.iter().filter(|relation| match &relation.key {
        RelationKey::Here { column } => !relation.nullable && !references.iter().any(|mapped| mapped.column == *column),
        RelationKey::There { .. } => false,
    });
    let missing = listed(missing_references.map(|relation| relation.name.as_str()));
    if !missing.is_empty() {
        return Err(Fault::new(
            format!("every `{}` needs {missing}", object.name),
            "add them under `references`, with the column that holds the id",
        ));
    }
    Ok(())
}

/// Whether an expression can fill a field of this kind.
pub(super) fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Decimal { .. } | Kind::Money)
}
