//! The same through the server: cases as records, the verdict as the ledger has it.

use guildhall_tests::{Role, Server};
use serde_json::{Value, json};

use super::case::{Case, Dice, Group, Rules, decimal};
use super::verdict::expected;
use crate::orders::{day, houses, key, made, place};

const CASES: usize = 10;

/// Rules under which everything can stand against an order.
const RULES: Rules = Rules {
    over_limit: Some(1_000),
    over_static: Some(4_000),
    horizon: Some(7),
    document: Some(45_000),
    oldest: Some(45),
    share: Some(8_000),
    dunning: Some(3),
    ground: Some(13_000),
    clamped: true,
};

fn cases() -> Vec<Case> {
    let mut dice = Dice(0x5eed_0002);
    let mut cases: Vec<Case> = Vec::new();
    // What can be made of records in one currency, and some of each kind.
    let plain = |group: &Group| !group.other_currency && !group.mixed && group.others.len() < 4;
    while cases.len() < CASES {
        let case = Case::under(&mut dice, RULES);
        let fits = case.account.as_ref().is_some_and(|account| account.group.as_ref().is_none_or(plain));
        let approved = cases.iter().filter(|case| expected(case).approved).count();
        if fits && case.invoices.len() < 6 && (approved >= CASES / 2 || expected(&case).approved) {
            cases.push(case);
        }
    }
    cases
}

async fn customer(server: &Server, account: Value) -> String {
    let customer = json!({ "name": "Harbour", "kind": "ORGANIZATION", "currency": "EUR", "country": "France" });
    let customer = made(server, "Customer", customer).await;
    let mut account = account;
    account["customer"] = json!(customer);
    account["currency"] = json!("EUR");
    made(server, "CreditAccount", account).await;
    customer
}

async fn invoice(server: &Server, customer: &str, due: i64, amount: i64, paid: i64) -> String {
    let invoice = json!({ "number": key(), "issuedOn": day(-100), "dueOn": day(-due), "status": "OPEN", "currency": "EUR",
        "amount": decimal(amount), "paidAmount": decimal(paid), "customer": customer });
    made(server, "Invoice", invoice).await
}

/// The records of a case, and the order that is to be placed.
async fn written(server: &Server, case: &Case, product: &str) -> Value {
    let account = case.account.as_ref().unwrap();
    let mut group = Value::Null;
    if let Some(shared) = &account.group {
        let limit = json!({ "name": "Hanse", "currency": "EUR", "limit": decimal(shared.limit) });
        group = json!(made(server, "CreditGroup", limit).await);
        for owed in &shared.others {
            let other = customer(server, json!({ "limit": "1", "dunningLevel": 0, "group": group })).await;
            invoice(server, &other, 0, *owed, 0).await;
        }
    }
    let limit = json!({ "limit": decimal(account.limit), "limitUntil": account.holds_for.map(day),
        "dunningLevel": account.dunning, "onHold": account.on_hold, "group": group });
    let customer = customer(server, limit).await;
    for (due, amount, paid) in &case.invoices {
        invoice(server, &customer, *due, *amount, *paid).await;
    }
    for (due, amount) in &case.disputed {
        let invoice = invoice(server, &customer, *due, *amount, 0).await;
        let dispute = json!({ "invoice": invoice, "reason": "PRICE", "status": "OPEN", "openedOn": day(0), "currency": "EUR",
            "amount": decimal(*amount) });
        made(server, "Dispute", dispute).await;
    }
    for (amount, needed) in [(case.sooner, 5), (case.later, 60)] {
        let order = json!({ "number": key(), "orderedOn": day(0), "requiredOn": day(needed), "currency": "EUR",
            "grossTotal": decimal(amount), "netTotal": decimal(amount), "customer": customer, "status": "OPEN" });
        made(server, "Order", order).await;
    }
    json!({ "customer": customer, "idempotencyKey": key(), "requiredOn": case.needed_in.map(day),
        "lines": [{ "product": product, "quantity": decimal(case.asked) }] })
}

#[tokio::test]
async fn the_server_says_what_the_oracle_says() {
    for house in houses().await {
        let cases = cases();
        let server = Server::beside(&house);
        let product = json!({ "name": "Tea", "sku": key(), "currency": "EUR", "listPrice": "1" });
        let product = made(&server, "Product", product).await;
        let mut orders = Vec::new();
        for case in &cases {
            orders.push(written(&server, case, &product).await);
        }
        house.activate(&house.file("drawn.toml", cases[0].strategy()));
        // One that begins now knows no other strategy.
        let server = Server::beside(&house);
        for (case, order) in cases.iter().zip(orders) {
            let wanted = expected(case);
            let placed = place(&server, order).await;
            let outcome = if wanted.approved { "OrderPlaced" } else { "OrderHeld" };
            assert_eq!(placed["__typename"], outcome, "{placed}: {case:#?}");
            let query = "query($id: ID!) { node(id: $id) { ... on Decision { verdict } } }";
            let found = server.graphql(Role::Department, query, json!({ "id": placed["decision"] })).await.data();
            wanted.holds(found["node"]["verdict"].as_object().unwrap(), &format!("{case:#?}"));
        }
    }
}
