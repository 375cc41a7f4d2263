//! What a candidate is shown: what was recorded, if that tells all it reads.

use std::collections::{BTreeMap, HashMap};

use guildhall_decision::DecisionPoint;
use guildhall_model::GlobalId;
use guildhall_model::plan::{Entry, Output, Selection};
use guildhall_plugin_host::Package;
use guildhall_store::package;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::facts_of::read_each;
use crate::install_plugin::{Checked, alike};
use crate::{House, InputQuery, WorkflowError};

/// Customers that one statement reads.
const STATEMENT: usize = 50;

/// Whether the candidate can be shown what the plugin of its name was shown.
#[derive(Clone, Debug)]
pub(super) enum Fit {
    /// It asks the same.
    Whole,
    /// It asks for a part of it.
    Part(Selection),
    /// It asks for something that was not recorded.
    Today,
}

/// What is known of the packages that took part, by point and digest.
#[derive(Default)]
pub(super) struct Fits(HashMap<(String, Option<String>), Fit>);

impl Fits {
    /// `taken` is the digest of the package that took part under the candidate's name.
    pub(super) async fn of(
        &mut self,
        house: &House,
        candidate: &Checked,
        point: &DecisionPoint,
        taken: Option<&str>,
    ) -> Result<Fit, WorkflowError> {
        let key = (point.name.clone(), taken.map(str::to_owned));
        if let Some(known) = self.0.get(&key) {
            return Ok(known.clone());
        }
        let bytes = match taken {
            Some(digest) => package::get(&house.database, digest).await?,
            None => None,
        };
        let recorded = bytes.and_then(|bytes| Package::read(&bytes).ok());
        let fit = fit(house, candidate, point, recorded.as_ref()).unwrap_or(Fit::Today);
        self.0.insert(key, fit.clone());
        Ok(fit)
    }
}

fn fit(house: &House, candidate: &Checked, point: &DecisionPoint, recorded: Option<&Package>) -> Option<Fit> {
    let then = recorded?.query(&point.name)?;
    if candidate.package.query(&point.name)? == then {
        return Some(Fit::Whole);
    }
    let then = house.queries.compile(point, then).ok()?.selection;
    let now = &candidate.serves.iter().find(|(name, _)| *name == point.name)?.1.selection;
    if alike(&then, now) {
        return Some(Fit::Whole);
    }
    covers(&then, now).then(|| Fit::Part(now.clone()))
}

/// Whether everything of `asked` is in `given` under the same key.
fn covers(given: &Selection, asked: &Selection) -> bool {
    asked.outputs.iter().all(|entry| {
        let found = given.outputs.iter().find(|other| other.key == entry.key);
        found.is_some_and(|other| match (&other.value, &entry.value) {
            (Output::One { relation: a, selection: given }, Output::One { relation: b, selection: asked }) => {
                a.name == b.name && covers(given, asked)
            }
            (given, asked) => alike(given, asked),
        })
    })
}

/// The part of `whole` that `selection` asks for.
pub(super) fn project(whole: &Value, selection: &Selection) -> Value {
    let Value::Object(members) = whole else { return whole.clone() };
    let member = |entry: &Entry<Output>| {
        let value = members.get(&entry.key).cloned().unwrap_or_default();
        let value = match &entry.value {
            Output::One { selection, .. } => project(&value, selection),
            _ => value,
        };
        (entry.key.clone(), value)
    };
    Value::Object(selection.outputs.iter().map(member).collect::<Map<_, _>>())
}

#[derive(Deserialize)]
struct Today<'a> {
    #[serde(borrow)]
    input: &'a RawValue,
}

/// What an input query gives today for each of these subjects, by global id; nothing for who is gone.
pub(super) async fn today(
    house: &House,
    point: &DecisionPoint,
    query: &InputQuery,
    subjects: &[String],
) -> Result<Vec<Option<String>>, WorkflowError> {
    let unreadable =
        |error: &dyn std::fmt::Display| WorkflowError::Internal(format!("the facts cannot be read: {error}"));
    let object = house.model.object(&point.subject).ok_or_else(|| unreadable(&"the model lacks the subject"))?;
    let outputs = [Entry { key: "input".to_owned(), value: Output::Same(query.selection.clone()) }];
    let mut facts = Vec::with_capacity(subjects.len());
    for chunk in subjects.chunks(STATEMENT) {
        let ids = chunk.iter().map(|id| GlobalId::parse_as(id, object)).collect::<Result<Vec<_>, _>>();
        let ids = ids.map_err(|error| unreadable(&error))?;
        let tree = read_each(house, &point.subject, &ids, &outputs).await?;
        let read: BTreeMap<String, Option<Today<'_>>> =
            serde_json::from_str(&tree).map_err(|error| unreadable(&error))?;
        facts.extend((0..ids.len()).map(|index| {
            let of = read.get(&format!("r{index}")).and_then(Option::as_ref);
            of.map(|today| today.input.get().to_owned())
        }));
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use guildhall_decision::canonical_json;
    use guildhall_model::Model;
    use serde_json::json;

    use super::*;
    use crate::reads::selection_of;

    fn selection(paths: &[&str]) -> Selection {
        let model = Model::core();
        let paths: Vec<Vec<String>> = paths.iter().map(|path| path.split('.').map(str::to_owned).collect()).collect();
        selection_of(&model, &Arc::clone(model.object("Customer").unwrap()), &paths).unwrap()
    }

    #[test]
    fn what_was_recorded_serves_who_asks_for_no_more() {
        let given = selection(&["name", "averageDaysLate", "creditAccount.limit", "creditAccount.onHold"]);
        for (asked, serves) in [
            (vec!["averageDaysLate"], true),
            (vec!["creditAccount.onHold", "name"], true),
            (vec!["creditAccount.dunningLevel"], false),
            (vec!["kind"], false),
        ] {
            assert_eq!(covers(&given, &selection(&asked)), serves, "{asked:?}");
        }
        // The same key for something else is something else.
        let mut other = selection(&["kind"]);
        other.outputs[0].key = "name".to_owned();
        assert!(!covers(&given, &other));
    }

    #[test]
    fn a_part_is_taken_out_of_the_whole() {
        let whole =
            json!({ "name": "Ada's", "creditAccount": { "limit": { "amount": "1" }, "onHold": true }, "kind": 1 });
        let asked = selection(&["creditAccount.onHold", "name"]);
        assert_eq!(canonical_json(&project(&whole, &asked)), r#"{"creditAccount":{"onHold":true},"name":"Ada's"}"#);
        let without = json!({ "name": "Ada's", "creditAccount": null });
        assert_eq!(canonical_json(&project(&without, &asked)), r#"{"creditAccount":null,"name":"Ada's"}"#);
    }
}
