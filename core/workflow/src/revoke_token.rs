//! Makes a token worthless.

use chrono::{DateTime, Utc};
use guildhall_store::token;
use uuid::Uuid;

use crate::{House, ManageTokens, Permit, WorkflowError};

/// Revokes a token.
pub async fn revoke_token(
    house: &House,
    _: Permit<'_, ManageTokens>,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let transaction = house.database.begin().await?;
    if !token::revoke(&transaction, id, now).await? {
        return Err(WorkflowError::NotFound(format!("there is no token `{id}` in use")));
    }
    Ok(transaction.commit().await?)
}
