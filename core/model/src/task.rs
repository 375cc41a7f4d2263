//! Task: something to be done for a customer.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const STATUS: EnumType = EnumType {
    name: "TaskStatus",
    doc: "Where a task stands.",
    values: &[
        EnumValue { name: "OPEN", doc: "Not begun." },
        EnumValue { name: "IN_PROGRESS", doc: "Begun." },
        EnumValue { name: "DONE", doc: "Done." },
        EnumValue { name: "CANCELLED", doc: "Will not be done." },
    ],
    begins: &["OPEN", "IN_PROGRESS"],
    moves: &[
        ("OPEN", &["IN_PROGRESS", "DONE", "CANCELLED"]),
        ("IN_PROGRESS", &["OPEN", "DONE", "CANCELLED"]),
        ("DONE", &["OPEN"]),
        ("CANCELLED", &["OPEN"]),
    ],
};

const PRIORITY: EnumType = EnumType {
    name: "TaskPriority",
    doc: "How much a task presses.",
    values: &[
        EnumValue { name: "HIGH", doc: "Before others." },
        EnumValue { name: "NORMAL", doc: "In its turn." },
        EnumValue { name: "LOW", doc: "When there is time." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Task", "tasks", "tsk", "Something somebody is to do for a customer.")
        .field("subject", Kind::Text, "What is to be done, in a few words.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .optional("description", Kind::Text, "What is to be done, at length.")
        .long()
        .field("status", Kind::Enum(STATUS), "Where it stands.")
        .indexed()
        .field("priority", Kind::Enum(PRIORITY), "How much it presses.")
        .optional("dueOn", Kind::Date, "The day it is to be done by.")
        .indexed()
        .optional("doneAt", Kind::DateTime, "When it was done.")
        .one("customer", "Customer", false, "Whom it is for.")
        .visible_with_it()
        .one("contact", "Contact", true, "The person it has to do with.")
        .one("order", "Order", true, "The order it has to do with.")
        .one("invoice", "Invoice", true, "The invoice it has to do with.")
        .one("case", "Case", true, "The case it belongs to.")
        .one("opportunity", "Opportunity", true, "The opportunity it belongs to.")
        .one("owner", "User", true, "Who is to do it.")
        .one("team", "Team", true, "The team it waits with.")
        .one("decision", "Decision", true, "The recorded decision it follows from; null if a person made it.")
        .led_by_guildhall()
}
