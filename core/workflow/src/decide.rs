//! Decides: parameters by layer, one guest call per plugin for all subjects, then one verdict for each subject.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use guildhall_decision::{
    Asked, DecisionPoint, Inputs, Parameters, Proposal, ProposalFailure, ProposedOutput, Question, Strategy, Subject,
    SubjectInputs, Verdict, canonical_json, decide_unexplained, department_defaults, resolve,
};
use guildhall_model::plan::SLOT_MARK;
use guildhall_plugin_host::{Admission, Answer, Batch, Budget, Call, Failure, FailureCode, Guest, Turn};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Deployment;
use crate::deployment::{Active, Serving, Suspended};

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
    /// What the challenger's segments look at, if there is one.
    #[serde(default)]
    assign: Value,
    /// What each plugin is shown, by its name, as the database wrote it.
    #[serde(borrow)]
    inputs: BTreeMap<String, &'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct SegmentKey {
    key: String,
}

/// Every facts object of a facts tree, in its order, as it was read.
fn facts_as_read(tree: &str) -> Result<Vec<Facts<'_>>, serde_json::Error> {
    let mark = char::from(SLOT_MARK);
    let mut facts = Vec::new();
    // JSON escapes the mark inside strings, so every one of them stands before a facts object.
    for (place, _) in tree.match_indices(mark) {
        let mut reader = serde_json::Deserializer::from_str(tree.get(place + mark.len_utf8()..).unwrap_or_default());
        facts.push(Facts::deserialize(&mut reader)?);
    }
    Ok(facts)
}

impl<'a> Facts<'a> {
    /// The same of a customer of another segment.
    pub(crate) fn in_segment(&self, segment: Option<&str>) -> Facts<'a> {
        Facts {
            slot: self.slot,
            id: self.id.clone(),
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            segment: segment.map(|key| SegmentKey { key: key.to_owned() }),
            rules: self.rules.clone(),
            assign: self.assign.clone(),
            inputs: self.inputs.clone(),
        }
    }
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
    pub(crate) fn inputs(&self, calls: Vec<Asked>) -> Inputs {
        let subject = SubjectInputs {
            id: self.id.clone(),
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            segment: self.segment.as_ref().map(|segment| segment.key.clone()),
        };
        Inputs { subject, rules: self.rules.clone(), calls }
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
    /// What each plugin was given, if it was [`Detail::Compared`].
    pub(crate) asked: Vec<Asked>,
}

/// How much is worked out beside the answer, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    Answer,
    /// The explanation, too.
    Explained,
    /// And what the departments' own defaults would have given: that shows what the strategy changed. Every question is asked
    /// alone, with its own fuel, so that it can be asked again.
    Compared,
}

