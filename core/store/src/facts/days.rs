//! The statements of customer days: what the records of a day come to.

use chrono::{DateTime, Utc};
use guildhall_model::Kind;
use serde_json::json;

use super::Touched;
use crate::column::adapt;
use crate::{Dialect, StoreError, Transaction};

/// What identifies a day among all.
const KEY: &str = r#"
    "d"."customer_id" = "w"."customer_id" AND "d"."origin" = "w"."origin"
    AND "d"."day" = "w"."day" AND "d"."currency" = "w"."currency""#;

/// Counts all days of all customers; says how many were new, other or gone.
pub(super) async fn all(transaction: &Transaction, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let dialect = transaction.dialect();
    let gone = transaction.execute(&removal(dialect, None), Vec::new()).await?;
    Ok(gone + transaction.execute(&arrival(dialect, None), vec![time(dialect, now)?]).await?)
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
    let dialect = transaction.dialect();
    let pairs = touched.days.iter().map(|(customer, day)| json!([customer.simple().to_string(), day]));
    let pairs = sea_orm::Value::from(serde_json::Value::Array(pairs.collect()).to_string());
    let mut changed = 0;
    if touched.emptied {
        changed += transaction.execute(&removal(dialect, Some(1)), vec![pairs.clone()]).await?;
    }
    Ok(changed + transaction.execute(&arrival(dialect, Some(2)), vec![time(dialect, now)?, pairs]).await?)
}

fn time(dialect: Dialect, now: DateTime<Utc>) -> Result<sea_orm::Value, StoreError> {
    adapt(dialect, &Kind::DateTime, &now.into()).map_err(|unfit| unfit.of("CustomerDay.updatedAt"))
}

/// Removes days that have no record any more.
fn removal(dialect: Dialect, pairs: Option<usize>) -> String {
    let among = pairs.map_or_else(String::new, |_| {
        r#" AND ("d"."customer_id", "d"."day") IN (SELECT "customer_id", "day" FROM "touched")"#.to_owned()
    });
    // By id and a join: SQLite would look through all that is wanted anew for each day of a correlated subquery.
    format!(
        r#"WITH {}
DELETE FROM "customer_day" WHERE "id" IN (
  SELECT "d"."id" FROM "customer_day" AS "d" LEFT JOIN "wanted" AS "w" ON {KEY}
  WHERE "w"."customer_id" IS NULL{among})"#,
        wanted(dialect, pairs)
    )
}

/// Writes days that are new or other. Parameter: $1 the time.
fn arrival(dialect: Dialect, pairs: Option<usize>) -> String {
    let new_id = match dialect {
        Dialect::Postgres => "gen_random_uuid()",
        Dialect::Sqlite => "randomblob(16)",
    };
    format!(
        r#"WITH {}
INSERT INTO "customer_day" ("id", "version", "created_at", "updated_at", "customer_id", "origin", "day", "currency",
  "records", "amount", "cost", "unknown_costs", "days_late", "last_at")
SELECT {new_id}, 1, $1, $1, "w"."customer_id", "w"."origin", "w"."day", "w"."currency",
  "w"."records", "w"."amount", "w"."cost", "w"."unknown_costs", "w"."days_late", "w"."last_at"
FROM "wanted" AS "w" LEFT JOIN "customer_day" AS "d" ON {KEY}
WHERE "d"."id" IS NULL OR "d"."records" <> "w"."records" OR "d"."amount" <> "w"."amount" OR "d"."cost" <> "w"."cost"
  OR "d"."unknown_costs" <> "w"."unknown_costs" OR "d"."days_late" <> "w"."days_late"
  OR "d"."last_at" IS DISTINCT FROM "w"."last_at"
ON CONFLICT ("customer_id", "origin", "day", "currency") DO UPDATE SET
  "version" = "customer_day"."version" + 1, "updated_at" = excluded."updated_at", "records" = excluded."records",
  "amount" = excluded."amount", "cost" = excluded."cost", "unknown_costs" = excluded."unknown_costs",
  "days_late" = excluded."days_late", "last_at" = excluded."last_at""#,
        wanted(dialect, pairs)
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

/// `"wanted"`, the days as they should be: all of them, or those of the parameter `pairs`, a JSON array of customer and day.
fn wanted(dialect: Dialect, pairs: Option<usize>) -> String {
    let days: Vec<_> = ORIGINS.iter().map(|origin| origin.days(dialect, pairs.is_some())).collect();
    let wanted = format!(r#""wanted" AS ({})"#, days.join("\n  UNION ALL"));
    let Some(parameter) = pairs else { return wanted };
    let touched = match dialect {
        Dialect::Postgres => format!(
            r#"SELECT ("p"."value"->>0)::uuid AS "customer_id", ("p"."value"->>1)::date AS "day"
               FROM json_array_elements(${parameter}::json) AS "p"("value")"#
        ),
        Dialect::Sqlite => format!(
            r#"SELECT unhex(json_extract(value, '$[0]')) AS "customer_id", json_extract(value, '$[1]') AS "day"
               FROM json_each(${parameter})"#
        ),
    };
    format!(r#""touched" AS ({touched}), {wanted}"#)
}

impl Origin {
    fn days(&self, dialect: Dialect, some: bool) -> String {
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
        let last_at = match (timed, dialect) {
            (true, _) => format!("MAX({column})"),
            (false, Dialect::Postgres) => "CAST(NULL AS timestamptz)".to_owned(),
            (false, Dialect::Sqlite) => "NULL".to_owned(),
        };
        let days_late = days_late.replace("LATE", &late(dialect));
        // The touched days first: SQLite keeps the order of a cross join.
        let (from, join) = match some {
            true => (
                r#""touched" AS "t" CROSS JOIN "#,
                format!(r#""s"."customer_id" = "t"."customer_id" AND {on_day} AND "#),
            ),
            false => ("", String::new()),
        };
        format!(
            r#"
  SELECT "s"."customer_id" AS "customer_id", '{name}' AS "origin", {day} AS "day", {currency} AS "currency",
    COUNT(*) AS "records", {amount} AS "amount", {cost} AS "cost", {unknown_costs} AS "unknown_costs",
    {days_late} AS "days_late", {last_at} AS "last_at"
  FROM {from}"{table}" AS "s" WHERE {join}{which} GROUP BY 1, 3, 4"#
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
