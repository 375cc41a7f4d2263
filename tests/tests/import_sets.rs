//! Real data of others, imported as it was published: the mappings of `tests/data`, and what is there afterwards.
//!
//! The figures are those the publishers give or were counted from the files without the product's help, by a script that
//! splits the rows itself and adds with exact decimals; where it did more than count and add, it is said.

mod adventure_works;
mod northwind_whole;

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
