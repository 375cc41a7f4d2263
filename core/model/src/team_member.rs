//! TeamMember: a person of the business in a team.

use crate::{Kind, ObjectType};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "TeamMember",
        "teamMembers",
        "tmm",
        "That a person of the business belongs to a team: as what, and from when to when.",
    )
    .opening_rows()
    .optional("role", Kind::Text, "What the person does in the team.")
    .field("from", Kind::Date, "The first day the person belongs to it.")
    .optional("to", Kind::Date, "The last day the person belongs to it; null while no end is known.")
    .in_order("from", "to")
    .one("team", "Team", false, "The team.")
    .one("user", "User", false, "The person.")
}
