//! A verdict about a set: one answer about many members.
//!
//! Each member's answers are combined and bounded as a single answer is. Then they are settled together: scored, put in order,
//! chosen among, or rationed. The members stand in the verdict by order or, where nothing puts them in order, by key.

mod scoring;
mod settling;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::proposal::{self, Judged, combine, defaults};
use super::{Answer, Approval, Bound, Failure, Proposal, Question, Subject, approval, bounds, explain, fields_to_json};
use crate::point::Members;
use crate::{DecisionPoint, Parameters, Resolved, Settle, Strategy, resolve};

/// Whom one answer of a set is about.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Names it in the request and in the answer.
    pub key: &'a str,
    /// The record, with the segment of its customer.
    pub subject: Subject<'a>,
}

/// What is asked about a set.
#[derive(Clone, Copy, Debug)]
pub struct SetQuestion<'a> {
    pub strategy: &'a Strategy,
    pub point: &'a DecisionPoint,
    /// Everyone the request names.
    pub members: &'a [Member<'a>],
    /// In the one form that [`DecisionPoint::read_request`] gives.
    pub request: &'a Json,
    /// The time the decision is made for.
    pub at: DateTime<Utc>,
}

/// The answer about a set, with everything that led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetVerdict {
    pub members: Vec<MemberVerdict>,
    /// Whether the point's defaults answered because a plugin could not, or because there is none.
    pub fallback: bool,
    pub proposals: Vec<Proposal>,
    pub failures: Vec<Failure>,
    /// In words, one sentence each.
    pub explanation: Vec<String>,
}

/// The answer about one member.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberVerdict {
    pub key: String,
    pub output: Map<String, Json>,
    pub bounds: Vec<Bound>,
    pub approvals: Vec<Approval>,
    pub parameters: Vec<Resolved>,
}

/// Why a set cannot be decided about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    #[error("`{0}` is decided for one subject at a time; it has no members")]
    NotASet(String),
    #[error("the request of `{point}` and the records do not name the same members: {keys}")]
    OtherMembers { point: String, keys: String },
    #[error("the members of `{point}` cannot be compared: {reason}")]
    Currencies { point: String, reason: String },
    #[error("the quantities of `{0}` are too large to be shared out exactly")]
    OutOfRange(String),
}

/// A member on its way to its verdict.
struct Work<'a> {
    member: Member<'a>,
    /// What conditions see as the request: the set's fields and the member's.
    request: Json,
    parameters: &'a Parameters,
    answer: Answer,
    bounds: Vec<Bound>,
    asked: BTreeMap<String, bounds::Asked>,
    reserves: BTreeSet<(String, bool)>,
    /// Its score could not be computed, so it is not chosen.
    unscored: bool,
    /// What was proposed, of what is rationed.
    proposed: Option<crate::Datum>,
    /// The segments that the customer's segment is part of, with itself.
    lineage: Vec<String>,
}

/// The parameters of each member, in the order of the members.
pub fn resolve_set(question: &SetQuestion<'_>) -> Vec<Parameters> {
    let SetQuestion { strategy, point, request, at, .. } = *question;
    let of = |member: &Member<'_>| resolve(&Question { strategy, point, subject: member.subject, request, at });
    question.members.iter().map(of).collect()
}

/// Makes one verdict of what the plugins proposed under `parameters`, which are those of [`resolve_set`].
pub fn decide_set(
    question: &SetQuestion<'_>,
    parameters: &[Parameters],
    proposals: Vec<Proposal>,
) -> Result<SetVerdict, SetError> {
    let point = question.point;
    let members = point.members.as_ref().ok_or_else(|| SetError::NotASet(point.name.clone()))?;
    let requests = requests(question, members)?;
    let keys: BTreeSet<&str> = requests.keys().copied().collect();
    let read = |output: &Map<String, Json>| answers(point, members, &keys, output);
    let Judged { proposals, outputs, mut failures } = proposal::judge(proposals, read);
    let mut blocked = false;
    let nobody =
        Question { strategy: question.strategy, point, subject: NOBODY, request: &Json::Null, at: question.at };
    let stale =
        question.members.iter().find_map(|member| super::stale(&Question { subject: member.subject, ..nobody }));
    if let Some(obstacle) = super::exclusive(point, &proposals).or(stale) {
        failures.push(obstacle);
        blocked = true;
    }
    blocked |= scoring::missing(question, members, &mut failures);
    let combined = if blocked { None } else { merged(point, members, &keys, &outputs, &mut failures) };
    let fallback = combined.is_none();
    let mut work: Vec<Work<'_>> = Vec::with_capacity(question.members.len());
    for (member, parameters) in question.members.iter().zip(parameters) {
        let combined = combined.as_ref().and_then(|combined| combined.get(member.key)).cloned();
        let mut combined = combined.unwrap_or_else(|| defaults(&members.outputs));
        scoring::cap_lever(question, members, &mut combined);
        let request = requests.get(member.key).cloned().unwrap_or_default();
        let question = Question { request: &request, subject: member.subject, ..nobody };
        let bounds::Bounded { answer, bounds, asked, reserves } = bounds::apply(&question, &combined);
        let segment = members.ration().and_then(|ration| request.get(ration.segment.as_ref()?)?.as_str());
        let lineage = segment.map(|key| question.strategy.lineage(key)).unwrap_or_default();
        let lineage = lineage.into_iter().map(|segment| segment.key.clone()).collect();
        let proposed = members.ration().and_then(|ration| combined.get(&ration.field).cloned().flatten());
        work.push(Work {
            member: *member,
            request,
            parameters,
            answer,
            bounds,
            asked,
            reserves,
            unscored: false,
            proposed,
            lineage,
        });
    }
    work.sort_by(|one, other| one.member.key.cmp(other.member.key));
    scoring::score(question, members, &mut work, &mut failures)?;
    let mut sentences = Vec::new();
    match &members.settle {
        None => {}
        Some(Settle::Rank { by, into }) => settling::rank(members, &mut work, by, into),
        Some(choose @ Settle::Choose { .. }) => settling::choose(question, members, &mut work, choose),
        Some(Settle::Ration(ration)) => {
            settling::ration(question, &mut work, ration, &mut failures, &mut sentences)?;
        }
    }
    let verdicts = work.into_iter().map(|work| verdict(members, work)).collect();
    let mut verdict = SetVerdict { members: verdicts, fallback, proposals, failures, explanation: Vec::new() };
    verdict.explanation = explain::set_sentences(question, members, &verdict, sentences);
    Ok(verdict)
}

