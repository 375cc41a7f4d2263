//! Makes a token worthless.

use chrono::{DateTime, Utc};
use guildhall_model::Role;
use guildhall_store::token;
use uuid::Uuid;

use crate::{Actor, House, WorkflowError};

/// Revokes a token. Only an admin does.
pub async fn revoke_token(house: &House, by: &Actor, id: Uuid, now: DateTime<Utc>) -> Result<(), WorkflowError> {
    if by.role < Role::Admin {
        return Err(WorkflowError::refused("only an admin revokes tokens"));
    }
    let transaction = house.database.begin().await?;
    if !token::revoke(&transaction, id, now).await? {
        return Err(WorkflowError::NotFound(format!("there is no token `{id}` in use")));
    }
    Ok(transaction.commit().await?)
}
