//! Every row is accounted for, whatever it is; rejected rows cost no others.

use guildhall_model::GlobalId;
use guildhall_store::Dialect;
use sha2::{Digest, Sha256};

use super::lists::{customers, list};
use super::small::{Given, SHOP, shop, usual};
use crate::import::{FileReport, Import};
use crate::testing;

const ACCOUNTS: &str = r#"
[[files]]
file = "people.csv"
type = "CreditAccount"
id = "{nr}"
where = "limit <> ''"
[files.fields]
currency = { constant = "EUR" }
limit = "limit"
dunningLevel = { constant = 0 }
onHold = { constant = false }
[files.references]
customer = { template = "{owner}", missing = "MISSING" }
"#;

fn people(missing: &str) -> String {
    list(&[&customers("people.csv", "where = \"name <> 'nobody'\""), &ACCOUNTS.replace("MISSING", missing)])
}

fn numbers(file: &FileReport) -> [u64; 7] {
    [file.rows, file.created, file.updated, file.unchanged, file.merged, file.skipped, file.errors]
}

async fn given(rows: &str) -> Vec<Given> {
    let all = Given::all().await;
    for given in &all {
        given.file("people.csv", format!("nr,name,limit,owner\n{rows}"));
    }
    all
}

#[tokio::test]
async fn rows_the_database_refuses_are_found_one_by_one() {
    // Two accounts of one customer: the second is refused by a unique column, between hundreds of good ones.
    let rows: String =
        (1..=400).map(|n| format!("{n},N{n},{},{}\n", n, if n % 100 == 50 { n - 1 } else { n })).collect();
    for given in given(&rows).await {
        let report = given.import(&people("error")).await.unwrap();
        assert_eq!(numbers(&report.files[0]), [400, 400, 0, 0, 0, 0, 0]);
        assert_eq!(numbers(&report.files[1]), [400, 396, 0, 0, 0, 0, 4]);
        let reasons = given.reasons();
        let lines: Vec<&str> = reasons.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
        assert_eq!(lines, ["51", "151", "251", "351"]);
        assert!(reasons.contains("a record with these values is there already"), "{reasons}");
        assert_eq!(given.stored("CreditAccount").await.len(), 396);
    }
}

#[tokio::test]
async fn a_missing_parent_means_what_the_mapping_says() {
    for (missing, expected) in [("error", [3, 1, 0, 0, 0, 1, 1]), ("skip", [3, 1, 0, 0, 0, 2, 0])] {
        for given in given("1,Ann,10,1\n2,Ben,20,9\n3,Cas,,3\n").await {
            let report = given.import(&people(missing)).await.unwrap();
            assert_eq!(numbers(&report.files[1]), expected, "{missing}");
        }
        // A column that names none is as good as one that is not there.
        for given in given("1,Ann,10,1\n2,Ben,20,\n3,Cas,,3\n").await {
            let report = given.import(&people(missing)).await.unwrap();
            assert_eq!(numbers(&report.files[1]), expected, "{missing}");
        }
    }
}

#[tokio::test]
async fn rejected_rows_are_kept_as_they_stand_and_can_be_corrected() {
    for given in given("1,\"Ann, \"\"A\"\"\",x,1\n1,Ben,,1\n2,nobody,,1\n3,=cmd(),1\n4,Dan,4,4\n").await {
        let report = given.import(&people("error")).await.unwrap();
        assert_eq!(numbers(&report.files[0]), [5, 2, 0, 0, 0, 1, 2]);
        assert_eq!(numbers(&report.files[1]), [5, 1, 0, 0, 0, 2, 2]);
        let rejects = report.rejects.clone().unwrap();
        let kept = std::fs::read_to_string(rejects.join("rows/people.csv")).unwrap();
        assert_eq!(kept, "nr,name,limit,owner\n1,Ben,,1\n3,=cmd(),1\n1,\"Ann, \"\"A\"\"\",x,1\n");
        let corrected = given.path().join("corrected");
        std::fs::create_dir(&corrected).unwrap();
        std::fs::write(
            corrected.join("people.csv"),
            kept.replace("1,Ben", "5,Ben").replace(",x,", ",7.5,").replace("(),1", "(),,1"),
        )
        .unwrap();
        let (mapping, rejects) = (given.path().join("mapping.toml"), given.path().join("rejects"));
        let again = Import { rows: Some(&corrected), ..usual(&mapping, given.path(), &rejects) };
        let report = again.run(given.house(), &mut |_| {}).await.unwrap();
        assert_eq!(numbers(&report.files[0]), [3, 2, 0, 1, 0, 0, 0]);
        assert_eq!(report.rejects, None);
        // A cell that looks like a formula is a text like any other.
        assert!(given.stored("Customer").await.iter().any(|customer| customer["name"] == "=cmd()"));
    }
}

