//! The company that is asked about: loaded through the product, with its strategy, its plugin and a token.

use std::path::Path;

use chrono::Utc;
use guildhall_model::Model;
use guildhall_postgres_fixture::{TestDatabase, postgres_or_say_so};
use guildhall_store::Database;
use guildhall_workflow::load_demo_company::{DemoSize, load_demo_company};
use sqlx::{Connection, Executor, PgConnection};

use crate::Fallible;
use crate::process::Folder;

const STRATEGY: &str = "core/server/src/command/demo/strategy.toml";
const PLUGIN: &str = "target/plugins/credit-rules.wasm";

pub(crate) struct Company {
    /// Dropped with the company.
    database: TestDatabase,
    pub token: String,
    /// What was loaded, in words.
    pub summary: String,
    /// The server's version.
    pub postgres: String,
}

impl Company {
    pub(crate) async fn load(files: &Folder, customers: u32, orders: u32) -> Fallible<Self> {
        let database = postgres_or_say_so()
            .await
            .ok_or("the benchmark needs PostgreSQL; install it, `initdb` and `postgres` are enough")?;
        let summary = load(database.url(), DemoSize { customers, orders }).await?;
        files.guildhall(database.url(), &["strategy", "activate", &root(STRATEGY), "--as", "ada"])?;
        files.guildhall(database.url(), &["plugin", "install", &root(PLUGIN), "--yes"])?;
        let token = files.guildhall(database.url(), &["token", "create", "ada", "--role", "admin"])?.trim().to_owned();
        let postgres = tidy(database.url()).await?;
        Ok(Company { database, token, summary, postgres })
    }

    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }
}

async fn load(url: &str, size: DemoSize) -> Fallible<String> {
    let database = Database::open(url).await?;
    database.migrate().await?;
    let now = Utc::now();
    let loaded = load_demo_company(&database, &Model::core(), size, now.date_naive(), now).await?;
    database.close().await?;
    let records: Vec<_> = loaded.records.iter().map(|(object, count)| format!("{count} {object}")).collect();
    Ok(records.join(", "))
}

/// What autovacuum, which the private server goes without, would have done by now. Returns the server's version.
async fn tidy(url: &str) -> Fallible<String> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute("VACUUM (ANALYZE)").await?;
    let version = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(version)
}

fn root(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).display().to_string()
}
