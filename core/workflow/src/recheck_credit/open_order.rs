//! An open order whose terms changed, or whose release ended: credit is decided about it as if it were not there, and it stays
//! open or is held.

use chrono::{DateTime, Utc};
use guildhall_model::Value;
use guildhall_store::credit::{check_again, is_due, stop};
use guildhall_store::{business_day, facts, generation};
use uuid::Uuid;

use super::ACT;
use crate::credit::{self, Asked, Credit, SELF, Way};
use crate::facts_of::facts_tree_on;
use crate::held_order::{Holding, asked, is, overrule};
use crate::recording::{self, Recording};
use crate::writing::{Writing, object};
use crate::{Deployment, House, WorkflowError};

/// Whether the order is held now.
pub(super) async fn check(
    house: &House,
    deployment: &Deployment,
    order: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, WorkflowError> {
    let Some(Looked { asked, with, without }) = look(house, deployment, order, now).await? else { return Ok(false) };
    let point = credit::point(deployment)?;
    let request = asked.request(point)?;
    let facts =
        deployment.facts_in(&without).map_err(|error| WorkflowError::Internal(format!("the facts: {error}")))?;
    let Some(facts) = facts.first() else { return Ok(false) };
    let decided = credit::decide(deployment, point, facts, &request, now).await?;
    let mut credit = Credit::of(&decided.verdict);

    let orders = object(house, "Order")?;
    let transaction = house.database.begin().await?;
    if generation::hold(&transaction).await? != deployment.generation {
        transaction.rollback().await?;
        return Ok(false);
    }
    facts::hold(&transaction).await?;
    let record = transaction.lock_records(&orders, &[order]).await?.into_iter().next();
    let same = |record: &_| is(record, &orders, "OPEN") && self::asked(record, &orders).is_ok_and(|now| now == asked);
    let Some(record) = record.filter(same) else {
        transaction.rollback().await?;
        return Ok(false);
    };
    let recording =
        Recording { point, customer: asked.customer, request: &request, facts, decided: &decided, by: SELF, at: now };
    let decision = recording::append(house, deployment, &transaction, &recording).await?;
    // The customer is locked from here on. Where something changed since it was looked at, it stays due.
    let changed = facts_tree_on(house, &transaction, deployment, point, &[asked.customer]).await? != with;
    if changed || !is_due(&transaction, order, now).await? {
        transaction.rollback().await?;
        return Ok(false);
    }
    let today = business_day::current(&transaction).await?.at(now);
    let mut way = credit.way(&transaction, order, &asked, now).await?;
    if way != Way::None && !credit.has_room(&transaction, &asked, today, way != Way::Credit).await? {
        way = Way::None;
        credit.reasons.push("other orders took the credit meanwhile".to_owned());
    }
    if let Some(stop) = stop(&transaction, asked.customer, Some(order), now).await? {
        way = Way::None;
        credit.withhold(credit::stopped(stop));
    }
    let mut writing = Writing::new(house, &transaction, SELF, ACT, now);
    let mut values = vec![("decision", Value::from(decision))];
    if way == Way::None {
        values.push(("status", "HELD".into()));
    }
    writing.set(&orders, &record, &values).await?;
    let again = match &way {
        Way::Credit => None,
        Way::Release(release) => {
            let why = format!("the release by {} still holds", release.by);
            overrule(&mut writing, decision, &release.by, &why, now).await?;
            Some(credit.released_until(release.at))
        }
        Way::None => {
            let customer = asked.customer;
            Holding { customer, order, decision, by: SELF, credit: &credit, at: now }.make(&mut writing).await?;
            None
        }
    };
    writing.finish().await?;
    check_again(&transaction, order, again).await?;
    transaction.commit().await?;
    Ok(way == Way::None)
}

/// An open order, and what is known of its customer.
struct Looked {
    /// The order as credit sees it.
    asked: Asked,
    with: String,
    /// What would be known if the order did not count.
    without: String,
}

/// Looks at an order with and without it: it is held for a moment, in a transaction that is undone. Nothing if it is not open
/// any more.
async fn look(
    house: &House,
    deployment: &Deployment,
    order: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Looked>, WorkflowError> {
    let orders = object(house, "Order")?;
    let transaction = house.database.begin().await?;
    facts::hold(&transaction).await?;
    let record = transaction.lock_records(&orders, &[order]).await?.into_iter().next();
    let Some(record) = record.filter(|record| is(record, &orders, "OPEN")) else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let asked = asked(&record, &orders)?;
    let point = credit::point(deployment)?;
    let with = facts_tree_on(house, &transaction, deployment, point, &[asked.customer]).await?;
    let mut writing = Writing::new(house, &transaction, SELF, ACT, now);
    writing.set(&orders, &record, &[("status", Value::from("HELD"))]).await?;
    writing.finish().await?;
    let without = facts_tree_on(house, &transaction, deployment, point, &[asked.customer]).await?;
    transaction.rollback().await?;
    Ok(Some(Looked { asked, with, without }))
}
