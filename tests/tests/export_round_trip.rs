//! What `guildhall export` writes, `guildhall import` reads back in: into the database it came from, where nothing changes, and
//! into an empty one, which then exports the same.

use std::path::Path;

use guildhall_tests::{Place, places};
use serde_json::Value;

use crate::export::{AWKWARD, born_here};
use crate::small::{customers, sorted};

/// A company that came in by an import, and customers that did not.
async fn company(place: &Place) {
    customers(place);
    born_here(place, AWKWARD.iter().map(|name| (*name).to_owned())).await;
}

/// Exports everything and gives the rows of each file, sorted: ids of another database have another order.
fn everything(place: &Place, folder: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let report: Value = serde_json::from_str(&place.done(&["export", "--all", "--out", folder, "--json"])).unwrap();
    let files = report["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap());
    let rows = |file: &str| {
        let mut reader = csv::Reader::from_path(place.folder().join(folder).join(file)).unwrap();
        sorted(reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()))
    };
    files.map(|file| (file.to_owned(), rows(file))).collect()
}

/// Imports an export, and gives how many records were created, updated, unchanged and errors.
fn read_back(place: &Place, folder: &Path) -> [u64; 4] {
    let report: Value = serde_json::from_str(&place.import(&folder.join("mapping.toml"), folder)).unwrap();
    let files = report["files"].as_array().unwrap();
    ["created", "updated", "unchanged", "errors"]
        .map(|what| files.iter().map(|file| file[what].as_u64().unwrap()).sum())
}

#[tokio::test]
async fn where_it_came_from_it_changes_nothing() {
    for place in places().await {
        company(&place).await;
        let before = everything(&place, "before");
        let records = before.iter().map(|(_, rows)| rows.len() as u64).sum();
        assert_eq!(read_back(&place, &place.folder().join("before")), [0, 0, records, 0]);
        assert_eq!(everything(&place, "after"), before);
    }
}

#[tokio::test]
async fn an_empty_database_becomes_the_same() {
    // On each database from each.
    for from in places().await {
        company(&from).await;
        let exported = everything(&from, "out");
        let records = exported.iter().map(|(_, rows)| rows.len() as u64).sum();
        for place in places().await {
            assert_eq!(read_back(&place, &from.folder().join("out")), [records, 0, 0, 0]);
            assert_eq!(everything(&place, "out"), exported);
            assert_eq!(read_back(&place, &from.folder().join("out")), [0, 0, records, 0]);
        }
    }
}

#[tokio::test]
async fn json_lines_are_read_back_as_csv_is() {
    for from in places().await {
        company(&from).await;
        from.done(&["export", "--all", "--out", "lines", "--format", "jsonl"]);
        let exported = everything(&from, "out");
        let records = exported.iter().map(|(_, rows)| rows.len() as u64).sum();
        assert_eq!(read_back(&from, &from.folder().join("lines")), [0, 0, records, 0]);
        for place in places().await {
            assert_eq!(read_back(&place, &from.folder().join("lines")), [records, 0, 0, 0]);
            assert_eq!(everything(&place, "out"), exported);
        }
    }
}

#[tokio::test]
async fn what_a_filter_left_is_read_back() {
    for format in ["csv", "jsonl"] {
        for from in places().await {
            company(&from).await;
            let filter = r#"{"country":{"eq":"Germany"}}"#;
            let export = |place: &Place, folder: &str, filter: &[&str]| {
                let options = ["export", "Customer", "--out", folder, "--format", format, "--json"];
                let report: Value = serde_json::from_str(&place.done(&[&options[..], filter].concat())).unwrap();
                let file = report["files"][0]["file"].as_str().unwrap();
                let text = std::fs::read_to_string(place.folder().join(folder).join(file)).unwrap();
                (report["files"][0]["records"].as_u64().unwrap(), sorted(text.lines().map(str::to_owned)))
            };
            let (records, germans) = export(&from, "out", &["--filter", filter]);
            assert!(records > 0 && records < export(&from, "all", &[]).0);
            assert_eq!(read_back(&from, &from.folder().join("out")), [0, 0, records, 0]);
            // Customers refer to their owners.
            from.done(&["export", "User", "--out", "users", "--format", format]);
            for place in places().await {
                read_back(&place, &from.folder().join("users"));
                assert_eq!(read_back(&place, &from.folder().join("out")), [records, 0, 0, 0]);
                assert_eq!(export(&place, "out", &[]), (records, germans.clone()));
            }
        }
    }
}
