//! Campaign: an effort to win customers for something.

use crate::channel::CHANNEL;
use crate::{Kind, ObjectType};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Campaign", "campaigns", "cmp", "An effort to win a number of customers for something.")
        .field("name", Kind::Text, "The campaign's name.")
        .searchable()
        .indexed()
        .optional("channel", Kind::Enum(CHANNEL), "How customers are reached in it; null if in several ways.")
        .optional("startsOn", Kind::Date, "The day it starts.")
        .optional("endsOn", Kind::Date, "Its last day.")
        .many("members", "CampaignMember", "campaign_id", "The customers it is meant for, and how far each is.")
        .many("interactions", "Interaction", "campaign_id", "The interactions that belong to it.")
}
