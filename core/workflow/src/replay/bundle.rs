//! A bundle: everything a decision is replayed with, in one file that needs nothing else.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use guildhall_decision::{Content, DecisionPoint, LedgerEntry, Versions, read_points};
use guildhall_store::{ledger, package, point as kept_point, strategy};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{impossible, points_with};
use crate::recorded::{content_of, entry_of, global_id};
use crate::{House, WorkflowError};

/// Largest bundle that is read.
pub const MAX_BUNDLE_BYTES: usize = 64 << 20;
const MAX_PACKAGES: usize = 64;
const MAX_POINTS: usize = 256;
const FORMAT: &str = "guildhall.bundle.1";

/// A recorded decision with all that led to it.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub entry: LedgerEntry,
    pub digest: String,
    pub previous_digest: Option<String>,
    pub(super) salt: String,
    pub(super) content: Content,
    /// The strategy's document.
    pub(super) strategy: String,
    /// The SDL of the point that was asked, and of the others that the strategy may speak of.
    pub(super) points: Vec<String>,
    /// By digest.
    pub(super) packages: BTreeMap<String, Vec<u8>>,
}

/// A bundle as a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    format: String,
    entry: LedgerEntry,
    digest: String,
    previous_digest: Option<String>,
    salt: String,
    content: Content,
    strategy: String,
    points: Vec<String>,
    /// Each in base64.
    packages: Vec<String>,
}

impl Bundle {
    /// Everything about a decision of the ledger.
    ///
    /// # Errors
    ///
    /// Refused if something is gone, with what.
    pub async fn load(house: &House, decision: Uuid) -> Result<Bundle, WorkflowError> {
        let id = global_id(&house.model, "Decision", decision)?;
        let missing = || WorkflowError::NotFound(format!("there is no decision `{id}` on the ledger"));
        let mut row = ledger::get(&house.database, decision).await?.ok_or_else(missing)?;
        if let Some((at, by)) = &row.erased {
            let day = at.format("%Y-%m-%d");
            return Err(impossible(&id, &format!("what it tells about the customer was erased on {day} by `{by}`")));
        }
        let entry = entry_of(&house.model, &row)?;
        let kept = row.kept.take().ok_or_else(|| impossible(&id, "what it tells about the customer is gone"))?;
        let (salt, content) = content_of(kept);
        let unreadable =
            || WorkflowError::BadInput(format!("`{id}` does not say what decided; the ledger was changed"));
        let versions = Versions::read(&entry.versions).ok_or_else(unreadable)?;
        let number = versions.strategy.number;
        let document = strategy::numbered(&house.database, number).await?;
        let document = document.ok_or_else(|| impossible(&id, &format!("strategy {number} is gone")))?;
        let sdl = kept_point::get(&house.database, &versions.point).await?;
        let sdl =
            sdl.ok_or_else(|| impossible(&id, &format!("the decision point `{}` of then is gone", entry.point)))?;
        let mut points = vec![sdl];
        points.extend(house.points.iter().filter(|point| point.name != entry.point).map(|point| point.to_sdl()));
        let mut packages = BTreeMap::new();
        for plugin in &versions.plugins {
            let bytes = package::get(&house.database, &plugin.digest).await?;
            let gone =
                || impossible(&id, &format!("the package `{}` of plugin `{}` is gone", plugin.digest, plugin.name));
            packages.insert(plugin.digest.clone(), bytes.ok_or_else(gone)?);
        }
        let (digest, previous_digest) = (row.digest, row.previous_digest);
        Ok(Bundle { entry, digest, previous_digest, salt, content, strategy: document.document, points, packages })
    }

