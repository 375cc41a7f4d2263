//! A deployment: what decides now, loaded from the database. Replaced as a whole, never changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use guildhall_decision::{DecisionPoint, Strategy};
use guildhall_model::plan::{Entry, Output, Selection};
use guildhall_model::{Access, Model, ObjectType, Roles};
use guildhall_plugin_host::{Budget, Circuit, Guest, Limits};
use guildhall_store::{Database, generation, package, plugin, strategy};
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::install_plugin::check_plugin;
use crate::reads::selection_of;
use crate::set_roles;
use crate::{House, InputQuery, WorkflowError};

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
    limits: Limits,
}

/// What is counted of an installed plugin.
#[derive(Clone, Debug)]
pub struct PluginMetrics {
    pub name: String,
    /// Whether it is asked now.
    pub circuit: Circuit,
    /// How often it was found to fail too often, since the process began.
    pub opened: u64,
    /// Subjects it gave no answer about, by the failure's code, since the process began.
    pub failures: BTreeMap<&'static str, u64>,
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
}

impl Serving {
    pub(crate) fn serves(&self, point: &str) -> bool {
        self.queries.iter().any(|(name, _)| name == point)
    }
}

impl Deployment {
    /// Loads strategy, plugins and roles as the database has them now.
    pub async fn load(house: &House) -> Result<Self, WorkflowError> {
        // The number is read first: a change while the rest is read makes the deployment newer than its number, and it is
        // loaded once more, never kept for newer than it is.
        let generation = generation::current(&house.database).await?;
        let strategy = match strategy::active(&house.database).await? {
            Some(active) => {
                Some(Active { id: active.id, number: active.number, strategy: read_strategy(house, &active.document)? })
            }
            None => None,
        };
        let plugins = load_plugins(house).await?;
        let mut deployment = Deployment {
            generation,
            strategy,
            plugins,
            roles: set_roles::in_force(house, &house.database).await?.1,
            points: house.points.clone(),
            facts: HashMap::new(),
            guest_calls: AtomicU64::new(0),
            limits: house.host.limits().clone(),
        };
        for point in &house.points {
            let facts = deployment.facts_of(&house.model, point)?;
            deployment.facts.insert(point.name.clone(), facts);
        }
        Ok(deployment)
    }

    pub fn points(&self) -> &[Arc<DecisionPoint>] {
        &self.points
    }

    /// The roles there are.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// How often guests were called since this deployment was loaded.
    pub fn guest_calls(&self) -> u64 {
        self.guest_calls.load(Ordering::Relaxed)
    }

    /// What all plugins together may spend on a request that begins now.
    pub fn budget(&self) -> Arc<Budget> {
        Arc::new(Budget::begin(&self.limits))
    }

    /// What is counted of the plugins, by name.
    pub fn plugin_metrics(&self) -> Vec<PluginMetrics> {
        let now = Instant::now();
        let told = |plugin: &Serving| PluginMetrics {
            name: plugin.guest.name().to_owned(),
            circuit: plugin.guest.breaker().circuit(now),
            opened: plugin.guest.tally().opened(),
            failures: plugin.guest.tally().failures(),
        };
        self.plugins.iter().map(told).collect()
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

/// Every installed plugin, loaded. The host keeps compiled code, so this is quick for packages it has seen.
async fn load_plugins(house: &House) -> Result<Vec<Serving>, WorkflowError> {
    let mut plugins = Vec::new();
    for record in plugin::installed(&house.database).await? {
        let bytes = package_of(&house.database, &record.digest).await?;
        let checked = check_plugin(&house.workshop(), &bytes).await?;
        plugins.push(Serving { guest: checked.guest, queries: checked.serves });
    }
    // Who is asked first matters where a request's budget ends.
    plugins.sort_by(|one, other| one.guest.name().cmp(other.guest.name()));
    Ok(plugins)
}

async fn package_of(database: &Database, digest: &str) -> Result<Vec<u8>, WorkflowError> {
    let lost =
        || WorkflowError::Internal(format!("the package `{digest}` of an installed plugin is not in the database"));
    package::get(database, digest).await?.ok_or_else(lost)
}
