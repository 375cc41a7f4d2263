//! Whose packages are trusted.

use guildhall_model::Ability;
use guildhall_workflow::ActValue;
use guildhall_workflow::distrust_publisher::distrust_publisher;
use guildhall_workflow::trust_publisher::trust_publisher;
use serde::Deserialize;

use super::{Act, Call, KEY, Stopped, Values, by, id_of, values};

pub(super) static ACTS: [Act; 2] = [
    Act {
        name: "trustPublisher",
        doc: "Trusts the packages that are signed with a key, under a name of the deployment's own.",
        ability: Ability::ManagePlugins,
        changes_what_decides: false,
        input: &[
            ("name", "String", true, "Your name for the publisher: lower-case letters, digits and `-`."),
            ("publicKey", "String", true, "Its ed25519 public key, 64 hex digits."),
            KEY,
        ],
        done: "PublisherTrusted",
        payload: &[("publisher", "Publisher", true, "The publisher, now trusted.")],
        perform: by!(trust),
    },
    Act {
        name: "distrustPublisher",
        doc: "Trusts a publisher no longer. What is installed stays: it was approved field by field.",
        ability: Ability::ManagePlugins,
        changes_what_decides: false,
        input: &[("publisher", "ID", true, "The publisher."), KEY],
        done: "PublisherDistrusted",
        payload: &[("publisher", "Publisher", true, "The publisher, no longer trusted.")],
        perform: by!(distrust),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trust {
    name: String,
    public_key: String,
    idempotency_key: String,
}

async fn trust(call: &Call<'_>, input: Trust) -> Result<Values, Stopped> {
    let (by, key) = (call.actor.permit()?, Some(input.idempotency_key.as_str()));
    let id = trust_publisher(call.house, by, &input.name, &input.public_key, key, call.now).await?;
    values([("publisher", ActValue::Record(id))])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Distrust {
    publisher: String,
    idempotency_key: String,
}

async fn distrust(call: &Call<'_>, input: Distrust) -> Result<Values, Stopped> {
    let id = id_of(call.house, "Publisher", "publisher", &input.publisher)?;
    distrust_publisher(call.house, call.actor.permit()?, id, Some(&input.idempotency_key), call.now).await?;
    values([("publisher", ActValue::Record(id))])
}
