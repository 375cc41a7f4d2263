//! CampaignMember: a customer in a campaign.

use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const STATUS: EnumType = EnumType {
    name: "CampaignMemberStatus",
    doc: "How far a campaign is with a customer.",
    values: &[
        EnumValue { name: "PLANNED", doc: "Meant for the customer, who was not contacted yet." },
        EnumValue { name: "CONTACTED", doc: "Contacted, without an answer so far." },
        EnumValue { name: "RESPONDED", doc: "The customer took it up." },
        EnumValue { name: "DECLINED", doc: "The customer does not want it." },
    ],
    begins: &["PLANNED", "CONTACTED"],
    moves: &[
        ("PLANNED", &["CONTACTED", "RESPONDED", "DECLINED"]),
        ("CONTACTED", &["RESPONDED", "DECLINED"]),
        ("RESPONDED", &["DECLINED"]),
        ("DECLINED", &["RESPONDED"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare(
        "CampaignMember",
        "campaignMembers",
        "cmm",
        "A customer whom a campaign is meant for, and how far it is with this customer.",
    )
    .field("status", Kind::Enum(STATUS), "How far the campaign is with the customer.")
    .field("contacts", Kind::Int, "How often the customer was contacted in this campaign.")
    .holds(Rule::AtLeast(0))
    .optional("lastContactedOn", Kind::Date, "The day the customer was last contacted in this campaign.")
    .optional("previousOutcome", Kind::Text, "What came of the campaign before this one with the customer.")
    .one("campaign", "Campaign", false, "The campaign.")
    .one("customer", "Customer", false, "Whom it is meant for.")
    .visible_with_it()
}
