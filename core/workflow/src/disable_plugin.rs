//! Takes a plugin out of all decisions and keeps it.

use chrono::{DateTime, Utc};
use guildhall_store::plugin::{self, Status};
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::standing::installation;
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Disables a plugin: it is asked no more. Its grant, its settings and what it adds to the schema stay.
pub async fn disable_plugin(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let once = Once::under(&by, key, "disablePlugin", &[id.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let plugin = installation(&turn.transaction, id).await?;
    if plugin.status == Status::Disabled {
        return Err(WorkflowError::refused(format!("`{}` is disabled already", plugin.name)));
    }
    plugin::set_status(&turn.transaction, id, Status::Disabled, &by.name, now).await?;
    turn.end(json!(id), now).await?;
    Ok(id)
}
