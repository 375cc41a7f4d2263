//! Event: what happened to a record, for those who ask later and for those who follow.
//!
//! An event is written in the transaction of the act it tells of. Followers read in the order of `position`, and only what no
//! transaction under way could still come before: on PostgreSQL a position is the transaction's number, and what is not
//! below the oldest transaction under way waits; on SQLite there is one writer, so the count of events is their order.

use chrono::{DateTime, Utc};
use guildhall_model::{GlobalId, Kind, Value};
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::column::{adapt, parameter, read};
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction, row};

/// What happened to a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub actor: String,
    /// The mutation.
    pub act: String,
    /// One of the model's `EventKind`.
    pub kind: &'static str,
    pub record_type: String,
    /// The record's global id.
    pub record_id: String,
    pub record_version: i64,
    pub before: Option<serde_json::Value>,
    pub after: Option<serde_json::Value>,
}

/// How far a follower has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(crate) position: i64,
    pub(crate) id: Uuid,
    /// Followers begin with what happens from now on; what a database brought along from elsewhere may have any position.
    pub(crate) since: DateTime<Utc>,
}

/// What had been committed when a follower began, where positions alone do not tell: the oldest transaction under way may be of another
/// database, and everything since then stands after the follower's place.
#[derive(Clone, Debug, Default)]
pub struct Seen(Option<String>);

/// What a follower is told of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub actor: String,
    pub kind: String,
    pub record_type: String,
    pub record_id: String,
    pub record_version: i64,
    /// The fields that changed, sorted.
    pub fields: Vec<String>,
    /// The records that these fields named before or name since, by field.
    pub named: Vec<(String, GlobalId)>,
}

/// Most events of one statement: a database takes so many parameters.
const EVENTS_PER_STATEMENT: usize = 500;

