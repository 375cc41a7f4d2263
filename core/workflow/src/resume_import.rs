//! Goes on with an import that was stopped.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_store::import_run::{self, ImportRun, RunState};
use serde_json::json;
use uuid::Uuid;

use crate::imports::SILENCE;
use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::{House, ImportRecords, Permit, WorkflowError};

/// Puts a run that was cancelled, failed or lost its program into the queue again.
pub async fn resume_import(
    house: &Arc<House>,
    by: Permit<'_, ImportRecords>,
    id: Uuid,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let once = Once::new(&by, key, "resumeImport", &[id.as_bytes()])?;
    if let Some(known) = once.answered(&house.database).await? {
        return uuid_in(&known);
    }
    let missing = || WorkflowError::NotFound("there is no such import".to_owned());
    stopped(house, &import_run::find(&house.database, id).await?.ok_or_else(missing)?, now)?;
    let promise = house.imports.promise()?;
    house.imports.left(id).await?;
    let transaction = house.database.begin().await?;
    let run = import_run::find(&transaction, id).await?.ok_or_else(missing)?;
    stopped(house, &run, now)?;
    if !import_run::queue(&transaction, &run, now).await? {
        return Err(WorkflowError::refused("the import goes on already"));
    }
    if !once.remember(&transaction, json!(id), now).await? {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    transaction.commit().await?;
    house.imports.enqueue(house, id, promise);
    Ok(id)
}

/// Refuses a run that is not stopped, or whose files are not here.
fn stopped(house: &House, run: &ImportRun, now: DateTime<Utc>) -> Result<(), WorkflowError> {
    let silent = now - run.moved_at;
    let refusal = match run.state {
        RunState::Done => "the import came to its end; there is nothing to go on with".to_owned(),
        RunState::Queued => "the import waits for its turn".to_owned(),
        RunState::Running if silent < SILENCE => {
            format!("the import goes on: it moved {} seconds ago", silent.num_seconds().max(0))
        }
        _ if !house.imports.folder(run.id).is_here() => {
            "its files were not sent to this server; go on where it was started, with `guildhall import --resume`"
                .to_owned()
        }
        _ => return Ok(()),
    };
    Err(WorkflowError::refused(refusal))
}
