//! Makes a bearer token.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use guildhall_model::Role;
use guildhall_store::token::{self, Token};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Actor, House, WorkflowError};

/// A token, just made. The secret is known this once.
#[derive(Clone, Debug)]
pub struct Created {
    pub id: Uuid,
    pub secret: String,
}

/// Makes a token for `actor` with `role`. Only an admin does.
pub async fn create_token(
    house: &House,
    by: &Actor,
    actor: &str,
    role: Role,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Created, WorkflowError> {
    if by.role < Role::Admin {
        return Err(WorkflowError::refused("only an admin makes tokens"));
    }
    if actor.trim().is_empty() || actor.len() > 200 {
        return Err(WorkflowError::BadInput("the actor's name must have 1 to 200 bytes".to_owned()));
    }
    if expires_at.is_some_and(|end| end <= now) {
        return Err(WorkflowError::BadInput("the token would expire at once; give a time to come".to_owned()));
    }
    let mut random = [0u8; 32];
    rand::rngs::OsRng
        .try_fill_bytes(&mut random)
        .map_err(|error| WorkflowError::Internal(format!("no randomness: {error}")))?;
    let secret = format!("gh_{}", BASE64_URL_SAFE_NO_PAD.encode(random));
    let id = Uuid::now_v7();
    let transaction = house.database.begin().await?;
    let made = Token {
        id,
        name: format!("{actor} ({})", role.name()),
        actor: actor.to_owned(),
        role,
        secret_hash: secret_hash(&secret),
        created_at: now,
        expires_at,
        revoked_at: None,
    };
    token::insert(&transaction, &made).await?;
    transaction.commit().await?;
    Ok(Created { id, secret })
}

/// What the database keeps of a secret. The secret has 256 random bits, so a plain hash cannot be guessed back.
pub fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
