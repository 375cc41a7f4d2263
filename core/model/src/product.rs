//! Product: what the business sells.

use crate::{Kind, ObjectType, Role, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Product", "products", "prd", "Something the business sells.")
        .field("sku", Kind::Text, "The article number.")
        .indexed()
        .holds(Rule::NotBlank)
        .field("name", Kind::Text, "The product's name.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .optional("category", Kind::Text, "The group of products it belongs to.")
        .indexed()
        .optional("supplier", Kind::Text, "Who we buy it from.")
        .field("currency", Kind::Text, "ISO 4217 code of the prices' currency.")
        .field("listPrice", Kind::Money, "Price of one unit before any discount.")
        .holds(Rule::AtLeast(0))
        .optional("unitCost", Kind::Money, "What one unit costs us.")
        .holds(Rule::AtLeast(0))
        .only(Role::Department)
        .field("discontinued", Kind::Bool, "Whether it is no longer sold.")
        .many("orderLines", "OrderLine", "product_id", "The order lines that sell it.")
        .many("quoteLines", "QuoteLine", "product_id", "The quote lines that offer it.")
        .many("supplies", "Supply", "product_id", "How much of it is there, or will be.")
        .many("offers", "Offer", "product_id", "The campaign offers about it.")
        .many("cases", "Case", "product_id", "The cases about it.")
}
