//! What was given: values of their kinds, held to the rules of their fields. All problems at once.

use guildhall_model::{GlobalId, Kind, Model, ObjectType, Value, has_nul, parse_text};
use guildhall_store::{RecordColumn, record_columns};
use serde_json::Value as Json;

use super::{Change, InvalidCode, InvalidValue, Order, Verb};

/// The values of one change.
pub(super) type Values = Vec<Given>;

/// A value for a column of a record.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub column: RecordColumn,
    pub value: Value,
    /// Where it stands in the input.
    pub path: Vec<Json>,
    /// Whether it stands nowhere there, but is written of the act by itself.
    pub stamped: bool,
}

/// The values of all changes of an order.
pub(super) fn read(model: &Model, order: &Order) -> Result<Vec<Values>, Vec<InvalidValue>> {
    let columns = record_columns(&order.object);
    let mut problems = Vec::new();
    let mut all = Vec::with_capacity(order.changes.len());
    for change in &order.changes {
        let mut values = Vec::with_capacity(change.values.len());
        for (name, json) in &change.values {
            let path = path(change, name);
            // The schema has no other names; what it does not have is not written.
            let Some(column) = columns.iter().find(|column| column.name == *name) else { continue };
            match value(model, &order.object, column, json) {
                Ok(value) => values.push(Given { column: column.clone(), value, path, stamped: false }),
                Err((code, message)) => problems.push(InvalidValue::new(path, code, format!("`{name}` {message}"))),
            }
        }
        match order.verb {
            Verb::Create => problems.extend(complete(&order.object, change, &values)),
            Verb::Upsert => problems.extend(keyed(change, &values)),
            _ => {}
        }
        all.push(values);
    }
    if problems.is_empty() { Ok(all) } else { Err(problems) }
}

pub(super) fn path(change: &Change, name: &str) -> Vec<Json> {
    let mut path = change.path.clone();
    if change.keys_outside && ["source", "externalId"].contains(&name) {
        path.pop();
    }
    path.push(Json::from(name));
    path
}

fn value(
    model: &Model,
    object: &ObjectType,
    column: &RecordColumn,
    json: &Json,
) -> Result<Value, (InvalidCode, String)> {
    let malformed = |message: String| (InvalidCode::Malformed, message);
    let nullable = match (object.get(&column.name), object.relation(&column.name)) {
        (Some(field), _) => field.nullable,
        (None, Some(relation)) => relation.nullable,
        (None, None) => false,
    };
    let text = match json {
        Json::Null if nullable => return Ok(Value::Null),
        Json::Null => return Err((InvalidCode::Required, "must have a value".to_owned())),
        _ if column.kind == Kind::Json => {
            let nul = "has a character U+0000, which no text may have; leave it out".to_owned();
            return if has_nul(json) { Err(malformed(nul)) } else { Ok(Value::Json(json.clone())) };
        }
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_f64() => {
            return Err(malformed(format!(
                "is the number {number} with a fraction; write exact decimals as texts, like \"1234.50\""
            )));
        }
        other => other.to_string(),
    };
    if let Some(target) = &column.target {
        let target = model.object(target).ok_or_else(|| malformed("leads to no type".to_owned()))?;
        return GlobalId::parse_as(&text, target)
            .map(Value::Id)
            .map_err(|error| malformed(format!("cannot be taken: {error}")));
    }
    let value = parse_text(&column.kind, &text).map_err(|error| malformed(format!("cannot be taken: {error}")))?;
    let rules = object.get(&column.name).map(|field| field.rules.as_slice()).unwrap_or_default();
    match rules.iter().find_map(|rule| rule.broken(&value)) {
        Some(message) => Err((InvalidCode::RuleBroken, message)),
        None => Ok(value),
    }
}

/// What a new record lacks.
pub(super) fn complete(object: &ObjectType, change: &Change, values: &[Given]) -> Vec<InvalidValue> {
    let given = |name: &str| change.values.contains_key(name) || values.iter().any(|given| given.column.name == name);
    let fields = object
        .fields
        .iter()
        .filter(|field| field.writable && !field.nullable && field.begins_with().is_none())
        .map(|field| field.name.as_str());
    let relations = object
        .relations
        .iter()
        .filter(|relation| relation.writable && !relation.nullable && relation.is_here())
        .map(|relation| relation.name.as_str());
    let missing = fields.chain(relations).filter(|name| !given(name));
    missing
        .map(|name| InvalidValue::new(path(change, name), InvalidCode::Required, format!("`{name}` must have a value")))
        .collect()
}

/// What an upsert lacks to know its record by.
fn keyed(change: &Change, values: &[Given]) -> Vec<InvalidValue> {
    let given = |name: &str| values.iter().any(|given| given.column.name == name && !given.value.is_null());
    let missing = ["source", "externalId"]
        .into_iter()
        .filter(|name| !given(name) && change.values.get(*name).is_none_or(Json::is_null));
    missing
        .map(|name| {
            let message = format!("`{name}` must have a value: a record is known by its source and its id there");
            InvalidValue::new(path(change, name), InvalidCode::Required, message)
        })
        .collect()
}
