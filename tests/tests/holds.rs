//! Holds: what they stop, how they end, and that nobody gets round them by writing.

use chrono::{SecondsFormat, TimeDelta, Utc};
use guildhall_tests::{Role, Server, until};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::orders::{PATIENCE, Trade, act, day, delete, exposure, houses, key, made, place, release, status};

async fn hold(server: &Server, trade: &Trade, values: Value) -> String {
    let mut hold = json!({ "customer": trade.customer, "reason": "COMPLIANCE" });
    hold.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    made(server, "Hold", hold).await
}

/// Writes a record's fields, whatever its version is by now.
async fn change(server: &Server, object: &str, id: &Value, set: Value) -> Value {
    let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on {object} {{ version }} }} }}");
    let found = server.graphql(Role::Department, &query, json!({ "id": id })).await.data();
    let input = json!({ "id": id, "version": found["node"]["version"], "set": set, "idempotencyKey": key() });
    act(server, &format!("update{object}"), &format!("... on {object}Written {{ id }}"), input).await
}

async fn becomes(server: &Server, order: &Value, expected: &str) {
    until(PATIENCE, async || (status(server, order).await == expected).then_some(())).await;
}

#[tokio::test]
async fn a_hold_of_the_customer_stops_all_his_orders_until_it_is_released() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let stopping = json!(hold(&server, &trade, json!({})).await);
        let held = place(&server, trade.order("100")).await;
        assert_eq!((&held["__typename"], &held["amountToPay"]), (&json!("OrderHeld"), &Value::Null), "{held}");
        let told = "a hold stops all orders of the customer until it is released";
        assert_eq!(held["explanation"], json!([told]));
        let refused = release(&server, &held["hold"]).await;
        assert_eq!(refused["reasons"][0]["message"], told, "{refused}");
        // Paying changes nothing about it, and whoever looks again sees that.
        let paid = json!({ "customer": trade.customer, "amount": "5", "idempotencyKey": key() });
        act(&server, "recordPayment", "... on PaymentRecorded { payment { id } }", paid).await;
        assert_eq!(status(&server, &held["order"]["id"]).await, "HELD");
        let done = change(&server, "Hold", &stopping, json!({ "status": "RELEASED" })).await;
        assert_eq!(done["__typename"], "HoldWritten", "{done}");
        becomes(&server, &held["order"]["id"], "OPEN").await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(100));
    }
}

#[tokio::test]
async fn a_hold_ends_when_its_time_has_come() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let soon = (Utc::now() + TimeDelta::seconds(5)).to_rfc3339_opts(SecondsFormat::Millis, true);
        let stopping = hold(&server, &trade, json!({ "until": soon })).await;
        let held = place(&server, trade.order("100")).await;
        assert_eq!(held["__typename"], "OrderHeld", "{held}");
        becomes(&server, &held["order"]["id"], "OPEN").await;
        let query = "query($id: ID!) { hold(id: $id) { status releasedBy } }";
        let found = server.graphql(Role::Department, query, json!({ "id": stopping })).await.data();
        assert_eq!(found["hold"], json!({ "status": "EXPIRED", "releasedBy": null }));
    }
}

#[tokio::test]
async fn who_is_closed_orders_nothing() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let customer = json!(trade.customer);
        change(&server, "Customer", &customer, json!({ "status": "CLOSED" })).await;
        let refused = place(&server, trade.order("100")).await;
        let told = "the customer is closed and buys no longer";
        assert_eq!(refused["reasons"][0], json!({ "code": "NOT_ALLOWED", "message": told }), "{refused}");
        change(&server, "Customer", &customer, json!({ "status": "ACTIVE" })).await;
        assert_eq!(place(&server, trade.order("100")).await["__typename"], "OrderPlaced");
    }
}

