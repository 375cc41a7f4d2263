//! Gives an installed plugin other settings.

use chrono::{DateTime, Utc};
use guildhall_store::plugin;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::install_plugin::{stored, uuid_in};
use crate::once::Once;
use crate::standing::installation;
use crate::succession::settings;
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Sets all settings of a plugin: what is not given has its default. Nothing is set unless all of them can be.
pub async fn set_plugin_settings(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    given: Map<String, Value>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let body = serde_json::to_vec(&given).unwrap_or_default();
    let once = Once::under(&by, key, "setPluginSettings", &[id.as_bytes(), &body])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let plugin = installation(&turn.transaction, id).await?;
    let package = stored(&turn.transaction, &plugin).await?.map_err(WorkflowError::refused)?;
    let settings = settings(&package, given, &by, now)?;
    plugin::set_settings(&turn.transaction, id, &settings).await?;
    turn.end(json!(id), now).await?;
    Ok(id)
}
