//! What a strategy would change is told before it decides, and is what it changes once it does.

use std::collections::BTreeMap;
use std::time::Duration;

use guildhall_tests::{Role, Server, data, refusals, until};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::ledger::{customer, record, servers};
use crate::shadow;
use crate::small::decimal;

const SIMULATE: &str = "mutation($input: SimulateStrategyInput!) { simulateStrategy(input: $input) { ... on StrategySimulated { asked moved changed report text } ... on Invalid { problems { path message } } ... on Refused { reasons { code message } } } }";
const SEEN: &str = "{ customers(first: 100) { nodes { id externalId version currency revenue12m { amount } segment { key } creditTerms { netDays discount } } } decisions { totalCount } strategies { totalCount } }";

/// The small company's strategy with other terms for all others, and an easier way to the key accounts.
fn candidate() -> String {
    let text = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
    let text = text.replace("orders12m >= 5", "orders12m >= 4").replace("orders12m < 5", "orders12m < 4");
    let text = text.replace("netDays = 14\ndiscount = 0.02", "netDays = 21\ndiscount = 0.01");
    let pledge = "[[pledges]]\npolicy = \"credit.terms\"\nbenefit = { amount = 900, currency = \"EUR\" }\n\
        cost = { amount = 1, currency = \"EUR\" }\nminimum_ratio = 2\nmetric = \"margin\"\nreview = 2099-01-01\n";
    let head = "\ncurrency = \"EUR\"\nrates = { USD = 0.9, CHF = 1.1, GBP = 1.2 }\nfinancing_rate = 0.05\napprovers";
    format!("{}\n{pledge}", text.replacen("\napprovers", head, 1))
}

fn simulate(server: &Server, file: &std::path::Path, more: &[&str]) -> Value {
    let path = file.to_string_lossy();
    let told = server.place().done(&[&["strategy", "simulate", &*path, "--json"], more].concat());
    serde_json::from_str(&told).unwrap()
}

/// Each customer: segment and terms, by id.
fn people(seen: &Value) -> BTreeMap<String, (String, Value, Decimal)> {
    let nodes = seen["customers"]["nodes"].as_array().unwrap().iter();
    nodes
        .map(|node| {
            let segment = node["segment"]["key"].as_str().unwrap_or_default().to_owned();
            let rate = match node["currency"].as_str().unwrap() {
                "USD" => "0.9",
                "CHF" => "1.1",
                "GBP" => "1.2",
                _ => "1",
            };
            let revenue = decimal(node["revenue12m"]["amount"].as_str().unwrap()) * decimal(rate);
            (node["id"].as_str().unwrap().to_owned(), (segment, node["creditTerms"].clone(), revenue))
        })
        .collect()
}

