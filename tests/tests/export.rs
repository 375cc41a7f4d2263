//! `guildhall export`: what stands in the files is what the database holds, however much it is and however it looks.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::{Model, Value as Stored};
use guildhall_store::{Batch, Database};
use guildhall_tests::{Place, Ran, places, sqlite_place};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::small::{Row, customers, decimal, rows, sorted};

/// More than a page has.
const MANY: usize = 601;

/// Texts that mean something to CSV, to spreadsheets or to our own mark.
pub const AWKWARD: [&str; 12] = [
    "=1+1",
    "+49 40 1",
    "-12.50",
    "@SUM(A1)",
    "'quoted'",
    "'=1",
    "\tTab",
    "\rReturn",
    "Ćevapi, \"日本\"\r\n🍺 ",
    "",
    "1e3",
    " blank",
];

/// The rows of an exported file, with the marks taken off as docs/export.md says; nothing where null is.
fn exported(text: &str) -> Vec<std::collections::BTreeMap<String, Option<String>>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let value = |text: &str| (!text.is_empty()).then(|| text.strip_prefix('\'').unwrap_or(text).to_owned());
    let row = |row: csv::StringRecord| header.iter().map(str::to_owned).zip(row.iter().map(value)).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn read(folder: &Path, file: &str) -> String {
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// The lines of a file, which come in the order in which the records came into the database.
fn lines(folder: &Path, file: &str) -> Vec<String> {
    sorted(read(folder, file).lines().map(str::to_owned))
}

/// Records that no import brought.
async fn insert(place: &Place, object: &str, columns: &[&str], rows: Vec<Vec<Stored>>) {
    let database = Database::open(place.url()).await.unwrap();
    database.migrate().await.unwrap();
    let model = Model::core();
    let columns = columns.iter().map(|name| (*name).to_owned()).collect();
    let transaction = database.begin().await.unwrap();
    let now: DateTime<Utc> = "2026-11-22T18:07:08Z".parse().unwrap();
    transaction.insert(&Batch { object: model.object(object).unwrap(), columns, rows }, now).await.unwrap();
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
}

/// Customers that no import brought, one for each name, each with an order of 922337203685477.5807 and one of the smallest loss.
pub async fn born_here(place: &Place, names: impl Iterator<Item = String>) {
    let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    let (mut customers, mut orders) = (Vec::new(), Vec::new());
    for name in names {
        let id = Uuid::now_v7();
        for total in [Decimal::new(i64::MAX, 4), Decimal::new(-1, 4)] {
            let total = Stored::Decimal(total);
            orders.push(vec!["-1".into(), "OPEN".into(), day.into(), "EUR".into(), total.clone(), total, id.into()]);
        }
        customers.push(vec![id.into(), name.into(), "PERSON".into(), "ACTIVE".into(), "EUR".into()]);
    }
    insert(place, "Customer", &["id", "name", "kind", "status", "currency"], customers).await;
    let columns = ["number", "status", "orderedOn", "currency", "grossTotal", "netTotal", "customer_id"];
    insert(place, "Order", &columns, orders).await;
}

#[tokio::test]
async fn everything_that_came_in_comes_out() {
    let mut told = Vec::new();
    for place in places().await {
        customers(&place);
        let report: Value = serde_json::from_str(&place.done(&["export", "--all", "--out", "out", "--json"])).unwrap();
        assert_eq!(report["mapping"], "mapping.toml");
        let files = report["files"].as_array().unwrap();
        let types =
            ["Customer", "Contact", "Address", "Order", "Invoice", "Product", "OrderLine", "Payment", "CreditAccount"];
        let counts =
            types.map(|object| json!({ "file": format!("{object}.csv"), "type": object, "records": came_in(object) }));
        for count in &counts {
            assert!(files.contains(count), "{count} {report}");
        }
        // Two look after customers.
        let users = json!({ "file": "User.csv", "type": "User", "records": 2 });
        assert!(files.contains(&users), "{report}");
        let others = files.iter().filter(|file| !counts.contains(file) && **file != users);
        assert!(others.into_iter().all(|file| file["records"] == 0), "{report}");
        let out = place.folder().join("out");
        told.push(counts.map(|file| lines(&out, file["file"].as_str().unwrap())));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:#?}");
}

/// How many rows the small company's file of a type has.
fn came_in(object: &str) -> usize {
    let file = match object {
        "Customer" => "customers.csv",
        "Contact" => "contacts.csv",
        "Order" => "orders.csv",
        "Invoice" => "invoices.csv",
        "Product" => "products.csv",
        "OrderLine" => "lines.csv",
        "Payment" => "payments.csv",
        "CreditAccount" => "credit.csv",
        _ => return 0,
    };
    rows(file).len()
}

#[tokio::test]
async fn texts_and_amounts_are_those_of_the_files_that_came_in() {
    for place in places().await {
        customers(&place);
        place.done(&["export", "Customer", "Invoice", "--out", "out"]);
        let out = place.folder().join("out");
        let text = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        let given = |row: &Row| ["key", "name", "status", "industry", "country"].map(|column| text(&row[column]));
        let written = exported(&read(&out, "Customer.csv"));
        let written = written
            .iter()
            .map(|row| ["externalId", "name", "status", "industry", "country"].map(|column| row[column].clone()));
        assert_eq!(sorted(written), sorted(rows("customers.csv").iter().map(given)));
        for row in exported(&read(&out, "Invoice.csv")) {
            let number = row["externalId"].clone().unwrap();
            let given = rows("invoices.csv").into_iter().find(|given| given["number"] == number).unwrap();
            assert_eq!(decimal(row["amount"].as_deref().unwrap()), decimal(&given["amount"]), "{number}");
            assert_eq!(
                (&row["customer.source"], &row["customer.externalId"]),
                (&text("small"), &text(&given["customer"]))
            );
            assert_eq!(row["order.externalId"], text(&given["order"]));
            assert_eq!(row["order.source"].is_some(), row["order.externalId"].is_some());
        }
    }
}

#[tokio::test]
async fn what_came_from_nowhere_is_known_by_its_id_page_after_page() {
    for place in places().await {
        let names: Vec<_> = (0..MANY).map(|index| format!("{}{index}", AWKWARD[index % AWKWARD.len()])).collect();
        born_here(&place, names.iter().cloned()).await;
        place.done(&["export", "Order", "Customer", "--out", "out"]);
        let out = place.folder().join("out");
        let written = exported(&read(&out, "Customer.csv"));
        assert_eq!(written.iter().map(|row| row["name"].clone().unwrap()).collect::<Vec<_>>(), names);
        let ids: BTreeSet<_> = written.iter().map(|row| row["externalId"].clone().unwrap()).collect();
        assert!(ids.len() == MANY && ids.iter().all(|id| id.starts_with("cus_") && id.len() == 36), "{ids:?}");
        assert!(written.iter().all(|row| row["source"].as_deref() == Some("guildhall")));
        let orders = exported(&read(&out, "Order.csv"));
        assert_eq!(orders.len(), 2 * MANY);
        for order in orders {
            assert!(ids.contains(order["customer.externalId"].as_deref().unwrap()));
            assert!(["922337203685477.5807", "-0.0001"].contains(&order["netTotal"].as_deref().unwrap()));
            assert_eq!((order["number"].as_deref(), &order["freight"]), (Some("-1"), &None));
        }
    }
}

#[tokio::test]
async fn pages_of_long_texts_fit_into_an_answer() {
    for place in places().await {
        // A page of 250 would be 25 MB.
        let customer = |index: usize| -> Vec<Stored> {
            let long = if index < 260 { "x".repeat(100_000) } else { String::new() };
            vec![format!("{index}").into(), "PERSON".into(), "ACTIVE".into(), "EUR".into(), long.into()]
        };
        let columns = ["name", "kind", "status", "currency", "industry"];
        insert(&place, "Customer", &columns, (0..MANY).map(customer).collect()).await;
        let written = exported(&place.done(&["export", "Customer", "--out", "-"]));
        let names = written.iter().map(|row| row["name"].clone().unwrap());
        assert_eq!(names.collect::<Vec<_>>(), (0..MANY).map(|index| index.to_string()).collect::<Vec<_>>());
        let long = written.iter().filter(|row| row["industry"].as_ref().is_some_and(|text| text.len() == 100_000));
        assert_eq!(long.count(), 260);
    }
}

#[tokio::test]
async fn awkward_texts_are_marked_in_csv_and_plain_in_json_lines() {
    for place in places().await {
        born_here(&place, AWKWARD.iter().map(|name| (*name).to_owned())).await;
        let csv = place.done(&["export", "Customer", "--out", "-"]);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        for cell in reader.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
        let names = exported(&csv).into_iter().map(|row| row["name"].clone().unwrap()).collect::<Vec<_>>();
        assert_eq!(names, AWKWARD);
        let json = place.done(&["export", "Customer", "--out", "-", "--format", "jsonl"]);
        let names = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone());
        assert_eq!(names.collect::<Vec<_>>(), AWKWARD.map(Value::from));
    }
}

#[tokio::test]
async fn json_lines_keep_the_kinds() {
    for place in places().await {
        customers(&place);
        let written = place.done(&["export", "OrderLine", "--out", "-", "--format", "jsonl"]);
        let first: Value = serde_json::from_str(written.lines().next().unwrap()).unwrap();
        let row = &rows("lines.csv")[0];
        assert_eq!(first["position"], json!(row["position"].parse::<i32>().unwrap()), "{first}");
        assert_eq!(decimal(first["unitPrice"].as_str().unwrap()), decimal(&row["price"]));
        assert_eq!(first["order.source"], "small");
        let products = place.done(&["export", "Product", "--out", "-", "--format", "jsonl"]);
        let product: Value = serde_json::from_str(products.lines().next().unwrap()).unwrap();
        assert!(product["discontinued"].is_boolean() && product.get("unitCost").is_some(), "{product}");
    }
}

#[tokio::test]
async fn a_filter_is_the_api_s() {
    for place in places().await {
        customers(&place);
        let filter = r#"{"country":{"eq":"Germany"},"orders":{"some":{"netTotal":{"gt":"0.0001"}}}}"#;
        let ran = place.done(&["export", "Customer", "--out", "-", "--filter", filter]);
        let of_germany = rows("customers.csv").into_iter().filter(|row| row["country"] == "Germany");
        let ordered = |row: &Row| rows("orders.csv").iter().any(|order| order["customer"] == row["key"]);
        let expected: Vec<_> = of_germany.filter(ordered).map(|row| Some(row["key"].clone())).collect();
        let found = exported(&ran).into_iter().map(|row| row["externalId"].clone());
        assert_eq!(sorted(found), sorted(expected.clone()));
        assert!(!expected.is_empty());
        let none = place.done(&["export", "Customer", "--out", "-", "--filter", r#"{"name":{"eq":"nobody"}}"#]);
        assert_eq!(none.lines().count(), 1);
    }
}

#[track_caller]
fn check(ran: &Ran, told: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{}", ran.stderr);
    for piece in told {
        assert!(ran.stderr.contains(piece), "{piece}: {}", ran.stderr);
    }
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_nothing() {
    let place = sqlite_place();
    let run = |arguments: &[&str]| place.run(&[&["export", "--out", "out"], arguments].concat());
    check(&run(&["Custmer"]), &["error: there is no type `Custmer`", "`Customer`, `Contact`"]);
    check(&run(&["Segment"]), &["error: `Segment` is kept by Guildhall"]);
    check(&run(&[]), &["error: name the types", "`--all`"]);
    check(&run(&["Customer", "--all"]), &["cannot be used with"]);
    check(&run(&["Customer", "--filter", "{country"]), &["error: the filter is not JSON", "column 2"]);
    check(&run(&["Customer", "--filter", r#"{"contry":{"eq":"x"}}"#]), &["error: the filter is refused", "contry"]);
    check(&run(&["Order", "--filter", r#"{"netTotal":{"gt":"much"}}"#]), &["error: the filter is refused", "much"]);
    check(&run(&["Customer", "--filter", "7"]), &["error: the filter is refused", "`7`"]);
    check(&run(&["Customer", "Order", "--filter", "{}"]), &["`--filter` is for one type"]);
    assert!(!place.folder().join("out").exists());
    check(&place.run(&["export", "Customer", "Order", "--out", "-"]), &["`--out -` is for one type"]);
    check(&place.run(&["export", "Customer", "--out", "-", "--json"]), &["leave it out"]);
    place.file("taken", "");
    check(&place.run(&["export", "Customer", "--out", "taken"]), &["`taken`"]);
}

#[test]
fn a_file_that_is_there_is_kept_unless_forced() {
    let place = sqlite_place();
    place.file("out/Customer.csv", "mine");
    check(&place.run(&["export", "Customer", "--out", "out"]), &["Customer.csv", "--force"]);
    assert_eq!(read(place.folder(), "out/Customer.csv"), "mine");
    place.done(&["export", "Customer", "--out", "out", "--force"]);
    assert!(read(place.folder(), "out/Customer.csv").starts_with("source,externalId,name,"));
    let names = std::fs::read_dir(place.folder().join("out")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(sorted(names), ["Customer.csv", "mapping.toml"]);
}

#[test]
fn people_are_told_what_was_written() {
    let place = sqlite_place();
    customers(&place);
    let told = place.done(&["export", "Product", "Customer", "--out", "out", "--format", "jsonl"]);
    let expected = "file                     type            records\n\
                    Product.jsonl            Product               6\n\
                    Customer.jsonl           Customer             14";
    assert!(told.starts_with(expected), "{told}");
    assert!(told.ends_with("mapping.toml reads them back in\n") && place.folder().join("out/mapping.toml").exists());
}
