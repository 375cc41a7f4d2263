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
