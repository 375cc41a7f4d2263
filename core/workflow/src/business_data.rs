//! Business data: what comes in by an import and goes out by an export. Everything else Guildhall keeps, computes or decides
//! itself.

use guildhall_model::{ObjectType, Relation, RelationKey};

/// The source of a record that came from nowhere else: its id there is its global id.
pub(crate) const HERE: &str = "guildhall";

/// The types of business data. What is not here, Guildhall keeps itself.
pub(crate) const TYPES: [&str; 18] = [
    "Customer",
    "Contact",
    "Address",
    "Product",
    "Order",
    "OrderLine",
    "Shipment",
    "Invoice",
    "Payment",
    "CreditNote",
    "CreditNoteLine",
    "CreditAccount",
    "Campaign",
    "CampaignMember",
    "Interaction",
    "User",
    "Territory",
    "TerritoryAssignment",
];

/// Fields every record has and an import sets by other means or not at all.
const KEPT: [&str; 6] = ["id", "version", "createdAt", "updatedAt", "source", "externalId"];

/// Fields that follow from others: `refresh_facts` computes them.
const COMPUTED: [(&str, &str); 9] = [
    ("Customer", "revenue12m"),
    ("Customer", "margin12m"),
    ("Customer", "orders12m"),
    ("Customer", "lastOrderOn"),
    ("Customer", "openAmount"),
    ("Customer", "overdueAmount"),
    ("Customer", "averageDaysLate"),
    ("Customer", "factsAsOf"),
    ("CreditAccount", "exposure"),
];

/// References that the strategy sets.
const DECIDED: [(&str, &str); 1] = [("Customer", "segment")];

/// Whether a field's values come from outside.
pub(crate) fn is_given(object: &ObjectType, field: &str) -> bool {
    !KEPT.contains(&field) && !COMPUTED.contains(&(object.name.as_str(), field))
}

/// Whether a relation is a reference that comes from outside.
pub(crate) fn is_given_reference(object: &ObjectType, relation: &Relation) -> bool {
    matches!(relation.key, RelationKey::Here { .. })
        && !DECIDED.contains(&(object.name.as_str(), relation.name.as_str()))
}

#[cfg(test)]
mod tests {
    use guildhall_model::Model;

    use super::*;

    #[test]
    fn every_name_is_one_of_the_model() {
        let model = Model::core();
        for name in TYPES {
            let object = model.object(name).unwrap();
            assert!(KEPT.iter().all(|field| object.get(field).is_some()), "{name}");
        }
        for (name, field) in COMPUTED {
            assert!(model.object(name).unwrap().get(field).is_some(), "{name}.{field}");
        }
        for (name, relation) in DECIDED {
            assert!(model.object(name).unwrap().relation(relation).is_some(), "{name}.{relation}");
        }
    }

    #[test]
    fn references_lead_to_business_data() {
        let model = Model::core();
        for object in TYPES.map(|name| model.object(name).unwrap()) {
            for relation in object.relations.iter().filter(|relation| is_given_reference(object, relation)) {
                assert!(TYPES.contains(&relation.target.as_str()), "{}.{}", object.name, relation.name);
            }
        }
    }
}
