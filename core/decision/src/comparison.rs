//! The comparison: what a candidate, plugin or strategy, would change, counted over decisions without keeping them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::{DataType, DecisionPoint, ProposalFailure};

/// Different changes that are counted one by one at a decision point; the rest is counted together.
pub(crate) const MAX_CHANGES: usize = 100;
pub(crate) const MAX_SEGMENTS: usize = 500;
pub(crate) const MAX_EXAMPLES: usize = 10;
const MAX_REASONS: usize = 3;
const MAX_NOTES: usize = 20;

/// One decision, as it was and as it would be.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub point: &'a DecisionPoint,
    pub segment: Option<&'a str>,
    /// The customer's global id.
    pub customer: &'a str,
    /// The recorded decision's global id; nothing for one that was made for the comparison alone.
    pub decision: Option<&'a str>,
    /// Whether the candidate was shown today's facts, because what was recorded does not tell all it reads.
    pub today: bool,
    pub old: &'a Map<String, Json>,
    pub new: &'a Map<String, Json>,
    /// The candidate's reasons, or why it could not answer.
    pub candidate: Result<&'a [String], &'a ProposalFailure>,
}

/// How many decisions stay, change, or could not be made by the candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub same: u64,
    pub changed: u64,
    pub failed: u64,
}

/// What a candidate would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    pub total: Tally,
    /// By name of the decision point.
    pub points: BTreeMap<String, PointComparison>,
    /// By code: how often the candidate failed so, and what it said first.
    pub failures: BTreeMap<String, FailuresSeen>,
    pub examples: Vec<Example>,
    /// What the reader has to know about these numbers.
    pub notes: Vec<String>,
}

/// What would change at one decision point.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PointComparison {
    pub total: Tally,
    /// How many of them are recorded decisions.
    pub recorded: u64,
    /// How many were asked with today's facts.
    pub today: u64,
    /// By the key of the segment; empty for customers without.
    pub segments: BTreeMap<String, Tally>,
    /// The most frequent first.
    pub changes: Vec<FieldChange>,
    /// Changes beyond those that are listed.
    pub other_changes: u64,
}

/// What became of a field, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    /// The value before; `-` for a decimal number, of which only the direction is told.
    pub old: String,
    pub new: String,
    pub count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailuresSeen {
    pub count: u64,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    pub point: String,
    pub segment: Option<String>,
    pub customer: String,
    pub decision: Option<String>,
    pub old: Map<String, Json>,
    pub new: Map<String, Json>,
    /// The candidate's own.
    pub reasons: Vec<String>,
}

impl Tally {
    pub fn all(&self) -> u64 {
        self.same.saturating_add(self.changed).saturating_add(self.failed)
    }

    fn count(&mut self, failed: bool, changed: bool) {
        let number = match (failed, changed) {
            (true, _) => &mut self.failed,
            (false, true) => &mut self.changed,
            (false, false) => &mut self.same,
        };
        *number = number.saturating_add(1);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8} same {:>8} changed {:>8} failed", self.same, self.changed, self.failed)
    }
}

impl Comparison {
    /// Counts a decision. A decision that the candidate could not make is failed, whatever answered in its place.
    pub fn add(&mut self, seen: &Seen<'_>) {
        let (failed, changed) = (seen.candidate.is_err(), seen.old != seen.new);
        self.total.count(failed, changed);
        let point = self.points.entry(seen.point.name.clone()).or_default();
        point.total.count(failed, changed);
        point.recorded = point.recorded.saturating_add(u64::from(seen.decision.is_some()));
        point.today = point.today.saturating_add(u64::from(seen.today));
        let segment = seen.segment.unwrap_or_default();
        let room = point.segments.len() < MAX_SEGMENTS || point.segments.contains_key(segment);
        point.segments.entry(if room { segment } else { "…" }.to_owned()).or_default().count(failed, changed);
        if let Err(failure) = seen.candidate {
            let known = self.failures.entry(failure.code.clone()).or_default();
            known.count = known.count.saturating_add(1);
            if known.message.is_empty() {
                known.message.clone_from(&failure.message);
            }
        } else if changed {
            point.change(seen);
        }
        if let (Ok(reasons), true) = (seen.candidate, changed && self.examples.len() < MAX_EXAMPLES) {
            self.examples.push(Example {
                point: seen.point.name.clone(),
                segment: seen.segment.map(str::to_owned),
                customer: seen.customer.to_owned(),
                decision: seen.decision.map(str::to_owned),
                old: seen.old.clone(),
                new: seen.new.clone(),
                reasons: reasons.iter().take(MAX_REASONS).cloned().collect(),
            });
        }
    }

