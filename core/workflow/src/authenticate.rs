//! Says who bears a token.

use chrono::{DateTime, Utc};
use guildhall_store::{Database, token};

use crate::create_token::secret_hash;
use crate::{Actor, WorkflowError};

/// The actor a secret belongs to, if the token is known, not revoked and not expired.
pub async fn authenticate(
    database: &Database,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Actor>, WorkflowError> {
    let found = token::find(database, &secret_hash(secret)).await?;
    Ok(found.filter(|token| token.is_valid(now)).map(|token| Actor {
        name: token.actor,
        role: token.role,
        reach: token.reach,
    }))
}
