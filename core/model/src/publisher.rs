//! Publisher: whose signature on a package is trusted.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STATUS: EnumType = EnumType {
    name: "PublisherStatus",
    doc: "Whether a publisher is trusted.",
    values: &[
        EnumValue { name: "TRUSTED", doc: "Packages signed with its key are from it." },
        EnumValue { name: "DISTRUSTED", doc: "It was trusted once; nothing new of it is installed as its own." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Publisher", "publishers", "pbl", "Whose signature on a plugin's package is trusted.")
        .only_for(Role::Department)
        .field(
            "name",
            Kind::Text,
            "The name the deployment has for it. What a package says about itself does not count.",
        )
        .field("key", Kind::Text, "Its ed25519 public key, in hex.")
        .field("status", Kind::Enum(STATUS), "Whether it is trusted.")
        .field("trustedAt", Kind::DateTime, "When it was trusted.")
        .field("trustedBy", Kind::Text, "Who trusted it.")
        .optional("distrustedAt", Kind::DateTime, "When that ended.")
        .optional("distrustedBy", Kind::Text, "Who ended it.")
        .kept()
}