#[tokio::test]
async fn what_a_hold_is_about_is_never_changed() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let other = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "50000").await;
        let small = place(&server, trade.order("9000")).await;
        let large = place(&server, trade.order("20001")).await;
        assert_eq!(release(&server, &small["hold"]).await["__typename"], "HoldReleased");
        let moves = [
            json!({ "order": large["order"]["id"] }),
            json!({ "reason": "OTHER" }),
            json!({ "decision": large["decision"] }),
            json!({ "order": null }),
        ];
        for set in moves {
            let refused = change(&server, "Hold", &small["hold"], set).await;
            assert_eq!(refused["reasons"][0]["code"], "NOT_ALLOWED", "{refused}");
            let told = refused["reasons"][0]["message"].as_str().unwrap();
            assert!(told.ends_with("of a hold is never changed; make another one"), "{told}");
        }
        // Another customer's it cannot be, whatever it was.
        let refused = change(&server, "Hold", &small["hold"], json!({ "customer": other.customer })).await;
        assert_eq!(refused["__typename"], "Invalid", "{refused}");
        let same = json!({ "order": small["order"]["id"], "releaseReason": "the owner wrote" });
        assert_eq!(change(&server, "Hold", &small["hold"], same).await["__typename"], "HoldWritten");
    }
}

#[tokio::test]
async fn no_write_takes_the_hold_from_an_order_that_waits_for_credit() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "55000").await;
        let held = place(&server, trade.order("9000")).await;
        let told = "the order waits for credit; `releaseHold` releases it, `cancelOrder` cancels it";
        for state in ["RELEASED", "EXPIRED"] {
            let refused = change(&server, "Hold", &held["hold"], json!({ "status": state })).await;
            assert_eq!(refused["reasons"][0], json!({ "code": "NOT_ALLOWED", "message": told }), "{refused}");
        }
        let refused = delete(&server, "Hold", &held["hold"]).await;
        assert_eq!(refused["reasons"][0]["message"], told, "{refused}");
        // Nor does its end come by itself.
        let soon = (Utc::now() + TimeDelta::seconds(3)).to_rfc3339_opts(SecondsFormat::Millis, true);
        assert_eq!(change(&server, "Hold", &held["hold"], json!({ "until": soon })).await["__typename"], "HoldWritten");
        let other = hold(&server, &trade, json!({ "until": soon })).await;
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Hold { status } } }";
        let states = until(PATIENCE, async || {
            let ids = json!({ "ids": [held["hold"], other] });
            let found = server.graphql(Role::Department, query, ids).await.data();
            (found["nodes"][1]["status"] == "EXPIRED").then(|| found["nodes"][0]["status"].clone())
        })
        .await;
        assert_eq!(states, "ACTIVE");
        let cancelled = json!({ "order": held["order"]["id"], "idempotencyKey": key() });
        act(&server, "cancelOrder", "... on OrderCancelled { order { status } }", cancelled).await;
        let done = delete(&server, "Hold", &held["hold"]).await;
        assert_eq!(done["__typename"], "HoldWritten", "{done}");
    }
}

#[tokio::test]
async fn an_order_is_made_neither_held_nor_negative() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let order = |values: Value| {
            let mut order = json!({ "number": key(), "orderedOn": day(0), "currency": "EUR", "grossTotal": "1",
                "netTotal": "1", "customer": trade.customer });
            order.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
            json!({ "values": order, "idempotencyKey": key() })
        };
        let create = async |values| act(&server, "createOrder", "... on OrderWritten { id }", order(values)).await;
        let refused = create(json!({ "status": "HELD" })).await;
        assert_eq!(refused["reasons"][0]["code"], "IMPOSSIBLE_TRANSITION", "{refused}");
        for total in ["grossTotal", "netTotal"] {
            let refused = create(json!({ total: "-0.01" })).await;
            assert_eq!(refused["problems"][0]["path"], json!(["values", total]), "{refused}");
        }
        let made = json!(create(json!({ "grossTotal": "0", "netTotal": "0" })).await["id"]);
        let refused = change(&server, "Order", &made, json!({ "netTotal": "-1" })).await;
        assert_eq!(refused["problems"][0]["path"], json!(["set", "netTotal"]), "{refused}");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::ZERO);
    }
}
