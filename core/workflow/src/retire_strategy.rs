//! Withdraws a strategy that does not decide for all: a proposal, an approval, a challenger.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_store::generation;
use guildhall_store::strategy::Status;
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::life::Life;
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, House, Permit, WorkflowError};

const ACT: &str = "retireStrategy";

/// Retires a version, and gives its id. Who proposed it may, and every approver of the strategy in force. The active one is
/// retired by activating another.
pub async fn retire_strategy(
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
    if version.status == Status::Active {
        return Err(WorkflowError::refused("the active strategy is retired by activating another"));
    }
    if version.status == Status::Retired {
        return Err(WorkflowError::refused(format!("strategy {number} is retired already")));
    }
    if version.proposed_by != by.name {
        life.approver(&life.read(&version.document)?)?;
    }
    life.go(&version, Status::Retired, &[("retiredAt", now.into()), ("activateAt", Value::Null)]).await?;
    if version.status == Status::Challenger {
        generation::bump(&turn.transaction).await?;
    }
    turn.end(json!(version.id), now).await?;
    Ok(version.id)
}
