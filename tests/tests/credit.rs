//! Credit from the order to the payment: what is owed moves and is counted once, payments free it, releases end, and those who
//! share a limit keep it together.

use std::sync::Arc;

use guildhall_tests::{Role, Server, data, until};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::orders::{
    PATIENCE, Trade, act, create, day, delete, exposure, houses, key, made, place, place_at_once, release, status,
};

async fn asked(server: &Server, query: &str, id: &Value) -> Value {
    server.graphql(Role::Department, query, json!({ "id": id })).await.data()
}

/// Stage and amount of what is owed for an order, with the entry's id.
async fn entry(server: &Server, order: &Value) -> (String, String) {
    let query = "query($id: ID!) { order(id: $id) { exposureEntries { nodes { id stage amount { amount } } } } }";
    let found = asked(server, query, order).await;
    let nodes = found["order"]["exposureEntries"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1, "{found}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = format!("{} {}", text(&nodes[0]["stage"]), amount(&nodes[0]));
    (text(&nodes[0]["id"]), told)
}

fn amount(node: &Value) -> Decimal {
    node["amount"]["amount"].as_str().unwrap().parse::<Decimal>().unwrap().normalize()
}

/// Writes an order's fields, whatever its version is by now.
/// What comes of changing an order.
async fn changed(server: &Server, order: &Value, set: Value) -> Value {
    let found = asked(server, "query($id: ID!) { order(id: $id) { version } }", order).await;
    let input = json!({ "id": order, "version": found["order"]["version"], "set": set, "idempotencyKey": key() });
    act(server, "updateOrder", "... on OrderWritten { id }", input).await
}

async fn change(server: &Server, order: &Value, set: Value) {
    let done = changed(server, order, set).await;
    assert_eq!(done["__typename"], "OrderWritten", "{done}");
}

async fn becomes(server: &Server, order: &Value, expected: &str) {
    until(PATIENCE, async || (status(server, order).await == expected).then_some(())).await;
}

/// Waits until the order was decided about again, and says how it stands then.
async fn decided_again(server: &Server, order: &Value, set: Value) -> String {
    let query = "query($id: ID!) { order(id: $id) { decision { id } } }";
    let before = asked(server, query, order).await["order"]["decision"]["id"].clone();
    change(server, order, set).await;
    until(PATIENCE, async || {
        let now = asked(server, query, order).await["order"]["decision"]["id"].clone();
        (now != before).then_some(())
    })
    .await;
    status(server, order).await
}

async fn pay(server: &Server, input: Value) -> Value {
    let asked =
        "... on PaymentRecorded { payment { id allocations { nodes { amount { amount } invoice { number } } } } }";
    act(server, "recordPayment", asked, input).await
}

fn payment(trade: &Trade, amount: &str) -> Value {
    json!({ "customer": trade.customer, "amount": amount, "idempotencyKey": key() })
}

/// Amounts and invoices of a payment's allocations, in the order of amounts.
fn allocated(paid: &Value) -> Vec<String> {
    let nodes = paid["payment"]["allocations"]["nodes"].as_array().unwrap_or_else(|| panic!("{paid}"));
    let told = |node: &Value| format!("{} {}", amount(node), node["invoice"]["number"].as_str().unwrap_or("-"));
    let mut all: Vec<_> = nodes.iter().map(told).collect();
    all.sort();
    all
}

async fn invoice(server: &Server, trade: &Trade, number: &str, amount: &str, due_in: i64, order: &Value) -> String {
    made(server, "Invoice", open_invoice(trade, number, amount, due_in, order)).await
}

fn open_invoice(trade: &Trade, number: &str, amount: &str, due_in: i64, order: &Value) -> Value {
    json!({ "number": number, "issuedOn": day(0), "dueOn": day(due_in), "status": "OPEN", "currency": "EUR",
        "amount": amount, "paidAmount": "0", "customer": trade.customer, "order": order })
}

/// Lets both share a limit.
async fn share(server: &Server, trades: [&Trade; 2], limit: &str) {
    let group = made(server, "CreditGroup", json!({ "name": "Hanse", "currency": "EUR", "limit": limit })).await;
    for trade in trades {
        let query = "query($id: ID!) { customer(id: $id) { creditAccount { id version } } }";
        let found = asked(server, query, &json!(trade.customer)).await;
        let account = &found["customer"]["creditAccount"];
        let input = json!({ "id": account["id"], "version": account["version"], "set": { "group": group }, "idempotencyKey": key() });
        let done = act(server, "updateCreditAccount", "... on CreditAccountWritten { id }", input).await;
        assert_eq!(done["__typename"], "CreditAccountWritten", "{done}");
    }
}

#[tokio::test]
async fn what_is_owed_moves_from_the_order_to_the_payment_and_counts_once() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let placed = place(&server, trade.order("1000")).await;
        let order = &placed["order"]["id"];
        let (id, told) = entry(&server, order).await;
        assert_eq!(told, "ORDER 1000", "{placed}");
        change(&server, order, json!({ "status": "SHIPPED", "shippedOn": day(0) })).await;
        assert_eq!(entry(&server, order).await, (id.clone(), "DELIVERY 1000".to_owned()));
        invoice(&server, &trade, "I1", "1190", 30, order).await;
        assert_eq!(entry(&server, order).await, (id.clone(), "INVOICE 1190".to_owned()));
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(1_190));
        let paid = pay(&server, payment(&trade, "190")).await;
        assert_eq!(allocated(&paid), ["190 I1"]);
        assert_eq!(entry(&server, order).await, (id.clone(), "INVOICE 1000".to_owned()));
        pay(&server, payment(&trade, "1000")).await;
        assert_eq!(entry(&server, order).await, (id, "CLEARED 1000".to_owned()));
        assert_eq!(exposure(&server, &trade).await.0, Decimal::ZERO);
    }
}

