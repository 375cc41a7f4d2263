//! Import run: how far an import is, written in the transactions that write its records, so that it can go on where it was
//! stopped.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::import_run;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

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
    /// What it was started with.
    pub setup: serde_json::Value,
    /// How far it is.
    pub progress: serde_json::Value,
    /// Why it failed.
    pub problem: Option<String>,
    pub started_at: DateTime<Utc>,
    /// When it last said how far it is.
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    Running,
    Done,
    Cancelled,
    Failed,
}

impl RunState {
    const NAMES: [(&'static str, RunState); 4] = [
        ("RUNNING", RunState::Running),
        ("DONE", RunState::Done),
        ("CANCELLED", RunState::Cancelled),
        ("FAILED", RunState::Failed),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }
}

pub async fn insert(transaction: &Transaction, run: &ImportRun) -> Result<(), StoreError> {
    let cells = [
        ("id", Kind::Id, run.id.into()),
        ("actor", Kind::Text, run.actor.clone().into()),
        ("source", Kind::Text, run.source.clone().into()),
        ("mapping_digest", Kind::Text, run.mapping_digest.clone().into()),
        ("state", Kind::Text, run.state.name().into()),
        ("epoch", Kind::Int, run.epoch.into()),
        ("setup", Kind::Json, Value::Json(run.setup.clone())),
        ("progress", Kind::Json, Value::Json(run.progress.clone())),
        ("problem", Kind::Text, run.problem.clone().into()),
        ("started_at", Kind::DateTime, run.started_at.into()),
        ("updated_at", Kind::DateTime, run.updated_at.into()),
    ];
    row::insert(transaction, "import_run", &cells, "").await.map(drop)
}

pub async fn find(on: &impl Reads, id: Uuid) -> Result<Option<ImportRun>, StoreError> {
    on.link().find(import_run::Entity::find_by_id(id)).await?.map(read).transpose()
}

/// The latest run of a mapping, whatever became of it.
pub async fn latest(on: &impl Reads, mapping_digest: &str) -> Result<Option<ImportRun>, StoreError> {
    let query = import_run::Entity::find()
        .filter(import_run::Column::MappingDigest.eq(mapping_digest))
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

/// Says how far a run is, or how it ended. False if it is no longer the caller's: cancelled, or gone on with by another.
pub async fn advance(
    transaction: &Transaction,
    run: &ImportRun,
    state: RunState,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let cells = [
        ("id", Kind::Id, run.id.into()),
        ("epoch", Kind::Int, run.epoch.into()),
        ("state", Kind::Text, state.name().into()),
        ("progress", Kind::Json, Value::Json(run.progress.clone())),
        ("problem", Kind::Text, run.problem.clone().into()),
        ("updated_at", Kind::DateTime, now.into()),
    ];
    let sql = match transaction.dialect() {
        crate::Dialect::Postgres => {
            r#"UPDATE "import_run" SET "state" = $3, "progress" = $4::json, "problem" = $5, "updated_at" = $6 WHERE "id" = $1 AND "epoch" = $2 AND "state" = 'RUNNING'"#
        }
        crate::Dialect::Sqlite => {
            r#"UPDATE "import_run" SET "state" = $3, "progress" = $4, "problem" = $5, "updated_at" = $6 WHERE "id" = $1 AND "epoch" = $2 AND "state" = 'RUNNING'"#
        }
    };
    Ok(transaction.execute(sql, row::bind(transaction, "import_run", &cells)?).await? == 1)
}

/// Takes a run over that is not done. False if another was faster.
pub async fn take_over(transaction: &Transaction, run: &ImportRun, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = [
        ("id", Kind::Id, run.id.into()),
        ("epoch", Kind::Int, run.epoch.into()),
        ("updated_at", Kind::DateTime, now.into()),
    ];
    let sql = r#"UPDATE "import_run" SET "state" = 'RUNNING', "problem" = NULL, "epoch" = "epoch" + 1, "updated_at" = $3 WHERE "id" = $1 AND "epoch" = $2 AND "state" <> 'DONE'"#;
    Ok(transaction.execute(sql, row::bind(transaction, "import_run", &cells)?).await? == 1)
}

/// Ends a run from outside. False if it is not running.
pub async fn cancel(transaction: &Transaction, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = [("id", Kind::Id, id.into()), ("updated_at", Kind::DateTime, now.into())];
    let sql =
        r#"UPDATE "import_run" SET "state" = 'CANCELLED', "updated_at" = $2 WHERE "id" = $1 AND "state" = 'RUNNING'"#;
    Ok(transaction.execute(sql, row::bind(transaction, "import_run", &cells)?).await? == 1)
}

fn read(row: import_run::Model) -> Result<ImportRun, StoreError> {
    let state = RunState::NAMES.iter().find(|(name, _)| *name == row.state).map(|(_, state)| *state);
    Ok(ImportRun {
        id: row.id,
        actor: row.actor,
        source: row.source,
        mapping_digest: row.mapping_digest,
        state: state.ok_or_else(|| StoreError::internal("an import run is in a state that does not exist"))?,
        epoch: row.epoch,
        setup: row.setup,
        progress: row.progress,
        problem: row.problem,
        started_at: row.started_at,
        updated_at: row.updated_at,
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
                problem: None,
                started_at: now(),
                updated_at: now(),
            };
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &run).await.unwrap();
            assert!(advance(&transaction, &run, RunState::Running, now()).await.unwrap());
            assert!(take_over(&transaction, &run, now()).await.unwrap());
            assert!(!take_over(&transaction, &run, now()).await.unwrap());
            assert!(!advance(&transaction, &run, RunState::Done, now()).await.unwrap());
            let taken = ImportRun { epoch: 2, ..run.clone() };
            assert_eq!(latest(&transaction, "d").await.unwrap(), Some(taken.clone()));
            assert!(cancel(&transaction, run.id, now()).await.unwrap());
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
}
