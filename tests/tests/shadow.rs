//! What a candidate would change is told before it is installed.

use std::path::PathBuf;

use guildhall_tests::{Place, Role, Server, built};
use serde_json::{Value, json};

use crate::ledger::{customer, record, servers};

/// Finance's name on another component.
const MANIFEST: &str = r#"
name = "credit-rules"
version = "2.0.0"
department = "finance"
description = "Gives everybody the same terms."
contract = "0.1"
model = ">=0.1, <0.2"

[[serves]]
point = "credit.terms"
query = "credit_terms.graphql"
"#;

/// A package with another component's code, under another manifest and input query.
pub(crate) fn candidate(place: &Place, name: &str, query: &str) -> PathBuf {
    let package = std::fs::read(built("tests/guests/moody")).unwrap();
    let (header, mut rest) = package.split_at(8);
    let mut bytes = header.to_vec();
    while !rest.is_empty() {
        let (size, length) = number(&rest[1..]);
        let whole = 1 + length + size;
        let (_, begins) = number(&rest[1 + length..]);
        let ours = rest[0] == 0 && rest[1 + length + begins..whole].starts_with(b"guildhall:");
        if !ours {
            bytes.extend(&rest[..whole]);
        }
        rest = &rest[whole..];
    }
    for (name, text) in [("guildhall:manifest", MANIFEST), ("guildhall:query:credit.terms", query)] {
        let mut payload = leb(name.len());
        payload.extend(name.as_bytes());
        payload.extend(text.as_bytes());
        bytes.push(0);
        bytes.extend(leb(payload.len()));
        bytes.extend(payload);
    }
    place.file(name, bytes)
}

/// A number in LEB128, and how many bytes it takes.
fn number(bytes: &[u8]) -> (usize, usize) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let digits = bytes[..length].iter().rev();
    (digits.fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f)), length)
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn shadow(server: &Server, candidate: &std::path::Path, more: &[&str]) -> Value {
    let path = candidate.to_string_lossy();
    let told = server.place().done(&[&["plugin", "shadow", &*path, "--json"], more].concat());
    serde_json::from_str(&told).unwrap()
}

/// Terms of six customers and two credit checks.
async fn recorded(server: &Server) {
    for key in ["K01", "K02", "K03", "K04", "K05", "K06"] {
        let customer = customer(server, key).await;
        record(server, "credit.terms", &customer, Value::Null, key).await.data();
    }
    for key in ["K01", "K02"] {
        let customer = customer(server, key).await;
        record(server, "credit.check", &customer, json!({ "amount": "10" }), &format!("check {key}")).await.data();
    }
}

#[tokio::test]
async fn the_same_package_changes_nothing() {
    for server in servers().await {
        recorded(&server).await;
        let report = shadow(&server, &built("plugins/credit-rules"), &[]);
        assert_eq!(report["total"], json!({ "same": 8, "changed": 0, "failed": 0 }), "{report}");
        assert_eq!((&report["points"]["credit.terms"]["recorded"], &report["notes"]), (&json!(6), &json!([])));
        assert_eq!(report["points"]["credit.check"]["today"], 0);
        let few = shadow(&server, &built("plugins/credit-rules"), &["--limit", "3"]);
        assert_eq!(few["total"]["same"], 3);
        let none = shadow(&server, &built("plugins/credit-rules"), &["--since", "2999-01-01"]);
        assert_eq!(none["total"], json!({ "same": 0, "changed": 0, "failed": 0 }));
        assert!(none["notes"][0].as_str().unwrap().contains("nothing to compare"), "{none}");
    }
}

