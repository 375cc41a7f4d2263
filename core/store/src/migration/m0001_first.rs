//! The first migration: every table of the model and of house-keeping, as the registry declares them.
//!
//! Until the first release this follows the registry. From then on its statements are frozen as text, and a change of
//! the model brings a migration of its own; the test over tables, entities and model notices a forgotten one.

use guildhall_model::Model;
use sea_orm::DbErr;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::ddl;
use crate::{Dialect, table};

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_first"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let dialect = match manager.get_database_backend() {
            DbBackend::Postgres => Dialect::Postgres,
            _ => Dialect::Sqlite,
        };
        let connection = manager.get_connection();
        for statement in table::all(&Model::core()).iter().flat_map(|table| ddl::create(dialect, table)) {
            connection.execute_unprepared(&statement).await?;
        }
        connection.execute_unprepared(r#"INSERT INTO "deployment" ("id", "generation") VALUES (1, 0)"#).await?;
        connection.execute_unprepared(r#"INSERT INTO "reaction" ("id") VALUES (1), (2)"#).await?;
        Ok(())
    }
}
