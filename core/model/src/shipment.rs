//! Shipment: goods of an order on their way.

use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Shipment", "shipments", "shp", "Goods of an order that left together.")
        .optional("number", Kind::Text, "The number the carrier or the warehouse knows it by.")
        .optional("carrier", Kind::Text, "Who carries it.")
        .optional("shippedOn", Kind::Date, "The day it left.")
        .indexed()
        .field("currency", Kind::Text, "ISO 4217 code of the freight's currency.")
        .optional("freight", Kind::Money, "What this shipment costs the customer.")
        .holds(Rule::AtLeast(0))
        .one("order", "Order", false, "The order it is of.")
        .visible_with_it()
}
