//! Takes a plugin out of all decisions.

use chrono::{DateTime, Utc};
use guildhall_model::Role;
use guildhall_store::plugin;
use serde_json::json;
use uuid::Uuid;

use crate::once::Once;
use crate::{Actor, House, WorkflowError};

/// Removes an installed plugin. Its package and the decisions it took part in stay. Only an admin does.
pub async fn remove_plugin(
    house: &House,
    by: &Actor,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    if by.role < Role::Admin {
        return Err(WorkflowError::refused("only an admin removes plugins"));
    }
    let once = key.map(|key| Once::new(by, key, "removePlugin", &[id.as_bytes()])).transpose()?;
    let transaction = house.database.begin().await?;
    if let Some(once) = &once
        && once.answered(&transaction).await?.is_some()
    {
        return Ok(());
    }
    let installed = plugin::installed(&transaction).await?;
    let known = installed.iter().find(|plugin| plugin.id == id);
    let known = known.ok_or_else(|| WorkflowError::NotFound("that plugin is not installed".to_owned()))?;
    plugin::remove(&transaction, &known.name, now).await?;
    if let Some(once) = &once
        && !once.remember(&transaction, json!(id), now).await?
    {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    Ok(transaction.commit().await?)
}
