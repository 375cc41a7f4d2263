//! The plugins that are there together: what each brings to the schema, and whether strategy and plugins go with it.
//!
//! What a plugin brings stays as long as the plugin is there, also while it is disabled or cannot be asked: then the decision
//! point's defaults answer, and neither a strategy nor a client that names the point is broken by it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{Contribution, DecisionPoint, join_points};
use guildhall_plugin_host::Package;
use guildhall_store::plugin::{self, Plugin, Status};
use guildhall_store::{Reads, Transaction, reaction, strategy};
use serde::Deserialize;
use serde_json::Value;

use crate::activate_strategy::read_strategy;
use crate::{House, WorkflowError, Workshop};

/// Plugins whose names do not stand in each other's way.
pub(crate) struct PluginSet {
    members: Vec<Member>,
    /// The decision points there are: the core's and theirs.
    pub points: Vec<Arc<DecisionPoint>>,
}

/// One of the plugins, as far as it concerns the others.
struct Member {
    name: String,
    /// The decision points it brings, as SDL.
    schema: Option<String>,
    /// The plugins whose points it may serve.
    requires: Vec<String>,
    serves: Vec<Service>,
    /// Whether it decides.
    decides: bool,
}

/// A decision point a plugin serves, as the database keeps it.
#[derive(Clone, Debug, Deserialize)]
struct Service {
    point: String,
    #[serde(default)]
    on: Vec<String>,
}

impl Member {
    fn of(package: &Package) -> Self {
        let manifest = package.manifest();
        let serves = manifest.serves.iter();
        Member {
            name: manifest.name.clone(),
            schema: package.schema().map(str::to_owned),
            requires: manifest.requires.iter().map(|required| required.plugin.clone()).collect(),
            serves: serves.map(|serves| Service { point: serves.point.clone(), on: serves.on.clone() }).collect(),
            decides: true,
        }
    }

    fn recorded(plugin: Plugin) -> Result<Self, WorkflowError> {
        let lost =
            |error| WorkflowError::Internal(format!("the record of plugin `{}` cannot be read: {error}", plugin.name));
        let serves = serde_json::from_value(plugin.points).map_err(lost)?;
        let required = plugin.requires.as_array().into_iter().flatten();
        let requires = required.filter_map(|other| other.get("plugin").and_then(Value::as_str));
        Ok(Member {
            requires: requires.map(str::to_owned).collect(),
            decides: plugin.status == Status::Installed,
            name: plugin.name,
            schema: plugin.schema,
            serves,
        })
    }

    /// What it brings, if it brings anything.
    fn brings(&self, workshop: &Workshop<'_>) -> Option<Result<Contribution, WorkflowError>> {
        self.schema.as_deref().map(|sdl| contribution(workshop, &self.name, sdl))
    }
}

impl PluginSet {
    /// The plugins that are there. One that brings what this program does not read adds nothing: it is suspended, which says why.
    pub(crate) async fn present(house: &House, on: &impl Reads) -> Result<Self, WorkflowError> {
        let members: Vec<_> = plugin::present(on).await?.into_iter().map(Member::recorded).collect::<Result<_, _>>()?;
        let workshop = house.workshop();
        let contributions: Vec<_> = members.iter().filter_map(|member| member.brings(&workshop)?.ok()).collect();
        PluginSet::new(&workshop, members, &contributions)
    }

    fn new(
        workshop: &Workshop<'_>,
        members: Vec<Member>,
        contributions: &[Contribution],
    ) -> Result<Self, WorkflowError> {
        let points =
            join_points(workshop.points, contributions).map_err(|error| WorkflowError::refused(error.to_string()))?;
        Ok(PluginSet { members, points })
    }

    /// Whether a plugin is among them that decides and wants to know what happens.
    fn reacts(&self) -> bool {
        let deciding = self.members.iter().filter(|member| member.decides);
        deciding.flat_map(|member| &member.serves).any(|service| !service.on.is_empty())
    }

