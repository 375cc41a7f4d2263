//! CreditAccount: how far a customer may owe us.

use crate::{Kind, ObjectType, Role, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("CreditAccount", "creditAccounts", "crd", "How far a customer may owe us.")
        .only_for(Role::Department)
        .field("currency", Kind::Text, "ISO 4217 code of the account's currency.")
        .field("limit", Kind::Money, "How much the customer may owe.")
        .holds(Rule::AtLeast(0))
        .field(
            "exposure",
            Kind::Money,
            "What the customer owes or has ordered, whenever it is needed (static): open invoices less credit notes, orders shipped in the 30 days up to `Customer.factsAsOf` and not yet invoiced, open orders.",
        )
        .by_guildhall()
        .field(
            "exposureDynamic",
            Kind::Money,
            "As `exposure`, but of the open orders only those the customer needs within 14 days after `Customer.factsAsOf`, or has said no day for.",
        )
        .by_guildhall()
        .optional("limitUntil", Kind::Date, "The last day the limit holds; null if it has no end.")
        .field("dunningLevel", Kind::Int, "How often the customer has been reminded; 0 is never.")
        .holds(Rule::AtLeast(0))
        .field("onHold", Kind::Bool, "Whether finance has stopped deliveries.")
        .one("customer", "Customer", false, "Whose credit it is.")
        .visible_with_it()
        .one("group", "CreditGroup", true, "The group it shares a limit with.")
        .many("exposureEntries", "ExposureEntry", "credit_account_id", "What counts on it, one thing after the other.")
}
