//! Customer: the account the business serves.

use crate::catalog::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Role};

const KIND: EnumType = EnumType {
    name: "CustomerKind",
    doc: "Whether a customer is an organization or a person.",
    values: &[
        EnumValue { name: "ORGANIZATION", doc: "A company, an authority, a club." },
        EnumValue { name: "PERSON", doc: "A single person." },
    ],
};

const STATUS: EnumType = EnumType {
    name: "CustomerStatus",
    doc: "Where a customer stands in its life with us.",
    values: &[
        EnumValue { name: "PROSPECT", doc: "Has not bought yet." },
        EnumValue { name: "ACTIVE", doc: "Buys from us." },
        EnumValue { name: "CLOSED", doc: "No longer buys from us." },
    ],
};

/// The last fields are customer facts: stored, dated by `factsAsOf`, brought up to date by one statement over the whole
/// base and never computed by a scan per query.
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
    .field("kind", Kind::Enum(KIND), "Organization or person.")
    .field("status", Kind::Enum(STATUS), "Where the customer stands in its life with us.")
    .optional("industry", Kind::Text, "What the customer does.")
    .optional("country", Kind::Text, "Where the customer is at home.")
    .indexed()
    .optional("territory", Kind::Text, "The sales territory the customer belongs to.")
    .optional("owner", Kind::Text, "Who looks after the customer.")
    .optional("phone", Kind::Text, "The customer's main telephone number.")
    .field("currency", Kind::Text, "ISO 4217 code of the currency we do business in with this customer.")
    .field("revenue12m", Kind::Money, "Net value of the orders of the twelve months up to `factsAsOf`.")
    .indexed()
    .optional(
        "margin12m",
        Kind::Money,
        "Contribution margin of the orders of the twelve months up to `factsAsOf`; null when a cost is unknown.",
    )
    .only(Role::Department)
    .field("orders12m", Kind::Int, "Number of orders in the twelve months up to `factsAsOf`.")
    .optional("lastOrderOn", Kind::Date, "Day of the last order.")
    .field("openAmount", Kind::Money, "What is invoiced and not yet paid.")
    .only(Role::Department)
    .field("overdueAmount", Kind::Money, "What is invoiced, not paid and past its due day at `factsAsOf`.")
    .only(Role::Department)
    .field(
        "averageDaysLate",
        Kind::Int,
        "Average days after the due day at which invoices of the last twelve months were paid; early counts as 0.",
    )
    .only(Role::Department)
    .optional("factsAsOf", Kind::Date, "The business day up to which the facts above count.")
    .one("segment", "Segment", true, "The segment the customer belongs to now.")
    .one("parent", "Customer", true, "The customer it belongs to, as a subsidiary does.")
    .many("children", "Customer", "parent_id", "The customers that belong to it, as subsidiaries do.")
    .one_by("creditAccount", "CreditAccount", "customer_id", "The customer's credit, if it has any.")
    .many("contacts", "Contact", "customer_id", "The people at this customer.")
    .many("addresses", "Address", "customer_id", "The customer's addresses.")
    .many("orders", "Order", "customer_id", "The customer's orders.")
    .many("invoices", "Invoice", "customer_id", "The customer's invoices.")
    .many("payments", "Payment", "customer_id", "The customer's payments.")
    .many("creditNotes", "CreditNote", "customer_id", "The customer's credit notes.")
    .many("campaigns", "CampaignMember", "customer_id", "The campaigns meant for the customer, and how far each is.")
    .many("interactions", "Interaction", "customer_id", "The contacts between the customer and us.")
    .many("memberships", "Membership", "customer_id", "The segments the customer belonged to, and why.")
    .many("decisions", "Decision", "customer_id", "The recorded decisions about this customer.")
}
