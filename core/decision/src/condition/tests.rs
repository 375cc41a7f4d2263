use std::collections::BTreeMap;

use guildhall_model::Model;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::interpreter::truth;
use super::*;
use crate::decision_points;

fn compile(text: &str) -> Result<Condition, ConditionError> {
    Condition::compile(text, &Scope::subject(&Model::core(), "Customer"))
}

#[track_caller]
fn check(text: &str, facts: Json, expected: Option<bool>) {
    let condition = compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(condition.evaluate(&Bindings::subject(&facts)), expected, "{text}");
    let lowered = truth(&condition.lower().unwrap(), &facts);
    assert_eq!(lowered, expected.map_or(1, |holds| 2 * u8::from(holds)), "{text} in the database");
}

#[track_caller]
fn refuse(text: &str, expected: &str) {
    match compile(text) {
        Ok(_) => panic!("`{text}` was taken"),
        Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
    }
}

fn customer() -> Json {
    json!({
        "status": "ACTIVE", "country": "Austria", "revenue12m": {"amount": "123.45"}, "orders12m": 7,
        "margin12m": null, "lastOrderOn": "2026-01-31", "averageDaysLate": 3,
        "creditAccount": {"id": "crd_1", "limit": {"amount": "100000.00"}, "dunningLevel": 1, "onHold": false}
    })
}

#[test]
fn comparisons_are_exact() {
    check("customer.revenue12m > 123.4499", customer(), Some(true));
    check("customer.revenue12m == 123.45", customer(), Some(true));
    check("customer.revenue12m >= 0.1 + 0.2", json!({"revenue12m": {"amount": "0.3"}}), Some(true));
    check("customer.revenue12m == 0.1 + 0.2", json!({"revenue12m": {"amount": "0.3"}}), Some(true));
    check("customer.creditAccount.limit * 1.3 == 130000", customer(), Some(true));
    check("customer.orders12m * 2 + 1 == 15", customer(), Some(true));
    check("customer.orders12m * 10.5 < customer.revenue12m", customer(), Some(true));
    check("-customer.orders12m < -6", customer(), Some(true));
    check("customer.status == 'ACTIVE' && customer.country in ['Austria', \"Norway\"]", customer(), Some(true));
    check("customer.lastOrderOn < date('2026-02-01')", customer(), Some(true));
    check("!customer.creditAccount.onHold", customer(), Some(true));
    check("customer.creditAccount.onHold == false", customer(), Some(true));
    check("customer.country == 'Österreich'", json!({"country": "Österreich"}), Some(true));
}

#[test]
fn what_is_missing_is_unknown() {
    check("customer.margin12m > 0", customer(), None);
    check("!(customer.margin12m > 0)", customer(), None);
    check("customer.margin12m > 0 || customer.orders12m > 0", customer(), Some(true));
    check("customer.margin12m > 0 && customer.orders12m > 0", customer(), None);
    check("customer.margin12m > 0 && customer.orders12m > 9", customer(), Some(false));
    check("customer.margin12m in [1, 2]", customer(), None);
    check("customer.creditAccount.limit > 0", json!({"creditAccount": null}), None);
    check("customer.creditAccount.limit + customer.revenue12m > 0", json!({"creditAccount": null}), None);
    check("has(customer.margin12m)", customer(), Some(false));
    check("has(customer.creditAccount)", customer(), Some(true));
    check("has(customer.creditAccount)", json!({"creditAccount": null}), Some(false));
    check("!has(customer.creditAccount.limit)", json!({"creditAccount": null}), Some(true));
    check("true", json!({}), Some(true));
    check("false || customer.orders12m == 1", json!({}), None);
}

