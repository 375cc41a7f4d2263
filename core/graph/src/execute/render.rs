//! A verdict as JSON text, as far as it was selected.

use guildhall_model::plan::Entry;
use guildhall_workflow::decide::Decided;
use serde::Serialize;
use serde_json::Value;

use crate::plan::{Pick, TracePick};
use crate::schema::TraceField;

pub(super) fn render(out: &mut String, picks: &[Entry<Pick>], decided: &Decided) {
    object(out, picks, |out, pick| match pick {
        Pick::Constant(text) => out.push_str(&Value::from(text.as_str()).to_string()),
        Pick::Output(name) => match decided.verdict.output.get(name) {
            Some(value) => out.push_str(&value.to_string()),
            None => out.push_str("null"),
        },
        Pick::Trace(field, members) => trace(out, *field, members, decided),
    });
}

fn trace(out: &mut String, field: TraceField, members: &[Entry<TracePick>], decided: &Decided) {
    let verdict = &decided.verdict;
    match field {
        TraceField::Explanation => out.push_str(&Value::from(verdict.explanation.clone()).to_string()),
        TraceField::CustomerExplanation => out.push_str(&Value::from(verdict.customer_explanation.clone()).to_string()),
        TraceField::StrategyNumber => out.push_str(&decided.strategy.to_string()),
        TraceField::Fallback => out.push_str(if verdict.fallback { "true" } else { "false" }),
        TraceField::Parameters => list(out, members, &verdict.parameters),
        TraceField::Proposals => list(out, members, &verdict.proposals),
        TraceField::Bounds => list(out, members, &verdict.bounds),
    }
}

fn list<T: Serialize>(out: &mut String, members: &[Entry<TracePick>], items: &[T]) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        let item = serde_json::to_value(item).unwrap_or_default();
        object(out, members, |out, pick| match pick {
            TracePick::Constant(text) => out.push_str(&Value::from(text.as_str()).to_string()),
            TracePick::Member(name) => out.push_str(&item.get(name).unwrap_or(&Value::Null).to_string()),
        });
    }
    out.push(']');
}

fn object<T>(out: &mut String, entries: &[Entry<T>], mut value: impl FnMut(&mut String, &T)) {
    out.push('{');
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        // Keys are GraphQL names: nothing to escape.
        out.push('"');
        out.push_str(&entry.key);
        out.push_str("\":");
        value(out, &entry.value);
    }
    out.push('}');
}
