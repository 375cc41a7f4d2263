//! Releases an order that is held for credit: a person answers for it, within the authority the strategy gives his role.
//! What a ground rule holds is released by nobody.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_decision::{Authority, Money, Place, Strategy};
use guildhall_model::plan::Visible;
use guildhall_store::credit::{Reserved, check_again, stop};
use guildhall_store::{Transaction, business_day, facts, generation};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::credit::{self, Asked, Credit};
use crate::facts_of::facts_tree;
use crate::held_order::{Held, Release, overrule};
use crate::once::Once;
use crate::recording::{self, Recording};
use crate::sight::seen;
use crate::writing::{Writing, object};
use crate::{Actor, Deployment, House, Permit, ReleaseHolds, WorkflowError};

const ACT: &str = "releaseHold";
const ATTEMPTS: usize = 3;

/// What is to be released, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToRelease {
    pub hold: Uuid,
    pub reason: String,
    pub idempotency_key: String,
}

/// A hold, now released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    pub order: Uuid,
    pub decision: Uuid,
}

/// Releases a hold of an order. Credit is decided about anew, so that the record says what was set aside, and the release is
/// put down as an override of that decision if it still says no.
pub async fn release_hold(
    house: &House,
    deployment: &Arc<Deployment>,
    by: Permit<'_, ReleaseHolds>,
    sight: &Visible,
    wanted: &ToRelease,
    now: DateTime<Utc>,
) -> Result<Released, WorkflowError> {
    let now = now.trunc_subsecs(3);
    if wanted.reason.trim().is_empty() {
        return Err(WorkflowError::invalid("reason", "`reason` must say why the hold is released"));
    }
    let once = Once::new(&by, &wanted.idempotency_key, ACT, &[wanted.hold.as_bytes(), wanted.reason.as_bytes()])?;
    if let Some(known) = once.answered(&house.database).await? {
        return remembered(known);
    }
    let holds = object(house, "Hold")?;
    if !seen(house, &house.database, sight, &[(holds, wanted.hold)]).await?.is_empty() {
        let mut deployment = Arc::clone(deployment);
        for _ in 0..ATTEMPTS {
            if let Some(released) = attempt(house, &deployment, &by, wanted, &once, now).await? {
                return Ok(released);
            }
            deployment = Arc::new(Deployment::load(house).await?);
        }
        return Err(WorkflowError::Busy(
            "the order changed again and again while it was released; try again".to_owned(),
        ));
    }
    Err(WorkflowError::NotFound("there is no such hold".to_owned()))
}

fn remembered(known: Json) -> Result<Released, WorkflowError> {
    serde_json::from_value(known)
        .map_err(|error| WorkflowError::Internal(format!("a stored answer cannot be read: {error}")))
}

fn not_held() -> WorkflowError {
    WorkflowError::refused("the hold stops no order any more")
}

/// Nothing if the order, the strategy or the plugins changed meanwhile.
async fn attempt(
    house: &House,
    deployment: &Deployment,
    by: &Actor,
    wanted: &ToRelease,
    once: &Once<'_>,
    now: DateTime<Utc>,
) -> Result<Option<Released>, WorkflowError> {
    let (asked, owed) = look(house, wanted.hold).await?;
    let point = credit::point(deployment)?;
    let request = asked.request(point)?;
    let tree = facts_tree(house, deployment, point, &[asked.customer]).await?;
    let facts = deployment.facts_in(&tree).map_err(|error| WorkflowError::Internal(format!("the facts: {error}")))?;
    let facts = facts.first().ok_or_else(|| WorkflowError::NotFound("there is no such customer".to_owned()))?;
    authorized(&deployment.deciding(&facts.id)?.strategy, by, &owed)?;
    let decided = credit::decide(deployment, point, facts, &request, now).await?;
    let credit = Credit::of(&decided.verdict);
    credit.releasable()?;
    let transaction = house.database.begin().await?;
    if generation::hold(&transaction).await? != deployment.generation {
        transaction.rollback().await?;
        return Ok(None);
    }
    facts::hold(&transaction).await?;
    let held = Held::lock(house, &transaction, wanted.hold).await?.ok_or_else(not_held)?;
    if held.asked()? != asked {
        transaction.rollback().await?;
        return Ok(None);
    }
    let recording = Recording {
        point,
        customer: asked.customer,
        request: &request,
        facts,
        decided: &decided,
        by: &by.name,
        at: now,
    };
    let decision = recording::append(house, deployment, &transaction, &recording).await?;
    if let Some(stop) = stop(&transaction, asked.customer, Some(held.order.id), now).await? {
        return Err(WorkflowError::refused(credit::stopped(stop)));
    }
    let current = credit::now(house, deployment, &transaction, &recording).await?;
    current.releasable()?;
    room(&transaction, &current, &asked, now).await?;
    let mut writing = Writing::new(house, &transaction, &by.name, ACT, now);
    if !credit.approved {
        overrule(&mut writing, decision, &by.name, &wanted.reason, now).await?;
    }
    let release = Release { by: &by.name, why: &wanted.reason, decision, at: now };
    held.release(&mut writing, &release).await?;
    writing.finish().await?;
    if !credit.approved {
        check_again(&transaction, held.order.id, Some(credit.released_until(now))).await?;
    }
    let released = Released { order: held.order.id, decision };
    let answer = serde_json::to_value(&released).map_err(|error| WorkflowError::Internal(error.to_string()))?;
    if !once.remember(&transaction, answer, now).await? {
        transaction.rollback().await?;
        return remembered(once.answered(&house.database).await?.unwrap_or_default()).map(Some);
    }
    transaction.commit().await?;
    Ok(Some(released))
}

