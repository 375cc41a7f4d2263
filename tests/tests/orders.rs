//! Orders that are placed under the strategy: credit decides, the core enforces, and nobody owes more than the strategy lets him.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, Utc};
use guildhall_tests::{Place, Role, Server, built, data, places, until};
use rust_decimal::Decimal;
use serde_json::{Value, json};

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Each database with the plugin and the strategy; one product that costs 1.
pub(crate) async fn houses() -> Vec<Arc<Place>> {
    let mut all = Vec::new();
    for place in places().await {
        place.activate(&data("credit/strategy.toml"));
        place.install(&built("plugins/credit-rules"));
        all.push(Arc::new(place));
    }
    all
}

pub(crate) fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("key-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// What comes of making a record.
pub(crate) async fn create(server: &Server, object: &str, values: Value) -> Value {
    let query = format!(
        "mutation($input: Create{object}Input!) {{ done: create{object}(input: $input) {{ __typename ... on {object}Written {{ id }} \
         ... on Invalid {{ problems {{ path message }} }} }} }}"
    );
    let input = json!({ "values": values, "idempotencyKey": key() });
    server.graphql(Role::Admin, &query, json!({ "input": input })).await.data()["done"].take()
}

pub(crate) async fn made(server: &Server, object: &str, values: Value) -> String {
    let done = create(server, object, values).await;
    done["id"].as_str().unwrap_or_else(|| panic!("{object}: {done}")).to_owned()
}

pub(crate) fn day(from_today: i64) -> String {
    let today = Utc::now().date_naive();
    let day = match u64::try_from(from_today) {
        Ok(ahead) => today.checked_add_days(Days::new(ahead)),
        Err(_) => today.checked_sub_days(Days::new(from_today.unsigned_abs())),
    };
    day.unwrap().to_string()
}

/// A customer with a limit and a segment, and a product.
pub(crate) struct Trade {
    pub(crate) customer: String,
    product: String,
}

impl Trade {
    pub(crate) async fn with(server: &Server, country: &str, limit: &str) -> Trade {
        let customer = json!({ "name": "Harbour", "kind": "ORGANIZATION", "currency": "EUR", "country": country });
        let customer = made(server, "Customer", customer).await;
        let account = json!({ "customer": customer, "currency": "EUR", "limit": limit, "dunningLevel": 0 });
        made(server, "CreditAccount", account).await;
        let product = json!({ "name": "Tea", "sku": key(), "currency": "EUR", "listPrice": "1" });
        let product = made(server, "Product", product).await;
        // The segment follows.
        let query = "query($id: ID!) { customer(id: $id) { segment { key } } }";
        until(PATIENCE, async || {
            let found = server.graphql(Role::Department, query, json!({ "id": customer })).await.data();
            found["customer"]["segment"].is_object().then_some(())
        })
        .await;
        Trade { customer, product }
    }

    /// What is owed already.
    pub(crate) async fn owes(&self, server: &Server, amount: &str) {
        let invoice = json!({ "number": key(), "issuedOn": day(0), "dueOn": day(30), "status": "OPEN", "currency": "EUR",
            "amount": amount, "paidAmount": "0", "customer": self.customer });
        made(server, "Invoice", invoice).await;
    }

    async fn ordered(&self, server: &Server, amount: &str, status: &str, required_in: i64) {
        let order = json!({ "number": key(), "orderedOn": day(0), "requiredOn": day(required_in), "currency": "EUR",
            "grossTotal": amount, "netTotal": amount, "customer": self.customer, "status": "OPEN" });
        let order = made(server, "Order", order).await;
        if status == "SHIPPED" {
            let changes = json!({ "status": status, "shippedOn": day(0) });
            let input = json!({ "id": order, "version": 1, "set": changes, "idempotencyKey": key() });
            let shipped = act(server, "updateOrder", "... on OrderWritten { id }", input).await;
            assert_eq!(shipped["__typename"], "OrderWritten", "{shipped}");
        }
    }

    pub(crate) fn order(&self, amount: &str) -> Value {
        json!({ "customer": self.customer, "idempotencyKey": key(),
            "lines": [{ "product": self.product, "quantity": amount }] })
    }
}

pub(crate) const PLACE: &str = "mutation($input: PlaceOrderInput!) { done: placeOrder(input: $input) { __typename \
    ... on OrderPlaced { order { id status } decision strategy explanation } \
    ... on OrderHeld { order { id status } hold amountToPay decision strategy explanation } \
    ... on Invalid { problems { path message } } ... on Refused { reasons { code message } } } }";

pub(crate) async fn place(server: &Server, order: Value) -> Value {
    server.graphql(Role::Department, PLACE, json!({ "input": order })).await.data()["done"].take()
}

/// Places orders at once, through the servers in turn.
pub(crate) async fn place_at_once(servers: &[Arc<Server>], orders: Vec<Value>) -> Vec<Value> {
    let mut placing = tokio::task::JoinSet::new();
    for (order, server) in orders.into_iter().zip(servers.iter().cycle()) {
        let server = Arc::clone(server);
        placing.spawn(async move {
            // Under such a storm a server may ask to come again; the key makes that safe.
            for _ in 0..100 {
                let answer = server.graphql(Role::Department, PLACE, json!({ "input": order })).await.json();
                let done = &answer["data"]["done"];
                if done["__typename"].as_str().is_some_and(|name| name.starts_with("Order")) {
                    return done.clone();
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Value::Null
        });
    }
    placing.join_all().await
}

pub(crate) async fn act(server: &Server, name: &str, asked: &str, input: Value) -> Value {
    let upper = name[..1].to_uppercase() + &name[1..];
    let query = format!(
        "mutation($input: {upper}Input!) {{ done: {name}(input: $input) {{ __typename {asked} \
         ... on Invalid {{ problems {{ path message }} }} ... on Refused {{ reasons {{ code message }} }} }} }}"
    );
    server.graphql(Role::Department, &query, json!({ "input": input })).await.data()["done"].take()
}

/// Deletes a record, whatever its version is by now.
pub(crate) async fn delete(server: &Server, object: &str, id: &Value) -> Value {
    let query = format!(
        "mutation($input: DeleteInput!) {{ done: delete{object}(input: $input) {{ __typename \
         ... on Refused {{ reasons {{ code message }} }} }} }}"
    );
    let version = format!("query($id: ID!) {{ node(id: $id) {{ ... on {object} {{ version }} }} }}");
    let found = server.graphql(Role::Department, &version, json!({ "id": id })).await.data();
    let input = json!({ "id": id, "version": found["node"]["version"], "idempotencyKey": key() });
    server.graphql(Role::Department, &query, json!({ "input": input })).await.data()["done"].take()
}

pub(crate) async fn release(server: &Server, hold: &Value) -> Value {
    let input = json!({ "hold": hold, "reason": "the owner called", "idempotencyKey": key() });
    act(server, "releaseHold", "... on HoldReleased { order { status } decision }", input).await
}

pub(crate) async fn status(server: &Server, order: &Value) -> String {
    let query = "query($id: ID!) { order(id: $id) { status } }";
    let order = server.graphql(Role::Department, query, json!({ "id": order })).await.data();
    order["order"]["status"].as_str().unwrap().to_owned()
}

/// Static and dynamic exposure.
pub(crate) async fn exposure(server: &Server, trade: &Trade) -> (Decimal, Decimal) {
    let query =
        "query($id: ID!) { customer(id: $id) { creditAccount { exposure { amount } exposureDynamic { amount } } } }";
    let found = server.graphql(Role::Department, query, json!({ "id": trade.customer })).await.data();
    let account = &found["customer"]["creditAccount"];
    let amount = |name: &str| account[name]["amount"].as_str().unwrap().parse().unwrap();
    (amount("exposure"), amount("exposureDynamic"))
}

/// The key customer of the scenario: 70,000 invoiced, 15,000 delivered, 10,000 ordered inside the horizon and 20,000 beyond it.
async fn key_customer(server: &Server) -> Trade {
    let trade = Trade::with(server, "Germany", "100000").await;
    trade.owes(server, "70000").await;
    trade.ordered(server, "15000", "SHIPPED", 0).await;
    trade.ordered(server, "10000", "OPEN", 7).await;
    trade.ordered(server, "20000", "OPEN", 60).await;
    assert_eq!(exposure(server, &trade).await, (Decimal::from(115_000), Decimal::from(95_000)));
    trade
}

#[tokio::test]
async fn the_strategy_gives_a_key_customer_what_finance_alone_would_not() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = key_customer(&server).await;
        let placed = place(&server, trade.order("12000")).await;
        assert_eq!(placed["__typename"], "OrderPlaced", "{placed}");
        assert_eq!(placed["order"]["status"], "OPEN");
        let query = "query($id: ID!) { node(id: $id) { ... on Decision { point verdict proposals explanation } } }";
        let decision = server.graphql(Role::Department, query, json!({ "id": placed["decision"] })).await.data();
        let decision = &decision["node"];
        assert_eq!(decision["point"], "credit.check");
        assert_eq!(decision["verdict"]["outcome"], "APPROVED", "{decision}");
        assert_eq!(decision["verdict"]["utilization"], "1.07");
        assert_eq!(decision["verdict"]["exposure"], "127000");
        let alone = &decision["proposals"]["withoutStrategy"];
        assert_eq!(
            (&alone["outcome"], &alone["amountToPay"]),
            (&json!("HELD"), &json!("7000")),
            "what finance would have done"
        );
        assert_eq!(exposure(&server, &trade).await, (Decimal::from(127_000), Decimal::from(107_000)));
    }
}

#[tokio::test]
async fn a_ground_rule_holds_an_order_and_nobody_releases_it() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = key_customer(&server).await;
        let held = place(&server, trade.order("15500")).await;
        assert_eq!(held["__typename"], "OrderHeld", "{held}");
        assert!(
            held["explanation"].as_array().unwrap().iter().any(|reason| reason.as_str().unwrap().starts_with("GR1:")),
            "{held}"
        );
        assert_eq!(
            held["amountToPay"],
            Value::Null,
            "finance has nothing against it, but no payment is known to lift a rule"
        );
        let refused = release(&server, &held["hold"]).await;
        assert_eq!(refused["__typename"], "Refused", "{refused}");
        let told = refused["reasons"][0]["message"].as_str().unwrap();
        assert!(told.starts_with("a ground rule holds the order, and nobody releases that: GR1"), "{told}");
        assert_eq!(status(&server, &held["order"]["id"]).await, "HELD");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(115_000));
    }
}