const NOBODY: Subject<'static> = Subject { id: "", source: None, external_id: None, segment: None, facts: &Json::Null };

fn verdict(members: &Members, work: Work<'_>) -> MemberVerdict {
    MemberVerdict {
        key: work.member.key.to_owned(),
        output: fields_to_json(&members.outputs, &work.answer),
        approvals: approval::approvals(&members.outputs, &work.answer, work.parameters),
        bounds: work.bounds,
        parameters: work.parameters.resolved.clone(),
    }
}

/// What conditions see as each member's request, by key.
fn requests<'a>(question: &SetQuestion<'a>, members: &Members) -> Result<BTreeMap<&'a str, Json>, SetError> {
    let request = question.request.as_object();
    let list = request.and_then(|request| request.get(&members.list)?.as_array());
    let mut shared = request.cloned().unwrap_or_default();
    shared.remove(&members.list);
    let mut requests = BTreeMap::new();
    for member in list.into_iter().flatten() {
        let Some(key) = member.get(&members.key).and_then(Json::as_str) else { continue };
        let mut whole = shared.clone();
        whole.extend(member.as_object().cloned().unwrap_or_default());
        requests.insert(key, Json::Object(whole));
    }
    let known: BTreeSet<&str> = question.members.iter().map(|member| member.key).collect();
    let asked: BTreeSet<&str> = requests.keys().copied().collect();
    if asked != known || known.len() != question.members.len() {
        let keys: Vec<_> = asked.symmetric_difference(&known).take(5).map(|key| format!("`{key}`")).collect();
        let keys = if keys.is_empty() { "one stands twice".to_owned() } else { keys.join(", ") };
        return Err(SetError::OtherMembers { point: question.point.name.clone(), keys });
    }
    Ok(requests)
}

/// One plugin's answers by member.
type Answers = BTreeMap<String, Answer>;

fn answers(
    point: &DecisionPoint,
    members: &Members,
    keys: &BTreeSet<&str>,
    output: &Map<String, Json>,
) -> Result<Answers, String> {
    let list = output.get(&members.answers).and_then(Json::as_array);
    let list = list.ok_or_else(|| format!("`{}` is missing; answer about every member", members.answers))?;
    let mut plain = output.clone();
    plain.remove(&members.answers);
    proposal::fields(&point.name, &point.outputs, &plain, "")?;
    let mut answers = Answers::new();
    for (index, entry) in list.iter().enumerate() {
        let place = format!("{}[{index}].", members.answers);
        let mut entry =
            entry.as_object().cloned().ok_or_else(|| format!("`{}[{index}]` is no object", members.answers))?;
        let key = entry.remove(&members.key).and_then(|key| key.as_str().map(str::to_owned)).unwrap_or_default();
        if !keys.contains(key.as_str()) {
            let key: String = key.chars().take(64).collect();
            return Err(format!("`{place}{}`: `{key}` is no member that was asked about", members.key));
        }
        let answer = proposal::fields(&point.name, &members.outputs, &entry, &place)?;
        if answers.insert(key, answer).is_some() {
            return Err(format!("`{place}{}` is answered twice", members.key));
        }
    }
    match keys.iter().find(|key| !answers.contains_key(**key)) {
        Some(missing) => Err(format!("`{missing}` has no answer; answer about every member")),
        None => Ok(answers),
    }
}

/// Whether an output answers about every member of a request, and about nobody else.
pub(super) fn check(
    point: &DecisionPoint,
    members: &Members,
    request: &Json,
    output: &Map<String, Json>,
) -> Result<(), String> {
    let list = request.get(&members.list).and_then(Json::as_array);
    let keys = list.into_iter().flatten().filter_map(|member| member.get(&members.key)?.as_str()).collect();
    answers(point, members, &keys, output).map(|_| ())
}

/// Each member's answers combined, as far as the fail policy lets them.
fn merged(
    point: &DecisionPoint,
    members: &Members,
    keys: &BTreeSet<&str>,
    outputs: &[Answers],
    failures: &mut Vec<Failure>,
) -> Option<Answers> {
    if outputs.is_empty() || !super::lets_answer(point, failures) {
        return None;
    }
    let mut all = Answers::new();
    for key in keys {
        let of: Vec<&Answer> = outputs.iter().filter_map(|answers| answers.get(*key)).collect();
        match combine(&members.outputs, &of) {
            Some(combined) => all.insert((*key).to_owned(), combined),
            None => {
                failures.push(Failure::overflow());
                return None;
            }
        };
    }
    Some(all)
}
