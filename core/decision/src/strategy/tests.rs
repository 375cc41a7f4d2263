use guildhall_model::Model;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
// The name is proptest's, too.
use super::Strategy;
use crate::condition::interpreter::truth;
use crate::decision_points;

mod document;

pub(crate) const DEMO: &str = include_str!("../../../server/src/command/demo/strategy.toml");
pub(crate) const NORTHWIND: &str = include_str!("../../../../tests/data/northwind/strategy.toml");

pub(crate) fn read(text: &str) -> Result<Strategy, Problems> {
    Strategy::read(text, &Model::core(), &decision_points().unwrap())
}

#[test]
fn the_demo_strategy_says_what_the_scenarios_need() {
    let strategy = read(DEMO).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(strategy.may_activate("ada") && !strategy.may_activate("eve"));
    let terms = strategy.treatment("core", "credit.terms").unwrap();
    let set: Vec<_> = terms.parameters.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    assert_eq!(set, [("discount", "0.02".into()), ("discountDays", "10".into()), ("netDays", "30".into())]);
    assert_eq!(strategy.rule_reads("credit.check"), [["creditAccount", "exposure"], ["creditAccount", "limit"]]);
    assert!(strategy.rule_reads("credit.terms").is_empty());
    assert_eq!(strategy.segment_reads(), [["industry"], ["margin12m"]]);
    let lineage: Vec<_> = strategy.lineage("key-cinemas").iter().map(|segment| segment.key.as_str()).collect();
    assert_eq!(lineage, ["key", "key-cinemas"]);
}

#[track_caller]
fn belongs(strategy: &str, facts: Json, expected: Option<&str>) {
    let strategy = read(strategy).unwrap();
    assert_eq!(strategy.assign(&facts).map(|segment| segment.key.as_str()), expected, "{facts}");
}

fn margin(amount: &str) -> Json {
    json!({"margin12m": {"amount": amount}, "industry": "Retail"})
}

#[test]
fn customers_belong_to_the_first_segment_that_fits() {
    belongs(DEMO, margin("250000.00"), Some("key"));
    belongs(DEMO, margin("249999.99"), Some("core"));
    belongs(DEMO, margin("20000.00"), Some("core"));
    belongs(DEMO, margin("19999.9999"), Some("small"));
    belongs(DEMO, json!({"margin12m": null}), Some("small"));
    belongs(DEMO, json!({"margin12m": {"amount": "300000"}, "industry": "Cinemas"}), Some("key-cinemas"));
    belongs(DEMO, json!({"margin12m": {"amount": "30000"}, "industry": "Cinemas"}), Some("core"));
    belongs(DEMO, json!({"margin12m": {"amount": "300000"}, "industry": null}), Some("key"));
    let northwind = |revenue: &str, orders: i32| json!({"revenue12m": {"amount": revenue}, "orders12m": orders});
    belongs(NORTHWIND, northwind("82374.11", 17), Some("key"));
    belongs(NORTHWIND, northwind("4238", 5), Some("core"));
    belongs(NORTHWIND, northwind("210", 1), Some("small"));
    belongs(NORTHWIND, northwind("0.00", 0), Some("dormant"));
}

const NESTED: &str = r#"
name = "n"
vision = "v"
approvers = ["ada"]
[[segments]]
key = "a"
name = "A"
need = "n"
when = "customer.orders12m >= 5"
[[segments]]
key = "b"
name = "B"
need = "n"
when = "customer.margin12m > 20"
[[segments]]
key = "a1"
name = "A1"
need = "n"
when = "customer.margin12m > 10"
parent = "a"
[[segments]]
key = "a1x"
name = "A1X"
need = "n"
when = "customer.country == 'A'"
parent = "a1"
[[segments]]
key = "a2"
name = "A2"
need = "n"
when = "customer.creditAccount.onHold"
parent = "a"
[[segments]]
key = "b1"
name = "B1"
need = "n"
when = "customer.revenue12m < customer.creditAccount.limit * 0.5"
parent = "b"
"#;

#[test]
fn subsegments_are_assigned_before_the_segment_they_are_part_of() {
    let strategy = read(NESTED).unwrap();
    let order: Vec<_> = strategy.assignments().iter().map(|a| (a.rank, a.segment.key.clone())).collect();
    let expected = [(1, "a1x"), (2, "a1"), (3, "a2"), (4, "a"), (5, "b1"), (6, "b")];
    assert_eq!(order, expected.map(|(rank, key)| (rank, key.to_owned())));
}

proptest! {
    #[test]
    fn one_customer_and_the_whole_base_are_assigned_alike(facts in crate::condition::tests::facts()) {
        let strategy = read(NESTED).unwrap();
        let assigned = strategy.assign(&facts).map(|segment| segment.key.clone());
        let assignments = strategy.assignments();
        let whole_base = assignments.iter().find(|assignment| truth(&assignment.condition, &facts) == 2);
        prop_assert_eq!(assigned, whole_base.map(|assignment| assignment.segment.key.clone()));
    }
}
