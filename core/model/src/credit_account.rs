//! CreditAccount: how far a customer may owe us.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("CreditAccount", "creditAccounts", "crd", "How far a customer may owe us.")
        .only_for(Role::Department)
        .field("currency", Kind::Text, "ISO 4217 code of the account's currency.")
        .field("limit", Kind::Money, "How much the customer may owe.")
        .field(
            "exposure",
            Kind::Money,
            "What the customer owes or has ordered: open invoices and open orders, as of `Customer.factsAsOf`.",
        )
        .field("dunningLevel", Kind::Int, "How often the customer has been reminded; 0 is never.")
        .field("onHold", Kind::Bool, "Whether finance has stopped deliveries.")
        .one("customer", "Customer", false, "Whose credit it is.")
        .visible_with_it()
}
