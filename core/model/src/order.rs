//! Order: what a customer ordered at one time.

use crate::catalog::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const STATUS: EnumType = EnumType {
    name: "OrderStatus",
    doc: "Where an order stands.",
    values: &[
        EnumValue { name: "OPEN", doc: "Accepted, not yet shipped." },
        EnumValue { name: "SHIPPED", doc: "On its way or delivered." },
        EnumValue { name: "CANCELLED", doc: "Will not be shipped." },
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Order", "orders", "ord", "What a customer ordered at one time.")
        .field("number", Kind::Text, "The order number people use.")
        .searchable()
        .indexed()
        .field("status", Kind::Enum(STATUS), "Where the order stands.")
        .field("orderedOn", Kind::Date, "The day it was ordered.")
        .indexed()
        .optional("requiredOn", Kind::Date, "The day the customer needs it.")
        .optional("shippedOn", Kind::Date, "The day it was shipped.")
        .field("currency", Kind::Text, "ISO 4217 code of the order's currency.")
        .field("grossTotal", Kind::Money, "Sum of quantity x unit price over the lines, before discounts.")
        .field("netTotal", Kind::Money, "Sum of the lines' net amounts, after discounts, without freight.")
        .optional("taxTotal", Kind::Money, "Taxes on the order.")
        .optional("total", Kind::Money, "What the customer is to pay: netTotal + taxTotal + freight.")
        .optional("costTotal", Kind::Money, "Sum of quantity x unit cost over the lines; null when a cost is unknown.")
        .only(Role::Department)
        .optional("freight", Kind::Money, "What shipping costs the customer.")
        .optional("shipToName", Kind::Text, "Who receives the goods.")
        .optional("shipToCity", Kind::Text, "Where the goods go.")
        .optional("shipToCountry", Kind::Text, "The country the goods go to.")
        .optional("takenBy", Kind::Text, "Who took the order.")
        .one("customer", "Customer", false, "Who ordered.")
        .visible_with_it()
        .many("lines", "OrderLine", "order_id", "What was ordered.")
        .many("shipments", "Shipment", "order_id", "The shipments its goods left with.")
        .many("invoices", "Invoice", "order_id", "The invoices for it.")
        .many("creditNotes", "CreditNote", "order_id", "The credit notes about it.")
}
