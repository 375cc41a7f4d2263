//! What is owed, thing by thing: one entry for each order and invoice that counts, and what the entries of an account come to.
//!
//! An entry has the id of what it began with. An order's goes over to its first invoice; every further invoice has one of its
//! own. So a thing that is owed is one row, and there is no second that could count it again.
//!
//! Entries are kept where credit is looked after: for customers with a credit account, and for orders that were decided about.
//! A base whose customers all pay at once has none.

use chrono::{DateTime, Days, NaiveDate, Utc};
use guildhall_model::{Kind, ObjectType};
use uuid::Uuid;

use super::sql::open_invoices;
use super::{DELIVERED, HORIZON, date};
use crate::column::adapt;
use crate::id_list::ids_of;
use crate::{Dialect, StoreError, Transaction};

/// Brings the entries of the customers to what their records come to, and the exposure of their accounts to what the
/// entries come to. Says how many accounts have another exposure.
pub(super) async fn count(
    transaction: &Transaction,
    customers: &sea_orm::Value,
    as_of: NaiveDate,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let dialect = transaction.dialect();
    let delivered = date(transaction, as_of.checked_sub_days(Days::new(DELIVERED)).unwrap_or(NaiveDate::MIN))?;
    let time = adapt(dialect, &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("ExposureEntry.since"))?;
    let values = || vec![delivered.clone(), time.clone(), customers.clone()];
    transaction.execute(&cleared(dialect), values()).await?;
    transaction.execute(&moved(dialect), values()).await?;
    let horizon = date(transaction, as_of.checked_add_days(Days::new(HORIZON)).unwrap_or(as_of))?;
    transaction.execute(&accounts(dialect), vec![horizon, customers.clone()]).await
}

/// Lets no entry stand in the way of a record that is to be deleted: entries follow from records, and go with them.
pub(crate) async fn forget(transaction: &Transaction, object: &ObjectType, id: Uuid) -> Result<(), StoreError> {
    let sql = match object.table.as_str() {
        "order" => r#"DELETE FROM "exposure_entry" WHERE "order_id" = $1"#,
        "invoice" => r#"DELETE FROM "exposure_entry" WHERE "invoice_id" = $1"#,
        "credit_account" => r#"UPDATE "exposure_entry" SET "credit_account_id" = NULL WHERE "credit_account_id" = $1"#,
        _ => return Ok(()),
    };
    transaction.execute(sql, vec![id.into()]).await.map(drop)
}

/// Whether credit of the customer in scope is looked after.
const HAS_ACCOUNT: &str = r#"EXISTS (SELECT 1 FROM "credit_account" AS "a" WHERE "a"."customer_id" = "scope"."id")"#;

