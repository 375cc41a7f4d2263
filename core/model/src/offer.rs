//! Offer: what a campaign offers one customer.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const STATUS: EnumType = EnumType {
    name: "OfferStatus",
    doc: "Where an offer stands.",
    values: &[
        EnumValue { name: "PLANNED", doc: "Meant for the customer, who does not know of it yet." },
        EnumValue { name: "SENT", doc: "The customer knows of it." },
        EnumValue { name: "REDEEMED", doc: "The customer made use of it." },
        EnumValue { name: "DECLINED", doc: "The customer does not want it." },
        EnumValue { name: "EXPIRED", doc: "Past its last day." },
        EnumValue { name: "WITHDRAWN", doc: "Taken back by us." },
    ],
    begins: &["PLANNED", "SENT"],
    moves: &[
        ("PLANNED", &["SENT", "WITHDRAWN", "EXPIRED"]),
        ("SENT", &["REDEEMED", "DECLINED", "WITHDRAWN", "EXPIRED"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Offer", "offers", "ofr", "What a campaign offers one customer, who can redeem it once.")
        .field("name", Kind::Text, "What is offered, in a few words.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .optional("code", Kind::Text, "What the customer shows to redeem it.")
        .searchable()
        .indexed()
        .field("status", Kind::Enum(STATUS), "Where it stands.")
        .indexed()
        .optional("validFrom", Kind::Date, "The first day it can be redeemed.")
        .optional("validUntil", Kind::Date, "The last day it can be redeemed.")
        .indexed()
        .in_order("validFrom", "validUntil")
        .field("currency", Kind::Text, "ISO 4217 code of the value's currency.")
        .optional("value", Kind::Money, "What it is worth to the customer.")
        .holds(Rule::AtLeast(0))
        .optional("discount", Kind::Decimal { scale: 4 }, "Share of the price it takes off: 0.05 is 5 %.")
        .holds(Rule::Between(0, 1))
        .optional("redeemedAt", Kind::DateTime, "When the customer made use of it.")
        .one("campaign", "Campaign", false, "The campaign it belongs to.")
        .one("customer", "Customer", false, "Whom it is for.")
        .visible_with_it()
        .one("contact", "Contact", true, "The person it is for.")
        .one("product", "Product", true, "The product it is about; null if about any.")
        .one(
            "order",
            "Order",
            true,
            "The order it was redeemed with; a code may be passed on, so it may be another customer's.",
        )
        .across_customers()
}
