//! Address: a place of a customer.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const PURPOSE: EnumType = EnumType {
    name: "AddressPurpose",
    doc: "What an address is for.",
    values: &[
        EnumValue { name: "MAIN", doc: "Where the customer is at home." },
        EnumValue { name: "BILLING", doc: "Where invoices go." },
        EnumValue { name: "SHIPPING", doc: "Where goods go." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Address", "addresses", "adr", "A place of a customer.")
        .field("purpose", Kind::Enum(PURPOSE), "What the address is for.")
        .field("street", Kind::Text, "Street and number.")
        .holds(Rule::NotBlank)
        .optional("city", Kind::Text, "The city.")
        .optional("region", Kind::Text, "State, province or region.")
        .optional("postalCode", Kind::Text, "The postal code; leading zeros count.")
        .optional("country", Kind::Text, "The country.")
        .one("customer", "Customer", false, "The customer whose place it is.")
        .visible_with_it()
}
