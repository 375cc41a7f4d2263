//! Sample: a record as people read it, to see whether a mapping does what was meant.

use guildhall_model::Value;

use super::mapping::FileMapping;
use super::record::Record;

/// Names and texts.
pub(crate) type Sample = Vec<(String, String)>;

/// A record whose `values` are those of the mapped fields, with what it refers to by the ids the files have.
pub(crate) fn sample(file: &FileMapping, record: &Record, values: &[Value]) -> Sample {
    let mut cells = vec![("externalId".to_owned(), record.key.id.clone())];
    cells.extend(file.fields.iter().zip(values).map(|(field, value)| (field.field.name.clone(), text(value))));
    let parents = file.references.iter().zip(&record.parents);
    cells.extend(parents.map(|(reference, key)| {
        (reference.column.clone(), key.as_ref().map(|key| key.id.clone()).unwrap_or_default())
    }));
    cells
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(time) => time.to_rfc3339(),
        Value::Id(id) => id.to_string(),
        Value::Json(json) => json.to_string(),
    }
}