#[tokio::test]
async fn rejected_rows_are_never_written_over_what_is_read() {
    let given = Given::new().await;
    given.file("people.csv", "nr,name,limit,owner\n1,Ann,,1\n2,broken\n");
    given.import(&people("error")).await.unwrap();
    let (mapping, rejects) = (given.path().join("mapping.toml"), given.path().join("rejects"));
    let corrected = "nr,name,limit,owner\n2,Ben,,2\n3,broken\n";
    given.file("rejects/rows/people.csv", corrected);
    let rows = rejects.join("rows");
    for rejects in [rejects.clone(), given.path().join("rejects/rows/../../rejects")] {
        let import = Import { rows: Some(&rows), ..usual(&mapping, given.path(), &rejects) };
        let error = import.run(given.house(), &mut |_| {}).await.unwrap_err().to_string();
        assert!(error.contains("rejected rows would be written over `rows/people.csv`, which is read"), "{error}");
        assert_eq!(std::fs::read_to_string(rows.join("people.csv")).unwrap(), corrected);
    }
    let reasons = given.reasons();
    let looking =
        people("error").replace("\"name\"", "{ expression = \"first(reason from errors.csv by line = nr)\" }");
    std::fs::write(&mapping, looking).unwrap();
    std::fs::copy(given.path().join("people.csv"), rejects.join("people.csv")).unwrap();
    let error = usual(&mapping, &rejects, &rejects).run(given.house(), &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("rejected rows would be written over `errors.csv`, which is read"), "{error}");
    assert_eq!(given.reasons(), reasons);
    // With other names in the same folder they are in nobody's way.
    std::fs::write(&mapping, people("error")).unwrap();
    let import = Import { rows: Some(&rows), ..usual(&mapping, given.path(), &rows) };
    let report = import.run(given.house(), &mut |_| {}).await.unwrap();
    assert_eq!((report.files[0].created, report.files[0].errors), (1, 1));
}

