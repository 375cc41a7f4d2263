//! QuoteDiscount: one step from the list price of a line to its invoice price.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const KIND: EnumType = EnumType {
    name: "DiscountKind",
    doc: "Whose idea a discount is.",
    values: &[
        EnumValue { name: "CONTRACT", doc: "Agreed in a contract with the customer." },
        EnumValue { name: "SEGMENT", doc: "The strategy's for the customer's segment." },
        EnumValue { name: "VOLUME", doc: "For a large quantity." },
        EnumValue { name: "SALES", doc: "From whoever sells." },
        EnumValue { name: "PROMOTION", doc: "From a campaign." },
        EnumValue { name: "COUPON", doc: "For a code the customer has." },
        EnumValue { name: "PROMPT_PAYMENT", doc: "For paying early." },
        EnumValue { name: "OTHER", doc: "For another reason." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "QuoteDiscount",
        "quoteDiscounts",
        "qud",
        "One step from the list price of a quote's line to its invoice price: a discount that was asked for, granted or not.",
    )
    .field("position", Kind::Int, "The step's place in its line, counted from 1.")
    .holds(Rule::AtLeast(1))
    .field("kind", Kind::Enum(KIND), "Whose idea it is.")
    .field("currency", Kind::Text, "ISO 4217 code of the amount's currency.")
    .field("rate", Kind::Decimal { scale: 4 }, "Share of the list price asked for: 0.12 is 12 %.")
    .holds(Rule::Between(0, 1))
    .field("amount", Kind::Money, "What it takes off the price of one unit; 0 if it was not granted.")
    .holds(Rule::AtLeast(0))
    .field("granted", Kind::Bool, "Whether it counts in the invoice price.")
    .optional("reason", Kind::Text, "Why it was granted, cut or left out.")
    .one("line", "QuoteLine", false, "The line whose price it changes.")
    .visible_with_it()
}
