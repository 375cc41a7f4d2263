//! The demo company is the same every time, adds up, and looks as its strategy expects.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::Model;
use guildhall_store::Database;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::{DemoError, DemoSize, DemoSummary, load_demo_company};
use crate::import::tests::stored::{amount, new_database, stored, total};

const SMALL: DemoSize = DemoSize { customers: 60, orders: 1_500 };

async fn load(database: &Database, size: DemoSize, today: &str) -> Result<DemoSummary, DemoError> {
    let now: DateTime<Utc> = "2026-11-22T18:00:00Z".parse().unwrap();
    load_demo_company(database, &Model::core(), size, today.parse().unwrap(), now).await
}

/// Everything a database holds of the model, by type.
async fn everything(database: &Database) -> BTreeMap<String, Vec<Json>> {
    let model = Model::core();
    let mut all = BTreeMap::new();
    for object in model.objects() {
        let mut records = stored(database, &model, &object.name).await;
        // What has no name elsewhere comes in the order of its ids, which is another each time.
        records.sort_by_key(|record| record["externalId"].is_null().then(|| record.to_string()));
        all.insert(object.name.clone(), records);
    }
    all
}

fn by_external_id<'a>(records: &'a [Json], relation: &str) -> BTreeMap<&'a str, Vec<&'a Json>> {
    let mut grouped: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for record in records {
        let parent = record[relation]["externalId"].as_str().unwrap();
        grouped.entry(parent).or_default().push(record);
    }
    grouped
}

