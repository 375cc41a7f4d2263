//! Decision: one recorded answer to a decision point.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Decision",
        "decisions",
        "dec",
        "One recorded decision: what was asked, proposed, bounded and answered, and why.",
    )
    .only_for(Role::Department)
    .field("point", Kind::Text, "The decision point that was asked.")
    .field("decidedAt", Kind::DateTime, "The time the decision was made for.")
    .indexed()
    .field("recordedBy", Kind::Text, "Who asked for it to be recorded.")
    .field("fallback", Kind::Bool, "Whether the decision point's fallback answered because a plugin could not.")
    .field(
        "versions",
        Kind::Json,
        "What decided: number and digest of the strategy, the decision point's and the packages' digests.",
    )
    .optional(
        "request",
        Kind::Json,
        "What was asked beside the customer. Null once erased, as all that tells about the customer.",
    )
    .optional("verdict", Kind::Json, "The answer: the decision point's output fields.")
    .optional("parameters", Kind::Json, "Every parameter with its value and the layer that set it.")
    .optional(
        "proposals",
        Kind::Json,
        "What each plugin proposed under the strategy and by the departments' defaults, with reasons, digest and fuel.",
    )
    .optional("bounds", Kind::Json, "What ground rules changed.")
    .optional("inputs", Kind::Json, "What each plugin and ground rule was shown, byte for byte.")
    .optional("explanation", Kind::Json, "The decision in words for people of the business, one sentence each.")
    .optional("customerExplanation", Kind::Json, "The decision in words for the customer, one sentence each.")
    .optional("erasedAt", Kind::DateTime, "When what tells about the customer was erased; null if it was not.")
    .optional("erasedBy", Kind::Text, "Who erased it.")
    .field("sequence", Kind::Int, "The entry's place in this customer's chain, counted from 1.")
    .field("commitment", Kind::Text, "SHA-256 over a secret salt and what tells about the customer, in hex.")
    .field("digest", Kind::Text, "SHA-256 over the entry and the digest before it, in hex.")
    .optional("previousDigest", Kind::Text, "The digest of the entry before it; null for the first.")
    .one("customer", "Customer", false, "Whom it was about.")
    .visible_with_it()
    .one("strategy", "Strategy", false, "The strategy it was made under.")
    .many("overrides", "Override", "decision_id", "Who set it aside, and why.")
    .many("holds", "Hold", "decision_id", "The holds that follow from it.")
    .kept()
}
