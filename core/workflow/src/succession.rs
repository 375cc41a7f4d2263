//! Succession: a package takes its place among the plugins that are there, or is told why it cannot.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{DecisionPoint, changes, next_version, read_points};
use guildhall_plugin_host::dependency::{Standing, broken_by, circle, unmet};
use guildhall_plugin_host::{Manifest, Package, Requires, SettingsProblem};
use guildhall_store::plugin::{self, Arrival, Plugin, Settings, Status};
use guildhall_store::{Reads, Transaction, package, publisher};
use semver::Version;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::install_plugin::Checked;
use crate::keepable::keepable_json;
use crate::plugin_set::PluginSet;
use crate::signed::Signed;
use crate::{Actor, House, InvalidCode, InvalidValue, WorkflowError};

/// A package that is to take its place.
pub(crate) struct Coming<'a> {
    pub package: &'a Package,
    pub arrival: Arrival,
}

/// Who there is, and who is trusted.
pub(crate) struct Present {
    pub plugins: Vec<Plugin>,
    pub publishers: Vec<publisher::Publisher>,
    /// The decision points there are with them.
    pub points: Vec<Arc<DecisionPoint>>,
}

impl Present {
    pub(crate) async fn read(house: &House, on: &impl Reads) -> Result<Self, WorkflowError> {
        let points = PluginSet::present(house, on).await?.points;
        Ok(Present { plugins: plugin::present(on).await?, publishers: publisher::trusted(on).await?, points })
    }

    /// The one of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.name == name)
    }
}

/// Everything that keeps the package from its place, but for its settings. `before` is the package it would replace.
pub(crate) fn objections(
    house: &House,
    present: &Present,
    before: Option<&Package>,
    coming: &Coming<'_>,
) -> Vec<String> {
    let manifest = coming.package.manifest();
    let mut found: Vec<String> = version_objection(present.named(&manifest.name), coming).into_iter().collect();
    found.extend(Signed::of(coming.package, &present.publishers).objection(house.unsigned));
    let standing = Standing {
        name: manifest.name.clone(),
        provides: manifest.provides.clone(),
        requires: manifest.requires.clone(),
    };
    let others: Vec<_> = present.plugins.iter().filter(|other| other.name != manifest.name).map(standing_of).collect();
    found.extend(unmet(&standing, &others));
    found.extend(broken_by(&standing.name, standing.provides.as_ref(), &others));
    found.extend(
        circle(&standing, &others).map(|names| format!("it would be needed by itself: {}", names.join(" requires "))),
    );
    let points: Vec<_> = manifest.serves.iter().map(|serves| serves.point.as_str()).collect();
    found.extend(alone(present, &manifest.name, &points));
    if let (Arrival::Upgrade, Some(before)) = (coming.arrival, before) {
        found.extend(schema_objection(before, coming.package));
    }
    found
}

/// What is wrong with the version, beside one that is installed.
fn version_objection(current: Option<&Plugin>, coming: &Coming<'_>) -> Option<String> {
    let manifest = coming.package.manifest();
    let (name, version) = (&manifest.name, &manifest.version);
    let Some(current) = current else {
        return (coming.arrival == Arrival::Upgrade)
            .then(|| format!("`{name}` is not installed, so there is nothing to upgrade; install it"));
    };
    let known = &current.plugin_version;
    if coming.arrival == Arrival::Install {
        return Some(if current.digest == coming.package.digest() {
            format!("`{name}` {known} is installed already, this very package")
        } else {
            format!("`{name}` {known} is installed; upgrade it, or uninstall it first")
        });
    }
    let lower = Version::parse(known).is_ok_and(|known| *version <= known);
    (coming.arrival == Arrival::Upgrade && lower).then(|| {
        format!("`{name}` {known} is installed, and {version} is no higher version; give the package a higher one, or roll back")
    })
}

/// Who else is in the way at the points a plugin serves: where a field cannot be combined, one plugin answers alone.
pub(crate) fn alone(present: &Present, name: &str, points: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for point in points.iter().filter_map(|name| present.points.iter().find(|point| point.name == *name)) {
        let Some(field) = point.uncombined().next() else { continue };
        let others = present.plugins.iter().filter(|other| other.name != name && other.status == Status::Installed);
        for other in others.filter(|other| served(other).any(|served| served == point.name)) {
            found.push(format!(
                "`{}` answers at `{}`, whose `{}` cannot be combined; disable it first",
                other.name, point.name, field.name
            ));
        }
    }
    found
}

/// The decision points an installation serves.
pub(crate) fn served(plugin: &Plugin) -> impl Iterator<Item = &str> {
    plugin.points.as_array().into_iter().flatten().filter_map(|point| point.get("point")?.as_str())
}

/// The fields an installation reads at a decision point, as `Type.field`.
pub(crate) fn reads_at(plugin: &Plugin, point: &str) -> Vec<String> {
    let at =
        plugin.points.as_array().into_iter().flatten().filter(|one| one.get("point").is_some_and(|name| name == point));
    let fields = at.filter_map(|one| one.get("reads")?.as_array()).flatten();
    fields.filter_map(|field| field.as_str().map(str::to_owned)).collect()
}

