//! Simulates a strategy, or other plugins, or both: decides about the customers of today as it is in force and as the candidate says,
//! side by side, and tells what changes for whom. It only reads; of a version that was proposed it notes that it was simulated over everybody.
//!
//! Every customer is assigned to the candidate's segments in memory, from the facts the segments' conditions look at, and asked at
//! the points about one customer that plugins serve. A point that asks something is asked what the caller says, of everybody; or
//! else what was asked when decisions were recorded, of those it was asked about.

pub(crate) mod asking;
pub(crate) mod customers;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_decision::{Simulation, SimulationReport, Worths, canonical_json};
use guildhall_store::sample;
use guildhall_store::strategy::{self, Status};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::activate_strategy::{read_strategy, sound};
use crate::deployment::Active;
use crate::install_plugin::Checked;
use crate::life::Life;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, Deployment, House, Permit, WorkflowError};
use asking::{Asked, Asking};

/// Whom and what a simulation asks.
#[derive(Clone, Debug, Default)]
pub struct Extent {
    /// Customers at most, spread evenly over all; everybody if not said.
    pub customers: Option<u32>,
    /// What everybody is asked, by decision point.
    pub requests: BTreeMap<String, Value>,
    /// Recorded requests at most, the newest first, for the points that ask something and are not in `requests`.
    pub recorded: u64,
}

/// Compares a candidate with what is in force: a strategy, or the one in force if none is said, with `plugins` in place of the
/// installed ones of their names. `progress` is told how many customers were asked so far, and says whether to go
/// on: if not, the report is about those.
pub async fn simulate_strategy(
    house: &Arc<House>,
    by: Permit<'_, ActivateStrategy>,
    document: Option<&str>,
    plugins: &[Checked],
    extent: &Extent,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(u64) -> bool + Send),
) -> Result<SimulationReport, WorkflowError> {
    if !by.access.sees_all() {
        return Err(WorkflowError::refused("only who sees all records may simulate a strategy"));
    }
    let now = now.trunc_subsecs(3);
    let points = house.points_in_force().await?;
    let other = match document {
        Some(document) => {
            let candidate = read_strategy(&house.model, &points, document)?;
            sound(house, &points, &candidate, now).await?;
            Some((candidate, hex::encode(Sha256::digest(document.as_bytes()))))
        }
        None => None,
    };
    let installed = Deployment::load(house).await?;
    let in_force = installed.strategy.clone().ok_or(WorkflowError::NoActiveStrategy)?;
    let number = in_force.number;
    let (candidate, digest) = other.unwrap_or_else(|| (in_force.strategy.clone(), in_force.digest.clone()));
    // A challenger is no part of the comparison.
    let installed = installed.under(&house.model, in_force)?;
    // It is no version yet: nothing it decides is kept.
    let beside = Active { id: Uuid::nil(), number: 0, digest: digest.clone(), strategy: candidate.clone() };
    let mut beside = installed.under(&house.model, beside)?;
    for plugin in plugins {
        beside = beside.with(&house.model, plugin, None)?;
    }
    let other_plugins = !plugins.is_empty();
    let asking =
        Asking { house, installed: &installed, beside: &beside, candidate: &candidate, other_plugins, at: now };
    let mut worths = BTreeMap::new();
    let (mut everybody, mut some) = (Vec::new(), Vec::new());
    for name in extent.requests.keys() {
        if !installed.points().iter().any(|point| point.name == *name && installed.is_served(name)) {
            let message = format!("no plugin serves `{name}` as a question about one customer; leave it out");
            return Err(WorkflowError::invalid("requests", message));
        }
    }
    let mut notes = Vec::new();
    for point in installed.points() {
        match (installed.is_served(&point.name), beside.is_served(&point.name)) {
            (true, true) => {}
            (false, false) => continue,
            (today, _) => {
                let only = if today { "the installed plugins" } else { "the candidate's plugins" };
                notes.push(format!("{} is served by {only} alone: there is nothing to compare", point.name));
                continue;
            }
        }
        let given = extent.requests.get(&point.name);
        let request = match (point.read_request(given.unwrap_or(&Value::Null)), given) {
            (Ok(request), _) => Some(request),
            (Err(error), Some(_)) => return Err(WorkflowError::invalid("requests", error.to_string())),
            (Err(_), None) => None,
        };
        let worth = Worths::of(point, &house.model).map_err(|error| WorkflowError::Internal(error.to_string()))?;
        let asked = Asked::new(&asking, point, &worth)?;
        worths.insert(point.name.clone(), worth);
        match request {
            Some(request) => everybody.push((asked, canonical_json(&request), request)),
            None => some.push(asked),
        }
    }
    let mut simulation = Simulation::new(&candidate, worths);
    for plugin in plugins {
        let manifest = plugin.package.manifest();
        let digest: String = plugin.package.digest().chars().take(12).collect();
        simulation.note(format!("with `{}` {} (sha256 {digest}…)", manifest.name, manifest.version));
    }
    notes.into_iter().for_each(|note| simulation.note(note));
    for (asked, ..) in &everybody {
        let point = &asked.point.name;
        let shown: BTreeSet<&str> = installed.shown_the_segment(point).chain(beside.shown_the_segment(point)).collect();
        for plugin in shown {
            simulation.note(format!("`{plugin}` is shown the customer's segment at {point}: it was shown today's"));
        }
    }
    let sample = match extent.customers {
        Some(wanted) => Some(sample::customers(&house.database, wanted).await?),
        None => None,
    };
    let all = |sample: &Vec<Uuid>, wanted: u32| u32::try_from(sample.len()).is_ok_and(|found| found < wanted);
    let whole = sample.as_ref().zip(extent.customers).is_none_or(|(sample, wanted)| all(sample, wanted));
    let finished = customers::ask(&asking, &everybody, sample, &mut |one| simulation.add(one), progress).await?;
    if finished {
        recorded::ask(&asking, &some, extent.recorded, &mut simulation).await?;
    } else {
        simulation.note("it was stopped before everybody was asked");
    }
    if simulation.compared() == 0 {
        simulation.note("no plugin could be asked about a customer, so only the segments are compared");
    }
    let calls = installed.guest_calls().saturating_add(beside.guest_calls());
    let whole = whole && finished;
    // A version decides with the plugins that are installed.
    if whole && document.is_some() && !other_plugins {
        note_simulated(house, &by.name, &digest, now).await?;
    }
    Ok(simulation.finish(&digest, number, whole, calls))
}

/// Notes at every version with this document that may still become active that it was simulated.
async fn note_simulated(house: &House, by: &str, digest: &str, now: DateTime<Utc>) -> Result<(), WorkflowError> {
    if strategy::waiting(&house.database, digest).await?.is_empty() {
        return Ok(());
    }
    let Begun::Now(turn) = Turn::begin(house, None).await? else { return Ok(()) };
    let life = Life::begin(house, &turn.transaction, by, "simulateStrategy", now).await?;
    for version in strategy::waiting(&turn.transaction, digest).await? {
        let to = if version.status == Status::Draft { Status::Simulated } else { version.status };
        life.go(&version, to, &[("simulatedAt", now.into()), ("simulatedBy", by.into())]).await?;
    }
    turn.end(Value::Null, now).await
}
