//! Decisions in queries: one statement and one guest call per plugin, however they are nested, and what they say.

use std::sync::Arc;

use guildhall_decision::decision_points;
use guildhall_graph::{Api, ModelQueries, Request};
use guildhall_model::{Model, Role as ModelRole};
use guildhall_plugin_host::{Host, HostConfig};
use guildhall_store::Database;
use guildhall_tests::{Place, Role, Server, codes, places, root};
use guildhall_workflow::{Actor, House, Imports};
use serde_json::{Value, json};

use crate::small::{column, company, customers, rows, rows_of, servers};

/// The API in this process, where its statements and guest calls can be counted.
pub async fn api(place: &Place) -> Api {
    let database = Database::open(place.url()).await.unwrap();
    let model = Arc::new(Model::core());
    let points = decision_points().unwrap().into_iter().map(Arc::new).collect();
    let queries = Arc::new(ModelQueries::new(Arc::clone(&model)).unwrap());
    let cache = Some(root().join("target/plugins/test-code"));
    let imports = Arc::new(Imports::new(place.folder().join("uploads")));
    let host = Host::new(HostConfig { cache, ..HostConfig::default() }).unwrap();
    Api::new(Arc::new(House {
        model,
        fields: None,
        points,
        database,
        host,
        queries,
        imports,
        happenings: Arc::default(),
        unsigned: guildhall_workflow::Unsigned::Allow,
    }))
    .await
    .unwrap()
}

