//! Installs a department's plugin.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{DecisionPoint, FOLLOWUP_POINT, Worths};
use guildhall_model::Model;
use guildhall_plugin_host::{Guest, LoadError, Manifest, Package};
use guildhall_store::plugin::{Arrival, Plugin};
use guildhall_store::{Reads, package};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::once::Once;
use crate::plugin_set::points_beside;
use crate::reactions::Reaction;
use crate::succession::{Coming, Grant, Present, Successor, migrated, objections, settings as settings_of, succeed};
use crate::turn::{Begun, Turn};
use crate::{Actor, House, InputQuery, ManagePlugins, Permit, WorkflowError, Workshop};

/// What an administrator agrees to.
#[derive(Clone, Debug)]
pub enum Approval {
    /// The plugin may read exactly these fields, each as `Type.field`.
    Exactly(Vec<String>),
    /// The plugin may read whatever its input queries ask for; the caller has seen them.
    Whatever,
}

/// A package that somebody wants to be installed.
pub struct Order<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    pub approval: Approval,
    /// Its settings; if not said those of the version before, and the package's defaults.
    pub settings: Option<Map<String, Value>>,
}

/// A package that was read and checked, and is not yet installed.
pub struct Checked {
    pub package: Package,
    /// The package, ready to run.
    pub(crate) guest: Guest,
    /// Each decision point it serves with what it reads for it.
    pub serves: Vec<(String, InputQuery)>,
    /// The decision points it brings.
    pub brings: Vec<Arc<DecisionPoint>>,
    /// After which events it is asked.
    pub(crate) reactions: Vec<Reaction>,
}

/// A plugin, now installed.
#[derive(Clone, Debug)]
pub struct Installed {
    pub plugin: Uuid,
    pub name: String,
    pub digest: String,
}

/// Reads a package and checks everything that can be checked before anything changes: manifest, contract, the range on the
/// model's schema, the schema it brings, the decision points, the input queries, and that it compiles and links. It is compiled
/// on a thread that may block.
///
/// The workshop has the decision points of the plugins beside which it is to be installed.
pub async fn check_plugin(workshop: &Workshop<'_>, bytes: &[u8]) -> Result<Checked, WorkflowError> {
    let package = Package::read(bytes).map_err(|error| WorkflowError::BadInput(error.to_string()))?;
    check_package(workshop, package).await
}

pub(crate) async fn check_package(workshop: &Workshop<'_>, package: Package) -> Result<Checked, WorkflowError> {
    let serves = check_queries(workshop, &package)?;
    let manifest = package.manifest();
    let reactions = reactions(workshop.model, manifest)?;
    let own = |point: &Arc<DecisionPoint>| point.plugin.as_ref() == Some(&manifest.name);
    let brings: Vec<_> = points_beside(workshop, &package)?.into_iter().filter(own).collect();
    for point in &brings {
        Worths::of(point, workshop.model)
            .map_err(|error| WorkflowError::BadInput(format!("plugin `{}`: {error}", manifest.name)))?;
    }
    let guest = load(workshop, &package).await?;
    let guest = guest.scaled(serves.iter().map(|(point, query)| (point.as_str(), query.entries())));
    Ok(Checked { package, guest, serves, brings, reactions })
}