/// Over customers of a strategy that counts in EUR, and knows what JPY and USD are worth.
#[track_caller]
fn check_money(text: &str, facts: Json, expected: Option<bool>) {
    let rates = [("JPY", "0.006"), ("USD", "0.9")].map(|(code, rate)| (code.to_owned(), rate.parse().unwrap()));
    let model = Model::core();
    let scope = Scope::subject(&model, "Customer").counting_in("EUR", &rates.into());
    let condition = Condition::compile(text, &scope).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(condition.evaluate(&Bindings::subject(&facts)), expected, "{text} of {facts}");
    let lowered = truth(&condition.lower().unwrap(), &facts);
    assert_eq!(lowered, expected.map_or(1, |holds| 2 * u8::from(holds)), "{text} of {facts} in the database");
}

#[test]
fn amounts_count_in_the_currency_of_the_strategy() {
    let of = |currency: &str, margin: &str| json!({ "currency": currency, "margin12m": { "amount": margin } });
    for (currency, margin, expected) in [
        ("EUR", "250000", Some(true)),
        ("EUR", "249999.9999", Some(false)),
        ("JPY", "300000", Some(false)),
        ("JPY", "41666666.6667", Some(true)),
        ("JPY", "41666666.6666", Some(false)),
        ("USD", "280000", Some(true)),
        ("CHF", "300000", None),
    ] {
        check_money("customer.margin12m >= 250000", of(currency, margin), expected);
        check_money("!(customer.margin12m < 250000)", of(currency, margin), expected);
        check_money("0 - customer.margin12m * 2 <= -500000", of(currency, margin), expected);
        check_money("customer.margin12m + 1 >= 250001", of(currency, margin), expected);
        // Nothing is nothing in any currency.
        check_money("customer.margin12m > 0", of(currency, margin), Some(true));
    }
    check_money("customer.margin12m in [1.8]", of("JPY", "300"), Some(true));
    check_money("customer.margin12m in [300]", of("CHF", "300"), None);
    let both = |own: &str, account: &str| {
        json!({ "currency": own, "openAmount": { "amount": "100" },
            "creditAccount": { "currency": account, "limit": { "amount": "95" } } })
    };
    let over = "customer.openAmount > customer.creditAccount.limit";
    check_money(over, both("EUR", "EUR"), Some(true));
    check_money(over, both("CHF", "CHF"), Some(true));
    check_money(over, both("USD", "EUR"), Some(false));
    check_money(over, both("CHF", "EUR"), None);
    check_money(&format!("!({over})"), both("CHF", "EUR"), None);
    check_money(&format!("{over} || customer.openAmount > 0"), both("CHF", "EUR"), Some(true));
    check_money(
        "customer.openAmount * 2 > customer.overdueAmount",
        json!({ "currency": "CHF",
        "openAmount": { "amount": "1" }, "overdueAmount": { "amount": "1" } }),
        Some(true),
    );
}

#[test]
fn what_is_asked_for_is_in_the_currency_of_the_customer() {
    let (model, points) = (Model::core(), decision_points().unwrap());
    let point = points.iter().find(|point| point.name == "credit.check").unwrap();
    let rates = BTreeMap::from([("JPY".to_owned(), Decimal::new(6, 3))]);
    let scope = Scope::ground_rule(&model, point).counting_in("EUR", &rates);
    let holds = |text: &str, currency: &str, account: &str| {
        let account = json!({ "currency": account, "exposure": { "amount": "900" }, "limit": { "amount": "1000" } });
        let (subject, request) =
            (json!({ "currency": currency, "creditAccount": account }), json!({ "amount": "200" }));
        let condition = Condition::compile(text, &scope).unwrap();
        assert!(condition.reads().contains(&vec!["creditAccount".to_owned(), "currency".to_owned()]));
        condition.evaluate(&Bindings { subject: &subject, request: &request, verdict: &Json::Null })
    };
    let over = "customer.creditAccount.exposure + request.amount > customer.creditAccount.limit";
    assert_eq!(holds(over, "CHF", "CHF"), Some(true), "no rate is needed");
    assert_eq!(holds(over, "JPY", "JPY"), Some(true));
    assert_eq!(holds(over, "JPY", "EUR"), Some(false), "200 JPY are 1.20 EUR");
    assert_eq!(holds(over, "CHF", "EUR"), None);
    let much = "customer.creditAccount.exposure + request.amount > 6.5";
    assert_eq!(holds(much, "JPY", "JPY"), Some(true));
    assert_eq!(holds("customer.creditAccount.exposure + request.amount > 6.6", "JPY", "JPY"), Some(false));
    assert_eq!(holds(much, "CHF", "CHF"), None);
}

