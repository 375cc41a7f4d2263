//! What becomes of the rows of a batch: who is written, who waits for whom, and what of it a run that goes on has to know again.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use guildhall_store::Transaction;

use super::{Batch, Refused, Runner};
use crate::import::load::{Absent, Counted, Load, Loaded, Stop};
use crate::import::mapping::FileMapping;
use crate::import::record::{Made, Record, Recorder};
use crate::import::refusal::{Fault, Refusal};
use crate::import::rejects::REASONS;
use crate::import::scratch::Scratch;
use crate::import::{FileReport, ImportError};

/// What became of a batch.
#[derive(Default)]
pub(super) struct Fates {
    pub(super) loaded: Loaded,
    pub(super) merged: u64,
    pub(super) skipped: u64,
    /// Values left empty in rows that had waited.
    pub(super) left_empty: u64,
    pub(super) refused: Vec<Refused>,
}

impl Runner<'_> {
    /// Writes the records of a batch, and gives the ids back of those that cannot be written, so that no later row is taken for
    /// more of them. Rows that waited for one of those get their turn.
    ///
    /// Where the rows were `settled` by an earlier part of the run nothing is written, only remembered: `settled` is the shelf
    /// with the lines that were rejected then.
    pub(super) async fn fates(
        &self,
        load: &Load<'_>,
        recorder: &mut Recorder<'_>,
        mut transaction: Transaction,
        batch: &mut Batch,
        settled: Option<u32>,
    ) -> Result<(Transaction, Fates), Stop> {
        let mut fates = Fates::default();
        let left_empty = recorder.left_empty;
        let mut absent = Absent::new();
        let (mut records, mut waiting) = (std::mem::take(&mut batch.records), std::mem::take(&mut batch.waiting));
        let mut first = true;
        loop {
            let mut loaded;
            match settled {
                None => (transaction, loaded) = load.write(transaction, records, first).await?,
                Some(shelf) => loaded = load.recall(&transaction, records, shelf).await?,
            }
            first = false;
            absent.extend(loaded.absent.drain());
            let mut free = fates.give_back(recorder, &mut loaded)?;
            fates.loaded.add(loaded);
            records = Vec::new();
            // A row may wait for one that waited itself.
            while free && !waiting.is_empty() {
                let mut lost = Loaded::default();
                let mut still = Vec::new();
                for row in waiting {
                    match recorder.again(&row, &self.tables) {
                        Ok(Made::Record(record)) => {
                            records.extend(lost.unless_lost(load.mapping, *record, &absent));
                        }
                        Ok(Made::Waits | Made::Merged) => still.push(row),
                        Ok(Made::Skipped) => fates.skipped += 1,
                        Err(fault) if fault.of_disk => return Err(fault.into()),
                        Err(fault) => fates.refused.push((row.row.line, row.raw, fault)),
                    }
                }
                waiting = still;
                free = fates.give_back(recorder, &mut lost)?;
            }
            if records.is_empty() {
                fates.merged += waiting.len() as u64;
                fates.left_empty = recorder.left_empty - left_empty;
                return Ok((transaction, fates));
            }
        }
    }
}

impl Fates {
    /// Whether any record was lost.
    fn give_back(&mut self, recorder: &Recorder<'_>, loaded: &mut Loaded) -> Result<bool, Fault> {
        let lost = loaded.rejected.len() + loaded.skipped.len();
        for record in loaded.skipped.drain(..) {
            recorder.give_back(&record)?;
            self.skipped += 1;
        }
        for (record, fault) in loaded.rejected.drain(..) {
            recorder.give_back(&record)?;
            let Record { line, raw, .. } = record;
            self.refused.push((line, raw, fault));
        }
        Ok(lost > 0)
    }
}

/// Remembers the lines that an earlier part of the run has rejected: `from` where, `to` where they stand in the file of
/// reasons.
pub(super) fn recollect(folder: &Path, (from, to): (u64, u64), scratch: &Scratch, shelf: u32) -> Result<(), Refusal> {
    if from == to {
        return Ok(());
    }
    let failed = |reason: String| {
        let fault = Fault::new(
            format!("what was rejected before cannot be read: {reason}"),
            "run the import without `--resume`",
        );
        fault.about(&folder.join(REASONS).display().to_string())
    };
    let opened = File::open(folder.join(REASONS)).and_then(|mut file| file.seek(SeekFrom::Start(from)).map(|_| file));
    let file = opened.map_err(|error| failed(error.to_string()))?;
    let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file.take(to - from));
    for row in rows.records() {
        let row = row.map_err(|error| failed(error.to_string()))?;
        // The header is none.
        if let Some(line) = row.get(1).and_then(|line| line.parse::<u64>().ok()) {
            scratch.put(shelf, &line.to_be_bytes(), &[]).map_err(|fault| fault.about(REASONS))?;
        }
    }
    Ok(())
}

/// The error of an entry that could not be written.
pub(super) fn failed(file: &FileMapping, stop: Stop) -> ImportError {
    match stop {
        Stop::Scratch(fault) => ImportError::File(fault.about(&file.file)),
        Stop::Store(error) => {
            ImportError::Store { file: file.file.clone(), object: file.object.name.clone(), error: Box::new(error) }
        }
    }
}

/// Takes a record out of the count that has it. What an earlier entry made of it counts there, so this one may have counted
/// it as something else.
pub(super) fn uncount(report: &mut FileReport, counted: Counted) {
    let FileReport { created, updated, unchanged, .. } = report;
    let counters = match counted {
        Counted::Created => [created, unchanged, updated],
        Counted::Updated => [updated, unchanged, created],
        Counted::Unchanged => [unchanged, updated, created],
    };
    if let Some(counter) = counters.into_iter().find(|counter| **counter > 0) {
        *counter -= 1;
    }
}
