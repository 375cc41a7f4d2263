//! Proposes a strategy: a draft that others simulate and approve before it decides.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_store::strategy::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::activate_strategy::{read_strategy, sound};
use crate::life::{Life, keepable_document};
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, House, Permit, WorkflowError};

const ACT: &str = "proposeStrategy";

/// A draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    pub strategy: Uuid,
    /// What is questionable about it, one sentence each.
    pub warnings: Vec<String>,
}

/// Makes a draft of a document that has no errors. Nothing decides otherwise for it.
pub async fn propose_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    document: &str,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Proposed, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let points = house.points_in_force().await?;
    let candidate = read_strategy(&house.model, &points, document)?;
    let warnings = sound(house, &points, &candidate, now).await?;
    keepable_document(&candidate)?;
    let once = Once::under(&by, key, ACT, &[document.as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return remembered(known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let version = life.make(document, &life.read(document)?, Status::Draft, &[]).await?;
    let answer = Proposed { strategy: version.id, warnings };
    turn.end(json!(answer), now).await?;
    Ok(answer)
}

fn remembered(known: serde_json::Value) -> Result<Proposed, WorkflowError> {
    serde_json::from_value(known)
        .map_err(|error| WorkflowError::Internal(format!("a stored answer cannot be read: {error}")))
}