    /// Reads a file, which may come from anyone. Whether it is what was recorded is checked when it is replayed.
    pub fn read(bytes: &[u8]) -> Result<Bundle, WorkflowError> {
        let bad = |reason: String| WorkflowError::BadInput(format!("this is no bundle of a decision: {reason}"));
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(bad(format!("it has {} bytes; {MAX_BUNDLE_BYTES} are read", bytes.len())));
        }
        let written: Written = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
        if written.format != FORMAT {
            return Err(bad(format!("its format is `{}`; this Guildhall reads `{FORMAT}`", written.format)));
        }
        if written.packages.len() > MAX_PACKAGES || written.points.len() > MAX_POINTS {
            return Err(bad(format!("at most {MAX_PACKAGES} packages and {MAX_POINTS} points are read")));
        }
        let mut packages = BTreeMap::new();
        for text in &written.packages {
            let bytes = BASE64_STANDARD.decode(text).map_err(|error| bad(format!("a package: {error}")))?;
            packages.insert(hex::encode(Sha256::digest(&bytes)), bytes);
        }
        let Written { entry, digest, previous_digest, salt, content, strategy, points, .. } = written;
        Ok(Bundle { entry, digest, previous_digest, salt, content, strategy, points, packages })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WorkflowError> {
        let written = Written {
            format: FORMAT.to_owned(),
            entry: self.entry.clone(),
            digest: self.digest.clone(),
            previous_digest: self.previous_digest.clone(),
            salt: self.salt.clone(),
            content: self.content.clone(),
            strategy: self.strategy.clone(),
            points: self.points.clone(),
            packages: self.packages.values().map(|bytes| BASE64_STANDARD.encode(bytes)).collect(),
        };
        let bytes = serde_json::to_vec(&written).map_err(|error| WorkflowError::Internal(error.to_string()))?;
        if bytes.len() > MAX_BUNDLE_BYTES {
            let message = format!("the bundle would have {} bytes; {MAX_BUNDLE_BYTES} are read", bytes.len());
            return Err(WorkflowError::refused(message));
        }
        Ok(bytes)
    }

    /// Checks that everything here is what the entry's digest covers.
    pub(super) fn verify(&self) -> Result<Versions, WorkflowError> {
        let changed =
            |what: &str| WorkflowError::BadInput(format!("`{}` is not what was recorded: {what}", self.entry.id));
        if self.entry.digest(self.previous_digest.as_deref()) != self.digest {
            return Err(changed("its digest is wrong"));
        }
        if self.content.commitment(&self.salt) != self.entry.commitment {
            return Err(changed("what it tells does not fit the commitment"));
        }
        let versions = Versions::read(&self.entry.versions).ok_or_else(|| changed("it does not say what decided"))?;
        if hex::encode(Sha256::digest(&self.strategy)) != versions.strategy.digest {
            return Err(changed(&format!("the document of strategy {} is another one", versions.strategy.number)));
        }
        Ok(versions)
    }

    /// The decision points, the one that was asked among them.
    pub(super) fn read_points(&self) -> Result<Vec<DecisionPoint>, WorkflowError> {
        let bad = |error| WorkflowError::BadInput(format!("the decision points cannot be read: {error}"));
        let mut points = Vec::new();
        for sdl in &self.points {
            points.extend(read_points(sdl).map_err(bad)?);
        }
        let first = points.first().cloned();
        let all: Vec<_> = points.into_iter().map(std::sync::Arc::new).collect();
        Ok(first.map(|first| points_with(&all, &first)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuses(bytes: &[u8], expected: &str) {
        let error = Bundle::read(bytes).unwrap_err().to_string();
        assert!(error.starts_with("this is no bundle of a decision: ") && error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_no_bundle_is_refused() {
        refuses(b"", "EOF");
        refuses(b"\0asm", "expected value");
        refuses(&b"[".repeat(1 << 20), "invalid type");
        refuses(b"{\"format\":\"guildhall.bundle.1\"}", "missing field");
        refuses(b"{\"format\":\"guildhall.bundle.1\",\"more\":1}", "unknown field");
        refuses(&vec![b' '; MAX_BUNDLE_BYTES + 1], "67108864 are read");
    }
}
