//! Trusts a publisher's signatures.

use chrono::{DateTime, Utc};
use guildhall_plugin_host::is_public_key;
use guildhall_store::publisher::{self, Publisher};
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError};

const NAME_LENGTH: usize = 64;

/// Trusts the owner of an ed25519 key, under a name of this deployment's own.
pub async fn trust_publisher(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    name: &str,
    public_key: &str,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    if !is_name(name) {
        let message = format!(
            "the name must be lower-case letters, digits and `-`, such as `acme`, at most {NAME_LENGTH} of them"
        );
        return Err(WorkflowError::invalid("name", message));
    }
    if !is_public_key(public_key) {
        let message = "the key must be an ed25519 public key, 64 hex digits in lower case, as `guildhall plugin keygen` prints it";
        return Err(WorkflowError::invalid("publicKey", message));
    }
    let once = Once::under(&by, key, "trustPublisher", &[name.as_bytes(), public_key.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let trusted = publisher::trusted(&turn.transaction).await?;
    if let Some(other) = trusted.iter().find(|other| other.name == name || other.key == public_key) {
        let message = format!("`{}` is trusted already, with the key {}; distrust it first", other.name, other.key);
        return Err(WorkflowError::refused(message));
    }
    let id = Uuid::now_v7();
    let publisher = Publisher {
        id,
        name: name.to_owned(),
        key: public_key.to_owned(),
        trusted_at: now,
        trusted_by: by.name.clone(),
    };
    publisher::trust(&turn.transaction, &publisher).await?;
    turn.end(json!(id), now).await?;
    Ok(id)
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= NAME_LENGTH && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distrust_publisher::distrust_publisher;
    use crate::testing::{admin, houses, now};

    #[tokio::test]
    async fn a_publisher_is_trusted_once_and_until_that_ends() {
        for (house, _fixture) in houses().await {
            let ada = admin("ada");
            let (one, other) = (
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            );
            let trust = async |name: &str, public_key: &str| {
                trust_publisher(&house, ada.permit().unwrap(), name, public_key, None, now())
                    .await
                    .map_err(|error| error.to_string())
            };
            let id = trust("acme", one).await.unwrap();
            let taken = format!("`acme` is trusted already, with the key {one}; distrust it first");
            assert_eq!(trust("acme", other).await, Err(taken.clone()));
            assert_eq!(trust("other", one).await, Err(taken));
            for name in ["", "Acme", "a b", "-a", "a\0"] {
                assert!(trust(name, other).await.unwrap_err().starts_with("the name must be"), "{name}");
            }
            for key in ["", "00", &one.to_uppercase(), &"0".repeat(64)] {
                assert!(trust("other", key).await.unwrap_err().starts_with("the key must be"), "{key}");
            }
            distrust_publisher(&house, ada.permit().unwrap(), id, None, now()).await.unwrap();
            let gone = distrust_publisher(&house, ada.permit().unwrap(), id, None, now()).await;
            assert!(matches!(gone, Err(WorkflowError::NotFound(_))), "{gone:?}");
            trust("other", one).await.unwrap();
        }
    }
}
