//! A deployment: what decides now, loaded from the database. Replaced as a whole, never changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guildhall_decision::{DecisionPoint, Strategy};
use guildhall_model::plan::{Entry, Output, Selection};
use guildhall_model::{Access, Model, ObjectType, Roles};
use guildhall_plugin_host::{Guest, Package};
use guildhall_store::{Database, generation, package, plugin, strategy};
use serde_json::Value;
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::install_plugin::{Checked, check_package};
use crate::plugin_set::PluginSet;
use crate::reactions::{Reaction, is_asked};
use crate::reads::selection_of;
use crate::set_roles;
use crate::{House, InputQuery, WorkflowError, Workshop};

pub struct Deployment {
    /// Counts the changes of strategy and plugins.
    pub generation: i64,
    pub(crate) strategy: Option<Active>,
    pub(crate) plugins: Vec<Serving>,
    roles: Roles,
    points: Vec<Arc<DecisionPoint>>,
    /// What a decision about a subject needs to know, by decision point.
    facts: HashMap<String, Vec<Entry<Output>>>,
    /// Guest calls so far.
    pub(crate) guest_calls: AtomicU64,
}

/// The strategy in force.
pub(crate) struct Active {
    pub id: Uuid,
    pub number: i32,
    pub strategy: Strategy,
}

/// An installed plugin.
pub(crate) struct Serving {
    pub guest: Guest,
    queries: Vec<(String, InputQuery)>,
    reactions: Vec<Reaction>,
}

impl Serving {
    pub(crate) fn serves(&self, point: &str) -> bool {
        self.queries.iter().any(|(name, _)| name == point)
    }

    /// Whether it is asked with this request at a point it serves.
    pub(crate) fn is_asked(&self, point: &str, request: &Value) -> bool {
        is_asked(&self.reactions, point, request)
    }
}

impl Deployment {
    /// Loads strategy, plugins and roles as the database has them now.
    pub async fn load(house: &House) -> Result<Self, WorkflowError> {
        // The number is read first: a change while the rest is read makes the deployment newer than its number, and it is
        // loaded once more, never kept for newer than it is.
        let generation = generation::current(&house.database).await?;
        let (points, plugins) = load_plugins(house).await?;
        let strategy = match strategy::active(&house.database).await? {
            Some(active) => {
                let strategy = read_strategy(&house.model, &points, &active.document)?;
                Some(Active { id: active.id, number: active.number, strategy })
            }
            None => None,
        };
        let mut deployment = Deployment {
            generation,
            strategy,
            plugins,
            roles: set_roles::in_force(house, &house.database).await?.1,
            points,
            facts: HashMap::new(),
            guest_calls: AtomicU64::new(0),
        };
        for point in &deployment.points {
            let facts = deployment.facts_of(&house.model, point)?;
            deployment.facts.insert(point.name.clone(), facts);
        }
        Ok(deployment)
    }

    /// The decision points there are: the core's, and those that plugins bring.
    pub fn points(&self) -> &[Arc<DecisionPoint>] {
        &self.points
    }

    pub fn point(&self, name: &str) -> Option<&Arc<DecisionPoint>> {
        self.points.iter().find(|point| point.name == name)
    }

    /// Whether something comes of events: a strategy is in force, and a plugin wants to know of some.
    pub fn reacts(&self) -> bool {
        self.strategy.is_some() && self.plugins.iter().any(|plugin| !plugin.reactions.is_empty())
    }

    /// Whether a plugin wants to know of such events.
    pub(crate) fn reacts_to(&self, record_type: &str, happened: &str) -> bool {
        self.plugins.iter().flat_map(|plugin| &plugin.reactions).any(|reaction| reaction.is_of(record_type, happened))
    }

    /// The roles there are.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// How often guests were called since this deployment was loaded.
    pub fn guest_calls(&self) -> u64 {
        self.guest_calls.load(Ordering::Relaxed)
    }

