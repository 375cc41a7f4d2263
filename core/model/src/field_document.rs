//! FieldDocument: one version of the fields a deployment lays over the model.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "FieldDocument",
        "fieldDocuments",
        "fie",
        "One version of the deployment's own fields. The one with the highest number is in force.",
    )
    .only_for(Role::Admin)
    .field("number", Kind::Int, "The version, counted from 1.")
    .indexed()
    .field("document", Kind::Text, "The fields file, as it was set.")
    .field("digest", Kind::Text, "SHA-256 of the document, in hex.")
    .field("setAt", Kind::DateTime, "When it came into force.")
    .field("setBy", Kind::Text, "Who set it.")
    .kept()
}
