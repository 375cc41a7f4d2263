//! Import run: how far an import is, written in the transactions that write its records, so that it can go on where it was
//! stopped.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::column::parameter;
use crate::entity::import_run;
use crate::link::Reads;
use crate::row::{self, Cell};
use crate::{StoreError, Transaction};

/// One run of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportRun {
    pub id: Uuid,
    /// Who started it.
    pub actor: String,
    /// The system the records come from.
    pub source: String,
    /// SHA-256 of the mapping, in hex.
    pub mapping_digest: String,
    pub state: RunState,
    /// Counts who works on it: a program that finds another number has lost the run to another.
    pub epoch: i32,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// What it was started with.
    pub setup: serde_json::Value,
    /// How far it is.
    pub progress: serde_json::Value,
    /// The same for those who watch.
    pub counts: RunCounts,
    /// The counts of each entry of the mapping.
    pub report: serde_json::Value,
    /// Why it failed.
    pub problem: Option<String>,
    pub started_at: DateTime<Utc>,
    /// When it last gave a sign of life.
    pub moved_at: DateTime<Utc>,
}

/// What became of the rows so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    pub rows: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub merged: u64,
    pub skipped: u64,
    pub errors: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Waits for a program to work on it.
    Queued,
    Running,
    Done,
    Cancelled,
    Failed,
}

