//! Order: what a customer ordered at one time.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role, Rule};

const STATUS: EnumType = EnumType {
    name: "OrderStatus",
    doc: "Where an order stands.",
    values: &[
        EnumValue { name: "HELD", doc: "Placed, and stopped until its hold is released." },
        EnumValue { name: "OPEN", doc: "Accepted, not yet shipped." },
        EnumValue { name: "SHIPPED", doc: "On its way or delivered." },
        EnumValue { name: "CANCELLED", doc: "Will not be shipped." },
    ],
    begins: &["OPEN"],
    // Only the business acts hold an order and release it: they decide about credit and set exposure aside. An order that were
    // made held would have no hold to be released. Imports bring what another system holds.
    moves: &[("OPEN", &["SHIPPED", "CANCELLED"]), ("HELD", &["CANCELLED"])],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Order", "orders", "ord", "What a customer ordered at one time.")
        .field("number", Kind::Text, "The order number people use.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .field("status", Kind::Enum(STATUS), "Where the order stands.")
        .field("orderedOn", Kind::Date, "The day it was ordered.")
        .indexed()
        .optional("requiredOn", Kind::Date, "The day the customer needs it.")
        .in_order("orderedOn", "requiredOn")
        .optional("shippedOn", Kind::Date, "The day it was shipped.")
        .in_order("orderedOn", "shippedOn")
        .field("currency", Kind::Text, "ISO 4217 code of the order's currency.")
        .field("grossTotal", Kind::Money, "Sum of quantity x unit price over the lines, before discounts.")
        .holds(Rule::AtLeast(0))
        .field("netTotal", Kind::Money, "Sum of the lines' net amounts, after discounts, without freight.")
        .holds(Rule::AtLeast(0))
        .optional("taxTotal", Kind::Money, "Taxes on the order.")
        .optional("total", Kind::Money, "What the customer is to pay: netTotal + taxTotal + freight.")
        .optional("costTotal", Kind::Money, "Sum of quantity x unit cost over the lines; null when a cost is unknown.")
        .only(Role::Department)
        .optional("freight", Kind::Money, "What shipping costs the customer.")
        .holds(Rule::AtLeast(0))
        .optional("shipToName", Kind::Text, "Who receives the goods.")
        .optional("shipToCity", Kind::Text, "Where the goods go.")
        .optional("shipToCountry", Kind::Text, "The country the goods go to.")
        .optional("takenBy", Kind::Text, "Who took the order.")
        .one("customer", "Customer", false, "Who ordered.")
        .visible_with_it()
        .one("decision", "Decision", true, "The recorded decision it was placed under.")
        .led_by_guildhall()
        .many("lines", "OrderLine", "order_id", "What was ordered.")
        .many("shipments", "Shipment", "order_id", "The shipments its goods left with.")
        .many("invoices", "Invoice", "order_id", "The invoices for it.")
        .many("creditNotes", "CreditNote", "order_id", "The credit notes about it.")
        .many("quotes", "Quote", "order_id", "The quotes it comes from.")
        .many("offers", "Offer", "order_id", "The offers that were redeemed with it.")
        .many("holds", "Hold", "order_id", "What stops it, and what did.")
        .many("exposureEntries", "ExposureEntry", "order_id", "What is owed for it, or will be.")
        .many("cases", "Case", "order_id", "The cases about it.")
        .many("tasks", "Task", "order_id", "What is to be done that has to do with it.")
        .many("notes", "Note", "order_id", "What was written down about it.")
}