#[tokio::test]
async fn a_payment_goes_to_the_oldest_and_releases_who_waits_longest() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        invoice(&server, &trade, "young", "20000", 9, &Value::Null).await;
        invoice(&server, &trade, "old", "30000", 3, &Value::Null).await;
        let first = place(&server, trade.order("10000")).await;
        let second = place(&server, trade.order("9000")).await;
        assert_eq!((&first["__typename"], &second["__typename"]), (&json!("OrderHeld"), &json!("OrderHeld")));
        let input = payment(&trade, "12000");
        let paid = pay(&server, input.clone()).await;
        assert_eq!(allocated(&paid), ["12000 old"], "{paid}");
        // 38,000 and 10,000 are below 55,000; 9,000 more are not.
        assert_eq!(status(&server, &first["order"]["id"]).await, "OPEN");
        assert_eq!(status(&server, &second["order"]["id"]).await, "HELD");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(48_000));
        assert_eq!(pay(&server, input).await["payment"]["id"], paid["payment"]["id"], "once under one key");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(48_000));
        // More than is owed stays on account.
        let rest = pay(&server, payment(&trade, "58000")).await;
        assert_eq!(allocated(&rest), ["18000 old", "20000 -", "20000 young"]);
        assert_eq!(status(&server, &second["order"]["id"]).await, "OPEN");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(19_000));
        let query = "query($id: ID!) { customer(id: $id) { invoices { nodes { status paidOn paidAmount { amount } amount { amount } } } } }";
        let found = asked(&server, query, &json!(trade.customer)).await;
        for invoice in found["customer"]["invoices"]["nodes"].as_array().unwrap() {
            assert_eq!((&invoice["status"], &invoice["paidOn"]), (&json!("PAID"), &json!(day(0))), "{found}");
            assert_eq!(invoice["paidAmount"], invoice["amount"]);
        }
    }
}

#[tokio::test]
async fn a_payment_may_say_what_it_is_for() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        invoice(&server, &trade, "old", "500", 3, &Value::Null).await;
        let named = invoice(&server, &trade, "named", "300", 9, &Value::Null).await;
        let of = |amount: &str, pays: Value| {
            let mut input = payment(&trade, amount);
            input["invoices"] = pays;
            input
        };
        let one = |amount: &str| json!([{ "invoice": named, "amount": amount, "version": 1 }]);
        let path = |refused: &Value| refused["problems"][0]["path"].clone();
        let refused = pay(&server, of("400", one("300.01"))).await;
        assert_eq!(path(&refused), json!(["invoices", "0", "amount"]), "{refused}");
        let refused = pay(&server, of("100", one("200"))).await;
        assert_eq!(path(&refused), json!(["invoices"]), "{refused}");
        let refused = pay(&server, of("0", json!([]))).await;
        assert_eq!(path(&refused), json!(["amount"]), "{refused}");
        let stranger = Trade::with(&server, "France", "50000").await;
        let mut other = payment(&stranger, "100");
        other["invoices"] = one("100");
        assert_eq!(path(&pay(&server, other).await), json!(["invoices", "0", "invoice"]));
        let paid = pay(&server, of("250", one("200"))).await;
        assert_eq!(allocated(&paid), ["200 named", "50 -"], "{paid}");
        let refused = pay(&server, of("50", one("50"))).await;
        assert_eq!(refused["reasons"][0]["code"], "STALE_VERSION", "{refused}");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(600));
        let kept = pay(&server, of("70", json!([]))).await;
        assert_eq!(allocated(&kept), ["70 -"], "{kept}");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(600));
    }
}

