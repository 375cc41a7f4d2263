//! Plugins and strategies come and go while the server serves, and every server on the database follows.

use std::sync::Arc;
use std::time::Duration;

use guildhall_tests::{Place, Role, Server, built, codes, data, places, refusals, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::small::{column, customers};

const INSTALL: &str = "mutation($digest: String!, $approve: [String!]!, $key: String!) { installPlugin(input: {digest: $digest, approve: $approve, idempotencyKey: $key}) { ... on PluginInstalled { plugin { id name department status pluginVersion digest installedBy } } ... on Invalid { problems { path code message } } ... on Refused { reasons { code message } } } }";
const ACTIVATE: &str = "mutation($document: String!, $key: String!) { activateStrategy(input: {document: $document, idempotencyKey: $key}) { ... on StrategyActivated { assigned strategy { number name status activatedBy } } ... on Invalid { problems { path code message } } ... on Refused { reasons { code message } } } }";
const UNINSTALL: &str = "mutation($id: ID!) { uninstallPlugin(input: {plugin: $id, idempotencyKey: \"away\"}) { ... on PluginUninstalled { plugin { status } } ... on Refused { reasons { code message } } } }";
const TERMS: &str = "{ customers(first: 1, orderBy: {field: EXTERNAL_ID}) { nodes { creditTerms { netDays fallback strategyNumber } } } }";

fn under_strategy(place: &Place) {
    customers(place);
    place.activate(&data("small/strategy.toml"));
}

async fn servers() -> Vec<Server> {
    let prepared = |place| {
        under_strategy(&place);
        Server::start(place)
    };
    places().await.into_iter().map(prepared).collect()
}

fn strategy() -> String {
    std::fs::read_to_string(data("small/strategy.toml")).unwrap()
}

/// Sends finance's package and gives its digest.
async fn send_package(server: &Server) -> String {
    let bytes = std::fs::read(built("plugins/credit-rules")).unwrap();
    let request = server.request(Method::POST, "/packages").bearer_auth(server.secret(Role::Admin)).body(bytes);
    let answer = server.send(request).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["digest"].as_str().unwrap().to_owned()
}

/// Everything the package reads, as the command line tells it.
fn reads(server: &Server) -> Vec<Value> {
    let told = server.place().done(&["plugin", "inspect", &built("plugins/credit-rules").to_string_lossy(), "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    told["serves"].as_array().unwrap().iter().flat_map(|serves| serves["reads"].as_array().unwrap().clone()).collect()
}

async fn install(server: &Server, digest: &str, approve: &[Value]) -> Value {
    let variables = json!({ "digest": digest, "approve": approve, "key": "in" });
    server.graphql(Role::Admin, INSTALL, variables).await.json()
}

#[tokio::test]
async fn a_plugin_is_installed_by_who_approves_what_it_reads() {
    for server in servers().await {
        let digest = send_package(&server).await;
        let body = install(&server, &digest, &reads(&server)).await;
        let plugin = &body["data"]["installPlugin"]["plugin"];
        let expected = ("credit-rules", "finance", digest.as_str(), "ada");
        let told = |name: &str| plugin[name].as_str().unwrap_or_default();
        assert_eq!((told("name"), told("department"), told("digest"), told("installedBy")), expected, "{body}");
        let terms = &server.query(TERMS).await["customers"]["nodes"][0]["creditTerms"];
        assert_eq!(terms["fallback"], false);
    }
}

#[tokio::test]
async fn a_plugin_is_installed_once_per_key() {
    for server in servers().await {
        let digest = send_package(&server).await;
        let (first, again) =
            (install(&server, &digest, &reads(&server)).await, install(&server, &digest, &reads(&server)).await);
        assert_eq!(first, again);
        assert_eq!(server.query("{ plugins { totalCount } }").await["plugins"]["totalCount"], 1);
    }
}

#[tokio::test]
async fn a_plugin_reads_nothing_that_is_not_approved() {
    for server in servers().await {
        let digest = send_package(&server).await;
        let (all, mut more) = (reads(&server), reads(&server));
        more.push(json!("Customer.name"));
        for (approve, reason) in [(&all[1..], "not approved"), (&more[..], "does not read it"), (&[], "not approved")] {
            let body = install(&server, &digest, approve).await;
            assert!(!refusals(&body).is_empty() && refusals(&body).iter().all(|code| code == "NOT_ALLOWED"), "{body}");
            let told = &body["data"]["installPlugin"]["reasons"][0]["message"];
            assert!(told.as_str().unwrap().contains(reason), "{body}");
        }
        assert_eq!(server.query("{ plugins { totalCount } }").await["plugins"]["totalCount"], 0);
    }
}

#[tokio::test]
async fn a_package_nobody_sent_is_not_installed() {
    for server in servers().await {
        let body = install(&server, &"0".repeat(64), &[]).await;
        assert_eq!(refusals(&body), ["NOT_FOUND"], "{body}");
    }
}

#[tokio::test]
async fn what_is_no_package_is_not_taken() {
    for server in servers().await {
        for bytes in [b"no wasm".to_vec(), Vec::new(), b"\0asm\x01\0\0\0".to_vec()] {
            let request = server.request(Method::POST, "/packages").bearer_auth(server.secret(Role::Admin)).body(bytes);
            let answer = server.send(request).await;
            assert_eq!(
                (answer.status, codes(&answer.json())),
                (400, vec!["BAD_USER_INPUT".to_owned()]),
                "{}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn a_removed_plugin_decides_no_more() {
    for server in servers().await {
        let digest = send_package(&server).await;
        let body = install(&server, &digest, &reads(&server)).await;
        let id = &body["data"]["installPlugin"]["plugin"]["id"];
        let removed = server.graphql(Role::Admin, UNINSTALL, json!({ "id": id })).await.data();
        assert_eq!(removed["uninstallPlugin"]["plugin"]["status"], "REMOVED");
        assert_eq!(server.query(TERMS).await["customers"]["nodes"][0]["creditTerms"]["fallback"], true);
        let again = server.graphql(Role::Admin, &UNINSTALL.replace("away", "again"), json!({ "id": id })).await.json();
        assert_eq!(refusals(&again), ["NOT_FOUND"]);
    }
}

#[tokio::test]
async fn who_is_no_approver_activates_nothing() {
    for server in servers().await {
        let secret = server.place().token("adam", Role::Admin);
        // He names himself in the new one, which gives him no power.
        let document = strategy().replace("approvers = [\"ada\"]", "approvers = [\"adam\"]");
        let variables = json!({ "document": document, "key": "1" });
        let body = server.post(&secret, &json!({ "query": ACTIVATE, "variables": variables })).await.json();
        assert_eq!(refusals(&body), ["NOT_ALLOWED"], "{body}");
        let told = &body["data"]["activateStrategy"]["reasons"][0]["message"];
        assert!(told.as_str().unwrap().contains("`adam`"), "{body}");
        assert_eq!(server.query("{ strategies { totalCount } }").await["strategies"]["totalCount"], 1);
    }
}

#[tokio::test]
async fn a_new_strategy_moves_customers_between_segments() {
    for server in servers().await {
        let document = strategy().replace(">= 5", ">= 3").replace("< 5", "< 3").replace("Small and fair", "Smaller");
        let answer = server.graphql(Role::Admin, ACTIVATE, json!({ "document": document, "key": "1" })).await.data();
        let act = &answer["activateStrategy"];
        assert_eq!(
            act["strategy"],
            json!({ "number": 2, "name": "Smaller", "status": "ACTIVE", "activatedBy": "ada" })
        );
        let found = server.query("{ customers(first: 50) { nodes { orders12m segment { key } memberships(orderBy: {field: FROM}) { nodes { to segment { key } strategy { number } } } } } }").await;
        let mut moved = 0;
        for node in found["customers"]["nodes"].as_array().unwrap() {
            let orders = node["orders12m"].as_u64().unwrap();
            assert_eq!(node["segment"]["key"], if orders >= 3 { "key" } else { "rest" });
            let history = node["memberships"]["nodes"].as_array().unwrap();
            if (3..5).contains(&orders) {
                moved += 1;
                assert_eq!(column(&node["memberships"], "/segment/key"), ["rest", "key"]);
                assert!(history[0]["to"].is_string() && history[1]["to"].is_null());
            } else {
                assert_eq!(history.len(), 1);
            }
        }
        assert!(moved > 0);
        assert_eq!(act["assigned"], moved);
    }
}

#[tokio::test]
async fn a_broken_strategy_is_told_with_its_places() {
    for server in servers().await {
        let document = strategy()
            .replace("customer.orders12m >= 5", "customer.orders12m >= 'five'")
            .replace("netDays = 45", "netDys = 45");
        let body = server.graphql(Role::Admin, ACTIVATE, json!({ "document": document, "key": "1" })).await.json();
        let problems = body["data"]["activateStrategy"]["problems"].as_array().unwrap();
        assert!(problems.iter().all(|problem| problem["path"] == json!(["document"])), "{body}");
        let line = |text: &str| document.lines().position(|line| line.contains(text)).unwrap() + 1;
        for text in ["'five'", "netDys"] {
            let told = format!("line {}, column", line(text));
            let tells = |problem: &Value| problem["message"].as_str().unwrap().contains(&told);
            assert!(problems.iter().any(tells), "{text}: {body}");
        }
    }
}

#[tokio::test]
async fn every_server_on_the_database_follows() {
    for place in places().await {
        under_strategy(&place);
        let place = Arc::new(place);
        let (one, other) = (Server::beside(&place), Server::beside(&place));
        assert_eq!(other.query(TERMS).await["customers"]["nodes"][0]["creditTerms"]["fallback"], true);
        let digest = send_package(&one).await;
        install(&one, &digest, &reads(&one)).await;
        let patience = Duration::from_secs(2);
        until(patience, async || {
            (other.query(TERMS).await["customers"]["nodes"][0]["creditTerms"]["fallback"] == false).then_some(())
        })
        .await;
        let document = strategy().replace("Small and fair", "The second");
        one.graphql(Role::Admin, ACTIVATE, json!({ "document": document, "key": "1" })).await.data();
        until(patience, async || {
            (other.query(TERMS).await["customers"]["nodes"][0]["creditTerms"]["strategyNumber"] == 2).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn the_command_line_reaches_a_running_server() {
    for server in servers().await {
        server.place().install(&built("plugins/credit-rules"));
        until(Duration::from_secs(2), async || {
            (server.query(TERMS).await["customers"]["nodes"][0]["creditTerms"]["fallback"] == false).then_some(())
        })
        .await;
    }
}