impl Deployment {
    /// Every facts object of a facts tree, in its order. Customers for whom the challenger decides are in the segments it gives them.
    pub fn facts_in<'t>(&self, tree: &'t str) -> Result<Vec<Facts<'t>>, serde_json::Error> {
        let mut facts = facts_as_read(tree)?;
        if let Some(challenger) = &self.challenger {
            for one in facts.iter_mut().filter(|one| challenger.decides_for(&one.id)) {
                let segment = challenger.active.strategy.assign(&one.assign);
                one.segment = segment.map(|segment| SegmentKey { key: segment.key.clone() });
            }
        }
        Ok(facts)
    }

    /// The strategy that decides for a customer, by global id.
    pub(crate) fn deciding(&self, customer: &str) -> Result<&Active, DecisionError> {
        let challenger = self.challenger.as_ref().filter(|challenger| challenger.decides_for(customer));
        let active = challenger.map(|challenger| &challenger.active).or(self.strategy.as_ref());
        active.ok_or(DecisionError::NoActiveStrategy)
    }

    /// Decides at `point` about every subject, in their order. All subjects of a plugin go through one guest call; a plugin
    /// that cannot answer for one of them leaves the others as they are. Each plugin is asked as long as its share of the request's budget
    /// lasts. Without a budget it is a comparison: guests are asked with no breaker before them.
    pub async fn decide(
        &self,
        point: &DecisionPoint,
        subjects: &[&Facts<'_>],
        request: &Value,
        at: DateTime<Utc>,
        detail: Detail,
        budget: Option<&Arc<Budget>>,
    ) -> Result<Vec<Decided>, DecisionError> {
        let request = &point.read_request(request).map_err(|error| DecisionError::Request(error.to_string()))?;
        let text = &canonical_json(request);
        let each: Vec<_> = subjects.iter().map(|facts| Each { facts, request, text }).collect();
        self.decide_each(point, &each, at, detail, budget).await
    }

    /// As [`Deployment::decide`], where each subject has a request of its own. Each is as the point reads it.
    pub(crate) async fn decide_each(
        &self,
        point: &DecisionPoint,
        each: &[Each<'_>],
        at: DateTime<Utc>,
        detail: Detail,
        budget: Option<&Arc<Budget>>,
    ) -> Result<Vec<Decided>, DecisionError> {
        let deciding: Vec<&Active> = each.iter().map(|one| self.deciding(&one.facts.id)).collect::<Result<_, _>>()?;
        let parameters: Vec<Parameters> =
            each.iter().zip(&deciding).map(|(one, active)| resolve(&one.question(active, point, at))).collect();
        let mut made: Vec<Made> = each.iter().map(|_| Made::default()).collect();
        for plugin in self.plugins.iter().filter(|plugin| plugin.serves(&point.name)) {
            let (mut concerned, mut ids, mut calls) = (Vec::new(), Vec::new(), Vec::new());
            for ((one, parameters), made) in each.iter().zip(&parameters).zip(&mut made) {
                if plugin.is_asked(&point.name, one.request) {
                    calls.push(call(plugin, one, parameters)?);
                    ids.push(one.facts.id.as_str());
                    concerned.push(made);
                }
            }
            if calls.is_empty() {
                continue;
            }
            let asking = Asking { guest: &plugin.guest, point, at, budget };
            if detail < Detail::Compared {
                let answers = self.propose(&asking, &ids, calls).await?;
                for (made, answer) in concerned.into_iter().zip(answers) {
                    made.proposals.push(answer);
                }
                continue;
            }
            let defaults = parameters_text(&department_defaults(point));
            for ((made, id), call) in concerned.into_iter().zip(ids).zip(calls) {
                let default = (defaults.clone().into_bytes(), call.1.clone());
                made.asked.push(recorded(plugin.guest.name(), &call, &defaults)?);
                made.proposals.extend(self.propose(&asking, &[id], vec![call]).await?);
                made.by_default.extend(self.propose(&asking, &[id], vec![default]).await?);
            }
        }
        for suspended in self.suspended().iter().filter(|suspended| suspended.points.contains_key(&point.name)) {
            for made in &mut made {
                made.proposals.push(cannot(suspended));
                made.by_default.push(cannot(suspended));
            }
        }
        let mut decided = Vec::with_capacity(each.len());
        let made = each.iter().zip(&deciding).zip(&parameters).zip(made);
        for (((one, active), parameters), Made { proposals, by_default, asked }) in made {
            let question = one.question(active, point, at);
            let verdict = match detail {
                Detail::Answer => decide_unexplained(&question, parameters, proposals),
                Detail::Explained => guildhall_decision::decide(&question, parameters, proposals, None),
                Detail::Compared => guildhall_decision::decide(&question, parameters, proposals, Some(by_default)),
            };
            decided.push(Decided { verdict, strategy: active.number, asked });
        }
        Ok(decided)
    }

    /// The verdict that the same proposals come to where this is known of the subject: ground rules look again.
    pub(crate) fn bound_again(
        &self,
        point: &DecisionPoint,
        facts: &Facts<'_>,
        request: &Value,
        at: DateTime<Utc>,
        proposals: &[Proposal],
    ) -> Result<Verdict, DecisionError> {
        let active = self.deciding(&facts.id)?;
        let question = Question { strategy: &active.strategy, point, subject: facts.subject(), request, at };
        Ok(decide_unexplained(&question, &resolve(&question), proposals.to_vec()))
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
        let admission = asking.budget.map(|_| guest.breaker().admit(Instant::now()));
        let batch = match admission {
            None => self.ask(asking, calls).await?,
            Some(Admission::Ask) => {
                let batch = self.ask(asking, calls).await?;
                guest.breaker().report(Instant::now(), turns(ids, &batch));
                batch
            }
            Some(Admission::Probe(probe)) => {
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
            Some(Admission::Refuse) => refused(expected),
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
        let (asked, name) = (guest.clone(), asking.point.name.clone());
        let budget = asking.budget.map_or_else(|| Arc::new(Budget::unlimited()), Arc::clone);
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

/// One subject and what is asked about it.
pub(crate) struct Each<'a> {
    pub facts: &'a Facts<'a>,
    pub request: &'a Value,
    /// The request as it is written for plugins.
    pub text: &'a str,
}

impl<'a> Each<'a> {
    fn question(&self, active: &'a Active, point: &'a DecisionPoint, at: DateTime<Utc>) -> Question<'a> {
        Question { strategy: &active.strategy, point, subject: self.facts.subject(), request: self.request, at }
    }
}

/// What was proposed about one subject, what the departments would propose by themselves, and what they were given.
#[derive(Default)]
struct Made {
    proposals: Vec<Proposal>,
    by_default: Vec<Proposal>,
    asked: Vec<Asked>,
}

/// Whom is asked what, when, and at whose expense.
struct Asking<'a> {
    guest: &'a Guest,
    point: &'a DecisionPoint,
    at: DateTime<Utc>,
    budget: Option<&'a Arc<Budget>>,
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

fn call(plugin: &Serving, one: &Each<'_>, parameters: &Parameters) -> Result<Bytes, DecisionError> {
    let input = one.facts.inputs.get(plugin.guest.name()).ok_or_else(|| {
        DecisionError::Internal(format!("the input of plugin `{}` was not read", plugin.guest.name()))
    })?;
    let input = input_text(input.get(), one.text, &plugin.settings);
    Ok((parameters_text(parameters).into_bytes(), input.into_bytes()))
}

/// Parameters as a plugin is given them.
pub(crate) fn parameters_text(parameters: &Parameters) -> String {
    canonical_json(&parameters.to_json())
}

/// What a plugin is shown: the subject as the database wrote it, the request, and what an administrator set.
pub(crate) fn input_text(subject: &str, request: &str, settings: &str) -> String {
    format!("{{\"subject\":{subject},\"request\":{request},\"settings\":{settings}}}")
}

/// What a plugin was given, as the ledger keeps it.
fn recorded(plugin: &str, (parameters, input): &Bytes, defaults: &str) -> Result<Asked, DecisionError> {
    let broken = || DecisionError::Internal(format!("what plugin `{plugin}` was given is no JSON"));
    let raw = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| broken())?;
        RawValue::from_string(text).map_err(|_| broken())
    };
    Ok(Asked {
        plugin: plugin.to_owned(),
        parameters: raw(parameters)?,
        defaults: raw(defaults.as_bytes())?,
        input: raw(input)?,
    })
}

/// What a suspended plugin comes to. Why it is suspended is for the administrator to see.
fn cannot(suspended: &Suspended) -> Proposal {
    let message = "the plugin is suspended; `guildhall plugin list` says why".to_owned();
    Proposal {
        plugin: suspended.name.clone(),
        version: suspended.version.clone(),
        digest: suspended.digest.clone(),
        department: suspended.department.clone(),
        result: Err(ProposalFailure { code: "SUSPENDED".to_owned(), message }),
        fuel: 0,
    }
}

pub(crate) fn proposal(guest: &Guest, answer: Result<Answer, Failure>, fuel: u64) -> Proposal {
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
