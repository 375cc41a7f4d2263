//! Tokens, and the roles they speak of.

use chrono::{DateTime, Utc};
use guildhall_model::{Ability, Reach, Scope};
use guildhall_workflow::create_token::{Created, NewToken, Origin, create_token as create};
use guildhall_workflow::revoke_token::revoke_token as revoke;
use guildhall_workflow::rotate_token::rotate_token as rotate;
use guildhall_workflow::set_roles::set_roles as set;
use guildhall_workflow::{ActValue, WorkflowError};
use serde::Deserialize;
use uuid::Uuid;

use super::{Act, Call, KEY, Stopped, Values, by, values};

pub(super) static ACTS: [Act; 4] = [
    Act {
        name: "createToken",
        doc: "Makes a bearer token for an actor. It is shown this once; only its hash is kept. So there is no idempotency \
            key: a stored answer would have to keep the token itself. If an answer is lost, revoke that token and make \
            another. Nobody gives what his own token does not allow. For an approver of the strategy in force only the approver makes one.",
        ability: Ability::ManageTokens,
        changes_what_decides: false,
        input: &[
            ("actor", "String", true, "Who will use it."),
            ("roles", "[String!]", true, "The names of their roles, which add up."),
            ("scopes", "[TokenScope!]", false, "What it is for, within what the roles allow; everything if not said."),
            ("reach", "TokenReach", false, "Whose records they see at most; ALL if not said."),
            ("territory", "String", false, "Which territory, with the reach TERRITORY."),
            ("expiresAt", "DateTime", false, "When it ceases to hold; never if not said."),
        ],
        done: "TokenCreated",
        payload: &[
            ("tokenId", "String", true, "Names the token when it is revoked."),
            ("token", "String", true, "The token itself."),
        ],
        perform: by!(create_token),
    },
    Act {
        name: "rotateToken",
        doc: "Makes a token with a new secret that allows the same until the same end, and ends the old one. It is shown this \
            once, as with `createToken`.",
        ability: Ability::ManageTokens,
        changes_what_decides: false,
        input: &[
            ("tokenId", "String", true, "The token's id, as `createToken` gave it."),
            (
                "graceSeconds",
                "Int",
                false,
                "How long the old one holds on: 0 if not said, at most 604800, which is 7 days.",
            ),
        ],
        done: "TokenRotated",
        payload: &[
            ("tokenId", "String", true, "Names the new token."),
            ("token", "String", true, "The new token itself."),
        ],
        perform: by!(rotate_token),
    },
    Act {
        name: "revokeToken",
        doc: "Makes a token worthless: at once in the process that answers, within two seconds in others.",
        ability: Ability::ManageTokens,
        changes_what_decides: false,
        input: &[("tokenId", "String", true, "The token's id, as `createToken` gave it.")],
        done: "TokenRevoked",
        payload: &[("tokenId", "String", true, "The token that no longer holds.")],
        perform: by!(revoke_token),
    },
    Act {
        name: "setRoles",
        doc: "Puts a document of the deployment's own roles into force in place of the one before. A role that a token in use \
            has does not go.",
        ability: Ability::ManageRoles,
        changes_what_decides: false,
        input: &[("document", "String", true, "The roles file."), KEY],
        done: "RolesSet",
        payload: &[("roleDocument", "RoleDocument", true, "The document, now in force.")],
        perform: by!(set_roles),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    actor: String,
    roles: Vec<String>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    reach: Option<String>,
    #[serde(default)]
    territory: Option<String>,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

async fn create_token(call: &Call<'_>, input: CreateToken) -> Result<Values, Stopped> {
    let scopes = match input.scopes {
        None => Scope::ALL.to_vec(),
        Some(names) => {
            let scope = |name: &String| Scope::named(&name.to_ascii_lowercase());
            let unknown = || WorkflowError::invalid("scopes", "there is no such scope");
            names.iter().map(scope).collect::<Option<_>>().ok_or_else(unknown)?
        }
    };
    let reach = match (input.reach.as_deref(), input.territory) {
        (None | Some("ALL"), None) => Reach::All,
        (Some("OWN"), None) => Reach::Own,
        (Some("TEAM"), None) => Reach::Team,
        (Some("TERRITORY"), Some(name)) if !name.trim().is_empty() => Reach::Territory(name),
        _ => {
            let message = "`territory` names one with the reach TERRITORY, and only then";
            return Err(WorkflowError::invalid("territory", message).into());
        }
    };
    let token = NewToken { actor: input.actor, roles: input.roles, scopes, reach, expires_at: input.expires_at };
    shown(create(call.house, call.actor.permit()?, Origin::Api, token, call.now).await?)
}

/// A token, shown this once.
fn shown(created: Created) -> Result<Values, Stopped> {
    let id = ActValue::Json(created.id.to_string().into());
    values([("tokenId", id), ("token", ActValue::Json(created.secret.into()))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RotateToken {
    token_id: String,
    #[serde(default)]
    grace_seconds: Option<i64>,
}

async fn rotate_token(call: &Call<'_>, input: RotateToken) -> Result<Values, Stopped> {
    let grace = u32::try_from(input.grace_seconds.unwrap_or(0))
        .map_err(|_| WorkflowError::invalid("graceSeconds", "`graceSeconds` is less than nothing"))?;
    let (by, id) = (call.actor.permit()?, token_id(&input.token_id)?);
    shown(rotate(call.house, by, Origin::Api, id, grace, call.now).await?)
}

fn token_id(text: &str) -> Result<Uuid, WorkflowError> {
    Uuid::try_parse(text).map_err(|_| WorkflowError::invalid("tokenId", format!("`{text}` is not a token's id")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokeToken {
    token_id: String,
}

async fn revoke_token(call: &Call<'_>, input: RevokeToken) -> Result<Values, Stopped> {
    revoke(call.house, call.actor.permit()?, token_id(&input.token_id)?, call.now).await?;
    values([("tokenId", ActValue::Json(input.token_id.into()))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetRoles {
    document: String,
    idempotency_key: String,
}

async fn set_roles(call: &Call<'_>, input: SetRoles) -> Result<Values, Stopped> {
    let (by, key) = (call.actor.permit()?, Some(input.idempotency_key.as_str()));
    let document = set(call.house, by, Origin::Api, &input.document, key, call.now).await?;
    values([("roleDocument", ActValue::Record(document))])
}