    /// Refuses a plugin that serves what another one brings and does not say that it needs it. All reasons at once.
    fn fit(&self) -> Result<(), WorkflowError> {
        let all = self.members.iter().flat_map(|member| member.serves.iter().map(move |service| (member, service)));
        let reasons: Vec<_> = all.filter_map(|(member, service)| self.undeclared(member, &service.point)).collect();
        if reasons.is_empty() { Ok(()) } else { Err(WorkflowError::Refused(reasons)) }
    }

    fn undeclared(&self, member: &Member, name: &str) -> Option<String> {
        let point = self.points.iter().find(|point| point.name == name)?;
        let owner = point.plugin.as_ref().filter(|owner| **owner != member.name)?;
        (!member.requires.contains(owner)).then(|| {
            let plugin = &member.name;
            format!("`{plugin}` serves `{name}` of `{owner}`; its plugin.toml has to say so with `[[requires]]`")
        })
    }
}

fn contribution(workshop: &Workshop<'_>, plugin: &str, sdl: &str) -> Result<Contribution, WorkflowError> {
    let core: Vec<_> = workshop.points.iter().filter(|point| point.plugin.is_none()).cloned().collect();
    Contribution::read(plugin, sdl, &core, workshop.queries.taken())
        .map_err(|error| WorkflowError::BadInput(format!("plugin `{plugin}`: the schema it brings: {error}")))
}

/// The decision points there are beside a package and with what it brings. One of its name that is there is replaced.
pub(crate) fn points_beside(
    workshop: &Workshop<'_>,
    package: &Package,
) -> Result<Vec<Arc<DecisionPoint>>, WorkflowError> {
    let name = &package.manifest().name;
    let brought = match package.schema() {
        Some(sdl) => contribution(workshop, name, sdl)?.points,
        None => Vec::new(),
    };
    let others = workshop.points.iter().filter(|point| point.plugin.as_ref() != Some(name));
    Ok(others.chain(&brought).cloned().collect())
}

/// The decision points there are where these packages are installed, and no others.
pub fn points_of(workshop: &Workshop<'_>, packages: &[Package]) -> Result<Vec<Arc<DecisionPoint>>, WorkflowError> {
    let members: Vec<_> = packages.iter().map(Member::of).collect();
    let contributions = members.iter().filter_map(|member| member.brings(workshop)).collect::<Result<Vec<_>, _>>()?;
    Ok(PluginSet::new(workshop, members, &contributions)?.points)
}

/// Refuses a change of plugins or strategy after which they would not fit together, and lets reactions to events begin or
/// end with it. Every act that makes such a change ends with this, in its transaction.
pub(crate) async fn settle(house: &House, transaction: &Transaction, now: DateTime<Utc>) -> Result<(), WorkflowError> {
    let set = PluginSet::present(house, transaction).await?;
    set.fit()?;
    let active = strategy::active(transaction).await?;
    let holds = |document: &str, which: &str, advice: &str| {
        read_strategy(&house.model, &set.points, document)
            .map(drop)
            .map_err(|error| WorkflowError::refused(format!("{which} would not hold any more: {error}; {advice}")))
    };
    if let Some(active) = &active {
        holds(&active.document, "the strategy in force", "activate a strategy that does without it first")?;
    }
    if let Some(challenger) = strategy::challenger(transaction).await? {
        holds(&challenger.document, "the challenger", "retire it first")?;
    }
    Ok(reaction::settle(transaction, active.is_some() && set.reacts(), now).await?)
}

impl House {
    /// The decision points there are now: the core's, and those that the plugins bring.
    pub async fn points_in_force(&self) -> Result<Vec<Arc<DecisionPoint>>, WorkflowError> {
        Ok(PluginSet::present(self, &self.database).await?.points)
    }

    /// As [`House::points_in_force`], with what plugins brought that are gone: a strategy of earlier times may name it.
    pub(crate) async fn points_ever(&self) -> Result<Vec<Arc<DecisionPoint>>, WorkflowError> {
        let mut points = self.points_in_force().await?;
        for (plugin, sdl) in plugin::former_schemas(&self.database).await? {
            let former = contribution(&self.workshop(), &plugin, &sdl).map(|former| former.points).unwrap_or_default();
            for point in former {
                if !points.iter().any(|known| known.name == point.name) {
                    points.push(point);
                }
            }
        }
        Ok(points)
    }
}

#[cfg(test)]
mod tests;
