//! Imports the files of another system as a mapping file says.
//!
//! The way of a row: [`folder`] opens the file, [`rows`] splits it, [`record`] makes records of it as the [`mapping`] says,
//! [`load`] writes them, [`rejects`] keeps what cannot be taken. Files are read once per entry of the mapping and never held
//! in memory; what an entry has to remember is in the [`scratch`] file. Each batch is a transaction of its own that also
//! says how far the run is, so that it can be killed at any moment and go on. docs/import.md describes the mapping.

mod claims;
mod expression;
mod folder;
mod format;
mod load;
mod mapping;
mod record;
mod refusal;
mod rejects;
mod rows;
mod run;
mod sample;
mod scratch;
mod side_table;
mod source;
mod taken;
mod template;
mod torn;

#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::Model;
use guildhall_store::StoreError;
use guildhall_store::import_run::ImportRun;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::House;
pub use refusal::Refusal;

/// Rows of one transaction. Fewer cost more: each commit writes every page of an index that its rows touch, so that three
/// thousand take a quarter more time. More take memory, and keep others longer from SQLite's one writer.
pub const BATCH: usize = 10_000;

/// The same in a server, where others wait for SQLite's one writer.
pub(crate) const BATCH_IN_SERVER: usize = 1000;

/// An import to be run.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    pub mapping: &'a Path,
    /// The folder with the files.
    pub dir: &'a Path,
    /// A folder to take the rows from instead; what they look up still comes from `dir`.
    pub rows: Option<&'a Path>,
    /// Where rows go that cannot be taken.
    pub rejects: &'a Path,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Rows of one transaction, at most; [`BATCH`] where nothing speaks for another number.
    pub batch: usize,
    /// Go on with the last run of this mapping.
    pub resume: bool,
    /// Do this run, which waits in the queue, from where it is.
    pub run: Option<Uuid>,
    pub actor: &'a str,
    /// The day up to which customer facts count if the mapping does not say.
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
}

/// How far an import is, told after every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    Rows {
        file: &'a str,
        /// The type of the records made of it.
        object: &'a str,
        /// Rows of the file read so far.
        rows: u64,
        /// Rows that could not be taken, in the whole run.
        errors: u64,
    },
    /// All rows are in.
    Facts {
        /// Customers whose facts are others than before, so far.
        customers: u64,
    },
}

/// What an import did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// None where nothing was written.
    pub run: Option<Uuid>,
    pub source: String,
    /// The day up to which customer facts count now.
    pub as_of: NaiveDate,
    /// Customers whose segment changed.
    pub assigned: u64,
    /// One per entry of the mapping, in its order.
    pub files: Vec<FileReport>,
    /// Where the rows are that could not be taken, if there are any.
    pub rejects: Option<PathBuf>,
}

/// What became of the rows of one entry of the mapping: each is one of created, updated, unchanged, merged, skipped and
/// errors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    pub file: String,
    pub object: String,
    /// Rows of the file, blank lines and the header left out.
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Rows that are more of a record that an earlier row made.
    pub merged: u64,
    /// Rows the mapping does not take.
    pub skipped: u64,
    /// Rows that could not be taken.
    pub errors: u64,
    /// Values that could not be read and were left empty, as the mapping says.
    pub left_empty: u64,
    /// The first records as they would be written, field by field. Only where nothing is written.
    pub sample: Vec<Vec<(String, String)>>,
}

impl Report {
    pub fn errors(&self) -> u64 {
        self.files.iter().map(|file| file.errors).sum()
    }
}

/// Refuses a name that no mapping may have for a file.
pub(crate) fn check_file_name(name: &str) -> Result<(), String> {
    mapping::check_file(name).map_err(|fault| format!("{}; {}", fault.reason, fault.remedy))
}

impl FileReport {
    /// As it is told to programs.
    pub fn json(&self) -> Value {
        let sample = |cells: &Vec<(String, String)>| -> Value {
            cells.iter().map(|(name, text)| (name.clone(), json!(text))).collect::<Map<_, _>>().into()
        };
        json!({
            "file": self.file, "type": self.object, "rows": self.rows, "created": self.created, "updated": self.updated,
            "unchanged": self.unchanged, "merged": self.merged, "skipped": self.skipped, "errors": self.errors,
            "leftEmpty": self.left_empty, "sample": self.sample.iter().map(sample).collect::<Vec<_>>(),
        })
    }
}

/// Why an import did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("the mapping is refused: {0}")]
    Mapping(Refusal),
    /// Before anything was written.
    #[error("the import is refused: {0}")]
    File(Refusal),
    #[error("the import stopped: {0}; what came before is in")]
    Stopped(Refusal),
    #[error("there is nothing to go on with: {0}; run the import without `--resume`")]
    NothingToResume(String),
    #[error("the run was cancelled, or another program goes on with it")]
    Lost,
    #[error("`{object}` records of `{file}` could not be written: {error}")]
    Store { file: String, object: String, error: Box<StoreError> },
    #[error("the customers could not be assigned their segments: {0}; what was read is in")]
    Segments(String),
    #[error("how far the run is could not be noted: {0}")]
    Unnoted(String),
    #[error(transparent)]
    Database(#[from] StoreError),
}

impl Import<'_> {
    /// Imports every file the mapping names, then brings the customer facts up to the mapping's `as_of` and assigns every
    /// customer its segment: a run has come to its end when all of that is done. Records are
    /// recognised by their source and their id there, so a second run of the same files changes nothing. Rows that cannot
    /// be taken are rejected and stop no others. On an error what was written until then stays, and `resume` goes on.
    pub async fn run(
        &self,
        house: &House,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<Report, ImportError> {
        run::run(self, house, progress).await
    }

    /// Checks all that can be checked before anything is written, and gives the run as it waits in the queue. It reads files.
    pub(crate) fn queued(&self, model: &Model, id: Uuid) -> Result<ImportRun, ImportError> {
        run::queued(self, model, id)
    }
}
