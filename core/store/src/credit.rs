//! Credit: exposure is set aside below its ceilings, or not at all; and which orders are to be checked again.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::{Kind, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::column::{adapt, read};
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};

/// Exposure to be set aside for an order that is being placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    pub customer: Uuid,
    /// In the account's currency. Nothing for an order that counts already and is checked again: then it is only looked
    /// whether there is room for what counts.
    pub amount: Decimal,
    /// The day the goods are needed; at once if nothing is said.
    pub needed_on: Option<NaiveDate>,
    /// The last day of the horizon: what is needed later counts on static exposure alone.
    pub horizon: NaiveDate,
    /// How high dynamic exposure may be afterwards; any if nothing is said.
    pub ceiling: Option<Decimal>,
    /// How high static exposure may be afterwards; any if nothing is said.
    pub ceiling_static: Option<Decimal>,
    /// How high the static exposure of all accounts of its credit group may be afterwards; any if nothing is said.
    pub ceiling_group: Option<Decimal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It counts now.
    Done,
    /// One of the ceilings is in the way; nothing was changed.
    Full,
    /// The customer has no credit account to set anything aside on.
    NoAccount,
}

/// Sets exposure aside by one conditional update: of any number of transactions that want the same room, those get it whose
/// updates come first, and the sum never passes a ceiling. What others have set aside and not committed is waited for: on the
/// account by its row, in a group by the group's.
pub async fn reserve(transaction: &Transaction, wanted: &Reservation) -> Result<Reserved, StoreError> {
    let dialect = transaction.dialect();
    let customer = || sea_orm::Value::Uuid(Some(wanted.customer));
    if wanted.ceiling_group.is_some() && dialect == Dialect::Postgres {
        // A statement of its own: the next one sees what was committed while this one waited. SQLite has one writer.
        let sql = r#"SELECT 1 FROM "credit_group" AS "g" JOIN "credit_account" AS "a" ON "a"."group_id" = "g"."id"
                     WHERE "a"."customer_id" = $1 FOR NO KEY UPDATE OF "g""#;
        transaction.query_row(sql, vec![customer()]).await?;
    }
    let money = |amount: Decimal| {
        adapt(dialect, &Kind::Money, &amount.into()).map_err(|unfit| unfit.of("CreditAccount.exposure"))
    };
    let day = |day: NaiveDate| adapt(dialect, &Kind::Date, &day.into()).map_err(|unfit| unfit.of("Order.requiredOn"));
    let soon = wanted.needed_on.is_none_or(|needed| needed <= wanted.horizon);
    let mut values = vec![customer(), money(wanted.amount)?, money(if soon { wanted.amount } else { Decimal::ZERO })?];
    let mut bounds = String::new();
    if let Some(ceiling) = wanted.ceiling_static {
        values.push(money(ceiling)?);
        bounds.push_str(&format!(r#" AND "exposure" + $2 <= ${}"#, values.len()));
    }
    if let Some(ceiling) = wanted.ceiling_group {
        values.push(money(ceiling)?);
        bounds.push_str(&format!(
            r#" AND ("group_id" IS NULL OR $2 + (SELECT SUM("m"."exposure") FROM "credit_account" AS "m"
              WHERE "m"."group_id" = "credit_account"."group_id" AND "m"."currency" = "credit_account"."currency") <= ${})"#,
            values.len()
        ));
    }
    // What is needed after the horizon burdens no dynamic exposure, so it meets no dynamic ceiling either.
    if let Some(ceiling) = wanted.ceiling.filter(|_| soon) {
        values.extend([money(ceiling)?, day(wanted.horizon)?]);
        bounds.push_str(&format!(
            r#" AND "exposure" + $3 - (SELECT COALESCE(SUM("e"."amount"), 0) FROM "exposure_entry" AS "e"
              WHERE "e"."customer_id" = "credit_account"."customer_id" AND "e"."stage" = 'ORDER'
                AND "e"."credit_account_id" = "credit_account"."id" AND "e"."needed_on" > ${}) <= ${}"#,
            values.len(),
            values.len() - 1,
        ));
    }
    let sql = format!(
        r#"UPDATE "credit_account" SET "exposure" = "exposure" + $2, "exposure_dynamic" = "exposure_dynamic" + $3
           WHERE "customer_id" = $1{bounds}"#
    );
    if transaction.execute(&sql, values).await? == 1 {
        return Ok(Reserved::Done);
    }
    let sql = r#"SELECT 1 FROM "credit_account" WHERE "customer_id" = $1"#;
    let account = transaction.query_row(sql, vec![customer()]).await?;
    Ok(if account.is_some() { Reserved::Full } else { Reserved::NoAccount })
}

/// Has credit for an open order checked again at a time, or not by itself.
pub async fn check_again(transaction: &Transaction, order: Uuid, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    let at = adapt(transaction.dialect(), &Kind::DateTime, &at.into());
    let at = at.map_err(|unfit| unfit.of("ExposureEntry.checkAt"))?;
    let sql = r#"UPDATE "exposure_entry" SET "check_at" = $1 WHERE "id" = $2 AND "stage" = 'ORDER'"#;
    transaction.execute(sql, vec![at, sea_orm::Value::Uuid(Some(order))]).await.map(drop)
}

