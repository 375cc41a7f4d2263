//! Warm connections: those to PostgreSQL that one read leaves to the next.
//!
//! A connection that goes back to the pool is asked first whether it still answers, which costs the server and us a message
//! each way: a quarter of what reading one record takes. A connection that has just answered needs no such question.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool, Postgres};
use sea_orm::{DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use tokio::sync::Semaphore;

use super::connect::PATIENCE;
use crate::StoreError;

/// How long a connection stays with the readers. Then it goes back to the pool, which looks whether it lives and how old
/// it is.
const KEPT: Duration = Duration::from_secs(10);

pub(crate) struct Warm {
    pool: PgPool,
    /// One for each connection that reads may have at a time. The pool has more, so that writing never waits for what is
    /// kept here.
    turns: Semaphore,
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: PoolConnection<Postgres>,
    /// When it was taken from the pool.
    since: Instant,
}

impl Warm {
    /// At most so many connections of the pool.
    pub(super) fn new(pool: PgPool, most: usize) -> Self {
        Warm { pool, turns: Semaphore::new(most), kept: Mutex::default() }
    }

    /// The first row of what a statement reads.
    pub(crate) async fn first(&self, statement: Statement) -> Result<Option<QueryResult>, StoreError> {
        let Ok(Ok(_turn)) = tokio::time::timeout(PATIENCE, self.turns.acquire()).await else {
            return Err(StoreError::Busy("no connection became free".to_owned()));
        };
        let mut kept = match self.take() {
            Some(kept) => kept,
            None => Kept { connection: self.pool.acquire().await.map_err(failed)?, since: Instant::now() },
        };
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let query = sqlx::query_with(AssertSqlSafe(statement.sql), values);
        // A connection whose statement failed or was given up goes back to the pool.
        let row = query.fetch_optional(&mut *kept.connection).await.map_err(failed)?;
        self.keep(kept);
        Ok(row.map(QueryResult::from))
    }

    /// Closes the pool, with the connections that are here.
    pub(super) async fn close(&self) {
        let closing = self.pool.close();
        self.kept().clear();
        closing.await;
    }

    fn take(&self) -> Option<Kept> {
        let mut kept = self.kept();
        kept.retain(|kept| kept.since.elapsed() < KEPT);
        kept.pop()
    }

    fn keep(&self, one: Kept) {
        let mut kept = self.kept();
        // Asked while nobody else has the list: who closes the pool clears the list after it.
        if !self.pool.is_closed() {
            kept.push(one);
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Warm {
    /// A connection goes back to its pool in a task; where the last owner of the database is, there may be nothing to run
    /// one.
    fn drop(&mut self) {
        for kept in self.kept().drain(..) {
            drop(kept.connection.detach());
        }
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    DbErr::Query(RuntimeErr::SqlxError(error.into())).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Database;
    use crate::link::Reads;
    use guildhall_postgres_fixture::{TestDatabase, postgres_or_say_so};

    async fn database() -> Option<(Database, TestDatabase)> {
        let fixture = postgres_or_say_so().await?;
        Some((Database::open(fixture.url()).await.unwrap(), fixture))
    }

    fn kept(database: &Database) -> usize {
        database.warm().unwrap().kept().len()
    }

    async fn backend(database: &Database) -> i32 {
        let row = database.link().row("SELECT pg_backend_pid()", Vec::new()).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    #[tokio::test]
    async fn a_read_leaves_its_connection_to_the_next() {
        let Some((database, _fixture)) = database().await else { return };
        let first = backend(&database).await;
        assert_eq!(kept(&database), 1);
        assert_eq!(backend(&database).await, first);
        assert_eq!(kept(&database), 1);
    }

    #[tokio::test]
    async fn a_connection_whose_statement_failed_is_not_kept() {
        let Some((database, _fixture)) = database().await else { return };
        database.link().row("SELECT 1 / 0", Vec::new()).await.unwrap_err();
        assert_eq!(kept(&database), 0);
        backend(&database).await;
        assert_eq!(kept(&database), 1);
    }

    #[tokio::test]
    async fn a_connection_whose_read_was_given_up_is_not_kept() {
        let Some((database, _fixture)) = database().await else { return };
        let reading = async { database.link().row("SELECT pg_sleep(0.3)", Vec::new()).await };
        tokio::time::timeout(Duration::from_millis(50), reading).await.unwrap_err();
        assert_eq!(kept(&database), 0);
        backend(&database).await;
    }

    #[tokio::test]
    async fn however_many_read_there_are_connections_to_write() {
        let Some((database, _fixture)) = database().await else { return };
        let mut reading = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let database = database.clone();
            reading.spawn(async move { database.link().row("SELECT pg_sleep(0.05)", Vec::new()).await.map(drop) });
        }
        while let Some(read) = reading.join_next().await {
            read.unwrap().unwrap();
        }
        assert_eq!(kept(&database), super::super::connect::WARM_CONNECTIONS);
        let writing = async {
            for transaction in [database.begin().await.unwrap(), database.begin().await.unwrap()] {
                transaction.commit().await.unwrap();
            }
        };
        tokio::time::timeout(PATIENCE / 2, writing).await.unwrap();
    }

    #[tokio::test]
    async fn closing_waits_for_no_connection_that_is_kept() {
        let Some((database, _fixture)) = database().await else { return };
        backend(&database).await;
        tokio::time::timeout(PATIENCE / 2, database.close()).await.unwrap().unwrap();
        assert_eq!(kept(&database), 0);
        assert!(database.link().row("SELECT 1", Vec::new()).await.is_err());
    }

    #[test]
    fn the_last_owner_needs_no_runtime() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let opened = runtime.block_on(async {
            let (database, fixture) = database().await?;
            backend(&database).await;
            Some((database, fixture))
        });
        drop(runtime);
        drop(opened);
    }
}
