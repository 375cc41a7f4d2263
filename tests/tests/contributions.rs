//! What plugins bring to the schema: typed fields that are decided, recorded, seen by whoever may, and gone with the plugin.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use guildhall_plugin_host::{Description, describe};
use guildhall_tests::{Place, Role, Server, built, codes, data, places, sqlite_place, until};
use serde_json::{Value, json};

use crate::small::{company, customers};

const PATIENCE: Duration = Duration::from_secs(20);
const CHURN: &str = "{ customers(first: 14, orderBy: {field: EXTERNAL_ID}) { nodes { externalId churnScoresChurn { risk level signs fallback parameters { name value layer } explanation } } } }";
const TYPE: &str = "{ __type(name: \"ChurnScoresChurn\") { description fields { name type { kind ofType { name kind } } } } __schema { types { name } } }";
const RECORD: &str = "mutation($customer: ID!) { recordDecision(input: {point: \"churn_scores.churn\", customer: $customer, idempotencyKey: \"1\"}) { ... on DecisionRecorded { decision { id point verdict proposals } } } }";
const UNINSTALL: &str = "mutation($id: ID!, $key: String!) { uninstallPlugin(input: {plugin: $id, idempotencyKey: $key}) { ... on PluginUninstalled { plugin { status } } ... on Refused { reasons { code message } } } }";

fn churn_scores() -> PathBuf {
    built("plugins/churn-scores")
}

fn place_with_churn(place: &Place) {
    company(place);
    place.install(&churn_scores());
}

#[tokio::test]
async fn a_field_of_a_plugin_is_typed_decided_and_recorded() {
    for place in places().await {
        place_with_churn(&place);
        let server = Server::start(place);
        let told = server.query(TYPE).await;
        let ty = &told["__type"];
        assert!(ty["description"].as_str().unwrap().ends_with("Brought by plugin churn-scores."), "{ty}");
        let field = |name: &str| {
            let fields = ty["fields"].as_array().unwrap();
            fields.iter().find(|field| field["name"] == name).unwrap()["type"]["ofType"].clone()
        };
        assert_eq!(field("risk"), json!({ "name": "Decimal", "kind": "SCALAR" }));
        assert_eq!(field("level"), json!({ "name": "ChurnScoresLevel", "kind": "ENUM" }));
        let sdl = server.get(Role::Admin, "/schema.graphql").await.text;
        assert!(sdl.contains("churnScoresChurn: ChurnScoresChurn\n"), "the field is not in the exported schema");
        let data = server.query(CHURN).await;
        let nodes = data["customers"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 14);
        for node in nodes {
            let churn = &node["churnScoresChurn"];
            assert_eq!(churn["fallback"], false, "{node}");
            assert!(["LOW", "MEDIUM", "HIGH"].contains(&churn["level"].as_str().unwrap()), "{node}");
            let quiet = json!({ "name": "quietAfterDays", "value": 45, "layer": "default" });
            assert!(churn["parameters"].as_array().unwrap().contains(&quiet), "{node}");
        }
        // Nobody of the small company has ordered for months, and whoever owes says so: I002 and the disputed I022.
        let owing = nodes.iter().find(|node| node["externalId"] == "K09").unwrap();
        assert!(owing["churnScoresChurn"]["signs"].to_string().contains("65.61 EUR is overdue"), "{owing}");
        let one = server.query("{ customers(filter: {externalId: {eq: \"K09\"}}) { nodes { id } } }").await;
        let customer = &one["customers"]["nodes"][0]["id"];
        let answer = server.graphql(Role::Department, RECORD, json!({ "customer": customer })).await.data();
        let decision = &answer["recordDecision"]["decision"];
        assert_eq!(decision["point"], "churn_scores.churn");
        assert_eq!(decision["verdict"]["level"], owing["churnScoresChurn"]["level"]);
    }
}

/// Finance's facts are not for readers, and so is not what a plugin makes of them.
#[tokio::test]
async fn a_field_of_a_plugin_is_seen_by_who_may_read_what_it_tells_of() {
    for place in places().await {
        place_with_churn(&place);
        let server = Server::start(place);
        let body = server.graphql(Role::Reader, CHURN, Value::Null).await.json();
        assert_eq!(codes(&body)[0], "VALIDATION_FAILED", "{body}");
        let told = server.graphql(Role::Reader, TYPE, Value::Null).await.data();
        assert_eq!(told["__type"], Value::Null);
        assert!(!told["__schema"].to_string().contains("ChurnScores"));
        let body = server
            .graphql(Role::Reader, "{ customers(first: 1) { nodes { churnScoresNothing { risk } } } }", Value::Null)
            .await
            .json();
        assert_eq!(codes(&body), ["VALIDATION_FAILED"], "{body}");
        server.graphql(Role::Department, CHURN, Value::Null).await.data();
    }
}