/// Open orders whose time to be checked again has come, the longest due first.
pub async fn due(on: &impl Reads, now: DateTime<Utc>, most: u32) -> Result<Vec<Uuid>, StoreError> {
    let link = on.link();
    let now = adapt(link.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("ExposureEntry.checkAt"))?;
    let sql = format!(
        r#"SELECT "order_id" FROM "exposure_entry" WHERE "check_at" <= $1 AND "stage" = 'ORDER'
           ORDER BY "check_at", "id" LIMIT {most}"#
    );
    let rows = link.rows(&sql, vec![now]).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// Whether an open order is still to be checked again, which another process may have done. Entries change under a lock of
/// their customer; who has it can rely on the answer.
pub async fn is_due(transaction: &Transaction, order: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let now = adapt(transaction.dialect(), &Kind::DateTime, &now.into());
    let now = now.map_err(|unfit| unfit.of("ExposureEntry.checkAt"))?;
    let sql = r#"SELECT 1 FROM "exposure_entry" WHERE "id" = $1 AND "stage" = 'ORDER' AND "check_at" <= $2"#;
    Ok(transaction.query_row(sql, vec![sea_orm::Value::Uuid(Some(order)), now]).await?.is_some())
}

/// How a person released an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub by: String,
    pub at: DateTime<Utc>,
    /// What the order came to.
    pub amount: Decimal,
}

