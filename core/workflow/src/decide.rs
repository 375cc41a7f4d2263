//! Decides: parameters by layer, one guest call per plugin for all subjects, then one verdict for each subject.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use chrono::{DateTime, SecondsFormat, Utc};
use guildhall_decision::{
    DecisionPoint, Parameters, Proposal, ProposalFailure, ProposedOutput, Question, Strategy, Subject, Verdict,
    decide_unexplained, department_defaults, resolve,
};
use guildhall_model::plan::SLOT_MARK;
use guildhall_plugin_host::{Answer, Call, Failure, Guest};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Deployment;
use crate::deployment::{Active, Serving};

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
    /// that cannot answer for one of them leaves the others as they are.
    pub async fn decide(
        &self,
        point: &DecisionPoint,
        subjects: &[&Facts<'_>],
        request: &Value,
        at: DateTime<Utc>,
        detail: Detail,
    ) -> Result<Vec<Decided>, DecisionError> {
        let request = &point.read_request(request).map_err(|error| DecisionError::Request(error.to_string()))?;
        let text = &request.to_string();
        let asked: Vec<_> = subjects.iter().map(|facts| Asked { facts, request, text }).collect();
        self.decide_each(point, &asked, at, detail).await
    }

    /// As [`Deployment::decide`], where each subject has a request of its own. Each is as the point reads it.
    pub(crate) async fn decide_each(
        &self,
        point: &DecisionPoint,
        asked: &[Asked<'_>],
        at: DateTime<Utc>,
        detail: Detail,
    ) -> Result<Vec<Decided>, DecisionError> {
        let active = self.strategy.as_ref().ok_or(DecisionError::NoActiveStrategy)?;
        let parameters: Vec<Parameters> =
            asked.iter().map(|asked| resolve(&asked.question(active, point, at))).collect();
        // The proposals about each, and those that the departments would make by themselves.
        let mut proposals: Vec<(Vec<Proposal>, Vec<Proposal>)> = vec![Default::default(); asked.len()];
        for plugin in self.plugins.iter().filter(|plugin| plugin.serves(&point.name)) {
            let concerned: Vec<_> = asked
                .iter()
                .zip(&parameters)
                .zip(&mut proposals)
                .filter(|((asked, _), _)| plugin.is_asked(&point.name, asked.request))
                .collect();
            if concerned.is_empty() {
                continue;
            }
            let of_each = || concerned.iter().map(|((asked, parameters), _)| (*asked, *parameters));
            let mut calls = calls(plugin, of_each().map(|(asked, parameters)| (asked, parameters.to_json())))?;
            if detail == Detail::Compared {
                let defaults = department_defaults(point).to_json();
                calls.extend(self::calls(plugin, of_each().map(|(asked, _)| (asked, defaults.clone())))?);
            }
            let mut answers = self.propose(&plugin.guest, point, at, calls).await?;
            let by_default = answers.split_off(concerned.len());
            let mut by_default = by_default.into_iter();
            for ((_, (proposals, defaults)), answer) in concerned.into_iter().zip(answers) {
                proposals.push(answer);
                defaults.extend(by_default.next());
            }
        }
        let decided =
            asked.iter().zip(&parameters).zip(proposals).map(|((asked, parameters), (proposals, by_default))| {
                let question = asked.question(active, point, at);
                let verdict = match detail {
                    Detail::Answer => decide_unexplained(&question, parameters, proposals),
                    Detail::Explained => guildhall_decision::decide(&question, parameters, proposals, None),
                    Detail::Compared => guildhall_decision::decide(&question, parameters, proposals, Some(by_default)),
                };
                Decided { verdict, strategy: active.number }
            });
        Ok(decided.collect())
    }

    /// Asks one plugin about all subjects. Guests run on threads that may block, so that one at its limit delays no one else.
    async fn propose(
        &self,
        guest: &Guest,
        point: &DecisionPoint,
        at: DateTime<Utc>,
        calls: Vec<Bytes>,
    ) -> Result<Vec<Proposal>, DecisionError> {
        let asked = guest.clone();
        let name = point.name.clone();
        let expected = calls.len();
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let batch = tokio::task::spawn_blocking(move || {
            let calls: Vec<Call<'_>> = calls.iter().map(|(parameters, input)| Call { parameters, input }).collect();
            asked.decide(&name, &at, &calls)
        });
        let batch = batch
            .await
            .map_err(|error| DecisionError::Internal(format!("plugin `{}` was not run: {error}", guest.name())))?;
        self.guest_calls.fetch_add(u64::from(batch.guest_calls), Ordering::Relaxed);
        for line in &batch.log {
            tracing::debug!(plugin = guest.name(), line, "a plugin logs");
        }
        if batch.answers.len() != expected {
            return Err(DecisionError::Internal(format!(
                "plugin `{}` was asked {expected} times and answered {}",
                guest.name(),
                batch.answers.len()
            )));
        }
        let fuel = batch.fuel / u64::try_from(expected.max(1)).unwrap_or(1);
        Ok(batch.answers.into_iter().map(|answer| proposal(guest, answer, fuel)).collect())
    }

    /// The strategy in force.
    pub fn strategy(&self) -> Option<&Strategy> {
        self.strategy.as_ref().map(|active| &active.strategy)
    }
}

/// One subject and what is asked about it.
pub(crate) struct Asked<'a> {
    pub facts: &'a Facts<'a>,
    pub request: &'a Value,
    /// The request as it is written for plugins.
    pub text: &'a str,
}

impl<'a> Asked<'a> {
    fn question(&self, active: &'a Active, point: &'a DecisionPoint, at: DateTime<Utc>) -> Question<'a> {
        Question { strategy: &active.strategy, point, subject: self.facts.subject(), request: self.request, at }
    }
}

/// Parameters and input of one call, as JSON bytes.
type Bytes = (Vec<u8>, Vec<u8>);

fn calls<'a>(
    plugin: &Serving,
    asked: impl Iterator<Item = (&'a Asked<'a>, Value)>,
) -> Result<Vec<Bytes>, DecisionError> {
    let call = |(Asked { facts, text: request, .. }, parameters): (&Asked<'_>, Value)| {
        let input = facts.inputs.get(plugin.guest.name()).ok_or_else(|| {
            DecisionError::Internal(format!("the input of plugin `{}` was not read", plugin.guest.name()))
        })?;
        let input = format!("{{\"subject\":{},\"request\":{request}}}", input.get());
        Ok((parameters.to_string().into_bytes(), input.into_bytes()))
    };
    asked.map(call).collect()
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
