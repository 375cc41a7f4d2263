//! Goes back to the strategy that decided before.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_store::strategy;
use serde_json::json;

use crate::activate_strategy::{Activated, remembered};
use crate::life::Life;
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, House, Permit, WorkflowError};

const ACT: &str = "rollbackStrategy";

/// Makes the version that was active before the active one active again, under its own number. An approver of the strategy in force
/// may, alone and at once: the version was approved when it first decided.
pub async fn rollback_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Activated, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let once = Once::under(&by, key, ACT, &[])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return remembered(known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let Some((in_force, _)) = &life.in_force else { return Err(WorkflowError::NoActiveStrategy) };
    let Some(version) = strategy::before(&turn.transaction).await? else {
        return Err(WorkflowError::refused(format!("no strategy decided before strategy {}", in_force.number)));
    };
    let candidate = life.read(&version.document).map_err(|error| {
        WorkflowError::refused(format!("strategy {} does not fit the plugins any more: {error}", version.number))
    })?;
    life.approver(&candidate)?;
    let assigned = life.activate(&version, &candidate, &[("activatedBy", Value::from(by.name.as_str()))]).await?;
    let answer = Activated { strategy: version.id, number: version.number, assigned, warnings: Vec::new() };
    turn.end(json!(answer), now).await?;
    Ok(answer)
}