    /// What is read of a subject to decide about it at `point`.
    pub fn facts(&self, point: &str) -> &[Entry<Output>] {
        self.facts.get(point).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether whoever has that access may see the point's answers: he must be allowed to read every field the answer may
    /// disclose.
    pub fn may_see(&self, model: &Model, access: &Access, point: &DecisionPoint) -> bool {
        let queries = self.plugins.iter().flat_map(|plugin| &plugin.queries).filter(|(name, _)| *name == point.name);
        let mut reads: Vec<String> = queries.flat_map(|(_, query)| query.reads.iter().cloned()).collect();
        if let Some(active) = &self.strategy {
            let paths = active.strategy.rule_reads(&point.name);
            reads.extend(paths.iter().filter_map(|path| field_of(model, &point.subject, path)));
        }
        access.reads_type(&point.subject)
            && reads.iter().all(|read| read.split_once('.').is_some_and(|(object, field)| access.reads(object, field)))
    }

    /// Where the facts object stands, everything `decide` reads: see [`crate::decide::Facts`].
    fn facts_of(&self, model: &Model, point: &DecisionPoint) -> Result<Vec<Entry<Output>>, WorkflowError> {
        let missing = |name: &str| WorkflowError::Internal(format!("the model lacks `{name}`"));
        let object = model.object(&point.subject).ok_or_else(|| missing(&point.subject))?;
        let field =
            |name: &str| object.get(name).map(|field| Output::Field(Arc::clone(field))).ok_or_else(|| missing(name));
        let paths = self.strategy.as_ref().map(|active| active.strategy.rule_reads(&point.name)).unwrap_or_default();
        let rules = selection_of(model, object, &paths)?;
        Ok(vec![
            Entry { key: "source".to_owned(), value: field("source")? },
            Entry { key: "externalId".to_owned(), value: field("externalId")? },
            Entry { key: "segment".to_owned(), value: segment_key(model, object)? },
            Entry { key: "rules".to_owned(), value: Output::Same(rules) },
            Entry { key: "inputs".to_owned(), value: Output::Same(self.inputs(object, point)) },
        ])
    }

    /// What each plugin is shown, by its name.
    fn inputs(&self, object: &Arc<ObjectType>, point: &DecisionPoint) -> Selection {
        let mut outputs = Vec::new();
        for plugin in &self.plugins {
            for (_, query) in plugin.queries.iter().filter(|(name, _)| *name == point.name) {
                outputs
                    .push(Entry { key: plugin.guest.name().to_owned(), value: Output::Same(query.selection.clone()) });
            }
        }
        Selection { object: Arc::clone(object), outputs }
    }
}

fn segment_key(model: &Model, object: &Arc<ObjectType>) -> Result<Output, WorkflowError> {
    let path = vec!["segment".to_owned(), "key".to_owned()];
    let selection = selection_of(model, object, &[path])?;
    let entry = selection.outputs.into_iter().next();
    entry.map(|entry| entry.value).ok_or_else(|| WorkflowError::Internal("a subject without segment".to_owned()))
}

/// The field at the end of a path, as `Type.field`.
fn field_of(model: &Model, subject: &str, path: &[String]) -> Option<String> {
    let (last, through) = path.split_last()?;
    let mut object = model.object(subject)?;
    for name in through {
        object = model.object(&object.relation(name)?.target)?;
    }
    Some(format!("{}.{last}", object.name))
}

/// Every installed plugin, loaded, and the decision points there are with them. The host keeps compiled code, so this is
/// quick for packages it has seen.
async fn load_plugins(house: &House) -> Result<(Vec<Arc<DecisionPoint>>, Vec<Serving>), WorkflowError> {
    let mut packages = Vec::new();
    for record in plugin::installed(&house.database).await? {
        let bytes = package_of(&house.database, &record.digest).await?;
        packages.push(Package::read(&bytes).map_err(|error| WorkflowError::BadInput(error.to_string()))?);
    }
    let points = PluginSet::of(&house.workshop(), &packages)?.points;
    let workshop = Workshop { points: &points, ..house.workshop() };
    let mut plugins = Vec::new();
    for package in packages {
        let Checked { guest, serves, reactions, .. } = check_package(&workshop, package)?;
        plugins.push(Serving { guest, queries: serves, reactions });
    }
    Ok((points, plugins))
}

async fn package_of(database: &Database, digest: &str) -> Result<Vec<u8>, WorkflowError> {
    let lost =
        || WorkflowError::Internal(format!("the package `{digest}` of an installed plugin is not in the database"));
    package::get(database, digest).await?.ok_or_else(lost)
}
