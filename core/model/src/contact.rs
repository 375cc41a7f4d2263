//! Contact: a person at a customer.

use crate::channel::CHANNEL;
use crate::{Kind, ObjectType, Rule};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Contact", "contacts", "con", "A person at a customer.")
        .field("name", Kind::Text, "The person's full name.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .optional("title", Kind::Text, "What the person does there.")
        .optional("email", Kind::Text, "The person's e-mail address.")
        .searchable()
        .holds(Rule::Email)
        .optional("phone", Kind::Text, "The person's telephone number.")
        .optional("bornOn", Kind::Date, "The day the person was born.")
        .optional(
            "preferredChannel",
            Kind::Enum(CHANNEL),
            "How the person likes to be reached; null if it is not known.",
        )
        .one("customer", "Customer", false, "The customer the person works for.")
        .visible_with_it()
        .many("contactPoints", "ContactPoint", "contact_id", "All ways to reach the person.")
        .many("consents", "Consent", "contact_id", "What the person allowed us, and what not.")
        .many("subscriptions", "TopicSubscription", "contact_id", "The topics the person wants to hear about.")
        .many("interactions", "Interaction", "contact_id", "The contacts between the person and us.")
        .many("cases", "Case", "contact_id", "The cases the person came to us with.")
        .many("opportunities", "Opportunity", "contact_id", "The opportunities the person is to be talked to about.")
        .many("quotes", "Quote", "contact_id", "The quotes for the person.")
        .many("offers", "Offer", "contact_id", "The offers for the person.")
        .many("tasks", "Task", "contact_id", "What is to be done that has to do with the person.")
        .many("notes", "Note", "contact_id", "What was written down about the person.")
}
