//! Puts the deployment's own roles into force.

use chrono::{DateTime, Utc};
use guildhall_decision::read_roles;
use guildhall_model::{Access, RoleDefinition, Roles};
use guildhall_store::{Document, Reads, generation, roles, token};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::activate_strategy::unreadable;
use crate::create_token::Origin;
use crate::install_plugin::uuid_in;
use crate::keepable::keepable;
use crate::once::Once;
use crate::{House, ManageRoles, Permit, WorkflowError};

/// Reads a document of roles; the error lists everything that is wrong with it.
fn read(house: &House, document: &str) -> Result<Vec<RoleDefinition>, WorkflowError> {
    read_roles(document, &house.model).map_err(unreadable)
}

/// The document in force, and all the roles there are with it.
pub async fn in_force(house: &House, on: &impl Reads) -> Result<(Option<Document>, Roles), WorkflowError> {
    let document = roles::current(on).await?;
    let own = document.as_ref().map(|document| read(house, &document.document)).transpose()?;
    Ok((document, Roles::new(&house.model, own.unwrap_or_default())))
}

/// Checks a document of roles and puts it into force in place of the one before. A role that a token in use has does not go.
/// Through the API nobody makes or changes a role so that it allows more than he may. Returns the document's id.
pub async fn set_roles(
    house: &House,
    by: Permit<'_, ManageRoles>,
    origin: Origin,
    document: &str,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let own = read(house, document)?;
    keepable("the document", document).map_err(|error| error.of("document"))?;
    let once = key.map(|key| Once::new(&by, key, "setRoles", &[document.as_bytes()])).transpose()?;
    let transaction = house.database.begin().await?;
    // Whoever makes a token holds the generation: none is made for a role that is just going.
    generation::lock(&transaction).await?;
    if let Some(once) = &once
        && let Some(known) = once.answered(&transaction).await?
    {
        return uuid_in(&known);
    }
    let (_, before) = in_force(house, &transaction).await?;
    let more = own
        .iter()
        .filter(|role| before.get(&role.name) != Some(role))
        .filter(|role| origin == Origin::Api && !by.access.covers(&Access::sum(&house.model, &[role])));
    let mut reasons: Vec<String> =
        more.map(|role| format!("`{}` would allow what your own roles do not", role.name)).collect();
    let after = Roles::new(&house.model, own);
    for held in token::list(&transaction).await?.into_iter().filter(|token| token.is_valid(now)) {
        // A role that is not there already is no reason to keep the others from changing.
        let going = held.roles.iter().filter(|name| before.get(name).is_some() && after.get(name).is_none());
        reasons.extend(going.map(|name| {
            format!("`{name}` is a role of `{}`, whose token {} is in use; revoke it first", held.actor, held.id)
        }));
    }
    if !reasons.is_empty() {
        return Err(WorkflowError::Refused(reasons));
    }
    let digest = hex::encode(Sha256::digest(document.as_bytes()));
    let set = roles::set(&transaction, document, &digest, &by.name, now).await?;
    if let Some(once) = &once
        && !once.remember(&transaction, json!(set.id), now).await?
    {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    transaction.commit().await?;
    Ok(set.id)
}

#[cfg(test)]
mod tests {
    use guildhall_model::{Reach, Role, Scope};

    use super::*;
    use crate::Actor;
    use crate::create_token::{NewToken, create_token};
    use crate::revoke_token::revoke_token;
    use crate::testing::{admin, houses, now};

    fn document(role: &str, field: &str) -> String {
        format!("[roles.{role}]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.{role}.types.Customer]\nread = [\"{field}\"]\n")
    }

    async fn set(house: &House, by: &Actor, origin: Origin, text: &str) -> Result<Uuid, String> {
        let done = set_roles(house, by.permit().unwrap(), origin, text, None, now()).await;
        done.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_role_that_a_token_in_use_has_does_not_go() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            set(&house, &ada, Origin::Api, &document("sales", "name")).await.unwrap();
            let wanted = NewToken { roles: vec!["sales".to_owned()], ..NewToken::new("eve", Role::Reader) };
            let made = create_token(&house, ada.permit().unwrap(), Origin::Api, wanted, now()).await.unwrap();
            let gone = set(&house, &ada, Origin::Api, &document("other", "name")).await.unwrap_err();
            let refusal = format!("`sales` is a role of `eve`, whose token {} is in use; revoke it first", made.id);
            assert_eq!(gone, refusal);
            set(&house, &ada, Origin::Api, &document("sales", "phone")).await.unwrap();
            revoke_token(&house, ada.permit().unwrap(), made.id, now()).await.unwrap();
            set(&house, &ada, Origin::Api, &document("other", "name")).await.unwrap();
        }
    }

    #[tokio::test]
    async fn nobody_gives_a_role_what_he_has_not() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let keeper = "[roles.keeper]\ndoc = \"d\"\nrows = [\"all\"]\nabilities = [\"manage-roles\"]\n\
                [roles.keeper.types.Customer]\nread = [\"name\"]\n";
            set(&house, &ada, Origin::Api, keeper).await.unwrap();
            let (_, roles) = in_force(&house, &house.database).await.unwrap();
            let access = roles.access(&house.model, &["keeper".to_owned()], &Scope::ALL, &Reach::All);
            let keep = Actor { roles: Vec::new(), name: "kim".to_owned(), access: access.into(), territory: None };
            let more = format!("{keeper}{}", document("sales", "phone"));
            let refused = set(&house, &keep, Origin::Api, &more).await;
            assert_eq!(refused, Err("`sales` would allow what your own roles do not".to_owned()));
            set(&house, &keep, Origin::Api, &format!("{keeper}{}", document("sales", "name"))).await.unwrap();
            set(&house, &keep, Origin::Console, &more).await.unwrap();
        }
    }

    #[tokio::test]
    async fn the_same_request_is_done_once() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let again = async || {
                let text = document("sales", "name");
                set_roles(&house, ada.permit().unwrap(), Origin::Api, &text, Some("k"), now()).await.unwrap()
            };
            assert_eq!(again().await, again().await);
        }
    }
}
