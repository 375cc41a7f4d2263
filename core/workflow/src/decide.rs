//! Decides: parameters by layer, one guest call per plugin for all subjects, then one verdict for each subject.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use guildhall_decision::{
    DecisionPoint, Parameters, Proposal, ProposalFailure, ProposedOutput, Question, Strategy, Subject, Verdict,
    decide_unexplained, department_defaults, resolve,
};
use guildhall_model::plan::SLOT_MARK;
use guildhall_plugin_host::{Admission, Answer, Batch, Budget, Call, Failure, FailureCode, Guest, Turn};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Deployment;
use crate::deployment::Serving;

/// What is known of one subject, as one statement read it. The keys are those of [`Deployment::facts`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts<'a> {
    /// The decision field it was read for.
    pub slot: usize,
    /// The subject's global id.
    pub id: String,
    source: Option<String>,
    external_id: Option<String>,
    segment: Option<SegmentKey>,
    /// What ground rules look at.
    rules: Value,
    /// What each plugin is shown, by its name, as the database wrote it.
    #[serde(borrow)]
    inputs: BTreeMap<String, &'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct SegmentKey {
    key: String,
}

/// Every facts object of a facts tree, in its order.
pub fn facts_in(tree: &str) -> Result<Vec<Facts<'_>>, serde_json::Error> {
    let mark = char::from(SLOT_MARK);
    let mut facts = Vec::new();
    // JSON escapes the mark inside strings, so every one of them stands before a facts object.
    for (place, _) in tree.match_indices(mark) {
        let mut reader = serde_json::Deserializer::from_str(tree.get(place + mark.len_utf8()..).unwrap_or_default());
        facts.push(Facts::deserialize(&mut reader)?);
    }
    Ok(facts)
}

impl Facts<'_> {
    pub(crate) fn subject(&self) -> Subject<'_> {
        Subject {
            id: &self.id,
            source: self.source.as_deref(),
            external_id: self.external_id.as_deref(),
            segment: self.segment.as_ref().map(|segment| segment.key.as_str()),
            facts: &self.rules,
        }
    }

    /// Everything that was looked at, for the ledger.
    pub(crate) fn inputs_json(&self) -> Value {
        let inputs = self
            .inputs
            .iter()
            .map(|(plugin, raw)| (plugin.clone(), serde_json::from_str(raw.get()).unwrap_or_default()));
        serde_json::json!({
            "segment": self.segment.as_ref().map(|segment| segment.key.as_str()),
            "rules": self.rules,
            "plugins": inputs.collect::<serde_json::Map<_, _>>(),
        })
    }
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    #[error("no strategy is active, so nothing is decided; activate one with `guildhall strategy activate`")]
    NoActiveStrategy,
    /// The request is not what the decision point asks for.
    #[error("{0}")]
    Request(String),
    #[error("{0}")]
    Internal(String),
}

/// A verdict with the strategy version it was made under.
#[derive(Clone, Debug)]
pub struct Decided {
    pub verdict: Verdict,
    pub strategy: i32,
}

/// How much is worked out beside the answer, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    Answer,
    /// The explanation, too.
    Explained,
    /// And what the departments' own defaults would have given: that shows what the strategy changed, and doubles the work.
    Compared,
}

