//! The meaning of a mapping file: every name in it exists, and every record it makes will be complete.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_model::{Model, ObjectType, RelationKey};
use toml::Spanned;

use super::document::{Document, Entry, Missing, ReferenceTable};
use super::format::format;
use super::origin::field_mapping;
use super::{FieldMapping, FileMapping, Mapping, ReferenceMapping};
use crate::business_data::{is_business_data, is_given, is_given_reference, types};
use crate::import::expression::{Expression, Table};
use crate::import::format::{Format, Notation};
use crate::import::refusal::{Fault, Refusal, listed, shown};
use crate::import::side_table::table_columns;
use crate::import::template::Template;

pub(super) fn check(name: &str, document: Document<'_>, digest: String, model: &Model) -> Result<Mapping, Refusal> {
    let content = &document.content;
    let source = content.source.get_ref().trim();
    check_source(source).map_err(|fault| fault.at(name, document.line(&content.source)))?;
    let as_of = match &content.as_of {
        None => None,
        Some(given) => Some(as_of(given.get_ref()).map_err(|fault| fault.at(name, document.line(given)))?),
    };
    let mut tables = Vec::new();
    let general = format(&Format::default(), &content.csv, None, &mut tables, &document, name)?;
    let mut formats = BTreeMap::new();
    for (file, given) in &content.formats {
        check_file(file).map_err(|fault| fault.at(name, document.line(given)))?;
        let own = format(&general, given.get_ref(), Some(file), &mut tables, &document, name)?;
        formats.insert(file.clone(), Arc::new(own));
    }
    let general = Arc::new(general);
    let mut files = Vec::with_capacity(content.files.len());
    for entry in &content.files {
        let of_file = formats.get(entry.get_ref().file.get_ref()).unwrap_or(&general);
        files.push(file_mapping(entry, &document, &of_file.notation, &mut tables, model, name)?);
    }
    let mapping = Mapping {
        name: name.to_owned(),
        digest,
        source: source.to_owned(),
        as_of,
        format: general,
        formats,
        files,
        tables,
    };
    check_formats(&mapping, &document)?;
    check_tables(&mapping).map_err(|fault| fault.about(name))?;
    Ok(mapping)
}

/// A format without effect would be a misunderstanding.
fn check_formats(mapping: &Mapping, document: &Document<'_>) -> Result<(), Refusal> {
    for (file, given) in &document.content.formats {
        let read = mapping.files.iter().any(|entry| entry.file == *file);
        if !read && !mapping.tables.iter().any(|table| table.file == *file) {
            let fault = Fault::new(
                format!("nothing is read from `{}`, which has a format", shown(file)),
                "correct the name, or leave the format out",
            );
            return Err(fault.at(&mapping.name, document.line(given)));
        }
    }
    Ok(())
}

/// A file that is looked into stands by itself: nothing is looked up for it in turn.
fn check_tables(mapping: &Mapping) -> Result<(), Fault> {
    for table in &mapping.tables {
        let format = mapping.format(&table.file);
        let derived = format.derived_for(table_columns(table));
        let of_derived =
            derived.iter().filter_map(|place| format.derived.get(*place)).map(|derived| &derived.expression);
        for expression in table.value.iter().chain(of_derived) {
            if !expression.tables().is_empty() || !expression.positions().is_empty() {
                return Err(Fault::new(
                    format!("what is looked up in `{}` looks into files or counts rows itself", table.file),
                    "look up one thing after the other, each in a derived column of the file that is imported",
                ));
            }
        }
    }
    Ok(())
}

pub(crate) fn check_source(source: &str) -> Result<(), Fault> {
    if !source.is_empty() && source.len() <= 64 && !source.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Fault::new("`source` is empty or too long", "name the system the files come from in up to 64 letters"))
}

