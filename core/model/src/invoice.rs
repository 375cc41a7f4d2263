//! Invoice: what a customer owes.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const STATUS: EnumType = EnumType {
    name: "InvoiceStatus",
    doc: "Where an invoice stands.",
    values: &[
        EnumValue { name: "OPEN", doc: "Not or not fully paid." },
        EnumValue { name: "DISPUTED", doc: "Not paid because the customer disagrees." },
        EnumValue { name: "PAID", doc: "Paid in full, unless a payment comes back." },
    ],
    begins: &["OPEN"],
    moves: &[("OPEN", &["DISPUTED", "PAID"]), ("DISPUTED", &["OPEN", "PAID"]), ("PAID", &["OPEN"])],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Invoice", "invoices", "inv", "What a customer owes for an order.")
        .field("number", Kind::Text, "The invoice number.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .field("status", Kind::Enum(STATUS), "Where the invoice stands.")
        .field("issuedOn", Kind::Date, "The day it was issued.")
        .indexed()
        .field("dueOn", Kind::Date, "The day it is to be paid by.")
        .indexed()
        .in_order("issuedOn", "dueOn")
        .optional("paidOn", Kind::Date, "The day it was paid in full.")
        .indexed()
        .field("currency", Kind::Text, "ISO 4217 code of the invoice's currency.")
        .field("amount", Kind::Money, "What was invoiced.")
        .holds(Rule::AtLeast(0))
        .field("paidAmount", Kind::Money, "What has been paid of it.")
        .holds(Rule::AtLeast(0))
        .in_order("paidAmount", "amount")
        .optional("disputeReason", Kind::Text, "What the customer disagrees with.")
        .one("customer", "Customer", false, "Who owes.")
        .visible_with_it()
        .one("order", "Order", true, "What it is for.")
        .many("payments", "Payment", "invoice_id", "The payments towards it.")
        .many("allocations", "PaymentAllocation", "invoice_id", "How much of which payments goes to it.")
        .many("disputes", "Dispute", "invoice_id", "What the customer does not want to pay of it.")
        .many("creditNotes", "CreditNote", "invoice_id", "The credit notes that take it back, whole or in part.")
        .many("exposureEntries", "ExposureEntry", "invoice_id", "What is owed for it.")
        .many("cases", "Case", "invoice_id", "The cases about it.")
        .many("tasks", "Task", "invoice_id", "What is to be done that has to do with it.")
        .many("notes", "Note", "invoice_id", "What was written down about it.")
}
