//! Note: what somebody wrote down about a customer.

use crate::{Kind, Moment, ObjectType, Rule, Stamped};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Note", "notes", "nte", "What somebody wrote down about a customer.")
        .field("body", Kind::Text, "What was written down.")
        .long()
        .holds(Rule::NotBlank)
        .field("writtenAt", Kind::DateTime, "When it was written down.")
        .indexed()
        .stamped(Stamped::Time, Moment::Creation)
        .field("pinned", Kind::Bool, "Whether it stands before all others.")
        .one("customer", "Customer", false, "Whom it is about.")
        .visible_with_it()
        .one("contact", "Contact", true, "The person it is about.")
        .one("order", "Order", true, "The order it is about.")
        .one("invoice", "Invoice", true, "The invoice it is about.")
        .one("case", "Case", true, "The case it belongs to.")
        .one("opportunity", "Opportunity", true, "The opportunity it belongs to.")
        .one("author", "User", true, "Who wrote it down; null where the name he acts by is no user's login.")
        .by_its_maker()
}
