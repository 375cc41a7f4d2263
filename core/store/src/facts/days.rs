//! The statements of customer days: what the records of a day come to.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use serde_json::json;

use super::Touched;
use crate::column::adapt;
use crate::id_list::ids_of;
use crate::{Dialect, StoreError, Transaction};

/// What identifies a day among all.
const KEY: &str = r#"
    "d"."customer_id" = "w"."customer_id" AND "d"."origin" = "w"."origin"
    AND "d"."day" = "w"."day" AND "d"."currency" = "w"."currency""#;

/// Which days are counted; each has one parameter.
#[derive(Clone, Copy, PartialEq)]
enum Among {
    /// All of some customers: a list of ids.
    Customers,
    /// Some: a JSON array of customer and day.
    Days,
}

/// Counts all days of customers; says how many were new, other or gone.
pub(super) async fn all(
    transaction: &Transaction,
    customers: &sea_orm::Value,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    count(transaction, Among::Customers, customers, true, now).await
}

/// Counts the days that writes touched.
pub(super) async fn touched(
    transaction: &Transaction,
    touched: &Touched,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    if touched.days.is_empty() {
        return Ok(0);
    }
    let pairs = touched.days.iter().map(|(customer, day)| json!([customer.simple().to_string(), day]));
    let pairs = sea_orm::Value::from(serde_json::Value::Array(pairs.collect()).to_string());
    count(transaction, Among::Days, &pairs, touched.emptied, now).await
}

/// `emptied`: whether days can be without a record now.
async fn count(
    transaction: &Transaction,
    among: Among,
    which: &sea_orm::Value,
    emptied: bool,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let dialect = transaction.dialect();
    let mut changed = 0;
    if emptied {
        changed += transaction.execute(&removal(dialect, among), vec![which.clone()]).await?;
    }
    let values = vec![which.clone(), time(dialect, now)?];
    Ok(changed + transaction.execute(&arrival(dialect, among), values).await?)
}

fn time(dialect: Dialect, now: DateTime<Utc>) -> Result<sea_orm::Value, StoreError> {
    adapt(dialect, &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("CustomerDay.updatedAt"))
}

/// Removes days that have no record any more.
fn removal(dialect: Dialect, among: Among) -> String {
    let touched = match among {
        Among::Customers => r#""d"."customer_id" IN (SELECT "customer_id" FROM "touched")"#,
        Among::Days => r#"("d"."customer_id", "d"."day") IN (SELECT "customer_id", "day" FROM "touched")"#,
    };
    // By id and a join: SQLite would look through all that is wanted anew for each day of a correlated subquery.
    format!(
        r#"WITH {}
DELETE FROM "customer_day" WHERE "id" IN (
  SELECT "d"."id" FROM "customer_day" AS "d" LEFT JOIN "wanted" AS "w" ON {KEY}
  WHERE "w"."customer_id" IS NULL AND {touched})"#,
        wanted(dialect, among)
    )
}

/// Writes days that are new or other. Parameters: $1 that of the days, $2 the time.
fn arrival(dialect: Dialect, among: Among) -> String {
    let new_id = match dialect {
        Dialect::Postgres => "gen_random_uuid()",
        Dialect::Sqlite => "randomblob(16)",
    };
    format!(
        r#"WITH {}
INSERT INTO "customer_day" ("id", "version", "created_at", "updated_at", "customer_id", "origin", "day", "currency",
  "records", "amount", "cost", "unknown_costs", "days_late", "last_at")
SELECT {new_id}, 1, $2, $2, "w"."customer_id", "w"."origin", "w"."day", "w"."currency",
  "w"."records", "w"."amount", "w"."cost", "w"."unknown_costs", "w"."days_late", "w"."last_at"
FROM "wanted" AS "w" LEFT JOIN "customer_day" AS "d" ON {KEY}
WHERE "d"."id" IS NULL OR "d"."records" <> "w"."records" OR "d"."amount" <> "w"."amount" OR "d"."cost" <> "w"."cost"
  OR "d"."unknown_costs" <> "w"."unknown_costs" OR "d"."days_late" <> "w"."days_late"
  OR "d"."last_at" IS DISTINCT FROM "w"."last_at"
ON CONFLICT ("customer_id", "origin", "day", "currency") DO UPDATE SET
  "version" = "customer_day"."version" + 1, "updated_at" = excluded."updated_at", "records" = excluded."records",
  "amount" = excluded."amount", "cost" = excluded."cost", "unknown_costs" = excluded."unknown_costs",
  "days_late" = excluded."days_late", "last_at" = excluded."last_at""#,
        wanted(dialect, among)
    )
}

/// A type of records, and what those of a day come to.
struct Origin {
    name: &'static str,
    table: &'static str,
    /// The column of the day or the time.
    on: &'static str,
    currency: &'static str,
    amount: &'static str,
    cost: &'static str,
    unknown_costs: &'static str,
    days_late: &'static str,
    /// Whether the last time is of interest; the column is a time then.
    timed: bool,
    which: &'static str,
}

