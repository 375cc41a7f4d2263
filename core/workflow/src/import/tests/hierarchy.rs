//! Records that refer to others of their type, in any order of the rows.

use super::small::Given;
use crate::import::{Import, Report};

const MAPPING: &str = r#"
source = "list"
[[files]]
file = "firms.csv"
type = "Customer"
id = "{nr}"
[files.fields]
name = "name"
kind = { constant = "ORGANIZATION" }
status = { constant = "ACTIVE" }
currency = { constant = "EUR" }
[files.references]
parent = "parent"
"#;

async fn parents(given: &Given) -> Vec<String> {
    let stored = given.stored("Customer").await;
    let one = |customer: &serde_json::Value| {
        format!(
            "{}<{}",
            customer["externalId"].as_str().unwrap(),
            customer["parent"]["externalId"].as_str().unwrap_or("-")
        )
    };
    stored.iter().map(one).collect()
}

fn counts(report: &Report) -> [u64; 5] {
    let file = &report.files[0];
    [file.rows, file.created, file.updated, file.unchanged, file.errors]
}

#[tokio::test]
async fn parents_may_come_later_and_change() {
    for given in Given::all().await {
        given.file("firms.csv", "nr,name,parent\n1,A,3\n2,B,1\n3,C,\n");
        assert_eq!(counts(&given.import(MAPPING).await.unwrap()), [3, 3, 0, 0, 0]);
        assert_eq!(parents(&given).await, ["1<3", "2<1", "3<-"]);
        assert_eq!(counts(&given.import(MAPPING).await.unwrap()), [3, 0, 0, 3, 0]);
        given.file("firms.csv", "nr,name,parent\n1,A2,2\n2,B,\n3,C,\n");
        assert_eq!(
            counts(
                &given
                    .run(
                        MAPPING,
                        |import| Import { dry_run: true, now: "2026-11-22T18:30:00Z".parse().unwrap(), ..import },
                        |_| {}
                    )
                    .await
                    .unwrap()
            ),
            [3, 0, 2, 1, 0]
        );
        assert_eq!(
            counts(
                &given
                    .run(MAPPING, |import| Import { now: "2026-11-22T19:00:00Z".parse().unwrap(), ..import }, |_| {})
                    .await
                    .unwrap()
            ),
            [3, 0, 2, 1, 0]
        );
        assert_eq!(parents(&given).await, ["1<2", "2<-", "3<-"]);
    }
}

#[tokio::test]
async fn circles_and_missing_parents_are_rejected_and_the_record_kept_without() {
    for given in Given::all().await {
        given.file("firms.csv", "nr,name,parent\n1,A,2\n2,B,3\n3,C,1\n4,D,4\n5,E,9\n");
        assert_eq!(
            counts(&given.run(MAPPING, |import| Import { dry_run: true, ..import }, |_| {}).await.unwrap()),
            [5, 0, 0, 0, 5]
        );
        std::fs::remove_dir_all(given.path().join("rejects")).unwrap();
        assert_eq!(counts(&given.import(MAPPING).await.unwrap()), [5, 0, 0, 0, 5]);
        assert_eq!(parents(&given).await, ["1<-", "2<-", "3<-", "4<-", "5<-"]);
        let reasons = given.reasons();
        assert!(
            reasons.contains("firms.csv,4,parent,1,the record would stand above itself: `1` leads back to it"),
            "{reasons}"
        );
        assert!(reasons.contains("firms.csv,6,parent,9,there is no `Customer` with the id `9`"), "{reasons}");
    }
}
