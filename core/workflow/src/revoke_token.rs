//! Makes a token worthless.

use chrono::{DateTime, Utc};
use guildhall_store::token;
use uuid::Uuid;

use crate::create_token::{Happened, told};
use crate::{House, ManageTokens, Permit, WorkflowError};

/// Revokes a token.
pub async fn revoke_token(
    house: &House,
    by: Permit<'_, ManageTokens>,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let transaction = house.database.begin().await?;
    if !token::revoke(&transaction, id, now).await? {
        return Err(WorkflowError::NotFound(format!("there is no token `{id}` in use")));
    }
    told(&transaction, &by.name, "revokeToken", vec![Happened::Ends(id, now)], now).await?;
    Ok(transaction.commit().await?)
}
