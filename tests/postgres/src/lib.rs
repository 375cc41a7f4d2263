//! Databases for tests.
//!
//! [`databases`] gives every test a fresh, empty database of each kind: a SQLite file, and a database on a private
//! PostgreSQL started from the binaries this machine has. One PostgreSQL serves all test processes; it stops half a
//! minute after the last of them is gone. Where none is installed, tests run on SQLite alone and say so.
//! `GUILDHALL_TEST_POSTGRES=postgres://...` names a server to use instead; its user must be allowed to create databases.

#![expect(clippy::panic, reason = "a fixture that does not work fails its test, which is what panicking does")]

mod binaries;
mod server;

use std::io::Write;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// A fresh, empty database. It is removed when this is dropped.
pub struct TestDatabase {
    url: String,
    kind: Kind,
}

enum Kind {
    Sqlite { _directory: TempDir },
    Postgres { server: String, name: String },
}

impl TestDatabase {
    /// What `Database::open` and `guildhall --database` take.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.kind, Kind::Postgres { .. })
    }
}

/// One fresh database of each kind this machine has: SQLite always, PostgreSQL where it is installed.
pub async fn databases() -> Vec<TestDatabase> {
    let mut all = vec![sqlite()];
    all.extend(postgres_or_say_so().await);
    all
}

/// A fresh SQLite database; the file does not exist yet.
pub fn sqlite() -> TestDatabase {
    let directory = match tempfile::Builder::new().prefix("guildhall-").tempdir() {
        Ok(directory) => directory,
        Err(error) => panic!("cannot make a directory for a database: {error}"),
    };
    let url = format!("sqlite:{}", directory.path().join("test.db").display());
    TestDatabase { url, kind: Kind::Sqlite { _directory: directory } }
}

/// A fresh database on PostgreSQL, or nothing, after saying what is left out, where PostgreSQL is not installed.
pub async fn postgres_or_say_so() -> Option<TestDatabase> {
    let Some(server) = server::url().await.unwrap_or_else(|error| panic!("cannot start PostgreSQL: {error}")) else {
        // Written directly, because a test harness keeps what passing tests print.
        let _ = writeln!(std::io::stderr(), "left out: PostgreSQL is not installed here, so tests ran on SQLite alone");
        return None;
    };
    let name = format!("t_{:016x}", server::random());
    if let Err(error) = run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await {
        panic!("cannot create a database on PostgreSQL: {error}");
    }
    let url = server::with_database(&server, &name);
    Some(TestDatabase { url, kind: Kind::Postgres { server, name } })
}

async fn run(server: &str, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    connection.execute(AssertSqlSafe(sql.to_owned())).await?;
    connection.close().await
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Kind::Postgres { server, name } = &self.kind else { return };
        let (server, sql) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        // On a thread of its own: the test's runtime may be the one that is dropping this. What cannot be dropped goes
        // with the server.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.ok().map(|runtime| runtime.block_on(run(&server, &sql)))
        });
        let _ = dropping.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_test_has_a_database_of_its_own() {
        let (Some(one), Some(other)) = (postgres_or_say_so().await, postgres_or_say_so().await) else { return };
        assert_ne!(one.url(), other.url());
        run(one.url(), "CREATE TABLE mine (id integer)").await.unwrap();
        run(other.url(), "CREATE TABLE mine (id integer)").await.unwrap();
    }

    #[tokio::test]
    async fn a_dropped_database_is_gone() {
        let Some(database) = postgres_or_say_so().await else { return };
        let url = database.url().to_owned();
        // An open connection, as a pool would hold it, does not keep the database alive.
        let open = PgConnection::connect(&url).await.unwrap();
        drop(database);
        assert!(run(&url, "SELECT 1").await.is_err());
        drop(open);
    }
}
