//! Runs that are stopped go on where they were, count every row once, and belong to one program at a time.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use guildhall_store::import_run::{self, RunState};

use super::small::Given;
use crate::import::{Import, ImportError, Report};

const MAPPING: &str = r#"
source = "list"
[[files]]
file = "people.csv"
type = "Customer"
id = "{nr}"
[files.fields]
name = "name"
kind = { constant = "PERSON" }
status = { constant = "ACTIVE" }
currency = { constant = "EUR" }
[[files]]
file = "people.csv"
type = "Contact"
id = "{nr}"
[files.fields]
name = "name"
title = { expression = "concat('no. ', position(group))" }
[files.references]
customer = "nr"
"#;

fn people(given: &Given) {
    // Every 500th row is broken, every 700th is there twice; 3,500 is both and broken.
    let row = |n: u32| match n {
        n if n % 500 == 0 => format!("{n},broken\n"),
        n if n % 700 == 0 => format!("{n},N{n},{}\n{n},again,1\n", n % 3),
        n => format!("{n},N{n},{}\n", n % 3),
    };
    given.file("people.csv", format!("nr,name,group\n{}", (1..=3500).map(row).collect::<String>()));
}

/// Runs the import and lets it die, as a killed program does, after so many batches.
async fn killed_after(given: &Given, batches: u64, resume: bool) -> Option<Report> {
    let left = Arc::new(AtomicU64::new(batches));
    let die = move |_: crate::import::Progress<'_>| {
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            std::panic::resume_unwind(Box::new("killed"));
        }
    };
    let run = AssertUnwindSafe(given.run(MAPPING, |import| Import { resume, ..import }, die));
    futures_catch(run).await.map(|report| report.unwrap())
}

/// The result, or none if it unwound.
async fn futures_catch<F: Future>(future: AssertUnwindSafe<F>) -> Option<F::Output> {
    let mut future = Box::pin(future.0);
    std::future::poll_fn(move |context| {
        match std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => std::task::Poll::Ready(None),
        }
    })
    .await
}

#[tokio::test]
async fn a_run_that_was_killed_at_any_batch_ends_as_one_that_was_not() {
    let whole = Given::new().await;
    people(&whole);
    let expected = whole.import(MAPPING).await.unwrap();
    // Seven are broken and four are there twice, for customers and for contacts.
    assert_eq!(expected.errors(), 22);
    for given in Given::all().await {
        people(&given);
        let mut resume = false;
        let report = loop {
            match killed_after(&given, 1, resume).await {
                Some(report) => break report,
                None => resume = true,
            }
            // Each life gets one batch further, so that every batch is one that follows a death.
            assert!(import_run::list(given.database(), 10).await.unwrap().len() == 1);
            if import_run::list(given.database(), 1).await.unwrap()[0].progress["entry"] == 2 {
                break given.run(MAPPING, |import| Import { resume: true, ..import }, |_| {}).await.unwrap();
            }
        };
        assert_eq!(report.files, expected.files);
        assert_eq!(given.reasons(), whole.reasons());
        for object in ["Customer", "Contact"] {
            assert_eq!(given.stored(object).await, whole.stored(object).await);
        }
        let kept = |given: &Given| std::fs::read_to_string(given.path().join("rejects/rows/people.csv")).unwrap();
        assert_eq!(kept(&given), kept(&whole));
        assert_eq!(import_run::list(given.database(), 1).await.unwrap()[0].state, RunState::Done);
    }
}

#[tokio::test]
async fn only_what_was_stopped_and_has_not_changed_goes_on() {
    let given = Given::new().await;
    people(&given);
    let told = |result: Result<Report, ImportError>| result.unwrap_err().to_string();
    assert_eq!(
        told(given.run(MAPPING, |import| Import { resume: true, ..import }, |_| {}).await),
        "there is nothing to go on with: this mapping was never run, or it was changed since; run the import without `--resume`"
    );
    assert!(killed_after(&given, 2, false).await.is_none());
    given.file("people.csv", "nr,name,group\n1,N,1\n");
    assert_eq!(
        told(given.run(MAPPING, |import| Import { resume: true, ..import }, |_| {}).await),
        "there is nothing to go on with: the files have changed since it was stopped; run the import without `--resume`"
    );
    given.import(MAPPING).await.unwrap();
    assert_eq!(
        told(given.run(MAPPING, |import| Import { resume: true, ..import }, |_| {}).await),
        "there is nothing to go on with: its last run came to its end; run the import without `--resume`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_stops_before_its_next_batch_and_can_go_on() {
    for given in Given::all().await {
        people(&given);
        let database = given.database().clone();
        let handle = tokio::runtime::Handle::current();
        let mut told = 0;
        let cancel = |_: crate::import::Progress<'_>| {
            told += 1;
            if told == 2 {
                let database = database.clone();
                let cancelled = std::thread::scope(|scope| {
                    let cancel = async {
                        let run = import_run::list(&database, 1).await.unwrap().remove(0);
                        let transaction = database.begin().await.unwrap();
                        let done = import_run::cancel(&transaction, run.id, chrono::Utc::now()).await.unwrap();
                        transaction.commit().await.unwrap();
                        done
                    };
                    scope.spawn(|| handle.block_on(cancel)).join().unwrap()
                });
                assert!(cancelled);
            }
        };
        let error = given.run(MAPPING, |import| import, cancel).await.unwrap_err();
        assert_eq!(error, ImportError::Lost);
        // Of the first 2,000 rows three are broken and two are there twice.
        assert_eq!(given.stored("Customer").await.len(), 1995);
        let run = import_run::list(given.database(), 1).await.unwrap().remove(0);
        assert_eq!(run.state, RunState::Cancelled);
        let report = given.run(MAPPING, |import| Import { resume: true, ..import }, |_| {}).await.unwrap();
        assert_eq!(report.errors(), 22);
    }
}
