//! Real data of others, imported as it was published: the mappings of `tests/data`, and what is there afterwards.
//!
//! The figures are those the publishers give or were counted from the files without the product's help, by a script that
//! splits the rows itself and adds with exact decimals; where it did more than count and add, it is said.

use guildhall_tests::{Place, Server, Servers, Shared, data, real_or_say_so};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::northwind::{self, all};
use crate::small::{column, decimal, sorted};

/// A set of real data with a mapping in `tests/data`.
struct Set {
    name: &'static str,
    /// One of its files, to tell whether it is here.
    file: &'static str,
    servers: Shared,
}

static ONLINE_RETAIL: Set = Set {
    name: "online_retail",
    file: "online_retail_2010-12-01_to_2010-12-06.csv",
    servers: Shared::new(|place| ONLINE_RETAIL.serve(place)),
};
static ADVENTURE_WORKS: Set = Set {
    name: "adventureworks",
    file: "PurchaseOrderHeader.csv",
    servers: Shared::new(|place| ADVENTURE_WORKS.serve(place)),
};
static BANK: Set = Set { name: "bank_marketing", file: "bank.csv", servers: Shared::new(|place| BANK.serve(place)) };
static FEBRL: Set = Set { name: "febrl", file: "dataset1.csv", servers: Shared::new(|place| FEBRL.serve(place)) };
static CDNOW: Set = Set { name: "cdnow", file: "CDNOW_sample.txt", servers: Shared::new(|place| CDNOW.serve(place)) };

impl Set {
    fn serve(&self, place: Place) -> Server {
        place.import(&data(&format!("{}/mapping.toml", self.name)), &real_or_say_so(self.name, self.file).unwrap());
        Server::start(place)
    }

    async fn servers(&self) -> Option<Servers> {
        real_or_say_so(self.name, self.file)?;
        Some(self.servers.servers().await)
    }
}

/// Imports a set a second time and checks what becomes of its rows: all of them stand for records that are there already, are
/// more of a record or are skipped. The numbers: rows, records, merged, skipped, and values left empty.
fn check_rows(servers: &Servers, set: &str, file: &str, expected: &[(&str, [u64; 5])]) {
    for server in servers.iter() {
        let mapping = data(&format!("{set}/mapping.toml"));
        let report = server.place().import(&mapping, &real_or_say_so(set, file).unwrap());
        let report: Value = serde_json::from_str(&report).unwrap();
        let entries = report["files"].as_array().unwrap();
        let found: Vec<_> = entries
            .iter()
            .map(|entry| {
                let count = |name: &str| entry[name].as_u64().unwrap();
                assert_eq!(["created", "updated", "errors"].map(count), [0; 3], "{entry}");
                let counts = ["rows", "unchanged", "merged", "skipped", "leftEmpty"].map(count);
                (entry["type"].as_str().unwrap(), counts)
            })
            .collect();
        assert_eq!(found, expected);
    }
}

async fn check(servers: &Servers, query: &str, expected: Value) {
    for server in servers.iter() {
        assert_eq!(server.query(query).await, expected, "{query}");
    }
}

fn amount(record: &Value, money: &str) -> Decimal {
    decimal(record[money]["amount"].as_str().unwrap())
}

fn total(records: &[Value], money: &str) -> Decimal {
    records.iter().map(|record| amount(record, money)).sum()
}

/// Checks that every order of a list is worth what its lines are, and gives the orders.
async fn orders_worth_their_lines(server: &Server, selection: &str) -> Vec<Value> {
    let selection = format!(
        "number grossTotal {{ amount }} netTotal {{ amount }} linesAggregate {{ count sum {{ netAmount {{ amount }} }} }} {selection}"
    );
    let orders = all(server, "orders", &selection).await;
    for order in &orders {
        let lines = amount(&order["linesAggregate"]["sum"], "netAmount");
        assert_eq!((amount(order, "netTotal"), amount(order, "grossTotal")), (lines, lines), "{order}");
    }
    orders
}

#[tokio::test]
async fn northwind_accounts_for_every_row() {
    let Some(servers) = northwind::servers().await else { return };
    let expected = [
        ("Customer", [91, 91, 0, 0, 0]),
        ("Contact", [91, 91, 0, 0, 0]),
        ("Address", [91, 91, 0, 0, 0]),
        ("CreditAccount", [91, 91, 0, 0, 0]),
        ("Product", [77, 77, 0, 0, 0]),
        ("Order", [830, 830, 0, 0, 0]),
        ("OrderLine", [2155, 2155, 0, 0, 0]),
        ("User", [9, 9, 0, 0, 0]),
        ("Territory", [53, 53, 0, 0, 0]),
        ("TerritoryAssignment", [49, 49, 0, 0, 0]),
        ("Shipment", [830, 809, 0, 21, 0]),
    ];
    check_rows(&servers, "northwind", "Orders.csv", &expected);
    check(
        &servers,
        "{ creditAccounts { totalCount } users { totalCount } territories { totalCount } territoryAssignments { totalCount } shipments { totalCount } }",
        json!({ "creditAccounts": { "totalCount": 91 }, "users": { "totalCount": 9 }, "territories": { "totalCount": 53 }, "territoryAssignments": { "totalCount": 49 }, "shipments": { "totalCount": 809 } }),
    )
    .await;
}

