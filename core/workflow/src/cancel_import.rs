//! Ends an import that waits or goes on.

use chrono::{DateTime, Utc};
use guildhall_store::import_run;
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::{House, ImportRecords, Permit, WorkflowError};

/// Ends a run; what it has written stays. Its program stops with the batch it is at.
pub async fn cancel_import(
    house: &House,
    by: Permit<'_, ImportRecords>,
    id: Uuid,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let once = Once::new(&by, key, "cancelImport", &[id.as_bytes()])?;
    let transaction = house.database.begin().await?;
    if let Some(known) = once.answered(&transaction).await? {
        return uuid_in(&known);
    }
    let found = import_run::find(&transaction, id).await?;
    let run = found.ok_or_else(|| WorkflowError::NotFound("there is no such import".to_owned()))?;
    if !import_run::cancel(&transaction, id, now).await? {
        let state = run.state.name();
        return Err(WorkflowError::refused(format!(
            "the import is {state}; only one that waits or goes on is cancelled"
        )));
    }
    if !once.remember(&transaction, json!(id), now).await? {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    transaction.commit().await?;
    house.imports.forget(id);
    Ok(id)
}
