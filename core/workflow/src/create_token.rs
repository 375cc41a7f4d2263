//! Makes a bearer token.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use guildhall_model::{Reach, Role};
use guildhall_store::token::{self, Token};
use guildhall_store::{generation, strategy};
use rand::TryRngCore;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::keepable::keepable;
use crate::{Actor, House, WorkflowError};

/// A token, just made. The secret is known this once.
#[derive(Clone, Debug)]
pub struct Created {
    pub id: Uuid,
    pub secret: String,
}

/// From where a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Through the API, as the bearer of a token.
    Api,
    /// At the machine, where whoever reaches the database may do anything to it.
    Console,
}

/// What a token is to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Who will use it.
    pub actor: String,
    pub role: Role,
    /// Whose records its bearer sees; an admin sees all.
    pub reach: Reach,
    pub expires_at: Option<DateTime<Utc>>,
}

impl NewToken {
    /// A token that never expires, for someone who sees all records.
    pub fn new(actor: impl Into<String>, role: Role) -> Self {
        NewToken { actor: actor.into(), role, reach: Reach::All, expires_at: None }
    }
}

/// Makes a token. Only an admin does, and through the API nobody makes one for an approver of the
/// strategy in force but the approver: its bearer could activate a strategy in the approver's name.
pub async fn create_token(
    house: &House,
    by: &Actor,
    origin: Origin,
    token: NewToken,
    now: DateTime<Utc>,
) -> Result<Created, WorkflowError> {
    if by.role < Role::Admin {
        return Err(WorkflowError::refused("only an admin makes tokens"));
    }
    let NewToken { actor, role, reach, expires_at } = token;
    if role == Role::Admin && reach != Reach::All {
        let message = "an admin sees all records; give a narrower role with a narrower reach";
        return Err(WorkflowError::BadInput(message.to_owned()));
    }
    if let Reach::Territory(name) = &reach {
        keepable("the territory", name)?;
    }
    if actor.trim().is_empty() || actor.len() > 200 {
        return Err(WorkflowError::BadInput("the actor's name must have 1 to 200 bytes".to_owned()));
    }
    keepable("the actor's name", &actor)?;
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
    if origin == Origin::Api && by.name != actor {
        // Nobody becomes an approver between this look and the commit.
        generation::hold(&transaction).await?;
        let in_force = strategy::active(&transaction).await?;
        let in_force = in_force.map(|active| read_strategy(house, &active.document)).transpose()?;
        if in_force.is_some_and(|strategy| strategy.approvers.contains(&actor)) {
            return Err(WorkflowError::refused(format!(
                "`{actor}` is an approver of the strategy in force; only `{actor}`, or the operator with `guildhall token create`, makes this token"
            )));
        }
    }
    let made = Token {
        id,
        name: format!("{actor} ({})", role.name()),
        actor,
        role,
        reach,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activate_strategy::activate_strategy;
    use crate::testing::{admin, document, houses, now};

    /// Makes a token through the API or at the machine, under a strategy whose approver is ada; `expected` is the refusal.
    async fn check(by: &str, origin: Origin, actor: &str, expected: Option<&str>) {
        for (house, _fixture) in houses().await {
            activate_strategy(&house, &admin("ada"), &document("first", "ada"), None, now()).await.unwrap();
            let made = create_token(&house, &admin(by), origin, NewToken::new(actor, Role::Admin), now()).await;
            assert_eq!(made.err().map(|error| error.to_string()).as_deref(), expected);
        }
    }

    #[tokio::test]
    async fn nobody_makes_a_token_for_an_approver_through_the_api() {
        let refusal = "`ada` is an approver of the strategy in force; only `ada`, or the operator with `guildhall token create`, makes this token";
        check("mallory", Origin::Api, "ada", Some(refusal)).await;
    }

    #[tokio::test]
    async fn an_approver_makes_his_own_token() {
        check("ada", Origin::Api, "ada", None).await;
    }

    #[tokio::test]
    async fn the_operator_makes_a_token_for_an_approver() {
        check("operator", Origin::Console, "ada", None).await;
    }

    #[tokio::test]
    async fn an_admin_makes_a_token_for_who_is_no_approver() {
        check("mallory", Origin::Api, "ben", None).await;
    }

    #[tokio::test]
    async fn a_name_that_cannot_be_kept_is_refused() {
        let refusal = "the actor's name has a character U+0000, which cannot be kept; leave it out";
        check("ada", Origin::Api, "b\0n", Some(refusal)).await;
    }
}
