//! Membership: a customer in a segment, from, to, and why.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Membership",
        "memberships",
        "mem",
        "A customer in a segment: from when to when, under which strategy and why.",
    )
    .field("from", Kind::DateTime, "When it began.")
    .optional("to", Kind::DateTime, "When it ended; null while it lasts.")
    .field("evidence", Kind::Json, "The facts the strategy's conditions looked at when it began.")
    .only(Role::Department)
    .one("customer", "Customer", false, "Who belongs.")
    .visible_with_it()
    .one("segment", "Segment", false, "Where to.")
    .one("strategy", "Strategy", false, "The strategy that said so.")
    .kept()
}
