//! Reaction: how far the events are that something comes of, by who reacts to them, and which process works on them.
//!
//! What comes of events is written in the transaction that also moves the place, and only from the place it was read at. So
//! whatever comes of an event comes of it once, however many processes try.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::EntityTrait;
use uuid::Uuid;

use crate::column::adapt;
use crate::entity::reaction;
use crate::event::{self, Place};
use crate::id_list::{id_list, ids_of};
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};

/// The source of what comes of reactions.
pub const SOURCE: &str = "plugin";

/// Who reacts to events, each from a place of his own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Plugins that propose follow-ups.
    Plugins,
    /// The segments of customers.
    Segments,
}

impl Who {
    const ALL: [Who; 2] = [Who::Plugins, Who::Segments];

    /// The row that has his place.
    fn row(self) -> i32 {
        match self {
            Who::Plugins => 1,
            Who::Segments => 2,
        }
    }
}

/// The place up to which events were reacted to; none while nothing reacts.
pub async fn place(on: &impl Reads, who: Who) -> Result<Option<Place>, StoreError> {
    let row = on.link().find(reaction::Entity::find_by_id(who.row())).await?;
    Ok(row.and_then(|row| Some(Place { position: row.position?, id: row.event?, since: row.since? })))
}

/// Lets plugins begin with what happens from now on, or end. If they react already, they go on from where they are.
pub async fn settle(transaction: &Transaction, reacts: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
    match (reacts, place(transaction, Who::Plugins).await?) {
        (true, None) => skip(transaction, Who::Plugins, now).await,
        (false, Some(_)) => set(transaction, Who::Plugins, None, "TRUE", Vec::new()).await.map(drop),
        _ => Ok(()),
    }
}

/// Begins, or goes on, with what happens from now on: all that was committed before is done with.
pub async fn skip(transaction: &Transaction, who: Who, now: DateTime<Utc>) -> Result<(), StoreError> {
    let from = event::place(transaction, now).await?;
    set(transaction, who, Some(from), "TRUE", Vec::new()).await.map(drop)
}

