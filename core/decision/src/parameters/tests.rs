use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::strategy::tests::{NORTHWIND, demo, read};
use crate::{Strategy, decision_points};

#[track_caller]
fn check(strategy: &Strategy, subject: Subject<'_>, day: &str, expected: &[(&str, &str, &str)]) {
    let points = decision_points().unwrap();
    let point = points.iter().find(|point| point.name == "credit.terms").unwrap();
    let at = format!("{day}T12:00:00Z").parse().unwrap();
    let parameters = resolve(&Question { strategy, point, subject, request: &Json::Null, at });
    let found: Vec<_> = parameters
        .resolved
        .iter()
        .map(|resolved| (resolved.name.clone(), resolved.value.as_ref().unwrap().to_string(), resolved.source.clone()))
        .collect();
    let expected: Vec<_> = expected.iter().map(|(a, b, c)| (a.to_string(), b.to_string(), c.to_string())).collect();
    assert_eq!(found, expected);
}

fn subject<'a>(segment: Option<&'a str>, external_id: Option<&'a str>) -> Subject<'a> {
    let source = external_id.map(|_| "northwind");
    Subject { id: "cus_01900000000070008000000000000001", source, external_id, segment, facts: &Json::Null }
}

#[test]
fn the_strongest_layer_wins_field_by_field() {
    let northwind = read(NORTHWIND).unwrap();
    let contract = "contract until 2099-12-31";
    let default = ("lateAfterDays", "15", "department default");
    check(
        &northwind,
        subject(Some("key"), Some("ERNSH")),
        "2099-12-31",
        &[("netDays", "55", contract), ("discount", "0.01", contract), ("discountDays", "14", contract), default],
    );
    let none = ("discount", "0", "department default");
    let days = ("discountDays", "0", "department default");
    check(
        &northwind,
        subject(Some("key"), Some("ERNSH")),
        "2100-01-01",
        &[("netDays", "45", "segment `key`"), none, days, default],
    );
    check(
        &northwind,
        subject(Some("key"), Some("QUICK")),
        "2027-01-01",
        &[("netDays", "45", "segment `key`"), none, days, default],
    );
    check(
        &northwind,
        subject(None, None),
        "2027-01-01",
        &[("netDays", "30", "department default"), none, days, default],
    );
    check(
        &northwind,
        subject(Some("gone"), None),
        "2027-01-01",
        &[("netDays", "30", "department default"), none, days, default],
    );
    check(
        &demo(),
        subject(Some("key-cinemas"), None),
        "2026-11-22",
        &[("netDays", "60", "subsegment `key-cinemas`"), none, days, ("lateAfterDays", "45", "segment `key`")],
    );
}

#[test]
fn who_is_held_out_has_the_defaults_and_what_was_agreed() {
    let holdout = |share: &str, point: &str| {
        let held = format!("\n[holdout]\nshare = {share}\nseed = \"s\"\npoints = [\"{point}\"]\n");
        read(&format!("{NORTHWIND}{held}")).unwrap()
    };
    let default = |name, value| (name, value, "department default");
    let defaults = [
        default("netDays", "30"),
        default("discount", "0"),
        default("discountDays", "0"),
        default("lateAfterDays", "15"),
    ];
    let all = holdout("1", "credit.terms");
    check(&all, subject(Some("key"), None), "2027-01-01", &defaults);
    let contract = "contract until 2099-12-31";
    check(
        &all,
        subject(Some("key"), Some("ERNSH")),
        "2027-01-01",
        &[("netDays", "55", contract), ("discount", "0.01", contract), ("discountDays", "14", contract), defaults[3]],
    );
    for nobody in [holdout("0", "credit.terms"), holdout("1", "credit.check")] {
        let key = ("netDays", "45", "segment `key`");
        check(&nobody, subject(Some("key"), None), "2027-01-01", &[key, defaults[1], defaults[2], defaults[3]]);
    }
}

#[test]
fn a_plugin_is_given_every_parameter_by_name() {
    let points = decision_points().unwrap();
    let defaults = department_defaults(&points[0]).to_json();
    assert_eq!(defaults, json!({"netDays": 30, "discount": "0", "discountDays": 0, "lateAfterDays": 15}));
}

fn agreement(value: Option<i32>) -> Vec<Agreement> {
    let customer = CustomerKey::External { source: "northwind".into(), external_id: "ERNSH".into() };
    let parameters = value.map(|value| BTreeMap::from([("netDays".to_owned(), Datum::Int(value))]));
    let expires = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap();
    let reason = String::new();
    parameters
        .map(|parameters| Agreement { customer, point: "credit.terms".into(), parameters, expires, reason })
        .into_iter()
        .collect()
}

proptest! {
    #[test]
    fn each_parameter_comes_from_the_strongest_layer_that_sets_it(
        contract in prop::option::of(0..100), exception in prop::option::of(0..100),
        sub in prop::option::of(0..100), segment in prop::option::of(0..100),
    ) {
        let mut strategy = demo();
        strategy.contracts = agreement(contract);
        strategy.exceptions = agreement(exception);
        for treatment in strategy.treatments.iter_mut().filter(|treatment| treatment.point == "credit.terms") {
            let value = match treatment.segment.as_str() { "key" => segment, "key-cinemas" => sub, _ => continue };
            treatment.parameters = value.map(|value| ("netDays".to_owned(), Datum::Int(value))).into_iter().collect();
        }
        let points = decision_points().unwrap();
        let at = "2026-11-22T00:00:00Z".parse().unwrap();
        let subject = subject(Some("key-cinemas"), Some("ERNSH"));
        let parameters = resolve(&Question { strategy: &strategy, point: &points[0], subject, request: &Json::Null, at });
        let found = parameters.get("netDays").unwrap();
        let layers = [(contract, Layer::Contract), (exception, Layer::Customer), (sub, Layer::Subsegment), (segment, Layer::Segment), (Some(30), Layer::Default)];
        let (value, layer) = layers.into_iter().find_map(|(value, layer)| Some((value?, layer))).unwrap();
        prop_assert_eq!((&found.value, found.layer), (&Some(Datum::Int(value)), layer));
        prop_assert_eq!(parameters.get("discount").unwrap().layer, Layer::Default);
    }
}
