//! Override: a person's word against a decision.

use crate::{Kind, ObjectType, Role, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Override",
        "overrides",
        "ovr",
        "That a person set a recorded decision aside: who, why and until when. No ground rule is ever set aside.",
    )
    .only_for(Role::Department)
    .field("madeAt", Kind::DateTime, "When the decision was set aside.")
    .indexed()
    .field("madeBy", Kind::Text, "Who set it aside.")
    .holds(Rule::NotBlank)
    .field("reason", Kind::Text, "Why.")
    .holds(Rule::NotBlank)
    .optional("verdict", Kind::Json, "What holds instead: output fields of the decision point.")
    .optional("until", Kind::DateTime, "When the decision holds again; null if never.")
    .in_order("madeAt", "until")
    .one("decision", "Decision", false, "The decision that was set aside.")
    .visible_with_it()
}