#[tokio::test]
async fn of_two_orders_for_the_same_room_one_waits_until_the_other_is_cancelled() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "40000").await;
        let (one, other) = tokio::join!(place(&server, trade.order("10000")), place(&server, trade.order("10000")));
        let (placed, held) = if one["__typename"] == "OrderPlaced" { (one, other) } else { (other, one) };
        assert_eq!((&placed["__typename"], &held["__typename"]), (&json!("OrderPlaced"), &json!("OrderHeld")));
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(50_000));
        let input = json!({ "order": placed["order"]["id"], "idempotencyKey": key() });
        let cancelled = act(&server, "cancelOrder", "... on OrderCancelled { order { status } }", input).await;
        assert_eq!(cancelled["order"]["status"], "CANCELLED", "{cancelled}");
        let order = &held["order"]["id"];
        until(PATIENCE, async || (status(&server, order).await == "OPEN").then_some(())).await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(50_000));
        let query = "query($id: ID!) { hold(id: $id) { status releasedBy releaseReason releasedAmount } }";
        let hold = server.graphql(Role::Department, query, json!({ "id": held["hold"] })).await.data();
        assert_eq!(hold["hold"]["status"], "RELEASED", "{hold}");
        assert_eq!(hold["hold"]["releasedBy"], "guildhall");
    }
}

