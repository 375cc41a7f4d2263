use uuid::Uuid;

use super::*;
use crate::link::Reads;
use crate::testing::{self, databases};

async fn setting(database: &Database, sql: &str) -> String {
    let transaction = database.begin().await.unwrap();
    let row = transaction.query_row(sql, Vec::new()).await.unwrap().unwrap();
    row.try_get_by_index::<String>(0).or_else(|_| row.try_get_by_index::<i64>(0).map(|n| n.to_string())).unwrap()
}

#[tokio::test]
async fn connections_have_their_settings() {
    for (database, _fixture) in databases().await {
        let settings: &[(&str, &str)] = match database.dialect() {
            Dialect::Sqlite => &[
                ("PRAGMA journal_mode", "wal"),
                ("PRAGMA synchronous", "2"),
                ("PRAGMA foreign_keys", "1"),
                ("PRAGMA busy_timeout", "30000"),
            ],
            Dialect::Postgres => &[
                ("SHOW timezone", "UTC"),
                ("SHOW statement_timeout", "20s"),
                ("SHOW jit", "off"),
                ("SHOW transaction_isolation", "read committed"),
            ],
        };
        for (sql, expected) in settings {
            assert_eq!(setting(&database, sql).await, *expected, "{sql}");
        }
    }
}

#[tokio::test]
async fn statements_are_counted_over_all_clones() {
    for (database, _fixture) in databases().await {
        let before = database.statements();
        database.clone().link().row("SELECT 1", Vec::new()).await.unwrap();
        let transaction = database.begin().await.unwrap();
        transaction.query_row("SELECT 1", Vec::new()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(database.statements() - before, 2);
    }
}

#[tokio::test]
async fn statements_are_prepared_once_per_connection() {
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        for number in 0..10 {
            let values = vec![sea_orm::Value::Int(Some(number))];
            transaction.query_row(r#"SELECT "id" FROM "deployment" WHERE "id" = $1"#, values).await.unwrap();
        }
        if database.dialect() == Dialect::Postgres {
            let sql = "SELECT count(*)::text FROM pg_prepared_statements WHERE statement LIKE '%deployment%$1'";
            assert_eq!(setting_in(&transaction, sql).await, "1");
        }
    }
}

async fn setting_in(transaction: &crate::Transaction, sql: &str) -> String {
    transaction.query_row(sql, Vec::new()).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn readers_cannot_write_and_see_only_what_is_committed() {
    for (database, _fixture) in databases().await {
        let count = async || {
            let sql = r#"SELECT COUNT(*) FROM "customer""#;
            database.link().row(sql, Vec::new()).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap()
        };
        let transaction = database.begin().await.unwrap();
        testing::customer(&transaction, "Alfreds").await;
        assert_eq!(count().await, 0);
        drop(transaction);
        let transaction = database.begin().await.unwrap();
        testing::customer(&transaction, "Around the Horn").await;
        transaction.commit().await.unwrap();
        assert_eq!(count().await, 1);
        if database.dialect() == Dialect::Sqlite {
            assert!(database.link().row(r#"DELETE FROM "customer""#, Vec::new()).await.is_err());
        }
    }
}

/// The race of the design: many orders, one limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_conditional_update_is_never_overspent() {
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let customer = testing::customer(&transaction, "Alfreds").await;
        let fields = [
            ("currency", "USD".into()),
            ("limit", testing::amount("10")),
            ("dunningLevel", 0.into()),
            ("onHold", false.into()),
            ("customer_id", customer.into()),
        ];
        let account: Uuid = testing::insert(&transaction, "CreditAccount", &fields).await;
        transaction.commit().await.unwrap();
        let orders: Vec<_> = (0..60)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(async move {
                    let transaction = database.begin().await.unwrap();
                    let sql = r#"UPDATE "credit_account" SET "exposure" = "exposure" + $2 WHERE "id" = $1 AND "exposure" + $2 <= "limit""#;
                    let one = crate::column::adapt(
                        database.dialect(),
                        &guildhall_model::Kind::Money,
                        &guildhall_model::Value::Decimal(1.into()),
                    );
                    let values = vec![sea_orm::Value::Uuid(Some(account)), one.unwrap()];
                    let taken = transaction.execute(sql, values).await.unwrap();
                    transaction.commit().await.unwrap();
                    taken
                })
            })
            .collect();
        let mut taken = 0;
        for order in orders {
            taken += order.await.unwrap();
        }
        assert_eq!(taken, 10);
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let error = Database::open("postgres://ann:s3cret@127.0.0.1:1/crm").await.err().unwrap().to_string();
    assert!(error.contains("postgres://ann@127.0.0.1:1/crm") && !error.contains("s3cret"), "{error}");
    let error = Database::open("sqlite:/nowhere/at/all.db").await.err().unwrap().to_string();
    assert!(error.contains("/nowhere/at/all.db"), "{error}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_told_so() {
    for (database, _fixture) in databases().await {
        if database.dialect() == Dialect::Postgres {
            let transaction = database.begin().await.unwrap();
            transaction.execute("SET LOCAL statement_timeout = '50ms'", Vec::new()).await.unwrap();
            let error = transaction.execute("SELECT pg_sleep(30)", Vec::new()).await.unwrap_err();
            let told = "a statement took longer than it may, 20 seconds or 300 over the whole base, and was ended; ask for less";
            assert_eq!(error.to_string(), told);
        }
    }
}

#[tokio::test]
async fn a_transaction_may_take_its_time() {
    for (database, _fixture) in databases().await {
        if database.dialect() == Dialect::Postgres {
            let transaction = database.begin().await.unwrap();
            transaction.take_time().await.unwrap();
            assert_eq!(setting_in(&transaction, "SHOW statement_timeout").await, "5min");
            transaction.commit().await.unwrap();
            assert_eq!(setting(&database, "SHOW statement_timeout").await, "20s");
        }
    }
}