#[tokio::test]
async fn a_strategy_treats_the_point_and_bounds_it_and_keeps_the_plugin() {
    for place in places().await {
        place_with_churn(&place);
        let small = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
        let treating = format!(
            "{small}\n[[ground_rules]]\nid = \"C1\"\nname = \"Nobody is lost\"\nreason = \"we call everybody\"\npoint = \"churn_scores.churn\"\nclamp = {{ field = \"risk\", max = 0.5 }}\n"
        )
        .replacen("[treatments.key.\"credit.check\"]", "[treatments.rest.\"churn_scores.churn\"]\nquietAfterDays = 3\n\n[treatments.key.\"credit.check\"]", 1);
        let file = place.file("treating.toml", &treating);
        let alone = place.run(&["strategy", "lint", &file.to_string_lossy()]);
        assert_eq!(alone.code, Some(2), "{}", alone.stdout);
        assert!(alone.stderr.contains("if plugin `churn-scores` brings it, install that first"), "{}", alone.stderr);
        place.done(&["strategy", "lint", &file.to_string_lossy(), "--plugin", &churn_scores().to_string_lossy()]);
        place.activate(&file);
        let plain = place.file("plain.toml", small);
        let server = Server::start(place);
        let data = server.query(CHURN).await;
        for node in data["customers"]["nodes"].as_array().unwrap() {
            let risk: f64 = node["churnScoresChurn"]["risk"].as_str().unwrap().parse().unwrap();
            assert!(risk <= 0.5, "{node}");
        }
        let plugins =
            server.query("{ plugins(filter: {name: {eq: \"churn-scores\"}}) { nodes { id provides schema } } }").await;
        let plugin = &plugins["plugins"]["nodes"][0];
        assert_eq!(plugin["provides"], "1.0.0");
        assert!(plugin["schema"].as_str().unwrap().contains("type ChurnScoresChurn"), "{plugin}");
        let uninstall = async |key: &str| {
            server.graphql(Role::Admin, UNINSTALL, json!({ "id": plugin["id"], "key": key })).await.data()
        };
        let refused = &uninstall("1").await["uninstallPlugin"]["reasons"][0]["message"];
        assert!(refused.as_str().unwrap().contains("the strategy in force would not hold any more"), "{refused}");
        server.query(CHURN).await;
        let customer = server.query("{ customers(filter: {externalId: {eq: \"K09\"}}) { nodes { id } } }").await;
        let customer = &customer["customers"]["nodes"][0]["id"];
        let recorded = server.graphql(Role::Department, RECORD, json!({ "customer": customer })).await.data();
        let decision = recorded["recordDecision"]["decision"]["id"].as_str().unwrap();
        server.place().activate(&plain);
        assert_eq!(uninstall("2").await["uninstallPlugin"]["plugin"]["status"], "REMOVED");
        // What it decided is made again all the same.
        let replayed = server.place().done(&["plugin", "replay", decision]);
        assert!(replayed.contains("same"), "{replayed}");
        let gone = server.graphql(Role::Admin, CHURN, Value::Null).await.json();
        assert_eq!(codes(&gone)[0], "VALIDATION_FAILED", "{gone}");
    }
}

#[tokio::test]
async fn every_server_serves_the_field_and_ceases_to() {
    for place in places().await {
        company(&place);
        let place = Arc::new(place);
        let servers = [Server::beside(&place), Server::beside(&place)];
        let served = async |server: &Server, wanted: bool| {
            let answers = async || {
                let body = server.graphql(Role::Department, CHURN, Value::Null).await.json();
                (body.get("errors").is_none() == wanted).then_some(())
            };
            until(PATIENCE, answers).await;
        };
        for server in &servers {
            served(server, false).await;
        }
        place.install(&churn_scores());
        for server in &servers {
            served(server, true).await;
        }
        let plugins = servers[0].query("{ plugins(filter: {name: {eq: \"churn-scores\"}}) { nodes { id } } }").await;
        let id = &plugins["plugins"]["nodes"][0]["id"];
        let gone = servers[0].graphql(Role::Admin, UNINSTALL, json!({ "id": id, "key": "1" })).await.data();
        assert_eq!(gone["uninstallPlugin"]["plugin"]["status"], "REMOVED");
        for server in &servers {
            served(server, false).await;
        }
    }
}

/// A package that brings `schema`. Its component is empty: what is refused here is refused before anything is compiled.
fn package(place: &Place, name: &str, schema: Option<&str>, more: &str) -> PathBuf {
    let provides = if schema.is_some() { "schema = \"schema.graphql\"\nprovides = \"1.0.0\"\n" } else { "" };
    let manifest = format!(
        "name = \"{name}\"\nversion = \"1.0.0\"\ndepartment = \"mischief\"\ndescription = \"Takes what is not its own.\"\ncontract = \"0.1\"\nmodel = \">=0.1, <0.2\"\n{provides}{more}"
    );
    let description = Description {
        queries: vec![served(more)],
        schema: schema.map(str::to_owned),
        settings: None,
        cases: None,
        manifest,
    };
    place.file(&format!("{name}.wasm"), describe(b"\0asm\x0d\0\x01\0", &description))
}