fn day(record: &Json, field: &str) -> NaiveDate {
    record[field].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_same_day_gives_the_same_company() {
    let ((_one, first), (_two, second)) = (new_database().await, new_database().await);
    let summary = load(&first, SMALL, "2026-11-22").await.unwrap();
    assert_eq!(load(&second, SMALL, "2026-11-22").await.unwrap(), summary);
    let company = everything(&first).await;
    assert_eq!(everything(&second).await, company);

    let again = load(&first, SMALL, "2026-11-22").await.unwrap();
    assert_eq!((again.created, again.unchanged), (0, summary.created));
    assert_eq!(everything(&first).await, company);
}

#[tokio::test]
async fn another_company_is_not_mixed_in() {
    let (_folder, database) = new_database().await;
    load(&database, SMALL, "2026-11-22").await.unwrap();
    let company = everything(&database).await;
    for (size, today) in [(SMALL, "2026-11-23"), (DemoSize { orders: 700, ..SMALL }, "2026-11-22")] {
        assert_eq!(load(&database, size, today).await, Err(DemoError::OtherCompany));
    }
    assert_eq!(everything(&database).await, company);
}

#[tokio::test]
async fn every_day_of_the_year_makes_a_company() {
    for today in ["2024-02-29", "2025-01-01", "2026-12-31"] {
        let (_folder, database) = new_database().await;
        load(&database, DemoSize { customers: 20, orders: 300 }, today).await.unwrap();
        let orders = stored(&database, &Model::core(), "Order").await;
        assert!(orders.iter().all(|order| day(order, "orderedOn") <= today.parse().unwrap()));
    }
}

#[tokio::test]
async fn the_whole_company_adds_up_and_is_lifelike() {
    let (_folder, database) = new_database().await;
    let summary = load(&database, DemoSize::default(), "2026-11-22").await.unwrap();
    let company = everything(&database).await;
    let count = |object: &str| company[object].len();
    assert_eq!((count("Customer"), count("Product")), (240, 60));
    assert!((5_400..=6_600).contains(&count("Order")), "{summary:?}");
    check_orders(&company["Order"], &company["OrderLine"]);
    check_invoices(&company);
    check_facts(&company);
    check_segments(&company["Customer"]);

    let statuses: BTreeMap<_, usize> = company["Customer"].iter().fold(BTreeMap::new(), |mut all, customer| {
        *all.entry(customer["status"].as_str().unwrap()).or_default() += 1;
        all
    });
    assert_eq!(statuses, BTreeMap::from([("ACTIVE", 220), ("CLOSED", 8), ("PROSPECT", 12)]));
    let names: BTreeSet<_> = company["Customer"].iter().map(|customer| customer["name"].as_str().unwrap()).collect();
    assert!(names.len() > 230, "{} names", names.len());
    assert_eq!(company["Customer"].iter().filter(|customer| !customer["parent"].is_null()).count(), 20);
    check_credit(&company);
}

fn check_orders(orders: &[Json], lines: &[Json]) {
    let lines = by_external_id(lines, "order");
    for order in orders {
        let lines = &lines[order["externalId"].as_str().unwrap()];
        let mut gross = Decimal::ZERO;
        for line in lines {
            let text = |field: &str| line[field].as_str().unwrap().parse::<Decimal>().unwrap();
            let full = text("quantity") * amount(line, "unitPrice");
            assert_eq!(amount(line, "netAmount"), full * (Decimal::ONE - text("discount")));
            gross += full;
        }
        assert_eq!(amount(order, "grossTotal"), gross);
        assert_eq!(amount(order, "netTotal"), total(lines.iter().copied(), "netAmount"));
        assert!(amount(order, "costTotal") < amount(order, "netTotal"), "sold below cost: {order}");
        assert_eq!(order["status"] == "SHIPPED", !order["shippedOn"].is_null());
    }
}

fn check_invoices(company: &BTreeMap<String, Vec<Json>>) {
    let payments = by_external_id(&company["Payment"], "invoice");
    let orders: BTreeMap<_, _> =
        company["Order"].iter().map(|order| (order["externalId"].as_str().unwrap(), order)).collect();
    let mut seen = BTreeMap::new();
    for invoice in &company["Invoice"] {
        let of_invoice = payments.get(invoice["externalId"].as_str().unwrap()).cloned().unwrap_or_default();
        let paid = total(of_invoice.iter().copied(), "amount");
        assert_eq!(amount(invoice, "paidAmount"), paid);
        let order = orders[invoice["order"]["externalId"].as_str().unwrap()];
        let exact = amount(order, "netTotal") + amount(order, "freight");
        assert!((amount(invoice, "amount") - exact).abs() <= Decimal::new(5, 3));
        assert_eq!((&invoice["issuedOn"], &order["status"]), (&order["shippedOn"], &"SHIPPED".into()));
        let in_full = paid == amount(invoice, "amount");
        assert_eq!(invoice["status"] == "PAID", in_full);
        assert_eq!(invoice["paidOn"].is_null(), !in_full);
        assert_eq!(invoice["status"] == "DISPUTED", !invoice["disputeReason"].is_null() && !in_full);
        for payment in of_invoice {
            assert!(day(payment, "receivedOn") >= day(invoice, "issuedOn"));
            assert!(amount(payment, "amount") > Decimal::ZERO);
        }
        let late = !in_full && day(invoice, "dueOn") < "2026-11-22".parse().unwrap();
        let partly = !in_full && paid > Decimal::ZERO;
        *seen.entry((invoice["status"].as_str().unwrap(), late, partly)).or_insert(0) += 1;
    }
    // Every way of owing occurs: open in time, open late, paid in part, disputed.
    for kind in [("OPEN", false, false), ("OPEN", true, false), ("OPEN", true, true), ("PAID", false, false)] {
        assert!(seen.contains_key(&kind), "no invoice is {kind:?} in {seen:?}");
    }
    let disputed: i32 = seen.iter().filter(|((status, ..), _)| *status == "DISPUTED").map(|(_, count)| count).sum();
    assert!((5..=80).contains(&disputed), "{disputed} disputed");
}

/// The stored facts against a count of our own.
fn check_facts(company: &BTreeMap<String, Vec<Json>>) {
    let orders = by_external_id(&company["Order"], "customer");
    let year_ago: NaiveDate = "2025-11-22".parse().unwrap();
    for customer in &company["Customer"] {
        let orders = orders.get(customer["externalId"].as_str().unwrap()).cloned().unwrap_or_default();
        let recent: Vec<_> =
            orders.into_iter().filter(|o| o["status"] != "CANCELLED" && day(o, "orderedOn") > year_ago).collect();
        let (net, cost) = (total(recent.iter().copied(), "netTotal"), total(recent.iter().copied(), "costTotal"));
        assert_eq!(amount(customer, "revenue12m"), net, "{customer}");
        assert_eq!(amount(customer, "margin12m"), net - cost, "{customer}");
        assert_eq!(customer["orders12m"], recent.len());
    }
}

fn check_segments(customers: &[Json]) {
    let (key, core) = (Decimal::from(250_000), Decimal::from(20_000));
    let margins: Vec<Decimal> = customers.iter().map(|customer| amount(customer, "margin12m")).collect();
    let keys = margins.iter().filter(|margin| **margin >= key).count();
    let cores = margins.iter().filter(|margin| **margin >= core && **margin < key).count();
    assert_eq!((keys, cores, margins.len() - keys - cores), (12, 80, 148));
    // Some lie close to the border, so that one order more or less moves them.
    let close = |border: Decimal| margins.iter().filter(|m| (**m - border).abs() < border / Decimal::TEN).count();
    assert!(close(key) >= 1 && close(core) >= 3, "{} and {}", close(key), close(core));
}

fn check_credit(company: &BTreeMap<String, Vec<Json>>) {
    let accounts = &company["CreditAccount"];
    assert_eq!(accounts.len(), 228);
    let on_hold = accounts.iter().filter(|account| account["onHold"] == true).count();
    assert!((2..=20).contains(&on_hold), "{on_hold} on hold");
    let levels: BTreeSet<_> = accounts.iter().map(|account| account["dunningLevel"].as_i64().unwrap()).collect();
    assert_eq!(levels, BTreeSet::from([0, 1, 2, 3]));
    let over = accounts.iter().filter(|a| amount(a, "exposure") > amount(a, "limit")).count();
    assert!((3..=60).contains(&over), "{over} over their limit");
}
