//! What an upgrade changes.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_plugin_host::{Manifest, Package};
use guildhall_store::plugin::Plugin;
use serde_json::{Map, Value};

use super::{Offer, ReadField, events};
use crate::install_plugin::alike;
use crate::signed::Signed;
use crate::succession::{reads_at, served};
use crate::{InputQuery, Workshop};

/// What an upgrade changes.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    pub version: String,
    pub digest: String,
    pub newly_reads: Vec<ReadField>,
    /// Fields it reads already and will read elsewhere, too: the places.
    pub newly_at: Vec<String>,
    pub no_longer_reads: Vec<String>,
    pub newly_serves: Vec<String>,
    pub no_longer_serves: Vec<String>,
    /// What is different at a decision point that it serves and served: fields, events, and how much it asks for. This and all
    /// below are sentences without a subject.
    pub points: Vec<String>,
    pub settings: Vec<String>,
    pub schema: Vec<String>,
    pub requires: Vec<String>,
    /// Who answers for it.
    pub publisher: Vec<String>,
}

/// The version that is to be replaced.
pub(super) struct Earlier<'a> {
    pub installed: &'a Plugin,
    /// Nothing if it is not there any more.
    pub package: Option<&'a Package>,
}

impl Offer {
    pub(super) fn compared(
        &self,
        earlier: &Earlier<'_>,
        queries: &[(String, InputQuery)],
        workshop: &Workshop<'_>,
    ) -> Difference {
        let (current, manifest) = (earlier.installed, self.package.manifest());
        let mut all: BTreeMap<&str, &ReadField> = BTreeMap::new();
        for read in self.serves.iter().flat_map(|serves| &serves.reads) {
            all.insert(&read.field, read);
        }
        let (known, places) = (texts(&current.points, "reads"), texts(&current.points, "at"));
        let newly_at: BTreeSet<_> = self
            .serves
            .iter()
            .flat_map(|serves| &serves.reads)
            .filter(|read| known.contains(&read.field))
            .flat_map(|read| &read.at)
            .filter(|place| !places.contains(*place))
            .collect();
        let now: BTreeSet<&str> = self.serves.iter().map(|serves| serves.point.as_str()).collect();
        let then: BTreeSet<&str> = served(current).collect();
        let named = |points: Vec<&&str>| points.into_iter().map(|point| (*point).to_owned()).collect();
        let settings = self.settings.as_ref();
        let stayed = queries.iter().filter(|(point, _)| then.contains(point.as_str()));
        let points = stayed.flat_map(|(point, query)| earlier.at_point(point, query, self, workshop));
        Difference {
            version: current.plugin_version.clone(),
            digest: current.digest.clone(),
            newly_reads: all.values().filter(|read| !known.contains(&read.field)).map(|read| (*read).clone()).collect(),
            newly_at: newly_at.into_iter().cloned().collect(),
            no_longer_reads: known.iter().filter(|field| !all.contains_key(field.as_str())).cloned().collect(),
            newly_serves: named(now.difference(&then).collect()),
            no_longer_serves: named(then.difference(&now).collect()),
            points: points.collect(),
            settings: settings.map(|settings| changed(&current.settings.effective, settings)).unwrap_or_default(),
            schema: self.adds.clone(),
            requires: required(current, manifest),
            publisher: publisher_changed(current, &self.signed)
                .into_iter()
                .chain(department_changed(current, manifest))
                .collect(),
        }
    }
}

impl Earlier<'_> {
    /// What is different at a point that both versions serve. Fields that are new to the whole plugin, or gone from it, are told
    /// elsewhere.
    fn at_point(&self, point: &str, query: &InputQuery, coming: &Offer, workshop: &Workshop<'_>) -> Vec<String> {
        let mut told = Vec::new();
        let (known, all) = (texts(&self.installed.points, "reads"), coming.reads());
        let before = reads_at(self.installed, point);
        let more = query.reads.iter().filter(|field| known.contains(*field) && !before.contains(field));
        told.extend(more.map(|field| format!("reads `{field}` for `{point}`, too")));
        let less = before.iter().filter(|field| all.contains(field) && !query.reads.contains(field));
        told.extend(less.map(|field| format!("no longer reads `{field}` for `{point}`")));
        told.extend(asked_after(point, &events_of(self.installed, point), &events(coming.package.manifest(), point)));
        let compiled = workshop.points.iter().find(|known| known.name == point).and_then(|at| {
            let text = self.package?.query(point)?;
            workshop.queries.compile(at, text).ok()
        });
        match compiled {
            Some(old) if old.entries() != query.entries() => told.push(format!(
                "is shown up to {} list entries of each subject for `{point}`, and was up to {}",
                query.entries(),
                old.entries()
            )),
            Some(old) if old.reads == query.reads && !alike(&old.selection, &query.selection) => {
                told.push(format!(
                    "asks for `{point}` by another input query of the same fields: see `plugin inspect`"
                ));
            }
            _ => {}
        }
        told
    }
}

fn asked_after(point: &str, before: &[String], now: &[String]) -> Option<String> {
    let told = |events: &[String]| match events {
        [] => "no events".to_owned(),
        events => events.join(", "),
    };
    (before != now).then(|| format!("is asked for `{point}` after {}, and was after {}", told(now), told(before)))
}

/// The events after which an installation is asked at a point.
fn events_of(plugin: &Plugin, point: &str) -> Vec<String> {
    let mut at = plugin.points.as_array().into_iter().flatten();
    let found = at.find(|one| one.get("point").is_some_and(|name| name == point));
    let events = found.and_then(|one| one.get("on")?.as_array()).into_iter().flatten();
    events.filter_map(|event| event.as_str().map(str::to_owned)).collect()
}

