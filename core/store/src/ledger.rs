//! Ledger: the append-only record of decisions, one hash chain per customer.
//!
//! The digests are made by `core/decision`; here they are kept in order.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Value};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::decision;
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction, row};

/// One recorded decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: Uuid,
    pub customer: Uuid,
    pub strategy: Uuid,
    pub point: String,
    pub decided_at: DateTime<Utc>,
    pub recorded_by: String,
    pub request: serde_json::Value,
    pub verdict: serde_json::Value,
    pub fallback: bool,
    pub parameters: serde_json::Value,
    pub proposals: serde_json::Value,
    pub bounds: serde_json::Value,
    pub inputs: serde_json::Value,
    pub explanation: serde_json::Value,
    /// The entry's place in the customer's chain, counted from 1.
    pub sequence: i32,
    /// SHA-256 over the entry and the digest before it, in hex.
    pub digest: String,
    pub previous_digest: Option<String>,
}

/// The end of a customer's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub sequence: i32,
    pub digest: String,
}

/// The last entry of each of these customers' chains; customers without one are not in the answer. The chains are kept
/// from growing until the transaction ends, so that what is appended next still follows.
pub async fn last(transaction: &Transaction, customers: &[Uuid]) -> Result<HashMap<Uuid, Last>, StoreError> {
    let mut wanted = customers.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let mut found = HashMap::with_capacity(wanted.len());
    for chunk in wanted.chunks(500) {
        let places = (1..=chunk.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
        let values: Vec<_> = chunk.iter().map(|id| sea_orm::Value::Uuid(Some(*id))).collect();
        if transaction.dialect() == Dialect::Postgres {
            // In the order of ids, so that two batches never wait for each other.
            let lock =
                format!(r#"SELECT "id" FROM "customer" WHERE "id" IN ({places}) ORDER BY "id" FOR NO KEY UPDATE"#);
            transaction.link().rows(&lock, values.clone()).await?;
        }
        let sql = format!(
            r#"SELECT "customer_id", "sequence", "digest" FROM "decision" AS "d" WHERE "customer_id" IN ({places})
            AND "sequence" = (SELECT MAX("sequence") FROM "decision" WHERE "customer_id" = "d"."customer_id")"#
        );
        for row in transaction.link().rows(&sql, values).await? {
            let last = Last { sequence: row.try_get_by_index(1)?, digest: row.try_get_by_index(2)? };
            found.insert(row.try_get_by_index(0)?, last);
        }
    }
    Ok(found)
}

/// Appends an entry. A place in the chain that is taken already is an error.
pub async fn append(transaction: &Transaction, entry: &Entry, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut cells = row::new_record(entry.id, now);
    let json = |value: &serde_json::Value| Value::Json(value.clone());
    cells.extend([
        ("customer_id", Kind::Id, entry.customer.into()),
        ("strategy_id", Kind::Id, entry.strategy.into()),
        ("point", Kind::Text, entry.point.clone().into()),
        ("decided_at", Kind::DateTime, entry.decided_at.into()),
        ("recorded_by", Kind::Text, entry.recorded_by.clone().into()),
        ("request", Kind::Json, json(&entry.request)),
        ("verdict", Kind::Json, json(&entry.verdict)),
        ("fallback", Kind::Bool, entry.fallback.into()),
        ("parameters", Kind::Json, json(&entry.parameters)),
        ("proposals", Kind::Json, json(&entry.proposals)),
        ("bounds", Kind::Json, json(&entry.bounds)),
        ("inputs", Kind::Json, json(&entry.inputs)),
        ("explanation", Kind::Json, json(&entry.explanation)),
        ("sequence", Kind::Int, entry.sequence.into()),
        ("digest", Kind::Text, entry.digest.clone().into()),
        ("previous_digest", Kind::Text, entry.previous_digest.clone().into()),
    ]);
    row::insert(transaction, "decision", &cells, "").await.map(drop)
}

/// One recorded decision.
pub async fn get(on: &impl Reads, id: Uuid) -> Result<Option<Entry>, StoreError> {
    Ok(on.link().find(decision::Entity::find_by_id(id)).await?.map(read))
}

/// A customer's whole chain, first entry first.
pub async fn chain(on: &impl Reads, customer: Uuid) -> Result<Vec<Entry>, StoreError> {
    let query = decision::Entity::find()
        .filter(decision::Column::CustomerId.eq(customer))
        .order_by_asc(decision::Column::Sequence);
    Ok(on.link().find_all(query).await?.into_iter().map(read).collect())
}

fn read(row: decision::Model) -> Entry {
    Entry {
        id: row.id,
        customer: row.customer_id,
        strategy: row.strategy_id,
        point: row.point,
        decided_at: row.decided_at,
        recorded_by: row.recorded_by,
        request: row.request,
        verdict: row.verdict,
        fallback: row.fallback,
        parameters: row.parameters,
        proposals: row.proposals,
        bounds: row.bounds,
        inputs: row.inputs,
        explanation: row.explanation,
        sequence: row.sequence,
        digest: row.digest,
        previous_digest: row.previous_digest,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::strategy::{self, NewStrategy};
    use crate::testing::{self, databases, now};

    fn entry(customer: Uuid, strategy: Uuid, sequence: i32, previous: Option<&str>) -> Entry {
        Entry {
            id: Uuid::now_v7(),
            customer,
            strategy,
            point: "credit.check".to_owned(),
            decided_at: now(),
            recorded_by: "ann".to_owned(),
            request: json!({"amount": "120.50"}),
            verdict: json!({"approved": true}),
            fallback: false,
            parameters: json!({}),
            proposals: json!([]),
            bounds: json!([]),
            inputs: json!({}),
            explanation: json!(["Approved."]),
            sequence,
            digest: format!("digest {sequence}"),
            previous_digest: previous.map(str::to_owned),
        }
    }

    async fn scene(database: &crate::Database) -> (Uuid, Uuid) {
        let transaction = database.begin().await.unwrap();
        let customer = testing::customer(&transaction, "Alfreds").await;
        let text = || "x".to_owned();
        let new = NewStrategy { name: text(), vision: text(), document: text(), digest: text(), activated_by: text() };
        let strategy = strategy::activate(&transaction, &new, now()).await.unwrap();
        transaction.commit().await.unwrap();
        (customer, strategy.id)
    }

    #[tokio::test]
    async fn each_customer_has_a_chain() {
        for (database, _fixture) in databases().await {
            let (customer, strategy) = scene(&database).await;
            let transaction = database.begin().await.unwrap();
            assert!(last(&transaction, &[customer]).await.unwrap().is_empty());
            let (first, second) = (entry(customer, strategy, 1, None), entry(customer, strategy, 2, Some("digest 1")));
            append(&transaction, &first, now()).await.unwrap();
            append(&transaction, &second, now()).await.unwrap();
            let end = last(&transaction, &[customer, Uuid::nil(), customer]).await.unwrap();
            assert_eq!(end, [(customer, Last { sequence: 2, digest: "digest 2".to_owned() })].into());
            transaction.commit().await.unwrap();
            assert_eq!(get(&database, first.id).await.unwrap(), Some(first.clone()));
            assert_eq!(chain(&database, customer).await.unwrap(), [first, second]);

            let transaction = database.begin().await.unwrap();
            let again = append(&transaction, &entry(customer, strategy, 2, None), now()).await;
            assert!(matches!(again, Err(StoreError::Taken(_))));
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn chains_grow_without_gaps_when_many_append_at_once() {
        for (database, _fixture) in databases().await {
            let (customer, strategy) = scene(&database).await;
            let all: Vec<_> = (0..12)
                .map(|_| {
                    let database = database.clone();
                    tokio::spawn(async move {
                        let transaction = database.begin().await.unwrap();
                        let end = last(&transaction, &[customer]).await.unwrap().remove(&customer);
                        let (sequence, previous) = end.map_or((1, None), |end| (end.sequence + 1, Some(end.digest)));
                        let next = entry(customer, strategy, sequence, previous.as_deref());
                        append(&transaction, &next, now()).await.unwrap();
                        transaction.commit().await.unwrap();
                    })
                })
                .collect();
            for one in all {
                one.await.unwrap();
            }
            let sequences: Vec<_> =
                chain(&database, customer).await.unwrap().iter().map(|entry| entry.sequence).collect();
            assert_eq!(sequences, (1..=12).collect::<Vec<_>>());
        }
    }
}