/// Whether a place is one that this database has yet to come to: it was brought here from elsewhere.
pub async fn is_lost(on: &impl Reads, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let reached = event::place(on, now).await?;
    for who in Who::ALL {
        if place(on, who).await?.is_some_and(|known| known.position > reached.position) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Begins anew wherever the place [`is_lost`]. Says whether one was.
pub async fn recover(transaction: &Transaction, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let reached = event::place(transaction, now).await?;
    let mut lost = false;
    for who in Who::ALL {
        if place(transaction, who).await?.is_some_and(|known| known.position > reached.position) {
            lost |= set(transaction, who, Some(reached), "TRUE", Vec::new()).await?;
        }
    }
    Ok(lost)
}

/// Takes the work on what plugins react to for `holder` until `until`, unless another has it. Says whether it is his.
pub async fn claim(
    transaction: &Transaction,
    holder: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let dialect = transaction.dialect();
    let sql = r#"UPDATE "reaction" SET "holder" = $1, "held_until" = $2
        WHERE "id" = 1 AND ("holder" = $1 OR "held_until" IS NULL OR "held_until" < $3)"#;
    let values = vec![sea_orm::Value::Uuid(Some(holder)), time(dialect, until)?, time(dialect, now)?];
    Ok(transaction.execute(sql, values).await? == 1)
}

/// Moves the place on, if it still is where it was read and the work is `holder`'s, or nobody's as segments' always is. Says
/// whether it did.
pub async fn advance(
    transaction: &Transaction,
    who: Who,
    holder: Option<Uuid>,
    from: Place,
    to: Place,
) -> Result<bool, StoreError> {
    let condition = r#""position" = $4 AND "event" = $5 AND "holder" IS NOT DISTINCT FROM $6"#;
    let values = vec![from.position.into(), sea_orm::Value::Uuid(Some(from.id)), sea_orm::Value::Uuid(holder)];
    set(transaction, who, Some(to), condition, values).await
}

async fn set(
    transaction: &Transaction,
    who: Who,
    to: Option<Place>,
    condition: &str,
    more: Vec<sea_orm::Value>,
) -> Result<bool, StoreError> {
    let dialect = transaction.dialect();
    let sql = format!(
        r#"UPDATE "reaction" SET "position" = $1, "event" = $2, "since" = $3 WHERE "id" = {} AND {condition}"#,
        who.row()
    );
    let since = to.map_or(Value::Null, |to| to.since.into());
    let mut values = vec![
        sea_orm::Value::BigInt(to.map(|to| to.position)),
        sea_orm::Value::Uuid(to.map(|to| to.id)),
        adapt(dialect, &Kind::DateTime, &since).map_err(|unfit| unfit.of("reaction.since"))?,
    ];
    values.extend(more);
    Ok(transaction.execute(&sql, values).await? == 1)
}

/// How many tasks came of reactions for each of these customers since a time; customers without one are not in the answer.
pub async fn counts(
    on: &impl Reads,
    customers: &[Uuid],
    since: DateTime<Utc>,
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let link = on.link();
    let ids = ids_of(link.dialect(), 1);
    let sql = format!(
        r#"SELECT "customer_id", count(*) FROM "task" WHERE "customer_id" IN ({ids}) AND "source" = $2 AND "created_at" >= $3
           GROUP BY "customer_id""#
    );
    let values = vec![id_list(customers), SOURCE.into(), time(link.dialect(), since)?];
    let rows = link.rows(&sql, values).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

fn time(dialect: Dialect, time: DateTime<Utc>) -> Result<sea_orm::Value, StoreError> {
    adapt(dialect, &Kind::DateTime, &time.into()).map_err(|unfit| unfit.of("reaction.held_until"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::Database;
    use crate::testing::{databases, now};

    async fn settled(database: &Database, reacts: bool) -> Option<Place> {
        let transaction = database.begin().await.unwrap();
        settle(&transaction, reacts, now()).await.unwrap();
        transaction.commit().await.unwrap();
        place(database, Who::Plugins).await.unwrap()
    }

    async fn claimed(database: &Database, holder: Uuid, at: DateTime<Utc>) -> bool {
        let transaction = database.begin().await.unwrap();
        let claimed = claim(&transaction, holder, at, at + TimeDelta::seconds(10)).await.unwrap();
        transaction.commit().await.unwrap();
        claimed
    }

    async fn advanced(database: &Database, holder: Uuid, from: Place, to: Place) -> bool {
        let transaction = database.begin().await.unwrap();
        let advanced = advance(&transaction, Who::Plugins, Some(holder), from, to).await.unwrap();
        transaction.commit().await.unwrap();
        advanced
    }

    #[tokio::test]
    async fn reactions_begin_once_and_end() {
        for (database, _fixture) in databases().await {
            assert_eq!(settled(&database, false).await, None);
            let begun = settled(&database, true).await.unwrap();
            let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
            assert!(claimed(&database, one, now()).await);
            let next = Place { position: begun.position + 5, id: other, since: begun.since };
            assert!(advanced(&database, one, begun, next).await);
            assert_eq!(settled(&database, true).await, Some(next));
            assert_eq!(settled(&database, false).await, None);
        }
    }

    #[tokio::test]
    async fn one_process_works_until_its_time_is_over() {
        for (database, _fixture) in databases().await {
            let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
            assert!(claimed(&database, one, now()).await);
            assert!(!claimed(&database, other, now() + TimeDelta::seconds(9)).await);
            assert!(claimed(&database, one, now() + TimeDelta::seconds(9)).await);
            assert!(claimed(&database, other, now() + TimeDelta::seconds(20)).await);
        }
    }

    #[tokio::test]
    async fn nobody_goes_on_from_where_another_was() {
        for (database, _fixture) in databases().await {
            let begun = settled(&database, true).await.unwrap();
            let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
            let next = Place { position: begun.position + 1, id: one, since: begun.since };
            assert!(claimed(&database, one, now()).await);
            assert!(!advanced(&database, other, begun, next).await);
            assert!(advanced(&database, one, begun, next).await);
            assert!(!advanced(&database, one, begun, next).await);
            assert_eq!(place(&database, Who::Plugins).await.unwrap(), Some(next));
        }
    }

    #[tokio::test]
    async fn a_place_from_elsewhere_is_given_up() {
        for (database, _fixture) in databases().await {
            let begun = settled(&database, true).await.unwrap();
            let transaction = database.begin().await.unwrap();
            assert!(!recover(&transaction, now()).await.unwrap());
            let far = Place { position: begun.position + 1_000_000_000_000, ..begun };
            for who in Who::ALL {
                assert!(set(&transaction, who, Some(far), "TRUE", Vec::new()).await.unwrap());
                assert!(is_lost(&transaction, now()).await.unwrap());
                assert!(recover(&transaction, now()).await.unwrap());
                assert!(place(&transaction, who).await.unwrap().unwrap().position < far.position);
                assert!(!is_lost(&transaction, now()).await.unwrap());
            }
            transaction.rollback().await.unwrap();
        }
    }
}
