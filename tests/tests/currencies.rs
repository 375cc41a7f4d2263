//! Money of several currencies under one strategy: what a number in it means for whom, and who may approve how much.

use std::sync::Arc;

use guildhall_tests::{Place, Role, Server, data, places, until};
use serde_json::{Value, json};

use crate::orders::{PATIENCE, Trade, day, houses, key, made, place, release};

const STRATEGY: &str = r#"
name = "By what they buy"
vision = "Whoever buys is served."
approvers = ["ada"]
currency = "EUR"

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

async fn customer(server: &Server, currency: &str) -> String {
    made(server, "Customer", json!({ "name": "Harbour", "kind": "ORGANIZATION", "currency": currency })).await
}

async fn orders(server: &Server, customer: &str, currency: &str, amount: &str) {
    let order = json!({ "number": key(), "orderedOn": day(-1), "currency": currency, "grossTotal": amount,
        "netTotal": amount, "customer": customer, "status": "OPEN" });
    made(server, "Order", order).await;
}

async fn segment(server: &Server, customer: &str) -> Value {
    let query = "query($id: ID!) { customer(id: $id) { segment { key } } }";
    server.graphql(Role::Department, query, json!({ "id": customer })).await.data()["customer"]["segment"]["key"].take()
}

async fn becomes(server: &Server, customer: &str, expected: &str) {
    until(PATIENCE, async || (segment(server, customer).await == expected).then_some(())).await;
}

#[tokio::test]
async fn a_number_in_a_condition_is_in_the_currency_of_the_strategy() {
    for place in places().await {
        let (place, rated): (Arc<Place>, _) =
            (Arc::new(place), STRATEGY.replace("\"EUR\"\n", "\"EUR\"\nrates = { JPY = 0.006 }\n"));
        let file = place.file("strategy.toml", STRATEGY);
        place.activate(&file);
        let server = Server::beside(&place);
        let yen = customer(&server, "JPY").await;
        orders(&server, &yen, "JPY", "150000").await;
        let euro = customer(&server, "EUR").await;
        orders(&server, &euro, "EUR", "1500").await;
        becomes(&server, &euro, "large").await;
        // Nobody can tell, so he belongs to none; and no strategy becomes active that leaves him there.
        assert_eq!(segment(&server, &yen).await, Value::Null);
        let refused = place.run(&["strategy", "activate", file.to_str().unwrap(), "--as", "ada"]);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        let told = "error MONEY_WITHOUT_RATE: `large` compares money with a number, and customers count in EUR and JPY: \
            `JPY` has no rate to `EUR`; say in `rates` how much one JPY is in EUR";
        assert!(refused.stderr.contains(told), "{}", refused.stderr);
        let shown = place.done(&["strategy", "show"]);
        assert!(shown.contains("strategy 1 "), "the active strategy is untouched: {shown}");
        // The same is told before.
        let looked = place.run(&["strategy", "lint", file.to_str().unwrap(), "--installed"]);
        assert!(looked.stdout.contains("MONEY_WITHOUT_RATE"), "{}", looked.stdout);
        // The whole base in one statement: 150,000 JPY are 900 EUR.
        place.activate(&place.file("rated.toml", rated));
        becomes(&server, &yen, "small").await;
        assert_eq!(segment(&server, &euro).await, "large");
        // And one customer by what happens to him: 1,020 EUR.
        orders(&server, &yen, "JPY", "20000").await;
        becomes(&server, &yen, "large").await;
    }
}

/// What a refused release is told.
async fn refusal(server: &Server, held: &Value) -> String {
    let refused = release(server, &held["hold"]).await;
    assert_eq!(refused["__typename"], "Refused", "{held} {refused}");
    refused["reasons"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn authority_counts_in_the_currency_of_the_strategy_that_decides() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "100000").await;
        trade.owes(&server, "100000").await;
        let text = std::fs::read_to_string(data("credit/strategy.toml")).unwrap();
        let counting = |more: &str| text.replace("approvers = ", &format!("currency = \"USD\"\n{more}\napprovers = "));
        let held = place(&server, trade.order("11000")).await;
        place_of.activate(&place_of.file("rated.toml", counting("rates = { EUR = 2 }")));
        let told = "the order comes to 11000 EUR; the strategy lets you release up to 20000 USD";
        until(PATIENCE, async || (refusal(&server, &held).await == told).then_some(())).await;
        place_of.activate(&place_of.file("unrated.toml", counting("")));
        let told = "nobody can tell whether the order is within your authority: `EUR` has no rate to `USD`; say in `rates` \
            how much one EUR is in USD";
        until(PATIENCE, async || (refusal(&server, &held).await == told).then_some(())).await;
        // A challenger gives the authority where it decides.
        place_of.activate(&data("credit/strategy.toml"));
        let less = place_of.file("less.toml", text.replace("at_most = 20_000", "at_most = 5"));
        place_of.done(&["strategy", "propose", less.to_str().unwrap(), "--as", "ada"]);
        place_of.done(&["strategy", "approve", "5", "--as", "ada"]);
        place_of.done(&["strategy", "challenge", "5", "--share", "0.9999", "--as", "ada"]);
        let told = "the order comes to 11000 EUR; the strategy lets you release up to 5 EUR";
        until(PATIENCE, async || (refusal(&server, &held).await == told).then_some(())).await;
    }
}