/// The last time somebody other than `besides` released a credit hold of the order, for the customer whose it is.
pub async fn last_release(
    transaction: &Transaction,
    order: Uuid,
    besides: &str,
) -> Result<Option<Release>, StoreError> {
    let amount = Kind::Decimal { scale: guildhall_model::MONEY_SCALE };
    let sql = r#"SELECT "released_by", "released_at", "released_amount" FROM "hold"
        WHERE "order_id" = $1 AND "status" = 'RELEASED' AND "reason" = 'CREDIT'
          AND "customer_id" = (SELECT "customer_id" FROM "order" WHERE "id" = $1)
          AND "released_by" <> $2 AND "released_at" IS NOT NULL AND "released_amount" IS NOT NULL
        ORDER BY "released_at" DESC, "id" DESC LIMIT 1"#;
    let row = transaction.query_row(sql, vec![sea_orm::Value::Uuid(Some(order)), besides.into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let dialect = transaction.dialect();
    match (read(dialect, &Kind::DateTime, &row, 1)?, read(dialect, &amount, &row, 2)?) {
        (Value::DateTime(at), Value::Decimal(amount)) => Ok(Some(Release { by: row.try_get_by_index(0)?, at, amount })),
        _ => Err(StoreError::internal("a release without time or amount")),
    }
}

/// What stops an order, whatever credit says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Its customer buys no longer.
    Closed,
    /// A hold stops all orders of its customer.
    Customer,
    /// A hold of the order itself, for another reason than credit.
    Order,
}

/// What stops an order of the customer, if something does; without an order, one that is being placed. A hold whose end has
/// come stops nothing any more.
pub async fn stop(
    transaction: &Transaction,
    customer: Uuid,
    order: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Option<Stop>, StoreError> {
    let time = adapt(transaction.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("Hold.until"))?;
    let (customer, order) = (sea_orm::Value::Uuid(Some(customer)), sea_orm::Value::Uuid(order));
    let sql = r#"SELECT 1 FROM "customer" WHERE "id" = $1 AND "status" = 'CLOSED'"#;
    if transaction.query_row(sql, vec![customer.clone()]).await?.is_some() {
        return Ok(Some(Stop::Closed));
    }
    let sql = format!(
        r#"SELECT "h"."order_id" FROM "hold" AS "h" WHERE {} AND ("h"."until" IS NULL OR "h"."until" > $3)
           ORDER BY CASE WHEN "h"."order_id" IS NULL THEN 0 ELSE 1 END LIMIT 1"#,
        stopping("$1", "$2"),
    );
    let row = transaction.query_row(&sql, vec![customer, order, time]).await?;
    let of: Option<Option<Uuid>> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(of.map(|order| if order.is_none() { Stop::Customer } else { Stop::Order }))
}

/// Whether the hold `h` is active and stops an order otherwise than by waiting for credit.
fn stopping(customer: &str, order: &str) -> String {
    format!(
        r#""h"."status" = 'ACTIVE' AND (("h"."customer_id" = {customer} AND "h"."order_id" IS NULL)
             OR ("h"."order_id" = {order} AND "h"."reason" <> 'CREDIT'))"#
    )
}

/// Holds whose end has come, the longest over first. What waits for credit is none of them: credit ends it.
pub async fn expired(on: &impl Reads, now: DateTime<Utc>, most: u32) -> Result<Vec<Uuid>, StoreError> {
    let link = on.link();
    let now = adapt(link.dialect(), &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("Hold.until"))?;
    let sql = format!(
        r#"SELECT "id" FROM "hold" WHERE "status" = 'ACTIVE' AND "until" <= $1 AND ("order_id" IS NULL OR "reason" <> 'CREDIT')
           ORDER BY "until", "id" LIMIT {most}"#
    );
    let rows = link.rows(&sql, vec![now]).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

/// An order that waits for credit, and what its customer's credit depends on now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub hold: Uuid,
    pub order: Uuid,
    pub customer: Uuid,
    /// Everything credit depends on, as one text: another text is a reason to check again.
    pub state: String,
}

/// The orders that are held for credit and whose customers' credit depends on something else than when they were last
/// checked, the longest waiting first: all of them, or those of one customer and of those who share a limit with him.
/// `generation` is the one that decides.
pub async fn to_check(
    on: &impl Reads,
    generation: i64,
    around: Option<Uuid>,
    most: u32,
) -> Result<Vec<Waiting>, StoreError> {
    let link = on.link();
    // An id is bytes on SQLite, and they are no text.
    let text = |column: &str| match link.dialect() {
        Dialect::Sqlite if column.ends_with("_id\"") => format!("hex({column})"),
        _ => format!("COALESCE(CAST({column} AS text), '')"),
    };
    let columns = [
        r#""a"."limit""#,
        r#""a"."exposure""#,
        r#""a"."exposure_dynamic""#,
        r#""a"."limit_until""#,
        r#""a"."dunning_level""#,
        r#""a"."on_hold""#,
        r#""a"."group_id""#,
        r#""c"."overdue_amount""#,
        r#""c"."open_amount""#,
        r#""c"."segment_id""#,
        r#""c"."facts_as_of""#,
        r#""o"."net_total""#,
        r#""o"."currency""#,
        r#""o"."required_on""#,
        r#""g"."limit""#,
        r#""g"."currency""#,
        // What they owe together who share a limit.
        r#"(SELECT SUM("m"."exposure") FROM "credit_account" AS "m" WHERE "m"."group_id" = "g"."id")"#,
        // What is disputed is not held against a customer.
        r#"(SELECT COUNT(*) FROM "dispute" AS "d" JOIN "invoice" AS "i" ON "i"."id" = "d"."invoice_id"
            WHERE "i"."customer_id" = "c"."id" AND "d"."status" IN ('OPEN', 'UNDER_REVIEW'))"#,
    ];
    // What else stops the order. A hold that ends by itself is ended by a write.
    let stops =
        format!(r#"(SELECT COUNT(*) FROM "hold" AS "h" WHERE {})"#, stopping(r#""o"."customer_id""#, r#""o"."id""#));
    let state = columns.into_iter().chain([r#""c"."status""#, stops.as_str()]).map(text).collect::<Vec<_>>();
    let state = state.join(" || '|' || ");
    let (among, values) = match around {
        None => ("", Vec::new()),
        Some(customer) => (
            r#" AND ("o"."customer_id" = $1
              OR "a"."group_id" = (SELECT "group_id" FROM "credit_account" WHERE "customer_id" = $1))"#,
            vec![sea_orm::Value::Uuid(Some(customer))],
        ),
    };
    let sql = format!(
        r#"SELECT "w"."hold", "w"."order", "w"."customer", "w"."state" FROM (
             SELECT "h"."id" AS "hold", "o"."id" AS "order", "o"."customer_id" AS "customer", "h"."placed_at" AS "since",
               "h"."checked_for" AS "checked", '{generation}|' || {state} AS "state"
             FROM "hold" AS "h" JOIN "order" AS "o" ON "o"."id" = "h"."order_id"
             JOIN "customer" AS "c" ON "c"."id" = "o"."customer_id"
             LEFT JOIN "credit_account" AS "a" ON "a"."customer_id" = "o"."customer_id"
             LEFT JOIN "credit_group" AS "g" ON "g"."id" = "a"."group_id"
             WHERE "h"."status" = 'ACTIVE' AND "h"."reason" = 'CREDIT' AND "o"."status" = 'HELD'{among}
           ) AS "w" WHERE "w"."checked" IS DISTINCT FROM "w"."state" ORDER BY "w"."since", "w"."hold" LIMIT {most}"#
    );
    let rows = link.rows(&sql, values).await?;
    let waiting = rows.iter().map(|row| {
        Ok(Waiting {
            hold: row.try_get_by_index(0)?,
            order: row.try_get_by_index(1)?,
            customer: row.try_get_by_index(2)?,
            state: row.try_get_by_index(3)?,
        })
    });
    waiting.collect()
}

/// Notes for what an order was checked and stays held. That is no change of the hold.
pub async fn checked(transaction: &Transaction, waiting: &Waiting) -> Result<(), StoreError> {
    let sql = r#"UPDATE "hold" SET "checked_for" = $1 WHERE "id" = $2"#;
    let values = vec![waiting.state.clone().into(), sea_orm::Value::Uuid(Some(waiting.hold))];
    transaction.execute(sql, values).await.map(drop)
}

#[cfg(test)]
mod tests;
