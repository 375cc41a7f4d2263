//! Assigning customers to segments: all of them, or some.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use guildhall_model::plan::{Condition, Operand, Selection};
use guildhall_model::{Kind, Model, Value};
use uuid::Uuid;

use super::enter::Row;
use super::sql::{Bind, Sql};
use crate::column::adapt;
use crate::id_list::{id_list, ids_of};
use crate::link::Reads;
use crate::{Batch, Dialect, StoreError, Transaction};

/// Whoever fulfils the condition, and none of an earlier rule, belongs to the segment.
#[derive(Clone, Debug)]
pub struct SegmentRule {
    pub segment: Uuid,
    pub condition: Condition,
}

/// How customers are assigned.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub rules: Vec<SegmentRule>,
    /// What is kept of a customer as the reason.
    pub evidence: Selection,
    /// The strategy that says so.
    pub strategy: Uuid,
}

/// A customer who came to another segment, or to none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub customer: Uuid,
    /// The version of the record, which stays as it was.
    pub version: i64,
    pub from: Option<Uuid>,
    pub to: Option<Uuid>,
}

/// How many memberships are written at a time.
const CHUNK: i64 = 2_000;

/// Assigns every customer to the first segment whose condition is true, or to none, and keeps the history: memberships
/// that no longer hold end, new ones begin with the evidence, what the conditions looked at. Returns how many customers
/// changed. One statement decides for the whole base. As with facts, `version` and `updatedAt` stay: Guildhall keeps the
/// segment, and nobody's change is refused for it.
pub async fn assign_segments(
    transaction: &Transaction,
    model: &Model,
    assignment: &Assignment,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let (text, bound) = assign(transaction, model, assignment, None)?;
    let changed = transaction.execute(&text, bound).await?;
    remember(transaction, model, assignment, None, now).await?;
    Ok(changed)
}

/// As [`assign_segments`] for these customers alone, whom it locks in the order of ids. Returns who moved.
pub async fn assign_segments_of(
    transaction: &Transaction,
    model: &Model,
    assignment: &Assignment,
    customers: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Vec<Moved>, StoreError> {
    let before = lock(transaction, customers).await?;
    let (text, bound) = assign(transaction, model, assignment, Some(customers))?;
    let rows = transaction.link().rows(&format!("{text} RETURNING id, segment_id"), bound).await?;
    let mut moved = Vec::with_capacity(rows.len());
    for row in &rows {
        let (customer, to) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let (version, from) = before.get(&customer).copied().unwrap_or_default();
        moved.push(Moved { customer, version, from, to });
    }
    if !moved.is_empty() {
        let customers: Vec<Uuid> = moved.iter().map(|moved| moved.customer).collect();
        remember(transaction, model, assignment, Some(&customers), now).await?;
    }
    Ok(moved)
}

/// Locks customers; their versions and segments. Who only refers to a customer is not kept waiting.
async fn lock(transaction: &Transaction, customers: &[Uuid]) -> Result<HashMap<Uuid, (i64, Option<Uuid>)>, StoreError> {
    let dialect = transaction.dialect();
    let text = format!(
        r#"SELECT "id", "version", "segment_id" FROM "customer" WHERE "id" IN ({}) ORDER BY "id"{}"#,
        ids_of(dialect, 1),
        if dialect == Dialect::Postgres { " FOR NO KEY UPDATE" } else { "" }
    );
    let rows = transaction.link().rows(&text, vec![id_list(customers)]).await?;
    let read = |row: &sea_orm::QueryResult| {
        let version = i64::from(row.try_get_by_index::<i32>(1)?);
        Ok((row.try_get_by_index(0)?, (version, row.try_get_by_index(2)?)))
    };
    rows.iter().map(read).collect()
}

/// The statement that decides, among some customers or for all.
fn assign(
    transaction: &Transaction,
    model: &Model,
    assignment: &Assignment,
    among: Option<&[Uuid]>,
) -> Result<(String, Vec<sea_orm::Value>), StoreError> {
    let customer = model.object("Customer").ok_or_else(|| StoreError::internal("the model has no customers"))?;
    let mut sql = Sql::new(model, transaction.dialect());
    let mut cases = String::new();
    for rule in &assignment.rules {
        let condition = sql.condition(&rule.condition, Row { object: customer, alias: "customer" })?;
        let segment = sql.bind(&Operand::Value(rule.segment.into()), &Kind::Id);
        cases.push_str(&format!(" WHEN {condition} THEN {segment}"));
    }
    let assigned = if cases.is_empty() { sql.no_id().to_owned() } else { format!("CASE{cases} END") };
    let among = match among {
        Some(ids) => format!(" WHERE customer.id IN ({})", sql.ids(ids)),
        None => String::new(),
    };
    // Decided for all before one is changed: a condition may ask for the parent's segment, and SQLite would show the new one.
    let text = format!(
        "UPDATE customer SET segment_id = decided.assigned_id \
         FROM (SELECT customer.id AS decided_id, {assigned} AS assigned_id FROM customer{among}) AS decided \
         WHERE customer.id = decided.decided_id AND customer.segment_id IS DISTINCT FROM decided.assigned_id"
    );
    Ok((text, values(transaction, sql)?))
}

/// Writes the history of those who moved.
async fn remember(
    transaction: &Transaction,
    model: &Model,
    assignment: &Assignment,
    among: Option<&[Uuid]>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    end_memberships(transaction, among, now).await?;
    begin_memberships(transaction, model, assignment, among, now).await
}

async fn end_memberships(
    transaction: &Transaction,
    among: Option<&[Uuid]>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let bound =
        adapt(transaction.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("Membership.to"))?;
    let mut bound = vec![bound];
    let mut text = r#"UPDATE membership SET "to" = $1, version = version + 1, updated_at = $1 WHERE "to" IS NULL AND NOT EXISTS
        (SELECT 1 FROM customer WHERE customer.id = membership.customer_id AND customer.segment_id = membership.segment_id)"#
        .to_owned();
    if let Some(ids) = among {
        bound.push(id_list(ids));
        text.push_str(&format!(" AND customer_id IN ({})", ids_of(transaction.dialect(), 2)));
    }
    transaction.execute(&text, bound).await
}

async fn begin_memberships(
    transaction: &Transaction,
    model: &Model,
    Assignment { evidence, strategy, .. }: &Assignment,
    among: Option<&[Uuid]>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let membership = model.object("Membership").ok_or_else(|| StoreError::internal("the model has no memberships"))?;
    let mut sql = Sql::new(model, transaction.dialect());
    let facts = sql.selection(evidence, "customer")?;
    let among = match among {
        Some(ids) => format!("customer.id IN ({}) AND ", sql.ids(ids)),
        None => String::new(),
    };
    let text = format!(
        r#"SELECT customer.id, customer.segment_id, {facts} FROM customer WHERE {among}customer.segment_id IS NOT NULL AND NOT EXISTS
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
            rows.push(vec![now.into(), Value::Json(facts), customer.into(), segment.into(), (*strategy).into()]);
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
