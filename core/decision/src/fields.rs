//! Fields: reads the document of a deployment's own fields and lays them over the model.

use guildhall_model::{CustomField, Kind, Model, Role};
use toml::de::DeValue;

use crate::Problems;
use crate::strategy::reader::{MAX_TEXT, Node, Reader, Table, read_document};

/// The keys a fields document may have. `schema/fields.schema.json` says the same; a test compares them.
const DOCUMENT: &[&str] = &["fields"];
const FIELD: &[&str] = &["kind", "scale", "doc", "readable-by", "indexed", "deprecated"];
const KINDS: &[&str] = &["text", "int", "decimal", "money", "bool", "date", "date-time"];
/// Each is a column of its table, and is in every record read as a whole.
const MAX_FIELDS: usize = 100;

/// Reads a document of fields, and reports everything that is wrong with it at once. What comes of it is `model` with them.
pub fn read_fields(text: &str, model: &Model) -> Result<Model, Problems> {
    read_document(text, model, &[], |reader, table| {
        reader.only(table, DOCUMENT);
        let node = reader.require(table, "fields")?;
        let types = reader.table(&node)?;
        let mut laid = model.clone();
        for (object, _, node) in types.each() {
            let Some(fields) = reader.table(&node) else { continue };
            let count = fields.each().count();
            if count > MAX_FIELDS {
                reader.at(&node, format!("has {count} fields; at most {MAX_FIELDS} are taken"));
                continue;
            }
            for (name, span, node) in fields.each() {
                let Some(table) = reader.table(&node) else { continue };
                let Some(custom) = field(reader, name, &table) else { continue };
                match laid.clone().with_custom_field(object, custom) {
                    Ok(with) => laid = with,
                    Err(error) => reader.problem(&span, &node.path, format!("cannot be added: {error}")),
                }
            }
        }
        Some(laid)
    })
}

fn field(reader: &mut Reader<'_>, name: &str, table: &Table<'_>) -> Option<CustomField> {
    reader.only(table, FIELD);
    let kind = kind(reader, table);
    let doc = reader.text(table, "doc", MAX_TEXT);
    let readable_by = match table.get("readable-by") {
        None => Some(Role::Department),
        Some(node) => {
            let role = node.value.as_str().and_then(Role::named);
            if role.is_none() {
                let known = Role::ALL.map(Role::name).join(", ");
                reader.at(&node, format!("is no built-in role; one of {known} is the weakest that reads it"));
            }
            role
        }
    };
    let indexed = table.get("indexed").map_or(Some(false), |node| truth(reader, &node));
    let deprecated = match table.get("deprecated") {
        None => Some(None),
        Some(_) => reader.text(table, "deprecated", MAX_TEXT).map(Some),
    };
    Some(CustomField {
        name: name.to_owned(),
        kind: kind?,
        doc: doc?,
        readable_by: readable_by?,
        indexed: indexed?,
        deprecated: deprecated?,
    })
}

fn kind(reader: &mut Reader<'_>, table: &Table<'_>) -> Option<Kind> {
    let node = reader.require(table, "kind")?;
    let scale = table.get("scale");
    let kind = match node.value.as_str() {
        Some("decimal") => {
            let Some(scale) = scale else {
                reader.at(&node, "is decimal and needs `scale`, the number of its places");
                return None;
            };
            let places = match scale.value {
                DeValue::Integer(places) => u32::from_str_radix(places.as_str(), places.radix()).ok(),
                _ => None,
            };
            if places.is_none() {
                reader.at(&scale, "is not a number of places");
            }
            return places.map(|scale| Kind::Decimal { scale });
        }
        Some("text") => Kind::Text,
        Some("int") => Kind::Int,
        Some("money") => Kind::Money,
        Some("bool") => Kind::Bool,
        Some("date") => Kind::Date,
        Some("date-time") => Kind::DateTime,
        _ => {
            reader.at(&node, format!("is no kind of field; known are {}", KINDS.join(", ")));
            return None;
        }
    };
    if let Some(scale) = scale {
        reader.at(&scale, "is for decimals alone");
    }
    Some(kind)
}

fn truth(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<bool> {
    match node.value {
        DeValue::Boolean(truth) => Some(*truth),
        _ => {
            reader.at(node, "is not true or false");
            None
        }
    }
}

#[cfg(test)]
mod tests;
