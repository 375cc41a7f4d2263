//! ContactPoint: one way to reach a customer or a person there.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const KIND: EnumType = EnumType {
    name: "ContactPointKind",
    doc: "What kind of place a contact point is.",
    values: &[
        EnumValue { name: "EMAIL", doc: "An e-mail address." },
        EnumValue { name: "PHONE", doc: "The number of a telephone that stays where it is." },
        EnumValue {
            name: "MOBILE",
            doc: "The number of a telephone somebody carries, which also takes text messages.",
        },
        EnumValue { name: "POSTAL", doc: "A postal address, on one line." },
        EnumValue { name: "MESSENGER", doc: "A name in a messenger." },
        EnumValue { name: "WEB", doc: "A page or a profile on the web." },
        EnumValue { name: "OTHER", doc: "Something else." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "ContactPoint",
        "contactPoints",
        "cpt",
        "One way to reach a customer or a person there: an e-mail address, a telephone number, a postal address.",
    )
    .field("kind", Kind::Enum(KIND), "What kind of place it is.")
    .field("value", Kind::Text, "The address or number itself.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .optional("label", Kind::Text, "What people call it: office, home, accounting.")
    .field("primary", Kind::Bool, "Whether it is the first to try of its kind.")
    .optional("verifiedAt", Kind::DateTime, "When it was last made sure that it belongs to them; null if never.")
    .optional("failedAt", Kind::DateTime, "When something sent to it last came back; null if nothing did.")
    .one("customer", "Customer", false, "The customer it reaches.")
    .visible_with_it()
    .one("contact", "Contact", true, "The person it reaches; null if it is the customer's own.")
    .many("consents", "Consent", "contact_point_id", "What may be sent to it, and what not.")
}
