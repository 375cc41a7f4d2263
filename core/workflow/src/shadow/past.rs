//! Recorded decisions, with the candidate in place of the plugin that took part.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{
    Comparison, DecisionPoint, Inputs, Proposal, Question, Seen, Strategy, Verdict, Versions, canonical_json,
    decide_unexplained, read_points, resolve,
};
use guildhall_plugin_host::Guest;
use guildhall_store::ledger::{self, Entry, Recorded};
use guildhall_store::{point as kept_point, strategy};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::inputs::{Fit, Fits, project, today};
use super::{Compared, Window, reasons_of};
use crate::decide::{input_text, parameters_text};
use crate::install_plugin::Checked;
use crate::recorded::global_id;
use crate::replay::{ask, points_with};
use crate::succession::migrated;
use crate::{House, WorkflowError};

/// Decisions that are held at a time.
const PAGE: u32 = 50;

/// A recorded decision, ready to be made again.
struct Job {
    decision: String,
    point: Arc<DecisionPoint>,
    strategy: Arc<Strategy>,
    inputs: Inputs,
    request: Value,
    at: DateTime<Utc>,
    old: Map<String, Value>,
    /// The recorded proposals of the other plugins.
    others: Vec<Proposal>,
    /// Whether the candidate is asked at all.
    asked: bool,
    /// What the candidate is shown of the subject; nothing if the customer is gone.
    subject: Option<String>,
    /// The settings it is shown: those recorded for the plugin of its name, as far as it knows them.
    settings: String,
    today: bool,
}

/// A decision made again: what came of it, and the candidate's part.
struct Made {
    job: Job,
    verdict: Verdict,
}

pub(super) async fn compare(
    house: &Arc<House>,
    candidate: &Checked,
    points: &Compared,
    window: &Window,
    report: &mut Comparison,
    progress: &mut (dyn FnMut(u64) + Send),
) -> Result<(), WorkflowError> {
    let names: Vec<_> = points.all().collect();
    let settings = window.settings.as_ref().map(|settings| canonical_json(&Value::Object(settings.clone())));
    let mut past =
        Past { house, candidate, settings, strategies: HashMap::new(), points: HashMap::new(), fits: Fits::default() };
    let (mut behind, mut left) = (None, window.limit);
    while left > 0 {
        let wanted = Recorded { points: &names, since: window.since, behind };
        let rows = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let page = ledger::recorded(&house.database, &wanted, rows).await?;
        let Some(last) = page.last() else { break };
        behind = Some((last.decided_at, last.id));
        left = left.saturating_sub(page.len().try_into().unwrap_or(u64::MAX));
        let mut jobs = Vec::with_capacity(page.len());
        for row in page {
            jobs.extend(past.job(row, &points.leaves, report).await?);
        }
        past.read_today(&mut jobs).await?;
        let (before, name) = (jobs.len(), candidate.package.manifest().name.clone());
        jobs.retain(|job| job.subject.is_some() || !job.asked);
        if jobs.len() < before {
            report.note("customers who are gone were left out");
        }
        let guest = candidate.guest.clone();
        let made = tokio::task::spawn_blocking(move || jobs.into_iter().map(|job| make(&guest, job)).collect());
        let made: Vec<Made> =
            made.await.map_err(|error| WorkflowError::Internal(format!("the candidate was not run: {error}")))?;
        for Made { job, verdict } in &made {
            let proposal = verdict.proposals.iter().find(|proposal| proposal.plugin == name);
            report.add(&Seen {
                point: &job.point,
                segment: job.inputs.subject.segment.as_deref(),
                customer: &job.inputs.subject.id,
                decision: Some(&job.decision),
                today: job.today,
                old: &job.old,
                new: &verdict.output,
                candidate: reasons_of(proposal),
            });
        }
        progress(report.total.all());
    }
    Ok(())
}

/// Asks the candidate and makes the verdict with the others' recorded proposals.
fn make(guest: &Guest, job: Job) -> Made {
    let verdict = {
        let Job { point, strategy, inputs, request, at, others, asked, subject, settings, .. } = &job;
        let question = Question { strategy, point, subject: inputs.subject(), request, at: *at };
        let parameters = resolve(&question);
        let mut proposals = others.clone();
        if *asked {
            let input = input_text(subject.as_deref().unwrap_or("null"), &canonical_json(request), settings);
            proposals.push(ask(guest, &question, &parameters_text(&parameters), &input));
        }
        decide_unexplained(&question, &parameters, proposals)
    };
    Made { job, verdict }
}

/// What reading recorded decisions keeps from one to the next.
struct Past<'a> {
    house: &'a Arc<House>,
    candidate: &'a Checked,
    /// What the candidate is set to, whatever was recorded.
    settings: Option<String>,
    /// By number and the digest of the point; nothing if it cannot be read any more.
    strategies: HashMap<(i32, String), Option<Arc<Strategy>>>,
    points: HashMap<String, Option<Arc<DecisionPoint>>>,
    fits: Fits,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proposed {
    under_strategy: Vec<Proposal>,
}

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    subject: &'a RawValue,
    settings: Value,
}

