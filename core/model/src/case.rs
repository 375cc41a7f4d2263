//! Case: something a customer wants settled.

use crate::channel::CHANNEL;
use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const SEVERITY: EnumType = EnumType {
    name: "CaseSeverity",
    doc: "How bad it is for the customer.",
    values: &[
        EnumValue { name: "CRITICAL", doc: "Severity 1: the customer cannot work." },
        EnumValue { name: "HIGH", doc: "Severity 2: the customer is held up badly." },
        EnumValue { name: "NORMAL", doc: "Severity 3: something is wrong, and there is a way around it." },
        EnumValue { name: "LOW", doc: "Severity 4: a question or a wish." },
    ],
    begins: &[],
    moves: &[],
};

const STATUS: EnumType = EnumType {
    name: "CaseStatus",
    doc: "Where a case stands.",
    values: &[
        EnumValue { name: "NEW", doc: "Nobody has taken it up." },
        EnumValue { name: "IN_PROGRESS", doc: "Somebody works on it." },
        EnumValue { name: "WAITING", doc: "Waits for the customer or somebody else." },
        EnumValue { name: "RESOLVED", doc: "Settled, unless the customer says otherwise." },
        EnumValue { name: "CLOSED", doc: "Over." },
    ],
    begins: &["NEW", "IN_PROGRESS"],
    moves: &[
        ("NEW", &["IN_PROGRESS", "WAITING", "RESOLVED", "CLOSED"]),
        ("IN_PROGRESS", &["NEW", "WAITING", "RESOLVED", "CLOSED"]),
        ("WAITING", &["IN_PROGRESS", "RESOLVED", "CLOSED"]),
        ("RESOLVED", &["IN_PROGRESS", "CLOSED"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Case",
        "cases",
        "cas",
        "Something a customer wants settled: a complaint, a question, a repair.",
    )
    .field("number", Kind::Text, "The number people know the case by.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .field("subject", Kind::Text, "What it is about, in a few words.")
    .searchable()
    .holds(Rule::NotBlank)
    .optional("description", Kind::Text, "What the customer says.")
    .long()
    .optional("category", Kind::Text, "The kind of thing it is about.")
    .field("severity", Kind::Enum(SEVERITY), "How bad it is for the customer.")
    .indexed()
    .field("status", Kind::Enum(STATUS), "Where it stands.")
    .indexed()
    .optional("channel", Kind::Enum(CHANNEL), "How the customer came to us with it.")
    .field("openedAt", Kind::DateTime, "When the customer came to us with it.")
    .indexed()
    .optional("dueAt", Kind::DateTime, "By when it is to be settled.")
    .indexed()
    .optional("resolvedAt", Kind::DateTime, "When it was settled.")
    .optional("closedAt", Kind::DateTime, "When it was over.")
    .optional("resolution", Kind::Text, "How it was settled.")
    .long()
    .in_order("openedAt", "dueAt")
    .in_order("openedAt", "resolvedAt")
    .in_order("openedAt", "closedAt")
    .one("customer", "Customer", false, "Whose case it is.")
    .visible_with_it()
    .one("contact", "Contact", true, "The person who came to us with it.")
    .one("order", "Order", true, "The order it is about.")
    .one("invoice", "Invoice", true, "The invoice it is about.")
    .one("product", "Product", true, "The product it is about.")
    .one("owner", "User", true, "Who works on it.")
    .one("team", "Team", true, "The team it waits with.")
    .many("milestones", "Milestone", "case_id", "What was promised about it, and by when.")
    .many("disputes", "Dispute", "case_id", "The disputes that are worked on in it.")
    .many("tasks", "Task", "case_id", "What is to be done about it.")
    .many("notes", "Note", "case_id", "What was written down about it.")
}
