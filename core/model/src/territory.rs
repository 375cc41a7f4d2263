//! Territory: an area the business sells in.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Territory", "territories", "ter", "An area the business sells in.")
        .opening_rows()
        .field("name", Kind::Text, "The territory's name.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .optional("region", Kind::Text, "The larger area it is part of.")
        .many("customers", "Customer", "territory_id", "The customers that belong to it.")
        .many("assignments", "TerritoryAssignment", "territory_id", "Who works it.")
}
