//! Checks credit again: what is held, whenever what credit depends on changed (somebody paid, an order was cancelled, a limit
//! was raised, another strategy decides); and what is open, when its terms changed or a release of it ended. What goes through
//! now is released by itself; what no longer does is held.

mod open_order;

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use guildhall_store::credit::{Reserved, Waiting, check_again, checked, due, stop, to_check};
use guildhall_store::{business_day, facts, generation};
use uuid::Uuid;

use crate::credit::{self, Credit, SELF, Way};
use crate::facts_of::facts_tree;
use crate::held_order::{Held, Release, asked, overrule};
use crate::recording::{self, Recording};
use crate::writing::{Writing, object};
use crate::{Deployment, House, WorkflowError};

const ACT: &str = "recheckCredit";
/// How many orders are checked at a time.
const MOST: u32 = 20;
/// How often what waits is looked at after a payment. Each release is a reason to look again; what is left then is looked at
/// as everything else is.
const ROUNDS: usize = 5;

/// What came of a look at what waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rechecked {
    pub checked: usize,
    pub released: usize,
    pub held: usize,
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
    for order in due(&house.database, now, MOST).await? {
        done.checked += 1;
        done.held += usize::from(open_order::check(house, deployment, order, now).await?);
    }
    for waiting in to_check(&house.database, deployment.generation, None, MOST).await? {
        done.checked += 1;
        done.released += usize::from(check(house, deployment, &waiting, now).await?);
    }
    Ok(done)
}

/// Checks what waits for credit of a customer and of those who share a limit with him, in the order of waiting.
pub(crate) async fn recheck_around(
    house: &House,
    deployment: &Deployment,
    customer: Uuid,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    if deployment.strategy().is_none() {
        return Ok(());
    }
    for _ in 0..ROUNDS {
        let all = to_check(&house.database, deployment.generation, Some(customer), MOST).await?;
        if all.is_empty() {
            break;
        }
        for waiting in all {
            check(house, deployment, &waiting, now).await?;
        }
    }
    Ok(())
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
    let way = credit.way(&transaction, waiting.order, &asked, now).await?;
    if way == Way::None || stop(&transaction, asked.customer, Some(waiting.order), now).await?.is_some() {
        checked(&transaction, waiting).await?;
        transaction.commit().await?;
        return Ok(false);
    }
    let recording =
        Recording { point, customer: asked.customer, request: &request, facts, decided: &decided, by: SELF, at: now };
    let decision = recording::append(house, deployment, &transaction, &recording).await?;
    let today = business_day::current(&transaction).await?.at(now);
    let released = matches!(way, Way::Release(_));
    let current = credit::now(house, deployment, &transaction, &recording).await?;
    let lets = if released { current.forbidden.is_none() } else { current.approved };
    let reserved = match lets {
        true => current.reserve(&transaction, &asked, today, released).await?,
        false => Reserved::Full,
    };
    match (reserved, released) {
        (Reserved::Done | Reserved::NoAccount, _) => {}
        // Another order took it since it was decided; what credit depends on changed with it, so this is looked at again.
        (Reserved::Full, false) => {
            transaction.rollback().await?;
            return Ok(false);
        }
        (Reserved::Full, true) => {
            transaction.rollback().await?;
            let transaction = house.database.begin().await?;
            checked(&transaction, waiting).await?;
            transaction.commit().await?;
            return Ok(false);
        }
    }
    let mut writing = Writing::new(house, &transaction, SELF, ACT, now);
    let (why, again) = match &way {
        Way::Release(earlier) => {
            let why = format!("the release by {} still holds", earlier.by);
            overrule(&mut writing, decision, &earlier.by, &why, now).await?;
            (why, Some(credit.released_until(earlier.at)))
        }
        _ => ("credit is given now".to_owned(), None),
    };
    held.release(&mut writing, &Release { by: SELF, why: &why, decision, at: now }).await?;
    writing.finish().await?;
    if again.is_some() {
        check_again(&transaction, waiting.order, again).await?;
    }
    transaction.commit().await?;
    Ok(true)
}
