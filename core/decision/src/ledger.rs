//! The ledger entry: one recorded decision, chained to the one before it.
//!
//! Each stream (a customer) has a chain of its own. An entry's digest covers the entry and the digest before it, so that no
//! entry can be changed, removed or put elsewhere without the later digests being wrong.
//!
//! What tells about the customer is the entry's [`Content`]. The entry has a commitment to it alone: a SHA-256 over a secret
//! salt and the content. Who erases content and salt leaves the chain whole, and nobody can find out from the commitment
//! what the content was.

mod canonical;
mod chain;
mod content;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

pub use canonical::canonical_json;
pub use chain::{ChainCheck, ChainError, Link};
pub use content::{Asked, Content, Inputs, SubjectInputs, new_salt_from};

/// Names what is hashed, so that a later form of entry cannot be mistaken for this one.
const FORMAT: &str = "guildhall.ledger.2";

/// One recorded decision, without what tells about the customer. Everything is as it is stored, so that a digest can be
/// checked from the stored record alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LedgerEntry {
    /// The decision's global id.
    pub id: String,
    /// The chain it belongs to: the customer's global id.
    pub stream: String,
    /// Its place in the chain, counted from 1.
    pub sequence: i32,
    pub point: String,
    /// The global id of the strategy it was made under.
    pub strategy: String,
    /// The time the decision was made for, to the millisecond.
    pub decided_at: DateTime<Utc>,
    pub recorded_by: String,
    pub fallback: bool,
    /// What decided: [`Versions`] as JSON text.
    pub versions: String,
    /// SHA-256 over a secret salt and the content; see [`Content::commitment`].
    pub commitment: String,
}

/// What decided, by number and digest: nothing in it is about the customer, so it stays when the content is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Versions {
    pub strategy: StrategyVersion,
    /// SHA-256 of the decision point's SDL, in hex; see [`crate::DecisionPoint::to_sdl`].
    pub point: String,
    /// Version of the customer model.
    pub model: String,
    /// By name.
    pub plugins: Vec<PluginVersion>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StrategyVersion {
    pub number: i32,
    /// SHA-256 of the document, in hex.
    pub digest: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PluginVersion {
    pub name: String,
    pub version: String,
    /// SHA-256 of the package, in hex.
    pub digest: String,
}

impl Versions {
    /// The text an entry keeps.
    pub fn to_text(&self) -> String {
        serde_json::to_value(self).map(|json| canonical_json(&json)).unwrap_or_default()
    }

    /// Reads the text of an entry; nothing if it is none.
    pub fn read(text: &str) -> Option<Versions> {
        serde_json::from_str(text).ok()
    }
}

impl LedgerEntry {
    /// SHA-256 in hex over the entry and the digest before it; the first entry of a stream has none before it.
    pub fn digest(&self, previous: Option<&str>) -> String {
        let content = json!({
            "format": FORMAT,
            "previous": previous,
            "id": self.id,
            "stream": self.stream,
            "sequence": self.sequence,
            "point": self.point,
            "strategy": self.strategy,
            "decidedAt": self.decided_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "recordedBy": self.recorded_by,
            "fallback": self.fallback,
            "versions": self.versions,
            "commitment": self.commitment,
        });
        format!("{:x}", Sha256::digest(canonical_json(&content)))
    }
}

#[cfg(test)]
mod tests;
