//! CreditNoteLine: one product in a credit note.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("CreditNoteLine", "creditNoteLines", "crl", "One product in a credit note.")
        .field("position", Kind::Int, "The line's place in its credit note, counted from 1.")
        .holds(Rule::AtLeast(1))
        .field("currency", Kind::Text, "ISO 4217 code of the line's currency.")
        .field("quantity", Kind::Decimal { scale: 4 }, "For how many units.")
        .holds(Rule::AtLeast(0))
        .field("unitPrice", Kind::Money, "What the customer gets back for one unit.")
        .holds(Rule::AtLeast(0))
        .field("amount", Kind::Money, "What the customer gets back for the line, as a positive amount.")
        .holds(Rule::AtLeast(0))
        .one("creditNote", "CreditNote", false, "The credit note the line belongs to.")
        .visible_with_it()
        .one("product", "Product", false, "The product it is for.")
}
