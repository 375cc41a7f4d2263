//! Acts on the deployment's own fields.

use guildhall_model::Ability;
use guildhall_workflow::ActValue;
use guildhall_workflow::set_fields::set_fields as set;
use serde::Deserialize;

use super::{Act, Call, Came, Done, KEY, Stopped, by, values};

pub(super) const ACTS: [Act; 1] = [Act {
    name: "setFields",
    doc: "Puts a document of the deployment's own fields into force in place of the one before. They are in the schema from then on. \
        A field that a role, the strategy in force or a plugin names does not go, and none changes its kind.",
    ability: Ability::ManageFields,
    changes_what_decides: true,
    input: &[("document", "String", true, "The fields file."), KEY],
    done: &[Done {
        name: "FieldsSet",
        payload: &[("fieldDocument", "FieldDocument", true, "The document, now in force.")],
    }],
    perform: by!(set_fields),
}];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetFields {
    document: String,
    idempotency_key: String,
}

async fn set_fields(call: &Call<'_>, input: SetFields) -> Result<Came, Stopped> {
    let key = Some(input.idempotency_key.as_str());
    let document = set(call.house, call.actor.permit()?, &input.document, key, call.now).await?;
    values([("fieldDocument", ActValue::Record(document))])
}
