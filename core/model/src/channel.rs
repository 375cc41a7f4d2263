//! Channel: how the business and a customer reach each other.

use crate::enumeration::{EnumType, EnumValue};

pub(crate) const CHANNEL: EnumType = EnumType {
    name: "Channel",
    doc: "How the business and a customer reach each other.",
    values: &[
        EnumValue { name: "EMAIL", doc: "By e-mail." },
        EnumValue { name: "PHONE", doc: "By telephone." },
        EnumValue { name: "SMS", doc: "By text message." },
        EnumValue { name: "CHAT", doc: "In a chat or a messenger." },
        EnumValue { name: "MAIL", doc: "By letter." },
        EnumValue { name: "WEB", doc: "On a website or in an app." },
        EnumValue { name: "VISIT", doc: "Face to face." },
        EnumValue { name: "OTHER", doc: "In another way." },
    ],
    begins: &[],
    moves: &[],
};