/// The order a hold stops, as credit sees it, and what it comes to in its own currency.
async fn look(house: &House, hold: Uuid) -> Result<(Asked, Money), WorkflowError> {
    let transaction = house.database.begin().await?;
    let held = Held::lock(house, &transaction, hold).await?;
    transaction.rollback().await?;
    let held = held.ok_or_else(not_held)?;
    let asked = held.asked()?;
    let amount = asked.amount;
    Ok((asked, Money { amount, currency: held.currency()? }))
}

/// Sets the order's exposure aside below the static ceilings: the dynamic one is what the person answers for.
async fn room(
    transaction: &Transaction,
    credit: &Credit,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    let today = business_day::current(transaction).await?.at(now);
    if credit.reserve(transaction, asked, today, true).await? != Reserved::Full {
        return Ok(());
    }
    let ceilings =
        [("be owed in all", credit.ceiling_static), ("be owed by those who share the limit", credit.ceiling_group)];
    let ceilings = ceilings
        .iter()
        .filter_map(|(what, most)| Some(format!("more than {} would {what}", most.as_ref()?.normalize())));
    let ceilings: Vec<String> = ceilings.collect();
    Err(WorkflowError::refused(format!("with this order {}", ceilings.join(", or "))))
}

/// Where the strategy delegates releases, a department's role may release up to its limit, which counts in the strategy's
/// currency if it has one. Where it says nothing of them, whoever has the ability may.
fn authorized(strategy: &Strategy, by: &Actor, owed: &Money) -> Result<(), WorkflowError> {
    let releases = |authority: &&Authority| authority.place == Place::Act(ACT.to_owned());
    let delegated: Vec<&Authority> = strategy.authorities.iter().filter(releases).collect();
    if delegated.is_empty() {
        return Ok(());
    }
    let own = delegated.iter().filter(|authority| by.roles.contains(&authority.department));
    let Some(most) = own.map(|authority| authority.at_most).max() else {
        return Err(WorkflowError::refused("the strategy gives none of your roles authority to release holds"));
    };
    let currency = strategy.currency.as_ref().unwrap_or(&owed.currency);
    let most = Money { amount: most, currency: currency.clone() };
    let counted = strategy.in_currency(owed, currency).map_err(|error| {
        WorkflowError::refused(format!("nobody can tell whether the order is within your authority: {error}"))
    })?;
    if counted <= most.amount {
        return Ok(());
    }
    Err(WorkflowError::refused(format!(
        "the order comes to {}; the strategy lets you release up to {}",
        shown(owed),
        shown(&most)
    )))
}

fn shown(money: &Money) -> String {
    format!("{} {}", money.amount.normalize(), money.currency)
}

#[cfg(test)]
mod tests {
    use guildhall_decision::DELEGATED_ACTS;

    use super::*;

    #[test]
    fn a_strategy_may_delegate_it() {
        assert!(DELEGATED_ACTS.contains(&ACT));
    }
}
