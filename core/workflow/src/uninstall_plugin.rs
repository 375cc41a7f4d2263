//! Takes a plugin away.

use chrono::{DateTime, Utc};
use guildhall_plugin_host::dependency::broken_by;
use guildhall_store::plugin::{self, Status};
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::standing::installation;
use crate::succession::standing_of;
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Uninstalls a plugin that no other needs. Its package and the decisions it took part in stay.
pub async fn uninstall_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let once = Once::under(&by, key, "uninstallPlugin", &[id.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let plugin = installation(&turn.transaction, id).await?;
    let others: Vec<_> = plugin::present(&turn.transaction).await?.iter().map(standing_of).collect();
    let broken = broken_by(&plugin.name, None, &others);
    if !broken.is_empty() {
        return Err(WorkflowError::Refused(broken));
    }
    plugin::set_status(&turn.transaction, id, Status::Removed, &by.name, now).await?;
    turn.end(json!(id), now).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use guildhall_store::plugin::Plugin;

    use super::*;
    use crate::testing::{admin, houses, installed, now};

    async fn insert(house: &House, plugin: &Plugin) {
        let transaction = house.database.begin().await.unwrap();
        plugin::insert(&transaction, plugin).await.unwrap();
        transaction.commit().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn repeats_at_once_are_all_answered_alike() {
        for (house, _fixture) in houses().await {
            let plugin = installed("credit-rules", "1.0.0");
            insert(&house, &plugin).await;
            let repeats: Vec<_> = (0..8)
                .map(|_| {
                    let house = Arc::clone(&house);
                    tokio::spawn(async move {
                        uninstall_plugin(&house, admin("ada").permit().unwrap(), plugin.id, Some("k"), now()).await
                    })
                })
                .collect();
            for repeat in repeats {
                assert_eq!(repeat.await.unwrap().unwrap(), plugin.id);
            }
            assert_eq!(plugin::present(&house.database).await.unwrap(), []);
        }
    }

    #[tokio::test]
    async fn what_another_needs_stays() {
        for (house, _fixture) in houses().await {
            let scores = Plugin { provides: Some("1.0.0".to_owned()), ..installed("scores", "1.0.0") };
            let mail =
                Plugin { requires: json!([{ "plugin": "scores", "version": "^1" }]), ..installed("mail", "1.0.0") };
            insert(&house, &scores).await;
            insert(&house, &mail).await;
            let ada = admin("ada");
            let refused = uninstall_plugin(&house, ada.permit().unwrap(), scores.id, None, now()).await.unwrap_err();
            assert_eq!(refused.to_string(), "`mail` requires `scores` ^1; uninstall `mail` first");
            uninstall_plugin(&house, ada.permit().unwrap(), mail.id, None, now()).await.unwrap();
            uninstall_plugin(&house, ada.permit().unwrap(), scores.id, None, now()).await.unwrap();
        }
    }
}
