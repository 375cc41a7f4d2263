//! OrderLine: one product in an order.

use crate::{Kind, ObjectType, Role, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("OrderLine", "orderLines", "orl", "One product in an order.")
        .field("position", Kind::Int, "The line's place in its order, counted from 1.")
        .holds(Rule::AtLeast(1))
        .field("currency", Kind::Text, "ISO 4217 code of the line's currency.")
        .field("quantity", Kind::Decimal { scale: 4 }, "How many units.")
        .field("unitPrice", Kind::Money, "Price of one unit before discount.")
        .holds(Rule::AtLeast(0))
        .optional("unitCost", Kind::Money, "What one unit cost us when it was ordered.")
        .holds(Rule::AtLeast(0))
        .only(Role::Department)
        .field("discount", Kind::Decimal { scale: 4 }, "Share of the price taken off: 0.15 is 15 %.")
        .holds(Rule::Between(0, 1))
        .field("netAmount", Kind::Money, "quantity x unitPrice x (1 - discount).")
        .optional("confirmedQuantity", Kind::Decimal { scale: 4 }, "How many units are promised for `confirmedFor`.")
        .holds(Rule::AtLeast(0))
        .optional("confirmedFor", Kind::Date, "The day the confirmed units are promised for.")
        .optional("deliveredQuantity", Kind::Decimal { scale: 4 }, "How many units have been delivered.")
        .holds(Rule::AtLeast(0))
        .optional("rejectedQuantity", Kind::Decimal { scale: 4 }, "How many of the delivered units were sent back.")
        .holds(Rule::AtLeast(0))
        .one("order", "Order", false, "The order the line belongs to.")
        .visible_with_it()
        .one("product", "Product", false, "The product sold.")
}