impl RunState {
    const NAMES: [(&'static str, RunState); 5] = [
        ("QUEUED", RunState::Queued),
        ("RUNNING", RunState::Running),
        ("DONE", RunState::Done),
        ("CANCELLED", RunState::Cancelled),
        ("FAILED", RunState::Failed),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }

    fn is_end(self) -> bool {
        matches!(self, RunState::Done | RunState::Cancelled | RunState::Failed)
    }
}

impl RunCounts {
    fn cells(self) -> [Cell<'static>; 7] {
        [
            ("rows", self.rows),
            ("created", self.created),
            ("updated", self.updated),
            ("unchanged", self.unchanged),
            ("merged", self.merged),
            ("skipped", self.skipped),
            ("errors", self.errors),
        ]
        .map(|(name, count)| (name, Kind::Int, i32::try_from(count).unwrap_or(i32::MAX).into()))
    }
}

pub async fn insert(transaction: &Transaction, run: &ImportRun) -> Result<(), StoreError> {
    let mut cells = row::new_record(run.id, run.started_at);
    cells.extend(run.counts.cells());
    cells.extend([
        ("actor", Kind::Text, run.actor.clone().into()),
        ("source", Kind::Text, run.source.clone().into()),
        ("mapping_digest", Kind::Text, run.mapping_digest.clone().into()),
        ("state", Kind::Text, run.state.name().into()),
        ("epoch", Kind::Int, run.epoch.into()),
        ("dry_run", Kind::Bool, Value::Bool(run.dry_run)),
        ("setup", Kind::Json, Value::Json(run.setup.clone())),
        ("progress", Kind::Json, Value::Json(run.progress.clone())),
        ("report", Kind::Json, Value::Json(run.report.clone())),
        ("problem", Kind::Text, run.problem.clone().into()),
        ("started_at", Kind::DateTime, run.started_at.into()),
        ("moved_at", Kind::DateTime, run.moved_at.into()),
    ]);
    row::insert(transaction, "import_run", &cells, "").await.map(drop)
}

pub async fn find(on: &impl Reads, id: Uuid) -> Result<Option<ImportRun>, StoreError> {
    on.link().find(import_run::Entity::find_by_id(id)).await?.map(read).transpose()
}

/// The latest run of a mapping that wrote something, whatever became of it.
pub async fn latest(on: &impl Reads, mapping_digest: &str) -> Result<Option<ImportRun>, StoreError> {
    let query = import_run::Entity::find()
        .filter(import_run::Column::MappingDigest.eq(mapping_digest))
        .filter(import_run::Column::DryRun.eq(false))
        .order_by_desc(import_run::Column::StartedAt)
        .order_by_desc(import_run::Column::Id);
    on.link().find(query).await?.map(read).transpose()
}

/// The latest `limit` runs, latest first.
pub async fn list(on: &impl Reads, limit: u64) -> Result<Vec<ImportRun>, StoreError> {
    let query = import_run::Entity::find()
        .order_by_desc(import_run::Column::StartedAt)
        .order_by_desc(import_run::Column::Id)
        .limit(limit);
    on.link().find_all(query).await?.into_iter().map(read).collect()
}

/// Runs that should go on and have given no sign of life since `moment`, oldest first.
pub async fn silent_since(on: &impl Reads, moment: DateTime<Utc>) -> Result<Vec<ImportRun>, StoreError> {
    let query = import_run::Entity::find()
        .filter(import_run::Column::State.is_in([RunState::Queued.name(), RunState::Running.name()]))
        .order_by_asc(import_run::Column::StartedAt)
        .order_by_asc(import_run::Column::Id);
    let runs: Vec<_> = on.link().find_all(query).await?.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(runs.into_iter().filter(|run| run.moved_at < moment).collect())
}

/// Says how far a run is, or how it ended. False if it is no longer the caller's: cancelled, or gone on with by another.
pub async fn advance(
    transaction: &Transaction,
    run: &ImportRun,
    state: RunState,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut cells = state_cells(state, now);
    cells.extend(run.counts.cells());
    cells.extend([
        ("progress", Kind::Json, Value::Json(run.progress.clone())),
        ("report", Kind::Json, Value::Json(run.report.clone())),
        ("problem", Kind::Text, run.problem.clone().into()),
    ]);
    change(transaction, run.id, Some(run.epoch), &cells, &[RunState::Running], false).await
}

/// Keeps a run from being cancelled or taken over until the transaction ends. False if it is no longer the caller's.
pub async fn hold(transaction: &Transaction, run: &ImportRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = [("moved_at", Kind::DateTime, now.into())];
    change(transaction, run.id, Some(run.epoch), &cells, &[RunState::Running], false).await
}

/// Takes a run over that is not done. False if another was faster.
pub async fn take_over(transaction: &Transaction, run: &ImportRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let from = [RunState::Queued, RunState::Running, RunState::Cancelled, RunState::Failed];
    again(transaction, run, RunState::Running, &from, now).await
}

/// Puts a run that was stopped into the queue. Whoever still works on it loses it. False if another was faster.
pub async fn queue(transaction: &Transaction, run: &ImportRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let from = [RunState::Running, RunState::Cancelled, RunState::Failed];
    again(transaction, run, RunState::Queued, &from, now).await
}

/// Takes a run out of the queue. False if another was faster.
pub async fn start(transaction: &Transaction, run: &ImportRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    again(transaction, run, RunState::Running, &[RunState::Queued], now).await
}

async fn again(
    transaction: &Transaction,
    run: &ImportRun,
    state: RunState,
    from: &[RunState],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut cells = state_cells(state, now);
    cells.push(("problem", Kind::Text, None::<String>.into()));
    change(transaction, run.id, Some(run.epoch), &cells, from, true).await
}

/// Ends a run from outside. False if it neither runs nor waits.
pub async fn cancel(transaction: &Transaction, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = state_cells(RunState::Cancelled, now);
    change(transaction, id, None, &cells, &[RunState::Queued, RunState::Running], false).await
}

/// Says why a run cannot go on, for who could not even begin with it. False if it is another's by now.
pub async fn fail(
    transaction: &Transaction,
    run: &ImportRun,
    problem: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut cells = state_cells(RunState::Failed, now);
    cells.push(("problem", Kind::Text, problem.into()));
    change(transaction, run.id, Some(run.epoch), &cells, &[RunState::Queued, RunState::Running], false).await
}

/// Says that a run is still worked on.
pub async fn touch(transaction: &Transaction, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = [("moved_at", Kind::DateTime, now.into())];
    change(transaction, id, None, &cells, &[RunState::Running], false).await
}

fn state_cells(state: RunState, now: DateTime<Utc>) -> Vec<Cell<'static>> {
    vec![
        ("state", Kind::Text, state.name().into()),
        ("moved_at", Kind::DateTime, now.into()),
        ("ended_at", Kind::DateTime, if state.is_end() { now.into() } else { Value::Null }),
    ]
}

