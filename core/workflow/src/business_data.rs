//! Business data: what comes in by an import and goes out by an export. Everything else Guildhall keeps, computes or decides
//! itself.

use guildhall_model::{ObjectType, Relation, RelationKey};

/// The source of a record that came from nowhere else: its id there is its global id.
pub(crate) const HERE: &str = "guildhall";

/// The types of business data. What is not here, Guildhall keeps itself.
pub(crate) const TYPES: [&str; 38] = [
    "Customer",
    "Contact",
    "ContactPoint",
    "Address",
    "Topic",
    "TopicSubscription",
    "Consent",
    "CreditGroup",
    "CreditAccount",
    "Product",
    "Supply",
    "Opportunity",
    "Quote",
    "QuoteLine",
    "QuoteDiscount",
    "Order",
    "OrderLine",
    "Shipment",
    "Invoice",
    "Payment",
    "PaymentAllocation",
    "CreditNote",
    "CreditNoteLine",
    "Dispute",
    "Hold",
    "Campaign",
    "CampaignMember",
    "Offer",
    "Interaction",
    "Case",
    "Milestone",
    "Task",
    "Note",
    "User",
    "Team",
    "TeamMember",
    "Territory",
    "TerritoryAssignment",
];

/// Fields every record has and an import sets by other means.
const KEY: [&str; 2] = ["source", "externalId"];

/// Whether a field's values come from outside.
pub(crate) fn is_given(object: &ObjectType, field: &str) -> bool {
    !KEY.contains(&field) && object.get(field).is_none_or(|field| field.writable)
}

/// Whether a relation is a reference that comes from outside: no strategy and no decision does.
pub(crate) fn is_given_reference(relation: &Relation) -> bool {
    matches!(relation.key, RelationKey::Here { .. }) && relation.writable && TYPES.contains(&relation.target.as_str())
}

#[cfg(test)]
mod tests {
    use guildhall_model::Model;

    use super::*;

    /// An override is somebody's word against a decision, and decisions are not imported.
    #[test]
    fn whatever_guildhall_does_not_keep_is_business_data() {
        let model = Model::core();
        let mut given: Vec<_> = model.objects().iter().filter(|o| !o.is_kept() && o.name != "Override").collect();
        given.sort_by_key(|object| TYPES.iter().position(|name| *name == object.name));
        let names: Vec<_> = given.iter().map(|object| object.name.as_str()).collect();
        assert_eq!(names, TYPES);
    }

    #[test]
    fn what_a_record_cannot_be_without_is_given() {
        let model = Model::core();
        for object in TYPES.map(|name| model.object(name).unwrap()) {
            for reference in object.references(&model).iter().filter(|reference| !reference.nullable) {
                assert!(TYPES.contains(&reference.target), "{}.{}", object.name, reference.column);
            }
        }
    }
}
