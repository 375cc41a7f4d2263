//! PaymentAllocation: how much of a payment goes to an invoice.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "PaymentAllocation",
        "paymentAllocations",
        "pal",
        "How much of a payment goes to an invoice. One payment may be for many invoices, and one invoice paid in many parts.",
    )
    .field("allocatedOn", Kind::Date, "The day it was booked.")
    .indexed()
    .field("currency", Kind::Text, "ISO 4217 code of the amount's currency.")
    .field("amount", Kind::Money, "How much of the payment.")
    .holds(Rule::Above(0))
    .one("payment", "Payment", false, "The payment it is of.")
    .visible_with_it()
    .part_of_it()
    .in_its_currency()
    .sharing("amount")
    .one("invoice", "Invoice", true, "The invoice it pays; null while it is kept on account.")
    .in_its_currency()
}
