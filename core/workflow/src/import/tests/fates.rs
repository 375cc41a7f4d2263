//! A row that was rejected is nobody: no later step writes what it says, nothing counts on it, and a dry run knows it too.

use super::lists::{customers, list};
use super::small::Given;
use crate::import::{FileReport, Import, Report};

/// Customers that stand under others, with a status that may be none.
pub(super) const FIRMS: &str = r#"
source = "list"
[[files]]
file = "firms.csv"
type = "Customer"
id = "{nr}"
[files.fields]
name = "name"
kind = { constant = "ORGANIZATION" }
status = { column = "st", map = { a = "ACTIVE" } }
currency = { constant = "EUR" }
[files.references]
parent = "parent"
"#;

/// Orders, the rows of one merged.
pub(super) const ORDERS: &str = r#"
[[files]]
file = "orders.csv"
type = "Order"
id = "{no}"
once = true
[files.fields]
number = "no"
status = { constant = "OPEN" }
orderedOn = { constant = "2026-11-01" }
currency = { constant = "EUR" }
grossTotal = "total"
netTotal = "total"
[files.references]
customer = { column = "customer", missing = "MISSING" }
"#;

/// A credit account of the customer in the column `owner`, for every row.
const ACCOUNTS: &str = r#"
[[files]]
file = "accounts.csv"
type = "CreditAccount"
id = "{nr}"
[files.fields]
currency = { constant = "EUR" }
limit = { constant = 1 }
dunningLevel = { constant = 0 }
onHold = { constant = false }
[files.references]
customer = "owner"
"#;

/// Created, updated, unchanged, merged, skipped and errors, which are all rows.
fn counts(file: &FileReport) -> [u64; 6] {
    let counts = [file.created, file.updated, file.unchanged, file.merged, file.skipped, file.errors];
    assert_eq!(counts.iter().sum::<u64>(), file.rows, "{file:?}");
    counts
}

fn all(report: &Report) -> Vec<[u64; 6]> {
    report.files.iter().map(counts).collect()
}

/// What a dry run says and then a run does, which must be the same, line by line.
async fn said_and_done(given: &Given, mapping: &str) -> Report {
    fn later(import: Import<'_>) -> Import<'_> {
        Import { now: "2026-11-23T18:00:00Z".parse().unwrap(), ..import }
    }
    let said = given.run(mapping, |import| Import { dry_run: true, ..later(import) }, |_| {}).await.unwrap();
    let lines = |reasons: String| -> Vec<String> {
        reasons.lines().map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(",")).collect()
    };
    let told = lines(given.reasons());
    let _ = std::fs::remove_dir_all(given.path().join("rejects"));
    let done = given.run(mapping, later, |_| {}).await.unwrap();
    assert_eq!((all(&said), told), (all(&done), lines(given.reasons())));
    done
}

async fn parents(given: &Given) -> Vec<String> {
    let of = |customer: &serde_json::Value| {
        let (id, parent) = (customer["externalId"].as_str(), customer["parent"]["externalId"].as_str());
        format!("{}<{}", id.unwrap(), parent.unwrap_or("-"))
    };
    given.stored("Customer").await.iter().map(of).collect()
}

#[tokio::test]
async fn a_rejected_row_does_not_move_its_record() {
    for given in Given::all().await {
        given.file("firms.csv", "nr,name,st,parent\n1,A,a,\n2,B,a,\n3,C,a,\n9,I,a,\n");
        given.import(FIRMS).await.unwrap();
        // Alone, with a parent that is not there, and before a good row of the same id.
        for (rows, expected) in [
            ("1,A,BAD,3\n", [0, 0, 0, 0, 0, 1]),
            ("1,A,BAD,77\n", [0, 0, 0, 0, 0, 1]),
            ("9,X,BAD,3\n9,I,a,2\n", [0, 1, 0, 0, 0, 1]),
            ("9,I,a,2\n9,I,a,3\n", [0, 0, 1, 0, 0, 1]),
        ] {
            given.file("firms.csv", format!("nr,name,st,parent\n{rows}"));
            assert_eq!(all(&said_and_done(&given, FIRMS).await), [expected], "{rows}");
            std::fs::remove_dir_all(given.path().join("rejects")).unwrap();
        }
        assert_eq!(parents(&given).await, ["1<-", "2<-", "3<-", "9<2"]);
    }
}

#[tokio::test]
async fn a_row_whose_parent_is_refused_counts_once_whichever_entry_made_the_record() {
    let given = Given::new().await;
    given.file("firms.csv", "nr,name,st,parent\n1,A,a,\n2,B,a,\n");
    given.file("more.csv", "nr,name,st,parent\n1,A,a,99\n2,B,a,1\n");
    let more = FIRMS.split_once("[[files]]").unwrap().1.replace("firms.csv", "more.csv");
    let mapping = format!("{FIRMS}[[files]]\nupdates = true{more}");
    let report = given.import(&mapping).await.unwrap();
    assert_eq!(counts(&report.files[0]), [2, 0, 0, 0, 0, 0]);
    assert_eq!(counts(&report.files[1])[5], 1);
    assert_eq!(parents(&given).await, ["1<-", "2<1"]);
}

#[tokio::test]
async fn a_row_that_was_rejected_makes_no_circle() {
    let given = Given::new().await;
    given.file("firms.csv", "nr,name,st,parent\n1,A,a,\n2,B,a,\n");
    given.import(FIRMS).await.unwrap();
    given.file("firms.csv", "nr,name,st,parent\n1,A,a,2\n2,B,BAD,1\n");
    assert_eq!(all(&said_and_done(&given, FIRMS).await), [[0, 1, 0, 0, 0, 1]]);
    assert_eq!(parents(&given).await, ["1<2", "2<-"]);
}

