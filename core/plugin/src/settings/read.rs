//! Reads a JSON Schema, as far as settings need one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Form, Kind, Object, Setting, SettingsError, SettingsSchema, check};
use crate::answer::unique_object;
use crate::failure::shown;

/// Settings of all objects together.
const SETTINGS: usize = 100;
const DEPTH: usize = 4;
const TEXT: u64 = 2_000;
const ITEMS: u64 = 1_000;
const CHOICES: usize = 100;
const NAME: usize = 64;
/// Beyond it a number is not the same in every language.
const INTEGER: i64 = (1 << 53) - 1;

/// What may stand anywhere and says nothing about values.
const NOTES: [&str; 5] = ["title", "description", "examples", "default", "$comment"];

pub(super) fn schema(text: &str) -> Result<SettingsSchema, SettingsError> {
    let document = unique_object(text).map_err(|problem| error("", format!("is no JSON object: {problem}")))?;
    let mut reader = Reader { count: 0 };
    let mut members = document.clone();
    members.remove("$schema");
    members.remove("$id");
    if members.contains_key("default") {
        return refuse("default", "the defaults stand at the settings");
    }
    let object = reader.object(&members, "", 0)?;
    Ok(SettingsSchema { document: Value::Object(document), object })
}

fn error(place: &str, problem: impl Into<String>) -> SettingsError {
    SettingsError { place: shown(place, 200), problem: problem.into() }
}

fn refuse<T>(place: &str, problem: impl Into<String>) -> Result<T, SettingsError> {
    Err(error(place, problem))
}

fn at(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

struct Reader {
    count: usize,
}

impl Reader {
    fn object(&mut self, members: &Map<String, Value>, place: &str, depth: usize) -> Result<Object, SettingsError> {
        only(members, place, &["type", "properties", "required", "additionalProperties"])?;
        if members.get("type") != Some(&Value::from("object")) {
            return refuse(&at(place, "type"), "must be `object`");
        }
        if depth > DEPTH {
            return refuse(place, format!("lies more than {DEPTH} objects deep; make it flatter"));
        }
        if members.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false)) {
            let problem = "must be false: a setting that is not described is refused";
            return refuse(&at(place, "additionalProperties"), problem);
        }
        let none = Map::new();
        let properties = match members.get("properties") {
            None => &none,
            Some(Value::Object(properties)) => properties,
            Some(_) => return refuse(&at(place, "properties"), "must be an object with a schema for each setting"),
        };
        let required = names(members, "required", place)?;
        if let Some(name) = required.iter().find(|name| !properties.contains_key(*name)) {
            return refuse(
                &at(place, "required"),
                format!("names `{}`, which is not among the properties", shown(name, 80)),
            );
        }
        let mut settings = BTreeMap::new();
        for (name, schema) in properties {
            let place = at(&at(place, "properties"), name);
            self.count += 1;
            if self.count > SETTINGS {
                return refuse(&place, format!("is one too many; a plugin has at most {SETTINGS} settings"));
            }
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !plain || name.len() > NAME || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
                return refuse(
                    &place,
                    "must have a name such as `earlyDiscount`: a letter, then letters, digits and `_`",
                );
            }
            let Value::Object(schema) = schema else { return refuse(&place, "must be an object") };
            let kind = self.kind(schema, &place, depth)?;
            let default = schema.get("default").map(|value| default(&kind, value, &place)).transpose()?;
            settings.insert(name.clone(), Setting { kind, required: required.contains(name), default });
        }
        Ok(Object { settings })
    }

    fn kind(&mut self, schema: &Map<String, Value>, place: &str, depth: usize) -> Result<Kind, SettingsError> {
        let types = "`string`, `integer`, `boolean`, `array` or `object`";
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.object(schema, place, depth + 1).map(Kind::Object),
            Some("boolean") => only(schema, place, &["type"]).map(|()| Kind::Bool),
            Some("integer") => {
                only(schema, place, &["type", "minimum", "maximum"])?;
                let minimum = whole(schema, "minimum", place, -INTEGER)?;
                let maximum = whole(schema, "maximum", place, INTEGER)?;
                if minimum > maximum {
                    return refuse(place, "has a minimum above its maximum");
                }
                Ok(Kind::Integer { minimum, maximum })
            }
            Some("string") => text(schema, place),
            Some("array") => {
                only(schema, place, &["type", "items", "minItems", "maxItems"])?;
                let Some(Value::Object(items)) = schema.get("items") else {
                    return refuse(&at(place, "items"), "must be the schema of an item");
                };
                let place_of_items = at(place, "items");
                if items.contains_key("default") {
                    return refuse(&place_of_items, "has a default; an item that is not there is not missing");
                }
                let items = match self.kind(items, &place_of_items, depth)? {
                    Kind::List { .. } | Kind::Object(_) => {
                        return refuse(&place_of_items, "must be a text, a whole number or a boolean");
                    }
                    plain => Box::new(plain),
                };
                let (least, most) = count(schema, ("minItems", "maxItems"), place, ITEMS)?;
                Ok(Kind::List { items, least, most })
            }
            Some("number") => {
                let problem =
                    "is `number`, which is not exact; use `integer`, or `string` with `\"format\": \"decimal\"`";
                refuse(&at(place, "type"), problem)
            }
            _ => refuse(&at(place, "type"), format!("must be {types}")),
        }
    }
}