/// Puts a strategy in force without the rule about what is reserved, as the demo's is: GR1 stands alone, and finance would let
/// twice the limit be owed.
fn without_a_clamp(place_of: &Place) {
    let strategy = std::fs::read_to_string(data("credit/strategy.toml")).unwrap();
    let (strategy, _) = strategy.split_once("[[ground_rules]]\nid = \"GR1-reserved\"").unwrap();
    place_of.activate(&place_of.file("unclamped.toml", strategy));
}

#[tokio::test]
async fn a_ground_rule_holds_for_orders_at_once() {
    for place_of in houses().await {
        without_a_clamp(&place_of);
        let count = if place_of.is_postgres() { 4 } else { 1 };
        let servers: Vec<Arc<Server>> = (0..count).map(|_| Arc::new(Server::beside(&place_of))).collect();
        let trade = Trade::with(&servers[0], "France", "50000").await;
        trade.owes(&servers[0], "40000").await;
        let later = |amount: &str| {
            let mut order = trade.order(amount);
            order["requiredOn"] = json!(day(60));
            order
        };
        let done = place_at_once(&servers, (0..40).map(|_| later("6000")).collect()).await;
        let (placed, held): (Vec<_>, Vec<_>) = done.iter().partition(|done| done["__typename"] == "OrderPlaced");
        // 4 orders of 6,000 stay below 65,000, a fifth does not.
        assert_eq!((placed.len(), held.len()), (4, 36));
        assert_eq!(exposure(&servers[0], &trade).await.0, Decimal::from(64_000));
        let refused = release(&servers[0], &held[0]["hold"]).await;
        let told = refused["reasons"][0]["message"].as_str().unwrap();
        assert!(told.starts_with("a ground rule holds the order, and nobody releases that: GR1"), "{refused}");
    }
}