/// Whether the version of what a plugin adds says what has become of it.
fn schema_objection(before: &Package, coming: &Package) -> Option<String> {
    let old = read_points(before.schema()?).ok()?;
    let provided = before.manifest().provides.clone()?;
    let new = coming.schema().map(read_points).transpose().ok()?.unwrap_or_default();
    let changes = changes(&old, &new);
    let least = next_version(&provided, &changes);
    // A plugin that adds nothing any more has only its own version to say so.
    let (what, version) = match &coming.manifest().provides {
        Some(version) => ("provides", version.clone()),
        None => ("version", coming.manifest().version.clone()),
    };
    if version >= least {
        return None;
    }
    if changes.is_empty() {
        return Some(format!("its `{what}` is {version}, and the installed one adds {provided} to the schema"));
    }
    let narrows = changes.iter().any(|change| change.narrows);
    let told: Vec<_> =
        changes.iter().filter(|change| change.narrows == narrows).map(|change| change.text.as_str()).collect();
    let told = told.join(", ");
    Some(format!("it {told}; after {provided} that needs `{what}` to be {least} or higher, and it is {version}"))
}

/// What dependencies are about, of an installation.
pub(crate) fn standing_of(plugin: &Plugin) -> Standing {
    let requires: Vec<Requires> = serde_json::from_value(plugin.requires.clone()).unwrap_or_default();
    Standing {
        name: plugin.name.clone(),
        provides: plugin.provides.as_deref().and_then(|version| Version::parse(version).ok()),
        requires,
    }
}

/// The settings of an earlier version under the names they have now.
pub(crate) fn migrated(settings: &Value, manifest: &Manifest) -> Map<String, Value> {
    let mut settings = settings.as_object().cloned().unwrap_or_default();
    for (old, new) in &manifest.renamed {
        if let Some(value) = settings.remove(old)
            && !settings.contains_key(new)
        {
            settings.insert(new.clone(), value);
        }
    }
    settings
}

/// The settings as they were given and as they work: with the package's defaults.
pub(crate) fn settings(
    package: &Package,
    given: Map<String, Value>,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<Settings, WorkflowError> {
    let effective = package.complete_settings(&given).map_err(unsettled)?;
    let settings =
        Settings { given: Value::Object(given), effective: Value::Object(effective), at: now, by: by.name.clone() };
    keepable_json("the settings", &settings.effective)?;
    Ok(settings)
}

fn unsettled(problems: Vec<SettingsProblem>) -> WorkflowError {
    let told = |problem: SettingsProblem| {
        let path = vec!["settings".into(), problem.setting.as_str().into()];
        InvalidValue::new(path, InvalidCode::Malformed, problem.to_string())
    };
    WorkflowError::Invalid(problems.into_iter().map(told).collect())
}

/// Who approved what a package reads, and when.
pub(crate) struct Grant {
    pub by: String,
    pub at: DateTime<Utc>,
}

/// What takes the place.
pub(crate) struct Successor<'a> {
    pub checked: &'a Checked,
    pub arrival: Arrival,
    pub settings: Settings,
    pub grant: Grant,
}

/// Puts a package in its place, in place of the one of its name; it stays disabled if that was. Everything was checked before.
pub(crate) async fn succeed(
    transaction: &Transaction,
    present: &Present,
    successor: Successor<'_>,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let Successor { checked, arrival, settings, grant } = successor;
    let (package, manifest) = (&checked.package, checked.package.manifest());
    let size = i32::try_from(package.size());
    let signed = Signed::of(package, &present.publishers);
    let requires = manifest.requires.iter();
    let current = present.named(&manifest.name);
    let record = Plugin {
        id: Uuid::now_v7(),
        name: manifest.name.clone(),
        plugin_version: manifest.version.to_string(),
        department: manifest.department.clone(),
        status: current.map_or(Status::Installed, |current| current.status),
        digest: package.digest().to_owned(),
        size: size.map_err(|_| WorkflowError::BadInput("the package is too large".to_owned()))?,
        contract: manifest.contract.clone(),
        model_range: manifest.model.to_string(),
        provides: manifest.provides.as_ref().map(ToString::to_string),
        requires: requires
            .map(|other| json!({ "plugin": other.plugin, "version": other.version.to_string() }))
            .collect(),
        schema: package.schema().map(str::to_owned),
        points: checked.points_json(),
        grants: checked.grants_json(),
        approved_at: grant.at,
        approved_by: grant.by,
        settings,
        publisher: signed.publisher().map(str::to_owned),
        publisher_key: signed.key().map(str::to_owned),
        arrival,
        installed_at: now,
        installed_by: by.name.clone(),
        changed_at: now,
        changed_by: by.name.clone(),
    };
    package::put(transaction, package.digest(), package.bytes().to_vec(), now).await?;
    if let Some(current) = current {
        plugin::set_status(transaction, current.id, Status::Removed, &by.name, now).await?;
    }
    plugin::insert(transaction, &record).await?;
    Ok(record.id)
}

#[cfg(test)]
mod tests;
