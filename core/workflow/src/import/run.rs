//! A run of an import: entry by entry, batch by batch, each batch a transaction that also says how far the run is.

mod fates;
mod note;
mod shelves;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_model::Model;
use guildhall_store::business_day::{self, BusinessDay};
use guildhall_store::import_run::{self, ImportRun, RunState};
use guildhall_store::{Transaction, facts, generation};
use uuid::Uuid;

use super::claims::Claims;
use super::folder::Folder;
use super::load::{Load, Stop};
use super::mapping::{FileMapping, Mapping};
use super::record::{Made, Pass, Record, Recorder, Remembers, Waiting};
use super::refusal::Fault;
use super::rejects::{REASONS, Rejects};
use super::rows::Rows;
use super::scratch::Scratch;
use super::side_table::{Folders, SideTables};
use super::{FileReport, Import, ImportError, Progress, Report};
use crate::assign_segments::assign_within;
use crate::refresh_facts::{begin_recount, recount_lot};
use crate::{House, WorkflowError};
use fates::{failed, recollect, uncount};
use note::{Position, Setup, begin, new_run, note, resume, start};
use shelves::{REJECTED, REJECTED_BEFORE, claims, earlier, hierarchy, planned, shelf, taken, updated};

/// Bytes of rows, or of what is made of them where that is more, that are read before they are written.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Records shown of what would be written.
const SAMPLE: usize = 3;

struct Runner<'a> {
    import: &'a Import<'a>,
    house: &'a House,
    mapping: &'a Mapping,
    /// Where rows come from, and where what they look up does.
    folder: &'a Folder,
    rows_folder: &'a Folder,
    scratch: Arc<Scratch>,
    tables: SideTables,
    rejects: Rejects,
    /// None where nothing is written.
    run: Option<ImportRun>,
    position: Position,
    as_of: NaiveDate,
}

