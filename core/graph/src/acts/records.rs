//! Mutations of records: from their input to an order, and from what came of it to an answer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::GlobalId;
use guildhall_workflow::write_records::{Change, Done, Order, Verb, Written, write_records};
use guildhall_workflow::{ActValue, Actor, House};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Gave, Outcome};
use crate::plan::sight;
use crate::problem::{Code, Problem};
use crate::schema::{RecordAct, lower_first};

pub(super) async fn perform(
    house: &Arc<House>,
    actor: &Actor,
    name: &str,
    act: &RecordAct,
    input: Value,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let Value::Object(mut input) = input else { return Err(unread("input")) };
    let key = match input.remove("idempotencyKey") {
        Some(Value::String(key)) => key,
        _ => return Err(unread("idempotencyKey")),
    };
    let changes = match (act.many, act.verb) {
        (false, _) => vec![change(act, input, Vec::new())?],
        (true, Verb::Restore) => {
            let restored = |id: Value| change(act, Map::from_iter([("id".to_owned(), id)]), Vec::new());
            list(input.remove("ids"))?.into_iter().map(restored).collect::<Result<_, _>>()?
        }
        (true, _) => {
            let items = list(input.remove("items"))?.into_iter().enumerate();
            let changes = items.map(|(place, item)| {
                let path = vec![Value::from("items"), Value::from(place)];
                let Value::Object(item) = item else { return Err(unread("items")) };
                // The values of a new record are the item itself.
                let item = if act.verb == Verb::Create {
                    Map::from_iter([("".to_owned(), Value::Object(item))])
                } else {
                    item
                };
                change(act, item, path)
            });
            changes.collect::<Result<_, _>>()?
        }
    };
    let order =
        Order { act: name.to_owned(), verb: act.verb, object: Arc::clone(&act.object), changes, idempotency_key: key };
    let sight = sight(&house.model, actor, now);
    Ok(answered(act, write_records(house, actor, &sight, &order, now).await?))
}

/// One change of an order, from what stands at `path` in the input.
fn change(act: &RecordAct, mut item: Map<String, Value>, mut path: Vec<Value>) -> Result<Change, Problem> {
    let mut read = Change::default();
    if let Some(id) = item.remove("id") {
        let text = id.as_str().unwrap_or_default();
        let id = GlobalId::parse_as(text, &act.object);
        read.id = Some(id.map_err(|error| Problem::new(Code::BadUserInput, format!("input: {error}")))?);
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

fn list(value: Option<Value>) -> Result<Vec<Value>, Problem> {
    match value {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(unread("items")),
    }
}

/// The schema was to keep this out.
fn unread(what: &str) -> Problem {
    Problem::new(Code::BadUserInput, format!("input: `{what}` cannot be read"))
}

fn answered(act: &RecordAct, written: Written) -> Outcome {
    let id = |id: Uuid| Value::from(GlobalId::new(&act.object, id).to_string());
    let (of, gave) = match written {
        Written::Invalid(problems) => {
            let problems: Vec<_> = problems.iter().map(|problem| problem.json()).collect();
            ("Invalid".to_owned(), Gave::Said(json!({ "problems": problems })))
        }
        Written::Refused(reasons) => {
            let reasons: Vec<_> = reasons.iter().map(|reason| reason.json(act.many)).collect();
            ("Refused".to_owned(), Gave::Said(json!({ "reasons": reasons })))
        }
        Written::Done(done) if act.many => {
            let record =
                |done: &Done| json!({ "id": id(done.id), "version": done.version, "outcome": done.outcome.name() });
            (act.written(), Gave::Said(json!({ "records": done.iter().map(record).collect::<Vec<_>>() })))
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
            (act.written(), Gave::Records(values.unwrap_or_default()))
        }
    };
    Outcome { of: Some(of), gave }
}
