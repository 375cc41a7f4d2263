//! A deployment: what decides now, loaded from the database. Replaced as a whole, never changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use guildhall_decision::{DecisionPoint, Strategy, lot};
use guildhall_model::plan::{Entry, Output, Selection};
use guildhall_model::{Access, Model, ObjectType, Roles};
use guildhall_plugin_host::{Budget, Circuit, Guest, Limits, Package};
use guildhall_store::plugin::{self, Plugin, Status};
use guildhall_store::{generation, strategy};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::install_plugin::{Checked, check_package, stored};
use crate::reactions::{Reaction, is_asked};
use crate::reads::selection_of;
use crate::set_roles;
use crate::standing::granted;
use crate::succession::{migrated, reads_at, served};
use crate::{House, InputQuery, WorkflowError, Workshop};

pub struct Deployment {
    /// Counts the changes of strategy and plugins.
    pub generation: i64,
    pub(crate) strategy: Option<Active>,
    /// The strategy that decides for a share of the customers.
    pub(crate) challenger: Option<Challenger>,
    pub(crate) plugins: Vec<Serving>,
    suspended: Vec<Suspended>,
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
#[derive(Clone)]
pub(crate) struct Active {
    pub id: Uuid,
    pub number: i32,
    /// SHA-256 of the document, in hex.
    pub digest: String,
    pub strategy: Strategy,
}

/// A strategy that decides for a share of the customers.
#[derive(Clone)]
pub(crate) struct Challenger {
    pub active: Active,
    pub share: Decimal,
}

impl Challenger {
    /// Whether it decides for this customer, by global id: always the same ones, whoever else there is.
    pub(crate) fn decides_for(&self, customer: &str) -> bool {
        lot(&self.active.digest, customer) < self.share
    }
}

/// An installed plugin.
#[derive(Clone)]
pub(crate) struct Serving {
    pub guest: Guest,
    /// The settings it is asked with, a JSON object.
    pub settings: String,
    queries: Vec<(String, InputQuery)>,
    reactions: Vec<Reaction>,
}

/// An installed plugin that cannot be asked. Where it serves, the decision point's fail policy answers.
#[derive(Clone, Debug)]
pub struct Suspended {
    pub name: String,
    pub version: String,
    pub department: String,
    pub digest: String,
    /// The decision points it serves, each with the fields it reads for it, as `Type.field`.
    pub points: BTreeMap<String, Vec<String>>,
    /// Why it cannot be asked, and what to do.
    pub reason: String,
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
        let points = house.points_in_force().await?;
        let read = |stored: strategy::Strategy| {
            let (id, number) = (stored.id, stored.number);
            read_strategy(&house.model, &points, &stored.document).map(|strategy| Active {
                id,
                number,
                strategy,
                digest: stored.digest,
            })
        };
        let strategy = strategy::active(&house.database).await?.map(read).transpose()?;
        let challenger = match strategy::challenger(&house.database).await? {
            Some(stored) => {
                let share = stored.share.unwrap_or_default();
                Some(Challenger { active: read(stored)?, share })
            }
            None => None,
        };
        let (plugins, suspended) = load_plugins(house, &points).await?;
        let mut deployment = Deployment {
            generation,
            strategy,
            challenger,
            plugins,
            suspended,
            roles: set_roles::in_force(house, &house.database).await?.1,
            points: points.into_iter().filter(|point| point.is_field()).collect(),
            facts: HashMap::new(),
            guest_calls: AtomicU64::new(0),
            limits: house.host.limits().clone(),
        };
        deployment.plan_facts(&house.model)?;
        Ok(deployment)
    }

    /// As this one, with a candidate in place of the plugin of its name. It is for comparisons and never decides.
    pub(crate) fn with(
        &self,
        model: &Model,
        candidate: &Checked,
        settings: Option<&Map<String, Value>>,
    ) -> Result<Self, WorkflowError> {
        let mut plugins = self.plugins.clone();
        let place = plugins.iter().position(|plugin| plugin.guest.name() == candidate.guest.name());
        let before = place.map(|place| plugins.remove(place).settings);
        let before = before.and_then(|settings| serde_json::from_str(&settings).ok()).unwrap_or_default();
        let settings = settings.cloned().unwrap_or_else(|| carried_over(&before, &candidate.package));
        let settings = Value::Object(settings).to_string();
        plugins.push(Serving {
            guest: candidate.guest.clone(),
            settings,
            queries: candidate.serves.clone(),
            reactions: candidate.reactions.clone(),
        });
        plugins.sort_by(|a, b| a.guest.name().cmp(b.guest.name()));
        self.beside(model, self.strategy.clone(), self.challenger.clone(), plugins)
    }

