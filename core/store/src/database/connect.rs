//! Opening connections with the settings each dialect needs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::{self, Connection, PgConnection, Sqlite, SqliteConnection};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr};

use super::STATEMENT_SECONDS;
use crate::{Dialect, StoreError};

/// How long a caller waits for a connection, or for the one writer's place on SQLite, before it is told to try again.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How long to wait before a busy file is opened again.
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// How many of SQLite's instructions pass between two looks at the clock: well below a millisecond of work.
const INSTRUCTIONS_PER_LOOK: i32 = 10_000;

/// Compiled plans have many texts; each connection keeps this many of them prepared.
const PREPARED_STATEMENTS: usize = 512;

/// Connections to PostgreSQL, which reads and writes share.
const POSTGRES_CONNECTIONS: u32 = 20;
/// How many of them reads may keep.
pub(super) const WARM_CONNECTIONS: usize = 16;

/// Connects and returns (dialect, where to read, where to write).
pub(super) async fn connect(url: &str) -> Result<(Dialect, DatabaseConnection, DatabaseConnection), StoreError> {
    if is_postgres(url) {
        let pool = postgres(url).await?;
        return Ok((Dialect::Postgres, pool.clone(), pool));
    }
    let file = sqlite_file(url)?;
    // The writer comes first: it creates the file and puts it into write-ahead mode, where readers never wait for it.
    let failed =
        |error: StoreError| StoreError::Open { address: file.display().to_string(), reason: error.to_string() };
    let writer = sqlite_writer(&file).await.map_err(failed)?;
    let readers = sqlite(&file, Part::Readers).await.map_err(failed)?;
    Ok((Dialect::Sqlite, readers, writer))
}

/// Whether there is a file to be opened. What is at an address of PostgreSQL only connecting to it tells.
pub(super) fn is_there(url: &str) -> Result<bool, StoreError> {
    if is_postgres(url) {
        return Ok(true);
    }
    Ok(sqlite_file(url)?.exists())
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

fn sqlite_file(url: &str) -> Result<PathBuf, StoreError> {
    let path = match url.strip_prefix("sqlite:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None if url.contains("://") => return Err(StoreError::Address(without_password(url))),
        None => url,
    };
    // A database in memory would be another one on every connection.
    if path.is_empty() || path.contains(":memory:") {
        return Err(StoreError::Address(url.to_owned()));
    }
    Ok(PathBuf::from(path))
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// One connection: SQLite has one writer's place, and waiting for it inside the pool is fair, while waiting inside
    /// SQLite is polling.
    Writer,
    Readers,
}

/// Programs that open a new file at once compete for putting it into write-ahead mode, and there SQLite does not wait.
async fn sqlite_writer(file: &Path) -> Result<DatabaseConnection, StoreError> {
    let begun = Instant::now();
    loop {
        match sqlite(file, Part::Writer).await {
            Err(StoreError::Busy(_)) if begun.elapsed() < PATIENCE => tokio::time::sleep(BUSY_PAUSE).await,
            opened => return opened,
        }
    }
}

async fn sqlite(file: &Path, part: Part) -> Result<DatabaseConnection, StoreError> {
    let path = file.to_owned();
    let readers = std::thread::available_parallelism().map_or(4, |cores| cores.get().clamp(4, 16)) as u32;
    let mut options = ConnectOptions::new("sqlite:file");
    options
        .max_connections(if part == Part::Writer { 1 } else { readers })
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            let sqlite = sqlite
                .filename(&path)
                .create_if_missing(part == Part::Writer)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                .statement_cache_capacity(PREPARED_STATEMENTS)
                .pragma("cache_size", "-16000");
            match part {
                // Without FULL a power cut takes acknowledged commits with it.
                // What it sorts may be the whole base, after an import: what does not fit the cache goes to files.
                Part::Writer => sqlite.pragma("journal_mode", "wal").pragma("synchronous", "full"),
                Part::Readers => sqlite.pragma("query_only", "on").pragma("temp_store", "memory"),
            }
        });
    if part == Part::Readers {
        options.map_sqlx_sqlite_pool_opts(|pool| with_deadline(pool, Duration::from_secs(STATEMENT_SECONDS)));
    }
    Ok(sea_orm::Database::connect(options).await?)
}

