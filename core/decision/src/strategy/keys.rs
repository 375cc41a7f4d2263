//! The keys a strategy document may have. `schema/strategy.schema.json` says the same; a test compares them.

pub(super) const DOCUMENT: &[&str] = &[
    "name",
    "vision",
    "value_propositions",
    "approvers",
    "currency",
    "rates",
    "financing_rate",
    "activation",
    "goals",
    "segments",
    "treatments",
    "contracts",
    "exceptions",
    "ground_rules",
    "authorities",
    "incentives",
    "information",
    "contact_policy",
    "arbitration",
    "holdout",
    "pledges",
];
pub(super) const ACTIVATION: &[&str] = &["four_eyes", "simulation_within_days", "pledges"];
pub(super) const VALUE_PROPOSITION: &[&str] = &["segment", "promise"];
pub(super) const GOAL: &[&str] = &[
    "name",
    "metric",
    "unit",
    "owner",
    "side",
    "objective",
    "baseline",
    "target",
    "projection",
    "assumptions",
    "mix",
    "guard",
];
pub(super) const AIM: &[&str] = &["at_least", "at_most"];
pub(super) const GUARD: &[&str] = &["metric", "at_least", "at_most", "projection"];
pub(super) const SEGMENT: &[&str] = &["key", "name", "need", "when", "stay", "parent"];
pub(super) const AGREEMENT: &[&str] = &["customer", "point", "parameters", "expires", "reason"];
pub(super) const CUSTOMER: &[&str] = &["source", "externalId"];
pub(super) const GROUND_RULE: &[&str] = &["id", "name", "reason", "point", "when", "clamp", "force", "keep", "reserve"];
pub(super) const CLAMP: &[&str] = &["field", "min", "max"];
pub(super) const RESERVE: &[&str] = &["segment", "share"];
pub(super) const AUTHORITY: &[&str] = &["department", "point", "field", "act", "at_most"];
pub(super) const INCENTIVE: &[&str] = &["department", "metric", "rewards"];
pub(super) const INFORMATION: &[&str] = &["fact", "owner", "max_age_days", "points"];
pub(super) const CONTACT_POLICY: &[&str] = &["caps", "quiet_hours", "exempt"];
pub(super) const CONTACT_CAP: &[&str] = &["kinds", "days", "at_most"];
pub(super) const QUIET_HOURS: &[&str] = &["from", "to"];
pub(super) const ARBITRATION: &[&str] = &["score", "lever_cap"];
pub(super) const HOLDOUT: &[&str] = &["share", "seed", "points"];
pub(super) const PLEDGE: &[&str] = &["policy", "benefit", "cost", "minimum_ratio", "metric", "review"];
pub(super) const MONEY: &[&str] = &["amount", "currency"];
