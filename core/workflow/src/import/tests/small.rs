//! Imports of files small enough to see the result.

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::expect;

use super::lists::{customers, list};
use super::stored::{new_database, stored};
use crate::House;
use crate::import::mapping::Mapping;
use crate::import::{FileReport, Import, ImportError, Progress, Report};
use crate::testing::house;
use guildhall_model::Model;
use guildhall_store::Database;
use tempfile::TempDir;

/// A folder with files, and a mapping beside them.
pub(super) struct Given {
    folder: TempDir,
    house: House,
    _database_folder: Option<TempDir>,
    _fixture: Option<guildhall_postgres_fixture::TestDatabase>,
}

impl Given {
    pub(super) async fn new() -> Self {
        let (database_folder, database) = new_database().await;
        let (folder, house) = (TempDir::new().unwrap(), house(database));
        Given { folder, house, _database_folder: Some(database_folder), _fixture: None }
    }

    /// The same on every database there is.
    pub(super) async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for fixture in guildhall_postgres_fixture::databases().await {
            let database = Database::open(fixture.url()).await.unwrap();
            database.migrate().await.unwrap();
            let (folder, house) = (TempDir::new().unwrap(), house(database));
            all.push(Given { folder, house, _database_folder: None, _fixture: Some(fixture) });
        }
        all
    }

    pub(super) fn house(&self) -> &House {
        &self.house
    }

    pub(super) fn database(&self) -> &Database {
        &self.house.database
    }

    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What was rejected: the reasons, one a line.
    pub(super) fn reasons(&self) -> String {
        std::fs::read_to_string(self.path().join("rejects/errors.csv")).unwrap_or_default()
    }

    pub(super) async fn import(&self, mapping: &str) -> Result<Report, ImportError> {
        self.run(mapping, |import| import, |_| {}).await
    }

    /// Runs an import that `change` makes of the usual one.
    pub(super) async fn run(
        &self,
        mapping: &str,
        change: impl FnOnce(Import<'_>) -> Import<'_>,
        mut progress: impl FnMut(Progress<'_>) + Send,
    ) -> Result<Report, ImportError> {
        self.file("mapping.toml", mapping);
        let (path, rejects) = (self.path().join("mapping.toml"), self.path().join("rejects"));
        let import = usual(&path, self.path(), &rejects);
        change(import).run(&self.house, &mut progress).await
    }

    pub(super) async fn stored(&self, object: &str) -> Vec<serde_json::Value> {
        stored(self.database(), &self.house.model, object).await
    }
}

/// An import as most tests want it.
pub(super) fn usual<'i>(mapping: &'i Path, dir: &'i Path, rejects: &'i Path) -> Import<'i> {
    Import {
        mapping,
        dir,
        rows: None,
        rejects,
        dry_run: false,
        batch: 1000,
        resume: false,
        run: None,
        actor: "test",
        today: "2026-11-22".parse().unwrap(),
        now: "2026-11-22T18:00:00Z".parse().unwrap(),
    }
}

/// Customers and their orders, as a shop in Germany would export them.
pub(super) const SHOP: &str = r#"
source = "shop"
as_of = 2026-11-22

[csv]
separator = ";"
date = "%d.%m.%Y"
decimal = ","

[[files]]
file = "customers.csv"
type = "Customer"
id = "{nr}"
where = "company <> ''"
[files.fields]
name = { template = "{company} {legal form}" }
kind = { constant = "ORGANIZATION" }
status = { column = "state", map = { "a" = "ACTIVE", "x" = "CLOSED" }, default = "PROSPECT" }
industry = { expression = "lookup(concat(first, ' ', last) from staff.csv by id = owner)" }
currency = { constant = "EUR" }

[[files]]
file = "orders.csv"
type = "Order"
id = "{nr}"
[files.fields]
number = { template = "S-{nr}" }
status = { expression = "if(shipped = '', 'OPEN', 'SHIPPED')" }
orderedOn = "ordered"
shippedOn = "shipped"
currency = { constant = "EUR" }
grossTotal = { expression = "sum(price * quantity from lines.csv by order = nr)" }
netTotal = { expression = 'sum(price * quantity * (1 - "discount %" * 0.01) from lines.csv by order = nr)' }
freight = "freight"
[files.references]
customer = "customer"
"#;

pub(super) async fn shop() -> Given {
    let given = Given::new().await;
    given.file(
        "customers.csv",
        "\u{feff}nr;company;legal form;state;owner\r\n0007;Heron;GmbH;a;2\r\n8;\"Oak; Sons\";;;\r\n9;;;x;\r\n",
    );
    given.file("staff.csv", "id;first;last\n1;Anna;Steen\n2;Bram;Visser\n");
    given.file(
        "orders.csv",
        "nr;customer;ordered;shipped;freight\n1;0007;01.11.2026;03.11.2026;4,90\n2;0007;20.11.2026;;\n",
    );
    given.file("lines.csv", "order;price;quantity;discount %\n1;9,99;3;5\n1;1,25;2;0\n2;10;1;100\n");
    given
}