fn served(more: &str) -> (String, String) {
    let point = more.split("point = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    (point.to_owned(), "fragment Input on Customer { name }".to_owned())
}

const TERMS: &str = "[[serves]]\npoint = \"credit.terms\"\nquery = \"terms.graphql\"\n";

fn sdl(ty: &str, point: &str, field: &str) -> String {
    format!(
        "\"A.\" type {ty} @point(name: \"{point}\", subject: \"Customer\", field: \"{field}\", mode: INDEPENDENT, fail: SKIP) {{ \"B.\" risk: Int! @combine(rule: MAX) @default(value: \"0\") }}"
    )
}

#[track_caller]
fn check_refused(place: &Place, package: &Path, expected: &str) {
    let ran = place.run(&["plugin", "install", &package.to_string_lossy(), "--yes"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    assert_eq!(place.done(&["plugin", "list", "--json"]).trim(), "[]");
}

#[test]
fn nobody_takes_a_name_that_is_not_his() {
    let place = sqlite_place();
    let check = |name: &str, schema: &str, expected: &str| {
        check_refused(&place, &package(&place, name, Some(schema), TERMS), expected);
    };
    check(
        "acme",
        &sdl("Customer", "acme.risk", "acmeRisk"),
        "`Customer` is no name of plugin `acme`; its types begin with `Acme`",
    );
    check("acme", &sdl("AcmeRisk", "acme.risk", "name"), "adds the field `name`, which is no name of plugin `acme`");
    check(
        "acme",
        &sdl("AcmeRisk", "credit.terms", "acmeRisk"),
        "answers `credit.terms`, which is no name of plugin `acme`",
    );
    check(
        "acme",
        &sdl("__AcmeRisk", "acme.risk", "acmeRisk"),
        "begins with `__`, which GraphQL keeps for introspection",
    );
    let own = "is Guildhall's own and stands in the namespace of plugin";
    for name in ["order", "query", "create", "customer-filter", "orders", "decision", "credit", "page-info"] {
        let pascal: String = name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let camel = pascal[..1].to_lowercase() + &pascal[1..];
        let schema =
            sdl(&format!("{pascal}Risk"), &format!("{}.risk", name.replace('-', "_")), &format!("{camel}Risk"));
        check(name, &schema, own);
    }
    check("acme", "extend type Customer { risk: Int }", "`Customer` does not belong here");
    check("acme", "type Query { all: Int }", "has no `@point`");
    check("acme", "directive @acme on FIELD", "does not belong here");
    let injected = sdl("AcmeRisk", "acme.risk", "acmeRisk").replace("\"A.\"", "\"\"\"A\\\"\"\"\"");
    check("acme", &injected, "the schema it brings");
}

#[test]
fn nobody_serves_what_is_not_there_or_reacts_to_what_does_not_happen() {
    let place = sqlite_place();
    let serving = |point: &str, more: &str| format!("{more}[[serves]]\npoint = \"{point}\"\nquery = \"q.graphql\"\n");
    let check = |more: &str, expected: &str| check_refused(&place, &package(&place, "acme", None, more), expected);
    check(&serving("bolt.risk", ""), "serves `bolt.risk`, which is no decision point");
    let requires = "[[requires]]\nplugin = \"bolt\"\nversion = \"^1\"\n";
    check(&serving("bolt.risk", requires), "it requires `bolt`, install that first");
    check(&serving("followup.propose", ""), "does not say after which events; add `on = [\"Order.created\"]`");
    let on = |event: &str| format!("{}on = [\"{event}\"]\n", serving("followup.propose", ""));
    check(&on("Task.created"), "a follow-up is a task, so nothing reacts to tasks");
    check(&on("Product.updated"), "belongs to no customer who could be followed up");
    check(&on("Order.placed"), "there is no such event; after the type stands created, updated, restored or *");
    check(&on("Unicorn.created"), "the model has no type `Unicorn`");
}

#[tokio::test]
async fn what_an_administrator_approves_tells_what_it_brings() {
    let place = sqlite_place();
    customers(&place);
    let told = place.done(&["plugin", "inspect", &churn_scores().to_string_lossy()]);
    assert!(
        told.contains("brings churn_scores.churn as Customer.churnScoresChurn: ChurnScoresChurn, schema version 1.0.0"),
        "{told}"
    );
    assert!(told.contains("after Order.created, Invoice.*"), "{told}");
}