/// The first row of the file reports to the second.
#[tokio::test]
async fn northwind_employees_have_managers_and_territories() {
    let Some(servers) = northwind::servers().await else { return };
    check(
        &servers,
        "{ users(orderBy: {field: EXTERNAL_ID}) { nodes { externalId name manager { externalId } reports { totalCount } territories { totalCount } } } }",
        json!({ "users": { "nodes": [
            { "externalId": "1", "name": "Nancy Davolio", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 2 } },
            { "externalId": "2", "name": "Andrew Fuller", "manager": null, "reports": { "totalCount": 5 }, "territories": { "totalCount": 7 } },
            { "externalId": "3", "name": "Janet Leverling", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 4 } },
            { "externalId": "4", "name": "Margaret Peacock", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 3 } },
            { "externalId": "5", "name": "Steven Buchanan", "manager": { "externalId": "2" }, "reports": { "totalCount": 3 }, "territories": { "totalCount": 7 } },
            { "externalId": "6", "name": "Michael Suyama", "manager": { "externalId": "5" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 5 } },
            { "externalId": "7", "name": "Robert King", "manager": { "externalId": "5" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 10 } },
            { "externalId": "8", "name": "Laura Callahan", "manager": { "externalId": "2" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 4 } },
            { "externalId": "9", "name": "Anne Dodsworth", "manager": { "externalId": "5" }, "reports": { "totalCount": 0 }, "territories": { "totalCount": 7 } },
        ] } }),
    )
    .await;
    check(
        &servers,
        "{ territoriesGroups(by: [{field: REGION}]) { nodes { key { region } count } } unassigned: territories(filter: {assignments: {none: {}}}) { totalCount } westboro: territories(filter: {externalId: {eq: \"01581\"}}) { nodes { name assignments { nodes { user { name } } } } } }",
        json!({
            "territoriesGroups": { "nodes": [
                { "key": { "region": "Eastern" }, "count": 19 },
                { "key": { "region": "Northern" }, "count": 11 },
                { "key": { "region": "Southern" }, "count": 8 },
                { "key": { "region": "Western" }, "count": 15 },
            ] },
            "unassigned": { "totalCount": 4 },
            "westboro": { "nodes": [{ "name": "Westboro", "assignments": { "nodes": [{ "user": { "name": "Andrew Fuller" } }] } }] },
        }),
    )
    .await;
}

#[tokio::test]
async fn northwind_products_have_suppliers() {
    let Some(servers) = northwind::servers().await else { return };
    check(
        &servers,
        "{ productsGroups(by: [{field: SUPPLIER}]) { totalCount } pavlova: products(filter: {supplier: {eq: \"Pavlova, Ltd.\"}}) { totalCount } nobody: products(filter: {supplier: {isNull: true}}) { totalCount } }",
        json!({ "productsGroups": { "totalCount": 29 }, "pavlova": { "totalCount": 5 }, "nobody": { "totalCount": 0 } }),
    )
    .await;
}

/// All freight is 64,942.69; 987.67 of it is for the 21 orders that were not shipped.
#[tokio::test]
async fn northwind_shipments_carry_the_freight() {
    let Some(servers) = northwind::servers().await else { return };
    check(
        &servers,
        "{ shipmentsGroups(by: [{field: CARRIER}]) { nodes { key { carrier } count sum { freight { amount } } } } shipmentsAggregate { sum { freight { amount } } } ordersAggregate { sum { freight { amount } total { amount } } } waiting: orders(filter: {shipments: {none: {}}}) { totalCount } open: orders(filter: {status: {eq: OPEN}}) { totalCount } }",
        json!({
            "shipmentsGroups": { "nodes": [
                { "key": { "carrier": "Federal Shipping" }, "count": 249, "sum": { "freight": { "amount": "20363.10" } } },
                { "key": { "carrier": "Speedy Express" }, "count": 245, "sum": { "freight": { "amount": "16035.16" } } },
                { "key": { "carrier": "United Package" }, "count": 315, "sum": { "freight": { "amount": "27556.76" } } },
            ] },
            "shipmentsAggregate": { "sum": { "freight": { "amount": "63955.02" } } },
            "ordersAggregate": { "sum": { "freight": { "amount": "64942.69" }, "total": { "amount": "1330735.7295" } } },
            "waiting": { "totalCount": 21 },
            "open": { "totalCount": 21 },
        }),
    )
    .await;
    for server in servers.iter() {
        let orders = all(server, "orders", "requiredOn shippedOn").await;
        let late = |order: &&Value| {
            let [shipped, required] = ["shippedOn", "requiredOn"].map(|day| order[day].as_str());
            // Without a day it is less than any.
            shipped > required
        };
        assert_eq!(orders.iter().filter(late).count(), 37);
    }
}