/// What a package reads, by decision point: the part of [`check_plugin`] that compiles no code.
pub(crate) fn check_queries(
    workshop: &Workshop<'_>,
    package: &Package,
) -> Result<Vec<(String, InputQuery)>, WorkflowError> {
    let points = points_beside(workshop, package)?;
    let bad = |message: String| WorkflowError::BadInput(message);
    let manifest = package.manifest();
    package
        .check_contract()
        .map_err(|error| bad(format!("plugin `{}` {}: {error}", manifest.name, manifest.version)))?;
    let (major, minor, patch) = workshop.model.version();
    let model = semver::Version::new(major, minor, patch);
    if !manifest.model.matches(&model) {
        return Err(bad(format!(
            "plugin `{}` {} is made for model {}; this Guildhall has model {model}; use a version of the plugin for it",
            manifest.name, manifest.version, manifest.model
        )));
    }
    let mut serves = Vec::new();
    for (point_name, query) in package.queries() {
        let point = points.iter().find(|point| point.name == point_name).ok_or_else(|| {
            let known: Vec<_> = points.iter().map(|point| point.name.as_str()).collect();
            let required = manifest.requires.iter().map(|required| format!("`{}`", required.plugin));
            let required: Vec<_> = required.collect();
            let advice = match required.is_empty() {
                true => String::new(),
                false => format!("; it requires {}, install that first", required.join(", ")),
            };
            bad(format!(
                "plugin `{}` serves `{point_name}`, which is no decision point; there are {}{advice}",
                manifest.name,
                known.join(", ")
            ))
        })?;
        let compiled = workshop.queries.compile(point, query).map_err(|reason| {
            bad(format!("plugin `{}`: the input query of `{point_name}`: {reason}", manifest.name))
        })?;
        serves.push((point_name.to_owned(), compiled));
    }
    Ok(serves)
}

/// Whether two input queries ask the same. The plan has no equality; what it prints has everything that matters.
pub(crate) fn alike<T: std::fmt::Debug>(a: &T, b: &T) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

/// After which events a plugin is asked.
fn reactions(model: &Model, manifest: &Manifest) -> Result<Vec<Reaction>, WorkflowError> {
    let bad = |reason: String| WorkflowError::BadInput(format!("plugin `{}`: {reason}", manifest.name));
    let Some(serves) = manifest.serves.iter().find(|serves| serves.point == FOLLOWUP_POINT) else {
        return Ok(Vec::new());
    };
    if serves.on.is_empty() {
        return Err(bad(format!(
            "it serves `{FOLLOWUP_POINT}` and does not say after which events; add `on = [\"Order.created\"]`"
        )));
    }
    serves.on.iter().map(|pattern| Reaction::read(model, pattern).map_err(bad)).collect()
}

async fn load(workshop: &Workshop<'_>, package: &Package) -> Result<Guest, WorkflowError> {
    let (host, loading) = (workshop.host.clone(), package.clone());
    let loaded = tokio::task::spawn_blocking(move || host.load(&loading)).await;
    let loaded = loaded.map_err(|error| WorkflowError::Internal(format!("a plugin was not loaded: {error}")))?;
    loaded.map_err(|error| {
        let told = format!("plugin `{}`: {error}", package.manifest().name);
        match error {
            LoadError::Busy => WorkflowError::Busy(told),
            LoadError::Worker(_) => WorkflowError::Internal(told),
            _ => WorkflowError::BadInput(told),
        }
    })
}

impl Checked {
    /// The package, ready to be asked within the limits it will have once it is installed.
    pub fn guest(&self) -> &Guest {
        &self.guest
    }

    /// Every field the plugin reads, as `Type.field`, sorted.
    pub fn reads(&self) -> Vec<String> {
        let all: BTreeSet<_> = self.serves.iter().flat_map(|(_, query)| query.reads.iter().cloned()).collect();
        all.into_iter().collect()
    }

    pub(crate) fn points_json(&self) -> Value {
        points_json(self.package.manifest(), &self.serves)
    }

    /// What an approval of it grants.
    pub(crate) fn grants_json(&self) -> Value {
        let reasons = &self.package.manifest().reads;
        self.reads().iter().map(|field| json!({ "field": field, "reason": reasons.get(field) })).collect()
    }
}

fn points_json(manifest: &Manifest, serves: &[(String, InputQuery)]) -> Value {
    let places = |query: &InputQuery| query.places.iter().map(|(_, place)| place.clone()).collect::<BTreeSet<_>>();
    let on =
        |point: &str| manifest.serves.iter().find(|serves| serves.point == point).map(|serves| serves.on.as_slice());
    let served = |(point, query): &(String, InputQuery)| json!({ "point": point, "reads": query.reads, "at": places(query), "on": on(point).unwrap_or_default() });
    serves.iter().map(served).collect()
}