/// Changes a run that is in one of the states `from`, and of this epoch if one is said. Says whether it was.
async fn change(
    transaction: &Transaction,
    id: Uuid,
    epoch: Option<i32>,
    cells: &[Cell<'_>],
    from: &[RunState],
    taken: bool,
) -> Result<bool, StoreError> {
    let dialect = transaction.dialect();
    let mut set: Vec<_> = cells
        .iter()
        .enumerate()
        .map(|(index, (name, kind, _))| format!(r#""{name}" = {}"#, parameter(dialect, kind, index + 1)))
        .collect();
    let moved = cells.iter().position(|(name, ..)| *name == "moved_at").map_or(0, |index| index + 1);
    set.push(format!(r#""version" = "version" + 1, "updated_at" = ${moved}"#));
    if taken {
        set.push(r#""epoch" = "epoch" + 1"#.to_owned());
    }
    let from: Vec<_> = from.iter().map(|state| format!("'{}'", state.name())).collect();
    let mut sql = format!(
        r#"UPDATE "import_run" SET {} WHERE "state" IN ({}) AND "id" = ${}"#,
        set.join(", "),
        from.join(", "),
        cells.len() + 1
    );
    let mut bound = cells.to_vec();
    bound.push(("id", Kind::Id, id.into()));
    if let Some(epoch) = epoch {
        bound.push(("epoch", Kind::Int, epoch.into()));
        sql.push_str(&format!(r#" AND "epoch" = ${}"#, bound.len()));
    }
    Ok(transaction.execute(&sql, row::bind(transaction, "import_run", &bound)?).await? == 1)
}

fn read(row: import_run::Model) -> Result<ImportRun, StoreError> {
    let state = RunState::NAMES.iter().find(|(name, _)| *name == row.state).map(|(_, state)| *state);
    let count = |number: i32| u64::try_from(number).unwrap_or(0);
    let lacks = || StoreError::internal("an import run lacks what it was started with");
    Ok(ImportRun {
        id: row.id,
        actor: row.actor,
        source: row.source.unwrap_or_default(),
        mapping_digest: row.mapping_digest.ok_or_else(lacks)?,
        state: state.ok_or_else(|| StoreError::internal("an import run is in a state that does not exist"))?,
        epoch: row.epoch.ok_or_else(lacks)?,
        dry_run: row.dry_run,
        setup: row.setup.ok_or_else(lacks)?,
        progress: row.progress.ok_or_else(lacks)?,
        counts: RunCounts {
            rows: count(row.rows),
            created: count(row.created),
            updated: count(row.updated),
            unchanged: count(row.unchanged),
            merged: count(row.merged),
            skipped: count(row.skipped),
            errors: count(row.errors),
        },
        report: row.report,
        problem: row.problem,
        started_at: row.started_at,
        moved_at: row.moved_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    #[tokio::test]
    async fn a_run_has_one_worker_and_ends_once() {
        for (database, _fixture) in databases().await {
            let run = ImportRun {
                id: Uuid::now_v7(),
                actor: "ada".to_owned(),
                source: "shop".to_owned(),
                mapping_digest: "d".to_owned(),
                state: RunState::Running,
                epoch: 1,
                setup: serde_json::json!({"dir": "/data"}),
                progress: serde_json::json!({"rows": 0}),
                dry_run: false,
                counts: RunCounts { rows: 7, errors: 1, ..RunCounts::default() },
                report: serde_json::json!([]),
                problem: None,
                started_at: now(),
                moved_at: now(),
            };
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &run).await.unwrap();
            assert!(advance(&transaction, &run, RunState::Running, now()).await.unwrap());
            assert!(take_over(&transaction, &run, now()).await.unwrap());
            assert!(!take_over(&transaction, &run, now()).await.unwrap());
            assert!(!advance(&transaction, &run, RunState::Done, now()).await.unwrap());
            assert!(!hold(&transaction, &run, now()).await.unwrap());
            let taken = ImportRun { epoch: 2, ..run.clone() };
            assert_eq!(latest(&transaction, "d").await.unwrap(), Some(taken.clone()));
            assert!(hold(&transaction, &taken, now()).await.unwrap());
            assert!(cancel(&transaction, run.id, now()).await.unwrap());
            assert!(!hold(&transaction, &taken, now()).await.unwrap());
            assert!(!cancel(&transaction, run.id, now()).await.unwrap());
            assert!(!advance(&transaction, &taken, RunState::Done, now()).await.unwrap());
            assert!(take_over(&transaction, &taken, now()).await.unwrap());
            let last = ImportRun { epoch: 3, ..run.clone() };
            assert!(advance(&transaction, &last, RunState::Done, now()).await.unwrap());
            assert!(!take_over(&transaction, &last, now()).await.unwrap());
            transaction.commit().await.unwrap();
            assert_eq!(list(&database, 10).await.unwrap().len(), 1);
            assert_eq!(find(&database, run.id).await.unwrap().unwrap().state, RunState::Done);
            assert_eq!(find(&database, Uuid::nil()).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_queued_run_is_started_by_one() {
        for (database, _fixture) in databases().await {
            let later = now() + chrono::TimeDelta::seconds(1);
            let run = ImportRun {
                id: Uuid::now_v7(),
                actor: "ada".to_owned(),
                source: "shop".to_owned(),
                mapping_digest: "d".to_owned(),
                state: RunState::Queued,
                epoch: 1,
                setup: serde_json::json!({}),
                progress: serde_json::json!({}),
                dry_run: true,
                counts: RunCounts::default(),
                report: serde_json::json!([]),
                problem: None,
                started_at: now(),
                moved_at: now(),
            };
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &run).await.unwrap();
            assert_eq!(latest(&transaction, "d").await.unwrap(), None);
            assert_eq!(silent_since(&transaction, now()).await.unwrap(), []);
            assert_eq!(silent_since(&transaction, later).await.unwrap(), std::slice::from_ref(&run));
            assert!(!queue(&transaction, &run, now()).await.unwrap());
            assert!(start(&transaction, &run, now()).await.unwrap());
            assert!(!start(&transaction, &run, now()).await.unwrap());
            assert!(touch(&transaction, run.id, later).await.unwrap());
            assert_eq!(silent_since(&transaction, later).await.unwrap(), []);
            let started = ImportRun { epoch: 2, ..run.clone() };
            assert!(queue(&transaction, &started, now()).await.unwrap());
            assert!(!advance(&transaction, &started, RunState::Running, now()).await.unwrap());
            assert!(!fail(&transaction, &started, "lost", now()).await.unwrap());
            let queued = ImportRun { epoch: 3, ..run.clone() };
            assert!(fail(&transaction, &queued, "gone", now()).await.unwrap());
            let failed = find(&transaction, run.id).await.unwrap().unwrap();
            assert_eq!((failed.state, failed.problem.as_deref()), (RunState::Failed, Some("gone")));
            assert!(queue(&transaction, &failed, now()).await.unwrap());
            assert!(cancel(&transaction, run.id, now()).await.unwrap());
            assert!(!touch(&transaction, run.id, later).await.unwrap());
            transaction.commit().await.unwrap();
        }
    }
}
