//! Override: a person's word against a decision.

use crate::{Kind, Moment, ObjectType, Role, Rule, Stamped};

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
    .stamped(Stamped::Time, Moment::Creation)
    .field("madeBy", Kind::Text, "Who set it aside.")
    .stamped(Stamped::Actor, Moment::Creation)
    .field("reason", Kind::Text, "Why.")
    .holds(Rule::NotBlank)
    .optional("verdict", Kind::Json, "What holds instead: output fields of the decision point.")
    .optional("until", Kind::DateTime, "When the decision holds again; null if never.")
    .in_order("madeAt", "until")
    .one("decision", "Decision", false, "The decision that was set aside.")
    .visible_with_it()
}
