//! Takes a disabled plugin back into decisions.

use chrono::{DateTime, Utc};
use guildhall_store::plugin::{self, Status};
use serde_json::json;
use uuid::Uuid;

use crate::deployment::check_installed;
use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::standing::installation;
use crate::succession::{Present, alone, served};
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Enables a plugin, if it can be asked: what has changed since it was disabled is looked at again.
pub async fn enable_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    // Loading takes long, so it is done before the turn; nobody can change a package.
    let loaded = match plugin::find(&house.database, id).await? {
        Some(plugin) => check_installed(house, &plugin).await?.map(drop),
        None => Ok(()),
    };
    let once = Once::under(&by, key, "enablePlugin", &[id.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let plugin = installation(&turn.transaction, id).await?;
    if plugin.status == Status::Installed {
        return Err(WorkflowError::refused(format!("`{}` is not disabled", plugin.name)));
    }
    loaded.map_err(WorkflowError::refused)?;
    let present = Present::read(&turn.transaction).await?;
    let objections = alone(house, &present, &plugin.name, &served(&plugin).collect::<Vec<_>>());
    if !objections.is_empty() {
        return Err(WorkflowError::Refused(objections));
    }
    plugin::set_status(&turn.transaction, id, Status::Installed, &by.name, now).await?;
    turn.end(json!(id), now).await?;
    Ok(id)
}
