//! Strategy: one versioned document above all departments.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STATUS: EnumType = EnumType {
    name: "StrategyStatus",
    doc: "Where a strategy stands in its life.",
    values: &[
        EnumValue { name: "ACTIVE", doc: "Decides now. At most one strategy is active." },
        EnumValue { name: "RETIRED", doc: "Decided once." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Strategy", "strategies", "str", "One version of the customer strategy. Exactly one is active.")
        .only_for(Role::Department)
        .field("number", Kind::Int, "The version of the strategy, counted from 1.")
        .indexed()
        .field("status", Kind::Enum(STATUS), "Where it stands in its life.")
        .field("name", Kind::Text, "Its title.")
        .field("vision", Kind::Text, "What the business wants to be for its customers.")
        .field("document", Kind::Text, "The strategy file, as it was activated.")
        .field("digest", Kind::Text, "SHA-256 of the document, in hex.")
        .field("activatedAt", Kind::DateTime, "When it became active.")
        .field("activatedBy", Kind::Text, "The approver who activated it.")
        .optional("retiredAt", Kind::DateTime, "When another took its place.")
        .many("decisions", "Decision", "strategy_id", "The recorded decisions made under it.")
        .many("memberships", "Membership", "strategy_id", "The memberships it gave.")
        .kept()
}
