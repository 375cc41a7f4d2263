use std::sync::Arc;

use guildhall_decision::{DecisionPoint, decision_points};
use guildhall_model::{Ability, Access, CustomField, Kind, Model, Role, RoleDefinition, RowSet, Rows, TypeGrant};

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
        indexed: false,
        deprecated: Some("use `segment`".to_owned()),
    };
    let model = Model::core().with_custom_field("Customer", tier).unwrap();
    let served = schema_of(&model, Role::Department);
    Front::new(&served).map(drop).unwrap();
    assert_eq!(served.matches(": Int @deprecated").count(), 1);
    assert!(!schema(Role::Admin).contains(" @deprecated"));
    // Object, filter, sums, extremes, group key, values of a new record, changes of one.
    assert_eq!(served.matches("loyaltyTier:").count(), 7);
    assert!(served.contains("loyaltyTier: Int @deprecated(reason: \"use `segment`\")"), "{served}");
    // Order, group and measure.
    assert_eq!(served.matches("LOYALTY_TIER").count(), 3);
    assert!(!schema_of(&model, Role::Reader).to_lowercase().contains("loyalty"));
}

/// The schema whoever has this role alone is served.
fn served(abilities: &[Ability], types: &[(&str, &[&str], Rows)]) -> Front {
    let model = Model::core();
    let grant = |(object, read, rows): &(&str, &[&str], Rows)| {
        let read = read.iter().map(|name| (*name).to_owned()).collect();
        ((*object).to_owned(), TypeGrant { read, rows: RowSet::from_iter([*rows]), ..TypeGrant::default() })
    };
    let role = RoleDefinition {
        types: types.iter().map(grant).collect(),
        abilities: abilities.iter().copied().collect(),
        ..RoleDefinition::default()
    };
    let access = Access::sum(&model, &[&role]);
    Front::new(&sdl(&Source { model: &model, points: &[], access: &access }).unwrap()).unwrap()
}

fn has(front: &Front, object: &str, field: &str) -> bool {
    front.schema().get_object(object).is_some_and(|object| object.fields.contains_key(field))
}

#[test]
fn a_relation_is_there_for_whom_it_is_granted_though_both_its_ends_are_read() {
    let without = served(&[], &[("Customer", &["name"], Rows::All), ("Order", &["number", "customer"], Rows::All)]);
    assert!(has(&without, "Order", "customer") && !has(&without, "Customer", "orders"));
    let with = served(&[], &[("Customer", &["name", "orders"], Rows::All), ("Order", &["number"], Rows::All)]);
    assert!(has(&with, "Customer", "orders") && !has(&with, "Order", "customer"));
}

#[test]
fn a_relation_is_null_where_it_may_lead_to_a_hidden_record() {
    let is_sure = |rows: Rows| {
        let front = served(&[], &[("Customer", &["name"], rows), ("Order", &["number", "customer"], Rows::All)]);
        front.schema().get_object("Order").unwrap().fields["customer"].ty.is_non_null()
    };
    assert!(is_sure(Rows::All) && !is_sure(Rows::Own));
}

#[test]
fn an_act_is_there_for_whom_reads_what_it_answers_with() {
    let orders: (&str, &[&str], Rows) = ("Order", &["number"], Rows::All);
    let only = served(&[Ability::PlaceOrders], &[("Customer", &["name"], Rows::All)]);
    assert!(!has(&only, "Mutation", "placeOrder") && !has(&only, "Mutation", "cancelOrder"));
    assert!(has(&served(&[Ability::PlaceOrders], &[orders]), "Mutation", "cancelOrder"));
    assert!(!has(&served(&[], &[orders]), "Mutation", "cancelOrder"));
}
