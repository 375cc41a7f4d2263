//! Campaign: an effort to win customers for something.

use crate::channel::CHANNEL;
use crate::enumeration::{EnumType, EnumValue};
use crate::{Kind, ObjectType, Rule};

const STATUS: EnumType = EnumType {
    name: "CampaignStatus",
    doc: "Where a campaign stands.",
    values: &[
        EnumValue { name: "PLANNED", doc: "Not begun." },
        EnumValue { name: "ACTIVE", doc: "Customers are contacted." },
        EnumValue { name: "PAUSED", doc: "Nobody is contacted for the time being." },
        EnumValue { name: "ENDED", doc: "Over." },
        EnumValue { name: "CANCELLED", doc: "Stopped before its end, or never begun." },
    ],
    begins: &["PLANNED", "ACTIVE"],
    moves: &[
        ("PLANNED", &["ACTIVE", "CANCELLED"]),
        ("ACTIVE", &["PAUSED", "ENDED", "CANCELLED"]),
        ("PAUSED", &["ACTIVE", "ENDED", "CANCELLED"]),
    ],
};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Campaign", "campaigns", "cmp", "An effort to win a number of customers for something.")
        .field("name", Kind::Text, "The campaign's name.")
        .searchable()
        .indexed()
        .holds(Rule::NotBlank)
        .field("status", Kind::Enum(STATUS), "Where the campaign stands.")
        .indexed()
        .optional("channel", Kind::Enum(CHANNEL), "How customers are reached in it; null if in several ways.")
        .optional("startsOn", Kind::Date, "The day it starts.")
        .optional("endsOn", Kind::Date, "Its last day.")
        .in_order("startsOn", "endsOn")
        .many("members", "CampaignMember", "campaign_id", "The customers it is meant for, and how far each is.")
        .many("offers", "Offer", "campaign_id", "What it offers to whom.")
        .many("opportunities", "Opportunity", "campaign_id", "The opportunities that come from it.")
        .many("interactions", "Interaction", "campaign_id", "The interactions that belong to it.")
}