#[test]
fn names_and_types_are_checked() {
    refuse("customer.revenu12m > 1", "column 1: unknown field `customer.revenu12m`; did you mean `revenue12m`?");
    refuse("client.name == 'a'", "column 1: unknown name `client`; names begin with `customer.`");
    refuse("'a' > 1", "column 5: a text cannot be compared with a number");
    refuse("customer.name > 'a'", "column 15: a text has no order; use `==`, `!=` or `in`");
    refuse(
        "customer.status == 'GOLD'",
        "column 17: CustomerStatus has no value `GOLD`; it has PROSPECT, ACTIVE, CLOSED",
    );
    refuse(
        "customer.status in ['ACTIVE', 'OLD']",
        "column 17: CustomerStatus has no value `OLD`; it has PROSPECT, ACTIVE, CLOSED",
    );
    refuse("customer.orders12m", "column 1: `orders12m` is a number; compare it with something");
    refuse("customer.orders12m + 1", "column 20: a number alone is no condition; compare it with something");
    refuse("customer.orders12m + 'a' > 1", "column 22: a text cannot be added or multiplied");
    refuse("customer.orders.number == 'a'", "column 1: `orders` is many records; a condition reads fields of one");
    refuse(
        "customer.creditAccount == 'a'",
        "column 1: `creditAccount` is a record; name one of its fields, or ask `has(...)` whether it is there",
    );
    refuse("customer == 'a'", "column 1: `customer` is a whole record; name one of its fields");
    refuse("customer.margin12m == null", "column 23: nothing equals null; ask `has(...)` or `!has(...)`");
    refuse("1 < 2", "column 3: this compares two values and never changes; compare with a field");
    refuse(
        "customer.createdAt > date('2026-01-01')",
        "column 1: `createdAt` is a time, which a condition cannot compare; use a date",
    );
    refuse("customer.lastOrderOn > date('2026-02-30')", "column 29: `2026-02-30` is not a date like `2026-01-31`");
    refuse("customer.lastOrderOn > '2026-02-20'", "column 22: a date cannot be compared with a text");
    refuse(
        "customer.id == 'cus_1'",
        "column 1: `id` is an id; an exception for one customer belongs into [[exceptions]]",
    );
    refuse(
        "customer.revenue12m * customer.openAmount > 1",
        "column 21: the result could have more than 28 digits and would not be exact",
    );
}

