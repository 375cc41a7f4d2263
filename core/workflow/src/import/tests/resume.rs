//! Runs that are stopped go on where they were, count every row once, and belong to one program at a time.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use guildhall_store::import_run::{self, RunState};

use super::fates::{FIRMS, ORDERS};
use super::lists::{customers, list};
use super::small::Given;
use crate::activate_strategy::activate_strategy;
use crate::import::{Import, ImportError, Report};
use crate::testing::{admin, now};

/// Customers, and contacts whose place among the others counts.
static MAPPING: LazyLock<String> = LazyLock::new(|| {
    let contacts = r#"
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
    list(&[&customers("people.csv", ""), contacts])
});

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
    killed(given, &MAPPING, 1000, batches, resume).await
}

async fn killed(given: &Given, mapping: &str, batch: usize, batches: u64, resume: bool) -> Option<Report> {
    let left = Arc::new(AtomicU64::new(batches));
    let die = move |_: crate::import::Progress<'_>| {
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            std::panic::resume_unwind(Box::new("killed"));
        }
    };
    let run = AssertUnwindSafe(given.run(mapping, |import| Import { resume, batch, ..import }, die));
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
    let expected = whole.import(&MAPPING).await.unwrap();
    // Seven are broken and four are there twice, for customers and for contacts.
    assert_eq!(expected.errors(), 22);
    for given in Given::all().await {
        people(&given);
        let (mut resume, mut lots) = (false, 0);
        let report = loop {
            match killed_after(&given, 1, resume).await {
                Some(report) => break report,
                None => resume = true,
            }
            // Each life gets one batch further, so that every batch is one that follows a death; then one lot of customers
            // whose facts are counted.
            let runs = import_run::list(given.database(), 10).await.unwrap();
            assert_eq!(runs.len(), 1);
            lots += u32::from(!runs[0].progress["counted"].is_null());
        };
        assert_eq!(lots, 2);
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
async fn who_was_not_taken_before_a_kill_is_not_taken_for_there_after_it() {
    for missing in ["error", "skip"] {
        let orders = ORDERS.replace("MISSING", missing);
        let more = orders.replace("orders.csv", "more.csv");
        let mapping = format!("{FIRMS}{orders}{more}");
        let files = |given: &Given| {
            // A circle, a row that is rejected before a good one, and a parent that is not there.
            given.file("firms.csv", "nr,name,st,parent\n1,A,a,2\n2,B,a,1\n3,C,BAD,1\n3,C,a,1\n4,D,a,3\n5,E,a,99\n");
            given.file("orders.csv", "no,customer,total\nO1,99,1\nO1,98,2\nO1,1,3\nO1,97,4\nO2,96,5\n");
            given.file("more.csv", "no,customer,total\nO2,1,6\nO1,1,7\n");
        };
        let whole = Given::new().await;
        files(&whole);
        let expected = whole.run(&mapping, |import| Import { batch: 1, ..import }, |_| {}).await.unwrap();
        assert_eq!(expected.files[1].created + expected.files[2].created, 2);
        for given in Given::all().await {
            files(&given);
            let mut resume = false;
            let report = loop {
                match killed(&given, &mapping, 1, 1, resume).await {
                    Some(report) => break report,
                    None => resume = true,
                }
            };
            assert_eq!(report.files, expected.files, "{missing}");
            assert_eq!(given.reasons(), whole.reasons());
            for object in ["Customer", "Order"] {
                assert_eq!(given.stored(object).await, whole.stored(object).await);
            }
        }
    }
}

#[tokio::test]
async fn only_what_was_stopped_and_has_not_changed_goes_on() {
    let given = Given::new().await;
    people(&given);
    let told = |result: Result<Report, ImportError>| result.unwrap_err().to_string();
    assert_eq!(
        told(given.run(&MAPPING, |import| Import { resume: true, ..import }, |_| {}).await),
        "there is nothing to go on with: this mapping was never run, or it was changed since; run the import without `--resume`"
    );
    assert!(killed_after(&given, 2, false).await.is_none());
    given.file("people.csv", "nr,name,group\n1,N,1\n");
    assert_eq!(
        told(given.run(&MAPPING, |import| Import { resume: true, ..import }, |_| {}).await),
        "there is nothing to go on with: the files have changed since it was stopped; run the import without `--resume`"
    );
    given.import(&MAPPING).await.unwrap();
    assert_eq!(
        told(given.run(&MAPPING, |import| Import { resume: true, ..import }, |_| {}).await),
        "there is nothing to go on with: its last run came to its end; run the import without `--resume`"
    );
}

#[tokio::test]
async fn a_file_that_is_looked_into_must_be_the_same_too() {
    let named = "name = { expression = \"lookup(text from groups.csv by key = group)\" }";
    let mapping = list(&[&customers("people.csv", "").replace("name = \"name\"", named)]);
    for given in Given::all().await {
        people(&given);
        given.file("groups.csv", "key,text\n0,A\n1,B\n2,C\n");
        assert!(killed(&given, &mapping, 1000, 2, false).await.is_none());
        given.file("groups.csv", "key,text\n0,A\n1,B\n2,changed\n");
        let error = given.run(&mapping, |import| Import { resume: true, ..import }, |_| {}).await.unwrap_err();
        assert!(error.to_string().contains("the files have changed since it was stopped"), "{error}");
        assert!(given.stored("Customer").await.iter().all(|customer| customer["name"] != "changed"));
    }
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
        let error = given.run(&MAPPING, |import| import, cancel).await.unwrap_err();
        assert_eq!(error, ImportError::Lost);
        // Of the first 2,000 rows three are broken and two are there twice.
        assert_eq!(given.stored("Customer").await.len(), 1995);
        let run = import_run::list(given.database(), 1).await.unwrap().remove(0);
        assert_eq!(run.state, RunState::Cancelled);
        let report = given.run(&MAPPING, |import| Import { resume: true, ..import }, |_| {}).await.unwrap();
        assert_eq!(report.errors(), 22);
    }
}

