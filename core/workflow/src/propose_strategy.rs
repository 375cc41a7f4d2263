//! Proposes a strategy: a draft that others simulate and approve before it decides.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_store::strategy::Status;
use serde_json::json;
use uuid::Uuid;

use crate::activate_strategy::{read_strategy, sound};
use crate::install_plugin::uuid_in;
use crate::life::{Life, keepable_document};
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, House, Permit, WorkflowError};

const ACT: &str = "proposeStrategy";

/// Makes a draft of a document that has no errors, and gives its id. Nothing decides otherwise for it.
pub async fn propose_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    document: &str,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let points = house.points_in_force().await?;
    let candidate = read_strategy(&house.model, &points, document)?;
    sound(house, &points, &candidate, now).await?;
    keepable_document(&candidate)?;
    let once = Once::under(&by, key, ACT, &[document.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let version = life.make(document, &life.read(document)?, Status::Draft, &[]).await?;
    turn.end(json!(version.id), now).await?;
    Ok(version.id)
}
