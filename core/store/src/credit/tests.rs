use guildhall_model::Value;

use super::*;
use crate::Database;
use crate::testing::{amount, customer, databases, day, insert};

async fn account(database: &Database, exposure: &str) -> Uuid {
    let transaction = database.begin().await.unwrap();
    let customer = customer(&transaction, "Alfreds").await;
    let fields = [
        ("currency", "USD".into()),
        ("limit", amount("50000")),
        ("dunningLevel", 0.into()),
        ("onHold", false.into()),
        ("customer_id", customer.into()),
    ];
    insert(&transaction, "CreditAccount", &fields).await;
    let set = r#"UPDATE "credit_account" SET "exposure" = $1, "exposure_dynamic" = $1 WHERE "customer_id" = $2"#;
    let exposure = adapt(transaction.dialect(), &Kind::Money, &amount(exposure)).ok().unwrap();
    transaction.execute(set, vec![exposure, sea_orm::Value::Uuid(Some(customer))]).await.unwrap();
    transaction.commit().await.unwrap();
    customer
}

fn wanted(customer: Uuid, amount: &str) -> Reservation {
    Reservation {
        customer,
        amount: amount.parse().unwrap(),
        needed_on: None,
        horizon: "2026-06-14".parse().unwrap(),
        ceiling: Some(Decimal::from(55_000)),
        ceiling_static: Some(Decimal::from(65_000)),
        ceiling_group: None,
    }
}

fn said(reserved: Reserved) -> &'static str {
    match reserved {
        Reserved::Done => "done",
        Reserved::Full => "full",
        Reserved::NoAccount => "no account",
    }
}

async fn check(exposure: &str, change: impl Fn(&mut Reservation), expected: &str) {
    for (database, _fixture) in databases().await {
        let customer = account(&database, exposure).await;
        let mut wanted = wanted(customer, "10000");
        change(&mut wanted);
        let transaction = database.begin().await.unwrap();
        assert_eq!(said(reserve(&transaction, &wanted).await.unwrap()), expected);
    }
}

#[tokio::test]
async fn as_much_as_the_ceiling_is_set_aside_and_no_more() {
    check("45000", |_| {}, "done").await;
    check("45000.01", |_| {}, "full").await;
}

#[tokio::test]
async fn what_is_needed_later_meets_the_static_ceiling_alone() {
    let later = |wanted: &mut Reservation| wanted.needed_on = Some("2026-06-15".parse().unwrap());
    check("55000", later, "done").await;
    check("55000.01", later, "full").await;
}

#[tokio::test]
async fn open_orders_beyond_the_horizon_make_room() {
    for (database, _fixture) in databases().await {
        let customer = account(&database, "50000").await;
        let transaction = database.begin().await.unwrap();
        let account = r#"SELECT "id" FROM "credit_account""#;
        let account: Uuid =
            transaction.query_row(account, Vec::new()).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        let entry = |on: &str, owed: &str, stage: &str| {
            [
                ("stage", stage.into()),
                ("currency", "USD".into()),
                ("amount", amount(owed)),
                ("neededOn", Value::from(day(on))),
                ("since", Value::from(crate::testing::now())),
                ("customer_id", Value::from(customer)),
                ("credit_account_id", Value::from(account)),
            ]
        };
        insert(&transaction, "ExposureEntry", &entry("2026-06-14", "9000", "ORDER")).await;
        insert(&transaction, "ExposureEntry", &entry("2026-06-20", "7000", "CLEARED")).await;
        assert_eq!(said(reserve(&transaction, &wanted(customer, "10000")).await.unwrap()), "full");
        insert(&transaction, "ExposureEntry", &entry("2026-06-15", "5000", "ORDER")).await;
        assert_eq!(said(reserve(&transaction, &wanted(customer, "10000")).await.unwrap()), "done");
    }
}

/// A second customer beside the first, both in a group.
async fn grouped(database: &Database, first: Uuid, exposure: &str) -> Uuid {
    let other = account(database, exposure).await;
    let transaction = database.begin().await.unwrap();
    let fields = [("name", "Hanse".into()), ("currency", "USD".into()), ("limit", amount("80000"))];
    let group = insert(&transaction, "CreditGroup", &fields).await;
    for customer in [first, other] {
        let join = r#"UPDATE "credit_account" SET "group_id" = $1 WHERE "customer_id" = $2"#;
        let ids = vec![sea_orm::Value::Uuid(Some(group)), sea_orm::Value::Uuid(Some(customer))];
        transaction.execute(join, ids).await.unwrap();
    }
    transaction.commit().await.unwrap();
    other
}

#[tokio::test]
async fn those_who_share_a_limit_stay_below_it_together() {
    for (database, _fixture) in databases().await {
        let customer = account(&database, "40000").await;
        grouped(&database, customer, "30000").await;
        let transaction = database.begin().await.unwrap();
        let of = |amount: &str| Reservation { ceiling_group: Some(Decimal::from(80_000)), ..wanted(customer, amount) };
        assert_eq!(said(reserve(&transaction, &of("10000.01")).await.unwrap()), "full");
        assert_eq!(said(reserve(&transaction, &of("10000")).await.unwrap()), "done");
        // What counts already is looked at without setting anything aside.
        assert_eq!(said(reserve(&transaction, &of("0")).await.unwrap()), "done");
        assert_eq!(said(reserve(&transaction, &of("0.01")).await.unwrap()), "full");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_of_a_group_at_once_as_many_get_room_as_there_is() {
    for (database, _fixture) in databases().await {
        let first = account(&database, "10000").await;
        let other = grouped(&database, first, "10000").await;
        let all: Vec<_> = (0..20)
            .map(|number| {
                let database = database.clone();
                tokio::spawn(async move {
                    let transaction = database.begin().await.unwrap();
                    let customer = if number % 2 == 0 { first } else { other };
                    // Each has room by itself for 11 of these; together for 9.
                    let wanted = Reservation { ceiling_group: Some(Decimal::from(56_500)), ..wanted(customer, "4000") };
                    let reserved = reserve(&transaction, &wanted).await.unwrap();
                    transaction.commit().await.unwrap();
                    reserved
                })
            })
            .collect();
        let mut done = 0;
        for one in all {
            done += usize::from(said(one.await.unwrap()) == "done");
        }
        assert_eq!(done, 9);
    }
}

#[tokio::test]
async fn who_has_no_account_is_told_apart() {
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let customer = customer(&transaction, "Alfreds").await;
        assert_eq!(said(reserve(&transaction, &wanted(customer, "1")).await.unwrap()), "no account");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_as_many_get_room_as_there_is() {
    for (database, _fixture) in databases().await {
        let customer = account(&database, "40000").await;
        let all: Vec<_> = (0..20)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    let transaction = database.begin().await.unwrap();
                    let reserved = reserve(&transaction, &wanted(customer, "4000")).await.unwrap();
                    transaction.commit().await.unwrap();
                    reserved
                })
            })
            .collect();
        let mut done = 0;
        for one in all {
            done += usize::from(said(one.await.unwrap()) == "done");
        }
        assert_eq!(done, 3);
        let row = database.link().row(r#"SELECT CAST("exposure" AS text) FROM "credit_account""#, Vec::new()).await;
        let exposure: String = row.unwrap().unwrap().try_get_by_index(0).unwrap();
        assert!(exposure.starts_with("52000"), "{exposure}");
    }
}