#[test]
fn what_the_subset_leaves_out_is_refused_with_its_place() {
    refuse("size(customer.name) > 3", "column 5: the function `size` is not supported; there are `has` and `date`");
    refuse(
        "customer.name.startsWith('a')",
        "column 25: the method `startsWith` is not supported; use `==`, `<`, `in`, `has`",
    );
    refuse(
        "[1, 2].all(x, x > 1)",
        "column 11: this is not supported; compare fields with `==`, `<`, `in` and join with `&&`, `||`",
    );
    refuse(
        "customer.openAmount / 2 > 1",
        "column 21: `/` is not supported; multiply the other side instead, like `a > b * 1.3`",
    );
    refuse(
        "customer.orders12m > 1 ? true : false",
        "column 24: `? :` is not supported; join conditions with `&&` and `||`",
    );
    refuse("customer.orders12m > 1e3", "column 22: `1e3` is not a number; write it like `1234.50`");
    refuse("customer.orders12m > 0x10", "column 22: `0x10` is not a number; write it like `1234.50`");
    refuse(
        "customer.revenue12m > 0.1234567890123456",
        "column 23: `0.1234567890123456` has more than 15 significant digits",
    );
    refuse("customer.name == r'a'", "column 18: a letter stands before a quote; write texts as 'text'");
    refuse("customer.name == 'a\\n'", "column 20: `\\` is not supported in a text; write the character itself");
    refuse("customer.name == 'a", "column 18: the text is never closed");
    refuse("(customer.orders12m > 1", "column 1: `(` is never closed");
    refuse("customer.orders12m > 1)", "column 23: `)` closes nothing");
    refuse("customer.orders12m > 1 # why", "column 24: `#` is not part of a condition");
    refuse(&"(".repeat(40), "column 33: the condition is too complex; split it into several rules or segments");
    refuse(&"!".repeat(40), "column 33: the condition is too complex; split it into several rules or segments");
    refuse(&"a".repeat(2_001), "column 1: the condition is too long; write it in at most 2000 characters");
    assert!(compile("customer.orders12m >").is_err());
    assert!(compile("").is_err());
}

#[test]
fn reads_are_the_fields_to_fetch() {
    let condition =
        compile("customer.creditAccount.limit > 1 && has(customer.creditAccount) || customer.creditAccount.limit > customer.openAmount")
            .unwrap();
    let expected = [vec!["creditAccount", "id"], vec!["creditAccount", "limit"], vec!["openAmount"]];
    assert_eq!(condition.reads(), expected);
}

#[test]
fn ground_rules_see_request_and_verdict() {
    let (model, points) = (Model::core(), decision_points().unwrap());
    let point = points.iter().find(|point| point.name == "credit.check").unwrap();
    let scope = Scope::ground_rule(&model, point);
    let text = "request.amount > 10 && verdict.outcome == 'APPROVED' && customer.orders12m > 0";
    let condition = Condition::compile(text, &scope).unwrap();
    assert_eq!(condition.reads(), [["orders12m"]]);
    assert!(condition.lower().is_none());
    let (facts, request, verdict) = (customer(), json!({"amount": "10.01"}), json!({"outcome": "APPROVED"}));
    let holds = |request: &Json| condition.evaluate(&Bindings { subject: &facts, request, verdict: &verdict });
    assert_eq!(holds(&request), Some(true));
    assert_eq!(holds(&Json::Null), None);
    let error = Condition::compile("request.amout > 10", &scope).unwrap_err();
    assert_eq!(error.to_string(), "column 1: unknown field `request.amout`; did you mean `amount`?");
}

/// The longest and deepest texts that are taken; in minutes if the parser ever guessed.
#[test]
fn the_hardest_texts_are_compiled_in_no_time() {
    let begin = std::time::Instant::now();
    let nested = format!("{}customer.orders12m > 1{}", "(".repeat(30), ")".repeat(30));
    let negated = format!("{}customer.orders12m > 1{}", "!(".repeat(30), ")".repeat(30));
    let joined = vec!["customer.orders12m in [1,2]"; 40].join(" && ");
    let summed = format!("customer.orders12m {} > 1", "+ 1".repeat(8));
    for text in [nested, negated, joined, summed] {
        compile(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    for wrong in [
        format!("{}1{}", "([".repeat(16), "])".repeat(16)),
        "(".repeat(32),
        "has(".repeat(30),
        "a.".repeat(280),
        "! ".repeat(30),
    ] {
        assert!(compile(&wrong).is_err(), "{wrong}");
    }
    assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
}

fn number_term() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("customer.revenue12m".to_owned()),
        Just("customer.margin12m".to_owned()),
        Just("customer.orders12m".to_owned()),
        Just("customer.creditAccount.limit".to_owned()),
        Just("customer.creditAccount.dunningLevel".to_owned()),
        (0i64..50).prop_map(|int| int.to_string()),
        (0i64..50, 0u8..100).prop_map(|(whole, places)| format!("{whole}.{places:02}")),
    ];
    leaf.clone().prop_flat_map(move |first| {
        let second = leaf.clone();
        prop_oneof![
            Just(first.clone()),
            (second.clone(), prop_oneof![Just("+"), Just("-")]).prop_map({
                let first = first.clone();
                move |(second, sign)| format!("({first} {sign} {second})")
            }),
            (0u8..30).prop_map(move |factor| format!("({first} * {}.{})", factor / 10, factor % 10)),
        ]
    })
}