#[tokio::test]
async fn online_retail_accounts_for_every_row() {
    let Some(servers) = ONLINE_RETAIL.servers().await else { return };
    let expected = [
        ("Customer", [14022, 400, 13622, 0, 0]),
        ("Product", [14022, 2230, 11792, 0, 0]),
        ("Order", [14022, 585, 13288, 149, 0]),
        ("OrderLine", [14022, 13873, 0, 149, 0]),
        ("CreditNote", [14022, 61, 88, 13873, 0]),
        ("CreditNoteLine", [14022, 149, 0, 13873, 0]),
    ];
    check_rows(&servers, ONLINE_RETAIL.name, ONLINE_RETAIL.file, &expected);
    check(
        &servers,
        "{ customers { totalCount } products { totalCount } orders { totalCount } creditNotes { totalCount } }",
        json!({ "customers": { "totalCount": 400 }, "products": { "totalCount": 2230 }, "orders": { "totalCount": 585 }, "creditNotes": { "totalCount": 61 } }),
    )
    .await;
}

/// The sum of Quantity * UnitPrice over all 14,022 lines is 235,707.43: 240,258.29 less what was cancelled.
#[tokio::test]
async fn online_retail_adds_up_to_the_penny() {
    let Some(servers) = ONLINE_RETAIL.servers().await else { return };
    check(
        &servers,
        "{ orderLinesAggregate { count sum { quantity netAmount { amount currency } } } creditNoteLinesAggregate { count sum { quantity amount { amount currency } } } ordersAggregate { sum { netTotal { amount } grossTotal { amount } } } creditNotesAggregate { sum { amount { amount } } min { amount { amount } } } }",
        json!({
            "orderLinesAggregate": { "count": 13873, "sum": { "quantity": "111597", "netAmount": { "amount": "240258.29", "currency": "GBP" } } },
            "creditNoteLinesAggregate": { "count": 149, "sum": { "quantity": "11116", "amount": { "amount": "4550.86", "currency": "GBP" } } },
            "ordersAggregate": { "sum": { "netTotal": { "amount": "240258.29" }, "grossTotal": { "amount": "240258.29" } } },
            "creditNotesAggregate": { "sum": { "amount": { "amount": "4550.86" } }, "min": { "amount": { "amount": "1.25" } } },
        }),
    )
    .await;
    assert_eq!(decimal("240258.29") - decimal("4550.86"), decimal("235707.43"));
    for server in servers.iter() {
        assert_eq!(orders_worth_their_lines(server, "").await.len(), 585);
        let notes =
            all(server, "creditNotes", "number amount { amount } linesAggregate { sum { amount { amount } } }").await;
        assert_eq!(notes.len(), 61);
        for note in &notes {
            assert_eq!(amount(note, "amount"), amount(&note["linesAggregate"]["sum"], "amount"), "{note}");
        }
    }
}

#[tokio::test]
async fn online_retail_customers_are_named_as_the_shop_does() {
    let Some(servers) = ONLINE_RETAIL.servers().await else { return };
    check(
        &servers,
        "{ customers(filter: {externalId: {in: [\"17850\", \"unknown\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { externalId name country currency } } pointed: customers(filter: {externalId: {contains: \".\"}}) { totalCount } sold: orderLines(filter: {order: {customer: {externalId: {eq: \"unknown\"}}}}) { totalCount } credited: creditNoteLines(filter: {creditNote: {customer: {externalId: {eq: \"unknown\"}}}}) { totalCount } britons: customers(filter: {country: {eq: \"United Kingdom\"}}) { totalCount } }",
        json!({
            "customers": { "nodes": [
                { "externalId": "17850", "name": "17850", "country": "United Kingdom", "currency": "GBP" },
                { "externalId": "unknown", "name": "unknown", "country": null, "currency": "GBP" },
            ] },
            "pointed": { "totalCount": 0 },
            // Together the 4,195 lines without a customer.
            "sold": { "totalCount": 4175 },
            "credited": { "totalCount": 20 },
            "britons": { "totalCount": 369 },
        }),
    )
    .await;
}

