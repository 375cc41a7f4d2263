//! A verdict in words, for the business and for the customer. For the business always in this order: who set what, who
//! proposed what, what came of it, which rules bounded it, what the strategy changed.

mod customer;

use serde_json::{Map, Value as Json};

pub(crate) use customer::told_of;

use super::{Answer, Bound, Proposal, ProposalFailure, ProposedOutput, Question, Verdict};
use super::{Approval, Failure, SetQuestion, SetVerdict};
use crate::point::Members;
use crate::words::{capitalized, listed};
use crate::{Datum, DecisionPoint, FailPolicy, Layer};

/// Characters of a reason. Departments write it, so it is kept short here.
const MAX_REASON: usize = 200;
const MAX_REASONS: usize = 5;

/// A decision in words, by who may read them. Which sentence is for whom is said where it is made: what names segments,
/// plugins, departments, ground rules or reasons is for the business alone.
#[derive(Default)]
pub(super) struct Told {
    pub(super) business: Vec<String>,
    pub(super) customer: Vec<String>,
}

impl Told {
    fn business(&mut self, sentence: impl Into<String>) {
        self.business.push(sentence.into());
    }
}

pub(super) fn tell(question: &Question<'_>, verdict: &Verdict, combined: &Answer, outputs: &[Answer]) -> Told {
    let point = question.point;
    let mut told = Told::default();
    parameters(question, verdict, &mut told);
    for proposal in &verdict.proposals {
        told.business(proposed(point, proposal));
    }
    let merged = || values(point, |name| combined.get(name).and_then(Option::as_ref).map(Datum::to_string));
    if verdict.fallback {
        told.business(format!("{}: {}.", fallback(point, &verdict.failures), merged()));
    } else if outputs.len() > 1 {
        told.business(format!("Together the proposals give {}.", merged()));
    }
    for bound in &verdict.bounds {
        told.business(bound_by(bound));
    }
    for waiting in &verdict.approvals {
        told.business(approval(waiting));
    }
    if let Some(difference) = verdict.without_strategy.as_ref().and_then(|without| difference(point, verdict, without))
    {
        told.business(difference);
    }
    told.customer = customer::tell(question, verdict);
    told
}

/// Why the point's defaults answer, and by which fail policy.
fn fallback(point: &DecisionPoint, failures: &[Failure]) -> String {
    let why = match failures.iter().find(|failure| failure.plugin == "all") {
        Some(failure) => capitalized(&shortened(&failure.message)),
        None if failures.is_empty() => format!("No plugin serves {}", point.name),
        None => "Not every plugin could answer".to_owned(),
    };
    let policy = match point.fail {
        FailPolicy::Deny => "DENY",
        FailPolicy::Default => "DEFAULT",
        FailPolicy::Skip => "SKIP",
    };
    format!("{why}, so the fail policy {policy} answers")
}

fn approval(approval: &Approval) -> String {
    let Approval { field, value, parameter, limit, source } = approval;
    let value = shown(value).unwrap_or_else(|| "nothing".to_owned());
    match shown(limit) {
        Some(limit) => format!("{field} {value} is above {parameter} {limit} ({source}), so it waits for approval."),
        None => format!("{field} {value} waits for approval: nobody set {parameter}."),
    }
}

/// Sentences about single members of a set.
const MAX_ABOUT_MEMBERS: usize = 50;

/// A verdict about a set in words: what answered, which rules bounded whom, and what `settled` says came of it.
pub(super) fn set_sentences(
    question: &SetQuestion<'_>,
    members: &Members,
    verdict: &SetVerdict,
    settled: Vec<String>,
) -> Vec<String> {
    let point = question.point;
    let mut sentences = Vec::new();
    for proposal in &verdict.proposals {
        let who = format!("{} ({})", proposal.plugin, proposal.department);
        sentences.push(match &proposal.result {
            Ok(_) => format!("{who} proposed {} for {} members.", members.answers, verdict.members.len()),
            Err(ProposalFailure { message, .. }) => format!("{who} could not answer: {}.", shortened(message)),
        });
    }
    if verdict.fallback {
        sentences.push(format!("{}.", fallback(point, &verdict.failures)));
    }
    let mut about = Vec::new();
    for member in &verdict.members {
        about.extend(member.bounds.iter().map(|one| format!("`{}`: {}", member.key, bound_by(one))));
        about.extend(member.approvals.iter().map(|one| format!("`{}`: {}", member.key, approval(one))));
    }
    about.extend(settled);
    let more = about.len().saturating_sub(MAX_ABOUT_MEMBERS);
    sentences.extend(about.into_iter().take(MAX_ABOUT_MEMBERS));
    if more > 0 {
        sentences.push(format!("And {more} more of that kind."));
    }
    sentences
}

