//! Consent: what a customer allowed us to do with what we know.

use crate::channel::CHANNEL;
use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const PURPOSE: EnumType = EnumType {
    name: "ConsentPurpose",
    doc: "What a consent is for.",
    values: &[
        EnumValue { name: "MARKETING", doc: "To be told of offers and news." },
        EnumValue { name: "PROFILING", doc: "To have what is known of them evaluated for them alone." },
        EnumValue { name: "SHARING", doc: "To have what is known of them passed on to others." },
        EnumValue { name: "RESEARCH", doc: "To be asked for opinions." },
        EnumValue { name: "SERVICE", doc: "To be told what concerns their own orders and cases." },
    ],
    begins: &[],
    moves: &[],
};

const STATUS: EnumType = EnumType {
    name: "ConsentStatus",
    doc: "Where a consent stands. One that has ended stays ended: who agrees again gives a new one.",
    values: &[
        EnumValue { name: "REQUESTED", doc: "Asked for and not yet confirmed." },
        EnumValue { name: "GRANTED", doc: "Given." },
        EnumValue { name: "DENIED", doc: "Refused." },
        EnumValue { name: "WITHDRAWN", doc: "Given or asked for once and taken back." },
        EnumValue { name: "EXPIRED", doc: "Not confirmed in time, or past its end." },
    ],
    begins: &["REQUESTED", "GRANTED", "DENIED"],
    moves: &[("REQUESTED", &["GRANTED", "DENIED", "WITHDRAWN", "EXPIRED"]), ("GRANTED", &["WITHDRAWN", "EXPIRED"])],
};

const BASIS: EnumType = EnumType {
    name: "LegalBasis",
    doc: "What the law lets us do something by.",
    values: &[
        EnumValue { name: "CONSENT", doc: "They agreed." },
        EnumValue { name: "CONTRACT", doc: "A contract with them asks for it." },
        EnumValue { name: "LEGITIMATE_INTEREST", doc: "It is in our interest and does not harm theirs." },
        EnumValue { name: "LEGAL_OBLIGATION", doc: "A law demands it." },
    ],
    begins: &[],
    moves: &[],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Consent",
        "consents",
        "cns",
        "What a customer, or a person there, allowed us: for which purpose and topic, on which channel, from when to when.",
    )
    .field("purpose", Kind::Enum(PURPOSE), "What it is for.")
    .optional("channel", Kind::Enum(CHANNEL), "The channel it is for; null if for every channel.")
    .field("status", Kind::Enum(STATUS), "Where it stands.")
    .indexed()
    .field("legalBasis", Kind::Enum(BASIS), "What the law lets us do it by.")
    .optional("jurisdiction", Kind::Text, "ISO 3166 code of the country whose law it was given under.")
    .holds(Rule::CountryCode)
    .optional("origin", Kind::Text, "Where it was given: a form, a call, a letter.")
    .optional("wording", Kind::Text, "What they were shown when they agreed.")
    .long()
    .optional("requestedAt", Kind::DateTime, "When it was asked for, the first half of a double opt-in.")
    .optional("confirmedAt", Kind::DateTime, "When it was confirmed, the second half of a double opt-in.")
    .optional("from", Kind::DateTime, "From when it holds; null while it is not given.")
    .indexed()
    .optional("to", Kind::DateTime, "When it ends or ended; null while no end is known. What is past it is EXPIRED within seconds.")
    .in_order("from", "to")
    .in_order("requestedAt", "confirmedAt")
    .needing("confirmedAt", "status", "REQUESTED", "GRANTED")
    .one("customer", "Customer", false, "The customer who gave it.")
    .visible_with_it()
    .one("contact", "Contact", true, "The person who gave it; null if it is the customer as a whole.")
    .one("contactPoint", "ContactPoint", true, "The address or number it is for; null if for all of them.")
    .one("topic", "Topic", true, "The topic it is for; null if for all of them.")
}
