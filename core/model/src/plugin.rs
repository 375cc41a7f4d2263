//! Plugin: what a department shipped.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STATUS: EnumType = EnumType {
    name: "PluginStatus",
    doc: "Whether a plugin decides.",
    values: &[
        EnumValue { name: "INSTALLED", doc: "Proposes at its decision points." },
        EnumValue { name: "DISABLED", doc: "Kept with its grant and settings, and not asked." },
        EnumValue { name: "REMOVED", doc: "Proposed once." },
    ],
    begins: &[],
    moves: &[],
};

const ARRIVAL: EnumType = EnumType {
    name: "PluginArrival",
    doc: "How an installation came to be.",
    values: &[
        EnumValue { name: "INSTALL", doc: "There was none of its name." },
        EnumValue { name: "UPGRADE", doc: "In place of a lower version." },
        EnumValue { name: "ROLLBACK", doc: "Back in place of the version that had replaced it." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Plugin",
        "plugins",
        "plg",
        "One installation of a department's behaviour: a sandboxed WebAssembly component, by its digest. An upgrade is an \
            installation of its own, so those of a name are its history.",
    )
    .only_for(Role::Department)
    .field("name", Kind::Text, "The plugin's name.")
    .indexed()
    .field("pluginVersion", Kind::Text, "The plugin's own semantic version.")
    .field("department", Kind::Text, "The department that answers for it.")
    .field("status", Kind::Enum(STATUS), "Whether it decides.")
    .field("digest", Kind::Text, "SHA-256 of the package, in hex. Grants belong to it, never to a name.")
    .field("size", Kind::Int, "Size of the package in bytes.")
    .field("contract", Kind::Text, "The plugin contract it was built for.")
    .field("modelRange", Kind::Text, "Which versions of the customer model it reads.")
    .optional("provides", Kind::Text, "Version of the decision points it adds, if it adds any.")
    .field("requires", Kind::Json, "The plugins whose decision points it needs, each with a range of versions.")
    .field("points", Kind::Json, "The decision points it serves, each with the fields it reads.")
    .field("grants", Kind::Json, "What it may read: each field with the reason its manifest gives.")
    .field("approvedAt", Kind::DateTime, "When that was approved.")
    .field("approvedBy", Kind::Text, "Who approved it.")
    .field("settings", Kind::Json, "Its settings, with the defaults of its package.")
    .field("settingsAt", Kind::DateTime, "When they were last set.")
    .field("settingsBy", Kind::Text, "Who set them.")
    .optional("publisher", Kind::Text, "The trusted publisher that signed the package; nothing if none did.")
    .optional("publisherKey", Kind::Text, "The ed25519 key the package is signed with, in hex, trusted or not.")
    .field("arrival", Kind::Enum(ARRIVAL), "How it came to be installed.")
    .field("installedAt", Kind::DateTime, "When it was installed.")
    .field("installedBy", Kind::Text, "Who installed it.")
    .field("changedAt", Kind::DateTime, "When its status last changed.")
    .field("changedBy", Kind::Text, "Who changed it.")
    .kept()
}
