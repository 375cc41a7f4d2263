//! TerritoryAssignment: a person of the business in a territory.

use crate::ObjectType;

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "TerritoryAssignment",
        "territoryAssignments",
        "tas",
        "That a person of the business works a territory.",
    )
    .opening_rows()
    .one("user", "User", false, "Who works it.")
    .one("territory", "Territory", false, "The territory worked.")
}
