//! Invoice: what a customer owes.

use crate::catalog::{EnumType, EnumValue};
use crate::{Kind, ObjectType};

const STATUS: EnumType = EnumType {
    name: "InvoiceStatus",
    doc: "Where an invoice stands.",
    values: &[
        EnumValue { name: "OPEN", doc: "Not or not fully paid." },
        EnumValue { name: "DISPUTED", doc: "Not paid because the customer disagrees." },
        EnumValue { name: "PAID", doc: "Paid in full." },
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Invoice", "invoices", "inv", "What a customer owes for an order.")
        .field("number", Kind::Text, "The invoice number.")
        .searchable()
        .indexed()
        .field("status", Kind::Enum(STATUS), "Where the invoice stands.")
        .field("issuedOn", Kind::Date, "The day it was issued.")
        .indexed()
        .field("dueOn", Kind::Date, "The day it is to be paid by.")
        .optional("paidOn", Kind::Date, "The day it was paid in full.")
        .field("currency", Kind::Text, "ISO 4217 code of the invoice's currency.")
        .field("amount", Kind::Money, "What was invoiced.")
        .field("paidAmount", Kind::Money, "What has been paid of it.")
        .optional("disputeReason", Kind::Text, "What the customer disagrees with.")
        .one("customer", "Customer", false, "Who owes.")
        .visible_with_it()
        .one("order", "Order", true, "What it is for.")
        .many("payments", "Payment", "invoice_id", "The payments towards it.")
        .many("creditNotes", "CreditNote", "invoice_id", "The credit notes that take it back, whole or in part.")
}
