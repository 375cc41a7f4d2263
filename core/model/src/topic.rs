//! Topic: what the business writes to customers about.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Topic",
        "topics",
        "top",
        "Something the business writes to customers about: news, offers, tastings.",
    )
    .field("key", Kind::Text, "The name that programs know it by.")
    .indexed()
    .at_most(100)
    .holds(Rule::NotBlank)
    .field("name", Kind::Text, "The topic's name for people.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .optional("description", Kind::Text, "What customers get who want it, in words they would use.")
    .long()
    .field(
        "promotional",
        Kind::Bool,
        "Whether it promotes something, which needs consent; invoices and answers do not.",
    )
    .many("subscriptions", "TopicSubscription", "topic_id", "Who wants it.")
    .many("consents", "Consent", "topic_id", "Who allowed it, and who does not any more.")
}
