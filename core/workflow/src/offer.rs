//! Offer: what an administrator is shown of a package before it is installed: what it reads, what it changes, and for whom.

mod difference;
mod text;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{ShadowReport, changes, read_points};
use guildhall_plugin_host::{Manifest, Package};
use guildhall_store::plugin::Arrival;
use serde_json::{Map, Value, json};

use crate::install_plugin::{Checked, check_package, check_queries, stored};
use crate::shadow::{Window, shadow};
use crate::signed::Signed;
use crate::succession::{Coming, Present, migrated, objections};
use crate::{House, InputQuery, WorkflowError, Workshop};

pub use difference::Difference;
use difference::Earlier;

/// Recorded decisions, the newest first, and customers of today that a package is compared over before it is approved. More of
/// them are for `plugin shadow`.
const DECISIONS: u64 = 500;
const CUSTOMERS: u32 = 200;

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
    /// Whom it would change; nothing if it would be refused.
    shadow: Option<ShadowReport>,
}

#[derive(Clone, Debug)]
struct Serves {
    point: String,
    reads: Vec<ReadField>,
    /// The events after which it is asked.
    on: Vec<String>,
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

impl Offer {
    /// What there is to know before approving the package. It need not be one that can be installed: then the offer says why.
    ///
    /// # Errors
    ///
    /// If it is no package, or what it reads cannot be told.
    pub async fn of(
        house: &Arc<House>,
        bytes: &[u8],
        settings: Option<&Map<String, Value>>,
        now: DateTime<Utc>,
    ) -> Result<Self, WorkflowError> {
        let package = Package::read(bytes).map_err(|error| WorkflowError::BadInput(error.to_string()))?;
        let points = house.points_in_force().await?;
        let workshop = Workshop { points: &points, ..house.workshop() };
        let queries = check_queries(&workshop, &package)?;
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
            .map(|(point, query)| Serves {
                point: point.clone(),
                reads: reads(&package, query),
                on: events(package.manifest(), point),
            })
            .collect();
        let mut offer =
            Offer { package, signed, serves, settings, unset, adds, difference: None, objections, shadow: None };
        if let Some(current) = current {
            let earlier = Earlier { installed: current, package: before.as_ref() };
            offer.difference = Some(offer.compared(&earlier, &queries, &workshop));
        }
        if let (true, Some(settings)) = (offer.objections.is_empty(), &offer.settings) {
            let candidate = check_package(&workshop, offer.package.clone()).await?;
            offer.shadow = Some(whom(house, &candidate, settings, now).await?);
        }
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

    /// Whom it would change; nothing if it would be refused.
    pub fn shadow(&self) -> Option<&ShadowReport> {
        self.shadow.as_ref()
    }

    /// The version it would replace.
    pub fn replaces(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// As JSON, for whoever approves through the API.
    pub fn json(&self) -> Value {
        let manifest = self.package.manifest();
        let read = |read: &ReadField| json!({ "field": read.field, "at": read.at, "reason": read.reason });
        let serves = self
            .serves
            .iter()
            .map(|serves| json!({ "point": serves.point, "reads": serves.reads.iter().map(read).collect::<Vec<_>>(), "on": serves.on }));
        let difference = self.difference.as_ref().map(|difference| {
            json!({
                "version": difference.version, "digest": difference.digest,
                "newlyReads": difference.newly_reads.iter().map(read).collect::<Vec<_>>(),
                "newlyAt": difference.newly_at, "noLongerReads": difference.no_longer_reads,
                "newlyServes": difference.newly_serves, "noLongerServes": difference.no_longer_serves,
                "points": difference.points,
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
            "replaces": difference, "objections": self.objections, "shadow": self.shadow, "text": self.text(),
        })
    }
}

/// Compares it over recorded decisions and customers of today.
async fn whom(
    house: &Arc<House>,
    candidate: &Checked,
    settings: &Map<String, Value>,
    now: DateTime<Utc>,
) -> Result<ShadowReport, WorkflowError> {
    let both = Window { limit: DECISIONS, current: CUSTOMERS, settings: Some(settings.clone()), ..Window::default() };
    let mut report = match shadow(house, candidate, &both, now, &mut |_| ()).await {
        // Without a strategy no plugin decides about anybody today.
        Err(WorkflowError::NoActiveStrategy) => {
            shadow(house, candidate, &Window { current: 0, ..both }, now, &mut |_| ()).await
        }
        compared => compared,
    }?;
    // Whoever approves plugins need not be one who may see every customer.
    report.comparison.forget_examples();
    Ok(report)
}

/// The events after which a plugin is asked at a point.
fn events(manifest: &Manifest, point: &str) -> Vec<String> {
    let serves = manifest.serves.iter().find(|serves| serves.point == point);
    serves.map(|serves| serves.on.clone()).unwrap_or_default()
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
