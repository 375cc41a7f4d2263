//! The plugins that decide together: what each brings to the schema and needs of the others, and whether that fits.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{Contribution, DecisionPoint, join_points};
use guildhall_plugin_host::Package;
use guildhall_store::plugin::{self, Plugin};
use guildhall_store::{Reads, Transaction, reaction, strategy};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::activate_strategy::read_strategy;
use crate::{House, WorkflowError, Workshop};

/// One of the plugins, as far as it concerns the others.
struct Member {
    name: String,
    brings: Brings,
    serves: Vec<Service>,
}

/// What a plugin brings and needs, as the database keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Brings {
    /// Version of `schema`.
    provides: Option<Version>,
    /// Its decision points, as SDL.
    schema: Option<String>,
    #[serde(default)]
    requires: Vec<Requirement>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Requirement {
    plugin: String,
    version: VersionReq,
}

/// A decision point it serves, as the database keeps it.
#[derive(Clone, Debug, Deserialize)]
struct Service {
    point: String,
    #[serde(default)]
    on: Vec<String>,
}

/// Plugins whose names do not stand in each other's way.
pub(crate) struct PluginSet {
    members: Vec<Member>,
    /// The decision points there are: the core's and theirs.
    pub points: Vec<Arc<DecisionPoint>>,
}

/// What the record of a plugin says of its contribution.
pub(crate) fn contribution_json(package: &Package) -> Result<Value, WorkflowError> {
    serde_json::to_value(Brings::of(package)).map_err(|error| WorkflowError::Internal(error.to_string()))
}

/// The decision points a package brings, in its namespace.
pub(crate) fn contribution(workshop: &Workshop<'_>, package: &Package) -> Result<Option<Contribution>, WorkflowError> {
    package.schema().map(|sdl| read(workshop, &package.manifest().name, sdl)).transpose()
}

fn read(workshop: &Workshop<'_>, plugin: &str, sdl: &str) -> Result<Contribution, WorkflowError> {
    let core: Vec<_> = workshop.points.iter().filter(|point| point.plugin.is_none()).cloned().collect();
    Contribution::read(plugin, sdl, &core, workshop.queries.taken())
        .map_err(|error| WorkflowError::BadInput(format!("plugin `{plugin}`: the schema it brings: {error}")))
}

impl Brings {
    fn of(package: &Package) -> Self {
        let manifest = package.manifest();
        let requires = manifest.requires.iter();
        Brings {
            provides: manifest.provides.clone(),
            schema: package.schema().map(str::to_owned),
            requires: requires
                .map(|requires| Requirement { plugin: requires.plugin.clone(), version: requires.version.clone() })
                .collect(),
        }
    }
}

impl Member {
    fn of(package: &Package) -> Self {
        let manifest = package.manifest();
        let serves = manifest.serves.iter();
        Member {
            name: manifest.name.clone(),
            brings: Brings::of(package),
            serves: serves.map(|serves| Service { point: serves.point.clone(), on: serves.on.clone() }).collect(),
        }
    }

    fn recorded(plugin: Plugin) -> Result<Self, WorkflowError> {
        let lost =
            |error| WorkflowError::Internal(format!("the record of plugin `{}` cannot be read: {error}", plugin.name));
        let brings = serde_json::from_value(plugin.contribution).map_err(lost)?;
        let serves = serde_json::from_value(plugin.points).map_err(lost)?;
        Ok(Member { name: plugin.name, brings, serves })
    }
}

impl PluginSet {
    /// These packages together.
    pub(crate) fn of(workshop: &Workshop<'_>, packages: &[Package]) -> Result<Self, WorkflowError> {
        PluginSet::new(workshop, packages.iter().map(Member::of).collect())
    }

    /// The plugins that decide now.
    pub(crate) async fn installed(house: &House, on: &impl Reads) -> Result<Self, WorkflowError> {
        let members = plugin::installed(on).await?.into_iter().map(Member::recorded).collect::<Result<_, _>>()?;
        PluginSet::new(&house.workshop(), members)
    }

    fn new(workshop: &Workshop<'_>, members: Vec<Member>) -> Result<Self, WorkflowError> {
        let brought = members.iter().filter_map(|member| Some((member, member.brings.schema.as_deref()?)));
        let contributions =
            brought.map(|(member, sdl)| read(workshop, &member.name, sdl)).collect::<Result<Vec<_>, _>>()?;
        let points =
            join_points(workshop.points, &contributions).map_err(|error| WorkflowError::refused(error.to_string()))?;
        Ok(PluginSet { members, points })
    }