#[tokio::test]
async fn online_retail_products_are_stock_codes() {
    let Some(servers) = ONLINE_RETAIL.servers().await else { return };
    check(
        &servers,
        "{ products(filter: {sku: {in: [\"85123A\", \"85123a\", \"20950\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { sku name listPrice { amount } } } adjustments: products(filter: {sku: {in: [\"POST\", \"DOT\", \"D\", \"M\", \"C2\", \"BANK CHARGES\"]}}) { totalCount } productsAggregate { sum { listPrice { amount } } } note: creditNotes(filter: {number: {eq: \"C536379\"}}) { nodes { issuedOn amount { amount } customer { externalId } order { id } invoice { id } lines { nodes { externalId position quantity unitPrice { amount } amount { amount } product { name } } } } } }",
        json!({
            "products": { "nodes": [
                { "sku": "20950", "name": "20950", "listPrice": { "amount": "0.00" } },
                { "sku": "85123A", "name": "WHITE HANGING HEART T-LIGHT HOLDER", "listPrice": { "amount": "2.55" } },
                { "sku": "85123a", "name": "WHITE HANGING HEART T-LIGHT HOLDER", "listPrice": { "amount": "6.77" } },
            ] },
            "adjustments": { "totalCount": 6 },
            // The first price above 0 of each of the 2,230 codes.
            "productsAggregate": { "sum": { "listPrice": { "amount": "9505.32" } } },
            "note": { "nodes": [{ "issuedOn": "2010-12-01", "amount": { "amount": "27.50" }, "customer": { "externalId": "14527" }, "order": null, "invoice": null, "lines": { "nodes": [
                { "externalId": "C536379-1", "position": 1, "quantity": "1", "unitPrice": { "amount": "27.50" }, "amount": { "amount": "27.50" }, "product": { "name": "Discount" } },
            ] } }] },
        }),
    )
    .await;
    // Thirteen codes never have a description.
    let nameless = [
        "20950", "21134", "21414", "21535", "21653", "22145", "35951", "47556B", "84670", "84968B", "85044", "85126",
        "85226A",
    ];
    for server in servers.iter() {
        let products = all(server, "products", "sku name").await;
        let nameless_here = products.iter().filter(|product| product["sku"] == product["name"]);
        assert_eq!(sorted(nameless_here.map(|product| product["sku"].as_str().unwrap())), nameless);
    }
}

#[tokio::test]
async fn adventure_works_accounts_for_every_row() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    let expected = [
        ("Territory", [10, 10, 0, 0, 0]),
        ("Customer", [104, 104, 0, 0, 0]),
        ("Customer", [701, 701, 0, 0, 0]),
        ("Customer", [2059, 2059, 0, 0, 0]),
        ("Contact", [2059, 2059, 0, 0, 0]),
        ("Address", [19614, 816, 0, 18798, 0]),
        ("Address", [2059, 2059, 0, 0, 0]),
        ("Product", [504, 504, 0, 0, 0]),
        ("Order", [4012, 4012, 0, 0, 0]),
        ("OrderLine", [8845, 8845, 0, 0, 0]),
        ("Shipment", [4012, 4012, 0, 0, 0]),
    ];
    check_rows(&servers, ADVENTURE_WORKS.name, ADVENTURE_WORKS.file, &expected);
    check(
        &servers,
        "{ territories { totalCount } customers { totalCount } contacts { totalCount } addresses { totalCount } products { totalCount } orders { totalCount } orderLines { totalCount } shipments { totalCount } }",
        json!({ "territories": { "totalCount": 10 }, "customers": { "totalCount": 2864 }, "contacts": { "totalCount": 2059 }, "addresses": { "totalCount": 2875 }, "products": { "totalCount": 504 }, "orders": { "totalCount": 4012 }, "orderLines": { "totalCount": 8845 }, "shipments": { "totalCount": 4012 } }),
    )
    .await;
}

