//! Opportunity: something a customer may buy.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const STATUS: EnumType = EnumType {
    name: "OpportunityStatus",
    doc: "How far an opportunity has come.",
    values: &[
        EnumValue { name: "QUALIFYING", doc: "Being found out whether there is a need." },
        EnumValue { name: "PROPOSING", doc: "The customer is shown what we would do." },
        EnumValue { name: "NEGOTIATING", doc: "Prices and terms are talked about." },
        EnumValue { name: "WON", doc: "The customer buys." },
        EnumValue { name: "LOST", doc: "The customer does not buy." },
    ],
    begins: &["QUALIFYING", "PROPOSING", "NEGOTIATING"],
    moves: &[
        ("QUALIFYING", &["PROPOSING", "NEGOTIATING", "WON", "LOST"]),
        ("PROPOSING", &["QUALIFYING", "NEGOTIATING", "WON", "LOST"]),
        ("NEGOTIATING", &["QUALIFYING", "PROPOSING", "WON", "LOST"]),
        ("LOST", &["QUALIFYING"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Opportunity", "opportunities", "opp", "Something a customer may buy, and how likely that is.")
        .field("name", Kind::Text, "What it is about.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .field("status", Kind::Enum(STATUS), "How far it has come.")
        .indexed()
        .field("currency", Kind::Text, "ISO 4217 code of the amount's currency.")
        .optional("amount", Kind::Money, "What the customer would pay; null if nobody can tell yet.")
        .holds(Rule::AtLeast(0))
        .optional("probability", Kind::Decimal { scale: 4 }, "How likely the customer buys: 0.35 is 35 %.")
        .holds(Rule::Between(0, 1))
        .optional("expectedOn", Kind::Date, "The day the customer is expected to decide.")
        .indexed()
        .optional("closedOn", Kind::Date, "The day the customer decided.")
        .optional("nextStep", Kind::Text, "What is to be done next.")
        .optional("lossReason", Kind::Text, "Why the customer did not buy.")
        .one("customer", "Customer", false, "Who may buy.")
        .visible_with_it()
        .one("contact", "Contact", true, "The person to talk to.")
        .one("campaign", "Campaign", true, "The campaign it comes from.")
        .one("owner", "User", true, "Who looks after it.")
        .many("quotes", "Quote", "opportunity_id", "The quotes made for it.")
        .many("tasks", "Task", "opportunity_id", "What is to be done for it.")
        .many("notes", "Note", "opportunity_id", "What was written down about it.")
}
