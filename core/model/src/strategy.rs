//! Strategy: one versioned document above all departments.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

/// The life of a strategy. One that was retired comes back by a rollback alone.
const STATUS: EnumType = EnumType {
    name: "StrategyStatus",
    doc: "Where a strategy stands in its life.",
    values: &[
        EnumValue { name: "DRAFT", doc: "Proposed, and without errors." },
        EnumValue { name: "SIMULATED", doc: "Compared with the strategy in force, over every customer." },
        EnumValue { name: "APPROVED", doc: "Approved: it may become active." },
        EnumValue {
            name: "CHALLENGER",
            doc: "Decides for a share of the customers. At most one strategy is a challenger.",
        },
        EnumValue { name: "ACTIVE", doc: "Decides now. At most one strategy is active." },
        EnumValue { name: "RETIRED", doc: "Decided once, or was withdrawn before it did." },
    ],
    begins: &["DRAFT", "APPROVED"],
    moves: &[
        ("DRAFT", &["SIMULATED", "APPROVED", "RETIRED"]),
        ("SIMULATED", &["APPROVED", "RETIRED"]),
        ("APPROVED", &["CHALLENGER", "ACTIVE", "RETIRED"]),
        ("CHALLENGER", &["ACTIVE", "RETIRED"]),
        ("ACTIVE", &["RETIRED"]),
        ("RETIRED", &["ACTIVE"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Strategy", "strategies", "str", "One version of the customer strategy. Exactly one is active.")
        .only_for(Role::Department)
        .field("number", Kind::Int, "The version of the strategy, counted from 1.")
        .indexed()
        .field("status", Kind::Enum(STATUS), "Where it stands in its life.")
        .field("name", Kind::Text, "Its title.")
        .field("vision", Kind::Text, "What the business wants to be for its customers.")
        .field("document", Kind::Text, "The strategy file, as it was proposed.")
        .field("digest", Kind::Text, "SHA-256 of the document, in hex.")
        .field("proposedAt", Kind::DateTime, "When it was proposed.")
        .field("proposedBy", Kind::Text, "Who proposed it.")
        .optional("simulatedAt", Kind::DateTime, "When it was last simulated over every customer.")
        .optional("simulatedBy", Kind::Text, "Who simulated it.")
        .optional("approvedAt", Kind::DateTime, "When it was approved.")
        .optional("approvedBy", Kind::Text, "The approver who approved it.")
        .optional("challengedAt", Kind::DateTime, "When it became a challenger.")
        .optional("challengedBy", Kind::Text, "The approver who made it a challenger.")
        .optional(
            "challengerShare",
            Kind::Decimal { scale: 4 },
            "The share of the customers it decides for as a challenger, always the same ones: 0.1 is 10 %.",
        )
        .optional("activateAt", Kind::DateTime, "When it is to become active by itself; null if it is not.")
        .optional(
            "activationRefused",
            Kind::Text,
            "Why it did not become active by itself; null if it did or is yet to.",
        )
        .optional("activatedAt", Kind::DateTime, "When it last became active.")
        .optional("activatedBy", Kind::Text, "The approver who activated it, or said when.")
        .optional("retiredAt", Kind::DateTime, "When another took its place, or when it was withdrawn.")
        .many("decisions", "Decision", "strategy_id", "The recorded decisions made under it.")
        .many("memberships", "Membership", "strategy_id", "The memberships it gave.")
        .kept()
}
