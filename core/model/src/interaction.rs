//! Interaction: the business and a customer in contact once.

use crate::channel::CHANNEL;
use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const DIRECTION: EnumType = EnumType {
    name: "InteractionDirection",
    doc: "Who began an interaction.",
    values: &[
        EnumValue { name: "INBOUND", doc: "The customer came to us." },
        EnumValue { name: "OUTBOUND", doc: "We went to the customer." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Interaction",
        "interactions",
        "itr",
        "One contact between the business and a customer: a call, a message, a visit.",
    )
    .field("channel", Kind::Enum(CHANNEL), "How it took place.")
    .field("direction", Kind::Enum(DIRECTION), "Who began it.")
    .optional("occurredAt", Kind::DateTime, "When it took place, or began.")
    .indexed()
    .optional("subject", Kind::Text, "What it was about.")
    .searchable()
    .optional("outcome", Kind::Text, "What came of it.")
    .long()
    .optional("durationSeconds", Kind::Int, "How long it took, in seconds.")
    .holds(Rule::AtLeast(0))
    .one("customer", "Customer", false, "The customer it was with.")
    .visible_with_it()
    .one("contact", "Contact", true, "The person it was with.")
    .one("campaign", "Campaign", true, "The campaign it belongs to.")
}
