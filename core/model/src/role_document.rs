//! RoleDocument: one version of the roles a deployment has beside the built-in ones.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "RoleDocument",
        "roleDocuments",
        "rol",
        "One version of the deployment's own roles. The one with the highest number is in force.",
    )
    .only_for(Role::Admin)
    .field("number", Kind::Int, "The version, counted from 1.")
    .indexed()
    .field("document", Kind::Text, "The roles file, as it was set.")
    .field("digest", Kind::Text, "SHA-256 of the document, in hex.")
    .field("setAt", Kind::DateTime, "When it came into force.")
    .field("setBy", Kind::Text, "Who set it.")
    .kept()
}
