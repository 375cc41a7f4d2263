//! Segment: a group of customers with a need.

use crate::{Kind, ObjectType};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Segment", "segments", "seg", "A group of customers with a need, as the strategy defines it.")
        .field("key", Kind::Text, "The segment's name in the strategy file.")
        .indexed()
        .field("name", Kind::Text, "The segment's name for people.")
        .field("need", Kind::Text, "What these customers need from us.")
        .field(
            "rank",
            Kind::Int,
            "Place in the strategy's order: a customer belongs to the first segment whose condition holds.",
        )
        .field("current", Kind::Bool, "Whether the active strategy has this segment.")
        .one("parent", "Segment", true, "The segment this one is part of.")
        .many("customers", "Customer", "segment_id", "The customers who belong to it now.")
        .many("memberships", "Membership", "segment_id", "Who belonged to it when, and why.")
        .kept()
}
