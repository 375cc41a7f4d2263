//! Trusts a publisher's signatures no longer.

use chrono::{DateTime, Utc};
use guildhall_store::publisher;
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{House, ManagePlugins, Permit, WorkflowError};

/// Ends the trust in a publisher. What is installed stays: it was approved field by field.
pub async fn distrust_publisher(
    house: &House,
    by: Permit<'_, ManagePlugins>,
    id: Uuid,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let once = Once::under(&by, key, "distrustPublisher", &[id.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    if !publisher::distrust(&turn.transaction, id, &by.name, now).await? {
        return Err(WorkflowError::NotFound("that publisher is not trusted".to_owned()));
    }
    turn.end(json!(id), now).await?;
    Ok(id)
}
