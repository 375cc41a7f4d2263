//! Simulates a strategy: decides about the customers of today under the strategy in force and under the candidate, side by side,
//! and tells what changes for whom. It only reads; of a version that was proposed it notes that it was simulated over everybody.
//!
//! Every customer is assigned to the candidate's segments in memory, from the facts the segments' conditions look at, and asked at
//! the points about one customer that plugins serve. A point that asks something is asked what the caller says, of everybody; or
//! else what was asked when decisions were recorded, of those it was asked about.

pub(crate) mod asking;
pub(crate) mod customers;
mod recorded;

use std::collections::BTreeMap;
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

/// Compares a candidate with the strategy in force. `progress` is told how many customers were asked so far, and says whether to go
/// on: if not, the report is about those.
pub async fn simulate_strategy(
    house: &Arc<House>,
    by: Permit<'_, ActivateStrategy>,
    document: &str,
    extent: &Extent,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(u64) -> bool + Send),
) -> Result<SimulationReport, WorkflowError> {
    if !by.access.sees_all() {
        return Err(WorkflowError::refused("only who sees all records may simulate a strategy"));
    }
    let now = now.trunc_subsecs(3);
    let points = house.points_in_force().await?;
    let candidate = read_strategy(&house.model, &points, document)?;
    sound(house, &points, &candidate, now).await?;
    let installed = Deployment::load(house).await?;
    let in_force = installed.strategy.clone().ok_or(WorkflowError::NoActiveStrategy)?;
    let number = in_force.number;
    // A challenger is no part of the comparison.
    let installed = installed.under(&house.model, in_force)?;
    let digest = hex::encode(Sha256::digest(document.as_bytes()));
    // It is no version yet: nothing it decides is kept.
    let beside = Active { id: Uuid::nil(), number: 0, digest: digest.clone(), strategy: candidate.clone() };
    let beside = installed.under(&house.model, beside)?;
    let asking = Asking { house, installed: &installed, beside: &beside, candidate: &candidate, at: now };
    let mut worths = BTreeMap::new();
    let (mut everybody, mut some) = (Vec::new(), Vec::new());
    for name in extent.requests.keys() {
        if !installed.points().iter().any(|point| point.name == *name && installed.is_served(name)) {
            let message = format!("no plugin serves `{name}` as a question about one customer; leave it out");
            return Err(WorkflowError::invalid("requests", message));
        }
    }
    for point in installed.points().iter().filter(|point| installed.is_served(&point.name)) {
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
    for (asked, ..) in &everybody {
        for plugin in installed.shown_the_segment(&asked.point.name) {
            let point = &asked.point.name;
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
    if whole {
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