fn parameters(question: &Question<'_>, verdict: &Verdict, told: &mut Told) {
    let known = question.subject.segment.is_some_and(|key| question.strategy.segment(key).is_some());
    if !known {
        told.business("The customer belongs to no segment of the strategy.");
    }
    if question.is_held_out() {
        told.business(format!("The customer is held out at {}, so no segment sets anything.", question.point.name));
    }
    let mut sources: Vec<&str> = Vec::new();
    for resolved in verdict.parameters.iter().filter(|resolved| resolved.layer != Layer::Default) {
        if !sources.contains(&resolved.source.as_str()) {
            sources.push(&resolved.source);
        }
    }
    for source in sources {
        let of_source = || verdict.parameters.iter().filter(|resolved| resolved.source == source);
        let value = |value: Option<&Datum>| value.map_or("nothing".to_owned(), Datum::to_string);
        let set = of_source().map(|resolved| format!("{} to {}", resolved.name, value(resolved.value.as_ref())));
        told.business(format!("{} sets {}.", capitalized(source), listed(set.collect())));
    }
}

/// `netDays` -> `net days`.
fn spoken(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

fn proposed(point: &DecisionPoint, proposal: &Proposal) -> String {
    let who = format!("{} ({})", proposal.plugin, proposal.department);
    match &proposal.result {
        Ok(ProposedOutput { output, reasons }) => {
            let typed = |name: &str| point.output(name)?.data_type.read_json(output.get(name)?);
            let values = values(point, |name| typed(name).map(|value| value.to_string()));
            let reasons: Vec<_> = reasons.iter().take(MAX_REASONS).map(|reason| shortened(reason)).collect();
            match reasons.is_empty() {
                true => format!("{who} proposed {values}."),
                false => format!("{who} proposed {values}: {}.", reasons.join("; ")),
            }
        }
        Err(ProposalFailure { message, .. }) => format!("{who} could not answer: {}.", shortened(message)),
    }
}

fn bound_by(bound: &Bound) -> String {
    let Bound { rule, field, before, after, reason, undecided, .. } = bound;
    let value = shown(after).unwrap_or_else(|| "nothing".to_owned());
    if *undecided {
        return format!(
            "Ground rule {rule} cannot be worked out, because a fact or the rate of a currency is missing, or a number cannot be \
             computed, so it holds: {field} {value}."
        );
    }
    match order(before, after).filter(|order| order.is_ne()) {
        Some(std::cmp::Ordering::Greater) => {
            format!("Ground rule {rule} limits {field} to {value}: {}.", shortened(reason))
        }
        Some(_) => format!("Ground rule {rule} raises {field} to {value}: {}.", shortened(reason)),
        None => format!("Ground rule {rule} sets {field} to {value}: {}.", shortened(reason)),
    }
}

/// How two numbers or decimals in JSON compare; nothing for other values.
fn order(before: &Json, after: &Json) -> Option<std::cmp::Ordering> {
    let number = |json: &Json| match json {
        Json::Number(number) => crate::exact::plain_decimal(&number.to_string()),
        Json::String(text) => crate::exact::plain_decimal(text),
        _ => None,
    };
    Some(number(before)?.cmp(&number(after)?))
}

fn difference(point: &DecisionPoint, verdict: &Verdict, without: &Map<String, Json>) -> Option<String> {
    let differs = |name: &str| without.get(name).filter(|value| verdict.output.get(name) != Some(*value));
    let values = values(point, |name| differs(name).and_then(shown));
    if values.is_empty() {
        return None;
    }
    let mut departments: Vec<_> = verdict.proposals.iter().map(|proposal| proposal.department.clone()).collect();
    departments.sort();
    departments.dedup();
    Some(format!("Without the strategy {} would give {values}.", listed(departments)))
}

/// "netDays 45, discount 0.02 and discountDays 10", in the point's order, without fields that have no value.
fn values(point: &DecisionPoint, value: impl Fn(&str) -> Option<String>) -> String {
    let named = point.outputs.iter().filter_map(|field| Some(format!("{} {}", field.name, value(&field.name)?)));
    listed(named.collect())
}

fn shown(json: &Json) -> Option<String> {
    match json {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// One line without its final stop.
fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let line = line.trim().trim_end_matches('.');
    match line.char_indices().nth(MAX_REASON) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}
