//! Mutations of records: from their input to an order, and from what came of it to an answer.

use std::sync::Arc;

use guildhall_model::GlobalId;
use guildhall_workflow::write_records::{Change, Done, Order, Verb, Written, write_records};
use guildhall_workflow::{ActValue, InvalidCode, InvalidValue, Refusal};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Call, Gave, Outcome, Stopped, refused};
use crate::plan::sight;
use crate::problem::{Code, Problem};
use crate::schema::{RecordAct, lower_first};

pub(super) async fn perform(call: &Call<'_>, name: &str, act: &RecordAct, input: Value) -> Result<Outcome, Stopped> {
    let Value::Object(mut input) = input else { return Err(unread("input").into()) };
    let key = match input.remove("idempotencyKey") {
        Some(Value::String(key)) => key,
        _ => return Err(unread("idempotencyKey").into()),
    };
    let mut changes = Vec::new();
    let mut invalid = Vec::new();
    for (item, path) in items(act, input)? {
        match change(act, item, path) {
            Ok(change) => changes.push(change),
            Err(problem) => invalid.push(problem),
        }
    }
    if !invalid.is_empty() {
        return Err(Stopped::No(Refusal::Invalid(invalid)));
    }
    let order =
        Order { act: name.to_owned(), verb: act.verb, object: Arc::clone(&act.object), changes, idempotency_key: key };
    let sight = sight(&call.house.model, call.actor, call.now);
    Ok(answered(act, write_records(call.house, call.actor, &sight, &order, call.now).await?))
}

/// What is said of a record, and where it stands in the input.
type Item = (Map<String, Value>, Vec<Value>);

/// What is said of each record.
fn items(act: &RecordAct, mut input: Map<String, Value>) -> Result<Vec<Item>, Problem> {
    if !act.many {
        return Ok(vec![(input, Vec::new())]);
    }
    let name = if act.verb == Verb::Restore { "ids" } else { "items" };
    let Some(Value::Array(items)) = input.remove(name) else { return Err(unread(name)) };
    let items = items.into_iter().enumerate().map(|(place, item)| {
        let item = match (act.verb, item) {
            (Verb::Restore, id) => Map::from_iter([("id".to_owned(), id)]),
            // The values of a new record are the item itself.
            (Verb::Create, item @ Value::Object(_)) => Map::from_iter([("".to_owned(), item)]),
            (_, Value::Object(item)) => item,
            _ => return Err(unread(name)),
        };
        Ok((item, vec![Value::from(name), Value::from(place)]))
    });
    items.collect()
}

/// One change of an order, from what stands at `path` in the input.
fn change(act: &RecordAct, mut item: Map<String, Value>, mut path: Vec<Value>) -> Result<Change, InvalidValue> {
    let mut read = Change::default();
    if let Some(id) = item.remove("id") {
        let id = GlobalId::parse_as(id.as_str().unwrap_or_default(), &act.object);
        read.id = Some(id.map_err(|error| {
            let mut path = path.clone();
            path.extend((!(act.many && act.verb == Verb::Restore)).then(|| Value::from("id")));
            InvalidValue::new(path, InvalidCode::Malformed, format!("`id` cannot be taken: {error}"))
        })?);
    }
    read.version = item.remove("version").and_then(|version| version.as_i64());
    for (name, named) in [("", false), ("values", true), ("set", true)] {
        if let Some(Value::Object(values)) = item.remove(name) {
            read.values = values;
            path.extend(named.then(|| Value::from(name)));
        }
    }
    if act.verb == Verb::Upsert {
        // They stand beside `set`, and say which record is meant.
        read.values.extend(item);
        read.keys_outside = true;
    }
    read.path = path;
    Ok(read)
}

/// The schema was to keep this out.
fn unread(what: &str) -> Problem {
    Problem::new(Code::BadUserInput, format!("input: `{what}` cannot be read"))
}

fn answered(act: &RecordAct, written: Written) -> Outcome {
    let id = |id: Uuid| Value::from(GlobalId::new(&act.object, id).to_string());
    let gave = match written {
        Written::Invalid(problems) => return refused(&Refusal::Invalid(problems), act.many),
        Written::Refused(reasons) => return refused(&Refusal::Refused(reasons), act.many),
        Written::Done(done) if act.many => {
            let record =
                |done: &Done| json!({ "id": id(done.id), "version": done.version, "outcome": done.outcome.name() });
            Gave::Said(json!({ "records": done.iter().map(record).collect::<Vec<_>>() }))
        }
        Written::Done(done) => {
            let values = done.first().map(|done| {
                vec![
                    (lower_first(&act.object.name), ActValue::Record(done.id)),
                    ("id".to_owned(), ActValue::Json(id(done.id))),
                    ("version".to_owned(), ActValue::Json(done.version.into())),
                    ("outcome".to_owned(), ActValue::Json(done.outcome.name().into())),
                ]
            });
            Gave::Values(values.unwrap_or_default())
        }
    };
    Outcome { of: act.written(), gave }
}
