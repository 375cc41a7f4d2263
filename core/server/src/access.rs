//! Access: who bears the token of a request.

use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use chrono::Utc;
use guildhall_store::Database;
use guildhall_workflow::create_token::secret_hash;
use guildhall_workflow::{Actor, WorkflowError, authenticate};
use quick_cache::sync::Cache;

/// How long a token is trusted without asking the database again. A revoked token ceases to hold within this time in
/// every process.
const TRUST: Duration = Duration::from_secs(2);
const KNOWN: usize = 10_000;

pub(crate) struct Access {
    database: Database,
    /// By the secret's hash, so that no secret stays in memory.
    known: Cache<String, (Actor, Instant)>,
}

impl Access {
    pub(crate) fn new(database: Database) -> Self {
        Access { database, known: Cache::new(KNOWN) }
    }

    /// The actor of a request, or nothing if it has no token that holds.
    pub(crate) async fn actor(&self, headers: &HeaderMap) -> Result<Option<Actor>, WorkflowError> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(secret) = bearer.and_then(secret_of) else { return Ok(None) };
        let hash = secret_hash(secret);
        if let Some((actor, seen)) = self.known.get(&hash)
            && seen.elapsed() < TRUST
        {
            return Ok(Some(actor));
        }
        let actor = authenticate(&self.database, secret, Utc::now()).await?;
        match &actor {
            Some(actor) => self.known.insert(hash, (actor.clone(), Instant::now())),
            None => {
                self.known.remove(&hash);
            }
        }
        Ok(actor)
    }
}

/// `Bearer abc` -> `abc`; the scheme's case does not count.
fn secret_of(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim()).filter(|secret| !secret.is_empty())
}