/// Ends every statement that runs too long. On SQLite nothing else does: a request that is given up leaves its statement
/// running on the connection's thread. Each read takes its connection from the pool, so that is when the time begins.
fn with_deadline(pool: PoolOptions<Sqlite>, patience: Duration) -> PoolOptions<Sqlite> {
    pool.after_connect(move |connection, _| Box::pin(begin_time(connection, patience))).before_acquire(
        move |connection, _| {
            Box::pin(async move {
                begin_time(connection, patience).await?;
                Ok(true)
            })
        },
    )
}

async fn begin_time(connection: &mut SqliteConnection, patience: Duration) -> Result<(), sqlx::Error> {
    let begun = Instant::now();
    let in_time = move || begun.elapsed() < patience;
    connection.lock_handle().await?.set_progress_handler(INSTRUCTIONS_PER_LOOK, in_time);
    Ok(())
}

async fn postgres(url: &str) -> Result<DatabaseConnection, StoreError> {
    let failed =
        |error: DbErr| StoreError::Open { address: without_password(url), reason: StoreError::from(error).to_string() };
    // A pool tries again until its patience ends. A wrong address is better told at once.
    let probe =
        PgConnection::connect(url).await.map_err(|error| failed(DbErr::Conn(RuntimeErr::SqlxError(error.into()))))?;
    drop(probe);
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_application_name("guildhall");
    options.map_sqlx_postgres_opts(|postgres| {
        let timeout = format!("{STATEMENT_SECONDS}s");
        // A plan runs in about a millisecond, compiling it would take a hundred times as long.
        let settings = [("timezone", "UTC"), ("statement_timeout", timeout.as_str()), ("jit", "off")];
        postgres.statement_cache_capacity(PREPARED_STATEMENTS).options(settings)
    });
    sea_orm::Database::connect(options).await.map_err(failed)
}

/// The address as it may be shown: passwords don't belong into messages and logs.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('?').next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}{path}")
        }
        None => format!("{scheme}://{authority}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It counts for ever.
    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    #[tokio::test]
    async fn a_statement_without_end_is_ended_and_the_next_one_has_its_own_time() {
        use sea_orm::ConnectionTrait;
        let one = PoolOptions::<Sqlite>::new().max_connections(1).test_before_acquire(false);
        let pool = with_deadline(one, Duration::from_millis(50)).connect("sqlite::memory:").await.unwrap();
        let readers = sea_orm::SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        for _ in 0..2 {
            let error = StoreError::from(readers.execute_unprepared(ENDLESS).await.unwrap_err());
            assert_eq!(error, StoreError::TooLong);
            readers.execute_unprepared("SELECT 1").await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_statement_whose_caller_is_gone_frees_its_connection() {
        use sea_orm::ConnectionTrait;
        let one = PoolOptions::<Sqlite>::new().max_connections(1).acquire_timeout(Duration::from_secs(10));
        let pool = with_deadline(one, Duration::from_millis(200)).connect("sqlite::memory:").await.unwrap();
        let readers = sea_orm::SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        let given_up = tokio::time::timeout(Duration::from_millis(20), readers.execute_unprepared(ENDLESS));
        assert!(given_up.await.is_err());
        readers.execute_unprepared("SELECT 1").await.unwrap();
    }

    #[test]
    fn addresses_are_shown_without_passwords() {
        for (url, shown) in [
            ("postgres://ann:s3cret@db:5432/guildhall?sslmode=require", "postgres://ann@db:5432/guildhall"),
            ("postgres://ann:p@ss@db/guildhall", "postgres://ann@db/guildhall"),
            ("postgres://db/guildhall?password=s3cret", "postgres://db/guildhall"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }

    #[test]
    fn what_names_no_database_is_refused_with_what_would() {
        for url in ["", "sqlite:", "sqlite::memory:", "mysql://root@db/crm"] {
            let error = sqlite_file(url).unwrap_err().to_string();
            assert!(error.contains("sqlite:path/to.db"), "{error}");
        }
        assert_eq!(sqlite_file("sqlite://data/crm.db").unwrap(), PathBuf::from("data/crm.db"));
        assert_eq!(sqlite_file("data/crm.db").unwrap(), PathBuf::from("data/crm.db"));
    }
}
