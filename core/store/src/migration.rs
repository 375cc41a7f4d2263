//! Bringing a database to the tables this program needs.

mod ddl;
mod m0001_first;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use ddl::column_type;
pub(crate) use ddl::{add_column, add_index};

use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::{Database, Dialect, StoreError};

/// Names the lock that two programs starting at once compete for on PostgreSQL: "guildhal" in ASCII.
const LOCK: i64 = 0x6775_696c_6468_616c;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_first::Migration)]
    }
}

/// What [`Database::migrate`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Names of the migrations that were applied now, in order; none if the database was up to date.
    pub applied: Vec<String>,
}

impl Database {
    /// Brings the tables up to date: all of it or, if anything fails, none. Does nothing to a database that is up to date,
    /// refuses one that a newer program has changed, and may be called by several programs at once.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        // On SQLite the transaction itself keeps a second program waiting, and DDL is transactional on both.
        let transaction = self.begin().await?;
        let connection = transaction.connection();
        if self.dialect() == Dialect::Postgres {
            connection.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
            let sql = format!("SELECT pg_advisory_xact_lock({LOCK})");
            connection.execute_raw(Statement::from_string(self.dialect().backend(), sql)).await?;
        }
        let known: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let before: Vec<_> =
            Migrator::get_migration_models(connection).await?.into_iter().map(|applied| applied.version).collect();
        if let Some(unknown) = before.iter().find(|version| !known.contains(version)) {
            return Err(StoreError::NewerDatabase { migration: unknown.clone() });
        }
        let applied: Vec<_> = known.into_iter().filter(|version| !before.contains(version)).collect();
        if !applied.is_empty() {
            Migrator::up(connection, None).await?;
        }
        transaction.commit().await?;
        Ok(Migrated { applied })
    }
}
