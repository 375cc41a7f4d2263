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

use crate::install_plugin::Checked;
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
}

impl Default for Window {
    fn default() -> Self {
        Window { since: None, limit: 1_000, current: 0 }
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
    past::compare(house, candidate, window, &mut report.comparison, progress).await?;
    if window.current > 0 {
        current::compare(house, candidate, window.current, now, &mut report.comparison, progress).await?;
    }
    if report.comparison.total.all() == 0 {
        report.comparison.note("there was nothing to compare; `--current` compares over customers of today");
    }
    report.comparison.finish();
    Ok(report)
}

/// The candidate's reasons, or why it could not answer.
fn reasons_of(proposal: &Proposal) -> Result<&[String], &ProposalFailure> {
    proposal.result.as_ref().map(|proposed| proposed.reasons.as_slice())
}
