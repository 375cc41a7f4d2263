//! Reactions: plugins propose what is to be done about what happens, and Guildhall makes tasks of it, each once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use guildhall_tests::{Place, Role, Server, built, data, places, until};
use serde_json::{Value, json};

use crate::small::customers;

const PATIENCE: Duration = Duration::from_secs(60);
/// How long what must not come is waited for.
const SILENCE: Duration = Duration::from_secs(3);
/// Customers with an overdue invoice.
const OWING: [&str; 5] = ["K01", "K02", "K07", "K09", "K12"];

/// The small company, where customers get as many follow-ups as there may be, and the plugin that proposes them.
fn prepare(place: &Place) {
    customers(place);
    let small = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
    let many = ["key", "rest"].map(|key| format!("[treatments.{key}.\"followup.propose\"]\natMostPerDay = 99\n\n"));
    let strategy = small.replacen(
        "[treatments.key.\"credit.terms\"]",
        &format!("{}[treatments.key.\"credit.terms\"]", many.concat()),
        1,
    );
    let strategy = place.file("strategy.toml", strategy);
    place.activate(&strategy);
    place.install(&built("plugins/churn-scores"));
}

async fn ids(server: &Server) -> BTreeMap<String, String> {
    let data = server.query("{ customers(first: 50) { nodes { id externalId } } }").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    data["customers"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (text(&node["externalId"]), text(&node["id"])))
        .collect()
}

/// Orders of these customers, made by one act.
async fn order(server: &Server, customers: &[&String], key: &str) {
    let item = |(number, customer): (usize, &&String)| {
        json!({ "number": format!("{key}-{number}"), "customer": customer, "orderedOn": "2026-06-01", "status": "OPEN",
            "currency": "EUR", "grossTotal": "10", "netTotal": "10" })
    };
    let items: Vec<_> = customers.iter().enumerate().map(item).collect();
    let query = "mutation($input: CreateOrdersInput!) { createOrders(input: $input) { __typename } }";
    let input = json!({ "items": items, "idempotencyKey": key });
    let done = server.graphql(Role::Department, query, json!({ "input": input })).await.data();
    assert!(done["createOrders"]["__typename"].as_str().unwrap().ends_with("Written"), "{done}");
}

const TASKS: &str = "query($after: String) { tasks(first: 250, after: $after, filter: {source: {eq: \"plugin\"}}, orderBy: [{field: ID}]) { totalCount nodes { subject description status priority dueOn externalId order { number } customer { externalId } owner { login } decision { point recordedBy verdict request sequence } } pageInfo { hasNextPage endCursor } } }";

/// The follow-ups there are.
async fn tasks(server: &Server) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = server.graphql(Role::Department, TASKS, json!({ "after": after })).await.data();
        all.extend(page["tasks"]["nodes"].as_array().unwrap().clone());
        if page["tasks"]["pageInfo"]["hasNextPage"] == false {
            return all;
        }
        after = page["tasks"]["pageInfo"]["endCursor"].clone();
    }
}

/// The follow-ups, once there are so many, and no more a while later.
async fn exactly(server: &Server, count: usize) -> Vec<Value> {
    until(PATIENCE, async || (tasks(server).await.len() >= count).then_some(())).await;
    tokio::time::sleep(SILENCE).await;
    let found = tasks(server).await;
    assert_eq!(found.len(), count);
    let mut orders: Vec<_> = found.iter().map(|task| task["order"]["number"].to_string()).collect();
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), count, "an event was reacted to twice");
    found
}