#[tokio::test]
async fn those_who_share_a_limit_wait_for_each_others_payments() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let owing = Trade::with(&server, "France", "50000").await;
        let waiting = Trade::with(&server, "France", "50000").await;
        // The strategy lets a group owe twice its limit.
        share(&server, [&owing, &waiting], "10000").await;
        owing.owes(&server, "18000").await;
        let held = place(&server, waiting.order("5000")).await;
        assert_eq!((&held["__typename"], &held["amountToPay"]), (&json!("OrderHeld"), &json!("3000")), "{held}");
        let refused = release(&server, &held["hold"]).await;
        let told = refused["reasons"][0]["message"].as_str().unwrap();
        assert!(told.contains("more than 20000 would be owed by those who share the limit"), "{refused}");
        pay(&server, payment(&owing, "3000")).await;
        assert_eq!(status(&server, &held["order"]["id"]).await, "OPEN");
    }
}

#[tokio::test]
async fn orders_of_a_group_at_once_never_exceed_its_ceiling() {
    for place_of in houses().await {
        let count = if place_of.is_postgres() { 2 } else { 1 };
        let servers: Vec<Arc<Server>> = (0..count).map(|_| Arc::new(Server::beside(&place_of))).collect();
        let one = Trade::with(&servers[0], "France", "50000").await;
        let other = Trade::with(&servers[0], "France", "50000").await;
        share(&servers[0], [&one, &other], "10000").await;
        let trades = [one, other];
        let orders = (0..40).map(|number| trades[number / 2 % 2].order("1300")).collect();
        let done = place_at_once(&servers, orders).await;
        let placed = done.iter().filter(|done| done["__typename"] == "OrderPlaced").count();
        // 15 orders of 1,300 fit below 20,000, a sixteenth does not.
        assert_eq!((done.len(), placed), (40, 15));
        let mut owed = Decimal::ZERO;
        for trade in trades.iter() {
            owed += exposure(&servers[0], trade).await.0;
        }
        assert_eq!(owed, Decimal::from(15 * 1_300));
    }
}

#[tokio::test]
async fn an_order_with_other_terms_is_checked_again() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "40000").await;
        let placed = place(&server, trade.order("10000")).await;
        let order = &placed["order"]["id"];
        assert_eq!(placed["__typename"], "OrderPlaced", "{placed}");
        assert_eq!(decided_again(&server, order, json!({ "netTotal": "15000" })).await, "OPEN", "there is room for it");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(55_000));
        assert_eq!(decided_again(&server, order, json!({ "netTotal": "15000.01" })).await, "HELD", "no longer");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(40_000));
        let query = "query($id: ID!) { order(id: $id) { holds { nodes { status placedBy explanation } } } }";
        let found = asked(&server, query, order).await;
        let hold = &found["order"]["holds"]["nodes"][0];
        assert_eq!((&hold["status"], &hold["placedBy"]), (&json!("ACTIVE"), &json!("guildhall")), "{found}");
        change(&server, order, json!({ "netTotal": "14000" })).await;
        becomes(&server, order, "OPEN").await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(54_000));
    }
}

