//! Milestone: what was promised about a case, and by when.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType};

const KIND: EnumType = EnumType {
    name: "MilestoneKind",
    doc: "What is promised.",
    values: &[
        EnumValue { name: "FIRST_RESPONSE", doc: "The first answer by a person." },
        EnumValue { name: "NEXT_UPDATE", doc: "Word of how far it is." },
        EnumValue { name: "RESOLUTION", doc: "That it is settled." },
        EnumValue { name: "OTHER", doc: "Something else." },
    ],
    begins: &[],
    moves: &[],
};

const STATUS: EnumType = EnumType {
    name: "MilestoneStatus",
    doc: "Whether a promise was kept.",
    values: &[
        EnumValue { name: "RUNNING", doc: "The clock runs." },
        EnumValue { name: "PAUSED", doc: "The clock stands still, as when the customer has to answer." },
        EnumValue { name: "MET", doc: "Kept in time." },
        EnumValue { name: "MISSED", doc: "Not kept in time." },
        EnumValue { name: "CANCELLED", doc: "No longer asked for." },
    ],
    begins: &["RUNNING"],
    moves: &[("RUNNING", &["PAUSED", "MET", "MISSED", "CANCELLED"]), ("PAUSED", &["RUNNING", "MET", "CANCELLED"])],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Milestone", "milestones", "mil", "One thing promised about a case, and by when.")
        .field("kind", Kind::Enum(KIND), "What is promised.")
        .field("status", Kind::Enum(STATUS), "Whether it was kept.")
        .indexed()
        .field("dueAt", Kind::DateTime, "By when.")
        .indexed()
        .optional("metAt", Kind::DateTime, "When it was done, in time or late.")
        .one("case", "Case", false, "The case it is about.")
        .visible_with_it()
}
