//! What can fail here, in words. `DbErr` never leaves this crate.

use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("`{0}` names no database; write `sqlite:path/to.db`, a plain path, or `postgres://user@host/name`")]
    Address(String),
    #[error("cannot open the database `{address}`: {reason}")]
    Open { address: String, reason: String },
    #[error(
        "the database was changed by a newer Guildhall: this program does not know its migration `{migration}`; use the newer program"
    )]
    NewerDatabase { migration: String },
    #[error("`{column}` cannot hold `{value}`: {reason}")]
    Value { column: String, value: String, reason: String },
    #[error("`{object}` has no column `{column}`; use a field's name or a reference column such as `customer_id`")]
    UnknownColumn { object: String, column: String },
    #[error("`{object}.{column}` is kept by the store; leave it out")]
    KeptColumn { object: String, column: String },
    #[error("`{object}` cannot be written without `{column}`; give every record a value for it")]
    MissingColumn { object: String, column: String },
    #[error("row {row} of `{object}` has {given} values for {expected} columns; give one value per column")]
    RowWidth { object: String, row: usize, given: usize, expected: usize },
    #[error("`{object}` `{external_id}` of `{source_name}` occurs twice in one batch; send each record once")]
    Repeated { object: String, source_name: String, external_id: String },
    #[error("a record with these values is there already ({0}); read it again and change that one")]
    Taken(String),
    #[error("a record refers to one that is not there, or one that is referred to was to go ({0})")]
    Reference(String),
    #[error("the database refused a value ({0})")]
    Refused(String),
    #[error("the database was busy for too long; try again ({0})")]
    Busy(String),
    #[error(
        "a statement took longer than it may, {} seconds or {} over the whole base, and was ended; ask for less",
        crate::database::STATEMENT_SECONDS,
        crate::transaction::WHOLE_BASE.as_secs()
    )]
    TooLong,
    #[error("a sum goes beyond 64 bits, for money 922,337,203,685,477.5807; narrow the filter or group the records")]
    SumTooLarge,
    #[error(
        "the answer would be larger than {} MiB; ask for smaller pages or fewer fields",
        crate::read::RESPONSE_LIMIT >> 20
    )]
    TooLarge,
    #[error("the database cannot be reached; check that it runs and try again ({0})")]
    Unreachable(String),
    #[error("the database failed ({0})")]
    Failed(String),
    /// Our own mistake.
    #[error("{0}")]
    Internal(&'static str),
}

impl StoreError {
    /// Whether it is the values of the records that were refused; others can still be written.
    pub fn is_of_values(&self) -> bool {
        matches!(
            self,
            StoreError::Value { .. }
                | StoreError::MissingColumn { .. }
                | StoreError::Repeated { .. }
                | StoreError::Taken(_)
                | StoreError::Reference(_)
                | StoreError::Refused(_)
        )
    }

    pub(crate) fn internal(message: &'static str) -> Self {
        StoreError::Internal(message)
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) => return StoreError::Taken(message),
            Some(SqlErr::ForeignKeyConstraintViolation(message)) => return StoreError::Reference(message),
            _ => {}
        }
        match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => {
                StoreError::Busy("no connection became free".to_owned())
            }
            DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => {
                StoreError::Unreachable("the connection is closed".to_owned())
            }
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => classify(&error),
            other => StoreError::Failed(other.to_string()),
        }
    }
}

/// What both drivers say by error code: a few codes mean that the caller may try again or sent a wrong value.
fn classify(error: &sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Io(reason) => StoreError::Unreachable(reason.to_string()),
        sqlx::Error::PoolTimedOut => StoreError::Busy("no connection became free".to_owned()),
        sqlx::Error::PoolClosed => StoreError::Unreachable("the connection is closed".to_owned()),
        sqlx::Error::Database(reason) => {
            let message = reason.message().to_owned();
            match reason.code().as_deref() {
                // SQLite has no code of its own for it; PostgreSQL shares one with values that do not fit into a column.
                Some("1") if message == "integer overflow" => StoreError::SumTooLarge,
                Some("22003") if message == "bigint out of range" => StoreError::SumTooLarge,
                // SQLite: busy and its extensions (recovery, snapshot, timeout), locked by this process.
                Some("5" | "6" | "261" | "517" | "773") => StoreError::Busy(message),
                // PostgreSQL: serialization failure, deadlock, lock not available.
                Some("40001" | "40P01" | "55P03") => StoreError::Busy(message),
                // SQLite: interrupted by the deadline of its connection. PostgreSQL: statement timeout.
                Some("9" | "57014") => StoreError::TooLong,
                // PostgreSQL: a text that is too long for an index over its column.
                Some("54000") if is_of_index(reason.as_ref()) => StoreError::Refused(message),
                // SQLite: a text beyond what it builds at all. PostgreSQL: the same.
                Some("18" | "54000") => StoreError::TooLarge,
                // PostgreSQL: shutting down, too many connections.
                Some("57P01" | "57P02" | "57P03" | "53300") => StoreError::Unreachable(message),
                // What is referred to was to go. SQLite has two codes for it, and PostgreSQL since its version 18.
                Some("1811" | "23001") => StoreError::Reference(message),
                // SQLite: CHECK, NOT NULL, wrong datatype in a STRICT table.
                Some("275" | "1299" | "3091") => StoreError::Refused(message),
                // PostgreSQL: CHECK, NOT NULL, numeric out of range, text that is no such value, U+0000 in text and in JSON.
                Some("23514" | "23502" | "22003" | "22P02" | "22021" | "22P05") => StoreError::Refused(message),
                _ => StoreError::Failed(message),
            }
        }
        other => StoreError::Failed(other.to_string()),
    }
}

/// Whether PostgreSQL refused an entry of an index. It has one code for that and for answers that are too large, and messages
/// in the language of the server, but the same names of its functions everywhere.
fn is_of_index(reason: &dyn sqlx::error::DatabaseError) -> bool {
    let routine = reason.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|reason| reason.routine());
    routine
        .is_some_and(|routine| routine.starts_with("_bt_check_third_page") || routine.starts_with("index_form_tuple"))
}