impl Past<'_> {
    /// What a decision is made again with; nothing, and a note, if that is not possible.
    async fn job(
        &mut self,
        row: Entry,
        leaves: &[String],
        report: &mut Comparison,
    ) -> Result<Option<Job>, WorkflowError> {
        let decision = global_id(&self.house.model, "Decision", row.id)?;
        let (Some(kept), Some(versions)) = (row.kept, Versions::read(&row.versions)) else { return Ok(None) };
        let Some(point) = self.point(&row.point, &versions.point).await? else {
            report
                .note(format!("`{}` was another decision point once: decisions of that time are left out", row.point));
            return Ok(None);
        };
        let number = versions.strategy.number;
        let Some(strategy) = self.strategy(number, &versions.point, &point).await? else {
            report.note(format!("strategy {number} can no longer be read: its decisions are left out"));
            return Ok(None);
        };
        let broken = |error: serde_json::Error| {
            WorkflowError::Internal(format!(
                "`{decision}` cannot be read: {error}; `guildhall ledger verify` says more"
            ))
        };
        let inputs = Inputs::read(&kept.inputs).map_err(broken)?;
        let mut others = serde_json::from_str::<Proposed>(&kept.proposals).map_err(broken)?.under_strategy;
        let name = &self.candidate.package.manifest().name;
        others.retain(|proposal| proposal.plugin != *name);
        let taken = versions.plugins.iter().find(|plugin| plugin.name == *name).map(|plugin| plugin.digest.as_str());
        let asked = !leaves.contains(&point.name);
        let fit = match asked {
            true => self.fits.of(self.house, self.candidate, &point, taken).await?,
            false => Fit::Today,
        };
        let call = inputs.calls.iter().find(|asked| asked.plugin == *name);
        let shown =
            call.map(|asked| serde_json::from_str::<Shown<'_>>(asked.input.get())).transpose().map_err(broken)?;
        let settings = self.settings(shown.as_ref().map(|shown| &shown.settings), report);
        let subject = match (&fit, shown) {
            (Fit::Today, _) | (_, None) => None,
            (Fit::Part(selection), Some(shown)) => {
                let whole = serde_json::from_str(shown.subject.get()).map_err(broken)?;
                Some(canonical_json(&project(&whole, selection)))
            }
            (Fit::Whole, Some(shown)) => Some(shown.subject.get().to_owned()),
        };
        let job = Job {
            decision: decision.clone(),
            point,
            strategy,
            request: serde_json::from_str(&kept.request).map_err(broken)?,
            at: row.decided_at,
            old: serde_json::from_str(&kept.verdict).map_err(broken)?,
            others,
            today: asked && subject.is_none(),
            asked,
            subject,
            settings,
            inputs,
        };
        if job.today {
            report.note(format!(
                "what was recorded at {} does not tell all that the candidate reads: it was shown today's facts",
                job.point.name
            ));
        }
        Ok(Some(job))
    }

    /// The recorded settings under the candidate's names and with its defaults; its defaults alone if they do not fit.
    fn settings(&self, recorded: Option<&Value>, report: &mut Comparison) -> String {
        if let Some(settings) = &self.settings {
            return settings.clone();
        }
        let package = &self.candidate.package;
        let settings = migrated(recorded.unwrap_or(&Value::Null), package.manifest());
        let settings = package.complete_settings(&settings).or_else(|_| {
            report.note("the recorded settings do not fit the candidate: it was given its defaults");
            package.complete_settings(&Map::new())
        });
        canonical_json(&Value::Object(settings.unwrap_or_default()))
    }

    /// Reads today's facts for those decisions whose record does not tell all.
    async fn read_today(&self, jobs: &mut [Job]) -> Result<(), WorkflowError> {
        for (point, query) in &self.candidate.serves {
            let mut wanted: Vec<_> = jobs.iter_mut().filter(|job| job.today && job.point.name == *point).collect();
            let ids: Vec<_> = wanted.iter().map(|job| job.inputs.subject.id.clone()).collect();
            let Some(first) = wanted.first() else { continue };
            let facts = today(self.house, &first.point, query, &ids).await?;
            for (job, subject) in wanted.iter_mut().zip(facts) {
                job.subject = subject;
            }
        }
        Ok(())
    }

    async fn point(&mut self, name: &str, digest: &str) -> Result<Option<Arc<DecisionPoint>>, WorkflowError> {
        if let Some(known) = self.points.get(digest) {
            return Ok(known.clone());
        }
        let sdl = kept_point::get(&self.house.database, digest).await?;
        let read = sdl.and_then(|sdl| read_points(&sdl).ok()).unwrap_or_default();
        let point = read.into_iter().find(|point| point.name == name).map(Arc::new);
        self.points.insert(digest.to_owned(), point.clone());
        Ok(point)
    }

    async fn strategy(
        &mut self,
        number: i32,
        digest: &str,
        point: &DecisionPoint,
    ) -> Result<Option<Arc<Strategy>>, WorkflowError> {
        let key = (number, digest.to_owned());
        if let Some(known) = self.strategies.get(&key) {
            return Ok(known.clone());
        }
        let document = strategy::numbered(&self.house.database, number).await?;
        let points = points_with(&self.house.points_ever().await?, point);
        let read = document.and_then(|kept| Strategy::read(&kept.document, &self.house.model, &points).ok());
        let read = read.map(Arc::new);
        self.strategies.insert(key, read.clone());
        Ok(read)
    }
}