fn as_of(given: &toml::value::Datetime) -> Result<NaiveDate, Fault> {
    let day = given.date.filter(|_| given.time.is_none() && given.offset.is_none());
    day.and_then(|day| NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into()))
        .ok_or_else(|| Fault::new(format!("`{given}` is not a day"), "write it like `as_of = 1998-05-06`"))
}

fn file_mapping(
    spanned: &Spanned<Entry>,
    document: &Document<'_>,
    notation: &Notation,
    tables: &mut Vec<Table>,
    model: &Model,
    name: &str,
) -> Result<FileMapping, Refusal> {
    let entry = spanned.get_ref();
    let at = |fault: Fault, text: &Spanned<String>| fault.at(name, document.line(text));
    check_file(entry.file.get_ref()).map_err(|fault| at(fault, &entry.file))?;
    let object = imported_type(entry.object.get_ref(), model).map_err(|fault| at(fault, &entry.object))?;
    let id = Template::parse(entry.id.get_ref())
        .and_then(|id| if entry.once || id.columns().next().is_some() { Ok(id) } else { Err(constant_id()) })
        .map_err(|fault| at(fault, &entry.id))?;
    let template = |given: &Spanned<String>| Template::parse(given.get_ref()).map_err(|fault| at(fault, given));
    let source = entry.source.as_ref().map(template).transpose()?;
    let condition = match &entry.condition {
        None => None,
        Some(given) => Some(condition(given.get_ref(), tables).map_err(|fault| at(fault, given))?),
    };
    let mut fields = Vec::with_capacity(entry.fields.len());
    for (field, given) in &entry.fields {
        let line = document.line(given);
        let mapped = settable_field(object, field)
            .and_then(|field| field_mapping(field, &given.get_ref().0, notation, tables, line));
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
        source,
        id,
        condition,
        once: entry.once,
        updates: entry.updates,
        fields,
        references,
    })
}

/// Reads an expression whose files lie in the folder.
pub(super) fn expression(text: &str, tables: &mut Vec<Table>) -> Result<Expression, Fault> {
    let known = tables.len();
    let expression = Expression::parse(text, tables)?;
    tables.iter().skip(known).try_for_each(|table| check_file(&table.file))?;
    Ok(expression)
}

fn condition(text: &str, tables: &mut Vec<Table>) -> Result<Expression, Fault> {
    let condition = expression(text, tables)?;
    if condition.is_condition() {
        return Ok(condition);
    }
    Err(Fault::new("`where` is no condition", "compare something, as in `where = \"Country = 'Norway'\"`"))
}

fn constant_id() -> Fault {
    Fault::new("the id has no column in it", "write columns in braces, as in `id = \"{OrderID}-{ProductID}\"`")
}

/// Files stay inside the folder that is imported.
pub(crate) fn check_file(file: &str) -> Result<(), Fault> {
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
    let names = || types(model).map(|object| object.name.as_str());
    let remedy = || format!("the types that can be imported are {}", listed(names()));
    match model.object(name) {
        None => Err(Fault::new(format!("there is no type `{}`", shown(name)), remedy())),
        Some(object) if !is_business_data(model, object) => {
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
    let leads_to = object.relations.iter().filter(|relation| is_given_reference(model, relation));
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
    if table.missing == Missing::Empty && !nullable {
        return Err(Fault::new(
            format!("`{name}` of `{}` always leads to a record, so it cannot be left empty", object.name),
            "leave out `missing`, or write `missing = \"skip\"`",
        ));
    }
    let own_type = target.name == object.name;
    if own_type && (table.missing == Missing::Skip || !nullable) {
        return Err(Fault::new(
            format!("`{name}` leads to the same type, whose rows may come later; such a row cannot be skipped"),
            "write `missing = \"empty\"`, or leave it out",
        ));
    }
    let source = table.source.as_deref().map(Template::parse).transpose()?;
    let (column, target) = (column.clone(), Arc::clone(target));
    Ok(ReferenceMapping { line, column, target, nullable, source, id, missing: table.missing })
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
