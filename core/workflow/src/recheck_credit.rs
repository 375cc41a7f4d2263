//! Checks again what is held for credit, whenever what credit depends on changed: somebody paid, an order was cancelled, a
//! limit was raised, another strategy decides. What goes through now is released by itself.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_store::credit::{Reserved, Waiting, checked, to_check};
use guildhall_store::{business_day, facts, generation};

use crate::credit::{self, Credit};
use crate::facts_of::facts_tree;
use crate::held_order::{Held, Release, asked};
use crate::recording::{self, Recording};
use crate::writing::{Writing, object};
use crate::{Deployment, House, WorkflowError};

const ACT: &str = "recheckCredit";
/// Who acts when nobody does.
const SELF: &str = "guildhall";
/// How many orders are checked at a time.
const MOST: u32 = 20;

/// What came of a look at what waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rechecked {
    pub checked: usize,
    pub released: usize,
}

/// Checks the orders that wait longest, as far as there is reason to. Any number of processes may do so at the same time: a
/// hold is released once. Without an active strategy nothing is decided, and nothing released.
pub async fn recheck_credit(
    house: &House,
    deployment: &Arc<Deployment>,
    now: DateTime<Utc>,
) -> Result<Rechecked, WorkflowError> {
    let now = now.trunc_subsecs(3);
    let mut done = Rechecked::default();
    if deployment.strategy().is_none() {
        return Ok(done);
    }
    for waiting in to_check(&house.database, deployment.generation, MOST).await? {
        done.checked += 1;
        done.released += usize::from(check(house, deployment, &waiting, now).await?);
    }
    Ok(done)
}

/// Whether the order was released.
async fn check(
    house: &House,
    deployment: &Deployment,
    waiting: &Waiting,
    now: DateTime<Utc>,
) -> Result<bool, WorkflowError> {
    let orders = object(house, "Order")?;
    let transaction = house.database.begin().await?;
    let order = transaction.lock_records(&orders, &[waiting.order]).await?.into_iter().next();
    transaction.rollback().await?;
    let Some(order) = order else { return Ok(false) };
    let asked = asked(&order, &orders)?;
    let point = credit::point(deployment)?;
    let request = asked.request(point)?;
    let tree = facts_tree(house, deployment, point, &[asked.customer]).await?;
    let facts = deployment.facts_in(&tree).map_err(|error| WorkflowError::Internal(format!("the facts: {error}")))?;
    let Some(facts) = facts.first() else { return Ok(false) };
    let decided = credit::decide(deployment, point, facts, &request, now).await?;
    let credit = Credit::of(&decided.verdict);

    let transaction = house.database.begin().await?;
    if generation::hold(&transaction).await? != deployment.generation {
        transaction.rollback().await?;
        return Ok(false);
    }
    facts::hold(&transaction).await?;
    let held = Held::lock(house, &transaction, waiting.hold).await?;
    let Some(held) = held.filter(|held| held.asked().is_ok_and(|now| now == asked)) else {
        transaction.rollback().await?;
        return Ok(false);
    };
    if !credit.approved {
        checked(&transaction, waiting).await?;
        transaction.commit().await?;
        return Ok(false);
    }
    let recording =
        Recording { point, customer: asked.customer, request: &request, facts, decided: &decided, by: SELF, at: now };
    let decision = recording::append(house, deployment, &transaction, &recording).await?;
    let today = business_day::current(&transaction).await?.at(now);
    let account = match credit.reserve(&transaction, &asked, today, false).await? {
        Reserved::Done { account } => Some(account),
        Reserved::NoAccount => None,
        // Another order took it since it was decided; what credit depends on changed with it, so this is looked at again.
        Reserved::Full => {
            transaction.rollback().await?;
            return Ok(false);
        }
    };
    let mut writing = Writing::new(house, &transaction, SELF, ACT, now);
    let release = Release { by: SELF, why: "credit is given now", decision, account, at: now };
    held.release(&mut writing, &release).await?;
    writing.finish().await?;
    transaction.commit().await?;
    Ok(true)
}
