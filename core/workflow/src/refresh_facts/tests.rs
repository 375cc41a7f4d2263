//! Facts against a count of our own, after histories of writes and days.

mod history;
mod recount;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Days, Utc};
use guildhall_model::plan::Visible;
use guildhall_store::{Database, Dialect, business_day};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::new_day;
use crate::House;
use crate::testing::{admin, customer, houses, now};
use crate::write_records::{Change, Order, Verb, Written, write_records};
use history::{History, Step, step};

/// How many histories are tried, each on both databases.
const HISTORIES: u32 = 12;
const STEPS: usize = 45;

/// Histories are the same in every run: what one finds is found again.
fn runner(seed: u8) -> TestRunner {
    let config = Config { cases: HISTORIES, max_shrink_iters: 150, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

#[test]
fn facts_are_what_a_recount_says_after_any_history() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let totals = std::cell::Cell::new([0; 4]);
    let run = runner(26).run(&vec(step(), STEPS), |steps| {
        runtime.block_on(async {
            for (house, _fixture) in houses().await {
                let mut history = History::new(house).await;
                for (index, step) in steps.iter().enumerate() {
                    history.take(step).await;
                    history.check(&format!("step {index}: {step:?}")).await;
                }
                let (before, written) = (totals.get(), history.written);
                totals.set(std::array::from_fn(|index| before[index] + written[index]));
            }
        });
        Ok(())
    });
    run.unwrap();
    // Created, updated, deleted, restored: histories of refusals would say nothing.
    assert!(totals.get().into_iter().all(|written| written >= HISTORIES as usize), "{totals:?}");
}

/// Nothing is written for more than a year: whatever comes due, grows old, comes nearer and falls out of twelve months is
/// noticed on its day.
#[tokio::test]
async fn facts_are_what_a_recount_says_when_only_time_passes() {
    let writes =
        step().prop_filter("time passes afterwards", |step| matches!(step, Step::Create(..) | Step::Update(..)));
    let steps = vec(writes, 120).new_tree(&mut runner(27)).unwrap().current();
    for (house, _fixture) in houses().await {
        let mut history = History::new(house).await;
        for step in &steps {
            history.take(step).await;
        }
        let mut seen = BTreeSet::new();
        for days in [1; 20].into_iter().chain([7, 13, 30, 31, 60, 90, 100, 150]) {
            history.take(&Step::Days(days)).await;
            history.check(&format!("{days} more days")).await;
            seen.insert(format!("{:?}", history.stored().await.facts));
        }
        // Time has something to change here.
        assert!(seen.len() >= 8, "{} different sets of facts", seen.len());
    }
}

fn created(house: &House, object: &str, values: serde_json::Value, key: &str) -> Order {
    let values = values.as_object().unwrap().clone();
    Order {
        act: format!("create{object}"),
        verb: Verb::Create,
        object: Arc::clone(house.model.object(object).unwrap()),
        changes: vec![Change { values, path: vec!["values".into()], ..Change::default() }],
        idempotency_key: key.to_owned(),
    }
}

async fn statements(database: &Database, house: &House, order: &Order) -> u64 {
    let before = database.statements();
    let written = write_records(house, &admin("ada"), &Visible::default(), order, now()).await.unwrap();
    assert!(matches!(written, Written::Done(_)), "{written:?}");
    database.statements() - before
}

/// However much a customer has, a write costs the same number of statements: those of the record, and for its facts one for
/// the calendar and the customers' locks, one or two for days, one for customers and one for credit accounts.
#[tokio::test]
async fn a_write_costs_a_fixed_number_of_statements() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let customer = guildhall_model::GlobalId::new(house.model.object("Customer").unwrap(), id).to_string();
        let order = |number: u32| {
            let values = json!({
                "customer": customer, "number": number.to_string(), "orderedOn": "2026-11-20", "currency": "USD",
                "grossTotal": "10", "netTotal": "10"
            });
            created(&house, "Order", values, &number.to_string())
        };
        let contact = created(&house, "Contact", json!({ "customer": customer, "name": "Di" }), "contact");
        let plain = statements(&house.database, &house, &contact).await;
        let first = statements(&house.database, &house, &order(0)).await;
        for number in 1..30 {
            assert_eq!(statements(&house.database, &house, &order(number)).await, first);
        }
        let shared = if house.database.dialect() == Dialect::Postgres { 1 } else { 0 };
        assert_eq!(first - plain, 6 + shared);
    }
}

#[tokio::test]
async fn what_facts_do_not_depend_on_leaves_them_alone() {
    for (house, _fixture) in houses().await {
        let id = customer(&house).await;
        let change = |version: i64, values: serde_json::Value| Order {
            act: "updateCustomer".to_owned(),
            verb: Verb::Update,
            object: Arc::clone(house.model.object("Customer").unwrap()),
            changes: vec![Change {
                id: Some(id),
                version: Some(version),
                values: values.as_object().unwrap().clone(),
                path: vec!["set".into()],
                ..Change::default()
            }],
            idempotency_key: version.to_string(),
        };
        let phone = statements(&house.database, &house, &change(1, json!({ "phone": "1" }))).await;
        let currency = statements(&house.database, &house, &change(2, json!({ "currency": "EUR" }))).await;
        assert_eq!(currency - phone, 5);
    }
}

/// Several processes look at the same time, and one is stopped half-way: the day begins once.
#[tokio::test]
async fn a_business_day_begins_once() {
    for (house, fixture) in houses().await {
        for _ in 0..5 {
            customer(&house).await;
        }
        assert_eq!(new_day(&house, now()).await.unwrap().map(|begun| begun.customers), Some(5));
        assert_eq!(new_day(&house, now()).await.unwrap(), None);
        let tomorrow: DateTime<Utc> = now() + Days::new(1);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let house = Arc::new(crate::testing::house(Database::open(fixture.url()).await.unwrap()));
            tasks.spawn(async move { new_day(&house, tomorrow).await.unwrap() });
        }
        let begun: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(begun.len(), 1);
        let calendar = business_day::current(&house.database).await.unwrap();
        assert_eq!((calendar.facts, calendar.held), (Some(tomorrow.date_naive()), None));
    }
}

#[tokio::test]
async fn a_calendar_that_is_held_stays() {
    for (house, _fixture) in houses().await {
        let transaction = house.database.begin().await.unwrap();
        super::refresh_within(&transaction, "1998-05-06".parse().unwrap(), true, now()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(new_day(&house, now()).await.unwrap(), None);
    }
}