#[tokio::test]
async fn nobody_releases_what_finance_and_a_ground_rule_hold() {
    for place_of in houses().await {
        without_a_clamp(&place_of);
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "50000").await;
        let held = place(&server, trade.order("15001")).await;
        let reasons: Vec<&str> = held["explanation"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(reasons.iter().any(|reason| !reason.starts_with("GR1:")), "finance has its own: {held}");
        assert!(reasons.iter().any(|reason| reason.starts_with("GR1:")), "{held}");
        let query = "query($id: ID!) { node(id: $id) { ... on Decision { bounds } } }";
        let decision = server.graphql(Role::Department, query, json!({ "id": held["decision"] })).await.data();
        let bound = &decision["node"]["bounds"][0];
        assert_eq!(
            (&bound["rule"], &bound["before"], &bound["after"]),
            (&json!("GR1"), &json!("HELD"), &json!("HELD"))
        );
        let refused = release(&server, &held["hold"]).await;
        assert_eq!(refused["__typename"], "Refused", "{refused}");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(50_000));
    }
}

/// As many orders as there is room for, through every server there is, and the ledger's chain stays whole.
#[tokio::test]
async fn a_hundred_orders_at_once_never_exceed_the_ceiling() {
    for place_of in houses().await {
        let count = if place_of.is_postgres() { 4 } else { 1 };
        let servers: Vec<Arc<Server>> = (0..count).map(|_| Arc::new(Server::beside(&place_of))).collect();
        let trade = Trade::with(&servers[0], "France", "50000").await;
        trade.owes(&servers[0], "40000").await;
        let done = place_at_once(&servers, (0..100).map(|_| trade.order("1300")).collect()).await;
        let placed = done.iter().filter(|done| done["__typename"] == "OrderPlaced").count();
        assert_eq!(done.len(), 100);
        // 11 orders of 1,300 fit below 55,000, a twelfth does not.
        assert_eq!(placed, 11);
        assert_eq!(exposure(&servers[0], &trade).await.0, Decimal::from(40_000 + 11 * 1_300));
        let verified = place_of.done(&["ledger", "verify"]);
        assert!(verified.starts_with("1 chains with 100 entries checked"), "{verified}");
    }
}

#[tokio::test]
async fn a_person_releases_within_the_authority_the_strategy_gives() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "50000").await;
        let held = place(&server, trade.order("9000")).await;
        assert_eq!((&held["__typename"], &held["amountToPay"]), (&json!("OrderHeld"), &json!("4000")), "{held}");
        let released = release(&server, &held["hold"]).await;
        assert_eq!(released["order"]["status"], "OPEN", "{released}");
        let query =
            "query($id: ID!) { node(id: $id) { ... on Decision { overrides(first: 2) { nodes { madeBy reason } } } } }";
        let decision = server.graphql(Role::Department, query, json!({ "id": released["decision"] })).await.data();
        let made = json!([{ "madeBy": "dora", "reason": "the owner called" }]);
        assert_eq!(decision["node"]["overrides"]["nodes"], made, "{decision}");
        assert_eq!(release(&server, &held["hold"]).await["__typename"], "Refused");
        let large = Trade::with(&server, "France", "100000").await;
        large.owes(&server, "100000").await;
        let held = place(&server, large.order("20001")).await;
        let refused = release(&server, &held["hold"]).await;
        let told = "the order comes to 20001 EUR; the strategy lets you release up to 20000 EUR";
        assert_eq!(refused["reasons"][0]["message"], told, "{refused}");
    }
}