pub(crate) fn condition_text() -> impl Strategy<Value = String> {
    let comparison = prop_oneof![Just("=="), Just("!="), Just("<"), Just("<="), Just(">"), Just(">=")];
    let leaf = prop_oneof![
        4 => (number_term(), comparison, number_term()).prop_map(|(a, with, b)| format!("{a} {with} {b}")),
        1 => number_term().prop_map(|term| format!("customer.orders12m in [1, 2, 3] && {term} < 5")),
        1 => Just("customer.country in ['A', 'B']".to_owned()),
        1 => Just("customer.status != 'CLOSED'".to_owned()),
        1 => Just("customer.lastOrderOn >= date('2026-01-15')".to_owned()),
        1 => Just("customer.creditAccount.onHold".to_owned()),
        1 => Just("has(customer.creditAccount.limit)".to_owned()),
        1 => Just("has(customer.margin12m)".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn maybe(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    prop_oneof![1 => Just(Json::Null), 3 => value]
}

pub(crate) fn facts() -> impl Strategy<Value = Json> {
    let money = || (0i64..5_000).prop_map(|units| json!({"amount": format!("{}.{:02}", units / 100, units % 100)}));
    let credit = (money(), 0i32..4, any::<bool>())
        .prop_map(|(limit, level, hold)| json!({"id": "crd_1", "limit": limit, "dunningLevel": level, "onHold": hold}));
    let country = maybe(prop_oneof![Just(json!("A")), Just(json!("C"))]);
    let date = maybe((1u32..29).prop_map(|day| json!(format!("2026-01-{day:02}"))));
    (maybe(money()), maybe(money()), 0i32..10, country, date, maybe(credit)).prop_map(
        |(revenue, margin, orders, country, date, credit)| {
            json!({"revenue12m": revenue, "margin12m": margin, "orders12m": orders, "country": country,
                   "status": "ACTIVE", "lastOrderOn": date, "creditAccount": credit})
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn both_back_ends_agree(text in condition_text(), facts in prop::collection::vec(facts(), 8)) {
        // Two literals may meet, or a sum be too wide; such texts are refused.
        let Ok(condition) = compile(&text) else { return Ok(()) };
        let lowered = condition.lower().unwrap();
        for facts in &facts {
            let evaluated = condition.evaluate(&Bindings::subject(facts)).map_or(1, |holds| 2 * u8::from(holds));
            prop_assert_eq!(evaluated, truth(&lowered, facts), "{} over {}", text, facts);
        }
    }

    #[test]
    fn no_text_breaks_the_compiler(text in "[a-z0-9.()\\[\\]'\"!&|<>=+*, -]{0,80}|(customer\\.|has\\(|\\)|orders12m|name| in |\\[|\\]|'a'|1|2\\.5|==|<|&&|\\|\\||!|-|\\+|\\*| ){0,25}") {
        let _ = compile(&text);
    }

    #[test]
    fn literals_keep_their_digits(whole in 0u64..1_000_000_000, places in "[0-9]{1,6}") {
        let written = format!("{whole}.{places}");
        let facts = json!({"revenue12m": {"amount": written}});
        let condition = compile(&format!("customer.revenue12m == {written}")).unwrap();
        prop_assert_eq!(condition.evaluate(&Bindings::subject(&facts)), Some(true));
    }
}
