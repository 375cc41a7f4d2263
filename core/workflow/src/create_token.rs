//! Makes a bearer token.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use guildhall_model::{Access, Kind, Reach, Role, Scope, Value};
use guildhall_store::event::{self, Event};
use guildhall_store::token::{self, Token};
use guildhall_store::{Transaction, generation, strategy};
use rand::TryRngCore;
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::activate_strategy::read_strategy;
use crate::keepable::keepable;
use crate::plugin_set::PluginSet;
use crate::set_roles;
use crate::{Bearer, House, ManageTokens, Permit, WorkflowError};

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
    /// The names of his roles: one or more, which add up.
    pub roles: Vec<String>,
    /// What it is for: narrows what the roles allow.
    pub scopes: Vec<Scope>,
    /// Whose records its bearer sees at most; an admin sees all.
    pub reach: Reach,
    pub expires_at: Option<DateTime<Utc>>,
}

impl NewToken {
    /// A token that never expires, for whatever a built-in role allows.
    pub fn new(actor: impl Into<String>, role: Role) -> Self {
        let roles = vec![role.name().to_owned()];
        NewToken { actor: actor.into(), roles, scopes: Scope::ALL.to_vec(), reach: Reach::All, expires_at: None }
    }
}

/// Makes a token. Through the API nobody gives what he has not: see [`may_give`].
pub async fn create_token(
    house: &House,
    by: Permit<'_, ManageTokens>,
    origin: Origin,
    token: NewToken,
    now: DateTime<Utc>,
) -> Result<Created, WorkflowError> {
    let token = checked(token, now)?;
    let transaction = house.database.begin().await?;
    // No role goes and nobody becomes an approver between this look and the commit.
    generation::hold(&transaction).await?;
    let (_, roles) = set_roles::in_force(house, &transaction).await?;
    let lacking: Vec<_> = token.roles.iter().filter(|name| roles.get(name).is_none()).collect();
    if let Some(lacking) = lacking.first() {
        let known: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
        let message = format!("there is no role `{lacking}`; there are {}", known.join(", "));
        return Err(WorkflowError::invalid("roles", message));
    }
    let NewToken { actor, roles: names, scopes, reach, expires_at } = token;
    let bearer = Bearer { name: actor, roles: names, scopes, reach };
    may_give(house, by, origin, &bearer, &bearer.access(&house.model, &roles), &transaction).await?;
    let secret = new_secret()?;
    let made = Token {
        id: Uuid::now_v7(),
        name: format!("{} ({})", bearer.name, bearer.roles.join(", ")),
        actor: bearer.name,
        roles: bearer.roles,
        scopes: bearer.scopes,
        reach: bearer.reach,
        secret_hash: secret_hash(&secret),
        created_at: now,
        expires_at,
        revoked_at: None,
    };
    token::insert(&transaction, &made).await?;
    told(&transaction, &by.name, "createToken", vec![Happened::Made(&made)], now).await?;
    transaction.commit().await?;
    Ok(Created { id: made.id, secret })
}

/// What a new token is to be, if it makes sense.
fn checked(mut token: NewToken, now: DateTime<Utc>) -> Result<NewToken, WorkflowError> {
    let bad = |field: &str, message: &str| Err(WorkflowError::invalid(field, message));
    if token.roles.is_empty() {
        return bad("roles", "a token has at least one role");
    }
    if token.scopes.is_empty() {
        return bad("scopes", "a token has at least one scope");
    }
    token.roles.sort();
    token.roles.dedup();
    token.scopes.sort();
    token.scopes.dedup();
    let has = |scope: Scope| token.scopes.contains(&scope);
    if !has(Scope::Read) && (has(Scope::Write) || has(Scope::Act)) {
        return bad("scopes", "who writes or acts is answered with what is there now; give the scope `read`, too");
    }
    if token.roles.iter().any(|name| name == Role::Admin.name()) && token.reach != Reach::All {
        return bad("reach", "an admin sees all records; give a narrower role with a narrower reach");
    }
    if let Reach::Territory(name) = &token.reach {
        keepable("the territory", name).map_err(|error| error.of("territory"))?;
    }
    if token.actor.trim().is_empty() || token.actor.len() > 200 {
        return bad("actor", "the actor's name must have 1 to 200 bytes");
    }
    keepable("the actor's name", &token.actor).map_err(|error| error.of("actor"))?;
    if token.expires_at.is_some_and(|end| end <= now) {
        return bad("expiresAt", "the token would expire at once; give a time to come");
    }
    Ok(token)
}

/// Refuses, through the API, to give what the giver has not: a token that allows more than his own, or one in the name of
/// somebody who sees other rows, if he does not see all. For an approver of the strategy in force only the approver makes one:
/// its bearer could activate a strategy in the approver's name.
pub(crate) async fn may_give(
    house: &House,
    by: Permit<'_, ManageTokens>,
    origin: Origin,
    bearer: &Bearer,
    access: &Access,
    transaction: &Transaction,
) -> Result<(), WorkflowError> {
    if origin == Origin::Console {
        return Ok(());
    }
    let Bearer { name, reach, .. } = bearer;
    let sees_as_much = by.access.sees_all() || (by.name == *name && by.territory == territory(reach));
    if !by.access.covers(access) || !sees_as_much {
        return Err(WorkflowError::refused("this token would allow what yours does not; give less"));
    }
    if by.name == *name {
        return Ok(());
    }
    let in_force = strategy::active(transaction).await?;
    let points = PluginSet::present(house, transaction).await?.points;
    let in_force = in_force.map(|active| read_strategy(&house.model, &points, &active.document)).transpose()?;
    if in_force.is_some_and(|strategy| strategy.approvers.contains(name)) {
        return Err(WorkflowError::refused(format!(
            "`{name}` is an approver of the strategy in force; only `{name}`, or the operator with `guildhall token create`, makes this token"
        )));
    }
    Ok(())
}

