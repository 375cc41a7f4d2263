//! Northwind, whose figures are known from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use guildhall_model::Model;
use guildhall_store::Database;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::small::usual;
use super::stored::{amount, new_database, stored, total};
use crate::import::Report;
use crate::testing::house;

/// The folder with public data sets: named by `GUILDHALL_TEST_DATA`, or `shared/data` beside a folder above this one.
fn northwind() -> Option<PathBuf> {
    let named = std::env::var_os("GUILDHALL_TEST_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/data"));
    let found = named.into_iter().chain(beside).map(|folder| folder.join("northwind")).find(|folder| folder.is_dir());
    if found.is_none() {
        println!("left out: Northwind; set GUILDHALL_TEST_DATA to a folder with `northwind/Customers.csv` and so on");
    }
    found
}

async fn import_northwind(database: &Database, dir: &Path) -> Report {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/northwind/mapping.toml");
    let import = usual(&mapping, dir, Path::new("rejects"));
    import.run(&house(database.clone()), &mut |_| {}).await.unwrap()
}

#[track_caller]
fn check(found: Decimal, expected: &str) {
    assert_eq!(found, expected.parse::<Decimal>().unwrap());
}

#[tokio::test]
async fn northwind_comes_in_exactly() {
    let Some(dir) = northwind() else { return };
    let (_folder, database) = new_database().await;
    let report = import_northwind(&database, &dir).await;
    assert_eq!(report.as_of.to_string(), "1998-05-06");
    let created: Vec<_> = report.files.iter().map(|file| (file.object.as_str(), file.created)).collect();
    assert_eq!(
        created,
        [
            ("Customer", 91),
            ("Contact", 91),
            ("Address", 91),
            ("CreditAccount", 91),
            ("Product", 77),
            ("Order", 830),
            ("OrderLine", 2155),
            ("User", 9),
            ("Territory", 53),
            ("TerritoryAssignment", 49),
            ("Shipment", 809),
        ]
    );
    let model = Model::core();
    let orders = stored(&database, &model, "Order").await;
    check(total(&orders, "netTotal"), "1265793.0395");
    check(total(&orders, "grossTotal"), "1354458.59");
    check(total(&orders, "freight"), "64942.69");
    let of_year = |year: &str| {
        total(orders.iter().filter(|order| order["orderedOn"].as_str().unwrap().starts_with(year)), "netTotal")
    };
    check(of_year("1996"), "208083.97");
    check(of_year("1997"), "617085.2035");
    check(of_year("1998"), "440623.866");
    assert_eq!(orders.iter().filter(|order| order["status"] == "OPEN").count(), 21);
    check(total(orders.iter().filter(|order| order["customer"]["externalId"] == "QUICK"), "netTotal"), "110277.305");
    let first = orders.iter().find(|order| order["externalId"] == "10248").unwrap();
    assert_eq!((&first["takenBy"], &first["shipToCity"]), (&"Steven Buchanan".into(), &"Reims".into()));
    check_lines(&orders, &stored(&database, &model, "OrderLine").await);

    let customers = stored(&database, &model, "Customer").await;
    let ordering: BTreeSet<_> = orders.iter().map(|order| order["customer"]["externalId"].as_str().unwrap()).collect();
    let without: Vec<_> = customers.iter().filter(|c| !ordering.contains(c["externalId"].as_str().unwrap())).collect();
    assert_eq!(
        without.iter().map(|customer| customer["externalId"].as_str().unwrap()).collect::<Vec<_>>(),
        ["FISSA", "PARIS"]
    );
    let swede = customers.iter().find(|customer| customer["externalId"] == "BERGS").unwrap();
    assert_eq!(swede["name"], "Berglunds snabbköp");
    let addresses = stored(&database, &model, "Address").await;
    let mexican = addresses.iter().find(|address| address["customer"]["externalId"] == "ANATR").unwrap();
    assert_eq!(mexican["city"], "México D.F.");
    // Nothing is dated after `as_of`, and nothing of the first ten months counts into the last twelve.
    let recent = orders.iter().filter(|order| order["orderedOn"].as_str().unwrap() > "1997-05-06");
    assert_eq!(total(&customers, "revenue12m"), total(recent, "netTotal"));

    let products = stored(&database, &model, "Product").await;
    assert_eq!(products.iter().filter(|product| product["discontinued"] == true).count(), 8);
    assert!(products.iter().any(|product| product["name"] == "Chai" && product["category"] == "Beverages"));
}

/// Lines add up to their orders, and are numbered from 1 without a gap.
fn check_lines(orders: &[Json], lines: &[Json]) {
    let mut of_order: BTreeMap<&str, Vec<&Json>> = BTreeMap::new();
    for line in lines {
        of_order.entry(line["order"]["externalId"].as_str().unwrap()).or_default().push(line);
    }
    for order in orders {
        let lines = &of_order[order["externalId"].as_str().unwrap()];
        assert_eq!(total(lines.iter().copied(), "netAmount"), amount(order, "netTotal").normalize());
        let positions: BTreeSet<_> = lines.iter().map(|line| line["position"].as_u64().unwrap()).collect();
        assert_eq!(positions, (1..=lines.len() as u64).collect());
    }
}

#[tokio::test]
async fn northwind_twice_is_northwind_once() {
    let Some(dir) = northwind() else { return };
    let (_folder, database) = new_database().await;
    import_northwind(&database, &dir).await;
    let model = Model::core();
    // The second run is a run, too.
    let objects: Vec<_> = model.objects().iter().filter(|object| object.name != "ImportRun").collect();
    let mut before = Vec::new();
    for object in &objects {
        before.push(stored(&database, &model, &object.name).await);
    }
    let report = import_northwind(&database, &dir).await;
    assert!(report.files.iter().all(|file| file.created == 0 && file.updated == 0), "{report:?}");
    assert_eq!(
        report.files.iter().map(|file| file.unchanged).sum::<u64>(),
        91 * 4 + 77 + 830 + 2155 + 9 + 53 + 49 + 809
    );
    for (object, before) in objects.iter().zip(before) {
        assert_eq!(stored(&database, &model, &object.name).await, before, "{}", object.name);
    }
}
