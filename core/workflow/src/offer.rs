//! Offer: what an administrator is shown of a package before it is installed, and what it changes.

mod text;

use std::collections::{BTreeMap, BTreeSet};

use guildhall_decision::{changes, read_points};
use guildhall_plugin_host::Package;
use guildhall_store::plugin::{Arrival, Plugin};
use serde_json::{Map, Value, json};

use crate::install_plugin::{check_queries, stored};
use crate::signed::Signed;
use crate::succession::{Coming, Present, migrated, objections, served};
use crate::{House, InputQuery, WorkflowError, Workshop};

/// A package as it is offered for approval.
#[derive(Clone, Debug)]
pub struct Offer {
    package: Package,
    signed: Signed,
    serves: Vec<Serves>,
    /// Its settings as they would be; nothing if they cannot be.
    settings: Option<Map<String, Value>>,
    /// Why its settings cannot be.
    unset: Vec<String>,
    /// What it adds to the schema.
    adds: Vec<String>,
    /// What it would replace, and what that changes.
    difference: Option<Difference>,
    /// Why it would be refused, whoever approves it.
    objections: Vec<String>,
}

#[derive(Clone, Debug)]
struct Serves {
    point: String,
    reads: Vec<ReadField>,
}

/// A field that a plugin reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadField {
    /// `CreditAccount.limit`.
    pub field: String,
    /// Where it stands from the subject, `Customer.creditAccount.limit`.
    pub at: Vec<String>,
    /// Why, as the manifest says.
    pub reason: Option<String>,
}

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
    /// Each in a sentence without a subject.
    pub settings: Vec<String>,
    pub schema: Vec<String>,
    pub requires: Vec<String>,
    pub publisher: Vec<String>,
}

impl Offer {
    /// What there is to know before approving the package. It need not be one that can be installed: then the offer says why.
    ///
    /// # Errors
    ///
    /// If it is no package, or what it reads cannot be told.
    pub async fn of(house: &House, bytes: &[u8], settings: Option<&Map<String, Value>>) -> Result<Self, WorkflowError> {
        let package = Package::read(bytes).map_err(|error| WorkflowError::BadInput(error.to_string()))?;
        let points = house.points_in_force().await?;
        let queries = check_queries(&Workshop { points: &points, ..house.workshop() }, &package)?;
        let present = Present::read(house, &house.database).await?;
        let current = present.named(&package.manifest().name);
        let before = match current {
            Some(current) => stored(&house.database, current).await?.ok(),
            None => None,
        };
        let arrival = if current.is_some() { Arrival::Upgrade } else { Arrival::Install };
        let coming = Coming { package: &package, arrival };
        let objections = objections(house, &present, before.as_ref(), &coming);
        let given = match (settings, current) {
            (Some(given), _) => given.clone(),
            (None, Some(current)) => migrated(&current.settings.given, package.manifest()),
            (None, None) => Map::new(),
        };
        let (settings, unset) = match package.complete_settings(&given) {
            Ok(settings) => (Some(settings), Vec::new()),
            Err(problems) => (None, problems.iter().map(ToString::to_string).collect()),
        };
        let signed = Signed::of(&package, &present.publishers);
        let adds = added(before.as_ref(), &package)?;
        let serves: Vec<_> = queries
            .iter()
            .map(|(point, query)| Serves { point: point.clone(), reads: reads(&package, query) })
            .collect();
        let mut offer = Offer { package, signed, serves, settings, unset, adds, difference: None, objections };
        offer.difference = current.map(|current| offer.compared(current));
        Ok(offer)
    }

    /// Every field it reads, as `Type.field`: what an approval has to name.
    pub fn reads(&self) -> Vec<String> {
        let all: BTreeSet<_> =
            self.serves.iter().flat_map(|serves| serves.reads.iter().map(|read| &read.field)).collect();
        all.into_iter().cloned().collect()
    }