    /// As this one, with a strategy in place of the one in force and of its challenger. It is for comparisons and never decides.
    pub(crate) fn under(&self, model: &Model, candidate: Active) -> Result<Self, WorkflowError> {
        self.beside(model, Some(candidate), None, self.plugins.clone())
    }

    fn beside(
        &self,
        model: &Model,
        strategy: Option<Active>,
        challenger: Option<Challenger>,
        plugins: Vec<Serving>,
    ) -> Result<Self, WorkflowError> {
        let mut deployment = Deployment {
            generation: self.generation,
            strategy,
            challenger,
            plugins,
            suspended: self.suspended.clone(),
            roles: self.roles.clone(),
            points: self.points.clone(),
            facts: HashMap::new(),
            guest_calls: AtomicU64::new(0),
            limits: self.limits.clone(),
        };
        deployment.plan_facts(model)?;
        Ok(deployment)
    }

    fn plan_facts(&mut self, model: &Model) -> Result<(), WorkflowError> {
        for point in self.points.clone() {
            let facts = self.facts_of(model, &point)?;
            self.facts.insert(point.name.clone(), facts);
        }
        Ok(())
    }

    /// The decision points that are fields of the customer: one answer about one. The core's, and those that plugins bring.
    pub fn points(&self) -> &[Arc<DecisionPoint>] {
        &self.points
    }

    pub fn point(&self, name: &str) -> Option<&Arc<DecisionPoint>> {
        self.points.iter().find(|point| point.name == name)
    }

    /// Whether a plugin serves the point, or would if it could be asked.
    pub(crate) fn is_served(&self, point: &str) -> bool {
        self.plugins.iter().any(|plugin| plugin.serves(point))
            || self.suspended.iter().any(|suspended| suspended.points.contains_key(point))
    }