#[tokio::test]
async fn a_follow_up_is_a_task_that_names_its_decision() {
    for place in places().await {
        prepare(&place);
        let server = Server::start(place);
        let ids = ids(&server).await;
        // One of them owes nothing.
        order(&server, &[&ids["K09"], &ids["K03"]], "one").await;
        let found = exactly(&server, 1).await;
        let task = &found[0];
        assert_eq!(
            (&task["subject"], &task["status"], &task["priority"]),
            (&json!("Ask about invoice I002"), &json!("OPEN"), &json!("HIGH"))
        );
        assert_eq!((&task["order"]["number"], &task["customer"]["externalId"]), (&json!("one-0"), &json!("K09")));
        let description = task["description"].as_str().unwrap();
        assert!(description.contains("46.87 EUR is"), "{description}");
        assert!(description.ends_with("Proposed by churn-scores (customer-success)."), "{description}");
        assert!(task["externalId"].as_str().unwrap().starts_with("evt_"), "{task}");
        assert!(task["dueOn"].is_string(), "{task}");
        let decision = &task["decision"];
        assert_eq!(
            (&decision["point"], &decision["recordedBy"], &decision["verdict"]["followUp"]),
            (&json!("followup.propose"), &json!("guildhall"), &json!(true))
        );
        let request = &decision["request"];
        assert_eq!((&request["recordType"], &request["happened"]), (&json!("Order"), &json!("CREATED")));
        // The task is an event like any other, and nothing comes of it.
        let events =
            server.query("{ events(filter: {recordType: {eq: \"Task\"}}) { nodes { actor act kind } } }").await;
        assert_eq!(events["events"]["nodes"], json!([{ "actor": "guildhall", "act": "followUp", "kind": "CREATED" }]));
        // What the plugin does not react to comes to nothing.
        let query = "mutation($id: ID!) { updateCustomer(input: {id: $id, version: 1, set: {phone: \"1\"}, idempotencyKey: \"p\"}) { __typename } }";
        server.graphql(Role::Department, query, json!({ "id": ids["K09"] })).await.data();
        exactly(&server, 1).await;
    }
}

#[tokio::test]
async fn a_customer_gets_as_many_follow_ups_a_day_as_the_strategy_says() {
    for place in places().await {
        customers(&place);
        place.activate(&data("small/strategy.toml"));
        place.install(&built("plugins/churn-scores"));
        let server = Server::start(place);
        let ids = ids(&server).await;
        // The department's own three a day: within one batch, and over several.
        order(&server, &[&ids["K09"]; 5], "many").await;
        order(&server, &[&ids["K09"], &ids["K12"]], "more").await;
        let found = exactly(&server, 4).await;
        let of = |customer: &str| found.iter().filter(|task| task["customer"]["externalId"] == customer).count();
        assert_eq!((of("K09"), of("K12")), (3, 1));
        let sequences: Vec<_> = found
            .iter()
            .filter(|task| task["customer"]["externalId"] == "K09")
            .map(|task| task["decision"]["sequence"].clone())
            .collect();
        assert_eq!(sequences, [1, 2, 3]);
    }
}

#[tokio::test]
async fn nothing_is_proposed_without_a_strategy_or_about_what_was_before() {
    for place in places().await {
        customers(&place);
        place.install(&built("plugins/churn-scores"));
        let server = Server::start(place);
        let ids = ids(&server).await;
        order(&server, &[&ids["K09"]], "before").await;
        tokio::time::sleep(SILENCE).await;
        assert_eq!(tasks(&server).await, Vec::<Value>::new());
        server.place().activate(&data("small/strategy.toml"));
        order(&server, &[&ids["K09"]], "after").await;
        let found = exactly(&server, 1).await;
        assert_eq!(found[0]["order"]["number"], "after-0");
    }
}

/// Four servers write and react while one after the other is killed: one task for each order, whatever happens.
#[tokio::test]
async fn each_event_comes_to_one_task_whoever_is_killed() {
    for place in places().await {
        prepare(&place);
        let place = Arc::new(place);
        let mut servers: Vec<_> = (0..4).map(|_| Server::beside(&place)).collect();
        let ids = ids(&servers[0]).await;
        let owing: Vec<&String> = OWING.iter().map(|key| &ids[*key]).collect();
        // 20 for each customer: the most there may be in a day.
        for round in 0..20 {
            order(&servers[round % servers.len()], &owing, &format!("r{round}")).await;
            if round % 7 == 6 {
                // Whoever reacts does so every half second, and takes longer than a moment for what has come.
                tokio::time::sleep(Duration::from_millis(400)).await;
                servers.remove(0).kill();
            }
        }
        exactly(&servers[0], 100).await;
    }
}