/// Not a batch of its own, and across batches.
#[tokio::test]
async fn the_first_row_that_can_be_taken_makes_the_record() {
    for (missing, [skipped, errors]) in [("error", [0, 2]), ("skip", [2, 0])] {
        for batch in [1, 2, 1000] {
            for given in Given::all().await {
                given.file("people.csv", "nr,name\n1,Ann\n");
                given.file("orders.csv", "no,customer,total\nO1,99,1\nO1,98,2\nO1,1,3\nO2,1,4\nO1,1,5\nO1,97,6\n");
                let mapping = list(&[&customers("people.csv", ""), &ORDERS.replace("MISSING", missing)]);
                let said =
                    given.run(&mapping, |import| Import { dry_run: true, batch, ..import }, |_| {}).await.unwrap();
                let done = given.run(&mapping, |import| Import { batch, ..import }, |_| {}).await.unwrap();
                assert_eq!(counts(&done.files[1]), [2, 0, 0, 2, skipped, errors], "{missing} {batch}");
                assert_eq!(all(&said), all(&done));
                let orders = given.stored("Order").await;
                let totals: Vec<_> = orders.iter().map(|order| order["netTotal"]["amount"].as_str().unwrap()).collect();
                assert_eq!(totals, ["3.00", "4.00"]);
            }
        }
    }
}

/// The rows of one customer, of which the database refuses the first.
#[tokio::test]
async fn a_row_that_the_database_refuses_lets_the_next_one_make_the_record() {
    for given in Given::all().await {
        given.file("people.csv", "nr,name\n1,Ann\n2,Ben\n3,Cas\n");
        given.file("accounts.csv", "nr,owner\nA,1\nB,1\nB,1\nB,2\nB,3\n");
        let mapping = list(&[&customers("people.csv", ""), &ACCOUNTS.replace("id =", "once = true\nid =")]);
        let done = said_and_done(&given, &mapping).await;
        assert_eq!(counts(&done.files[1]), [2, 0, 0, 1, 0, 2]);
        let accounts = given.stored("CreditAccount").await;
        let owners: Vec<_> =
            accounts.iter().map(|account| account["customer"]["externalId"].as_str().unwrap()).collect();
        assert_eq!(owners, ["1", "2"]);
    }
}

#[tokio::test]
async fn what_depends_on_a_rejected_record_is_rejected_in_a_dry_run_too() {
    const HOLDS: &str = r#"
[[files]]
file = "contacts.csv"
type = "Contact"
id = "{nr}"
fields = { name = "name" }
references = { customer = "customer" }
[[files]]
file = "notes.csv"
type = "ContactPoint"
id = "{nr}"
fields = { kind = { constant = "EMAIL" }, value = "name", primary = { constant = true } }
references = { customer = "customer", contact = "contact" }
"#;
    for given in Given::all().await {
        given.file("people.csv", "nr,name\n1,Ann\n");
        given.file("contacts.csv", "nr,name,customer\n1,A,1\n2,B,99\n");
        given.file("notes.csv", "nr,name,customer,contact\n1,a@example.org,1,1\n2,b@example.org,1,2\n");
        let done = said_and_done(&given, &list(&[&customers("people.csv", ""), HOLDS])).await;
        assert_eq!(all(&done), [[1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 1]]);
    }
}

#[tokio::test]
async fn what_only_one_record_may_have_is_told_by_a_dry_run_at_the_same_row() {
    let mapping = list(&[&customers("people.csv", ""), ACCOUNTS]);
    for given in Given::all().await {
        given.file("people.csv", "nr,name\n1,Ann\n2,Ben\n3,Cas\n4,Dan\n");
        given.file("accounts.csv", "nr,owner\nA,1\nB,1\nC,2\n");
        assert_eq!(counts(&said_and_done(&given, &mapping).await.files[1]), [2, 0, 0, 0, 0, 1]);
        // In the database are A of 1 and C of 2. A lets go of 1, so that D may have it; 2 is still C's.
        given.file("accounts.csv", "nr,owner\nE,2\nA,3\nD,1\nF,3\nC,2\nG,4\n");
        let _ = std::fs::remove_dir_all(given.path().join("rejects"));
        let done = said_and_done(&given, &mapping).await;
        assert_eq!(counts(&done.files[1]), [2, 1, 1, 0, 0, 2]);
        let lines: Vec<String> = given.reasons().lines().skip(1).map(|line| line[..14].to_owned()).collect();
        assert_eq!(lines, ["accounts.csv,2", "accounts.csv,5"]);
    }
}

#[tokio::test]
async fn a_deep_hierarchy_is_no_circle() {
    let given = Given::new().await;
    let chain = |length: u32| -> String {
        let rows =
            (1..=length).map(|n| format!("{n},N,a,{}\n", if n == 1 { String::new() } else { (n - 1).to_string() }));
        format!("nr,name,st,parent\n{}", rows.collect::<String>())
    };
    given.file("firms.csv", chain(1003));
    let report = given.import(FIRMS).await.unwrap();
    assert_eq!(counts(&report.files[0]), [1001, 0, 0, 0, 0, 2]);
    let reasons = given.reasons();
    assert!(
        reasons
            .contains("firms.csv,1003,parent,1001,under `1001` the record would have more than 1000 others above it"),
        "{reasons}"
    );
    assert!(!reasons.contains("above itself"), "{reasons}");
}
