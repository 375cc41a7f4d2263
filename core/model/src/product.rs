//! Product: what the business sells.

use crate::{Kind, ObjectType, Role};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Product", "products", "prd", "Something the business sells.")
        .field("sku", Kind::Text, "The article number.")
        .indexed()
        .field("name", Kind::Text, "The product's name.")
        .searchable()
        .indexed()
        .optional("category", Kind::Text, "The group of products it belongs to.")
        .optional("supplier", Kind::Text, "Who we buy it from.")
        .field("currency", Kind::Text, "ISO 4217 code of the prices' currency.")
        .field("listPrice", Kind::Money, "Price of one unit before any discount.")
        .optional("unitCost", Kind::Money, "What one unit costs us.")
        .only(Role::Department)
        .field("discontinued", Kind::Bool, "Whether it is no longer sold.")
        .many("orderLines", "OrderLine", "product_id", "The order lines that sell it.")
}
