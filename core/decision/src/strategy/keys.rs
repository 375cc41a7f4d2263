//! The keys a strategy document may have. `schema/strategy.schema.json` says the same; a test compares them.

pub(super) const DOCUMENT: &[&str] =
    &["name", "vision", "approvers", "goals", "segments", "treatments", "contracts", "exceptions", "ground_rules"];
pub(super) const GOAL: &[&str] = &["name", "metric", "side", "target"];
pub(super) const SEGMENT: &[&str] = &["key", "name", "need", "when", "parent"];
pub(super) const AGREEMENT: &[&str] = &["customer", "point", "parameters", "expires", "reason"];
pub(super) const CUSTOMER: &[&str] = &["source", "externalId"];
pub(super) const GROUND_RULE: &[&str] = &["id", "name", "reason", "point", "when", "clamp", "force"];
pub(super) const CLAMP: &[&str] = &["field", "min", "max"];
