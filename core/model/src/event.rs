//! Event: what happened to a record.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const KIND: EnumType = EnumType {
    name: "EventKind",
    doc: "What can happen to a record.",
    values: &[
        EnumValue { name: "CREATED", doc: "It was made." },
        EnumValue { name: "UPDATED", doc: "Some of its values were changed." },
        EnumValue { name: "DELETED", doc: "It was put away." },
        EnumValue { name: "RESTORED", doc: "It was brought back after it was deleted." },
    ],
    begins: &[],
    moves: &[],
};

/// Written in the transaction that does what it tells of, so that none is missing and none tells what was undone.
pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Event",
        "events",
        "evt",
        "What happened to a record through the API, or to a token: who changed what, from what and to what.",
    )
    .only_for(Role::Admin)
    .field("occurredAt", Kind::DateTime, "When it happened.")
    .indexed()
    .field("actor", Kind::Text, "Who did it.")
    .indexed()
    .field("act", Kind::Text, "The mutation it was done by.")
    .field("kind", Kind::Enum(KIND), "What happened.")
    .field("recordType", Kind::Text, "The record's type, or Token.")
    .indexed()
    .field("recordId", Kind::Text, "The record's id, or the token's.")
    .indexed()
    .field("recordVersion", Kind::Int, "The version the record has since then.")
    .optional("before", Kind::Json, "The values that were there before, by field; null if the record was made.")
    .optional("after", Kind::Json, "The values that are there since, by field; null if the record was deleted.")
    .kept()
}
