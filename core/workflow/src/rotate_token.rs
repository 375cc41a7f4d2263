//! Gives a token a new secret.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_store::{generation, token};
use uuid::Uuid;

use crate::create_token::{Created, Happened, Origin, may_give, new_secret, secret_hash, told};
use crate::{Bearer, House, ManageTokens, Permit, WorkflowError, set_roles};

/// Longest time a rotated token holds on: 7 days.
pub const GRACE_SECONDS: u32 = 7 * 24 * 60 * 60;

/// Makes a token with another secret that allows the same until the same end. The old one holds on for `grace` seconds, so that
/// whoever uses it has time to take up the new one.
pub async fn rotate_token(
    house: &House,
    by: Permit<'_, ManageTokens>,
    origin: Origin,
    id: Uuid,
    grace: u32,
    now: DateTime<Utc>,
) -> Result<Created, WorkflowError> {
    if grace > GRACE_SECONDS {
        let message = format!("a rotated token holds on for at most {GRACE_SECONDS} seconds; these are {grace}");
        return Err(WorkflowError::invalid("graceSeconds", message));
    }
    let transaction = house.database.begin().await?;
    generation::hold(&transaction).await?;
    let found = token::get(&transaction, id).await?.filter(|token| token.is_valid(now));
    let old = found.ok_or_else(|| WorkflowError::NotFound(format!("there is no token `{id}` in use")))?;
    let bearer = Bearer {
        name: old.actor.clone(),
        roles: old.roles.clone(),
        scopes: old.scopes.clone(),
        reach: old.reach.clone(),
    };
    let (_, roles) = set_roles::in_force(house, &transaction).await?;
    may_give(house, by, origin, &bearer, &bearer.access(&house.model, &roles), &transaction).await?;
    let end = now + TimeDelta::seconds(grace.into());
    let end = old.expires_at.map_or(end, |expires| expires.min(end));
    let held = match grace {
        0 => token::revoke(&transaction, id, now).await?,
        _ => token::expire(&transaction, id, end).await?,
    };
    if !held {
        return Err(WorkflowError::NotFound(format!("there is no token `{id}` in use")));
    }
    let secret = new_secret()?;
    let made = token::Token { id: Uuid::now_v7(), secret_hash: secret_hash(&secret), created_at: now, ..old };
    token::insert(&transaction, &made).await?;
    let happened = vec![Happened::Made(&made), Happened::Ends(id, end)];
    told(&transaction, &by.name, "rotateToken", happened, now).await?;
    transaction.commit().await?;
    Ok(Created { id: made.id, secret })
}

#[cfg(test)]
mod tests {
    use guildhall_model::Role;

    use super::*;
    use crate::activate_strategy::activate_strategy;
    use crate::create_token::{NewToken, create_token};
    use crate::testing::{admin, document, houses, now};

    /// Rotates eve's token, which expires after `lasts` seconds if it does; `expected` is for how many seconds the old one
    /// holds on, or nothing if it does not.
    async fn check(lasts: Option<i64>, grace: u32, expected: Option<i64>) {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let by = ada.permit().unwrap();
            let expires_at = lasts.map(|seconds| now() + TimeDelta::seconds(seconds));
            let wanted = NewToken { expires_at, ..NewToken::new("eve", Role::Department) };
            let old = create_token(&house, by, Origin::Api, wanted, now()).await.unwrap();
            let new = rotate_token(&house, by, Origin::Api, old.id, grace, now()).await.unwrap();
            assert_ne!(old.secret, new.secret);
            let [old, new] = [old.id, new.id].map(async |id| token::get(&house.database, id).await.unwrap().unwrap());
            let (old, new) = (old.await, new.await);
            assert_eq!((&new.actor, &new.roles, new.expires_at), (&old.actor, &old.roles, expires_at));
            assert!(new.is_valid(now()));
            let holds = old.is_valid(now()).then(|| (old.expires_at.unwrap() - now()).num_seconds());
            assert_eq!(holds, expected, "{lasts:?} {grace}");
        }
    }

    #[tokio::test]
    async fn the_old_secret_holds_for_the_grace_and_no_longer_than_it_did() {
        check(None, 0, None).await;
        check(None, 60, Some(60)).await;
        check(Some(30), 60, Some(30)).await;
    }

    #[tokio::test]
    async fn what_has_expired_is_not_rotated() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let wanted =
                NewToken { expires_at: Some(now() + TimeDelta::seconds(30)), ..NewToken::new("eve", Role::Reader) };
            let old = create_token(&house, ada.permit().unwrap(), Origin::Api, wanted, now()).await.unwrap();
            let later = now() + TimeDelta::seconds(30);
            let late = rotate_token(&house, ada.permit().unwrap(), Origin::Api, old.id, 0, later).await;
            assert!(matches!(late, Err(WorkflowError::NotFound(_))), "{late:?}");
        }
    }

    #[tokio::test]
    async fn nobody_rotates_an_approvers_token_through_the_api() {
        for (house, _fixture) in houses().await {
            let (ada, mallory) = (admin("ada"), admin("mallory"));
            let text = document("first", "ada");
            activate_strategy(&house, ada.permit().unwrap(), &text, None, now()).await.unwrap();
            let token = NewToken::new("ada", Role::Admin);
            let made = create_token(&house, ada.permit().unwrap(), Origin::Api, token, now()).await.unwrap();
            let stolen = rotate_token(&house, mallory.permit().unwrap(), Origin::Api, made.id, 0, now()).await;
            assert!(matches!(stolen, Err(WorkflowError::Refused(_))), "{stolen:?}");
            let own = rotate_token(&house, ada.permit().unwrap(), Origin::Api, made.id, 0, now()).await.unwrap();
            let again = rotate_token(&house, ada.permit().unwrap(), Origin::Api, made.id, 0, now()).await;
            assert!(matches!(again, Err(WorkflowError::NotFound(_))), "{again:?}");
            let long = rotate_token(&house, ada.permit().unwrap(), Origin::Api, own.id, 604_801, now()).await;
            assert!(matches!(long, Err(WorkflowError::Invalid(_))), "{long:?}");
        }
    }
}
