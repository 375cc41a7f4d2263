//! Credit: exposure is set aside below its ceilings, or not at all.

use chrono::NaiveDate;
use guildhall_model::Kind;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::column::adapt;
use crate::link::Reads;
use crate::{Dialect, StoreError, Transaction};

/// Exposure to be set aside for an order that is being placed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reservation {
    pub customer: Uuid,
    /// In the account's currency.
    pub amount: Decimal,
    /// The day the goods are needed; at once if nothing is said.
    pub needed_on: Option<NaiveDate>,
    /// The last day of the horizon: what is needed later counts on static exposure alone.
    pub horizon: NaiveDate,
    /// How high dynamic exposure may be afterwards; any if nothing is said.
    pub ceiling: Option<Decimal>,
    /// How high static exposure may be afterwards; any if nothing is said.
    pub ceiling_static: Option<Decimal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It counts on this account now.
    Done { account: Uuid },
    /// One of the ceilings is in the way; nothing was changed.
    Full,
    /// The customer has no credit account to set anything aside on.
    NoAccount,
}

/// Sets exposure aside by one conditional update: of any number of transactions that want the same room, those get it whose
/// updates come first, and the sum never passes a ceiling. What others have set aside and not committed is waited for.
pub async fn reserve(transaction: &Transaction, wanted: &Reservation) -> Result<Reserved, StoreError> {
    let dialect = transaction.dialect();
    let money = |amount: Decimal| {
        adapt(dialect, &Kind::Money, &amount.into()).map_err(|unfit| unfit.of("CreditAccount.exposure"))
    };
    let day = |day: NaiveDate| adapt(dialect, &Kind::Date, &day.into()).map_err(|unfit| unfit.of("Order.requiredOn"));
    let soon = wanted.needed_on.is_none_or(|needed| needed <= wanted.horizon);
    let mut values = vec![
        sea_orm::Value::Uuid(Some(wanted.customer)),
        money(wanted.amount)?,
        money(if soon { wanted.amount } else { Decimal::ZERO })?,
    ];
    let mut bounds = String::new();
    if let Some(ceiling) = wanted.ceiling_static {
        values.push(money(ceiling)?);
        bounds.push_str(&format!(r#" AND "exposure" + $2 <= ${}"#, values.len()));
    }
    // What is needed after the horizon burdens no dynamic exposure, so it meets no dynamic ceiling either.
    if let Some(ceiling) = wanted.ceiling.filter(|_| soon) {
        values.extend([money(ceiling)?, day(wanted.horizon)?]);
        bounds.push_str(&format!(
            r#" AND "exposure" + $3 - (SELECT COALESCE(SUM("o"."net_total"), 0) FROM "order" AS "o"
              WHERE "o"."customer_id" = "credit_account"."customer_id" AND "o"."currency" = "credit_account"."currency"
                AND "o"."status" = 'OPEN' AND "o"."required_on" > ${}
                AND NOT EXISTS (SELECT 1 FROM "invoice" AS "i" WHERE "i"."order_id" = "o"."id")) <= ${}"#,
            values.len(),
            values.len() - 1,
        ));
    }
    let sql = format!(
        r#"UPDATE "credit_account" SET "exposure" = "exposure" + $2, "exposure_dynamic" = "exposure_dynamic" + $3
           WHERE "customer_id" = $1{bounds} RETURNING "id""#
    );
    if let Some(row) = transaction.query_row(&sql, values).await? {
        return Ok(Reserved::Done { account: row.try_get_by_index(0)? });
    }
    let sql = r#"SELECT 1 FROM "credit_account" WHERE "customer_id" = $1"#;
    let account = transaction.query_row(sql, vec![sea_orm::Value::Uuid(Some(wanted.customer))]).await?;
    Ok(if account.is_some() { Reserved::Full } else { Reserved::NoAccount })
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
/// checked, the longest waiting first. `generation` is the one that decides.
pub async fn to_check(on: &impl Reads, generation: i64, most: u32) -> Result<Vec<Waiting>, StoreError> {
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
        r#""c"."segment_id""#,
        r#""c"."facts_as_of""#,
        r#""o"."net_total""#,
    ];
    let state = columns.map(text).join(" || '|' || ");
    let sql = format!(
        r#"SELECT "w"."hold", "w"."order", "w"."customer", "w"."state" FROM (
             SELECT "h"."id" AS "hold", "o"."id" AS "order", "o"."customer_id" AS "customer", "h"."placed_at" AS "since",
               "h"."checked_for" AS "checked", '{generation}|' || {state} AS "state"
             FROM "hold" AS "h" JOIN "order" AS "o" ON "o"."id" = "h"."order_id"
             JOIN "customer" AS "c" ON "c"."id" = "o"."customer_id"
             LEFT JOIN "credit_account" AS "a" ON "a"."customer_id" = "o"."customer_id"
             WHERE "h"."status" = 'ACTIVE' AND "h"."reason" = 'CREDIT' AND "o"."status" = 'HELD'
           ) AS "w" WHERE "w"."checked" IS DISTINCT FROM "w"."state" ORDER BY "w"."since", "w"."hold" LIMIT {most}"#
    );
    let rows = link.rows(&sql, Vec::new()).await?;
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
mod tests {
    use guildhall_model::Value;

    use super::*;
    use crate::Database;
    use crate::testing::{amount, customer, databases, day, insert};

    async fn account(database: &Database, exposure: &str) -> Uuid {
        let transaction = database.begin().await.unwrap();
        let customer = customer(&transaction, "Alfreds").await;
        let fields = [
            ("currency", "USD".into()),
            ("limit", amount("50000")),
            ("dunningLevel", 0.into()),
            ("onHold", false.into()),
            ("customer_id", customer.into()),
        ];
        insert(&transaction, "CreditAccount", &fields).await;
        let set = r#"UPDATE "credit_account" SET "exposure" = $1, "exposure_dynamic" = $1 WHERE "customer_id" = $2"#;
        let exposure = adapt(transaction.dialect(), &Kind::Money, &amount(exposure)).ok().unwrap();
        transaction.execute(set, vec![exposure, sea_orm::Value::Uuid(Some(customer))]).await.unwrap();
        transaction.commit().await.unwrap();
        customer
    }

    fn wanted(customer: Uuid, amount: &str) -> Reservation {
        Reservation {
            customer,
            amount: amount.parse().unwrap(),
            needed_on: None,
            horizon: "2026-06-14".parse().unwrap(),
            ceiling: Some(Decimal::from(55_000)),
            ceiling_static: Some(Decimal::from(65_000)),
        }
    }

    fn said(reserved: Reserved) -> &'static str {
        match reserved {
            Reserved::Done { .. } => "done",
            Reserved::Full => "full",
            Reserved::NoAccount => "no account",
        }
    }

    async fn check(exposure: &str, change: impl Fn(&mut Reservation), expected: &str) {
        for (database, _fixture) in databases().await {
            let customer = account(&database, exposure).await;
            let mut wanted = wanted(customer, "10000");
            change(&mut wanted);
            let transaction = database.begin().await.unwrap();
            assert_eq!(said(reserve(&transaction, &wanted).await.unwrap()), expected);
        }
    }

    #[tokio::test]
    async fn as_much_as_the_ceiling_is_set_aside_and_no_more() {
        check("45000", |_| {}, "done").await;
        check("45000.01", |_| {}, "full").await;
    }

    #[tokio::test]
    async fn what_is_needed_later_meets_the_static_ceiling_alone() {
        let later = |wanted: &mut Reservation| wanted.needed_on = Some("2026-06-15".parse().unwrap());
        check("55000", later, "done").await;
        check("55000.01", later, "full").await;
    }

    #[tokio::test]
    async fn open_orders_beyond_the_horizon_make_room() {
        for (database, _fixture) in databases().await {
            let customer = account(&database, "50000").await;
            let transaction = database.begin().await.unwrap();
            let order = |on: &str, net: &str, status: &str| {
                [
                    ("number", on.into()),
                    ("status", status.into()),
                    ("orderedOn", Value::from(day("2026-06-01"))),
                    ("requiredOn", Value::from(day(on))),
                    ("currency", "USD".into()),
                    ("grossTotal", amount(net)),
                    ("netTotal", amount(net)),
                    ("customer_id", Value::from(customer)),
                ]
            };
            insert(&transaction, "Order", &order("2026-06-14", "9000", "OPEN")).await;
            insert(&transaction, "Order", &order("2026-06-20", "7000", "SHIPPED")).await;
            assert_eq!(said(reserve(&transaction, &wanted(customer, "10000")).await.unwrap()), "full");
            insert(&transaction, "Order", &order("2026-06-15", "5000", "OPEN")).await;
            assert_eq!(said(reserve(&transaction, &wanted(customer, "10000")).await.unwrap()), "done");
        }
    }

    #[tokio::test]
    async fn who_has_no_account_is_told_apart() {
        for (database, _fixture) in databases().await {
            let transaction = database.begin().await.unwrap();
            let customer = customer(&transaction, "Alfreds").await;
            assert_eq!(said(reserve(&transaction, &wanted(customer, "1")).await.unwrap()), "no account");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_at_once_as_many_get_room_as_there_is() {
        for (database, _fixture) in databases().await {
            let customer = account(&database, "40000").await;
            let all: Vec<_> = (0..20)
                .map(|_| {
                    let database = database.clone();
                    tokio::spawn(async move {
                        let transaction = database.begin().await.unwrap();
                        let reserved = reserve(&transaction, &wanted(customer, "4000")).await.unwrap();
                        transaction.commit().await.unwrap();
                        reserved
                    })
                })
                .collect();
            let mut done = 0;
            for one in all {
                done += usize::from(said(one.await.unwrap()) == "done");
            }
            assert_eq!(done, 3);
            let row = database.link().row(r#"SELECT CAST("exposure" AS text) FROM "credit_account""#, Vec::new()).await;
            let exposure: String = row.unwrap().unwrap().try_get_by_index(0).unwrap();
            assert!(exposure.starts_with("52000"), "{exposure}");
        }
    }
}
