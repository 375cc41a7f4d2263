//! A database: SQLite in one file, or PostgreSQL.

mod connect;
mod warm;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{DatabaseConnection, DbBackend};

use crate::StoreError;
pub(crate) use warm::Warm;

/// How long one statement may run: less than the server gives a request, so that a request that is given up leaves no
/// statement behind that holds a connection. Migrations and [`crate::Transaction::take_time`] lift it, and SQLite's writer
/// has none: it is one connection, which nobody reads with.
pub(crate) const STATEMENT_SECONDS: u64 = 20;

/// Which SQL the database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    pub(crate) fn backend(self) -> DbBackend {
        match self {
            Dialect::Sqlite => DbBackend::Sqlite,
            Dialect::Postgres => DbBackend::Postgres,
        }
    }

    /// How many parameters one statement may have: SQLite's default limit, and the 16 bits PostgreSQL counts them with.
    pub(crate) fn parameter_limit(self) -> usize {
        match self {
            Dialect::Sqlite => 32_766,
            Dialect::Postgres => 65_535,
        }
    }
}

/// An open database. Cheap to clone; clones share their connections and their statement counter.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

struct Inner {
    dialect: Dialect,
    readers: DatabaseConnection,
    writer: DatabaseConnection,
    /// Some of the readers on PostgreSQL.
    warm: Option<Warm>,
    statements: AtomicU64,
}

impl Database {
    /// Opens `sqlite:path/to.db` (or a plain path; the file is created if it is missing) or `postgres://user@host/name`.
    /// Tables are another matter: see [`Database::migrate`].
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (dialect, readers, writer) = connect::connect(url).await?;
        let warm = (dialect == Dialect::Postgres)
            .then(|| Warm::new(readers.get_postgres_connection_pool().clone(), connect::WARM_CONNECTIONS));
        Ok(Database { inner: Arc::new(Inner { dialect, readers, writer, warm, statements: AtomicU64::new(0) }) })
    }

    /// Whether [`Database::open`] would find something: a file of SQLite's that is missing is made by it.
    pub fn is_there(url: &str) -> Result<bool, StoreError> {
        connect::is_there(url)
    }

    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// How many statements were sent since the database was opened, over all clones. `BEGIN`, `COMMIT`, `ROLLBACK` and
    /// migrations are not counted.
    pub fn statements(&self) -> u64 {
        self.inner.statements.load(Ordering::Relaxed)
    }

    /// Closes all connections. On SQLite this also folds the write-ahead log into the file.
    pub async fn close(&self) -> Result<(), StoreError> {
        if let Some(warm) = &self.inner.warm {
            warm.close().await;
        }
        self.inner.readers.clone().close().await?;
        Ok(self.inner.writer.clone().close().await?)
    }

    pub(crate) fn readers(&self) -> &DatabaseConnection {
        &self.inner.readers
    }

    pub(crate) fn warm(&self) -> Option<&Warm> {
        self.inner.warm.as_ref()
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.inner.writer
    }

    pub(crate) fn counter(&self) -> &AtomicU64 {
        &self.inner.statements
    }
}
