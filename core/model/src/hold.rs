//! Hold: what stops an order, or all orders of a customer.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, Moment, ObjectType, Role, Stamped};

const REASON: EnumType = EnumType {
    name: "HoldReason",
    doc: "Why something is stopped.",
    values: &[
        EnumValue { name: "CREDIT", doc: "The customer would owe too much." },
        EnumValue { name: "OVERDUE", doc: "The customer has not paid what is due." },
        EnumValue { name: "DISPUTE", doc: "Something is disputed." },
        EnumValue { name: "COMPLIANCE", doc: "A law or a check stands against it." },
        EnumValue { name: "STOCK", doc: "There is nothing to deliver." },
        EnumValue { name: "REQUEST", doc: "The customer asked for it." },
        EnumValue { name: "OTHER", doc: "Another reason." },
    ],
    begins: &[],
    moves: &[],
};

const STATUS: EnumType = EnumType {
    name: "HoldStatus",
    doc: "Whether a hold still stops something. Where an order is held for credit, `releaseHold` releases it, or credit does.",
    values: &[
        EnumValue { name: "ACTIVE", doc: "Stops it." },
        EnumValue { name: "RELEASED", doc: "Lifted by somebody." },
        EnumValue { name: "EXPIRED", doc: "Ended by itself." },
    ],
    begins: &["ACTIVE"],
    moves: &[("ACTIVE", &["RELEASED", "EXPIRED"])],
};

const RELEASED: Moment = Moment::Becomes("status", "RELEASED");

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Hold",
        "holds",
        "hld",
        "What stops an order, or all orders of a customer, until it is released.",
    )
    .field("status", Kind::Enum(STATUS), "Whether it still stops something.")
    .indexed()
    .field("reason", Kind::Enum(REASON), "Why it was placed. It is never changed.")
    .only(Role::Department)
    .optional("explanation", Kind::Text, "The reason in words.")
    .only(Role::Department)
    .field("placedAt", Kind::DateTime, "When it was placed.")
    .indexed()
    .stamped(Stamped::Time, Moment::Creation)
    .field("placedBy", Kind::Text, "Who placed it.")
    .stamped(Stamped::Actor, Moment::Creation)
    .optional(
        "until",
        Kind::DateTime,
        "When it ends by itself; null if it has to be released. An order that is held for credit waits for credit, whatever it says.",
    )
    .optional("releasedAt", Kind::DateTime, "When it was released.")
    .stamped(Stamped::Time, RELEASED)
    .optional("releasedBy", Kind::Text, "Who released it.")
    .stamped(Stamped::Actor, RELEASED)
    .optional("releaseReason", Kind::Text, "Why it was released.")
    .only(Role::Department)
    .optional(
        "releasedAmount",
        Kind::Decimal { scale: 4 },
        "What the order came to when it was released, in its currency.",
    )
    .by_guildhall()
    .optional("checkedFor", Kind::Text, "What credit depended on when it was last checked, as a digest.")
    .only(Role::Admin)
    .by_guildhall()
    .in_order("placedAt", "until")
    .in_order("placedAt", "releasedAt")
    .one("customer", "Customer", false, "Whose orders it stops. It is never changed.")
    .visible_with_it()
    .one("order", "Order", true, "The one order it stops; null if all of the customer's. It is never changed.")
    .one("decision", "Decision", true, "The recorded decision it follows from. It is never changed.")
    .fixed(&["reason", "customer", "order", "decision"])
}
