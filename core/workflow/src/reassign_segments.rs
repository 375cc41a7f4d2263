//! Assigns customers anew whom an event concerns: whose fields, facts or related records changed that the strategy's
//! conditions read.
//!
//! Events are read in the order of commits from the place where segments are. One transaction assigns the customers of a
//! batch and moves the place on, if it still is where the batch began. So a process that is killed loses nothing, and of
//! several processes one succeeds. The act whose events these are pays nothing for it.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_store::reaction::{self, Who};
use guildhall_store::{Watch, event, generation};

use crate::assign_segments::{assign_in, assign_these};
use crate::{Deployment, House, WorkflowError};

/// Events of one batch.
const BATCH: u32 = 500;
/// Customers that are assigned one by one; if a batch concerns more, the whole base is assigned.
const MOST: usize = 2_000;

/// What came of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reassigned {
    /// Events that are done with.
    pub events: usize,
    /// Customers whose segment changed.
    pub moved: u64,
    /// Whether there may be more to do at once.
    pub more: bool,
}

/// Assigns the customers whom the next events concern, as the strategy of `deployment` says.
pub async fn reassign_segments(
    house: &House,
    deployment: &Deployment,
    now: DateTime<Utc>,
) -> Result<Reassigned, WorkflowError> {
    let (now, nothing) = (now.trunc_subsecs(3), Reassigned::default());
    let Some(active) = &deployment.strategy else { return Ok(nothing) };
    let Some(from) = reaction::place(&house.database, Who::Segments).await? else { return Ok(nothing) };
    let (told, to) = event::after(&house.database, from, &event::Seen::default(), BATCH).await?;
    if told.is_empty() {
        return Ok(nothing);
    }
    let watch = Watch::of(&house.model, &active.strategy.segment_reads())?;
    // What a record names when this is read it named when its event was written, or another event follows.
    let customers = watch.customers(&house.database, &told, MOST + 1).await?;
    let every = customers.len() > MOST;
    let transaction = house.database.begin().await?;
    // The strategy, then the facts: in this order all others take them.
    let generation = match every {
        true => generation::lock(&transaction).await?,
        false => generation::hold(&transaction).await?,
    };
    let in_force = generation == deployment.generation;
    if !in_force || !reaction::advance(&transaction, Who::Segments, None, from, to).await? {
        // Another process was faster, or this one serves a strategy of before.
        transaction.rollback().await?;
        return Ok(nothing);
    }
    let moved = if every {
        assign_in(&transaction, house, &active.strategy, active.id, now).await?
    } else if customers.is_empty() {
        0
    } else {
        assign_these(&transaction, house, (&active.strategy, active.id), &customers, now).await? as u64
    };
    transaction.commit().await?;
    Ok(Reassigned { events: told.len(), moved, more: told.len() == BATCH as usize })
}

#[cfg(test)]
mod tests;
