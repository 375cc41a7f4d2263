//! Transactions: everything that writes.

use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, QueryResult, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::link::Reads;
use crate::{Database, Dialect, StoreError};

/// How long a statement over the whole base may run on PostgreSQL.
pub(crate) const WHOLE_BASE: Duration = Duration::from_secs(300);

/// A write transaction. Nothing it did remains unless [`Transaction::commit`] returns; dropping it rolls back.
///
/// On SQLite it is `IMMEDIATE`: it has the one writer's place from its first moment, so it never fails half-way because
/// another one wrote. On PostgreSQL it is `READ COMMITTED`: what must not be lost between reading and writing is guarded by
/// conditional updates and by row locks.
pub struct Transaction {
    database: Database,
    inner: DatabaseTransaction,
}

impl Database {
    /// Begins a write transaction. On SQLite this waits until no other is under way.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let options = TransactionOptions {
            isolation_level: None,
            access_mode: None,
            sqlite_transaction_mode: match self.dialect() {
                Dialect::Sqlite => Some(SqliteTransactionMode::Immediate),
                Dialect::Postgres => None,
            },
        };
        let inner = self.writer().begin_with_options(options).await?;
        Ok(Transaction { database: self.clone(), inner })
    }
}

impl Transaction {
    /// A part that can be undone by itself: [`Transaction::rollback`] of it leaves the rest as it was, and what it did
    /// remains only if both are committed.
    pub async fn part(&self) -> Result<Transaction, StoreError> {
        let inner = self.inner.begin().await?;
        Ok(Transaction { database: self.database.clone(), inner })
    }

    /// Makes everything this transaction did permanent.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }

    /// Undoes everything this transaction did and begins another in its place.
    pub async fn anew(self) -> Result<Transaction, StoreError> {
        self.inner.rollback().await?;
        self.database.begin().await
    }

    /// Undoes everything this transaction did, and waits until that is done. Dropping does the same without waiting.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.inner.rollback().await?)
    }

    /// Lets the statements that follow work for [`WHOLE_BASE`]: those that go over every customer need longer than one
    /// request's statement may. SQLite's writer has no limit.
    pub async fn take_time(&self) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            let seconds = WHOLE_BASE.as_secs();
            self.inner.execute_unprepared(&format!("SET LOCAL statement_timeout = '{seconds}s'")).await?;
        }
        Ok(())
    }

    /// Lets PostgreSQL look at tables that this transaction or others just filled: what joins all of them would be planned as
    /// if they were empty, and take for ever. SQLite plans without.
    pub(crate) async fn take_stock(&self, tables: &[&str]) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            let tables: Vec<_> = tables.iter().map(|table| format!("\"{table}\"")).collect();
            self.inner.execute_unprepared(&format!("ANALYZE {}", tables.join(", "))).await?;
        }
        Ok(())
    }

    /// Waits until no other transaction has this turn, and keeps it to its end. On SQLite there is one writer anyway.
    pub async fn take_turns(&self, turn: &str) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            self.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", vec![turn.into()]).await?;
        }
        Ok(())
    }

    /// Waits until no other transaction has this turn for itself, and shares it with others that do the same, to its end.
    pub async fn share_turns(&self, turn: &str) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Postgres {
            self.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", vec![turn.into()]).await?;
        }
        Ok(())
    }

    pub fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// The first row of a statement, seeing what this transaction has written.
    pub(crate) async fn query_row(
        &self,
        sql: &str,
        values: Vec<sea_orm::Value>,
    ) -> Result<Option<QueryResult>, StoreError> {
        self.link().row(sql, values).await
    }

    /// Runs one statement and says how many rows it touched.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<u64, StoreError> {
        self.link().execute(sql, values).await
    }
}
