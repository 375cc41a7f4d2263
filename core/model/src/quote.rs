//! Quote: what we offer to deliver for how much.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role, Rule};

const STATUS: EnumType = EnumType {
    name: "QuoteStatus",
    doc: "Where a quote stands.",
    values: &[
        EnumValue { name: "DRAFT", doc: "Being written." },
        EnumValue { name: "PENDING", doc: "Waits for somebody to approve its prices." },
        EnumValue { name: "APPROVED", doc: "Its prices are approved; not sent yet." },
        EnumValue { name: "SENT", doc: "With the customer, without an answer so far." },
        EnumValue { name: "ACCEPTED", doc: "The customer took it up." },
        EnumValue { name: "DECLINED", doc: "The customer does not want it." },
        EnumValue { name: "EXPIRED", doc: "Past its last day without an answer." },
        EnumValue { name: "WITHDRAWN", doc: "Taken back by us." },
    ],
    begins: &["DRAFT"],
    moves: &[
        ("DRAFT", &["PENDING", "APPROVED", "SENT", "WITHDRAWN"]),
        ("PENDING", &["DRAFT", "APPROVED", "WITHDRAWN"]),
        ("APPROVED", &["DRAFT", "SENT", "WITHDRAWN"]),
        ("SENT", &["ACCEPTED", "DECLINED", "EXPIRED", "WITHDRAWN"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Quote", "quotes", "quo", "What we offer a customer to deliver, for how much and until when.")
        .field("number", Kind::Text, "The number people know the quote by.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .field("status", Kind::Enum(STATUS), "Where the quote stands.")
        .indexed()
        .field("quotedOn", Kind::Date, "The day its prices are of.")
        .indexed()
        .optional("validUntil", Kind::Date, "The last day the customer can take it up.")
        .indexed()
        .in_order("quotedOn", "validUntil")
        .field("currency", Kind::Text, "ISO 4217 code of the quote's currency.")
        .field("listTotal", Kind::Money, "Sum of quantity x list price over the lines.")
        .holds(Rule::AtLeast(0))
        .field("netTotal", Kind::Money, "Sum of the lines' net amounts, after all discounts.")
        .holds(Rule::AtLeast(0))
        .optional("costTotal", Kind::Money, "Sum of quantity x unit cost over the lines; null when a cost is unknown.")
        .only(Role::Department)
        .optional("margin", Kind::Money, "netTotal - costTotal; null when a cost is unknown.")
        .only(Role::Department)
        .optional("approvalReason", Kind::Text, "Why somebody has to approve it, or who did.")
        .only(Role::Department)
        .one("customer", "Customer", false, "Whom it is for.")
        .visible_with_it()
        .one("contact", "Contact", true, "The person it is for.")
        .one("opportunity", "Opportunity", true, "The opportunity it belongs to.")
        .one("order", "Order", true, "The order it became.")
        .one("owner", "User", true, "Who made it.")
        .one("strategy", "Strategy", true, "The strategy its prices were made under.")
        .many("lines", "QuoteLine", "quote_id", "What is offered.")
}