/// `"owed"`: what counts, with the stage it is in. Open invoices less credit notes, deliveries without an invoice, and open
/// orders without an invoice. An invoice to another customer takes nothing off what this one owes. Parameters: $1 the day after which deliveries count, $3 the ids.
fn owed(dialect: Dialect) -> String {
    let nothing = match dialect {
        Dialect::Postgres => ["CAST(NULL AS uuid)", "CAST(NULL AS date)"],
        Dialect::Sqlite => ["NULL", "NULL"],
    };
    let [no_id, no_day] = nothing;
    let ordered = |stage: &str, needed: &str, which: &str| {
        format!(
            r#"SELECT "o"."id", "o"."customer_id", "o"."id", {no_id}, '{stage}', "o"."currency", "o"."net_total", {needed}
  FROM "scope" CROSS JOIN "order" AS "o" WHERE "o"."customer_id" = "scope"."id" AND {which}
    AND ("o"."decision_id" IS NOT NULL OR {HAS_ACCOUNT})
    AND NOT EXISTS (
      SELECT 1 FROM "invoice" AS "i" WHERE "i"."order_id" = "o"."id" AND "i"."customer_id" = "o"."customer_id")"#
        )
    };
    format!(
        r#""scope"("id") AS ({ids}), {left}, "owed"("id", "customer_id", "order_id", "invoice_id", "stage", "currency", "amount", "needed_on") AS (
  SELECT CASE WHEN EXISTS (
      SELECT 1 FROM "order" AS "o" WHERE "o"."id" = "l"."order_id" AND "o"."customer_id" = "l"."customer_id"
    ) AND NOT EXISTS (
      SELECT 1 FROM "invoice" AS "e"
      WHERE "e"."order_id" = "l"."order_id" AND "e"."customer_id" = "l"."customer_id" AND "e"."id" < "l"."id"
    ) THEN "l"."order_id" ELSE "l"."id" END,
    "l"."customer_id", "l"."order_id", "l"."id", 'INVOICE', "l"."currency", "l"."open", {no_day}
  FROM "left" AS "l" JOIN "scope" ON "scope"."id" = "l"."customer_id" WHERE "l"."open" > 0
    AND ({HAS_ACCOUNT} OR EXISTS (
      SELECT 1 FROM "order" AS "o" WHERE "o"."id" = "l"."order_id" AND "o"."decision_id" IS NOT NULL))
  UNION ALL {open}
  UNION ALL {shipped}
  UNION ALL {undated}
)"#,
        ids = ids_of(dialect, 3),
        left = open_invoices(dialect, ""),
        open = ordered("ORDER", r#""o"."required_on""#, r#""o"."status" = 'OPEN'"#),
        shipped = ordered("DELIVERY", no_day, r#""o"."status" = 'SHIPPED' AND "o"."shipped_on" > $1"#),
        undated = ordered(
            "DELIVERY",
            no_day,
            r#""o"."status" = 'SHIPPED' AND "o"."shipped_on" IS NULL AND "o"."ordered_on" > $1"#
        ),
    )
}

/// Clears what is owed no longer. By id and a join: SQLite would look through all that is owed anew for each entry of a
/// correlated subquery. Parameters: those of [`owed`], $2 the time.
fn cleared(dialect: Dialect) -> String {
    format!(
        r#"WITH {owed}
UPDATE "exposure_entry" SET "stage" = 'CLEARED', "since" = $2, "check_at" = NULL, "version" = "version" + 1, "updated_at" = $2
WHERE "id" IN (
  SELECT "e"."id" FROM "exposure_entry" AS "e" LEFT JOIN "owed" AS "w" ON "w"."id" = "e"."id"
  WHERE "e"."stage" IN ('ORDER', 'DELIVERY', 'INVOICE') AND "w"."id" IS NULL
    AND "e"."customer_id" IN (SELECT "id" FROM "scope"))"#,
        owed = owed(dialect),
    )
}

/// Writes what is owed from now on, or otherwise than before. An open order that was decided about, and now has other terms, is
/// to be checked again. Parameters: those of [`owed`], $2 the time.
fn moved(dialect: Dialect) -> String {
    let differs = |from: &str, to: &str, columns: &[&str]| {
        let each = columns.iter().map(|column| format!(r#"{from}."{column}" IS DISTINCT FROM {to}."{column}""#));
        each.collect::<Vec<_>>().join(" OR ")
    };
    const TERMS: [&str; 4] = ["currency", "amount", "needed_on", "customer_id"];
    let all = [&TERMS[..], &["stage", "order_id", "invoice_id"]].concat();
    format!(
        r#"WITH {owed}
INSERT INTO "exposure_entry" ("id", "version", "created_at", "updated_at", "stage", "currency", "amount", "needed_on", "since",
  "customer_id", "credit_account_id", "order_id", "invoice_id")
SELECT "w"."id", 1, $2, $2, "w"."stage", "w"."currency", "w"."amount", "w"."needed_on", $2,
  "w"."customer_id", "a"."id", "w"."order_id", "w"."invoice_id"
FROM "owed" AS "w" LEFT JOIN "exposure_entry" AS "e" ON "e"."id" = "w"."id"
LEFT JOIN "credit_account" AS "a" ON "a"."customer_id" = "w"."customer_id" AND "a"."currency" = "w"."currency"
WHERE "e"."id" IS NULL OR {other} OR "e"."credit_account_id" IS DISTINCT FROM "a"."id"
ON CONFLICT ("id") DO UPDATE SET
  "since" = CASE WHEN "exposure_entry"."stage" = excluded."stage" THEN "exposure_entry"."since" ELSE excluded."since" END,
  "check_at" = CASE WHEN "exposure_entry"."stage" <> 'ORDER' OR excluded."stage" <> 'ORDER' THEN NULL
    WHEN ({terms}) AND EXISTS (
      SELECT 1 FROM "order" AS "o" WHERE "o"."id" = excluded."order_id" AND "o"."decision_id" IS NOT NULL
    ) THEN excluded."since" ELSE "exposure_entry"."check_at" END,
  "stage" = excluded."stage", "currency" = excluded."currency", "amount" = excluded."amount",
  "needed_on" = excluded."needed_on", "customer_id" = excluded."customer_id",
  "credit_account_id" = excluded."credit_account_id", "order_id" = excluded."order_id", "invoice_id" = excluded."invoice_id",
  "version" = "exposure_entry"."version" + 1, "updated_at" = excluded."updated_at""#,
        owed = owed(dialect),
        other = differs(r#""e""#, r#""w""#, &all),
        terms = differs(r#""exposure_entry""#, "excluded", &TERMS),
    )
}

/// Parameters: $1 the day up to which dynamic exposure looks at open orders, $2 the ids.
fn accounts(dialect: Dialect) -> String {
    format!(
        r#"WITH "scope"("id") AS ({ids}), "sum" AS (
  SELECT "e"."credit_account_id" AS "id", SUM("e"."amount") AS "open",
    SUM(CASE WHEN "e"."needed_on" > $1 THEN 0 ELSE "e"."amount" END) AS "soon"
  FROM "scope" CROSS JOIN "exposure_entry" AS "e"
  WHERE "e"."customer_id" = "scope"."id" AND "e"."stage" IN ('ORDER', 'DELIVERY', 'INVOICE')
    AND "e"."credit_account_id" IS NOT NULL
  GROUP BY 1
), "news" AS (
  SELECT "a"."id", COALESCE("sum"."open", 0) AS "open", COALESCE("sum"."soon", 0) AS "soon"
  FROM "scope" JOIN "credit_account" AS "a" ON "a"."customer_id" = "scope"."id" LEFT JOIN "sum" ON "sum"."id" = "a"."id"
)
UPDATE "credit_account" SET "exposure" = "news"."open", "exposure_dynamic" = "news"."soon"
FROM "news"
WHERE "credit_account"."id" = "news"."id"
  AND ("credit_account"."exposure" <> "news"."open" OR "credit_account"."exposure_dynamic" <> "news"."soon")"#,
        ids = ids_of(dialect, 2),
    )
}
