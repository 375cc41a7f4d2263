//! Doing an act once: the same key and input give the stored answer, the same key and other input are refused.

use chrono::{DateTime, Utc};
use guildhall_store::idempotency::{self, Remembered};
use guildhall_store::{Reads, Transaction};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::keepable::keepable;
use crate::{Actor, WorkflowError};

const KEY_LIMIT: usize = 200;

/// An act under a key of its actor.
pub(crate) struct Once<'a> {
    actor: &'a Actor,
    key: &'a str,
    act: &'a str,
    body: String,
}

impl<'a> Once<'a> {
    /// `body` is everything that makes the request this one and no other.
    pub(crate) fn new(actor: &'a Actor, key: &'a str, act: &'a str, body: &[&[u8]]) -> Result<Self, WorkflowError> {
        if key.is_empty() || key.len() > KEY_LIMIT {
            let message = format!("the idempotency key must have 1 to {KEY_LIMIT} bytes");
            return Err(WorkflowError::invalid("idempotencyKey", message));
        }
        keepable("the idempotency key", key).map_err(|error| error.of("idempotencyKey"))?;
        let mut hash = Sha256::new();
        for part in body {
            // With lengths, so that no two lists of parts run together alike.
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Ok(Once { actor, key, act, body: hex::encode(hash.finalize()) })
    }

    /// The same for who may act without a key, as at the command line.
    pub(crate) fn under(
        actor: &'a Actor,
        key: Option<&'a str>,
        act: &'a str,
        body: &[&[u8]],
    ) -> Result<Option<Self>, WorkflowError> {
        key.map(|key| Once::new(actor, key, act, body)).transpose()
    }

    /// The answer given before, if there was one.
    pub(crate) async fn answered(&self, on: &impl Reads) -> Result<Option<Value>, WorkflowError> {
        let Some(known) = idempotency::find(on, &self.actor.name, self.key).await? else { return Ok(None) };
        if known.act != self.act || known.body_digest != self.body {
            return Err(WorkflowError::KeyReused(format!(
                "the idempotency key `{}` was used for another request; choose a new one",
                self.key
            )));
        }
        Ok(Some(known.result))
    }

    /// Stores the answer with what was done. False if another request with the key came first: then undo and answer as it did.
    pub(crate) async fn remember(
        &self,
        transaction: &Transaction,
        result: Value,
        now: DateTime<Utc>,
    ) -> Result<bool, WorkflowError> {
        let answer = Remembered {
            actor: self.actor.name.clone(),
            key: self.key.to_owned(),
            act: self.act.to_owned(),
            body_digest: self.body.clone(),
            result,
            created_at: now,
        };
        Ok(idempotency::remember(transaction, &answer).await?)
    }
}