    /// The plugins that are shown the customer's segment at a point.
    pub(crate) fn shown_the_segment(&self, point: &str) -> impl Iterator<Item = &str> {
        let shows = |query: &InputQuery| query.reads.iter().any(|read| read.starts_with("Segment."));
        let all = self
            .plugins
            .iter()
            .filter(move |plugin| plugin.queries.iter().any(|(name, query)| name == point && shows(query)));
        all.map(|plugin| plugin.guest.name())
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

    /// The installed plugins that cannot be asked.
    pub fn suspended(&self) -> &[Suspended] {
        &self.suspended
    }

    /// How often guests were called since this deployment was loaded.
    pub fn guest_calls(&self) -> u64 {
        self.guest_calls.load(Ordering::Relaxed)
    }

    /// What all plugins together may spend on a request that asks at these decision points.
    pub fn budget<'p>(&self, points: impl IntoIterator<Item = &'p str> + Clone) -> Arc<Budget> {
        let asked = |plugin: &&Serving| points.clone().into_iter().any(|point| plugin.serves(point));
        Arc::new(Budget::of(&self.limits, self.plugins.iter().filter(asked).count()))
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
    /// disclose. A suspended plugin counts as if it were asked, so that no field comes or goes with it. An answer that no field goes
    /// into discloses the strategy alone; whoever reads recorded decisions may see it.
    pub fn may_see(&self, model: &Model, access: &Access, point: &DecisionPoint) -> bool {
        let queries = self.plugins.iter().flat_map(|plugin| &plugin.queries).filter(|(name, _)| *name == point.name);
        let mut reads: Vec<String> = queries.flat_map(|(_, query)| query.reads.iter().cloned()).collect();
        let suspended = self.suspended.iter().filter_map(|suspended| suspended.points.get(&point.name));
        reads.extend(suspended.flatten().cloned());
        reads.extend(self.rule_reads(point).iter().filter_map(|path| field_of(model, &point.subject, path)));
        access.reads_type(&point.subject)
            && (!reads.is_empty() || access.reads_type("Decision"))
            && reads.iter().all(|read| read.split_once('.').is_some_and(|(object, field)| access.reads(object, field)))
    }

    /// Where the facts object stands, everything `decide` reads: see [`crate::decide::Facts`].
    fn facts_of(&self, model: &Model, point: &DecisionPoint) -> Result<Vec<Entry<Output>>, WorkflowError> {
        let missing = |name: &str| WorkflowError::Internal(format!("the model lacks `{name}`"));
        let object = model.object(&point.subject).ok_or_else(|| missing(&point.subject))?;
        let field =
            |name: &str| object.get(name).map(|field| Output::Field(Arc::clone(field))).ok_or_else(|| missing(name));
        let rules = selection_of(model, object, &self.rule_reads(point))?;
        let mut facts = vec![
            Entry { key: "source".to_owned(), value: field("source")? },
            Entry { key: "externalId".to_owned(), value: field("externalId")? },
            Entry { key: "segment".to_owned(), value: segment_key(model, object)? },
            Entry { key: "rules".to_owned(), value: Output::Same(rules) },
            Entry { key: "inputs".to_owned(), value: Output::Same(self.inputs(object, point)) },
        ];
        if let Some(challenger) = self.challenger.as_ref().filter(|_| point.subject == "Customer") {
            let mut reads = challenger.active.strategy.segment_reads();
            reads.push(vec!["segment".to_owned(), "key".to_owned()]);
            let assign = Output::Same(selection_of(model, object, &reads)?);
            facts.push(Entry { key: "assign".to_owned(), value: assign });
        }
        Ok(facts)
    }

    /// The subject's fields that the ground rules of a point read, of whichever strategy decides.
    fn rule_reads(&self, point: &DecisionPoint) -> Vec<Vec<String>> {
        let challenger = self.challenger.as_ref().map(|challenger| &challenger.active);
        let strategies = self.strategy.iter().chain(challenger);
        let mut reads: Vec<_> = strategies.flat_map(|active| active.strategy.rule_reads(&point.name)).collect();
        reads.sort();
        reads.dedup();
        reads
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

/// The settings a candidate is compared with: those in use, as far as it takes them, or its own defaults.
fn carried_over(before: &Value, package: &Package) -> Map<String, Value> {
    let settings = migrated(before, package.manifest());
    package.complete_settings(&settings).or_else(|_| package.complete_settings(&Map::new())).unwrap_or_default()
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

/// Every installed plugin, loaded; and those that cannot be. The host keeps compiled code, so this is quick for packages it
/// has seen.
async fn load_plugins(
    house: &House,
    points: &[Arc<DecisionPoint>],
) -> Result<(Vec<Serving>, Vec<Suspended>), WorkflowError> {
    let (mut plugins, mut suspended) = (Vec::new(), Vec::new());
    let present = plugin::present(&house.database).await?;
    for record in present.into_iter().filter(|record| record.status == Status::Installed) {
        match check_installed(house, points, &record).await? {
            Ok(serving) => plugins.push(serving),
            Err(reason) => {
                tracing::error!(plugin = record.name, version = record.plugin_version, reason, "a plugin is suspended");
                suspended.push(Suspended {
                    points: served(&record).map(|point| (point.to_owned(), reads_at(&record, point))).collect(),
                    name: record.name,
                    version: record.plugin_version,
                    department: record.department,
                    digest: record.digest,
                    reason,
                });
            }
        }
    }
    plugins.sort_by(|one, other| one.guest.name().cmp(other.guest.name()));
    Ok((plugins, suspended))
}

/// An installation, ready to be asked, or why it cannot be: its package is not the one that was approved, it does not fit this
/// program or its model, it reads more than was granted, or its settings are none.
/// `points` are those there are.
pub(crate) async fn check_installed(
    house: &House,
    points: &[Arc<DecisionPoint>],
    record: &Plugin,
) -> Result<Result<Serving, String>, WorkflowError> {
    let package = match stored(&house.database, record).await? {
        Ok(package) => package,
        Err(reason) => return Ok(Err(reason)),
    };
    match check_package(&Workshop { points, ..house.workshop() }, package).await {
        Ok(checked) => Ok(serving(record, checked)),
        // That is about this machine and this moment, not about the plugin: whoever loads tries again.
        Err(error @ (WorkflowError::Busy(_) | WorkflowError::Internal(_))) => Err(error),
        Err(error) => Ok(Err(error.to_string())),
    }
}

fn serving(record: &Plugin, checked: Checked) -> Result<Serving, String> {
    granted(record, &checked.reads())?;
    let given = record.settings.given.as_object().cloned().unwrap_or_default();
    let settings = checked
        .package
        .complete_settings(&given)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let settings = Value::Object(settings).to_string();
    Ok(Serving { guest: checked.guest, settings, queries: checked.serves, reactions: checked.reactions })
}
