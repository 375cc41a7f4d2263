//! The one place where statements leave for the database, and where they are counted.

use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, FromQueryResult, QueryResult, QueryTrait,
    Select, Statement,
};

use crate::database::Warm;
use crate::{Database, Dialect, StoreError, Transaction};

/// What can be read from: a [`Database`], outside of any transaction, or a [`Transaction`].
pub trait Reads: Sync {
    #[doc(hidden)]
    fn link(&self) -> Link<'_>;
}

impl Reads for Database {
    fn link(&self) -> Link<'_> {
        Link { dialect: self.dialect(), way: Way::Pool(self.readers(), self.warm()), statements: self.counter() }
    }
}

impl Reads for Transaction {
    fn link(&self) -> Link<'_> {
        Link {
            dialect: self.dialect(),
            way: Way::Transaction(self.connection()),
            statements: self.database().counter(),
        }
    }
}

/// A way to the database, with the counter its statements go through.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    dialect: Dialect,
    way: Way<'a>,
    statements: &'a AtomicU64,
}

#[derive(Clone, Copy)]
enum Way<'a> {
    /// The pool, and the connections that reads leave to each other where there are some.
    Pool(&'a DatabaseConnection, Option<&'a Warm>),
    Transaction(&'a DatabaseTransaction),
}

impl Link<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The first row, if there is one. Every statement is prepared once per connection, so its text should not vary with its
    /// values.
    pub(crate) async fn row(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<Option<QueryResult>, StoreError> {
        self.first(self.statement(sql, values)).await
    }

    pub(crate) async fn rows(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<Vec<QueryResult>, StoreError> {
        self.every(self.statement(sql, values)).await
    }

    /// Runs a statement and says how many rows it touched.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<sea_orm::Value>) -> Result<u64, StoreError> {
        let statement = self.statement(sql, values);
        self.count();
        let done = match self.way {
            Way::Pool(pool, _) => pool.execute_raw(statement).await?,
            Way::Transaction(transaction) => transaction.execute_raw(statement).await?,
        };
        Ok(done.rows_affected())
    }

    /// The first row of an entity's query, if there is one.
    pub(crate) async fn find<E: EntityTrait>(&self, query: Select<E>) -> Result<Option<E::Model>, StoreError> {
        let row = self.first(query.build(self.dialect.backend())).await?;
        Ok(row.map(|row| E::Model::from_query_result(&row, "")).transpose()?)
    }

    /// Every row of an entity's query.
    pub(crate) async fn find_all<E: EntityTrait>(&self, query: Select<E>) -> Result<Vec<E::Model>, StoreError> {
        let rows = self.every(query.build(self.dialect.backend())).await?;
        Ok(rows.iter().map(|row| E::Model::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }

    async fn first(&self, statement: Statement) -> Result<Option<QueryResult>, StoreError> {
        self.count();
        Ok(match self.way {
            Way::Pool(_, Some(warm)) => warm.first(statement).await?,
            Way::Pool(pool, None) => pool.query_one_raw(statement).await?,
            Way::Transaction(transaction) => transaction.query_one_raw(statement).await?,
        })
    }

    async fn every(&self, statement: Statement) -> Result<Vec<QueryResult>, StoreError> {
        self.count();
        Ok(match self.way {
            Way::Pool(pool, _) => pool.query_all_raw(statement).await?,
            Way::Transaction(transaction) => transaction.query_all_raw(statement).await?,
        })
    }

    fn statement(&self, sql: &str, values: Vec<sea_orm::Value>) -> Statement {
        Statement::from_sql_and_values(self.dialect.backend(), sql, values)
    }

    fn count(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }
}
