//! TopicSubscription: a topic that a customer wants to hear about.

use crate::channel::CHANNEL;
use crate::{Kind, ObjectType};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "TopicSubscription",
        "topicSubscriptions",
        "sub",
        "That a customer, or a person there, wants to hear about a topic: from when to when, and how.",
    )
    .optional("channel", Kind::Enum(CHANNEL), "How they want to hear about it; null if it does not matter.")
    .field("from", Kind::DateTime, "When it began.")
    .indexed()
    .optional("to", Kind::DateTime, "When it ended; null while it lasts.")
    .in_order("from", "to")
    .one("topic", "Topic", false, "What they want to hear about.")
    .one("customer", "Customer", false, "The customer who wants to hear about it.")
    .visible_with_it()
    .one(
        "contact",
        "Contact",
        true,
        "The person who wants to hear about it; null if it is the customer as a whole.",
    )
}
