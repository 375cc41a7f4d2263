//! Dispute: what a customer does not want to pay of an invoice.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const REASON: EnumType = EnumType {
    name: "DisputeReason",
    doc: "What a customer disagrees with.",
    values: &[
        EnumValue { name: "PRICE", doc: "The price is not what was agreed." },
        EnumValue { name: "QUANTITY", doc: "Not as much came as was invoiced." },
        EnumValue { name: "QUALITY", doc: "What came is not as it should be." },
        EnumValue { name: "DELIVERY", doc: "It came late or to the wrong place." },
        EnumValue { name: "DUPLICATE", doc: "It was invoiced before." },
        EnumValue { name: "OTHER", doc: "Something else." },
    ],
    begins: &[],
    moves: &[],
};

const STATUS: EnumType = EnumType {
    name: "DisputeStatus",
    doc: "Where a dispute stands.",
    values: &[
        EnumValue { name: "OPEN", doc: "Raised by the customer." },
        EnumValue { name: "UNDER_REVIEW", doc: "Being looked into." },
        EnumValue { name: "ACCEPTED", doc: "The customer is right, in whole or in part." },
        EnumValue { name: "REJECTED", doc: "The customer is to pay." },
        EnumValue { name: "WITHDRAWN", doc: "Taken back by the customer." },
    ],
    begins: &["OPEN"],
    moves: &[
        ("OPEN", &["UNDER_REVIEW", "ACCEPTED", "REJECTED", "WITHDRAWN"]),
        ("UNDER_REVIEW", &["ACCEPTED", "REJECTED", "WITHDRAWN"]),
        ("REJECTED", &["UNDER_REVIEW"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Dispute",
        "disputes",
        "dsp",
        "What a customer does not want to pay of an invoice, and why. Until it is settled nobody is reminded of that amount.",
    )
    .field("reason", Kind::Enum(REASON), "What the customer disagrees with.")
    .field("status", Kind::Enum(STATUS), "Where it stands.")
    .indexed()
    .field("openedOn", Kind::Date, "The day the customer raised it.")
    .indexed()
    .optional("closedOn", Kind::Date, "The day it was settled.")
    .in_order("openedOn", "closedOn")
    .field("currency", Kind::Text, "ISO 4217 code of the amount's currency.")
    .field("amount", Kind::Money, "How much of the invoice it is about.")
    .holds(Rule::Above(0))
    .optional("description", Kind::Text, "What the customer says, and what was found.")
    .long()
    .one("invoice", "Invoice", false, "The invoice it is about.")
    .visible_with_it()
    .one("creditNote", "CreditNote", true, "The credit note that settled it.")
    .one("case", "Case", true, "The case it is worked on in.")
    .one("owner", "User", true, "Who looks into it.")
}