const PLAIN: Origin = Origin {
    name: "",
    table: "",
    on: "",
    currency: r#""s"."currency""#,
    amount: r#"SUM("s"."amount")"#,
    cost: "0",
    unknown_costs: "0",
    days_late: "0",
    timed: false,
    which: "1 = 1",
};

const ORIGINS: [Origin; 6] = [
    Origin {
        name: "ORDERS",
        table: "order",
        on: "ordered_on",
        amount: r#"SUM("s"."net_total")"#,
        cost: r#"COALESCE(SUM("s"."cost_total"), 0)"#,
        unknown_costs: r#"COUNT(*) - COUNT("s"."cost_total")"#,
        which: r#""s"."status" NOT IN ('CANCELLED', 'HELD')"#,
        ..PLAIN
    },
    Origin { name: "INVOICES", table: "invoice", on: "issued_on", ..PLAIN },
    Origin {
        name: "SETTLEMENTS",
        table: "invoice",
        on: "paid_on",
        days_late: "LATE",
        which: r#""s"."status" = 'PAID' AND "s"."paid_on" IS NOT NULL"#,
        ..PLAIN
    },
    Origin { name: "PAYMENTS", table: "payment", on: "received_on", ..PLAIN },
    Origin { name: "CREDIT_NOTES", table: "credit_note", on: "issued_on", ..PLAIN },
    Origin {
        name: "INTERACTIONS",
        table: "interaction",
        on: "occurred_at",
        currency: "'XXX'",
        amount: "0",
        timed: true,
        which: r#""s"."occurred_at" IS NOT NULL"#,
        ..PLAIN
    },
];

/// `"wanted"`, the days as they should be: those of the parameter $1.
fn wanted(dialect: Dialect, among: Among) -> String {
    let days: Vec<_> = ORIGINS.iter().map(|origin| origin.days(dialect, among)).collect();
    let (columns, touched) = match (among, dialect) {
        (Among::Customers, _) => (r#""customer_id""#, ids_of(dialect, 1)),
        (Among::Days, Dialect::Postgres) => (
            r#""customer_id", "day""#,
            r#"SELECT ("p"."value"->>0)::uuid, ("p"."value"->>1)::date FROM json_array_elements($1::json) AS "p"("value")"#
                .to_owned(),
        ),
        (Among::Days, Dialect::Sqlite) => (
            r#""customer_id", "day""#,
            "SELECT unhex(json_extract(value, '$[0]')), json_extract(value, '$[1]') FROM json_each($1)".to_owned(),
        ),
    };
    format!(r#""touched"({columns}) AS ({touched}), "wanted" AS ({})"#, days.join("\n  UNION ALL"))
}

impl Origin {
    fn days(&self, dialect: Dialect, among: Among) -> String {
        let Origin { name, table, on, currency, amount, cost, unknown_costs, days_late, timed, which } = self;
        let column = format!(r#""s"."{on}""#);
        let day = match (timed, dialect) {
            (false, _) => column.clone(),
            (true, Dialect::Postgres) => format!("({column} AT TIME ZONE 'UTC')::date"),
            (true, Dialect::Sqlite) => format!("substr({column}, 1, 10)"),
        };
        // Days and times by their columns, so that the index over customer and day is used.
        let on_day = match (timed, dialect) {
            (false, _) => format!(r#"{column} = "t"."day""#),
            (true, Dialect::Postgres) => format!(
                r#"{column} >= "t"."day"::timestamp AT TIME ZONE 'UTC' AND {column} < ("t"."day" + 1)::timestamp AT TIME ZONE 'UTC'"#
            ),
            // Times are texts that begin with the day and a `T`.
            (true, Dialect::Sqlite) => format!(r#"{column} >= "t"."day" AND {column} < "t"."day" || 'U'"#),
        };
        // What was touched first: SQLite keeps the order of a cross join.
        let last_at = match (timed, dialect) {
            (true, _) => format!("MAX({column})"),
            (false, Dialect::Postgres) => "CAST(NULL AS timestamptz)".to_owned(),
            (false, Dialect::Sqlite) => "NULL".to_owned(),
        };
        let days_late = days_late.replace("LATE", &late(dialect));
        let on_day = if among == Among::Days { format!("{on_day} AND ") } else { String::new() };
        format!(
            r#"
  SELECT "s"."customer_id" AS "customer_id", '{name}' AS "origin", {day} AS "day", {currency} AS "currency",
    COUNT(*) AS "records", {amount} AS "amount", {cost} AS "cost", {unknown_costs} AS "unknown_costs",
    {days_late} AS "days_late", {last_at} AS "last_at"
  FROM "touched" AS "t" CROSS JOIN "{table}" AS "s"
  WHERE "s"."customer_id" = "t"."customer_id" AND {on_day}{which} GROUP BY 1, 3, 4"#
        )
    }
}

/// Days after the due day. Both are whole numbers: PostgreSQL subtracts dates, SQLite needs their day numbers.
fn late(dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => r#"SUM(GREATEST("s"."paid_on" - "s"."due_on", 0))"#,
        Dialect::Sqlite => r#"SUM(MAX(CAST(julianday("s"."paid_on") - julianday("s"."due_on") AS INTEGER), 0))"#,
    }
    .to_owned()
}