#[tokio::test]
async fn what_is_simulated_is_what_comes_of_it() {
    for server in servers().await {
        let before = server.query(SEEN).await;
        let file = server.place().file("next.toml", candidate());
        let report = simulate(&server, &file, &[]);
        assert_eq!(server.query(SEEN).await, before, "it only looks");
        server.place().activate(&file);
        // The server takes the strategy up within a second; its 21 days net are nobody's before.
        let seen = until(Duration::from_secs(10), async || {
            let seen = server.query(SEEN).await;
            let mut nodes = seen["customers"]["nodes"].as_array().unwrap().iter();
            nodes.any(|node| node["creditTerms"]["netDays"] == 21).then_some(seen)
        });
        let (before, after) = (people(&before), people(&seen.await));
        let (mut moved, mut changed, mut same) = (0, 0, 0);
        let mut moves: BTreeMap<(String, String), u64> = BTreeMap::new();
        let (mut was, mut is) = (Decimal::ZERO, Decimal::ZERO);
        for (id, (from, old, revenue)) in &before {
            let (to, new, _) = &after[id];
            moved += u64::from(from != to);
            changed += u64::from(old != new);
            same += u64::from(from == to && old == new);
            if from != to {
                *moves.entry((from.clone(), to.clone())).or_default() += 1;
            }
            was += revenue * decimal(old["discount"].as_str().unwrap());
            is += revenue * decimal(new["discount"].as_str().unwrap());
        }
        assert!(moved > 0 && changed > moved && same > 0, "{report}");
        let told = json!({ "asked": before.len(), "moved": moved, "changed": changed, "same": same });
        assert_eq!(report["customers"], told, "{report}");
        for one in report["moves"].as_array().unwrap() {
            let pair = (one["from"].as_str().unwrap().to_owned(), one["to"].as_str().unwrap().to_owned());
            assert_eq!(one["customers"].as_u64(), moves.remove(&pair), "{one}");
        }
        assert!(moves.is_empty(), "{moves:?}");
        let lines = report["money"].as_array().unwrap();
        assert!(lines.iter().all(|line| line["currency"] == "EUR") && lines.len() == 2, "{report}");
        let discount = lines.iter().find(|line| line["field"] == "discount").unwrap();
        let amount = |name: &str| decimal(discount[name].as_str().unwrap());
        assert_eq!((amount("before"), amount("after")), (was.round_dp(2), is.round_dp(2)), "{report}");
        assert_eq!(report["pledges"][0]["over"], true, "{report}");
        assert!(!report["oneSided"].as_array().unwrap().is_empty(), "{report}");
        // Once for those of today, once for those to whom the candidate gives other parameters.
        assert_eq!((&report["guestCalls"], &report["whole"]), (&json!(2), &json!(true)));
    }
}

#[tokio::test]
async fn a_strategy_that_says_the_same_changes_nothing_and_asks_nobody_twice() {
    for server in servers().await {
        let report = simulate(&server, &data("small/strategy.toml"), &[]);
        let all = people(&server.query(SEEN).await).len();
        assert_eq!(report["customers"], json!({ "asked": all, "moved": 0, "changed": 0, "same": all }));
        assert_eq!((&report["guestCalls"], &report["oneSided"]), (&json!(1), &json!([])), "{report}");
        let few = simulate(&server, &data("small/strategy.toml"), &["--customers", "4"]);
        assert_eq!((&few["customers"]["asked"], &few["whole"]), (&json!(4), &json!(false)), "{few}");
        let text = server.place().done(&["strategy", "simulate", &data("small/strategy.toml").to_string_lossy()]);
        assert!(text.contains("0 come to another segment, 0 get another answer"), "{text}");
    }
}

#[tokio::test]
async fn what_was_asked_before_is_asked_again() {
    for server in servers().await {
        let one = customer(&server, "K01").await;
        for (key, amount) in [("a", "10"), ("b", "100000000")] {
            record(&server, "credit.check", &one, json!({ "amount": amount }), key).await.data();
        }
        let strict = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
        let strict = strict.replace("overLimit = 0.2", "overLimit = 0.2\ndocumentMaximum = 1");
        let rest = "[treatments.rest.\"credit.check\"]\ndocumentMaximum = 1\n";
        let file = server.place().file("strict.toml", format!("{strict}\n{rest}"));
        let report = simulate(&server, &file, &[]);
        let check = &report["points"]["credit.check"];
        assert_eq!((&check["recorded"], &check["total"]["changed"]), (&json!(2), &json!(2)), "{report}");
        // Asked of everybody, its money counts, and the record is left alone.
        let asked = simulate(&server, &file, &["--request", "credit.check={\"amount\": \"0.5\"}"]);
        let check = &asked["points"]["credit.check"];
        assert_eq!((&check["recorded"], &check["total"]["failed"]), (&json!(0), &json!(0)), "{asked}");
        let fields: Vec<_> = asked["money"].as_array().unwrap().iter().map(|line| &line["field"]).collect();
        assert!(fields.contains(&&json!("ceiling")), "{asked}");
    }
}