#[tokio::test]
async fn a_run_that_was_killed_before_its_end_brings_facts_and_segments_up_to_date_when_it_goes_on() {
    const STRATEGY: &str = r#"
name = "Known"
vision = "Everybody is known."
approvers = ["ada"]
[[segments]]
key = "all"
name = "All"
need = "To be known."
when = "customer.orders12m == 0"
"#;
    for given in Given::all().await {
        people(&given);
        activate_strategy(given.house(), admin("ada").permit().unwrap(), STRATEGY, None, now()).await.unwrap();
        // The last of eight batches, after which nothing is left but what comes at the end.
        assert!(killed_after(&given, 8, false).await.is_none());
        let run = import_run::list(given.database(), 1).await.unwrap().remove(0);
        assert_eq!((run.state, run.counts.rows), (RunState::Running, 7008));
        let with_facts = async || {
            let customers = given.stored("Customer").await;
            customers.iter().filter(|customer| !customer["factsAsOf"].is_null()).count()
        };
        assert_eq!(with_facts().await, 0);
        let report = given.run(&MAPPING, |import| Import { resume: true, ..import }, |_| {}).await.unwrap();
        assert_eq!((report.assigned, report.errors()), (3493, 22));
        assert_eq!(with_facts().await, 3493);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_lost_a_run_writes_no_rejected_rows() {
    for given in Given::all().await {
        people(&given);
        let handle = tokio::runtime::Handle::current();
        let mut told = 0;
        let (mut kept, mut report) = (String::new(), None);
        // Another takes the run over after its first batch and does all of it, while this one reads on.
        let other = |_: crate::import::Progress<'_>| {
            told += 1;
            if told == 1 {
                let run = || handle.block_on(given.run(&MAPPING, |import| Import { resume: true, ..import }, |_| {}));
                report = std::thread::scope(|scope| scope.spawn(run).join().unwrap()).ok();
                kept = given.reasons();
            }
        };
        assert_eq!(given.run(&MAPPING, |import| import, other).await, Err(ImportError::Lost));
        assert_eq!(report.unwrap().errors(), 22);
        assert_eq!(kept.lines().count(), 23);
        assert_eq!(given.reasons(), kept);
    }
}
