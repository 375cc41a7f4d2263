//! Customers' segments follow what happens to them, by themselves.

use std::sync::Arc;
use std::time::Duration;

use guildhall_tests::{Place, Role, Server, places, until};
use serde_json::{Value, json};

use crate::orders::{act, day, key, made};

const PATIENCE: Duration = Duration::from_secs(60);

const STRATEGY: &str = r#"
name = "By what they buy"
vision = "Whoever buys is served."
approvers = ["ada"]

[[segments]]
key = "large"
name = "Large"
need = "A person to call."
when = "customer.revenue12m >= 1000"

[[segments]]
key = "small"
name = "Small"
need = "A few clicks."
when = "customer.revenue12m < 1000"
"#;

async fn houses() -> Vec<Arc<Place>> {
    let prepared = |place: Place| {
        place.activate(&place.file("strategy.toml", STRATEGY));
        Arc::new(place)
    };
    places().await.into_iter().map(prepared).collect()
}

async fn customer(server: &Server) -> String {
    let customer = json!({ "name": "Harbour", "kind": "ORGANIZATION", "currency": "EUR" });
    made(server, "Customer", customer).await
}

async fn order(server: &Server, customer: &str, amount: &str) -> String {
    let order = json!({ "number": key(), "orderedOn": day(-1), "currency": "EUR", "grossTotal": amount, "netTotal": amount,
        "customer": customer, "status": "OPEN" });
    made(server, "Order", order).await
}

const STANDS: &str = "query($id: ID!) { customer(id: $id) { version segment { key } \
    memberships(first: 50, orderBy: [{field: FROM}, {field: ID}]) { nodes { to evidence segment { key } strategy { number } } } } }";

async fn stands(server: &Server, customer: &str) -> Value {
    server.graphql(Role::Department, STANDS, json!({ "id": customer })).await.data()["customer"].take()
}

/// The customer, once this is the segment.
async fn becomes(server: &Server, customer: &str, segment: &str) -> Value {
    until(PATIENCE, async || {
        let found = stands(server, customer).await;
        (found["segment"]["key"] == segment).then_some(found)
    })
    .await
}

#[tokio::test]
async fn an_order_over_a_bound_moves_its_customer_and_a_smaller_one_moves_him_back() {
    for place in houses().await {
        let server = Server::beside(&place);
        // A business day that begins assigns everybody, without an event for each.
        until(PATIENCE, async || server.log().contains("a business day has begun").then_some(())).await;
        let customer = customer(&server).await;
        becomes(&server, &customer, "small").await;
        let order = order(&server, &customer, "1200").await;
        let found = becomes(&server, &customer, "large").await;
        let history = found["memberships"]["nodes"].as_array().unwrap();
        let told: Vec<_> =
            history.iter().map(|one| (&one["segment"]["key"], &one["evidence"], one["to"].is_null())).collect();
        let evidence = |amount: &str| json!({ "revenue12m": { "amount": amount } });
        let (before, since) = (evidence("0.00"), evidence("1200.00"));
        assert_eq!(told, [(&json!("small"), &before, false), (&json!("large"), &since, true)], "{found}");
        assert!(history.iter().all(|one| one["strategy"]["number"] == 1), "{found}");
        // Who had read the customer before still changes him.
        assert_eq!(found["version"], 1);
        let input = json!({ "id": customer, "version": 1, "set": { "phone": "7" }, "idempotencyKey": key() });
        let changed = act(&server, "updateCustomer", "... on CustomerWritten { version }", input).await;
        assert_eq!(changed["version"], 2, "{changed}");
        let set = json!({ "netTotal": "400", "grossTotal": "400" });
        let input = json!({ "id": order, "version": 1, "set": set, "idempotencyKey": key() });
        act(&server, "updateOrder", "... on OrderWritten { id }", input).await;
        let found = becomes(&server, &customer, "small").await;
        assert_eq!(found["memberships"]["nodes"].as_array().unwrap().len(), 3, "{found}");
        let events = "{ events(filter: { act: { eq: \"assignSegments\" } }, orderBy: [{field: ID}]) { nodes { actor kind recordId recordVersion before after } } }";
        let events = server.query(events).await["events"]["nodes"].take();
        let versions: Vec<_> = events.as_array().unwrap().iter().map(|event| event["recordVersion"].clone()).collect();
        assert_eq!(versions, [1, 1, 2], "{events}");
        let last = &events[2];
        assert_eq!(
            (&last["actor"], &last["kind"], &last["recordId"]),
            (&json!("guildhall"), &json!("UPDATED"), &json!(customer))
        );
        assert_eq!((&last["before"], &last["after"]), (&events[1]["after"], &events[0]["after"]));
    }
}

/// Every server looks; one of them assigns.
#[tokio::test]
async fn however_many_servers_there_are_one_membership_is_written() {
    for place in houses().await {
        let count = if place.is_postgres() { 3 } else { 2 };
        let servers: Vec<Server> = (0..count).map(|_| Server::beside(&place)).collect();
        let mut customers = Vec::new();
        for number in 0..10 {
            let server = &servers[number % count];
            let customer = customer(server).await;
            order(server, &customer, "2000").await;
            customers.push(customer);
        }
        for customer in &customers {
            becomes(&servers[0], customer, "large").await;
        }
        // Each came through `small` or not, as the events were read; nobody came anywhere twice.
        for customer in &customers {
            let found = stands(&servers[0], customer).await;
            let keys: Vec<_> =
                found["memberships"]["nodes"].as_array().unwrap().iter().map(|one| &one["segment"]["key"]).collect();
            assert!(keys == ["large"] || keys == ["small", "large"], "{found}");
        }
    }
}