#[tokio::test]
async fn a_simulation_by_the_api_is_for_those_who_may_activate() {
    for server in servers().await {
        let input = json!({ "input": { "document": candidate(), "requests": { "credit.check": { "amount": "5" } } } });
        let answer = server.graphql(Role::Admin, SIMULATE, input).await.data();
        let done = &answer["simulateStrategy"];
        assert_eq!(done["asked"], done["report"]["customers"]["asked"], "{done}");
        assert!(done["changed"].as_u64() > Some(0) && done["text"].as_str().unwrap().contains("in a year:"), "{done}");
        let sdl = server.get(Role::Department, "/schema.graphql").await.text;
        assert!(!sdl.contains("simulateStrategy"));
        for (input, path) in [
            (json!({ "document": "x" }), "document"),
            (json!({ "document": candidate(), "customers": 20_001 }), "customers"),
            (json!({ "document": candidate(), "requests": { "price.discount": {} } }), "requests"),
            (json!({ "document": candidate(), "requests": { "credit.check": {} } }), "requests"),
        ] {
            let answer = server.graphql(Role::Admin, SIMULATE, json!({ "input": input })).await.data();
            assert_eq!(answer["simulateStrategy"]["problems"][0]["path"], json!([path]), "{answer}");
        }
    }
}

#[tokio::test]
async fn without_a_strategy_there_is_nothing_to_compare() {
    for place in guildhall_tests::places().await {
        crate::small::customers(&place);
        let server = Server::start(place);
        let input = json!({ "input": { "document": candidate() } });
        let answer = server.graphql(Role::Admin, SIMULATE, input).await.json();
        assert_eq!(refusals(&answer), ["NO_ACTIVE_STRATEGY"], "{answer}");
    }
}

#[tokio::test]
async fn other_plugins_are_simulated_as_they_come_to_decide() {
    for server in servers().await {
        let before = server.query(SEEN).await;
        // It reads less than the installed one, and answers otherwise.
        let part = "fragment Part on Customer { averageDaysLate creditAccount { dunningLevel } }";
        let package = shadow::candidate(server.place(), "other.wasm", part);
        let package = package.to_string_lossy();
        let simulate = |files: &[&str]| {
            let told =
                server.place().done(&[&["strategy", "simulate", "--plugin", &*package, "--json"], files].concat());
            serde_json::from_str::<Value>(&told).unwrap()
        };
        let report = simulate(&[]);
        let file = server.place().file("next.toml", candidate());
        let with_strategy = simulate(&[&file.to_string_lossy()]);
        assert_eq!(server.query(SEEN).await, before, "it only looks");
        let notes: Vec<&str> = report["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(notes.iter().any(|note| note.starts_with("with `credit-rules` 2.0.0 (sha256 ")), "{report}");
        assert!(notes.contains(&"credit.check is served by the installed plugins alone: there is nothing to compare"));

        server.place().done(&["plugin", "upgrade", &*package, "--yes"]);
        let upgraded = until(Duration::from_secs(10), async || {
            let seen = server.query(SEEN).await;
            (people(&seen) != people(&before)).then_some(seen)
        });
        let (before, after) = (people(&before), people(&upgraded.await));
        let changed = before.iter().filter(|(id, (_, terms, _))| *terms != after[*id].1).count();
        let same = before.len() - changed;
        assert!(changed > 0, "{report}");
        let told = json!({ "asked": before.len(), "moved": 0, "changed": changed, "same": same });
        assert_eq!(report["customers"], told, "{report}");

        server.place().activate(&file);
        let seen = until(Duration::from_secs(10), async || {
            let seen = server
                .query("{ strategies { totalCount } customers(first: 100) { nodes { id segment { key } } } }")
                .await;
            (seen["strategies"]["totalCount"] == 2).then_some(seen)
        });
        let seen = seen.await;
        let moved = seen["customers"]["nodes"].as_array().unwrap().iter();
        let moved = moved.filter(|node| {
            before[node["id"].as_str().unwrap()].0 != node["segment"]["key"].as_str().unwrap_or_default()
        });
        assert_eq!(with_strategy["customers"]["moved"], json!(moved.count()), "{with_strategy}");
    }
}
