//! Lets a strategy decide for a share of the customers, beside the one in force.

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_model::Value;
use guildhall_store::generation;
use guildhall_store::strategy::{self, Status};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::install_plugin::uuid_in;
use crate::life::Life;
use crate::once::Once;
use crate::turn::{Begun, Turn};
use crate::{ActivateStrategy, House, Permit, WorkflowError};

const ACT: &str = "challengeStrategy";

/// Makes an approved version the challenger, and gives its id. Which customers it decides for hangs on their ids and on its
/// document alone: always the same ones, and with a larger share the same and more.
pub async fn challenge_strategy(
    house: &House,
    by: Permit<'_, ActivateStrategy>,
    number: i32,
    share: Decimal,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    let now = now.trunc_subsecs(3);
    if share <= Decimal::ZERO || share >= Decimal::ONE || share.normalize().scale() > 4 {
        let message = "`share` must lie between 0 and 1, with at most 4 decimal places: 0.1 is 10 %";
        return Err(WorkflowError::invalid("share", message));
    }
    let once = Once::under(&by, key, ACT, &[&number.to_be_bytes(), share.normalize().to_string().as_bytes()])?;
    let turn = match Turn::begin(house, once).await? {
        Begun::Before(known) => return uuid_in(&known),
        Begun::Now(turn) => turn,
    };
    let life = Life::begin(house, &turn.transaction, &by.name, ACT, now).await?;
    let version = life.version(number).await?;
    let candidate = life.read(&version.document)?;
    life.approver(&candidate)?;
    life.ready(&version, &candidate)?;
    if life.in_force.is_none() {
        return Err(WorkflowError::NoActiveStrategy);
    }
    if let Some(other) = strategy::challenger(&turn.transaction).await? {
        return Err(WorkflowError::refused(format!(
            "strategy {} is the challenger; retire or activate it first",
            other.number
        )));
    }
    let values = [
        ("challengedAt", Value::from(now)),
        ("challengedBy", by.name.as_str().into()),
        ("challengerShare", share.into()),
    ];
    life.go(&version, Status::Challenger, &values).await?;
    generation::bump(&turn.transaction).await?;
    turn.end(json!(version.id), now).await?;
    Ok(version.id)
}
