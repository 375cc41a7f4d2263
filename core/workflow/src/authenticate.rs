//! Says who bears a token.

use chrono::{DateTime, Utc};
use guildhall_store::{Database, token};

use crate::create_token::secret_hash;
use crate::{Bearer, WorkflowError};

/// Whom a secret belongs to, if the token is known, not revoked and not expired.
pub async fn authenticate(
    database: &Database,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<Bearer>, WorkflowError> {
    let found = token::find(database, &secret_hash(secret)).await?;
    Ok(found.filter(|token| token.is_valid(now)).map(|token| Bearer {
        name: token.actor,
        roles: token.roles,
        scopes: token.scopes,
        reach: token.reach,
    }))
}
