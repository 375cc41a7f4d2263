//! Access: who bears the token of a request.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use guildhall_store::Database;
use guildhall_workflow::create_token::secret_hash;
use guildhall_workflow::{Bearer, WorkflowError, authenticate};
use quick_cache::sync::Cache;

/// How long a token is trusted without asking the database again. A revoked token ceases to hold within this time in
/// every other process, and at once in the one that revokes it: see [`Access::forget`].
const TRUST: Duration = Duration::from_secs(2);
const KNOWN: usize = 10_000;

pub(crate) struct Access {
    database: Database,
    /// By the secret's hash, so that no secret stays in memory.
    known: Cache<String, Known>,
    /// Counts what was forgotten.
    round: AtomicU64,
}

#[derive(Clone)]
struct Known {
    bearer: Bearer,
    seen: Instant,
    /// The round in which the database was asked.
    round: u64,
}

impl Access {
    pub(crate) fn new(database: Database) -> Self {
        Access { database, known: Cache::new(KNOWN), round: AtomicU64::new(0) }
    }

    /// Who calls himself `Bearer gh_...`, or nothing if no token of that kind holds.
    pub(crate) async fn bearer(&self, bearer: Option<&str>) -> Result<Option<Bearer>, WorkflowError> {
        let Some(secret) = bearer.and_then(secret_of) else { return Ok(None) };
        let hash = secret_hash(secret);
        // Read before the database is asked: an answer that was under way while all was forgotten is not trusted again.
        let round = self.round.load(Ordering::Acquire);
        if let Some(known) = self.known.get(&hash)
            && known.round == round
            && known.seen.elapsed() < TRUST
        {
            return Ok(Some(known.bearer));
        }
        let bearer = authenticate(&self.database, secret, Utc::now()).await?;
        match &bearer {
            Some(bearer) => self.known.insert(hash, Known { bearer: bearer.clone(), seen: Instant::now(), round }),
            None => {
                self.known.remove(&hash);
            }
        }
        Ok(bearer)
    }

    /// Trusts no token without asking the database again.
    pub(crate) fn forget(&self) {
        self.round.fetch_add(1, Ordering::Release);
    }
}

/// `Bearer abc` -> `abc`; the scheme's case does not count.
fn secret_of(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim()).filter(|secret| !secret.is_empty())
}
