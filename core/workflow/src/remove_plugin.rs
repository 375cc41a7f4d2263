//! Takes a plugin out of all decisions.

use chrono::{DateTime, Utc};
use guildhall_store::{generation, plugin};
use serde_json::json;
use uuid::Uuid;

use crate::once::Once;
use crate::plugin_set::settle;
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Removes an installed plugin, and with it what it brought to the schema. Its package and the decisions it took part in stay.
/// Refused while the strategy in force or another plugin needs what it brings.
pub async fn remove_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let once = key.map(|key| Once::new(&by, key, "removePlugin", &[id.as_bytes()])).transpose()?;
    let transaction = house.database.begin().await?;
    generation::lock(&transaction).await?;
    if let Some(once) = &once
        && once.answered(&transaction).await?.is_some()
    {
        return Ok(());
    }
    let installed = plugin::installed(&transaction).await?;
    let known = installed.iter().find(|plugin| plugin.id == id);
    let known = known.ok_or_else(|| WorkflowError::NotFound("that plugin is not installed".to_owned()))?;
    plugin::remove(&transaction, &known.name, now).await?;
    settle(house, &transaction, now).await?;
    if let Some(once) = &once
        && !once.remember(&transaction, json!(id), now).await?
    {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use guildhall_store::plugin::Plugin;

    use super::*;
    use crate::testing::{admin, houses, now};

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn repeats_at_once_are_all_answered_alike() {
        for (house, _fixture) in houses().await {
            let installed = Plugin {
                id: Uuid::now_v7(),
                name: "credit-rules".to_owned(),
                plugin_version: "1.0.0".to_owned(),
                department: "finance".to_owned(),
                digest: "of the package".to_owned(),
                size: 1,
                points: json!([]),
                contribution: json!({}),
                installed_at: now(),
                installed_by: "ada".to_owned(),
            };
            let transaction = house.database.begin().await.unwrap();
            plugin::insert(&transaction, &installed).await.unwrap();
            transaction.commit().await.unwrap();
            let repeats: Vec<_> = (0..8)
                .map(|_| {
                    let house = Arc::clone(&house);
                    tokio::spawn(async move {
                        remove_plugin(&house, admin("ada").permit().unwrap(), installed.id, Some("k"), now()).await
                    })
                })
                .collect();
            for repeat in repeats {
                repeat.await.unwrap().unwrap();
            }
            assert_eq!(plugin::installed(&house.database).await.unwrap(), []);
        }
    }
}
