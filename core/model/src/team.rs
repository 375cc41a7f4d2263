//! Team: people of the business who look after customers together.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Team", "teams", "tem", "People of the business who look after customers together.")
        .opening_rows()
        .field("name", Kind::Text, "The team's name.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .optional("department", Kind::Text, "The department it belongs to.")
        .many("members", "TeamMember", "team_id", "Who belongs to it, and who did.")
        .many("customers", "Customer", "team_id", "The customers it looks after.")
        .many("cases", "Case", "team_id", "The cases that wait with it.")
        .many("tasks", "Task", "team_id", "The tasks that wait with it.")
}