/// Installs a package under a name that no installed plugin has.
pub async fn install_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    order: &Order<'_>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Installed, WorkflowError> {
    put(house, &by, Arrival::Install, order, key, now).await
}

/// Checks a package against the house as it is, and puts it in its place.
pub(crate) async fn put(
    house: &House,
    by: &Actor,
    arrival: Arrival,
    order: &Order<'_>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Installed, WorkflowError> {
    let points = house.points_in_force().await?;
    let checked = check_plugin(&Workshop { points: &points, ..house.workshop() }, order.bytes).await?;
    agreed(&checked, &order.approval)?;
    let (package, name) = (&checked.package, checked.package.manifest().name.clone());
    let digest = package.digest().to_owned();
    let settings = serde_json::to_vec(&order.settings).unwrap_or_default();
    let act = if arrival == Arrival::Upgrade { "upgradePlugin" } else { "installPlugin" };
    let once = Once::under(by, key, act, &[digest.as_bytes(), &settings])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return Ok(Installed { plugin: uuid_in(&known)?, name, digest }),
        Begun::Now(turn) => turn,
    };
    let present = Present::read(house, &turn.transaction).await?;
    let current = present.named(&name);
    let before = match current {
        Some(current) => stored(&turn.transaction, current).await?.ok(),
        None => None,
    };
    let objections = objections(house, &present, before.as_ref(), &Coming { package, arrival });
    if !objections.is_empty() {
        return Err(WorkflowError::Refused(objections));
    }
    let given = match (&order.settings, current) {
        (Some(given), _) => given.clone(),
        (None, Some(current)) => migrated(&current.settings.given, package.manifest()),
        (None, None) => Map::new(),
    };
    let settings = settings_of(package, given, by, now)?;
    let successor = Successor { checked: &checked, arrival, settings, grant: Grant { by: by.name.clone(), at: now } };
    let id = succeed(&turn.transaction, &present, successor, by, now).await?;
    turn.end(json!(id), now).await?;
    Ok(Installed { plugin: id, name, digest })
}

/// The package of an installation, or why it cannot be had.
pub(crate) async fn stored(on: &impl Reads, plugin: &Plugin) -> Result<Result<Package, String>, WorkflowError> {
    let digest = &plugin.digest;
    let Some(bytes) = package::get(on, digest).await? else {
        return Ok(Err(format!("its package {digest} is not in the database; restore it or install the plugin again")));
    };
    Ok(match Package::read(&bytes) {
        Ok(package) if package.digest() == digest => Ok(package),
        Ok(package) => Err(format!(
            "what the database has as its package {digest} has the digest {}; restore it or install the plugin again",
            package.digest()
        )),
        Err(error) => Err(format!("its package {digest} cannot be read: {error}")),
    })
}

fn agreed(checked: &Checked, approval: &Approval) -> Result<(), WorkflowError> {
    let Approval::Exactly(approved) = approval else { return Ok(()) };
    let approved: BTreeSet<_> = approved.iter().map(String::as_str).collect();
    let reads = checked.reads();
    let reads: BTreeSet<_> = reads.iter().map(String::as_str).collect();
    let missing: Vec<_> =
        reads.difference(&approved).map(|field| format!("it reads `{field}`, which is not approved")).collect();
    let needless: Vec<_> =
        approved.difference(&reads).map(|field| format!("`{field}` is approved, but it does not read it")).collect();
    let reasons: Vec<_> = missing.into_iter().chain(needless).collect();
    if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
}

pub(crate) fn uuid_in(value: &Value) -> Result<Uuid, WorkflowError> {
    let id = value.as_str().and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or_else(|| WorkflowError::Internal("a stored answer cannot be read".to_owned()))
}
