use std::sync::Arc;

use guildhall_decision::{DecisionPoint, decision_points};
use guildhall_model::{Access, CustomField, Kind, Model, Role};

use super::{Source, sdl};
use crate::front::Front;

fn schema(role: Role) -> String {
    schema_of(&Model::core(), role)
}

fn schema_of(model: &Model, role: Role) -> String {
    let points: Vec<_> = decision_points().unwrap().into_iter().filter(DecisionPoint::is_field).map(Arc::new).collect();
    sdl(&Source { model, points: &points, access: &Access::of(model, role) }).unwrap()
}

#[test]
fn the_schema_of_every_role_is_valid_graphql() {
    for role in Role::ALL {
        Front::new(&schema(role)).map(drop).unwrap();
    }
}

#[test]
fn what_a_role_may_not_read_is_not_in_its_schema() {
    let reader = schema(Role::Reader);
    for hidden in [
        "CreditAccount",
        "margin12m",
        "MARGIN12M",
        "unitCost",
        "UNIT_COST",
        "overdueAmount",
        "Strategy!",
        "createToken",
    ] {
        assert!(!reader.contains(hidden), "{hidden}");
        assert!(schema(Role::Admin).contains(hidden), "{hidden}");
    }
}

#[test]
fn the_exported_schema_is_the_one_served() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/model.graphql");
    let current = crate::model_sdl(&Model::core()).unwrap();
    if std::env::var_os("GUILDHALL_BLESS").is_some() {
        std::fs::write(path, &current).unwrap();
    }
    let exported = std::fs::read_to_string(path).unwrap();
    assert!(
        exported == current,
        "schema/model.graphql is not up to date; run the tests once with GUILDHALL_BLESS=1 and review the difference"
    );
}

#[test]
fn a_custom_field_is_in_all_that_follows_from_fields() {
    let tier = CustomField {
        name: "loyaltyTier".to_owned(),
        kind: Kind::Int,
        doc: "The customer's tier.".to_owned(),
        readable_by: Role::Department,
        deprecated: Some("use `segment`".to_owned()),
    };
    let model = Model::core().with_custom_field("Customer", tier).unwrap();
    let served = schema_of(&model, Role::Department);
    Front::new(&served).map(drop).unwrap();
    assert_eq!(served.matches(": Int @deprecated").count(), 1, "{served}");
    assert!(!schema(Role::Admin).contains(" @deprecated"));
    // Object, filter, sums, extremes, group key.
    assert_eq!(served.matches("loyaltyTier:").count(), 5, "{served}");
    assert!(served.contains("loyaltyTier: Int @deprecated(reason: \"use `segment`\")"), "{served}");
    // Order, group and measure.
    assert_eq!(served.matches("LOYALTY_TIER").count(), 3);
    assert!(!schema_of(&model, Role::Reader).to_lowercase().contains("loyalty"));
}
