use std::sync::LazyLock;

use guildhall_model::Model;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
// The name is proptest's, too.
use super::Strategy;
use crate::condition::interpreter::truth;
use crate::decision_points;

mod difference;
mod document;

pub(crate) const DEMO: &str = include_str!("../../../server/src/command/demo/strategy.toml");
pub(crate) const NORTHWIND: &str = include_str!("../../../../tests/data/northwind/strategy.toml");

/// Read once: property tests ask for them thousands of times.
pub(crate) static MODEL: LazyLock<Model> = LazyLock::new(Model::core);
pub(crate) static POINTS: LazyLock<Vec<DecisionPoint>> = LazyLock::new(|| decision_points().unwrap());
static THE_DEMO: LazyLock<Strategy> = LazyLock::new(|| read(DEMO).unwrap());

pub(crate) fn read(text: &str) -> Result<Strategy, Problems> {
    Strategy::read(text, &MODEL, &POINTS)
}

pub(crate) fn demo() -> Strategy {
    THE_DEMO.clone()
}

#[test]
fn the_demo_strategy_says_what_the_scenarios_need() {
    let strategy = read(DEMO).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(strategy.may_activate("ada") && !strategy.may_activate("eve"));
    let terms = strategy.treatment("core", "credit.terms").unwrap();
    let set: Vec<_> = terms.parameters.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    assert_eq!(set, [("discount", "0.02".into()), ("discountDays", "10".into()), ("netDays", "30".into())]);
    let reads: Vec<_> = strategy.rule_reads("credit.check").iter().map(|path| path.join(".")).collect();
    assert_eq!(
        reads,
        ["creditAccount.currency", "creditAccount.exposure", "creditAccount.limit", "currency", "overdueAmount"]
    );
    assert!(strategy.rule_reads("credit.terms").is_empty());
    assert_eq!(strategy.segment_reads(), [["currency"], ["industry"], ["margin12m"]]);
    let lineage: Vec<_> = strategy.lineage("key-cinemas").iter().map(|segment| segment.key.as_str()).collect();
    assert_eq!(lineage, ["key", "key-cinemas"]);
}

#[track_caller]
fn belongs(strategy: &str, facts: Json, expected: Option<&str>) {
    let strategy = read(strategy).unwrap();
    assert_eq!(strategy.assign(&facts).map(|segment| segment.key.as_str()), expected, "{facts}");
}

fn margin(amount: &str) -> Json {
    json!({"currency": "EUR", "margin12m": {"amount": amount}, "industry": "Retail"})
}

#[test]
fn customers_belong_to_the_first_segment_that_fits() {
    belongs(DEMO, margin("250000.00"), Some("key"));
    belongs(DEMO, margin("249999.99"), Some("core"));
    belongs(DEMO, margin("20000.00"), Some("core"));
    belongs(DEMO, margin("19999.9999"), Some("small"));
    belongs(DEMO, json!({"margin12m": null}), Some("small"));
    belongs(
        DEMO,
        json!({"currency": "EUR", "margin12m": {"amount": "300000"}, "industry": "Cinemas"}),
        Some("key-cinemas"),
    );
    belongs(DEMO, json!({"currency": "EUR", "margin12m": {"amount": "30000"}, "industry": "Cinemas"}), Some("core"));
    belongs(DEMO, json!({"currency": "EUR", "margin12m": {"amount": "300000"}, "industry": null}), Some("key"));
    let northwind =
        |revenue: &str, orders: i32| json!({"currency": "USD", "revenue12m": {"amount": revenue}, "orders12m": orders});
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

/// A customer with this margin who belongs to `from` until now.
#[track_caller]
fn stays(from: Option<&str>, amount: &str, expected: &str) {
    let mut facts = margin(amount);
    facts["segment"] = from.map_or(Json::Null, |key| json!({"key": key}));
    belongs(DEMO, facts, Some(expected));
}

#[test]
fn who_belongs_to_a_segment_stays_while_its_condition_says_so() {
    stays(None, "230000", "core");
    stays(Some("core"), "230000", "core");
    stays(Some("core"), "250000", "key");
    stays(Some("key"), "230000", "key");
    stays(Some("key"), "225000", "key");
    stays(Some("key"), "224999", "core");
    // Who is in a part of it is in it.
    stays(Some("key-cinemas"), "230000", "key");
    stays(Some("gone"), "230000", "core");
    let strategy = read(DEMO).unwrap();
    assert_eq!(
        strategy.segment_reads(),
        [["currency"], ["industry"], ["margin12m"]],
        "where he comes from is no evidence"
    );
}

const STAYING: &str = r#"
name = "n"
vision = "v"
approvers = ["ada"]
[[segments]]
key = "a"
name = "A"
need = "n"
when = "customer.orders12m >= 5"
stay = "customer.orders12m >= 3"
[[segments]]
key = "a1"
name = "A1"
need = "n"
when = "customer.margin12m > 20"
stay = "customer.margin12m > 10 || customer.country == 'A'"
parent = "a"
[[segments]]
key = "b"
name = "B"
need = "n"
when = "customer.margin12m > 15"
stay = "customer.margin12m > 5"
"#;

proptest! {
    #[test]
    fn one_customer_and_the_whole_base_are_assigned_alike(facts in crate::condition::tests::facts()) {
        let strategy = read(NESTED).unwrap();
        let assigned = strategy.assign(&facts).map(|segment| segment.key.clone());
        let assignments = strategy.assignments();
        let whole_base = assignments.iter().find(|assignment| truth(&assignment.condition, &facts) == 2);
        prop_assert_eq!(assigned, whole_base.map(|assignment| assignment.segment.key.clone()));
    }

    #[test]
    fn the_whole_base_stays_as_one_customer_does(
        mut facts in crate::condition::tests::facts(),
        from in prop::option::of(prop::sample::select(vec!["a", "a1", "b", "gone"])),
    ) {
        facts["segment"] = from.map_or(Json::Null, |key| json!({"id": "seg_1", "key": key}));
        let strategy = read(STAYING).unwrap();
        let assigned = strategy.assign(&facts).map(|segment| segment.key.clone());
        let assignments = strategy.assignments();
        let whole_base = assignments.iter().find(|assignment| truth(&assignment.condition, &facts) == 2);
        prop_assert_eq!(&assigned, &whole_base.map(|assignment| assignment.segment.key.clone()));
        // Once settled, nobody moves: the second time he is where he was put.
        facts["segment"] = assigned.as_deref().map_or(Json::Null, |key| json!({"id": "seg_1", "key": key}));
        prop_assert_eq!(strategy.assign(&facts).map(|segment| segment.key.clone()), assigned);
    }
}

#[test]
fn holdouts_are_stable_and_of_their_size() {
    let strategy = read(DEMO).unwrap();
    let holdout = strategy.holdout.as_ref().unwrap();
    let held = |seed: &str| -> Vec<usize> {
        let holdout = Holdout { seed: seed.to_owned(), ..holdout.clone() };
        (0..20_000).filter(|number| holdout.holds_out("marketing.contact", &format!("cus_{number:032}"))).collect()
    };
    let (first, again, other) = (held("first year"), held("first year"), held("second year"));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!((900..1_100).contains(&first.len()), "{}", first.len());
    assert!(!holdout.holds_out("credit.check", &format!("cus_{:032}", first[0])));
}