#[tokio::test]
async fn adventure_works_orders_add_up_to_the_last_decimal() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ ordersAggregate { count sum { netTotal { amount currency } taxTotal { amount } freight { amount } total { amount } } } orderLinesAggregate { count sum { netAmount { amount } quantity deliveredQuantity rejectedQuantity } } rejected: orderLines(filter: {rejectedQuantity: {gt: \"0\"}}) { totalCount } ordersGroups(by: [{field: STATUS}]) { nodes { key { status } count } } }",
        json!({
            "ordersAggregate": { "count": 4012, "sum": { "netTotal": { "amount": "63791994.838", "currency": "USD" }, "taxTotal": { "amount": "5103359.574" }, "freight": { "amount": "1583978.2263" }, "total": { "amount": "70479332.6383" } } },
            "orderLinesAggregate": { "count": 8845, "sum": { "netAmount": { "amount": "63791994.838" }, "quantity": "2348637", "deliveredQuantity": "2327299", "rejectedQuantity": "72700" } },
            "rejected": { "totalCount": 563 },
            "ordersGroups": { "nodes": [
                { "key": { "status": "CANCELLED" }, "count": 86 },
                { "key": { "status": "OPEN" }, "count": 237 },
                { "key": { "status": "SHIPPED" }, "count": 3689 },
            ] },
        }),
    )
    .await;
    for server in servers.iter() {
        let more = "taxTotal { amount } freight { amount } total { amount } shipments { nodes { carrier freight { amount } } }";
        let orders = orders_worth_their_lines(server, more).await;
        assert_eq!((orders.len(), total(&orders, "netTotal")), (4012, decimal("63791994.8380")));
        for order in &orders {
            let due = amount(order, "netTotal") + amount(order, "taxTotal") + amount(order, "freight");
            assert_eq!(amount(order, "total"), due, "{order}");
            let shipments = order["shipments"]["nodes"].as_array().unwrap();
            assert_eq!((shipments.len(), total(shipments, "freight")), (1, amount(order, "freight")), "{order}");
        }
    }
}

#[tokio::test]
async fn adventure_works_orders_say_what_came_and_how() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ orders(filter: {number: {eq: \"2000\"}}) { nodes { status orderedOn requiredOn shippedOn total { amount } takenBy customer { externalId } shipments { nodes { carrier shippedOn } } lines(orderBy: {field: POSITION}) { nodes { externalId position quantity deliveredQuantity rejectedQuantity unitPrice { amount } netAmount { amount } product { externalId } } } } } shipmentsGroups(by: [{field: CARRIER}]) { nodes { key { carrier } count sum { freight { amount } } } } }",
        json!({
            "orders": { "nodes": [{
                "status": "SHIPPED", "orderedOn": "2025-02-13", "requiredOn": "2025-02-27", "shippedOn": "2025-02-22", "total": { "amount": "31160.2541" }, "takenBy": "arvind0@adventure-works.com", "customer": { "externalId": "1526" },
                "shipments": { "nodes": [{ "carrier": "ZY - EXPRESS", "shippedOn": "2025-02-22" }] },
                "lines": { "nodes": [
                    { "externalId": "4471", "position": 1, "quantity": "550", "deliveredQuantity": "550", "rejectedQuantity": "0", "unitPrice": { "amount": "23.4045" }, "netAmount": { "amount": "12872.475" }, "product": { "externalId": "510" } },
                    { "externalId": "4472", "position": 2, "quantity": "550", "deliveredQuantity": "550", "rejectedQuantity": "55", "unitPrice": { "amount": "27.867" }, "netAmount": { "amount": "15326.85" }, "product": { "externalId": "511" } },
                ] },
            }] },
            "shipmentsGroups": { "nodes": [
                { "key": { "carrier": "CARGO TRANSPORT 5" }, "count": 1523, "sum": { "freight": { "amount": "730898.0208" } } },
                { "key": { "carrier": "OVERNIGHT J-FAST" }, "count": 1085, "sum": { "freight": { "amount": "270705.6936" } } },
                { "key": { "carrier": "OVERSEAS - DELUXE" }, "count": 160, "sum": { "freight": { "amount": "170485.1128" } } },
                { "key": { "carrier": "XRQ - TRUCK GROUND" }, "count": 589, "sum": { "freight": { "amount": "75359.9465" } } },
                { "key": { "carrier": "ZY - EXPRESS" }, "count": 655, "sum": { "freight": { "amount": "336529.4526" } } },
            ] },
        }),
    )
    .await;
}

/// Categories are two look-ups away, and countries and territories four.
#[tokio::test]
async fn adventure_works_looks_up_from_file_to_file() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ productsGroups(by: [{field: CATEGORY}]) { nodes { key { category } count } } productsAggregate { sum { listPrice { amount } unitCost { amount } } } gone: products(filter: {discontinued: {eq: true}}) { totalCount } customersGroups(by: [{field: TERRITORY}]) { nodes { key { territory } count } } byStatus: customersGroups(by: [{field: KIND}, {field: STATUS}]) { nodes { key { kind status } count } } vendors: customersGroups(by: [{field: STATUS}, {field: COUNTRY}], filter: {industry: {eq: \"Vendor\"}}) { nodes { key { status country } count } } store: customers(filter: {name: {eq: \"Great Bikes\"}}) { nodes { externalId phone industry country territory } } resellers: customersGroups(by: [{field: COUNTRY}], filter: {territory: {isNull: false}}) { nodes { key { country } count } } }",
        json!({
            "productsGroups": { "nodes": [
                { "key": { "category": "Accessories" }, "count": 29 },
                { "key": { "category": "Bikes" }, "count": 97 },
                { "key": { "category": "Clothing" }, "count": 35 },
                { "key": { "category": "Components" }, "count": 134 },
                { "key": { "category": null }, "count": 209 },
            ] },
            "productsAggregate": { "sum": { "listPrice": { "amount": "221087.79" }, "unitCost": { "amount": "130335.8925" } } },
            "gone": { "totalCount": 98 },
            "customersGroups": { "nodes": [
                { "key": { "territory": "Australia" }, "count": 40 },
                { "key": { "territory": "Canada" }, "count": 114 },
                { "key": { "territory": "Central" }, "count": 63 },
                { "key": { "territory": "France" }, "count": 40 },
                { "key": { "territory": "Germany" }, "count": 40 },
                { "key": { "territory": "Northeast" }, "count": 56 },
                { "key": { "territory": "Northwest" }, "count": 92 },
                { "key": { "territory": "Southeast" }, "count": 85 },
                { "key": { "territory": "Southwest" }, "count": 131 },
                { "key": { "territory": "United Kingdom" }, "count": 40 },
                { "key": { "territory": null }, "count": 2163 },
            ] },
            "byStatus": { "nodes": [
                { "key": { "kind": "ORGANIZATION", "status": "ACTIVE" }, "count": 735 },
                { "key": { "kind": "ORGANIZATION", "status": "CLOSED" }, "count": 4 },
                { "key": { "kind": "ORGANIZATION", "status": "PROSPECT" }, "count": 66 },
                { "key": { "kind": "PERSON", "status": "PROSPECT" }, "count": 2059 },
            ] },
            "vendors": { "nodes": [
                { "key": { "status": "ACTIVE", "country": "United States" }, "count": 100 },
                { "key": { "status": "CLOSED", "country": "United States" }, "count": 4 },
            ] },
            "store": { "nodes": [{ "externalId": "318", "phone": "571-555-0128", "industry": "Value Added Reseller", "country": "United States", "territory": "Northwest" }] },
            "resellers": { "nodes": [
                { "key": { "country": "Australia" }, "count": 40 },
                { "key": { "country": "Canada" }, "count": 114 },
                { "key": { "country": "France" }, "count": 40 },
                { "key": { "country": "Germany" }, "count": 40 },
                { "key": { "country": "United Kingdom" }, "count": 40 },
                { "key": { "country": "United States" }, "count": 427 },
            ] },
        }),
    )
    .await;
}

#[tokio::test]
async fn adventure_works_addresses_are_those_of_stores_and_vendors() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ addressesGroups(by: [{field: PURPOSE}], filter: {customer: {kind: {eq: ORGANIZATION}}}) { nodes { key { purpose } count } } some: addresses(filter: {externalId: {in: [\"1492-309-3\", \"320-809-3\", \"410-416-3\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { purpose street city region postalCode country customer { name } } } zeros: addresses(filter: {postalCode: {startsWith: \"0\"}, customer: {kind: {eq: ORGANIZATION}}}) { totalCount } homeless: customers(filter: {addresses: {none: {}}}) { totalCount } }",
        json!({
            "addressesGroups": { "nodes": [
                { "key": { "purpose": "MAIN" }, "count": 805 },
                { "key": { "purpose": "SHIPPING" }, "count": 11 },
            ] },
            "some": { "nodes": [
                { "purpose": "MAIN", "street": "28 San Marino Ct.", "city": "Bellingham", "region": "Washington", "postalCode": "98225", "country": "United States", "customer": { "name": "Australia Bike Retailer" } },
                { "purpose": "MAIN", "street": "Granite State Marketplace", "city": "Hooksett", "region": "New Hampshire", "postalCode": "03106", "country": "United States", "customer": { "name": "Metropolitan Sales and Rental" } },
                { "purpose": "MAIN", "street": "Level 100, 77 Southbank Boulevard", "city": "South Melbourne", "region": "Victoria", "postalCode": "3205", "country": "Australia", "customer": { "name": "Fast Bike Works" } },
            ] },
            "zeros": { "totalCount": 28 },
            "homeless": { "totalCount": 0 },
        }),
    )
    .await;
}

/// 2,009 different e-mail addresses, of which 49 belong to more than one lead, 99 leads in all.
#[tokio::test]
async fn adventure_works_leads_keep_their_addresses() {
    let Some(servers) = ADVENTURE_WORKS.servers().await else { return };
    check(
        &servers,
        "{ contacts(filter: {email: {eq: \"kshen@consolidatedmessenger\"}}, orderBy: {field: NAME}) { nodes { externalId name bornOn phone customer { kind status industry } } } contactsGroups(by: [{field: EMAIL}]) { totalCount } contactsAggregate { count min { bornOn } max { bornOn } } addresses(filter: {externalId: {eq: \"prospect-14\"}}) { nodes { street city region postalCode country } } }",
        json!({
            "contacts": { "nodes": [
                { "externalId": "prospect-1235", "name": "Kate A Shen", "bornOn": "1952-11-10", "phone": "1 (11) 500 555-0184", "customer": { "kind": "PERSON", "status": "PROSPECT", "industry": "Management" } },
                { "externalId": "prospect-1236", "name": "Kenneth W Shen", "bornOn": "1970-05-23", "phone": "1 (11) 500 555-0189", "customer": { "kind": "PERSON", "status": "PROSPECT", "industry": "Manual" } },
                { "externalId": "prospect-1237", "name": "Kurt C Shen", "bornOn": "1973-09-13", "phone": "411-555-0173", "customer": { "kind": "PERSON", "status": "PROSPECT", "industry": "Professional" } },
            ] },
            "contactsGroups": { "totalCount": 2009 },
            "contactsAggregate": { "count": 2059, "min": { "bornOn": "1928-09-08" }, "max": { "bornOn": "1990-05-14" } },
            "addresses": { "nodes": [{ "street": "220 Rose Ann Ave., #103", "city": "West Covina", "region": "CA", "postalCode": "91791", "country": "United States" }] },
        }),
    )
    .await;
    for server in servers.iter() {
        let contacts = all(server, "contacts", "email").await;
        let emails = sorted(contacts.iter().map(|contact| contact["email"].as_str().unwrap()));
        let leads: Vec<_> =
            emails.chunk_by(|one, next| one == next).map(<[_]>::len).filter(|leads| *leads > 1).collect();
        assert_eq!((leads.len(), leads.iter().sum::<usize>()), (49, 99));
    }
}

#[tokio::test]
async fn bank_accounts_for_every_row() {
    let Some(servers) = BANK.servers().await else { return };
    let expected = [
        ("Campaign", [4521, 1, 4520, 0, 0]),
        ("Customer", [4521, 4521, 0, 0, 0]),
        ("CampaignMember", [4521, 4521, 0, 0, 0]),
        ("Interaction", [4521, 4521, 0, 0, 0]),
    ];
    check_rows(&servers, BANK.name, BANK.file, &expected);
    check(
        &servers,
        "{ campaigns { nodes { externalId name channel startsOn members { totalCount } interactions { totalCount } } } customers { totalCount } campaignMembers { totalCount } interactions { totalCount } }",
        json!({ "campaigns": { "nodes": [{ "externalId": "term-deposit", "name": "Term deposit", "channel": null, "startsOn": null, "members": { "totalCount": 4521 }, "interactions": { "totalCount": 4521 } }] }, "customers": { "totalCount": 4521 }, "campaignMembers": { "totalCount": 4521 }, "interactions": { "totalCount": 4521 } }),
    )
    .await;
}

#[tokio::test]
async fn bank_tells_who_took_it_and_how_they_were_reached() {
    let Some(servers) = BANK.servers().await else { return };
    check(
        &servers,
        "{ campaignMembersGroups(by: [{field: STATUS}]) { nodes { key { status } count } } campaignMembersAggregate { sum { contacts } } outcomes: campaignMembersGroups(by: [{field: PREVIOUS_OUTCOME}]) { nodes { key { previousOutcome } count } } interactionsGroups(by: [{field: CHANNEL}, {field: OUTCOME}]) { nodes { key { channel outcome } count } } interactionsAggregate { sum { durationSeconds } } dated: interactions(filter: {occurredAt: {isNull: false}}) { totalCount } jobless: customers(filter: {industry: {isNull: true}}) { totalCount } }",
        json!({
            "campaignMembersGroups": { "nodes": [
                { "key": { "status": "DECLINED" }, "count": 4000 },
                { "key": { "status": "RESPONDED" }, "count": 521 },
            ] },
            "campaignMembersAggregate": { "sum": { "contacts": "12630" } },
            "outcomes": { "nodes": [
                { "key": { "previousOutcome": "failure" }, "count": 490 },
                { "key": { "previousOutcome": "other" }, "count": 197 },
                { "key": { "previousOutcome": "success" }, "count": 129 },
                { "key": { "previousOutcome": null }, "count": 3705 },
            ] },
            "interactionsGroups": { "nodes": [
                { "key": { "channel": "OTHER", "outcome": "no" }, "count": 1263 },
                { "key": { "channel": "OTHER", "outcome": "yes" }, "count": 61 },
                { "key": { "channel": "PHONE", "outcome": "no" }, "count": 2737 },
                { "key": { "channel": "PHONE", "outcome": "yes" }, "count": 460 },
            ] },
            "interactionsAggregate": { "sum": { "durationSeconds": "1193369" } },
            "dated": { "totalCount": 0 },
            "jobless": { "totalCount": 38 },
        }),
    )
    .await;
    // The first and the last row of the file.
    check(
        &servers,
        "{ customers(filter: {externalId: {in: [\"1\", \"4521\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { externalId name kind industry campaigns { nodes { status contacts previousOutcome campaign { name } } } interactions { nodes { channel direction subject outcome durationSeconds } } } } }",
        json!({ "customers": { "nodes": [
            { "externalId": "1", "name": "Person 1", "kind": "PERSON", "industry": "unemployed", "campaigns": { "nodes": [{ "status": "DECLINED", "contacts": 1, "previousOutcome": null, "campaign": { "name": "Term deposit" } }] }, "interactions": { "nodes": [{ "channel": "PHONE", "direction": "OUTBOUND", "subject": "Last call, 19 oct", "outcome": "no", "durationSeconds": 79 }] } },
            { "externalId": "4521", "name": "Person 4521", "kind": "PERSON", "industry": "entrepreneur", "campaigns": { "nodes": [{ "status": "DECLINED", "contacts": 2, "previousOutcome": "other", "campaign": { "name": "Term deposit" } }] }, "interactions": { "nodes": [{ "channel": "PHONE", "direction": "OUTBOUND", "subject": "Last call, 3 apr", "outcome": "no", "durationSeconds": 345 }] } },
        ] } }),
    )
    .await;
}

/// Three days of birth are in no calendar: 19371233, 19729518 and 19339026.
#[tokio::test]
async fn febrl_accounts_for_every_row() {
    let Some(servers) = FEBRL.servers().await else { return };
    let expected =
        [("Customer", [1000, 1000, 0, 0, 0]), ("Contact", [1000, 1000, 0, 0, 3]), ("Address", [1000, 1000, 0, 0, 0])];
    check_rows(&servers, FEBRL.name, FEBRL.file, &expected);
    check(
        &servers,
        "{ customersGroups(by: [{field: KIND}, {field: STATUS}]) { nodes { key { kind status } count } } contacts { totalCount } addresses { totalCount } born: contacts(filter: {bornOn: {isNull: false}}) { totalCount } }",
        // 41 records have no day of birth.
        json!({ "customersGroups": { "nodes": [{ "key": { "kind": "PERSON", "status": "PROSPECT" }, "count": 1000 }] }, "contacts": { "totalCount": 1000 }, "addresses": { "totalCount": 1000 }, "born": { "totalCount": 956 } }),
    )
    .await;
}

#[tokio::test]
async fn febrl_records_stay_as_they_are() {
    let Some(servers) = FEBRL.servers().await else { return };
    check(
        &servers,
        "{ customers(filter: {externalId: {in: [\"rec-122-org\", \"rec-223-org\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { externalId name contacts { nodes { name bornOn } } addresses { nodes { purpose street city region postalCode country } } } } zeros: addressesGroups(by: [{field: POSTAL_CODE}], filter: {postalCode: {startsWith: \"0\"}}) { nodes { key { postalCode } count } } stateless: addresses(filter: {region: {isNull: true}}) { totalCount } misspelt: addresses(filter: {region: {in: [\"vix\", \"nsq\"]}}) { totalCount } }",
        json!({
            "customers": { "nodes": [
                { "externalId": "rec-122-org", "name": "lachlan berry", "contacts": { "nodes": [{ "name": "lachlan berry", "bornOn": "1999-02-19" }] }, "addresses": { "nodes": [{ "purpose": "MAIN", "street": "69 giblin street, killarney", "city": "bittern", "region": "qld", "postalCode": "4814", "country": "Australia" }] } },
                { "externalId": "rec-223-org", "name": "waller", "contacts": { "nodes": [{ "name": "waller", "bornOn": "1908-12-09" }] }, "addresses": { "nodes": [{ "purpose": "MAIN", "street": "6 tullaroop street, willaroo", "city": "st james", "region": "wa", "postalCode": "4011", "country": "Australia" }] } },
            ] },
            "zeros": { "nodes": [
                { "key": { "postalCode": "0807" }, "count": 1 },
                { "key": { "postalCode": "0870" }, "count": 3 },
            ] },
            "stateless": { "totalCount": 15 },
            "misspelt": { "totalCount": 4 },
        }),
    )
    .await;
}

#[tokio::test]
async fn cdnow_accounts_for_every_row() {
    let Some(servers) = CDNOW.servers().await else { return };
    let expected = [("Customer", [6919, 2357, 4562, 0, 0]), ("Order", [6919, 6919, 0, 0, 0])];
    check_rows(&servers, CDNOW.name, CDNOW.file, &expected);
    check(
        &servers,
        "{ customers { totalCount } ordersAggregate { count sum { netTotal { amount currency } } min { orderedOn } max { orderedOn } } most: customers(filter: {externalId: {eq: \"19339\"}}) { nodes { ordersAggregate { count sum { netTotal { amount } } } } } free: orders(filter: {netTotal: {eq: \"0\"}}) { totalCount } }",
        json!({
            "customers": { "totalCount": 2357 },
            "ordersAggregate": { "count": 6919, "sum": { "netTotal": { "amount": "244091.94", "currency": "USD" } }, "min": { "orderedOn": "1997-01-01" }, "max": { "orderedOn": "1998-06-30" } },
            "most": { "nodes": [{ "ordersAggregate": { "count": 56, "sum": { "netTotal": { "amount": "6552.70" } } } }] },
            "free": { "totalCount": 8 },
        }),
    )
    .await;
    for server in servers.iter() {
        let query = "{ customers(filter: {externalId: {eq: \"00004\"}}) { nodes { orders(orderBy: {field: ORDERED_ON}) { nodes { number } } } } }";
        let found = server.query(query).await;
        let orders = column(&found["customers"]["nodes"][0]["orders"], "/number");
        assert_eq!(orders, ["00004-1", "00004-2", "00004-3", "00004-4"]);
    }
}