    /// Why it would be refused, whoever approves it.
    pub fn objections(&self) -> &[String] {
        &self.objections
    }

    /// The version it would replace.
    pub fn replaces(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    fn compared(&self, current: &Plugin) -> Difference {
        let manifest = self.package.manifest();
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
        let required = texts(&current.requires, "plugin");
        let requires = manifest.requires.iter();
        let settings = self.settings.as_ref();
        Difference {
            version: current.plugin_version.clone(),
            digest: current.digest.clone(),
            newly_reads: all.values().filter(|read| !known.contains(&read.field)).map(|read| (*read).clone()).collect(),
            newly_at: newly_at.into_iter().cloned().collect(),
            no_longer_reads: known.iter().filter(|field| !all.contains_key(field.as_str())).cloned().collect(),
            newly_serves: named(now.difference(&then).collect()),
            no_longer_serves: named(then.difference(&now).collect()),
            settings: settings.map(|settings| changed(&current.settings.effective, settings)).unwrap_or_default(),
            schema: self.adds.clone(),
            requires: requires
                .filter(|other| !required.contains(&other.plugin))
                .map(|other| format!("newly requires `{}` {}", other.plugin, other.version))
                .collect(),
            publisher: publisher_changed(current, &self.signed),
        }
    }

    /// As JSON, for whoever approves through the API.
    pub fn json(&self) -> Value {
        let manifest = self.package.manifest();
        let read = |read: &ReadField| json!({ "field": read.field, "at": read.at, "reason": read.reason });
        let serves = self
            .serves
            .iter()
            .map(|serves| json!({ "point": serves.point, "reads": serves.reads.iter().map(read).collect::<Vec<_>>() }));
        let difference = self.difference.as_ref().map(|difference| {
            json!({
                "version": difference.version, "digest": difference.digest,
                "newlyReads": difference.newly_reads.iter().map(read).collect::<Vec<_>>(),
                "newlyAt": difference.newly_at, "noLongerReads": difference.no_longer_reads,
                "newlyServes": difference.newly_serves, "noLongerServes": difference.no_longer_serves,
                "settings": difference.settings, "schema": difference.schema, "requires": difference.requires,
                "publisher": difference.publisher,
            })
        });
        let requires = manifest.requires.iter();
        let requires = requires.map(|other| json!({ "plugin": other.plugin, "version": other.version.to_string() }));
        json!({
            "name": manifest.name, "version": manifest.version.to_string(), "department": manifest.department,
            "description": manifest.description, "contract": manifest.contract, "model": manifest.model.to_string(),
            "digest": self.package.digest(), "size": self.package.size(), "publisher": self.signed.json(),
            "serves": serves.collect::<Vec<_>>(), "approve": self.reads(),
            "provides": manifest.provides.as_ref().map(ToString::to_string), "requires": requires.collect::<Vec<_>>(),
            "adds": self.adds, "settings": self.settings, "settingsProblems": self.unset,
            "replaces": difference, "objections": self.objections, "text": self.text(),
        })
    }
}

fn reads(package: &Package, query: &InputQuery) -> Vec<ReadField> {
    let reasons = &package.manifest().reads;
    let read = |field: &String| ReadField {
        field: field.clone(),
        at: query.places.iter().filter(|(known, _)| known == field).map(|(_, place)| place.clone()).collect(),
        reason: reasons.get(field).cloned(),
    };
    query.reads.iter().map(read).collect()
}

/// What the package adds to the schema that `before` does not have, and takes from it.
fn added(before: Option<&Package>, package: &Package) -> Result<Vec<String>, WorkflowError> {
    let points = |sdl: Option<&str>| sdl.map(read_points).transpose().map(Option::unwrap_or_default);
    let new =
        points(package.schema()).map_err(|error| WorkflowError::BadInput(format!("the package's schema: {error}")))?;
    let old = points(before.and_then(Package::schema)).unwrap_or_default();
    Ok(changes(&old, &new).into_iter().map(|change| change.text).collect())
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