#[tokio::test]
async fn an_order_that_is_not_in_order_is_refused_with_everything_that_is_wrong() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "1000").await;
        let lines = json!([{ "product": trade.product, "quantity": "0" }, { "product": trade.product, "quantity": "1", "discount": "2" }]);
        let input = json!({ "customer": trade.customer, "idempotencyKey": key(), "lines": lines });
        let refused = place(&server, input).await;
        let paths: Vec<_> =
            refused["problems"].as_array().unwrap().iter().map(|problem| problem["path"].clone()).collect();
        assert_eq!(paths, [json!(["lines", "0", "quantity"]), json!(["lines", "1", "discount"])], "{refused}");
        let nobody = json!({ "customer": trade.product, "idempotencyKey": key(), "lines": [{ "product": trade.product, "quantity": "1" }] });
        assert_eq!(place(&server, nobody).await["__typename"], "Invalid");
        // The same key and order give the stored answer.
        let order = trade.order("10");
        let (first, second) = (place(&server, order.clone()).await, place(&server, order).await);
        assert_eq!(first["order"]["id"], second["order"]["id"]);
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(10));
    }
}

/// For whom the customer is not there, neither are their orders and holds; and whoever may not read what credit looks at is told
/// what became of the order, not why.
#[tokio::test]
async fn what_is_hidden_is_hidden_from_who_places_orders_too() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "10").await;
        let held = place(&server, trade.order("5000")).await;
        assert_eq!(held["__typename"], "OrderHeld", "{held}");
        assert!(held["explanation"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{held}");
        let stranger = place_of.done(&["token", "create", "sam", "--role", "department", "--reach", "own"]);
        let ask = async |secret: &str, query: &str, input: Value| {
            let answer = server.post(secret.trim(), &json!({ "query": query, "variables": { "input": input } })).await;
            answer.data()["done"].take()
        };
        let refused = "{ __typename ... on Refused { reasons { code } } }";
        let release = format!("mutation($input: ReleaseHoldInput!) {{ done: releaseHold(input: $input) {refused} }}");
        let cancel = format!("mutation($input: CancelOrderInput!) {{ done: cancelOrder(input: $input) {refused} }}");
        for (query, input) in [
            (PLACE, trade.order("1")),
            (release.as_str(), json!({ "hold": held["hold"], "reason": "r", "idempotencyKey": key() })),
            (cancel.as_str(), json!({ "order": held["order"]["id"], "idempotencyKey": key() })),
        ] {
            assert_eq!(ask(&stranger, query, input).await["reasons"][0]["code"], "NOT_FOUND", "{query}");
        }
        let clerk = "[roles.clerk]\ndoc = \"d\"\nrows = [\"all\"]\nabilities = [\"place-orders\"]\n[roles.clerk.types.Customer]\nread = [\"name\"]\n\
            [roles.clerk.types.Product]\nread = [\"name\"]\n[roles.clerk.types.Order]\nread = [\"status\"]\n";
        place_of.done(&["role", "set", &place_of.file("roles.toml", clerk).to_string_lossy()]);
        let clerk = place_of.done(&["token", "create", "cleo", "--role", "clerk"]);
        let served = json!({ "query": "{ __type(name: \"PlaceOrderInput\") { name } }" });
        let serves = async || {
            let answer = server.post(clerk.trim(), &served).await.json();
            (answer["data"]["__type"]["name"] == "PlaceOrderInput").then_some(())
        };
        until(PATIENCE, serves).await;
        let told = ask(&clerk, PLACE, trade.order("5000")).await;
        assert_eq!(
            (&told["__typename"], &told["explanation"], &told["amountToPay"]),
            (&json!("OrderHeld"), &json!([]), &Value::Null),
            "{told}"
        );
    }
}
