//! A run as it is written down: what it was started with, and how far it is.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{NaiveDate, SubsecRound};
use guildhall_store::Database;
use guildhall_store::import_run::{self, ImportRun, RunCounts, RunState};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::import::mapping::Mapping;
use crate::import::{FileReport, Import, ImportError};

/// What a run was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setup {
    pub(super) dir: PathBuf,
    pub(super) rows: Option<PathBuf>,
    pub(super) rejects: PathBuf,
    pub(super) as_of: NaiveDate,
    /// What tells of each file whether it is still the same.
    pub(super) stamps: BTreeMap<String, String>,
    /// The same of each file that is looked into.
    #[serde(default)]
    pub(super) looked_up: BTreeMap<String, String>,
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The entry, and whether its records are linked now.
    pub(super) entry: usize,
    pub(super) links: bool,
    /// Rows of the file whose fate is settled in this pass.
    pub(super) rows: u64,
    pub(super) files: Vec<FileReport>,
    /// How long the files of rejected rows are.
    pub(super) rejects: BTreeMap<String, u64>,
    /// By entry, from where to where in the file of reasons those of its records stand.
    #[serde(default)]
    pub(super) told: Vec<(u64, u64)>,
    /// The last customer whose facts are counted, once all rows are in.
    #[serde(default)]
    pub(super) counted: Option<Uuid>,
}

pub(super) fn new_run(
    import: &Import<'_>,
    mapping: &Mapping,
    setup: &Setup,
    id: Uuid,
) -> Result<ImportRun, ImportError> {
    Ok(ImportRun {
        id,
        actor: import.actor.to_owned(),
        source: mapping.source.clone(),
        mapping_digest: mapping.digest.clone(),
        state: RunState::Running,
        epoch: 1,
        dry_run: import.dry_run,
        setup: json(setup)?,
        progress: json(&Position::default())?,
        counts: RunCounts::default(),
        report: serde_json::json!([]),
        problem: None,
        started_at: import.now.trunc_subsecs(3),
        moved_at: import.now,
    })
}

pub(super) fn note(run: &mut ImportRun, position: &Position) -> Result<(), ImportError> {
    run.progress = json(position)?;
    run.report = position.files.iter().map(FileReport::json).collect();
    let sum = |count: fn(&FileReport) -> u64| position.files.iter().map(count).sum();
    run.counts = RunCounts {
        rows: sum(|file| file.rows),
        created: sum(|file| file.created),
        updated: sum(|file| file.updated),
        unchanged: sum(|file| file.unchanged),
        merged: sum(|file| file.merged),
        skipped: sum(|file| file.skipped),
        errors: sum(|file| file.errors),
    };
    Ok(())
}

pub(super) async fn begin(
    import: &Import<'_>,
    database: &Database,
    mapping: &Mapping,
    setup: &Setup,
) -> Result<ImportRun, ImportError> {
    let run = new_run(import, mapping, setup, Uuid::now_v7())?;
    let transaction = database.begin().await?;
    import_run::insert(&transaction, &run).await?;
    transaction.commit().await?;
    Ok(run)
}

/// Takes the last run of the mapping over, if the files are still those it was started with.
pub(super) async fn resume(
    import: &Import<'_>,
    database: &Database,
    mapping: &Mapping,
    setup: &mut Setup,
) -> Result<(ImportRun, Position), ImportError> {
    let nothing = |reason: &str| ImportError::NothingToResume(reason.to_owned());
    let transaction = database.begin().await?;
    let last = import_run::latest(&transaction, &mapping.digest).await?;
    let mut run = last.ok_or_else(|| nothing("this mapping was never run, or it was changed since"))?;
    if run.state == RunState::Done {
        return Err(nothing("its last run came to its end"));
    }
    if !import_run::take_over(&transaction, &run, import.now).await? {
        return Err(ImportError::Lost);
    }
    // Only now: what a killed program had sent may have been committed in between.
    run = import_run::find(&transaction, run.id).await?.ok_or(ImportError::Lost)?;
    let (before, position) = before(&run, setup)?;
    transaction.commit().await?;
    *setup = before;
    Ok((run, position))
}

/// Takes a run out of the queue. Its files lie where the caller says; a copy elsewhere would do.
pub(super) async fn start(
    import: &Import<'_>,
    database: &Database,
    setup: &mut Setup,
    id: Uuid,
) -> Result<(ImportRun, Position), ImportError> {
    let transaction = database.begin().await?;
    let mut run = import_run::find(&transaction, id)
        .await?
        .ok_or_else(|| ImportError::NothingToResume("there is no such run".to_owned()))?;
    if !import_run::start(&transaction, &run, import.now).await? {
        return Err(ImportError::Lost);
    }
    run = import_run::find(&transaction, id).await?.ok_or(ImportError::Lost)?;
    let (before, position) = before(&run, setup)?;
    transaction.commit().await?;
    setup.as_of = before.as_of;
    // Where nothing is written, nothing is left of what it had done.
    Ok((run, if import.dry_run { Position::default() } else { position }))
}

/// What a run was started with and how far it came, if the files are still those it was started with.
fn before(run: &ImportRun, setup: &Setup) -> Result<(Setup, Position), ImportError> {
    let nothing = |reason: &str| ImportError::NothingToResume(reason.to_owned());
    let before: Setup = serde_json::from_value(run.setup.clone()).map_err(|error| nothing(&error.to_string()))?;
    let position: Position =
        serde_json::from_value(run.progress.clone()).map_err(|error| nothing(&error.to_string()))?;
    let same = before.stamps == setup.stamps && before.looked_up == setup.looked_up;
    if !same || before.rows.is_some() != setup.rows.is_some() {
        return Err(nothing("the files have changed since it was stopped"));
    }
    Ok((before, position))
}

fn json(value: &impl Serialize) -> Result<serde_json::Value, ImportError> {
    serde_json::to_value(value).map_err(|error| ImportError::Unnoted(error.to_string()))
}
