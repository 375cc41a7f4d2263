//! Runs a candidate plugin in the shadow of the installed one: over recorded decisions, and over customers of today. It only
//! reads; what it finds is a [`ShadowReport`].
//!
//! A recorded decision is made again under the strategy of its time, with the recorded proposals of all other plugins and the
//! candidate's in place of the one of its name. It is shown what was recorded then, as far as that tells all it reads; if
//! not, today's facts.

mod current;
mod inputs;
mod past;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{Proposal, ProposalFailure, ShadowReport};
use guildhall_store::plugin;
use serde_json::{Map, Value};

use crate::install_plugin::Checked;
use crate::succession::served;
use crate::{House, WorkflowError};

/// What a candidate is compared over.
#[derive(Clone, Debug)]
pub struct Window {
    /// Only decisions made for this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Recorded decisions at most, the newest first.
    pub limit: u64,
    /// How many customers of today are asked about beside them.
    pub current: u32,
    /// What the candidate is set to. Without it, what was recorded and what is set now, as far as it takes them.
    pub settings: Option<Map<String, Value>>,
}

impl Default for Window {
    fn default() -> Self {
        Window { since: None, limit: 1_000, current: 0, settings: None }
    }
}

/// Compares a candidate with what was decided. `progress` is told how many decisions were compared so far.
pub async fn shadow(
    house: &Arc<House>,
    candidate: &Checked,
    window: &Window,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<ShadowReport, WorkflowError> {
    let manifest = candidate.package.manifest();
    let mut report = ShadowReport::new(&manifest.name, &manifest.version.to_string(), candidate.package.digest());
    let points = Compared::of(house, candidate).await?;
    for left in &points.leaves {
        report.comparison.note(format!("it no longer serves {left}"));
    }
    past::compare(house, candidate, &points, window, &mut report.comparison, progress).await?;
    if window.current > 0 {
        current::compare(house, candidate, &points, window, now, &mut report.comparison, progress).await?;
    }
    if report.comparison.total.all() == 0 {
        report.comparison.note("there was nothing to compare; `--current` compares over customers of today");
    }
    report.comparison.finish();
    Ok(report)
}

/// The decision points that a candidate is compared at: those it serves, and those that the installed plugin of its name serves and
/// it no longer does.
struct Compared {
    serves: Vec<String>,
    leaves: Vec<String>,
}

impl Compared {
    async fn of(house: &House, candidate: &Checked) -> Result<Self, WorkflowError> {
        let serves: Vec<_> = candidate.serves.iter().map(|(point, _)| point.clone()).collect();
        let present = plugin::present(&house.database).await?;
        let installed = present.iter().find(|plugin| plugin.name == candidate.package.manifest().name);
        let leaves = installed.into_iter().flat_map(served).filter(|point| !serves.iter().any(|name| name == point));
        Ok(Compared { leaves: leaves.map(str::to_owned).collect(), serves })
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        self.serves.iter().chain(&self.leaves).map(String::as_str)
    }
}

/// The candidate's reasons, or why it could not answer. Where it is not asked any more there are none.
fn reasons_of(proposal: Option<&Proposal>) -> Result<&[String], &ProposalFailure> {
    proposal.map_or(Ok(&[]), |proposal| proposal.result.as_ref().map(|proposed| proposed.reasons.as_slice()))
}
