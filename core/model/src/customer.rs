//! Customer: the account the business serves.

use crate::channel::CHANNEL;
use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role, Rule};

const KIND: EnumType = EnumType {
    name: "CustomerKind",
    doc: "Whether a customer is an organization or a person.",
    values: &[
        EnumValue { name: "ORGANIZATION", doc: "A company, an authority, a club." },
        EnumValue { name: "PERSON", doc: "A single person." },
    ],
    begins: &[],
    moves: &[],
};

const STATUS: EnumType = EnumType {
    name: "CustomerStatus",
    doc: "Where a customer stands in its life with us.",
    values: &[
        EnumValue { name: "PROSPECT", doc: "Has not bought yet." },
        EnumValue { name: "ACTIVE", doc: "Buys from us." },
        EnumValue { name: "CLOSED", doc: "No longer buys from us." },
    ],
    begins: &["PROSPECT", "ACTIVE"],
    moves: &[("PROSPECT", &["ACTIVE", "CLOSED"]), ("ACTIVE", &["CLOSED"]), ("CLOSED", &["ACTIVE"])],
};

/// The last fields are customer facts: stored, dated by `factsAsOf`, and never computed by a scan per query. They follow
/// every write and every day that passes; a change of theirs is no change of the record, and leaves `version` as it is.
pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "Customer",
        "customers",
        "cus",
        "The account, organization or person, that the business serves.",
    )
    .field("name", Kind::Text, "The customer's name.")
    .searchable()
    .indexed()
    .holds(Rule::NotBlank)
    .field("kind", Kind::Enum(KIND), "Organization or person.")
    .field("status", Kind::Enum(STATUS), "Where the customer stands in its life with us.")
    .optional("industry", Kind::Text, "What the customer does.")
    .optional("country", Kind::Text, "Where the customer is at home.")
    .indexed()
    .optional("phone", Kind::Text, "The customer's main telephone number.")
    .optional("preferredChannel", Kind::Enum(CHANNEL), "How the customer likes to be reached; null if it is not known.")
    .field("currency", Kind::Text, "ISO 4217 code of the currency we do business in with this customer.")
    .field("revenue12m", Kind::Money, "Net value of the orders of the twelve months up to `factsAsOf`, in `currency`. From `days` of ORDERS.")
    .indexed()
    .by_guildhall()
    .optional(
        "margin12m",
        Kind::Money,
        "Contribution margin of the orders of the twelve months up to `factsAsOf`; null when a cost is unknown. From `days` of ORDERS.",
    )
    .only(Role::Department)
    .by_guildhall()
    .field("orders12m", Kind::Int, "Number of orders in the twelve months up to `factsAsOf`. From `days` of ORDERS.")
    .by_guildhall()
    .optional("lastOrderOn", Kind::Date, "Day of the last order up to `factsAsOf`. From `days` of ORDERS.")
    .by_guildhall()
    .field("openAmount", Kind::Money, "What is invoiced and neither paid nor credited, in `currency`. From invoices and credit notes.")
    .only(Role::Department)
    .by_guildhall()
    .field("overdueAmount", Kind::Money, "The part of `openAmount` that is past its due day at `factsAsOf`: the sum of the next four.")
    .only(Role::Department)
    .by_guildhall()
    .field("overdue1To30", Kind::Money, "What is overdue for 1 to 30 days at `factsAsOf`.")
    .only(Role::Department)
    .by_guildhall()
    .field("overdue31To60", Kind::Money, "What is overdue for 31 to 60 days at `factsAsOf`.")
    .only(Role::Department)
    .by_guildhall()
    .field("overdue61To90", Kind::Money, "What is overdue for 61 to 90 days at `factsAsOf`.")
    .only(Role::Department)
    .by_guildhall()
    .field("overdueOver90", Kind::Money, "What is overdue for more than 90 days at `factsAsOf`.")
    .only(Role::Department)
    .by_guildhall()
    .field(
        "averageDaysLate",
        Kind::Int,
        "Average days after the due day of the invoices paid in the twelve months up to `factsAsOf`; early counts as 0. From `days` of SETTLEMENTS.",
    )
    .only(Role::Department)
    .by_guildhall()
    .optional("lastTouchAt", Kind::DateTime, "When the last interaction up to `factsAsOf` took place. From `days` of INTERACTIONS.")
    .by_guildhall()
    .optional("factsAsOf", Kind::Date, "The business day up to which the facts above count.")
    .by_guildhall()
    .one("segment", "Segment", true, "The segment the customer belongs to now.")
    .led_by_guildhall()
    .one("owner", "User", true, "Who looks after the customer.")
    .one("territory", "Territory", true, "The sales territory the customer belongs to.")
    .one("team", "Team", true, "The team that looks after the customer.")
    .one("parent", "Customer", true, "The customer it belongs to, as a subsidiary does.")
    .many("children", "Customer", "parent_id", "The customers that belong to it, as subsidiaries do.")
    .one_by("creditAccount", "CreditAccount", "customer_id", "The customer's credit, if it has any.")
    .many("days", "CustomerDay", "customer_id", "What each business day added to the facts.")
    .many("exposureEntries", "ExposureEntry", "customer_id", "What the customer owes or will owe, thing by thing.")
    .many("holds", "Hold", "customer_id", "What stops the customer's orders, and what did.")
    .many("contacts", "Contact", "customer_id", "The people at this customer.")
    .many("contactPoints", "ContactPoint", "customer_id", "All ways to reach the customer and the people there.")
    .many("consents", "Consent", "customer_id", "What the customer and the people there allowed us, and what not.")
    .many("subscriptions", "TopicSubscription", "customer_id", "The topics they want to hear about.")
    .many("addresses", "Address", "customer_id", "The customer's addresses.")
    .many("opportunities", "Opportunity", "customer_id", "What the customer may buy.")
    .many("quotes", "Quote", "customer_id", "The quotes made for the customer.")
    .many("orders", "Order", "customer_id", "The customer's orders.")
    .many("invoices", "Invoice", "customer_id", "The customer's invoices.")
    .many("payments", "Payment", "customer_id", "The customer's payments.")
    .many("creditNotes", "CreditNote", "customer_id", "The customer's credit notes.")
    .many("campaigns", "CampaignMember", "customer_id", "The campaigns meant for the customer, and how far each is.")
    .many("offers", "Offer", "customer_id", "What campaigns offer the customer.")
    .many("cases", "Case", "customer_id", "What the customer wants settled.")
    .many("tasks", "Task", "customer_id", "What is to be done for the customer.")
    .many("notes", "Note", "customer_id", "What was written down about the customer.")
    .many("interactions", "Interaction", "customer_id", "The contacts between the customer and us.")
    .many("memberships", "Membership", "customer_id", "The segments the customer belonged to, and why.")
    .many("decisions", "Decision", "customer_id", "The recorded decisions about this customer.")
}
