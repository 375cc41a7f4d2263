//! Reading entries in bounded pages: along the chains, and back in time.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use uuid::Uuid;

use super::{Entry, Last, read, select};
use crate::StoreError;
use crate::column::adapt;
use crate::link::{Link, Reads};

/// Where a page begins: behind the entry of this customer with this place; at the first of all if nothing is said.
pub type After = Option<(Uuid, i32)>;

/// The entries behind `after`, customer by customer in the order of their ids, each chain from its first entry; of one
/// customer alone if one is named.
pub async fn page(on: &impl Reads, customer: Option<Uuid>, after: After, rows: u32) -> Result<Vec<Entry>, StoreError> {
    let (last, sequence) = after.unwrap_or((customer.unwrap_or(Uuid::nil()), 0));
    let mut values = vec![sea_orm::Value::Uuid(Some(last)), sea_orm::Value::Int(Some(sequence))];
    let mut sql = format!(r#"{} WHERE ("customer_id", "sequence") > ($1, $2)"#, select());
    if let Some(customer) = customer {
        sql.push_str(r#" AND "customer_id" = $3"#);
        values.push(sea_orm::Value::Uuid(Some(customer)));
    }
    sql.push_str(&format!(r#" ORDER BY "customer_id", "sequence" LIMIT {rows}"#));
    let link = on.link();
    entries(&link, &sql, values).await
}

/// A customer's whole chain, first entry first.
pub async fn chain(on: &impl Reads, customer: Uuid) -> Result<Vec<Entry>, StoreError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let after = all.last().map(|last| (customer, last.sequence));
        let found = page(on, Some(customer), after, 500).await?;
        if found.is_empty() {
            return Ok(all);
        }
        all.extend(found);
    }
}

/// The noted ends of the chains behind that of `after`, in the order of the customers' ids; of one customer alone if one is
/// named.
pub async fn heads(
    on: &impl Reads,
    customer: Option<Uuid>,
    after: Option<Uuid>,
    rows: u32,
) -> Result<Vec<(Uuid, Last)>, StoreError> {
    let mut sql =
        r#"SELECT "customer_id", "sequence", "digest" FROM "ledger_head" WHERE "customer_id" > $1"#.to_owned();
    let mut values = vec![sea_orm::Value::Uuid(Some(after.unwrap_or(Uuid::nil())))];
    if let Some(customer) = customer {
        sql.push_str(r#" AND "customer_id" = $2"#);
        values.push(sea_orm::Value::Uuid(Some(customer)));
    }
    sql.push_str(&format!(r#" ORDER BY "customer_id" LIMIT {rows}"#));
    let found = on.link().rows(&sql, values).await?;
    let head = |row: &sea_orm::QueryResult| {
        let last = Last { sequence: row.try_get_by_index(1)?, digest: row.try_get_by_index(2)? };
        Ok((row.try_get_by_index(0)?, last))
    };
    found.iter().map(head).collect()
}

/// Which recorded decisions are wanted: at these points, not before a time, behind one that is known already.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    pub points: &'a [&'a str],
    pub since: Option<DateTime<Utc>>,
    pub behind: Option<(DateTime<Utc>, Uuid)>,
}

/// Recorded decisions that are not erased, the newest first.
pub async fn recorded(on: &impl Reads, wanted: &Recorded<'_>, rows: u32) -> Result<Vec<Entry>, StoreError> {
    let link = on.link();
    let time = |time: DateTime<Utc>| {
        adapt(link.dialect(), &Kind::DateTime, &time.into()).map_err(|unfit| unfit.of("Decision.decidedAt"))
    };
    let mut values: Vec<_> = wanted.points.iter().map(|point| sea_orm::Value::from(*point)).collect();
    let places: Vec<_> = (1..=values.len()).map(|number| format!("${number}")).collect();
    let mut sql = format!(r#"{} WHERE "erased_at" IS NULL AND "point" IN ({})"#, select(), places.join(", "));
    if let Some(since) = wanted.since {
        values.push(time(since)?);
        sql.push_str(&format!(r#" AND "decided_at" >= ${}"#, values.len()));
    }
    if let Some((at, id)) = wanted.behind {
        values.extend([time(at)?, sea_orm::Value::Uuid(Some(id))]);
        let (at, id) = (values.len() - 1, values.len());
        sql.push_str(&format!(r#" AND ("decided_at", "id") < (${at}, ${id})"#));
    }
    sql.push_str(&format!(r#" ORDER BY "decided_at" DESC, "id" DESC LIMIT {rows}"#));
    entries(&link, &sql, values).await
}

async fn entries(link: &Link<'_>, sql: &str, values: Vec<sea_orm::Value>) -> Result<Vec<Entry>, StoreError> {
    link.rows(sql, values).await?.iter().map(|row| read(link.dialect(), row)).collect()
}
