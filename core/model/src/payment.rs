//! Payment: money a customer sent.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Payment", "payments", "pay", "Money a customer sent.")
        .field("receivedOn", Kind::Date, "The day the money came in.")
        .indexed()
        .field("currency", Kind::Text, "ISO 4217 code of the payment's currency.")
        .field("amount", Kind::Money, "How much came in.")
        .holds(Rule::Above(0))
        .optional("method", Kind::Text, "How it was paid.")
        .one("customer", "Customer", false, "Who paid.")
        .visible_with_it()
        .one("invoice", "Invoice", true, "What was paid, if it is for one invoice.")
        .many("allocations", "PaymentAllocation", "payment_id", "How much of it goes to which invoices.")
}
