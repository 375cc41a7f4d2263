//! OrderLine: one product in an order.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("OrderLine", "orderLines", "orl", "One product in an order.")
        .field("position", Kind::Int, "The line's place in its order, counted from 1.")
        .field("currency", Kind::Text, "ISO 4217 code of the line's currency.")
        .field("quantity", Kind::Decimal { scale: 4 }, "How many units.")
        .field("unitPrice", Kind::Money, "Price of one unit before discount.")
        .optional("unitCost", Kind::Money, "What one unit cost us when it was ordered.")
        .only(Role::Department)
        .field("discount", Kind::Decimal { scale: 4 }, "Share of the price taken off: 0.15 is 15 %.")
        .field("netAmount", Kind::Money, "quantity x unitPrice x (1 - discount).")
        .optional("deliveredQuantity", Kind::Decimal { scale: 4 }, "How many units have been delivered.")
        .optional("rejectedQuantity", Kind::Decimal { scale: 4 }, "How many of the delivered units were sent back.")
        .one("order", "Order", false, "The order the line belongs to.")
        .visible_with_it()
        .one("product", "Product", false, "The product sold.")
}