#[tokio::test]
async fn who_would_change_is_told_by_segment_and_outcome() {
    for server in servers().await {
        recorded(&server).await;
        let before = server
            .query("{ decisions { totalCount } customers(first: 50) { nodes { externalId segment { key } } } }")
            .await;
        // What it asks for is a part of what was recorded, so nothing of today is looked at.
        let part = "fragment Part on Customer { averageDaysLate creditAccount { dunningLevel } }";
        let candidate = candidate(server.place(), "part.wasm", part);
        let report = shadow(&server, &candidate, &[]);
        // It no longer answers at credit.check, so what the decision point does without a plugin takes its place.
        assert_eq!(report["total"], json!({ "same": 0, "changed": 8, "failed": 0 }), "{report}");
        assert_eq!(report["points"]["credit.check"]["total"]["changed"], 2, "{report}");
        assert!(report["notes"].to_string().contains("it no longer serves credit.check"), "{report}");
        let terms = &report["points"]["credit.terms"];
        assert_eq!((&terms["recorded"], &terms["today"]), (&json!(6), &json!(0)));
        for segment in ["key", "rest"] {
            let nodes = before["customers"]["nodes"].as_array().unwrap();
            let six = nodes.iter().filter(|node| node["externalId"].as_str().is_some_and(|key| key <= "K06"));
            let expected = six.filter(|node| node["segment"]["key"] == segment).count();
            let counted = terms["segments"][segment]["changed"].as_u64().unwrap_or(0);
            assert_eq!(counted, expected as u64, "{segment}: {report}");
        }
        let changes = terms["changes"].as_array().unwrap();
        let to = |field: &'static str| changes.iter().filter(move |change| change["field"] == field);
        assert!(to("netDays").all(|change| change["new"] == "21"), "{report}");
        // K02's contract says 90 days, the ground rule 60.
        assert!(to("netDays").any(|change| change["old"] == "60" && change["count"] == 1), "{report}");
        assert!(to("discount").all(|change| change["old"] == "-"), "{report}");
        let examples = report["examples"].as_array().unwrap();
        let example = examples.iter().find(|example| example["point"] == "credit.terms").unwrap();
        assert_eq!((&example["new"]["netDays"], &example["reasons"]), (&json!(21), &json!(["in a good mood"])));
        assert!(example["decision"].as_str().unwrap().starts_with("dec_"), "{report}");
        // It only looks.
        let after = server
            .query("{ decisions { totalCount } customers(first: 50) { nodes { externalId segment { key } } } }")
            .await;
        assert_eq!(after, before);
        let plugins = server.query("{ plugins { nodes { name pluginVersion } } }").await;
        assert_eq!(plugins["plugins"]["nodes"].as_array().unwrap().len(), 1);
        let text = server.place().done(&["plugin", "shadow", &candidate.to_string_lossy()]);
        assert!(text.contains("shadow of credit-rules 2.0.0") && text.contains("netDays 60 -> 21"), "{text}");
    }
}

#[tokio::test]
async fn who_asks_for_more_than_was_recorded_is_shown_today() {
    for server in servers().await {
        recorded(&server).await;
        let one = customer(&server, "K01").await;
        let found = server.query(&format!("{{ customer(id: \"{one}\") {{ version }} }}")).await;
        let rename = "mutation($id: ID!, $version: Int!) { updateCustomer(input: {id: $id, version: $version, set: {name: \"Panic Inc\"}, idempotencyKey: \"n\"}) { ... on CustomerWritten { outcome } } }";
        let variables = json!({ "id": one, "version": found["customer"]["version"] });
        let renamed = server.graphql(Role::Admin, rename, variables).await.data();
        assert_eq!(renamed["updateCustomer"]["outcome"], "UPDATED");
        let candidate = candidate(server.place(), "more.wasm", "fragment More on Customer { name }");
        let report = shadow(&server, &candidate, &[]);
        assert_eq!(report["total"], json!({ "same": 0, "changed": 7, "failed": 1 }), "{report}");
        assert_eq!(report["points"]["credit.terms"]["today"], 6);
        assert_eq!(report["failures"]["TRAPPED"]["count"], 1);
        assert!(report["notes"].to_string().contains("today's facts"), "{report}");
    }
}

#[tokio::test]
async fn customers_without_recorded_decisions_are_compared_side_by_side() {
    for server in servers().await {
        let same = shadow(&server, &built("plugins/credit-rules"), &["--current", "100"]);
        let all = server.query("{ customers { totalCount } }").await["customers"]["totalCount"].clone();
        assert_eq!((&same["total"]["same"], &same["total"]["changed"]), (&all, &json!(0)), "{same}");
        assert!(same["notes"].to_string().contains("credit.check cannot be asked without a request"), "{same}");
        let candidate = candidate(server.place(), "more.wasm", "fragment More on Customer { name }");
        let other = shadow(&server, &candidate, &["--current", "4"]);
        assert_eq!(other["total"], json!({ "same": 0, "changed": 4, "failed": 0 }), "{other}");
        assert!(other["examples"][0]["customer"].as_str().unwrap().starts_with("cus_"), "{other}");
    }
}