pub(super) async fn run(
    import: &Import<'_>,
    house: &House,
    progress: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Report, ImportError> {
    let database = &house.database;
    let Ready { mapping, folder, other, mut setup } = ready(import, &house.model)?;
    let rows_folder = other.as_ref().unwrap_or(&folder);
    let (run, position) = match (import.run, import.dry_run, import.resume) {
        (Some(id), ..) => {
            let (run, position) = start(import, database, &mut setup, id).await?;
            (Some(run), position)
        }
        (None, true, _) => (None, Position::default()),
        (None, false, false) => (Some(begin(import, database, &mapping, &setup).await?), Position::default()),
        (None, false, true) => {
            let (run, position) = resume(import, database, &mapping, &mut setup).await?;
            (Some(run), position)
        }
    };
    let scratch = Arc::new(Scratch::new().map_err(ImportError::File)?);
    let rejects = Rejects::new(&setup.rejects, Arc::clone(&scratch), REJECTED, position.rejects.clone());
    let rejects = rejects.map_err(ImportError::File)?;
    let tables = SideTables::new(&mapping, Arc::clone(&scratch));
    let as_of = setup.as_of;
    let mut runner = Runner {
        import,
        house,
        mapping: &mapping,
        folder: &folder,
        rows_folder,
        scratch,
        tables,
        rejects,
        run,
        position,
        as_of,
    };
    match runner.run(progress).await {
        Ok(report) => Ok(report),
        Err(error) => {
            let error = match error {
                ImportError::File(refusal) => ImportError::Stopped(refusal),
                error => error,
            };
            runner.fail(&error).await;
            Err(error)
        }
    }
}

/// An import whose mapping and files were looked at.
struct Ready {
    mapping: Mapping,
    folder: Folder,
    /// Where rows come from instead.
    other: Option<Folder>,
    setup: Setup,
}

/// What can be refused before anything is written, is: a missing file of the last entry costs no waiting.
fn ready(import: &Import<'_>, model: &Model) -> Result<Ready, ImportError> {
    let mapping = Mapping::open(import.mapping, model).map_err(ImportError::Mapping)?;
    let folder = Folder::open(import.dir).map_err(ImportError::File)?;
    let other = import.rows.map(Folder::open).transpose().map_err(ImportError::File)?;
    let rows_folder = other.as_ref().unwrap_or(&folder);
    let mut stamps = BTreeMap::new();
    let mut read = Vec::new();
    for file in &mapping.files {
        if import.rows.is_some() {
            check_by_itself(&mapping, file)?;
        }
        if import.rows.is_none() || rows_folder.has(&file.file) {
            open(rows_folder, &mapping, file)?;
            stamps.insert(file.file.clone(), rows_folder.stamp(&file.file).map_err(ImportError::File)?);
            read.push(rows_folder.path(&file.file).map_err(ImportError::File)?);
        }
    }
    SideTables::check(Folders { all: &folder, corrected: other.as_ref() }, &mapping).map_err(ImportError::Mapping)?;
    let mut looked_up = BTreeMap::new();
    for table in &mapping.tables {
        looked_up.insert(table.file.clone(), folder.stamp(&table.file).map_err(ImportError::File)?);
        read.push(folder.path(&table.file).map_err(ImportError::File)?);
    }
    let rejecting: Vec<&str> = mapping.files.iter().map(|file| file.file.as_str()).collect();
    Rejects::check(import.rejects, &rejecting, &read).map_err(ImportError::File)?;
    let setup = Setup {
        dir: import.dir.to_owned(),
        rows: import.rows.map(ToOwned::to_owned),
        rejects: import.rejects.to_owned(),
        as_of: mapping.as_of.unwrap_or(import.today),
        stamps,
        looked_up,
    };
    Ok(Ready { mapping, folder, other, setup })
}

pub(super) fn queued(import: &Import<'_>, model: &Model, id: Uuid) -> Result<ImportRun, ImportError> {
    let Ready { mapping, setup, .. } = ready(import, model)?;
    Ok(ImportRun { state: RunState::Queued, ..new_run(import, &mapping, &setup, id)? })
}

/// Whether rows of this entry mean the same without the others of their file.
fn check_by_itself(mapping: &Mapping, file: &FileMapping) -> Result<(), ImportError> {
    let needs = file.needs(mapping.format(&file.file));
    if needs.positions.is_empty() && !file.once {
        return Ok(());
    }
    let fault = Fault::new(
        format!("rows of `{}` are counted or merged, and so cannot be taken without the others of the file", file.file),
        "correct them in the file itself and import it again; what has not changed stays as it is",
    );
    Err(ImportError::Mapping(fault.at(&mapping.name, file.line)))
}

/// Opens the file of an entry and checks that it has every column the entry and the derived columns are made of, even those
/// nobody asks for: a name that is wrong is told with the rest.
fn open(folder: &Folder, mapping: &Mapping, file: &FileMapping) -> Result<Rows, ImportError> {
    let format = mapping.format(&file.file);
    let rows = folder.rows(&file.file, Arc::clone(format)).map_err(ImportError::File)?;
    let known = rows.header().check(&file.file, file.columns().into_iter().chain(format.derived_from()));
    known.map_err(|(fault, line)| ImportError::Mapping(fault.at(&mapping.name, line)))?;
    Ok(rows)
}

impl Runner<'_> {
    async fn run(&mut self, progress: &mut (dyn FnMut(Progress<'_>) + Send)) -> Result<Report, ImportError> {
        let mapping = self.mapping;
        for (shelf, told) in (REJECTED_BEFORE..).zip(&self.position.told) {
            recollect(self.rejects.folder(), *told, &self.scratch, shelf).map_err(ImportError::File)?;
        }
        for (index, file) in mapping.files.iter().enumerate() {
            if self.position.files.len() <= index {
                let (file, object) = (file.file.clone(), file.object.name.clone());
                self.position.files.push(FileReport { file, object, ..FileReport::default() });
            }
            if self.import.rows.is_some() && !self.rows_folder.has(&file.file) {
                continue;
            }
            if self.position.entry > index {
                // Later entries must not make its records again, so their ids are read once more.
                if mapping.files.iter().skip(self.position.entry).any(|later| later.object.name == file.object.name) {
                    self.remember(index, file, progress).await?;
                }
                continue;
            }
            if self.position.links {
                self.remember(index, file, progress).await?;
            }
            if !self.position.links {
                self.pass(index, file, Pass::Records, progress).await?;
                self.position = Position { links: true, rows: 0, ..std::mem::take(&mut self.position) };
            }
            if !file.to_own_type().is_empty() {
                self.pass(index, file, Pass::OwnType, progress).await?;
            }
            self.position = Position { entry: index + 1, links: false, rows: 0, ..std::mem::take(&mut self.position) };
        }
        if !self.import.dry_run {
            self.recount(progress).await?;
        }
        let assigned = self.finish().await?;
        let files = std::mem::take(&mut self.position.files);
        let errors = files.iter().any(|file| file.errors > 0);
        Ok(Report {
            run: self.run.as_ref().map(|run| run.id),
            source: mapping.source.clone(),
            as_of: self.as_of,
            assigned,
            files,
            rejects: errors.then(|| self.rejects.folder().to_owned()),
        })
    }

    /// What follows the last row: the facts of the whole base, some customers after the others, each lot in a transaction that
    /// also says how far the run is.
    async fn recount(&mut self, progress: &mut (dyn FnMut(Progress<'_>) + Send)) -> Result<(), ImportError> {
        if self.position.counted.is_none() {
            let transaction = self.house.database.begin().await?;
            begin_recount(&transaction, self.as_of, self.mapping.as_of.is_some()).await?;
            transaction.commit().await?;
        }
        let mut customers = 0;
        loop {
            let transaction = self.house.database.begin().await?;
            let lot = recount_lot(&transaction, self.position.counted, self.as_of, self.import.now).await?;
            let Some((last, counted)) = lot else { return Ok(transaction.rollback().await?) };
            let position = Position { counted: Some(last), ..self.position.clone() };
            if let Some(run) = &mut self.run {
                note(run, &position)?;
                if !import_run::advance(&transaction, run, RunState::Running, chrono::Utc::now()).await? {
                    return Err(ImportError::Lost);
                }
            }
            transaction.commit().await?;
            self.position = position;
            customers += counted.customers;
            progress(Progress::Facts { customers });
        }
    }

    /// Segments, the calendar and the word that the run is done come in one transaction, so that a run that is done has all of
    /// it, and one that is killed before does it when it goes on. Returns how many customers changed their segment.
    async fn finish(&mut self) -> Result<u64, ImportError> {
        let Some(run) = &mut self.run else { return Ok(0) };
        note(run, &self.position)?;
        let transaction = self.house.database.begin().await?;
        let mut assigned = 0;
        if !self.import.dry_run {
            // First the strategy, then the customers: in this order an activation takes them, too.
            generation::lock(&transaction).await?;
            facts::lock(&transaction).await?;
            let held = self.mapping.as_of.map(|_| self.as_of);
            business_day::set(&transaction, BusinessDay { facts: Some(self.as_of), held }).await?;
            assigned = assign_within(&transaction, self.house, self.import.now).await.map_err(|error| match error {
                WorkflowError::Store(error) => ImportError::Database(error),
                error => ImportError::Segments(error.to_string()),
            })?;
        }
        if !import_run::advance(&transaction, run, RunState::Done, chrono::Utc::now()).await? {
            return Err(ImportError::Lost);
        }
        transaction.commit().await?;
        Ok(assigned)
    }

    /// Reads the file of an entry whose records are settled, for what is to be remembered of it.
    async fn remember(
        &mut self,
        index: usize,
        file: &FileMapping,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<(), ImportError> {
        let position = Position { rows: u64::MAX, ..self.position.clone() };
        let position = std::mem::replace(&mut self.position, position);
        self.pass(index, file, Pass::Records, progress).await?;
        self.position = position;
        Ok(())
    }

    /// Reads the file of an entry once.
    async fn pass(
        &mut self,
        index: usize,
        file: &FileMapping,
        pass: Pass,
        progress: &mut (dyn FnMut(Progress<'_>) + Send),
    ) -> Result<(), ImportError> {
        let earlier = if file.updates { Vec::new() } else { earlier(self.mapping, index) };
        let remembers =
            Remembers { taken: taken(index), earlier, positions: shelf(index, pass), hierarchy: hierarchy(index) };
        let mut recorder = Recorder::new(self.mapping, file, Arc::clone(&self.scratch), remembers, pass);
        let folders = Folders { all: self.folder, corrected: self.import.rows.map(|_| self.rows_folder) };
        self.tables.read(folders, self.mapping, recorder.tables()).map_err(ImportError::File)?;
        let mut rows = open(self.rows_folder, self.mapping, file)?;
        let mut read = 0;
        loop {
            let mut batch = Batch::default();
            let mut ended = false;
            // Settled before the run was stopped; read again for what it has to remember.
            let settled = read < self.position.rows;
            let last = if settled { self.position.rows } else { u64::MAX };
            while batch.rows < self.import.batch && batch.bytes < BATCH_BYTES && read < last {
                let Some(row) = rows.next_row().map_err(ImportError::File)? else {
                    ended = true;
                    break;
                };
                read += 1;
                let line = row.as_ref().map_or_else(|broken| broken.line, |row| row.line);
                if batch.rows == 0 {
                    recorder.unsettled_from(line);
                }
                let left_empty = recorder.left_empty;
                let made = match row {
                    Ok(mut row) => {
                        let made = recorder.record(&mut row, rows.raw(), &self.tables);
                        if let Ok(Made::Waits) = made {
                            batch.waiting.push(recorder.waiting(row, rows.raw()));
                        }
                        made
                    }
                    Err(broken) => Err(broken.fault),
                };
                if let Err(fault) = &made
                    && fault.of_disk
                {
                    return Err(ImportError::File(fault.clone().at(&file.file, line)));
                }
                batch.rows += 1;
                let made_bytes = match &made {
                    Ok(Made::Record(record)) => record.bytes(),
                    _ => 0,
                };
                batch.bytes += rows.raw().len().max(made_bytes);
                batch.left_empty += recorder.left_empty - left_empty;
                match made {
                    Ok(Made::Record(record)) => batch.records.push(*record),
                    Ok(Made::Skipped) => batch.skipped += 1,
                    Ok(Made::Merged) => batch.merged += 1,
                    Ok(Made::Waits) => {}
                    Err(fault) => batch.refused.push((line, rows.raw().to_vec(), fault)),
                }
            }
            if settled && pass == Pass::Records {
                self.recall(index, file, &mut recorder, batch).await?;
            } else if !settled && batch.rows > 0 {
                self.settle(index, file, &mut recorder, batch, rows.first()).await?;
                let errors = self.position.files.iter().map(|file| file.errors).sum();
                progress(Progress::Rows { file: &file.file, object: &file.object.name, rows: read, errors });
            }
            if ended {
                return Ok(());
            }
        }
    }

    /// What writes a batch of an entry, with so many records still wanted as a sample.
    fn load<'l>(&'l self, index: usize, file: &'l FileMapping, samples: usize) -> Load<'l> {
        Load {
            mapping: file,
            scratch: &self.scratch,
            now: self.run.as_ref().map_or(self.import.now, |run| run.started_at),
            planned: self.import.dry_run.then(|| planned(self.mapping, index)),
            claims: Claims::new(&self.house.model, &file.object, claims(self.mapping, index)),
            hierarchy: hierarchy(index),
            updated: updated(index),
            samples: if self.import.dry_run { samples } else { 0 },
        }
    }

    /// Remembers what became of rows that were settled before the run was stopped.
    async fn recall(
        &mut self,
        index: usize,
        file: &FileMapping,
        recorder: &mut Recorder<'_>,
        mut batch: Batch,
    ) -> Result<(), ImportError> {
        let transaction = self.house.database.begin().await?;
        let rejected = Some(REJECTED_BEFORE + index as u32);
        let load = self.load(index, file, 0);
        let done = self.fates(&load, recorder, transaction, &mut batch, rejected).await;
        let (transaction, _) = done.map_err(|stop| failed(file, stop))?;
        Ok(transaction.rollback().await?)
    }

    /// Writes a batch, keeps what cannot be taken, and says how far the run is: all of it or nothing.
    async fn settle(
        &mut self,
        index: usize,
        file: &FileMapping,
        recorder: &mut Recorder<'_>,
        mut batch: Batch,
        header: &[u8],
    ) -> Result<(), ImportError> {
        let mut position = self.position.clone();
        let Some(report) = position.files.get_mut(index) else { return Ok(()) };
        position.rows += batch.rows as u64;
        let load = self.load(index, file, SAMPLE.saturating_sub(report.sample.len()));
        let failed = |stop: Stop| failed(file, stop);
        let pass = recorder.pass();
        let mut refused = std::mem::take(&mut batch.refused);
        let mut transaction = self.house.database.begin().await?;
        match pass {
            Pass::Records => {
                let fates;
                let done = self.fates(&load, recorder, transaction, &mut batch, None).await;
                (transaction, fates) = done.map_err(failed)?;
                report.rows += batch.rows as u64;
                report.created += fates.loaded.upserted.created;
                report.updated += fates.loaded.upserted.updated;
                report.unchanged += fates.loaded.upserted.unchanged;
                report.merged += batch.merged + fates.merged;
                report.skipped += batch.skipped + fates.skipped;
                report.left_empty += batch.left_empty + fates.left_empty;
                report.sample.extend(fates.loaded.sample);
                report.sample.truncate(SAMPLE);
                refused.extend(fates.refused);
            }
            Pass::OwnType => {
                // They were told in the first pass.
                refused.clear();
                let linked = load.link(&transaction, batch.records).await.map_err(failed)?;
                report.unchanged -= linked.changed.min(report.unchanged);
                report.updated += linked.changed;
                for (record, fault, counted) in linked.rejected {
                    uncount(report, counted);
                    refused.push((record.line, record.raw, fault));
                }
            }
        }
        report.errors += refused.len() as u64;
        let transaction = match (self.import.dry_run, &self.run) {
            (false, _) => Some(transaction),
            (true, Some(_)) => Some(transaction.anew().await?),
            (true, None) => {
                transaction.rollback().await?;
                None
            }
        };
        let told = |rejects: &Rejects| rejects.lengths().get(REASONS).copied().unwrap_or(0);
        let before = told(&self.rejects);
        self.keep(file, refused, header, &transaction).await?;
        if pass == Pass::Records {
            position.told.resize(position.told.len().max(index + 1), (before, before));
            if let Some((_, to)) = position.told.get_mut(index) {
                *to = told(&self.rejects);
            }
        }
        position.rejects.clone_from(self.rejects.lengths());
        if let (Some(run), Some(transaction)) = (&mut self.run, transaction) {
            // First the rejected rows, then the word that they are there.
            self.rejects.settle().map_err(ImportError::File)?;
            note(run, &position)?;
            if !import_run::advance(&transaction, run, RunState::Running, chrono::Utc::now()).await? {
                return Err(ImportError::Lost);
            }
            transaction.commit().await?;
        }
        self.position = position;
        Ok(())
    }

    /// Writes rejected rows down. Only who has the run does: were it taken over while this is written, two would write into
    /// the same files, so the transaction that counts the rows keeps it from then on.
    async fn keep(
        &mut self,
        file: &FileMapping,
        mut refused: Vec<Refused>,
        header: &[u8],
        transaction: &Option<Transaction>,
    ) -> Result<(), ImportError> {
        if let (false, Some(run), Some(transaction)) = (refused.is_empty(), &self.run, transaction)
            && !import_run::hold(transaction, run, chrono::Utc::now()).await?
        {
            return Err(ImportError::Lost);
        }
        refused.sort_by_key(|(line, ..)| *line);
        let end = self.mapping.format(&file.file).terminator.as_bytes();
        for (line, raw, fault) in refused {
            self.rejects.add(&fault.at(&file.file, line), header, &raw, end).map_err(ImportError::File)?;
        }
        Ok(())
    }

    /// Notes why the run stopped. That it did is told to the caller in any case.
    async fn fail(&mut self, error: &ImportError) {
        let Some(run) = self.run.as_mut().filter(|_| *error != ImportError::Lost) else { return };
        run.problem = Some(error.to_string());
        let noted = async {
            note(run, &self.position)?;
            let transaction = self.house.database.begin().await?;
            import_run::advance(&transaction, run, RunState::Failed, chrono::Utc::now()).await?;
            Ok::<_, ImportError>(transaction.commit().await?)
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "why an import stopped could not be noted");
        }
    }
}

/// Line, row and reason.
type Refused = (u64, Vec<u8>, Fault);

/// Rows read and not yet settled.
#[derive(Default)]
struct Batch {
    rows: usize,
    bytes: usize,
    records: Vec<Record>,
    waiting: Vec<Waiting>,
    merged: u64,
    skipped: u64,
    left_empty: u64,
    refused: Vec<Refused>,
}
