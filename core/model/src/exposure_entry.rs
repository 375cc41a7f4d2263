//! ExposureEntry: one thing a customer owes or will owe.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STAGE: EnumType = EnumType {
    name: "ExposureStage",
    doc: "How far a thing that is owed, or will be, has come. It is in one stage at a time and counts once.",
    values: &[
        EnumValue { name: "ORDER", doc: "Ordered and not yet delivered." },
        EnumValue { name: "DELIVERY", doc: "Delivered and not yet invoiced." },
        EnumValue { name: "INVOICE", doc: "Invoiced and not yet paid." },
        EnumValue {
            name: "CLEARED",
            doc: "Paid, cancelled or taken back: no longer owed. Or no longer counted, because the credit account is gone.",
        },
    ],
    begins: &["ORDER", "DELIVERY", "INVOICE"],
    moves: &[
        ("ORDER", &["DELIVERY", "INVOICE", "CLEARED"]),
        ("DELIVERY", &["INVOICE", "CLEARED"]),
        // A payment may come back, and an invoice be withdrawn.
        ("INVOICE", &["ORDER", "DELIVERY", "CLEARED"]),
        ("CLEARED", &["ORDER", "DELIVERY", "INVOICE"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "ExposureEntry",
        "exposureEntries",
        "exp",
        "One thing a customer owes or will owe: an order until it is invoiced, then its first invoice; an invoice else. It moves \
         from stage to stage and is never counted in two of them. All that count on an account come to its exposure. Entries are \
         kept for customers with a credit account, and for orders that were decided about.",
    )
    .only_for(Role::Department)
    .field("stage", Kind::Enum(STAGE), "How far it has come.")
    .indexed()
    .field("currency", Kind::Text, "ISO 4217 code of the amount's currency.")
    .field("amount", Kind::Money, "How much of it is owed, or will be; how much it was, once it is cleared.")
    .optional("neededOn", Kind::Date, "The day an order is needed; null once it is delivered, or if the customer said none.")
    .field("since", Kind::DateTime, "When it came into its stage.")
    .indexed()
    .optional(
        "checkAt",
        Kind::DateTime,
        "When credit for an open order is checked again by itself: at once when its terms changed, and when a release of it ends.",
    )
    .indexed()
    .one("customer", "Customer", false, "Who owes it, or will.")
    .visible_with_it()
    .one("creditAccount", "CreditAccount", true, "The credit account it counts on; null if the customer has none in its currency.")
    .one("order", "Order", true, "The order it comes from.")
    .one("invoice", "Invoice", true, "The invoice it has become.")
    .kept()
}