    /// Says something about the numbers, once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) && self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        }
    }

    /// The counts without anything about a single customer.
    pub fn forget_examples(&mut self) {
        self.examples.clear();
        self.failures.values_mut().for_each(|failure| failure.message.clear());
    }

    /// Puts the lists in order when all is counted.
    pub fn finish(&mut self) {
        for point in self.points.values_mut() {
            point.changes.sort_by(|a, b| {
                b.count.cmp(&a.count).then_with(|| (&a.field, &a.old, &a.new).cmp(&(&b.field, &b.old, &b.new)))
            });
        }
    }
}

impl PointComparison {
    fn change(&mut self, seen: &Seen<'_>) {
        for field in &seen.point.outputs {
            let value = |answer: &Map<String, Json>| answer.get(&field.name).cloned().unwrap_or_default();
            let (old, new) = (value(seen.old), value(seen.new));
            if old == new {
                continue;
            }
            let (old, new) = match field.data_type {
                DataType::Decimal => direction(&old, &new),
                // A text may say anything about anybody.
                DataType::Text => ("-".to_owned(), "other".to_owned()),
                _ => (shown(&old), shown(&new)),
            };
            let same = |change: &&mut FieldChange| change.field == field.name && change.old == old && change.new == new;
            if let Some(known) = self.changes.iter_mut().find(same) {
                known.count = known.count.saturating_add(1);
            } else if self.changes.len() < MAX_CHANGES {
                self.changes.push(FieldChange { field: field.name.clone(), old, new, count: 1 });
            } else {
                self.other_changes = self.other_changes.saturating_add(1);
            }
        }
    }
}

/// Of a decimal number nearly every change is another one, so only its direction is told.
fn direction(old: &Json, new: &Json) -> (String, String) {
    let number = |json: &Json| json.as_str().and_then(crate::exact::plain_decimal);
    let told = match (number(old), number(new)) {
        (Some(old), Some(new)) if old < new => "more",
        (Some(_), Some(_)) => "less",
        _ => return (shown(old), shown(new)),
    };
    ("-".to_owned(), told.to_owned())
}

fn shown(json: &Json) -> String {
    match json {
        Json::Null => "nothing".to_owned(),
        Json::String(text) => text.chars().take(60).collect(),
        other => other.to_string().chars().take(60).collect(),
    }
}

/// As whoever is to approve it reads it.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {:<32}{}", "all", self.total)?;
        for (name, point) in &self.points {
            writeln!(f, "{name}: {} recorded, {} asked with today's facts", point.recorded, point.today)?;
            writeln!(f, "  {:<32}{}", "all", point.total)?;
            for (segment, tally) in &point.segments {
                let segment = if segment.is_empty() { "(no segment)" } else { segment };
                writeln!(f, "  {segment:<32}{tally}")?;
            }
            for FieldChange { field, old, new, count } in &point.changes {
                writeln!(f, "  {:<32}{count:>8} times", format!("{field} {old} -> {new}"))?;
            }
            if point.other_changes > 0 {
                writeln!(f, "  {:<32}{:>8} times", "other changes", point.other_changes)?;
            }
        }
        for (code, failure) in &self.failures {
            let message = if failure.message.is_empty() { String::new() } else { format!(": {}", failure.message) };
            writeln!(f, "failed with {code} {} times{message}", failure.count)?;
        }
        for example in &self.examples {
            let of = example.decision.as_deref().unwrap_or(&example.customer);
            let (old, new) = (Json::Object(example.old.clone()), Json::Object(example.new.clone()));
            writeln!(f, "for example {of} at {}: {old} -> {new}", example.point)?;
            for reason in &example.reasons {
                writeln!(f, "    {reason}")?;
            }
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}
