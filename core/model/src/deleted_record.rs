//! DeletedRecord: a record that was deleted and can be brought back.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "DeletedRecord",
        "deletedRecords",
        "del",
        "A record that was deleted. `restore...` of its type brings it back, with what was deleted along with it.",
    )
    .only_for(Role::Admin)
    .field("deletedAt", Kind::DateTime, "When it was deleted.")
    .indexed()
    .field("deletedBy", Kind::Text, "Who deleted it.")
    .field("recordType", Kind::Text, "The record's type.")
    .indexed()
    .field("recordId", Kind::Text, "The record's id, the same as before.")
    .indexed()
    .field(
        "deletedWith",
        Kind::Text,
        "The id of the record with which it was deleted: its own, or that of what it was a part of.",
    )
    .indexed()
    .field("values", Kind::Json, "Its values, by field.")
    .kept()
}
