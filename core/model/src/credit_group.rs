//! CreditGroup: customers that share one limit.

use crate::{Kind, ObjectType, Role, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "CreditGroup",
        "creditGroups",
        "cgr",
        "Customers that share one credit limit, as the companies of a group do. Each still has a limit of its own.",
    )
    .only_for(Role::Department)
    .field("name", Kind::Text, "The group's name.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .field("currency", Kind::Text, "ISO 4217 code of the limit's currency.")
    .field("limit", Kind::Money, "How much all of them together may owe.")
    .holds(Rule::AtLeast(0))
    .many("accounts", "CreditAccount", "group_id", "The credit accounts that share the limit.")
}
