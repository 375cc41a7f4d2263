//! User: a person of the business.

use crate::{Kind, ObjectType};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "User",
        "users",
        "usr",
        "A person of the business. Not an account to sign in with: who may ask Guildhall what is said by tokens.",
    )
    .field("name", Kind::Text, "The person's full name.")
    .searchable()
    .indexed()
    .optional("title", Kind::Text, "What the person does in the business.")
    .optional("email", Kind::Text, "The person's e-mail address.")
    .optional("phone", Kind::Text, "The person's telephone number.")
    .one("manager", "User", true, "Whom the person reports to.")
    .many("reports", "User", "manager_id", "Who reports to the person.")
    .many("territories", "TerritoryAssignment", "user_id", "The territories the person works.")
}