fn text(schema: &Map<String, Value>, place: &str) -> Result<Kind, SettingsError> {
    only(schema, place, &["type", "enum", "format", "minLength", "maxLength"])?;
    let form = match schema.get("format").map(Value::as_str) {
        None => Form::Any,
        Some(Some("decimal")) => Form::Decimal,
        Some(Some("date")) => Form::Date,
        Some(_) => return refuse(&at(place, "format"), "must be `decimal` or `date`"),
    };
    let choices = names(schema, "enum", place)?;
    if schema.contains_key("enum") && choices.is_empty() || choices.len() > CHOICES {
        return refuse(&at(place, "enum"), format!("must have 1 to {CHOICES} values"));
    }
    let (least, most) = count(schema, ("minLength", "maxLength"), place, TEXT)?;
    Ok(Kind::Text { form, least, most, choices })
}

fn only(schema: &Map<String, Value>, place: &str, known: &[&str]) -> Result<(), SettingsError> {
    let unknown = schema.keys().find(|key| !known.contains(&key.as_str()) && !NOTES.contains(&key.as_str()));
    match unknown {
        Some(key) => {
            let problem = format!("`{}` is not read here; {} are", shown(key, 80), known.join(", "));
            refuse(place, problem)
        }
        None => Ok(()),
    }
}

/// A list of different texts.
fn names(schema: &Map<String, Value>, key: &str, place: &str) -> Result<Vec<String>, SettingsError> {
    let Some(value) = schema.get(key) else { return Ok(Vec::new()) };
    let texts = value
        .as_array()
        .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>());
    let mut seen = std::collections::HashSet::new();
    match texts {
        Some(texts) if texts.iter().all(|text| seen.insert(text.clone())) => Ok(texts),
        _ => refuse(&at(place, key), "must be a list of different texts"),
    }
}

fn whole(schema: &Map<String, Value>, key: &str, place: &str, otherwise: i64) -> Result<i64, SettingsError> {
    match schema.get(key).map(Value::as_i64) {
        None => Ok(otherwise),
        Some(Some(number)) if (-INTEGER..=INTEGER).contains(&number) => Ok(number),
        Some(_) => refuse(&at(place, key), format!("must be a whole number of at most {INTEGER} either way")),
    }
}

fn count(
    schema: &Map<String, Value>,
    (least, most): (&str, &str),
    place: &str,
    limit: u64,
) -> Result<(u64, u64), SettingsError> {
    let read = |key: &str, otherwise: u64| match schema.get(key).map(Value::as_u64) {
        None => Ok(otherwise),
        Some(Some(number)) if number <= limit => Ok(number),
        Some(_) => refuse(&at(place, key), format!("must be a whole number from 0 to {limit}")),
    };
    let (least, most) = (read(least, 0)?, read(most, limit)?);
    if least > most { refuse(place, "asks for more than it allows") } else { Ok((least, most)) }
}

/// A default is a value like any other.
fn default(kind: &Kind, value: &Value, place: &str) -> Result<Value, SettingsError> {
    let mut problems = Vec::new();
    let value = check::value_of(kind, value, "default", &mut problems);
    match problems.into_iter().next() {
        None => Ok(value),
        Some(problem) => refuse(&at(place, "default"), problem.problem),
    }
}