    /// Whether a plugin is among them that wants to know what happens.
    fn reacts(&self) -> bool {
        self.members.iter().flat_map(|member| &member.serves).any(|service| !service.on.is_empty())
    }

    /// Refuses the plugins if one of them needs of the others what they do not give. All reasons at once.
    fn fit(&self) -> Result<(), WorkflowError> {
        let mut reasons = Vec::new();
        for member in &self.members {
            reasons.extend(member.serves.iter().filter_map(|service| self.unserved(member, &service.point)));
            reasons.extend(member.brings.requires.iter().filter_map(|required| self.unmet(member, required)));
        }
        reasons.extend(self.circle());
        if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
    }

    fn unserved(&self, member: &Member, name: &str) -> Option<String> {
        let plugin = &member.name;
        let Some(point) = self.points.iter().find(|point| point.name == name) else {
            return Some(format!(
                "plugin `{plugin}` serves `{name}`, which would be no decision point; remove `{plugin}` first"
            ));
        };
        let owner = point.plugin.as_ref().filter(|owner| *owner != plugin)?;
        let known = member.brings.requires.iter().any(|required| required.plugin == *owner);
        (!known).then(|| {
            format!(
                "plugin `{plugin}` serves `{name}` of plugin `{owner}`; say so in its plugin.toml with `[[requires]]`"
            )
        })
    }

    fn unmet(&self, member: &Member, required: &Requirement) -> Option<String> {
        let (plugin, Requirement { plugin: other, version }) = (&member.name, required);
        let needs = format!("plugin `{plugin}` requires the schema of plugin `{other}` in a version {version}");
        match self.members.iter().find(|member| member.name == *other).map(|member| &member.brings.provides) {
            None => Some(format!("{needs}, and `{other}` is not installed; install it first")),
            Some(None) => Some(format!("{needs}, and the installed one brings no schema")),
            Some(Some(provided)) if !version.matches(provided) => {
                Some(format!("{needs}, and the installed one brings {provided}"))
            }
            Some(Some(_)) => None,
        }
    }

    /// Plugins that require each other, in a circle: none of them could be installed first or removed last.
    fn circle(&self) -> Option<String> {
        let required = |name: &str| {
            let member = self.members.iter().find(|member| member.name == name);
            member.into_iter().flat_map(|member| member.brings.requires.iter().map(|required| required.plugin.as_str()))
        };
        for start in &self.members {
            // Breadth first, so that the shortest circle through `start` is told.
            let mut paths: Vec<Vec<&str>> = vec![vec![&start.name]];
            let mut known: Vec<&str> = Vec::new();
            let mut next = 0;
            while let Some(path) = paths.get(next).cloned() {
                next += 1;
                for other in path.last().into_iter().flat_map(|last| required(last)) {
                    let mut longer = path.clone();
                    longer.push(other);
                    if other == start.name {
                        return Some(format!("plugins require each other in a circle: {}", longer.join(" -> ")));
                    }
                    if !known.contains(&other) {
                        known.push(other);
                        paths.push(longer);
                    }
                }
            }
        }
        None
    }
}

/// Refuses a change of plugins or strategy after which they would not fit together, and lets reactions to events begin or
/// end with it. Every act that makes such a change calls this last, in its transaction.
pub(crate) async fn settle(house: &House, transaction: &Transaction, now: DateTime<Utc>) -> Result<(), WorkflowError> {
    let set = PluginSet::installed(house, transaction).await?;
    set.fit()?;
    let active = strategy::active(transaction).await?;
    if let Some(active) = &active {
        read_strategy(&house.model, &set.points, &active.document).map_err(|error| {
            let advice = "activate a strategy that does without it first";
            WorkflowError::refused(format!("the strategy in force would not hold any more: {error}; {advice}"))
        })?;
    }
    Ok(reaction::settle(transaction, active.is_some() && set.reacts(), now).await?)
}

/// The decision points there are where these packages are installed, and no others.
pub fn points_with(workshop: &Workshop<'_>, packages: &[Package]) -> Result<Vec<Arc<DecisionPoint>>, WorkflowError> {
    Ok(PluginSet::of(workshop, packages)?.points)
}

impl House {
    /// The decision points there are now: the core's, and those that the installed plugins bring.
    pub async fn points_in_force(&self) -> Result<Vec<Arc<DecisionPoint>>, WorkflowError> {
        Ok(PluginSet::installed(self, &self.database).await?.points)
    }
}

#[cfg(test)]
mod tests;
