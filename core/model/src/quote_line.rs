//! QuoteLine: one product in a quote, and how its price comes about.

use crate::{Kind, ObjectType, Role, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "QuoteLine",
        "quoteLines",
        "qul",
        "One product in a quote: from its list price, discount by discount, down to what is invoiced.",
    )
    .field("position", Kind::Int, "The line's place in its quote, counted from 1.")
    .holds(Rule::AtLeast(1))
    .field("currency", Kind::Text, "ISO 4217 code of the line's currency.")
    .field("quantity", Kind::Decimal { scale: 4 }, "How many units.")
    .holds(Rule::Above(0))
    .field("listPrice", Kind::Money, "Price of one unit before any discount.")
    .holds(Rule::AtLeast(0))
    .field("invoicePrice", Kind::Money, "Price of one unit after the discounts that were granted.")
    .holds(Rule::AtLeast(0))
    .field("netAmount", Kind::Money, "quantity x invoicePrice.")
    .holds(Rule::AtLeast(0))
    .optional("unitCost", Kind::Money, "What one unit costs us.")
    .holds(Rule::AtLeast(0))
    .only(Role::Department)
    .optional("margin", Kind::Money, "quantity x (invoicePrice - unitCost); null when the cost is unknown.")
    .only(Role::Department)
    .optional("marginRate", Kind::Decimal { scale: 4 }, "The margin's share of `netAmount`: 0.08 is 8 %.")
    .only(Role::Department)
    .one("quote", "Quote", false, "The quote the line belongs to.")
    .visible_with_it()
    .one("product", "Product", false, "The product offered.")
    .many("discounts", "QuoteDiscount", "line_id", "What was taken off the list price, and what was not.")
}