/// Counts the statements and guest calls of an operation: once when it is new, and once when its plan is known.
async fn check_counts(query: &str, variables: Value, expected: (u64, u64)) {
    for place in places().await {
        company(&place);
        let api = api(&place).await;
        let actor = Actor::new("ada", &api.house().model, ModelRole::Admin);
        let request = Request { query: query.to_owned(), operation_name: None, variables: variables.clone() };
        for _ in 0..2 {
            let before = (api.house().database.statements(), api.guest_calls());
            let response = api.execute(&request, &actor, false).await;
            let body: Value = serde_json::from_slice(&response.body).unwrap();
            assert_eq!(body.get("errors"), None, "{body}");
            let after = (api.house().database.statements(), api.guest_calls());
            assert_eq!((after.0 - before.0, after.1 - before.1), expected, "{query}");
        }
        api.house().database.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_page_without_decisions_is_one_statement() {
    check_counts("{ customers { totalCount nodes { name segment { key } orders { totalCount nodes { lines { nodes { product { name } } } } } } } orders { totalCount } }", Value::Null, (1, 0)).await;
}

#[tokio::test]
async fn a_page_of_decisions_is_one_statement_and_one_guest_call() {
    check_counts("{ customers(first: 14) { nodes { name creditTerms { netDays } } } }", Value::Null, (1, 1)).await;
}

#[tokio::test]
async fn decisions_below_a_list_of_others_go_through_one_guest_call() {
    check_counts(
        "{ orders(first: 60) { nodes { number customer { name creditTerms { netDays } } } } }",
        Value::Null,
        (1, 1),
    )
    .await;
}

#[tokio::test]
async fn decisions_in_a_list_of_lists_go_through_one_guest_call() {
    check_counts("{ segments { nodes { customers { nodes { creditTerms { netDays } } } } } }", Value::Null, (1, 1))
        .await;
}

#[tokio::test]
async fn the_same_decision_under_two_aliases_goes_through_one_guest_call() {
    check_counts(
        "{ customers(first: 14) { nodes { a: creditTerms { netDays } b: creditTerms { explanation } } } }",
        Value::Null,
        (1, 1),
    )
    .await;
}

#[tokio::test]
async fn a_decision_about_nobody_calls_no_guest() {
    check_counts(
        "{ customers(filter: {name: {eq: \"nobody\"}}) { nodes { creditTerms { netDays } } } }",
        Value::Null,
        (1, 0),
    )
    .await;
}

#[tokio::test]
async fn a_request_in_a_variable_is_one_statement_and_one_guest_call() {
    let query = "query($request: CreditCheckRequest!) { customers(first: 14) { nodes { creditCheck(request: $request) { outcome } } } }";
    check_counts(query, json!({ "request": { "amount": "100.00" } }), (1, 1)).await;
}

#[tokio::test]
async fn one_record_is_one_statement() {
    check_counts(
        "query($id: ID!) { customer(id: $id) { name } }",
        json!({ "id": format!("cus_{}", "0".repeat(32)) }),
        (1, 0),
    )
    .await;
}

#[tokio::test]
async fn nested_decisions_are_those_of_their_customers() {
    for server in servers().await.iter() {
        let direct = server.query("{ customers(first: 50) { nodes { id creditTerms { netDays discount parameters { name value layer } } } } }").await;
        let nested = server.query("{ orders(first: 60) { nodes { customer { id creditTerms { netDays discount parameters { name value layer } } } } } }").await;
        let direct = direct["customers"]["nodes"].as_array().unwrap();
        for order in nested["orders"]["nodes"].as_array().unwrap() {
            assert!(direct.contains(&order["customer"]), "{order}");
        }
    }
}

#[tokio::test]
async fn a_ground_rule_bounds_what_a_contract_grants() {
    for server in servers().await.iter() {
        let found = server.query("{ customers(filter: {externalId: {eq: \"K02\"}}) { nodes { creditTerms { netDays fallback strategyNumber bounds { rule name field before after undecided reason } parameters { name value layer source } } } } }").await;
        let terms = &found["customers"]["nodes"][0]["creditTerms"];
        assert_eq!(
            (&terms["netDays"], &terms["fallback"], &terms["strategyNumber"]),
            (&json!(60), &json!(false), &json!(1))
        );
        let bound = json!({ "rule": "GR2", "name": "Longest terms", "field": "netDays", "before": 90, "after": 60, "undecided": false, "reason": "nobody waits longer than 60 days for money" });
        assert_eq!(terms["bounds"], json!([bound]));
        let net_days =
            json!({ "name": "netDays", "value": 90, "layer": "contract", "source": "contract until 2099-12-31" });
        assert!(terms["parameters"].as_array().unwrap().contains(&net_days), "{terms}");
    }
}

#[tokio::test]
async fn terms_follow_the_segment() {
    for server in servers().await.iter() {
        let found = server.query("{ customers(first: 50, filter: {externalId: {ne: \"K02\"}}) { nodes { externalId orders12m segment { key } creditTerms { parameters { name value } } } } }").await;
        for node in found["customers"]["nodes"].as_array().unwrap() {
            let key = node["externalId"].as_str().unwrap();
            let recent = rows_of("orders.csv", "customer", key)
                .iter()
                .filter(|order| order["ordered"].as_str() > "2025-06-30")
                .count();
            assert_eq!(node["orders12m"], recent, "{key}");
            let (segment, net_days) = if recent >= 5 { ("key", 45) } else { ("rest", 14) };
            assert_eq!(node["segment"]["key"], segment, "{key}");
            assert!(
                node["creditTerms"]["parameters"]
                    .as_array()
                    .unwrap()
                    .contains(&json!({ "name": "netDays", "value": net_days })),
                "{node}"
            );
        }
    }
}

#[tokio::test]
async fn a_credit_check_looks_at_what_is_asked() {
    let query = "query($small: Decimal!, $large: CreditCheckRequest!) { customers(orderBy: {field: EXTERNAL_ID}, filter: {creditAccount: {onHold: {eq: false}, exposure: {eq: \"0\"}}}) { nodes { externalId creditAccount { limit { amount } } small: creditCheck(request: {amount: $small}) { outcome utilization } large: creditCheck(request: $large) { outcome } } } }";
    for server in servers().await.iter() {
        let data = server
            .graphql(Role::Department, query, json!({ "small": "10.00", "large": { "amount": "1000000" } }))
            .await
            .data();
        let nodes = data["customers"]["nodes"].as_array().unwrap();
        assert!(!nodes.is_empty());
        for node in nodes {
            assert_eq!(
                (&node["small"]["outcome"], &node["large"]["outcome"]),
                (&json!("APPROVED"), &json!("HELD")),
                "{node}"
            );
        }
    }
}

#[tokio::test]
async fn who_is_on_hold_gets_no_credit() {
    for server in servers().await.iter() {
        let found = server.query("{ customers(orderBy: {field: EXTERNAL_ID}, filter: {creditAccount: {onHold: {eq: true}}}) { nodes { externalId creditCheck(request: {amount: \"1\"}) { outcome } } } }").await;
        let held: Vec<_> = rows("credit.csv")
            .into_iter()
            .filter(|row| row["hold"] == "yes")
            .map(|row| row["customer"].clone())
            .collect();
        assert_eq!(column(&found["customers"], "/externalId"), held);
        assert!(column(&found["customers"], "/creditCheck/outcome").iter().all(|outcome| outcome == "HELD"));
    }
}

#[tokio::test]
async fn a_request_that_is_none_is_told() {
    for server in servers().await.iter() {
        for request in ["{amount: \"much\"}", "{amount: null}", "{}", "{amount: \"1\", more: 2}"] {
            let answer = server
                .graphql(
                    Role::Admin,
                    &format!(
                        "{{ customers(first: 1) {{ nodes {{ creditCheck(request: {request}) {{ outcome }} }} }} }}"
                    ),
                    Value::Null,
                )
                .await
                .json();
            assert!(
                ["BAD_USER_INPUT", "VALIDATION_FAILED"].contains(&codes(&answer)[0].as_str()),
                "{request}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn without_a_strategy_nothing_is_decided_and_the_customers_answer() {
    for place in places().await {
        customers(&place);
        place.install(&guildhall_tests::built("plugins/credit-rules"));
        let server = Server::start(place);
        let answer = server.graphql(Role::Admin, "{ list: customers(first: 2, orderBy: {field: EXTERNAL_ID}) { nodes { externalId segment { key } terms: creditTerms { netDays } } } }", Value::Null).await;
        let body = answer.json();
        assert_eq!((answer.status, codes(&body)), (200, vec!["NO_ACTIVE_STRATEGY".to_owned(); 2]), "{body}");
        let nobody = |key: &str| json!({ "externalId": key, "segment": null, "terms": null });
        assert_eq!(body["data"]["list"]["nodes"], json!([nobody("K01"), nobody("K02")]));
        assert_eq!(body["errors"][1]["path"], json!(["list", "nodes", 1, "terms"]));
    }
}

#[tokio::test]
async fn without_a_plugin_the_fallback_answers() {
    for place in places().await {
        customers(&place);
        place.activate(&guildhall_tests::data("small/strategy.toml"));
        let server = Server::start(place);
        let body = server
            .graphql(
                Role::Admin,
                "{ customers(first: 1) { nodes { creditTerms { netDays fallback explanation } } } }",
                Value::Null,
            )
            .await
            .json();
        let terms = &body["data"]["customers"]["nodes"][0]["creditTerms"];
        assert_eq!((&terms["netDays"], &terms["fallback"]), (&json!(0), &json!(true)), "{body}");
        assert!(terms["explanation"].to_string().contains("No plugin serves credit.terms"), "{body}");
    }
}

#[tokio::test]
async fn a_decision_is_the_same_by_every_way_to_its_customer() {
    let terms = "id creditTerms { netDays discount explanation }";
    for server in servers().await.iter() {
        let first = server
            .query(&format!(
                "{{ customers(first: 2, orderBy: [{{field: NAME}}]) {{ edges {{ cursor node {{ name {terms} }} }} }} }}"
            ))
            .await;
        let edges = &first["customers"]["edges"];
        let (cursor, mut expected) = (edges[0]["cursor"].clone(), edges[1]["node"].clone());
        let name = expected.as_object_mut().unwrap().remove("name").unwrap();
        assert!(expected["creditTerms"]["netDays"].is_number(), "{expected}");
        let id = &expected["id"];
        for (query, pointer) in [
            (format!("nodes(ids: [{id}]) {{ ... on Customer {{ {terms} }} }}"), "/nodes/0"),
            (
                format!(
                    "nodes(ids: [\"xyz_{}\", {id}]) {{ ... on Order {{ number }} ... on Customer {{ {terms} }} }}",
                    "0".repeat(32)
                ),
                "/nodes/1",
            ),
            (format!("node(id: {id}) {{ ... on Customer {{ {terms} }} }}"), "/node"),
            (format!("search(text: {name}) {{ ... on Customer {{ {terms} }} }}"), "/search/0"),
            (
                format!("customers(first: 1, after: {cursor}, orderBy: [{{field: NAME}}]) {{ nodes {{ {terms} }} }}"),
                "/customers/nodes/0",
            ),
            (
                format!("customers(filter: {{id: {{eq: {id}}}}}) {{ edges {{ node {{ {terms} }} }} }}"),
                "/customers/edges/0/node",
            ),
            (
                format!(
                    "ordersGroups(by: [{{field: CUSTOMER}}], filter: {{customer: {{id: {{eq: {id}}}}}}}) {{ nodes {{ key {{ customer {{ {terms} }} }} }} }}"
                ),
                "/ordersGroups/nodes/0/key/customer",
            ),
        ] {
            let found = server.query(&format!("{{ {query} }}")).await;
            assert_eq!(found.pointer(pointer), Some(&expected), "{query}");
        }
    }
}

/// What is asked is looked at once, before anything is decided about anybody.
#[tokio::test]
async fn a_question_that_cannot_be_asked_is_told_once() {
    for server in servers().await.iter() {
        let guests = async || {
            let page = server.get(Role::Admin, "/metrics").await.text;
            page.lines().find(|line| line.starts_with("guildhall_guest_calls_total")).unwrap().to_owned()
        };
        let ask = |request: &str, declared: &str| {
            format!(
                "query{declared} {{ customers(first: 3) {{ nodes {{ creditCheck(request: {request}) {{ outcome }} }} }} }}"
            )
        };
        for (query, variables) in [
            (ask("{amount: \"abc\"}", ""), Value::Null),
            (ask("{amount: 500}", ""), Value::Null),
            (ask("{amount: $a}", "($a: Decimal!)"), json!({ "a": "abc" })),
            (ask("$r", "($r: CreditCheckRequest!)"), json!({ "r": { "amount": "1e3" } })),
        ] {
            let before = guests().await;
            let answer = server.graphql(Role::Admin, &query, variables).await.json();
            assert_eq!(
                (codes(&answer), answer.get("data")),
                (vec!["BAD_USER_INPUT".to_owned()], None),
                "{query}: {answer}"
            );
            assert!(answer["errors"][0]["locations"][0]["line"] == 1, "{answer}");
            assert_eq!(guests().await, before, "{query}");
        }
    }
}