#[tokio::test]
async fn a_text_too_long_for_an_index_costs_its_row() {
    // Texts that PostgreSQL cannot pack: a little too long for an index, and much too long.
    let noise = |letters: usize| -> String {
        let pieces = (0u32..).map(|n| hex::encode(Sha256::digest(n.to_be_bytes())));
        pieces.flat_map(|piece| piece.chars().collect::<Vec<_>>()).take(letters).collect()
    };
    let rows = format!("1,Ann,,1\n2,{},,2\n3,Ben,,3\n4,{},,4\n5,Cas,,5\n", noise(6_000), noise(60_000));
    for given in given(&rows).await {
        let report = given.import(&people("error")).await.unwrap();
        let names = given.stored("Customer").await.len();
        match given.database().dialect() {
            Dialect::Sqlite => assert_eq!((numbers(&report.files[0]), names), ([5, 5, 0, 0, 0, 0, 0], 5)),
            Dialect::Postgres => {
                assert_eq!((numbers(&report.files[0]), names), ([5, 3, 0, 0, 0, 0, 2], 3));
                let reasons = given.reasons();
                let refused = reasons.lines().filter(|line| line.contains("the database refused a value"));
                assert_eq!(refused.filter(|line| line.contains("index row")).count(), 2, "{reasons}");
            }
        }
    }
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_is_left_empty_where_the_mapping_says_so() {
    let contacts = r#"
[[files]]
file = "people.csv"
type = "Contact"
id = "{nr}"
where = "limit = 'c'"
[files.fields]
name = "name"
[files.references]
customer = "nr"
"#;
    let talks = r#"
[[files]]
file = "people.csv"
type = "Interaction"
id = "{nr}"
[files.fields]
channel = { constant = "PHONE" }
direction = { constant = "INBOUND" }
[files.references]
customer = "nr"
contact = { column = "owner", missing = "empty" }
"#;
    for given in given("1,Ann,c,1\n2,Ben,,1\n3,Cas,,9\n4,Dan,,\n").await {
        let report = given.import(&list(&[&customers("people.csv", ""), contacts, talks])).await.unwrap();
        assert_eq!(numbers(&report.files[2]), [4, 4, 0, 0, 0, 0, 0]);
        let talks = given.stored("Interaction").await;
        let with: Vec<_> = talks.iter().map(|talk| talk["contact"]["externalId"].as_str()).collect();
        assert_eq!(with, [Some("1"), Some("1"), None, None]);
    }
}

#[tokio::test]
async fn what_is_made_of_rows_is_written_before_it_is_too_much() {
    let given = Given::new().await;
    let rows: String = (1..=1000).map(|n| format!("{n},a\n")).collect();
    given.file("people.csv", format!("nr,name\n{rows}"));
    given.file("texts.csv", format!("key,text\na,{}\n", "x".repeat(30_000)));
    let looked_up = "name = { expression = \"lookup(text from texts.csv by key = name)\" }";
    let mapping = list(&[&customers("people.csv", "").replace("name = \"name\"", looked_up)]);
    let mut batches = 0;
    let report = given.run(&mapping, |import| Import { dry_run: true, ..import }, |_| batches += 1).await.unwrap();
    // Together they are 30 MB, and a batch has 8 MiB.
    assert_eq!((report.files[0].created, batches), (1000, 4));
}

#[tokio::test]
async fn one_bad_row_of_a_looked_up_file_spoils_only_what_is_looked_up_of_it() {
    let given = shop().await;
    given.file("lines.csv", "order;price;quantity;discount %\n1;;3;5\n1;1,25;2;0\n2;10;1;100\n");
    let report = given.import(SHOP).await.unwrap();
    assert_eq!(numbers(&report.files[1]), [2, 1, 0, 0, 0, 0, 1]);
    let reasons = given.reasons();
    assert!(reasons.contains("what is looked up in `lines.csv` cannot be used: line 2"), "{reasons}");
}

#[tokio::test]
async fn a_dry_run_says_what_a_run_does_and_does_nothing() {
    let rows: String = (1..=1500).map(|n| format!("{n},N{n},{},{}\n", if n % 3 == 0 { "" } else { "7" }, n)).collect();
    for given in given(&format!("{rows}7,again,1,1\n8,broken\n1600,X,1,nobody\n")).await {
        let mapping = people("error");
        for changed in [false, true] {
            if changed {
                let text = std::fs::read_to_string(given.path().join("people.csv")).unwrap();
                given.file("people.csv", text.replace("N42,", "other,").replace("\n1600,", "\n1601,Y,,\n1600,"));
            }
            let before = given.stored("Customer").await;
            let said = given.run(&mapping, |import| Import { dry_run: true, ..import }, |_| {}).await.unwrap();
            assert_eq!((said.run, given.stored("Customer").await), (None, before));
            assert_eq!(said.files[0].sample[0][0], ("externalId".to_owned(), "1".to_owned()));
            let done = given.import(&mapping).await.unwrap();
            let all = |files: &[FileReport]| files.iter().map(numbers).collect::<Vec<_>>();
            assert_eq!(all(&said.files), all(&done.files));
        }
        let customers = given.stored("Customer").await;
        assert!(customers.iter().any(|customer| customer["name"] == "other" && customer["externalId"] == "42"));
    }
}

#[tokio::test]
async fn the_sample_of_a_dry_run_shows_what_is_taken() {
    for given in given("1,Ann,10,1\n2,Ben,20,9\n3,Cas,x,3\n4,Dan,40,4\n5,Eve,50,5\n6,Fay,60,6\n").await {
        let said = given.run(&people("skip"), |import| Import { dry_run: true, ..import }, |_| {}).await.unwrap();
        let cells = said.files[1].sample.iter().map(|cells| (cells[0].1.as_str(), cells.last().unwrap().1.as_str()));
        assert_eq!(cells.collect::<Vec<_>>(), [("1", "1"), ("4", "4"), ("5", "5")]);
    }
}

#[tokio::test]
async fn what_a_refused_batch_had_done_is_done_again() {
    for given in Given::all().await {
        // Customers of this house, named by the batch that refers to them. One of them gets two accounts.
        let customer = given.house().model.object("Customer").unwrap();
        let (one, two) = (testing::customer(given.house()).await, testing::customer(given.house()).await);
        let [one, two] = [one, two].map(|id| GlobalId::new(customer, id).to_string());
        given.file("people.csv", format!("nr,name,limit,owner\n7,,1,{one}\n8,,2,{two}\n9,,3,{one}\n"));
        let mapping = list(&[&ACCOUNTS.replace("MISSING", "error")]).replace("\"list\"", "\"guildhall\"");
        let report = given.import(&mapping).await.unwrap();
        assert_eq!(numbers(&report.files[0]), [3, 2, 0, 0, 0, 0, 1]);
        let customers = given.stored("Customer").await;
        assert_eq!([&customers[0]["externalId"], &customers[1]["externalId"]], [&one, &two]);
    }
}

#[tokio::test]
async fn an_id_that_an_earlier_entry_made_is_an_error_unless_the_mapping_says_so() {
    for (again, expected) in [("", [2, 1, 0, 0, 0, 0, 1]), ("updates = true", [2, 1, 1, 0, 0, 0, 0])] {
        let given = Given::new().await;
        given.file("people.csv", "nr,name\n1,Ann\n2,Ben\n");
        given.file("firms.csv", "nr,name\n1,Heron\n3,Oak\n");
        let mapping = list(&[&customers("people.csv", ""), &customers("firms.csv", again)]);
        let said = given.run(&mapping, |import| Import { dry_run: true, ..import }, |_| {}).await.unwrap();
        if again.is_empty() {
            assert_eq!(numbers(&said.files[1]), expected);
        }
        let report = given.import(&mapping).await.unwrap();
        assert_eq!(numbers(&report.files[1]), expected);
        let told = given.reasons().contains("an earlier entry of the mapping has made a `Customer` with the id `1`");
        assert_eq!(told, again.is_empty());
    }
}

#[tokio::test]
async fn rows_that_mean_something_only_among_others_are_not_taken_alone() {
    let given = Given::new().await;
    given.file("people.csv", "nr,name,limit,owner\n1,Ann,,1\n");
    let mapping =
        people("error").replace("id = \"{nr}\"\nwhere = \"limit", "id = \"{nr}\"\nonce = true\nwhere = \"limit");
    given.import(&mapping).await.unwrap();
    let (path, rejects) = (given.path().join("mapping.toml"), given.path().join("rejects"));
    let again = Import { rows: Some(given.path()), ..usual(&path, given.path(), &rejects) };
    let error = again.run(given.house(), &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("rows of `people.csv` are counted or merged"), "{error}");
}

#[tokio::test]
async fn rows_of_one_record_are_merged_where_the_mapping_says_so() {
    let given = Given::new().await;
    given.file("people.csv", "nr,name\n1,\n1,Ann\n1,Ann B\n2,Ben\n");
    let named = "name = { expression = \"first(name from people.csv by nr)\" }
        industry = { expression = \"concat(count(from people.csv by nr), ' rows')\" }";
    let mapping = list(&[&customers("people.csv", "once = true").replace("name = \"name\"", named)]);
    let report = given.import(&mapping).await.unwrap();
    assert_eq!(numbers(&report.files[0]), [4, 2, 0, 0, 2, 0, 0]);
    let customers = given.stored("Customer").await;
    let seen: Vec<_> =
        customers.iter().map(|c| (c["name"].as_str().unwrap(), c["industry"].as_str().unwrap())).collect();
    assert_eq!(seen, [("Ann", "3 rows"), ("Ben", "1 rows")]);
}
