//! Imports the files of another system as a mapping file says: all of them, or nothing.
//!
//! The way of a row: [`folder`] opens the file, [`rows`] splits it, [`record`] makes records of it as the [`mapping`] says,
//! [`load`] writes them. Files are read once per entry of the mapping and never held in memory; only the keys of what
//! an entry needs from other files are ([`side_table`]). docs/import.md describes the mapping.

mod expression;
mod folder;
mod load;
mod mapping;
mod record;
mod refusal;
mod rows;
mod side_table;
mod template;

#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::Model;
use guildhall_store::{Database, StoreError, Transaction};

use crate::refresh_facts::refresh_within;
use folder::Folder;
use load::Load;
use mapping::{FileMapping, Mapping};
use record::Recorder;
pub use refusal::Refusal;
use side_table::SideTables;

/// Rows that are read before they are written.
const BATCH: usize = 1000;

/// How far an import is, told after every batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub file: &'a str,
    /// The type of the records made of it.
    pub object: &'a str,
    /// Lines of the file read so far.
    pub lines: u64,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub source: String,
    /// The day up to which customer facts count now.
    pub as_of: NaiveDate,
    /// One per entry of the mapping, in its order.
    pub files: Vec<FileReport>,
}

/// What became of one entry of the mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    pub file: String,
    pub object: String,
    /// Lines of the file, the header among them.
    pub lines: u64,
    /// Rows that the mapping says to skip.
    pub skipped: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("the mapping is refused: {0}")]
    Mapping(Refusal),
    #[error("the import is refused: {0}")]
    Row(Refusal),
    #[error("`{object}` records of `{file}` could not be written: {error}")]
    Store { file: String, object: String, error: Box<StoreError> },
    #[error(transparent)]
    Database(#[from] StoreError),
}

/// Imports every file the mapping names from the folder `dir`, then brings the customer facts up to the mapping's `as_of`,
/// or else up to `today`. Records are recognised by the mapping's source and their id there, so a second run of the same
/// files changes nothing. On an error nothing is changed.
pub async fn import(
    database: &Database,
    model: &Model,
    mapping_path: &Path,
    dir: &Path,
    today: NaiveDate,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Report, ImportError> {
    let mapping = Mapping::open(mapping_path, model).map_err(ImportError::Mapping)?;
    let folder = Folder::open(dir, mapping.notation.separator).map_err(ImportError::Row)?;
    // What can be refused before the database is touched, is: a missing file of the last entry costs no waiting.
    for file in &mapping.files {
        open(&folder, &mapping, file)?;
        SideTables::check(&folder, &mapping, file)?;
    }
    let as_of = mapping.as_of.unwrap_or(today);
    let transaction = database.begin().await?;
    let mut files = Vec::with_capacity(mapping.files.len());
    for file in &mapping.files {
        match import_file(&transaction, &folder, &mapping, file, now, progress).await {
            Ok(report) => files.push(report),
            Err(error) => {
                transaction.rollback().await?;
                return Err(error);
            }
        }
    }
    refresh_within(&transaction, as_of, now).await?;
    transaction.commit().await?;
    Ok(Report { source: mapping.source, as_of, files })
}

async fn import_file(
    transaction: &Transaction,
    folder: &Folder,
    mapping: &Mapping,
    file: &FileMapping,
    now: DateTime<Utc>,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<FileReport, ImportError> {
    let mut rows = open(folder, mapping, file)?;
    let tables = SideTables::read(folder, mapping, file).map_err(ImportError::Row)?;
    let mut recorder = Recorder::new(mapping, file, tables);
    let load = Load { transaction, source: &mapping.source, now };
    let mut report = FileReport { file: file.file.clone(), object: file.object.name.clone(), ..FileReport::default() };
    loop {
        let mut records = Vec::with_capacity(BATCH);
        let mut ended = false;
        while records.len() < BATCH {
            let Some(row) = rows.next_row().map_err(ImportError::Row)? else {
                ended = true;
                break;
            };
            match recorder.record(&row).map_err(|fault| ImportError::Row(fault.at(&file.file, row.line)))? {
                Some(record) => records.push(record),
                None => report.skipped += 1,
            }
        }
        if !records.is_empty() {
            let upserted = load.write(file, records).await?;
            report.created += upserted.created;
            report.updated += upserted.updated;
            report.unchanged += upserted.unchanged;
        }
        report.lines = rows.lines();
        progress(Progress { file: &file.file, object: &file.object.name, lines: report.lines });
        if ended {
            return Ok(report);
        }
    }
}

/// Opens the file of an entry and checks that it has every column the entry reads.
fn open(folder: &Folder, mapping: &Mapping, file: &FileMapping) -> Result<rows::Rows, ImportError> {
    let rows = folder.rows(&file.file).map_err(ImportError::Row)?;
    let missing = file.columns().into_iter().find(|(column, _)| !rows.header().has(column));
    match missing {
        None => Ok(rows),
        Some((column, line)) => {
            let mut fault = rows.header().unknown(column);
            fault.reason = format!("{} in `{}`", fault.reason, file.file);
            Err(ImportError::Mapping(fault.at(&mapping.name, line)))
        }
    }
}
