//! Approves a strategy that was proposed.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_store::strategy::{Status, Strategy};
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::life::Life;
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, House, Permit, WorkflowError};

const ACT: &str = "approveStrategy";

/// Approves a version, as an approver of the strategy in force, and gives its id. Where that asks for four eyes, who proposed it
/// does not; where it asks for a simulation, there has been one.
pub async fn approve_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    number: i32,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let once = Once::under(&by, key, ACT, &[&number.to_be_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let version = life.version(number).await?;
    let candidate = life.read(&version.document)?;
    life.approver(&candidate)?;
    // As it would be when it is approved.
    life.ready(&Strategy { approved_by: Some(by.name.clone()), ..version.clone() }, &candidate)?;
    let values = [("approvedAt", Value::from(now)), ("approvedBy", by.name.as_str().into())];
    life.go(&version, Status::Approved, &values).await?;
    turn.end(json!(version.id), now).await?;
    Ok(version.id)
}
