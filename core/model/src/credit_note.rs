//! CreditNote: what a customer gets back.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "CreditNote",
        "creditNotes",
        "crn",
        "What a customer gets back, for returned goods or a mistake.",
    )
    .field("number", Kind::Text, "The credit note's number.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .field("issuedOn", Kind::Date, "The day it was issued.")
    .indexed()
    .field("currency", Kind::Text, "ISO 4217 code of the credit note's currency.")
    .field("amount", Kind::Money, "What the customer gets back, as a positive amount.")
    .holds(Rule::AtLeast(0))
    .optional("reason", Kind::Text, "Why the customer gets it back.")
    .one("customer", "Customer", false, "Who gets it back.")
    .visible_with_it()
    .one("invoice", "Invoice", true, "The invoice it takes back, whole or in part.")
    .one("order", "Order", true, "The order it is about.")
    .many("lines", "CreditNoteLine", "credit_note_id", "What it is for.")
    .many("disputes", "Dispute", "credit_note_id", "The disputes it settled.")
}