#[tokio::test]
async fn records_are_made_as_the_mapping_says() {
    let given = shop().await;
    let report = given.import(SHOP).await.unwrap();
    assert_eq!(
        report.files,
        [
            FileReport {
                file: "customers.csv".to_owned(),
                object: "Customer".to_owned(),
                rows: 3,
                skipped: 1,
                created: 2,
                ..FileReport::default()
            },
            FileReport {
                file: "orders.csv".to_owned(),
                object: "Order".to_owned(),
                rows: 2,
                created: 2,
                ..FileReport::default()
            },
        ]
    );
    let customers = given.stored("Customer").await;
    let seen: Vec<_> = customers.iter().map(|c| [&c["externalId"], &c["name"], &c["status"], &c["industry"]]).collect();
    expect![[r#"[["0007","Heron GmbH","ACTIVE","Bram Visser"],["8","Oak; Sons","PROSPECT",null]]"#]]
        .assert_eq(&serde_json::to_string(&seen).unwrap());
    assert_eq!(customers[0]["revenue12m"]["amount"], "30.9715");
    assert_eq!(customers[0]["factsAsOf"], "2026-11-22");
    let orders = given.stored("Order").await;
    let seen: Vec<_> = orders
        .iter()
        .map(|o| [&o["number"], &o["status"], &o["orderedOn"], &o["grossTotal"], &o["netTotal"], &o["freight"]])
        .collect();
    expect![[r#"[["S-1","SHIPPED","2026-11-01",{"amount":"32.47"},{"amount":"30.9715"},{"amount":"4.90"}],["S-2","OPEN","2026-11-20",{"amount":"10.00"},{"amount":"0.00"},null]]"#]]
    .assert_eq(&serde_json::to_string(&seen).unwrap());
}

#[tokio::test]
async fn a_second_run_changes_what_differs_and_nothing_else() {
    let given = shop().await;
    given.import(SHOP).await.unwrap();
    let (customers, orders) = (given.stored("Customer").await, given.stored("Order").await);
    for file in given.import(SHOP).await.unwrap().files {
        assert_eq!((file.created, file.updated, file.unchanged), (0, 0, 2), "{}", file.file);
    }
    assert_eq!((given.stored("Customer").await, given.stored("Order").await), (customers, orders));

    given.file("lines.csv", "order;price;quantity;discount %\n1;9,99;3;5\n1;1,25;2;0\n2;10;1;50\n");
    let report = given.import(SHOP).await.unwrap();
    assert_eq!((report.files[1].created, report.files[1].updated, report.files[1].unchanged), (0, 1, 1));
    assert_eq!(given.stored("Order").await[1]["netTotal"]["amount"], "5.00");
}

#[tokio::test]
async fn batches_keep_counting_and_finding_parents() {
    let given = Given::new().await;
    let rows: String = (1..=2500).map(|n| format!("{n},N{n},{}\n", n % 7)).collect();
    given.file("people.csv", format!("nr,name,group\n{rows}"));
    let accounts = r#"
[[files]]
file = "people.csv"
type = "CreditAccount"
id = "{nr}"
[files.fields]
currency = { constant = "EUR" }
limit = { constant = "10000.00" }
dunningLevel = { expression = "position(group)" }
onHold = { constant = false }
[files.references]
customer = "nr"
"#;
    let report = given.import(&list(&[&customers("people.csv", ""), accounts])).await.unwrap();
    assert_eq!(report.as_of.to_string(), "2026-11-22");
    assert_eq!(report.files.iter().map(|file| file.created).collect::<Vec<_>>(), [2500, 2500]);
    let accounts = given.stored("CreditAccount").await;
    assert!(accounts.iter().all(|account| account["customer"]["externalId"] == account["externalId"]));
    let of_group: Vec<i64> = accounts
        .iter()
        .filter(|account| account["externalId"].as_str().unwrap().parse::<i64>().unwrap() % 7 == 3)
        .map(|account| account["dunningLevel"].as_i64().unwrap())
        .collect();
    assert_eq!(of_group.iter().collect::<BTreeSet<_>>().len(), of_group.len());
    assert_eq!(of_group.iter().max().copied(), i64::try_from(of_group.len()).ok());
}

/// Every mapping in docs/import.md is one. The parts stand for themselves there and in a whole mapping here.
#[test]
fn the_examples_of_the_documentation_are_mappings() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/import.md")).unwrap();
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    let [whole, references, derived] = blocks.as_slice() else { panic!("{} examples", blocks.len()) };
    let interaction = "source = 's'\n[[files]]\nfile = 'lines.csv'\ntype = 'Interaction'\nid = '{nr}'\n\
        [files.fields]\nchannel = { constant = 'PHONE' }\ndirection = { constant = 'OUTBOUND' }\n";
    for mapping in [
        (*whole).to_owned(),
        format!("{interaction}{references}"),
        format!("{interaction}[files.references]\ncustomer = 'Customer'\n{derived}"),
    ] {
        if let Err(refusal) = Mapping::parse("docs/import.md", &mapping, &Model::core()) {
            panic!("{refusal}\n{mapping}");
        }
    }
}