impl Deployment {
    /// Decides at `point` about every subject, in their order. All subjects of a plugin go through one guest call; a plugin
    /// that cannot answer for one of them leaves the others as they are. Plugins are asked by name, as long as the request's budget
    /// lasts.
    pub async fn decide(
        &self,
        point: &DecisionPoint,
        subjects: &[&Facts<'_>],
        request: &Value,
        at: DateTime<Utc>,
        detail: Detail,
        budget: &Arc<Budget>,
    ) -> Result<Vec<Decided>, DecisionError> {
        let active = self.strategy.as_ref().ok_or(DecisionError::NoActiveStrategy)?;
        let request = &point.read_request(request).map_err(|error| DecisionError::Request(error.to_string()))?;
        let question = |subject| Question { strategy: &active.strategy, point, subject, request, at };
        let parameters: Vec<Parameters> = subjects.iter().map(|facts| resolve(&question(facts.subject()))).collect();
        let mut proposals: Vec<Vec<Proposal>> = vec![Vec::new(); subjects.len()];
        let mut by_default: Vec<Vec<Proposal>> = vec![Vec::new(); subjects.len()];
        for plugin in self.plugins.iter().filter(|plugin| plugin.serves(&point.name)) {
            let mut calls = calls(plugin, subjects, parameters.iter().map(Parameters::to_json), request)?;
            if detail == Detail::Compared {
                let defaults = department_defaults(point).to_json();
                calls.extend(self::calls(plugin, subjects, std::iter::repeat_n(defaults, subjects.len()), request)?);
            }
            // Twice, if the departments' own defaults are proposed, too.
            let ids = subjects.iter().map(|facts| facts.id.as_str()).cycle().take(calls.len()).collect::<Vec<_>>();
            let asking = Asking { guest: &plugin.guest, point, at, budget };
            let mut answers = self.propose(&asking, &ids, calls).await?.into_iter();
            for (proposals, answer) in proposals.iter_mut().zip(answers.by_ref().take(subjects.len())) {
                proposals.push(answer);
            }
            for (proposals, answer) in by_default.iter_mut().zip(answers) {
                proposals.push(answer);
            }
        }
        let decided = subjects.iter().zip(&parameters).zip(proposals).zip(by_default).map(
            |(((facts, parameters), proposals), by_default)| {
                let question = question(facts.subject());
                let verdict = match detail {
                    Detail::Answer => decide_unexplained(&question, parameters, proposals),
                    Detail::Explained => guildhall_decision::decide(&question, parameters, proposals, None),
                    Detail::Compared => guildhall_decision::decide(&question, parameters, proposals, Some(by_default)),
                };
                Decided { verdict, strategy: active.number }
            },
        );
        Ok(decided.collect())
    }

    /// Asks one plugin about all subjects, unless it fails too often. `ids` names the subject of each call.
    async fn propose(
        &self,
        asking: &Asking<'_>,
        ids: &[&str],
        calls: Vec<Bytes>,
    ) -> Result<Vec<Proposal>, DecisionError> {
        let guest = asking.guest;
        let expected = calls.len();
        let batch = match guest.breaker().admit(Instant::now()) {
            Admission::Ask => {
                let batch = self.ask(asking, calls).await?;
                guest.breaker().report(Instant::now(), turns(ids, &batch));
                batch
            }
            Admission::Probe(probe) => {
                let mut rest = calls.into_iter();
                let mut batch = self.ask(asking, rest.by_ref().take(1).collect()).await?;
                let turn = turns(ids, &batch).next();
                let is_heard = turn.is_some_and(|turn| turn.is_heard());
                if let Some(turn) = turn {
                    probe.end(Instant::now(), turn);
                }
                let others = if is_heard { self.ask(asking, rest.collect()).await? } else { refused(rest.len()) };
                if is_heard {
                    guest.breaker().report(Instant::now(), turns(ids.get(1..).unwrap_or_default(), &others));
                }
                batch.answers.extend(others.answers);
                batch.fuel = batch.fuel.saturating_add(others.fuel);
                batch
            }
            Admission::Refuse => refused(expected),
        };
        if batch.answers.len() != expected {
            return Err(DecisionError::Internal(format!(
                "plugin `{}` was asked {expected} times and answered {}",
                guest.name(),
                batch.answers.len()
            )));
        }
        guest.tally().failed(batch.answers.iter().filter_map(|answer| answer.as_ref().err()).map(|failed| failed.code));
        let fuel = batch.fuel / u64::try_from(expected.max(1)).unwrap_or(1);
        Ok(batch.answers.into_iter().map(|answer| proposal(guest, answer, fuel)).collect())
    }

    /// Guests run on threads that may block, so that one at its limit delays no one else.
    async fn ask(&self, asking: &Asking<'_>, calls: Vec<Bytes>) -> Result<Batch, DecisionError> {
        let guest = asking.guest;
        let (asked, name, budget) = (guest.clone(), asking.point.name.clone(), Arc::clone(asking.budget));
        let at = asking.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let batch = tokio::task::spawn_blocking(move || {
            let calls: Vec<Call<'_>> = calls.iter().map(|(parameters, input)| Call { parameters, input }).collect();
            asked.decide_within(&name, &at, &calls, &budget)
        });
        let batch = batch
            .await
            .map_err(|error| DecisionError::Internal(format!("plugin `{}` was not run: {error}", guest.name())))?;
        self.guest_calls.fetch_add(u64::from(batch.guest_calls), Ordering::Relaxed);
        for line in &batch.log {
            tracing::debug!(plugin = guest.name(), line, "a plugin logs");
        }
        Ok(batch)
    }

    /// The strategy in force.
    pub fn strategy(&self) -> Option<&Strategy> {
        self.strategy.as_ref().map(|active| &active.strategy)
    }
}

/// Whom is asked what, when, and at whose expense.
struct Asking<'a> {
    guest: &'a Guest,
    point: &'a DecisionPoint,
    at: DateTime<Utc>,
    budget: &'a Arc<Budget>,
}

/// What became of each subject of a batch.
fn turns<'a>(ids: &'a [&'a str], batch: &'a Batch) -> impl Iterator<Item = Turn<'a>> {
    ids.iter().zip(&batch.answers).map(|(id, answer)| Turn::of(id, answer))
}

/// The answers of a plugin that is not asked.
fn refused(calls: usize) -> Batch {
    let message = "it failed too often and is not asked for a while";
    Batch::failed(calls, &Failure::new(FailureCode::CircuitOpen, message))
}

/// Parameters and input of one call, as JSON bytes.
type Bytes = (Vec<u8>, Vec<u8>);

fn calls(
    plugin: &Serving,
    subjects: &[&Facts<'_>],
    parameters: impl Iterator<Item = Value>,
    request: &Value,
) -> Result<Vec<Bytes>, DecisionError> {
    let request = request.to_string();
    let call = |(facts, parameters): (&&Facts<'_>, Value)| {
        let input = facts.inputs.get(plugin.guest.name()).ok_or_else(|| {
            DecisionError::Internal(format!("the input of plugin `{}` was not read", plugin.guest.name()))
        })?;
        let input = format!("{{\"subject\":{},\"request\":{request}}}", input.get());
        Ok((parameters.to_string().into_bytes(), input.into_bytes()))
    };
    subjects.iter().zip(parameters).map(call).collect()
}

fn proposal(guest: &Guest, answer: Result<Answer, Failure>, fuel: u64) -> Proposal {
    Proposal {
        plugin: guest.name().to_owned(),
        version: guest.version().to_string(),
        digest: guest.digest().to_owned(),
        department: guest.department().to_owned(),
        result: match answer {
            Ok(answer) => Ok(ProposedOutput { output: answer.output, reasons: answer.reasons }),
            Err(failure) => Err(ProposalFailure { code: failure.code.as_str().to_owned(), message: failure.message }),
        },
        fuel,
    }
}
