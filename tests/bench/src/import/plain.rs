//! Plain: rows that lie ready in memory, loaded the way one loads rows by hand: `COPY` on PostgreSQL, prepared `INSERT`s of
//! many rows in one transaction on SQLite, where the connection has the settings of Guildhall's.

use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;

use guildhall_postgres_fixture::TestDatabase;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, PgConnection, Row, SqliteConnection, TypeInfo, ValueRef};

use crate::Fallible;

/// In the order in which they refer to each other.
const TABLES: [&str; 2] = ["customer", "order"];
/// Rows of an `INSERT`.
const ROWS: usize = 100;
/// Rows read at once.
const PAGE: i64 = 10_000;

/// The rows of an imported database, table by table. Columns in which no row has a value are left out.
pub(crate) enum Plain {
    /// `COPY` statements with their data.
    Postgres(Vec<(String, String)>),
    Sqlite(Vec<Table>),
}

pub(crate) struct Table {
    name: &'static str,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

impl Plain {
    pub(crate) async fn read(database: &TestDatabase) -> Fallible<Self> {
        if database.is_postgres() {
            let mut connection = PgConnection::connect(database.url()).await?;
            let mut statements = Vec::new();
            for table in TABLES {
                statements.push(copied(&mut connection, table).await?);
            }
            connection.close().await?;
            return Ok(Plain::Postgres(statements));
        }
        let mut connection = sqlite(database.url()).await?;
        let mut tables = Vec::new();
        for name in TABLES {
            tables.push(Table::read(&mut connection, name).await?);
        }
        connection.close().await?;
        Ok(Plain::Sqlite(tables))
    }

    /// Loads the rows into a database that has its tables and none of the rows.
    pub(crate) async fn load(&self, url: &str) -> Fallible<()> {
        match self {
            Plain::Postgres(statements) => {
                let mut connection = PgConnection::connect(url).await?;
                for (statement, data) in statements {
                    let mut copy = connection.copy_in_raw(statement).await?;
                    copy.send(data.as_bytes()).await?;
                    copy.finish().await?;
                }
                connection.close().await?;
            }
            Plain::Sqlite(tables) => {
                let mut connection = sqlite(url).await?;
                let mut transaction = connection.begin().await?;
                for table in tables {
                    table.insert(&mut transaction).await?;
                }
                transaction.commit().await?;
                connection.close().await?;
            }
        }
        Ok(())
    }
}

/// How many rows a database has.
pub(crate) async fn count(database: &TestDatabase) -> Fallible<u64> {
    let sql = TABLES.map(|table| format!("(SELECT count(*) FROM \"{table}\")")).join(" + ");
    let query = sqlx::AssertSqlSafe(format!("SELECT {sql}"));
    let count: i64 = if database.is_postgres() {
        sqlx::query_scalar(query).fetch_one(&mut PgConnection::connect(database.url()).await?).await?
    } else {
        sqlx::query_scalar(query).fetch_one(&mut sqlite(database.url()).await?).await?
    };
    Ok(count.try_into()?)
}

async fn sqlite(url: &str) -> Fallible<SqliteConnection> {
    let options = SqliteConnectOptions::from_str(url)?.foreign_keys(true);
    let options = options.pragma("cache_size", "-16000");
    Ok(options.pragma("journal_mode", "wal").pragma("synchronous", "full").connect().await?)
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
}

/// The statement that copies a table, and its rows in the text format. The files have nothing in them that has to be escaped there.
async fn copied(connection: &mut PgConnection, table: &str) -> Fallible<(String, String)> {
    let query =
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position";
    let mut columns: Vec<String> = sqlx::query_scalar(query).bind(table).fetch_all(&mut *connection).await?;
    let query = AssertSqlSafe(filled(table, &columns));
    let row = sqlx::query(query).fetch_one(&mut *connection).await?;
    let mut places = 0..columns.len();
    columns.retain(|_| places.next().is_some_and(|place| row.try_get::<i64, _>(place).is_ok_and(|count| count > 0)));
    let texts = columns.iter().map(|column| format!(r#"coalesce("{column}"::text, '\N')"#)).collect::<Vec<_>>();
    let query = format!(r#"SELECT concat_ws(E'\t', {}) FROM "{table}" ORDER BY "id""#, texts.join(", "));
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(connection).await?;
    Ok((format!("COPY \"{table}\" ({}) FROM STDIN", quoted(&columns)), lines.join("\n") + "\n"))
}

/// A query for how many values each column has.
fn filled(table: &str, columns: &[String]) -> String {
    let counts: Vec<_> = columns.iter().map(|column| format!("count(\"{column}\")")).collect();
    format!("SELECT {} FROM \"{table}\"", counts.join(", "))
}

impl Table {
    async fn read(connection: &mut SqliteConnection, name: &'static str) -> Fallible<Self> {
        let query = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)").bind(name);
        let mut columns: Vec<String> = query.fetch_all(&mut *connection).await?;
        let row = sqlx::query(AssertSqlSafe(filled(name, &columns))).fetch_one(&mut *connection).await?;
        let mut places = 0..columns.len();
        columns
            .retain(|_| places.next().is_some_and(|place| row.try_get::<i64, _>(place).is_ok_and(|count| count > 0)));
        let query =
            format!("SELECT {}, rowid FROM \"{name}\" WHERE rowid > ? ORDER BY rowid LIMIT ?", quoted(&columns));
        let query: Arc<str> = query.into();
        let (mut rows, mut after) = (Vec::new(), 0i64);
        loop {
            let page = sqlx::query(AssertSqlSafe(Arc::clone(&query))).bind(after).bind(PAGE);
            let page = page.fetch_all(&mut *connection).await?;
            let Some(last) = page.last() else { return Ok(Table { name, columns, rows }) };
            after = last.try_get(columns.len())?;
            for row in &page {
                rows.push((0..columns.len()).map(|place| Cell::read(row, place)).collect::<Fallible<_>>()?);
            }
        }
    }

    async fn insert(&self, connection: &mut SqliteConnection) -> Fallible<()> {
        let mut whole: Option<Arc<str>> = None;
        for rows in self.rows.chunks(ROWS) {
            let sql = match &whole {
                Some(sql) if rows.len() == ROWS => Arc::clone(sql),
                _ => Arc::clone(whole.insert(self.statement(rows.len())?.into())),
            };
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for cell in rows.iter().flatten() {
                query = match cell {
                    Cell::Null => query.bind(None::<i64>),
                    Cell::Int(number) => query.bind(number),
                    Cell::Real(number) => query.bind(number),
                    Cell::Text(text) => query.bind(&**text),
                    Cell::Bytes(bytes) => query.bind(&**bytes),
                };
            }
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }

    fn statement(&self, rows: usize) -> Fallible<String> {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let mut sql = String::new();
        write!(sql, "INSERT INTO \"{}\" ({}) VALUES {}", self.name, quoted(&self.columns), vec![row; rows].join(", "))?;
        Ok(sql)
    }
}

impl Cell {
    fn read(row: &SqliteRow, place: usize) -> Fallible<Self> {
        let value = row.try_get_raw(place)?;
        if value.is_null() {
            return Ok(Cell::Null);
        }
        Ok(match value.type_info().name() {
            "INTEGER" => Cell::Int(row.try_get_unchecked(place)?),
            "REAL" => Cell::Real(row.try_get_unchecked(place)?),
            "BLOB" => Cell::Bytes(row.try_get_unchecked::<Vec<u8>, _>(place)?.into()),
            _ => Cell::Text(row.try_get_unchecked::<String, _>(place)?.into()),
        })
    }
}