/// Which plugins it needs newly, in another range, or no longer.
fn required(current: &Plugin, manifest: &Manifest) -> Vec<String> {
    let listed = current.requires.as_array().into_iter().flatten();
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let before: BTreeMap<_, _> = listed.map(|one| (text(one, "plugin"), text(one, "version"))).collect();
    let mut told = Vec::new();
    for other in &manifest.requires {
        match before.get(&other.plugin) {
            None => told.push(format!("newly requires `{}` {}", other.plugin, other.version)),
            Some(range) if *range != other.version.to_string() => {
                told.push(format!("requires `{}` {}, and required {range}", other.plugin, other.version));
            }
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|name| !manifest.requires.iter().any(|other| other.plugin == **name));
    told.extend(gone.map(|name| format!("no longer requires `{name}`")));
    told
}

fn department_changed(current: &Plugin, manifest: &Manifest) -> Option<String> {
    (current.department != manifest.department)
        .then(|| format!("is of the department `{}`, and was of `{}`", manifest.department, current.department))
}

/// The texts under `name` in a list of objects, or in lists there.
fn texts(list: &Value, name: &str) -> BTreeSet<String> {
    let values = list.as_array().into_iter().flatten().filter_map(|item| item.get(name));
    let each = values.flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    each.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn changed(old: &Value, new: &Map<String, Value>) -> Vec<String> {
    let none = Map::new();
    let old = old.as_object().unwrap_or(&none);
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let said = |name: &&String| match (old.get(*name), new.get(*name)) {
        (None, Some(now)) => Some(format!("has a new setting `{name}`, which is {now}")),
        (Some(_), None) => Some(format!("no longer has the setting `{name}`")),
        (Some(then), Some(now)) if then != now => Some(format!("changes the setting `{name}` from {then} to {now}")),
        _ => None,
    };
    names.iter().filter_map(said).collect()
}

fn publisher_changed(current: &Plugin, signed: &Signed) -> Vec<String> {
    if current.publisher_key.as_deref() == signed.key() && current.publisher.as_deref() == signed.publisher() {
        return Vec::new();
    }
    let then = match (&current.publisher, &current.publisher_key) {
        (Some(name), _) => format!("signed by `{name}`"),
        (None, Some(key)) => format!("signed with the key {key}, which is not trusted"),
        (None, None) => "not signed".to_owned(),
    };
    vec![format!("was {then}, and is {}", signed.text())]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::installed;

    #[test]
    fn changes_of_settings_are_sentences() {
        let new = json!({ "days": 14, "grace": 3, "tags": ["a"] });
        let lines = changed(&json!({ "days": 10, "tags": ["a"], "old": true }), new.as_object().unwrap());
        let expected = [
            "changes the setting `days` from 10 to 14",
            "has a new setting `grace`, which is 3",
            "no longer has the setting `old`",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn events_requirements_and_departments_are_compared() {
        let point = json!({ "point": "followup.propose", "reads": [], "at": [], "on": ["Order.created"] });
        let requires = json!([{ "plugin": "ages", "version": "^1" }, { "plugin": "scores", "version": "^1" }]);
        let before =
            Plugin { points: json!([point]), requires, department: "finance".to_owned(), ..installed("mine", "1.0.0") };
        let on = events_of(&before, "followup.propose");
        assert_eq!(on, ["Order.created"]);
        assert_eq!(asked_after("followup.propose", &on, &on), None);
        let all = ["Order.*".to_owned(), "Payment.created".to_owned()];
        assert_eq!(
            asked_after("followup.propose", &on, &all).unwrap(),
            "is asked for `followup.propose` after Order.*, Payment.created, and was after Order.created"
        );
        let manifest = Manifest::read(
            "name = \"mine\"\nversion = \"1.1.0\"\ndepartment = \"sales\"\ndescription = \"Mine.\"\ncontract = \"0.1\"\n\
             model = \">=0.1\"\n[[serves]]\npoint = \"followup.propose\"\nquery = \"q.graphql\"\non = [\"Order.*\"]\n\
             [[requires]]\nplugin = \"scores\"\nversion = \"^2\"\n[[requires]]\nplugin = \"other\"\nversion = \"^1\"\n",
        )
        .unwrap();
        let expected =
            ["requires `scores` ^2, and required ^1", "newly requires `other` ^1", "no longer requires `ages`"];
        assert_eq!(required(&before, &manifest), expected);
        let department = department_changed(&before, &manifest);
        assert_eq!(department.as_deref(), Some("is of the department `sales`, and was of `finance`"));
    }

    #[test]
    fn a_change_of_who_signed_is_told() {
        let key = || "ab".to_owned();
        let acme =
            Plugin { publisher: Some("acme".to_owned()), publisher_key: Some(key()), ..installed("scores", "1.0.0") };
        assert_eq!(publisher_changed(&acme, &Signed::By { name: "acme".to_owned(), key: key() }), [""; 0]);
        let gone = publisher_changed(&acme, &Signed::Not);
        assert_eq!(gone, ["was signed by `acme`, and is NOT SIGNED: nobody vouches for where it comes from"]);
        let lost = publisher_changed(&acme, &Signed::Unknown { claimed: "acme".to_owned(), key: key() });
        assert_eq!(
            lost,
            [
                "was signed by `acme`, and is signed with a key that is NOT TRUSTED (ed25519 ab); the package says it is of `acme`"
            ]
        );
    }
}
