//! Supply: a quantity of a product to deliver from.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const KIND: EnumType = EnumType {
    name: "SupplyKind",
    doc: "Whether goods are there.",
    values: &[
        EnumValue { name: "ON_HAND", doc: "In the warehouse." },
        EnumValue { name: "EXPECTED", doc: "Ordered or being made." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Supply", "supplies", "spl", "A quantity of a product that is there, or will be on a day.")
        .field("kind", Kind::Enum(KIND), "Whether it is there.")
        .field("availableOn", Kind::Date, "The day from which it can be shipped.")
        .indexed()
        .field("quantity", Kind::Decimal { scale: 4 }, "How many units.")
        .holds(Rule::AtLeast(0))
        .optional("location", Kind::Text, "The warehouse it is in, or comes to.")
        .one("product", "Product", false, "What it is.")
}
