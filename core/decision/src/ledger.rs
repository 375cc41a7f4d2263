//! The ledger entry: one recorded decision, chained to the one before it.
//!
//! Each stream (a customer) has a chain of its own. An entry's digest covers everything that led to the verdict and the
//! digest before it, so that no entry can be changed, removed or put elsewhere without the later digests being wrong.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::{Question, Verdict};

/// Names what is hashed, so that a later form of entry cannot be mistaken for this one.
const FORMAT: &str = "guildhall.ledger.1";

/// One recorded decision. Everything is as it is stored, so that a digest can be checked from the stored record alone.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerEntry {
    /// The chain it belongs to: the customer's global id.
    pub stream: String,
    /// Its place in the chain, counted from 1.
    pub sequence: i32,
    pub point: String,
    /// The number of the strategy it was made under.
    pub strategy: i32,
    /// The time the decision was made for, to the millisecond.
    pub decided_at: DateTime<Utc>,
    pub recorded_by: String,
    pub request: Json,
    /// The verdict's output.
    pub verdict: Json,
    pub fallback: bool,
    pub parameters: Json,
    /// With the digests of the plugins, their reasons, failures and fuel.
    pub proposals: Json,
    pub bounds: Json,
    /// What each plugin and the ground rules were shown.
    pub inputs: Json,
    pub explanation: Json,
}

impl LedgerEntry {
    /// The entry for a verdict.
    pub fn of(
        question: &Question<'_>,
        verdict: &Verdict,
        strategy: i32,
        sequence: i32,
        inputs: Json,
        recorded_by: &str,
    ) -> LedgerEntry {
        let stored = |value: Result<Json, serde_json::Error>| value.unwrap_or(Json::Null);
        LedgerEntry {
            stream: question.subject.id.to_owned(),
            sequence,
            point: question.point.name.clone(),
            strategy,
            decided_at: question.at.trunc_subsecs(3),
            recorded_by: recorded_by.to_owned(),
            request: question.request.clone(),
            verdict: Json::Object(verdict.output.clone()),
            fallback: verdict.fallback,
            parameters: stored(serde_json::to_value(&verdict.parameters)),
            proposals: stored(serde_json::to_value(&verdict.proposals)),
            bounds: stored(serde_json::to_value(&verdict.bounds)),
            inputs,
            explanation: Json::from(verdict.explanation.clone()),
        }
    }

    /// SHA-256 in hex over the entry and the digest before it; the first entry of a stream has none before it.
    pub fn digest(&self, previous: Option<&str>) -> String {
        let content = json!({
            "format": FORMAT,
            "previous": previous,
            "stream": self.stream,
            "sequence": self.sequence,
            "point": self.point,
            "strategy": self.strategy,
            "decidedAt": self.decided_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "recordedBy": self.recorded_by,
            "request": self.request,
            "verdict": self.verdict,
            "fallback": self.fallback,
            "parameters": self.parameters,
            "proposals": self.proposals,
            "bounds": self.bounds,
            "inputs": self.inputs,
            "explanation": self.explanation,
        });
        format!("{:x}", Sha256::digest(canonical_json(&content)))
    }
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("entry {expected} of `{stream}` is missing; {found} stands in its place")]
    Gap { stream: String, expected: i32, found: i32 },
    #[error("entry {sequence} belongs to `{found}`, not to `{expected}`")]
    OtherStream { sequence: i32, expected: String, found: String },
    #[error("entry {sequence} of `{stream}` is not what was recorded; its digest is wrong")]
    Changed { stream: String, sequence: i32 },
}

/// Checks a whole stream from its first entry; each entry stands with the digest recorded for it.
pub fn verify_chain<'a>(chain: impl IntoIterator<Item = (&'a LedgerEntry, &'a str)>) -> Result<(), ChainError> {
    let mut previous: Option<(&LedgerEntry, &str)> = None;
    for ((entry, digest), expected) in chain.into_iter().zip(1..) {
        let stream = previous.map_or(&entry.stream, |(before, _)| &before.stream);
        if entry.stream != *stream {
            let (expected, found) = (stream.clone(), entry.stream.clone());
            return Err(ChainError::OtherStream { sequence: entry.sequence, expected, found });
        }
        if entry.sequence != expected {
            return Err(ChainError::Gap { stream: stream.clone(), expected, found: entry.sequence });
        }
        if entry.digest(previous.map(|(_, digest)| digest)) != digest {
            return Err(ChainError::Changed { stream: stream.clone(), sequence: entry.sequence });
        }
        previous = Some((entry, digest));
    }
    Ok(())
}

/// JSON in the one form that is hashed: keys sorted by their bytes, no whitespace.
pub fn canonical_json(json: &Json) -> String {
    let mut out = String::new();
    write_canonical(json, &mut out);
    out
}

fn write_canonical(json: &Json, out: &mut String) {
    match json {
        Json::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Json::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(value, out);
            }
            out.push('}');
        }
        Json::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests;
