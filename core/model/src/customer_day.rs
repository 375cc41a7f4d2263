//! CustomerDay: what one business day added to the facts of a customer.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const ORIGIN: EnumType = EnumType {
    name: "CustomerDayOrigin",
    doc: "The records a customer's day is counted from, and the day each of them belongs to.",
    values: &[
        EnumValue {
            name: "ORDERS",
            doc: "Orders that were not cancelled, by `orderedOn`; `amount` is their net value.",
        },
        EnumValue { name: "INVOICES", doc: "Invoices, by `issuedOn`; `amount` is what was invoiced." },
        EnumValue { name: "SETTLEMENTS", doc: "Paid invoices, by `paidOn`; `amount` is what they were for." },
        EnumValue { name: "PAYMENTS", doc: "Payments, by `receivedOn`; `amount` is what came in." },
        EnumValue { name: "CREDIT_NOTES", doc: "Credit notes, by `issuedOn`; `amount` is what was given back." },
        EnumValue { name: "INTERACTIONS", doc: "Interactions, by the UTC day of `occurredAt`; they have no amount." },
    ],
    begins: &[],
    moves: &[],
};

/// Customer facts are sums over these, so that no query scans orders, invoices or interactions, and what a fact was on
/// a day can be found out later.
pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "CustomerDay",
        "customerDays",
        "cdy",
        "What one business day added to the facts of a customer: one record for each origin and currency there was.",
    )
    .field("day", Kind::Date, "The business day.")
    .indexed()
    .field("origin", Kind::Enum(ORIGIN), "What it is counted from.")
    .field("currency", Kind::Text, "ISO 4217 code of the amounts; XXX, no currency, where there are none.")
    .field("records", Kind::Int, "How many records are counted.")
    .by_guildhall()
    .field("amount", Kind::Money, "Their sum, as `origin` says of what.")
    .by_guildhall()
    .field("cost", Kind::Money, "Sum of the costs of the orders, as far as they are known.")
    .only(Role::Department)
    .by_guildhall()
    .field("unknownCosts", Kind::Int, "How many of the orders have no known cost.")
    .only(Role::Department)
    .by_guildhall()
    .field(
        "daysLate",
        Kind::Int,
        "Sum of the days after the due day at which the invoices were paid; early counts as 0.",
    )
    .only(Role::Department)
    .by_guildhall()
    .optional("lastAt", Kind::DateTime, "When the last of the interactions took place.")
    .by_guildhall()
    .one("customer", "Customer", false, "Whose day it is.")
    .visible_with_it()
    .kept()
}
