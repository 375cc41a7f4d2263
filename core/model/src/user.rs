//! User: a person of the business.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "User",
        "users",
        "usr",
        "A person of the business. Not an account to sign in with: who may ask Guildhall what is said by tokens.",
    )
    .opening_rows()
    .field("name", Kind::Text, "The person's full name.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .optional("login", Kind::Text, "The name the person's tokens act by; each belongs to one person.")
    .searchable()
    .indexed()
    .at_most(200)
    .holds(Rule::NotBlank)
    .optional("title", Kind::Text, "What the person does in the business.")
    .optional("email", Kind::Text, "The person's e-mail address.")
    .searchable()
    .holds(Rule::Email)
    .optional("phone", Kind::Text, "The person's telephone number.")
    .one("manager", "User", true, "Whom the person reports to.")
    .many("reports", "User", "manager_id", "Who reports to the person.")
    .many("territories", "TerritoryAssignment", "user_id", "The territories the person works.")
    .many("teams", "TeamMember", "user_id", "The teams the person belongs to, and did.")
    .many("customers", "Customer", "owner_id", "The customers the person looks after.")
    .many("opportunities", "Opportunity", "owner_id", "The opportunities the person looks after.")
    .many("quotes", "Quote", "owner_id", "The quotes the person made.")
    .many("cases", "Case", "owner_id", "The cases the person works on.")
    .many("disputes", "Dispute", "owner_id", "The disputes the person looks into.")
    .many("tasks", "Task", "owner_id", "What the person is to do.")
    .many("notes", "Note", "author_id", "What the person wrote down.")
}
