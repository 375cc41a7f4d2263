use super::*;
use crate::testing::databases;

#[tokio::test]
async fn migrating_twice_does_nothing() {
    for (database, _fixture) in databases().await {
        assert_eq!(database.migrate().await.unwrap(), Migrated::default());
    }
}

#[tokio::test]
async fn programs_that_start_at_once_migrate_once() {
    for fixture in guildhall_postgres_fixture::databases().await {
        let programs: Vec<_> = (0..12)
            .map(|_| {
                let url = fixture.url().to_owned();
                tokio::spawn(async move { Database::open(&url).await.unwrap().migrate().await.unwrap() })
            })
            .collect();
        let mut applied = 0;
        for program in programs {
            applied += program.await.unwrap().applied.len();
        }
        assert_eq!(applied, 1);
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    for (database, _fixture) in databases().await {
        let sql = r#"INSERT INTO "seaql_migrations" ("version", "applied_at") VALUES ('m0999_future', 0)"#;
        let transaction = database.begin().await.unwrap();
        transaction.execute(sql, Vec::new()).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(
            database.migrate().await.unwrap_err().to_string(),
            "the database was changed by a newer Guildhall: this program does not know its migration `m0999_future`; use the newer program"
        );
    }
}