fn territory(reach: &Reach) -> Option<String> {
    if let Reach::Territory(name) = reach { Some(name.clone()) } else { None }
}

/// What happened to a token, for the trail.
pub(crate) enum Happened<'t> {
    Made(&'t Token),
    /// It ceases to hold at that time.
    Ends(Uuid, DateTime<Utc>),
}

/// Puts what happened to tokens among the events: who did it, and what each allows. No event has a secret or its hash.
pub(crate) async fn told(
    transaction: &Transaction,
    by: &str,
    act: &str,
    happened: Vec<Happened<'_>>,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let time = |time: DateTime<Utc>| Value::from(time).to_json(&Kind::DateTime);
    let events = happened.into_iter().map(|happened| {
        let (id, kind, version, after) = match happened {
            Happened::Made(token) => {
                let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.name()).collect();
                let after = json!({
                    "actor": token.actor, "roles": token.roles, "scopes": scopes, "reach": token.reach.text(),
                    "expiresAt": token.expires_at.map(time),
                });
                (token.id, "CREATED", 1, after)
            }
            Happened::Ends(id, end) => (id, "UPDATED", 2, json!({ "endsAt": time(end) })),
        };
        Event {
            id: Uuid::now_v7(),
            occurred_at: now,
            actor: by.to_owned(),
            act: act.to_owned(),
            kind,
            record_type: "Token".to_owned(),
            record_id: id.to_string(),
            record_version: version,
            before: None,
            after: Some(after),
        }
    });
    Ok(event::append(transaction, &events.collect::<Vec<_>>(), now).await?)
}

/// A secret nobody guesses: 256 random bits.
pub(crate) fn new_secret() -> Result<String, WorkflowError> {
    let mut random = [0u8; 32];
    rand::rngs::OsRng
        .try_fill_bytes(&mut random)
        .map_err(|error| WorkflowError::Internal(format!("no randomness: {error}")))?;
    Ok(format!("gh_{}", BASE64_URL_SAFE_NO_PAD.encode(random)))
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
            activate_strategy(&house, admin("ada").permit().unwrap(), &document("first", "ada"), None, now())
                .await
                .unwrap();
            let made =
                create_token(&house, admin(by).permit().unwrap(), origin, NewToken::new(actor, Role::Admin), now())
                    .await;
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

    /// Makes a token for `roles` through the API as the bearer of `role` and the right to manage tokens.
    async fn check_given(role: &str, wanted: NewToken, expected: Option<&str>) {
        let document = "[roles.clerk]\ndoc = \"Makes tokens.\"\nrows = [\"all\"]\nabilities = [\"manage-tokens\"]\n\
            [roles.clerk.types.Customer]\nread = [\"name\"]\n\
            [roles.own]\ndoc = \"Makes tokens.\"\nrows = [\"own\"]\nabilities = [\"manage-tokens\"]\n\
            [roles.own.types.Customer]\nread = [\"name\", \"phone\"]\n";
        for (house, _fixture) in houses().await {
            crate::set_roles::set_roles(&house, admin("ada").permit().unwrap(), Origin::Console, document, None, now())
                .await
                .unwrap();
            let (_, roles) = set_roles::in_force(&house, &house.database).await.unwrap();
            let access = roles.access(&house.model, &[role.to_owned()], &Scope::ALL, &Reach::All);
            let clerk =
                crate::Actor { roles: Vec::new(), name: "cleo".to_owned(), access: access.into(), territory: None };
            let made = create_token(&house, clerk.permit().unwrap(), Origin::Api, wanted.clone(), now()).await;
            assert_eq!(made.err().map(|error| error.to_string()).as_deref(), expected, "{role}: {wanted:?}");
        }
    }

    fn wanted(actor: &str, role: &str) -> NewToken {
        NewToken { roles: vec![role.to_owned()], ..NewToken::new(actor, Role::Reader) }
    }

    const TOO_MUCH: Option<&str> = Some("this token would allow what yours does not; give less");

    #[tokio::test]
    async fn nobody_gives_what_he_has_not() {
        check_given("clerk", wanted("ben", "clerk"), None).await;
        check_given("clerk", wanted("ben", "reader"), TOO_MUCH).await;
        check_given("clerk", wanted("ben", "own"), TOO_MUCH).await;
    }

    #[tokio::test]
    async fn who_sees_his_own_gives_nobody_else_his() {
        check_given("own", wanted("cleo", "own"), None).await;
        check_given("own", wanted("ben", "own"), TOO_MUCH).await;
    }

    #[tokio::test]
    async fn a_token_has_roles_there_are_and_scopes_that_go_together() {
        let unknown = "there is no role `nobody`; there are admin, clerk, department, own, reader";
        check_given("clerk", wanted("ben", "nobody"), Some(unknown)).await;
        let blind = NewToken { scopes: vec![Scope::Write], ..wanted("ben", "clerk") };
        let refusal = "who writes or acts is answered with what is there now; give the scope `read`, too";
        check_given("clerk", blind, Some(refusal)).await;
    }
}
