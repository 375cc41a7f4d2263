//! Settings: Rust types from the JSON Schema of a plugin's settings.
//!
//! Only what has a type in Rust is read here; that a schema has no more than Guildhall takes is checked when the plugin is
//! built.

use apollo_compiler::ast::Value;
use apollo_compiler::{Name, Node};
use serde_json::{Map, Value as Json};

use crate::query::pascal;
use crate::shape::{Enum, Field, Origin, Struct, Ty, Types};

/// The types of the settings in `text`; the outermost is `Settings`.
pub(crate) fn read(file: &str, text: &str) -> Result<Types, String> {
    let document: Json = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
    let mut types = Types::new();
    let Json::Object(members) = &document else { return Err(format!("{file}: a schema is a JSON object")) };
    object(members, "Settings", &mut types).map_err(|problem| format!("{file}: {problem}"))?;
    Ok(types)
}

fn object(schema: &Map<String, Json>, name: &str, types: &mut Types) -> Result<String, String> {
    let required: Vec<_> =
        schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).collect();
    let mut fields = Vec::new();
    for (key, setting) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let Json::Object(setting) = setting else { return Err(format!("`{key}` must be an object")) };
        let inner = kind(setting, key, types)?;
        let default = match (setting.get("default"), &inner) {
            (Some(default), inner) => Some(
                value(default, inner)
                    .ok_or_else(|| format!("`{key}`: the default {default} is no value of the setting"))?,
            ),
            (None, Ty::Named(inner)) if types.has_default(inner) => Some(Node::new(Value::Object(Vec::new()))),
            (None, _) => None,
        };
        let ty = match default.is_some() || required.contains(&key.as_str()) {
            true => inner,
            false => Ty::Optional(Box::new(inner)),
        };
        fields.push(Field { key: key.clone(), doc: text(setting, "description"), ty, default });
    }
    let doc = text(schema, "description").or_else(|| text(schema, "title"));
    types.add(&[name.to_owned()], Struct { name: String::new(), doc, fields, origin: Origin::Given })
}

fn kind(schema: &Map<String, Json>, key: &str, types: &mut Types) -> Result<Ty, String> {
    Ok(match (text(schema, "type").as_deref(), text(schema, "format").as_deref()) {
        (Some("boolean"), _) => Ty::Bool,
        (Some("integer"), _) => Ty::Long,
        (Some("string"), Some("decimal")) => Ty::Decimal,
        (Some("string"), Some("date")) => Ty::Date,
        (Some("string"), _) => match choices(schema) {
            Some(values) => {
                let built = Enum { name: pascal(key), doc: text(schema, "description"), values, origin: Origin::Given };
                Ty::Named(types.add_choices(built)?)
            }
            None => Ty::Text,
        },
        (Some("array"), _) => match schema.get("items") {
            Some(Json::Object(items)) => Ty::List(Box::new(kind(items, key, types)?)),
            _ => return Err(format!("`{key}` needs `items`, the schema of an item")),
        },
        (Some("object"), _) => Ty::Named(object(schema, &pascal(key), types)?),
        _ => return Err(format!("`{key}` needs a `type`: string, integer, boolean, array or object")),
    })
}

/// The choices of a text, if each can be the name of a value in Rust.
fn choices(schema: &Map<String, Json>) -> Option<Vec<(String, Option<String>)>> {
    let choices = schema.get("enum")?.as_array()?;
    let mut variants = std::collections::HashSet::new();
    let named = choices.iter().map(|choice| {
        let text = choice.as_str()?;
        let name = Name::new(text).ok()?;
        (name.starts_with(|first: char| first.is_ascii_alphabetic()) && variants.insert(pascal(text)))
            .then(|| (text.to_owned(), None))
    });
    named.collect()
}

/// A default, as the schema of a decision point would write it.
fn value(json: &Json, ty: &Ty) -> Option<Node<Value>> {
    let value = match (json, ty) {
        (Json::Bool(value), Ty::Bool) => Value::Boolean(*value),
        (Json::Number(number), Ty::Long) => Value::String(number.as_i64()?.to_string()),
        (Json::String(text), Ty::Text | Ty::Decimal | Ty::Date) => Value::String(text.clone()),
        (Json::String(text), Ty::Named(_)) => Value::Enum(Name::new(text).ok()?),
        (Json::Array(items), Ty::List(inner)) => {
            Value::List(items.iter().map(|item| value(item, inner)).collect::<Option<_>>()?)
        }
        (Json::Object(members), Ty::Named(_)) if members.is_empty() => Value::Object(Vec::new()),
        _ => return None,
    };
    Some(Node::new(value))
}

fn text(schema: &Map<String, Json>, key: &str) -> Option<String> {
    schema.get(key).and_then(Json::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Expect) {
        let shown = match read("settings.json", text) {
            Ok(types) => {
                let lines = types.structs.iter().map(|built| {
                    let fields = built.fields.iter().map(|field| {
                        let default = if field.default.is_some() { " = ..." } else { "" };
                        format!("{}: {:?}{default}", field.key, field.ty)
                    });
                    format!("{} {{ {} }}", built.name, fields.collect::<Vec<_>>().join(", "))
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Err(message) => message,
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn settings_have_types() {
        check(
            r#"{"type": "object", "required": ["region"], "properties": {
                "strict": {"type": "boolean", "default": true},
                "days": {"type": "integer"},
                "share": {"type": "string", "format": "decimal", "default": "0.02"},
                "since": {"type": "string", "format": "date", "default": "2026-01-31"},
                "region": {"type": "string", "enum": ["north", "south"]},
                "term": {"type": "string", "enum": ["2 weeks", "4 weeks"], "default": "2 weeks"},
                "tags": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
                "discount": {"type": "object", "properties": {"early": {"type": "integer", "default": 1}}}
            }}"#,
            expect![],
        );
    }

    #[test]
    fn what_has_no_type_is_refused() {
        check(r#"{"properties": {"a": {"type": "number"}}}"#, expect![]);
        check(r#"{"properties": {"a": {"type": "integer", "default": "1"}}}"#, expect![]);
        check("{", expect![]);
    }
}