#[tokio::test]
async fn what_is_owed_for_an_order_follows_its_lines() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        let placed = place(&server, trade.order("62")).await;
        let order = &placed["order"]["id"];
        let query = "query($id: ID!) { order(id: $id) { netTotal { amount } grossTotal { amount } lines { nodes { id product { id } } } } }";
        let line = asked(&server, query, order).await["order"]["lines"]["nodes"][0].clone();
        let another = |quantity: &str, net: &str, currency: &str| {
            json!({ "values": { "order": order, "product": line["product"]["id"], "position": 2, "currency": currency,
                "quantity": quantity, "unitPrice": "1", "discount": "0", "netAmount": net }, "idempotencyKey": key() })
        };
        let add = async |input| act(&server, "createOrderLine", "... on OrderLineWritten { id }", input).await;
        let refused = add(another("1", "1", "USD")).await;
        assert_eq!(refused["reasons"][0]["code"], "NOT_ALLOWED", "{refused}");
        let refused = add(another("1", "-63", "EUR")).await;
        assert_eq!(refused["__typename"], "Refused", "{refused}");
        let added = add(another("8", "7", "EUR")).await;
        assert_eq!(added["__typename"], "OrderLineWritten", "{added}");
        let total = asked(&server, query, order).await["order"].clone();
        assert_eq!((&total["netTotal"]["amount"], &total["grossTotal"]["amount"]), (&json!("69.00"), &json!("70.00")));
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(69));
        let set = json!({ "id": added["id"], "version": 1, "set": { "netAmount": "620000" }, "idempotencyKey": key() });
        act(&server, "updateOrderLine", "... on OrderLineWritten { id }", set).await;
        becomes(&server, order, "HELD").await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::ZERO);
        delete(&server, "OrderLine", &added["id"]).await;
        becomes(&server, order, "OPEN").await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(62));
    }
}

#[tokio::test]
async fn a_release_holds_for_a_little_growth() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "50000").await;
        let held = place(&server, trade.order("9000")).await;
        let order = &held["order"]["id"];
        assert_eq!(release(&server, &held["hold"]).await["order"]["status"], "OPEN", "{held}");
        // Finance's own default is a tenth.
        assert_eq!(decided_again(&server, order, json!({ "netTotal": "9900" })).await, "OPEN");
        let query = "query($id: ID!) { order(id: $id) { decision { verdict overrides { nodes { madeBy reason } } } } }";
        let decision = asked(&server, query, order).await["order"]["decision"].clone();
        assert_eq!(decision["verdict"]["outcome"], "HELD", "{decision}");
        let made = json!([{ "madeBy": "dora", "reason": "the release by dora still holds" }]);
        assert_eq!(decision["overrides"]["nodes"], made);
        assert_eq!(decided_again(&server, order, json!({ "netTotal": "9900.01" })).await, "HELD");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(50_000));
        // What it was released for, it may have again.
        change(&server, order, json!({ "netTotal": "9000" })).await;
        becomes(&server, order, "OPEN").await;
    }
}

#[tokio::test]
async fn a_release_is_for_the_customer_it_was_given_for() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let (trade, other) =
            (Trade::with(&server, "France", "50000").await, Trade::with(&server, "France", "50000").await);
        trade.owes(&server, "50000").await;
        other.owes(&server, "50000").await;
        let held = place(&server, trade.order("9000")).await;
        let order = &held["order"]["id"];
        assert_eq!(release(&server, &held["hold"]).await["order"]["status"], "OPEN", "{held}");
        // What was decided about one customer's order is no other's, so nobody else has the good of it.
        let refused = changed(&server, order, json!({ "customer": other.customer })).await;
        assert_eq!(refused["problems"][0]["path"], json!(["set", "customer"]), "{refused}");
        assert_eq!(exposure(&server, &other).await.0, Decimal::from(50_000));
    }
}

#[tokio::test]
async fn an_invoice_to_another_customer_frees_nothing() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "1000").await;
        let placed = place(&server, trade.order("900")).await;
        let held = place(&server, trade.order("900")).await;
        assert_eq!((&placed["__typename"], &held["__typename"]), (&json!("OrderPlaced"), &json!("OrderHeld")));
        let stranger = Trade::with(&server, "France", "1000").await;
        let theirs = open_invoice(&stranger, "I1", "0", 30, &placed["order"]["id"]);
        let refused = create(&server, "Invoice", theirs).await;
        assert_eq!(refused["problems"][0]["path"], json!(["values", "order"]), "{refused}");
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(900));
        assert_eq!(entry(&server, &placed["order"]["id"]).await.1, "ORDER 900");
        // An invoice to himself takes its place.
        invoice(&server, &trade, "I2", "950", 30, &placed["order"]["id"]).await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(950));
        assert_eq!(status(&server, &held["order"]["id"]).await, "HELD");
    }
}

