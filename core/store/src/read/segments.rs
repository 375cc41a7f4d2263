//! Assigning the whole base to segments.

use chrono::{DateTime, Utc};
use guildhall_model::plan::{Condition, Selection};
use guildhall_model::{Kind, Model, Value};
use uuid::Uuid;

use super::enter::Row;
use super::sql::{Bind, Sql};
use crate::column::adapt;
use crate::link::Reads;
use crate::{Batch, StoreError, Transaction};
use guildhall_model::plan::Operand;

/// Whoever fulfils the condition, and none of an earlier rule, belongs to the segment.
#[derive(Clone, Debug)]
pub struct SegmentRule {
    pub segment: Uuid,
    pub condition: Condition,
}

/// How many memberships are written at a time.
const CHUNK: i64 = 2_000;

/// Assigns every customer to the first segment whose condition is true, or to none, and keeps the history: memberships
/// that no longer hold end, new ones begin with `evidence`, what the conditions looked at. Returns how many customers
/// changed. One statement decides for the whole base.
pub async fn assign_segments(
    transaction: &Transaction,
    model: &Model,
    rules: &[SegmentRule],
    evidence: &Selection,
    strategy: Uuid,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let changed = assign(transaction, model, rules, now).await?;
    end_memberships(transaction, now).await?;
    begin_memberships(transaction, model, evidence, strategy, now).await?;
    Ok(changed)
}

async fn assign(
    transaction: &Transaction,
    model: &Model,
    rules: &[SegmentRule],
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let customer = model.object("Customer").ok_or_else(|| StoreError::internal("the model has no customers"))?;
    let mut sql = Sql::new(model, transaction.dialect());
    let mut cases = String::new();
    for rule in rules {
        let condition = sql.condition(&rule.condition, Row { object: customer, alias: "customer" })?;
        let segment = sql.bind(&Operand::Value(rule.segment.into()), &Kind::Id);
        cases.push_str(&format!(" WHEN {condition} THEN {segment}"));
    }
    let assigned = if cases.is_empty() { sql.no_id().to_owned() } else { format!("CASE{cases} END") };
    let now = sql.bind(&Operand::Value(now.into()), &Kind::DateTime);
    // Decided for all before one is changed: a condition may ask for the parent's segment, and SQLite would show the new one.
    let text = format!(
        "UPDATE customer SET segment_id = decided.segment_id, version = version + 1, updated_at = {now} \
         FROM (SELECT customer.id, {assigned} AS segment_id FROM customer) AS decided \
         WHERE customer.id = decided.id AND customer.segment_id IS DISTINCT FROM decided.segment_id"
    );
    transaction.execute(&text, values(transaction, sql)?).await
}

async fn end_memberships(transaction: &Transaction, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let bound =
        adapt(transaction.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("Membership.to"))?;
    let text = r#"UPDATE membership SET "to" = $1, version = version + 1, updated_at = $1 WHERE "to" IS NULL AND NOT EXISTS
        (SELECT 1 FROM customer WHERE customer.id = membership.customer_id AND customer.segment_id = membership.segment_id)"#;
    transaction.execute(text, vec![bound]).await
}

async fn begin_memberships(
    transaction: &Transaction,
    model: &Model,
    evidence: &Selection,
    strategy: Uuid,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let membership = model.object("Membership").ok_or_else(|| StoreError::internal("the model has no memberships"))?;
    let mut sql = Sql::new(model, transaction.dialect());
    let facts = sql.selection(evidence, "customer")?;
    let text = format!(
        r#"SELECT customer.id, customer.segment_id, {facts} FROM customer WHERE customer.segment_id IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM membership WHERE membership.customer_id = customer.id AND membership."to" IS NULL)
        ORDER BY customer.id LIMIT {CHUNK}"#
    );
    let bound = values(transaction, sql)?;
    loop {
        let found = transaction.link().rows(&text, bound.clone()).await?;
        if found.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(found.len());
        for row in found {
            let customer: Uuid = row.try_get_by_index(0)?;
            let segment: Uuid = row.try_get_by_index(1)?;
            let facts: String = row.try_get_by_index(2)?;
            let facts = serde_json::from_str(&facts).map_err(|_| StoreError::internal("evidence is no JSON"))?;
            rows.push(vec![now.into(), Value::Json(facts), customer.into(), segment.into(), strategy.into()]);
        }
        let columns = ["from", "evidence", "customer_id", "segment_id", "strategy_id"].map(str::to_owned).to_vec();
        transaction.insert(&Batch { object: membership, columns, rows }, now).await?;
    }
}

fn values(transaction: &Transaction, sql: Sql<'_>) -> Result<Vec<sea_orm::Value>, StoreError> {
    let bound = |(bind, kind): &(Bind, Kind)| {
        let value = bind.value(transaction.dialect(), &[])?;
        adapt(transaction.dialect(), kind, &value).map_err(|unfit| unfit.of("a condition's value"))
    };
    sql.into_binds().iter().map(bound).collect()
}
