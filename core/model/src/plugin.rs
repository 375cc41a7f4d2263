//! Plugin: what a department shipped.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STATUS: EnumType = EnumType {
    name: "PluginStatus",
    doc: "Whether a plugin decides.",
    values: &[
        EnumValue { name: "INSTALLED", doc: "Proposes at its decision points." },
        EnumValue { name: "REMOVED", doc: "Proposed once." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Plugin",
        "plugins",
        "plg",
        "A department's behaviour, installed as one sandboxed WebAssembly component.",
    )
    .only_for(Role::Department)
    .field("name", Kind::Text, "The plugin's name.")
    .indexed()
    .field("pluginVersion", Kind::Text, "The plugin's own semantic version.")
    .field("department", Kind::Text, "The department that answers for it.")
    .field("status", Kind::Enum(STATUS), "Whether it decides.")
    .field("digest", Kind::Text, "SHA-256 of the package, in hex. Grants belong to it, never to a name.")
    .field("size", Kind::Int, "Size of the package in bytes.")
    .field(
        "points",
        Kind::Json,
        "The decision points it serves, each with the fields it reads and the events after which it is asked.",
    )
    .field(
        "contribution",
        Kind::Json,
        "What it brings to the schema and in which version, and which plugins it needs for that.",
    )
    .field("installedAt", Kind::DateTime, "When it was installed.")
    .field("installedBy", Kind::Text, "Who installed it.")
    .kept()
}
