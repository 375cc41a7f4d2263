//! The database behind the program's back: what somebody does who may write to it.

use guildhall_tests::Place;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};

/// Runs one statement, which has to touch `rows` rows.
pub async fn tamper(place: &Place, sql: &str, rows: u64) {
    let touched = if place.is_postgres() {
        let mut connection = PgConnection::connect(place.url()).await.unwrap();
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap().rows_affected()
    } else {
        let mut connection = SqliteConnection::connect(place.url()).await.unwrap();
        connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap().rows_affected()
    };
    assert_eq!(touched, rows, "{sql}");
}