#[tokio::test]
async fn a_release_ends() {
    for place_of in houses().await {
        let server = Server::beside(&place_of);
        let trade = Trade::with(&server, "France", "50000").await;
        trade.owes(&server, "50000").await;
        let strategy = std::fs::read_to_string(data("credit/strategy.toml")).unwrap();
        let strategy = strategy.replace("overLimit = 0.1", "overLimit = 0.1\nreleaseDays = 0");
        place_of.activate(&place_of.file("ends.toml", strategy));
        let held = until(PATIENCE, async || {
            let held = place(&server, trade.order("9000")).await;
            (held["__typename"] == "OrderHeld").then_some(held)
        })
        .await;
        let released = release(&server, &held["hold"]).await;
        assert_eq!(released["__typename"], "HoldReleased", "{released}");
        becomes(&server, &held["order"]["id"], "HELD").await;
        assert_eq!(exposure(&server, &trade).await.0, Decimal::from(50_000));
    }
}

const MAPPING: &str = r#"
source = "erp"

[[files]]
file = "customers.csv"
type = "Customer"
id = "{No}"
[files.fields]
name = "Name"
country = "Country"
kind = { constant = "ORGANIZATION" }
status = { constant = "ACTIVE" }
currency = { constant = "EUR" }

[[files]]
file = "customers.csv"
type = "CreditAccount"
id = "{No}"
[files.fields]
currency = { constant = "EUR" }
limit = "Limit"
dunningLevel = { constant = 0 }
onHold = { constant = false }
[files.references]
customer = "No"

[[files]]
file = "invoices.csv"
type = "Invoice"
id = "{No}"
[files.fields]
number = "No"
status = "Status"
issuedOn = "Issued"
dueOn = "Due"
paidOn = "PaidOn"
currency = { constant = "EUR" }
amount = "Amount"
paidAmount = "Paid"
[files.references]
customer = "Customer"
"#;

/// What is owed and what was paid comes by import; what waits goes on all the same.
#[tokio::test]
async fn a_payment_by_import_frees_what_was_owed() {
    for place_of in houses().await {
        let import = |status: &str, paid_on: &str, paid: &str| {
            place_of.file("erp/customers.csv", "No,Name,Country,Limit\n1,Harbour,France,50000\n");
            let invoice = format!("7,1,{status},{},{},{paid_on},52000,{paid}\n", day(0), day(30));
            let invoices = format!("No,Customer,Status,Issued,Due,PaidOn,Amount,Paid\n{invoice}");
            place_of.file("erp/invoices.csv", invoices);
            place_of.import(&place_of.file("mapping.toml", MAPPING), &place_of.folder().join("erp"));
        };
        import("OPEN", "", "0");
        place_of.activate(&data("credit/strategy.toml"));
        let server = Server::beside(&place_of);
        let found =
            server.query("{ customers { nodes { id exposureEntries { nodes { stage amount { amount } } } } } }").await;
        let customer = &found["customers"]["nodes"][0];
        let owed = &customer["exposureEntries"]["nodes"][0];
        assert_eq!((&owed["stage"], amount(owed)), (&json!("INVOICE"), Decimal::from(52_000)), "{found}");
        let product = json!({ "name": "Tea", "sku": key(), "currency": "EUR", "listPrice": "1" });
        let product = made(&server, "Product", product).await;
        let order = json!({ "customer": customer["id"], "idempotencyKey": key(),
            "lines": [{ "product": product, "quantity": "4000" }] });
        let held = place(&server, order).await;
        assert_eq!(held["__typename"], "OrderHeld", "{held}");
        import("PAID", &day(0), "52000");
        becomes(&server, &held["order"]["id"], "OPEN").await;
        let query = "query($id: ID!) { customer(id: $id) { creditAccount { exposure { amount } } exposureEntries { nodes { stage amount { amount } } } } }";
        let found = asked(&server, query, &customer["id"]).await;
        let nodes = found["customer"]["exposureEntries"]["nodes"].as_array().unwrap();
        let mut told: Vec<String> =
            nodes.iter().map(|node| format!("{} {}", node["stage"].as_str().unwrap(), amount(node))).collect();
        told.sort();
        assert_eq!(told, ["CLEARED 52000", "ORDER 4000"], "{found}");
        let exposure: Decimal =
            found["customer"]["creditAccount"]["exposure"]["amount"].as_str().unwrap().parse().unwrap();
        assert_eq!(exposure, Decimal::from(4_000));
    }
}