/// Writes events in the transaction of what they tell of.
pub async fn append(transaction: &Transaction, events: &[Event], now: DateTime<Utc>) -> Result<(), StoreError> {
    for events in events.chunks(EVENTS_PER_STATEMENT) {
        let (mut names, mut rows, mut bound) = (String::new(), Vec::with_capacity(events.len()), Vec::new());
        for (index, event) in events.iter().enumerate() {
            let position = match transaction.dialect() {
                Dialect::Postgres => "pg_current_xact_id()::text::bigint".to_owned(),
                // It grows from event to event, whether the rows before it count already or not.
                Dialect::Sqlite => format!(r#"(SELECT coalesce(max("position"), 0) + {} FROM "event")"#, index + 1),
            };
            let cells = cells(event, now);
            let places = cells
                .iter()
                .enumerate()
                .map(|(place, (_, kind, _))| parameter(transaction.dialect(), kind, bound.len() + place + 1));
            rows.push(format!("({}, {position})", places.collect::<Vec<_>>().join(", ")));
            bound.extend(row::bind(transaction, "event", &cells)?);
            if names.is_empty() {
                names = cells.iter().map(|(name, ..)| format!("\"{name}\", ")).collect();
            }
        }
        let sql = format!(r#"INSERT INTO "event" ({names}"position") VALUES {}"#, rows.join(", "));
        transaction.execute(&sql, bound).await?;
    }
    Ok(())
}

fn cells(event: &Event, now: DateTime<Utc>) -> Vec<row::Cell<'_>> {
    let json = |value: &Option<serde_json::Value>| value.clone().map_or(Value::Null, Value::Json);
    let mut cells = row::new_record(event.id, now);
    cells.extend([
        ("occurred_at", Kind::DateTime, event.occurred_at.into()),
        ("actor", Kind::Text, event.actor.clone().into()),
        ("act", Kind::Text, event.act.clone().into()),
        ("kind", Kind::Text, event.kind.into()),
        ("record_type", Kind::Text, event.record_type.clone().into()),
        ("record_id", Kind::Text, event.record_id.clone().into()),
        ("record_version", Kind::Int, event.record_version.into()),
        ("before", Kind::Json, json(&event.before)),
        ("after", Kind::Json, json(&event.after)),
    ]);
    cells
}

/// The place after everything that has happened so far.
pub async fn place(on: &impl Reads, now: DateTime<Utc>) -> Result<Place, StoreError> {
    Ok(begin(on, now).await?.0)
}

/// Where a follower begins, and what it is not told any more.
pub async fn begin(on: &impl Reads, now: DateTime<Utc>) -> Result<(Place, Seen), StoreError> {
    let sql = match on.link().dialect() {
        Dialect::Postgres => {
            "SELECT pg_snapshot_xmin(seen)::text::bigint - 1, seen::text FROM (SELECT pg_current_snapshot() AS seen) AS now"
        }
        Dialect::Sqlite => r#"SELECT coalesce(max("position"), 0), NULL FROM "event""#,
    };
    let row = on.link().row(sql, Vec::new()).await?.ok_or_else(|| StoreError::internal("there is no place"))?;
    let place = Place { position: row.try_get_by_index(0)?, id: Uuid::max(), since: now };
    Ok((place, Seen(row.try_get_by_index(1)?)))
}

/// Events after `place` that are not `seen`, at most `limit` of them, and the place after the last.
pub async fn after(on: &impl Reads, place: Place, seen: &Seen, limit: u32) -> Result<(Vec<Told>, Place), StoreError> {
    let link = on.link();
    let settled = match link.dialect() {
        Dialect::Postgres => r#" AND "position" < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"#,
        Dialect::Sqlite => "",
    };
    let unseen = match seen.0 {
        Some(_) => r#" AND NOT pg_visible_in_snapshot("position"::text::xid8, $4::text::pg_snapshot)"#,
        None => "",
    };
    let sql = format!(
        r#"SELECT "position", "id", "occurred_at", "actor", "kind", "record_type", "record_id", "record_version",
             CAST("before" AS text), CAST("after" AS text)
           FROM "event" WHERE ("position", "id") > ($1, $2){settled} AND "occurred_at" >= $3{unseen}
           ORDER BY "position", "id" LIMIT {limit}"#
    );
    // Clocks of several servers differ a little.
    let since = place.since - chrono::TimeDelta::minutes(10);
    let since = adapt(link.dialect(), &Kind::DateTime, &since.into()).map_err(|unfit| unfit.of("occurredAt"))?;
    let mut values = vec![place.position.into(), place.id.into(), since];
    values.extend(seen.0.as_deref().map(Into::into));
    let rows = link.rows(&sql, values).await?;
    let mut told = Vec::with_capacity(rows.len());
    let mut last = place;
    for row in &rows {
        let event = tell(link.dialect(), row)?;
        last = Place { position: row.try_get_by_index(0)?, id: event.id, since: place.since };
        told.push(event);
    }
    Ok((told, last))
}

fn tell(dialect: Dialect, row: &QueryResult) -> Result<Told, StoreError> {
    let occurred_at = match read(dialect, &Kind::DateTime, row, 2)? {
        Value::DateTime(time) => time,
        _ => return Err(StoreError::internal("an event has no time")),
    };
    let (mut fields, mut named) = (Vec::new(), Vec::new());
    for index in [8, 9] {
        let text: Option<String> = row.try_get_by_index(index)?;
        let values =
            text.and_then(|text| serde_json::from_str::<serde_json::Map<_, _>>(&text).ok()).unwrap_or_default();
        for (name, value) in values {
            if let Some(id) = value.as_str().and_then(|text| GlobalId::parse(text).ok()) {
                named.push((name.clone(), id));
            }
            fields.push(name);
        }
    }
    fields.sort_unstable();
    fields.dedup();
    let text = |index: usize| row.try_get_by_index::<String>(index);
    Ok(Told {
        id: row.try_get_by_index(1)?,
        occurred_at,
        actor: text(3)?,
        kind: text(4)?,
        record_type: text(5)?,
        record_id: text(6)?,
        record_version: i64::from(row.try_get_by_index::<i32>(7)?),
        fields,
        named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now};

    fn event(name: &str) -> Event {
        Event {
            id: Uuid::now_v7(),
            occurred_at: now(),
            actor: "ann".to_owned(),
            act: "updateCustomer".to_owned(),
            kind: "UPDATED",
            record_type: "Customer".to_owned(),
            record_id: "cus_1".to_owned(),
            record_version: 2,
            before: Some(serde_json::json!({ "name": "old", "phone": null })),
            after: Some(serde_json::json!({ "name": name })),
        }
    }

    /// What comes after `place`, once transactions in other databases of the server that are older have ended.
    async fn settled(database: &crate::Database, place: Place, seen: &Seen, limit: u32) -> (Vec<Told>, Place) {
        for _ in 0..600 {
            let (told, next) = after(database, place, seen, limit).await.unwrap();
            if !told.is_empty() {
                return (told, next);
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("events are not told");
    }

    #[tokio::test]
    async fn a_follower_is_told_everything_once_and_in_the_order_of_commits() {
        for (database, _fixture) in databases().await {
            let transaction = database.begin().await.unwrap();
            append(&transaction, &[event("before")], now()).await.unwrap();
            transaction.commit().await.unwrap();
            let (start, seen) = begin(&database, now()).await.unwrap();
            let (one, two) = (event("one"), event("two"));
            let transaction = database.begin().await.unwrap();
            append(&transaction, &[one.clone(), two.clone()], now()).await.unwrap();
            assert_eq!(after(&database, start, &seen, 10).await.unwrap().0, []);
            transaction.commit().await.unwrap();
            let (first, next) = settled(&database, start, &seen, 1).await;
            let (rest, next) = settled(&database, next, &seen, 10).await;
            let ids: Vec<_> = first.iter().chain(&rest).map(|told| told.id).collect();
            assert_eq!(ids, [one.id, two.id]);
            assert_eq!(first[0].fields, ["name", "phone"]);
            assert_eq!(after(&database, next, &seen, 10).await.unwrap().0, []);
        }
    }

    /// A transaction under way anywhere keeps places back; what was committed before a follower began is not told for that.
    #[tokio::test]
    async fn what_came_before_is_not_told_however_long_others_take() {
        for (database, _fixture) in databases().await {
            let other = match database.dialect() {
                Dialect::Postgres => {
                    let other = database.begin().await.unwrap();
                    other.query_row("SELECT pg_current_xact_id()::text", Vec::new()).await.unwrap();
                    Some(other)
                }
                Dialect::Sqlite => None,
            };
            let transaction = database.begin().await.unwrap();
            append(&transaction, &[event("before")], now()).await.unwrap();
            transaction.commit().await.unwrap();
            let (start, seen) = begin(&database, now()).await.unwrap();
            let (transaction, one) = (database.begin().await.unwrap(), event("one"));
            append(&transaction, std::slice::from_ref(&one), now()).await.unwrap();
            transaction.commit().await.unwrap();
            if let Some(other) = other {
                assert_eq!(after(&database, start, &seen, 10).await.unwrap().0, []);
                other.commit().await.unwrap();
            }
            let (told, _) = settled(&database, start, &seen, 10).await;
            assert_eq!(told.iter().map(|told| told.id).collect::<Vec<_>>(), [one.id]);
        }
    }

    /// On PostgreSQL a transaction that began first may commit last: nothing is told before it, so nothing is passed over.
    #[tokio::test]
    async fn an_event_committed_late_is_not_passed_over() {
        for (database, _fixture) in databases().await {
            if database.dialect() == Dialect::Sqlite {
                continue;
            }
            let (start, seen) = begin(&database, now()).await.unwrap();
            let (early, late) = (database.begin().await.unwrap(), database.begin().await.unwrap());
            let (first, second) = (event("early"), event("late"));
            append(&early, std::slice::from_ref(&first), now()).await.unwrap();
            append(&late, std::slice::from_ref(&second), now()).await.unwrap();
            late.commit().await.unwrap();
            let (told, next) = after(&database, start, &seen, 10).await.unwrap();
            assert_eq!(told, []);
            early.commit().await.unwrap();
            let (told, _) = settled(&database, next, &seen, 10).await;
            assert_eq!(told.iter().map(|told| told.id).collect::<Vec<_>>(), [first.id, second.id]);
        }
    }
}
