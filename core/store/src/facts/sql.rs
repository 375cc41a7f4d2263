//! The statements of the customer facts. Sums stay exact on both databases: SQLite adds the scaled numbers.

use crate::Dialect;

/// Parameters: $1 the day, $2 the same day a year before, $3 the time.
pub(super) fn customers(dialect: Dialect) -> String {
    // Both are whole numbers: PostgreSQL subtracts dates, SQLite needs their day numbers.
    let days_late = match dialect {
        Dialect::Postgres => r#"GREATEST("i"."paid_on" - "i"."due_on", 0)"#,
        Dialect::Sqlite => r#"MAX(CAST(julianday("i"."paid_on") - julianday("i"."due_on") AS INTEGER), 0)"#,
    };
    format!(
        r#"
WITH "ordered" AS (
  SELECT "o"."customer_id",
    SUM("o"."net_total") AS "revenue",
    CASE WHEN COUNT(*) = COUNT("o"."cost_total") THEN SUM("o"."net_total") - SUM("o"."cost_total") END AS "margin"
  FROM "order" AS "o" JOIN "customer" AS "c" ON "c"."id" = "o"."customer_id" AND "c"."currency" = "o"."currency"
  WHERE "o"."status" <> 'CANCELLED' AND "o"."ordered_on" > $2 AND "o"."ordered_on" <= $1
  GROUP BY "o"."customer_id"
), "counted" AS (
  SELECT "customer_id", MAX("ordered_on") AS "last",
    SUM(CASE WHEN "ordered_on" > $2 THEN 1 ELSE 0 END) AS "orders"
  FROM "order" WHERE "status" <> 'CANCELLED' AND "ordered_on" <= $1
  GROUP BY "customer_id"
), "owed" AS (
  SELECT "i"."customer_id",
    SUM("i"."amount" - "i"."paid_amount") AS "open",
    SUM(CASE WHEN "i"."due_on" < $1 THEN "i"."amount" - "i"."paid_amount" ELSE 0 END) AS "overdue"
  FROM "invoice" AS "i" JOIN "customer" AS "c" ON "c"."id" = "i"."customer_id" AND "c"."currency" = "i"."currency"
  WHERE "i"."status" <> 'PAID' AND "i"."issued_on" <= $1
  GROUP BY "i"."customer_id"
), "paid" AS (
  SELECT "i"."customer_id", (2 * SUM({days_late}) + COUNT(*)) / (2 * COUNT(*)) AS "late"
  FROM "invoice" AS "i"
  WHERE "i"."status" = 'PAID' AND "i"."paid_on" <= $1 AND "i"."issued_on" > $2 AND "i"."issued_on" <= $1
  GROUP BY "i"."customer_id"
), "fact" AS (
  SELECT "c"."id",
    COALESCE("ordered"."revenue", 0) AS "revenue",
    CASE WHEN "ordered"."customer_id" IS NULL THEN 0 ELSE "ordered"."margin" END AS "margin",
    COALESCE("counted"."orders", 0) AS "orders",
    "counted"."last" AS "last",
    COALESCE("owed"."open", 0) AS "open",
    COALESCE("owed"."overdue", 0) AS "overdue",
    COALESCE("paid"."late", 0) AS "late"
  FROM "customer" AS "c"
  LEFT JOIN "ordered" ON "ordered"."customer_id" = "c"."id"
  LEFT JOIN "counted" ON "counted"."customer_id" = "c"."id"
  LEFT JOIN "owed" ON "owed"."customer_id" = "c"."id"
  LEFT JOIN "paid" ON "paid"."customer_id" = "c"."id"
), "news" AS (
  SELECT "fact".*,
    "c"."revenue12m" IS DISTINCT FROM "fact"."revenue" OR "c"."margin12m" IS DISTINCT FROM "fact"."margin"
    OR "c"."orders12m" IS DISTINCT FROM "fact"."orders" OR "c"."last_order_on" IS DISTINCT FROM "fact"."last"
    OR "c"."open_amount" IS DISTINCT FROM "fact"."open" OR "c"."overdue_amount" IS DISTINCT FROM "fact"."overdue"
    OR "c"."average_days_late" IS DISTINCT FROM "fact"."late" AS "differs"
  FROM "fact" JOIN "customer" AS "c" ON "c"."id" = "fact"."id"
)
UPDATE "customer" SET
  "revenue12m" = "news"."revenue",
  "margin12m" = "news"."margin",
  "orders12m" = "news"."orders",
  "last_order_on" = "news"."last",
  "open_amount" = "news"."open",
  "overdue_amount" = "news"."overdue",
  "average_days_late" = "news"."late",
  "facts_as_of" = $1,
  "version" = "customer"."version" + CASE WHEN "news"."differs" THEN 1 ELSE 0 END,
  "updated_at" = CASE WHEN "news"."differs" THEN $3 ELSE "customer"."updated_at" END
FROM "news"
WHERE "customer"."id" = "news"."id" AND ("news"."differs" OR "customer"."facts_as_of" IS DISTINCT FROM $1)"#
    )
}

/// Open invoices, and open orders that have no invoice yet. Parameter: $1 the time.
pub(super) const EXPOSURE: &str = r#"
WITH "owed" AS (
  SELECT "customer_id", "currency", SUM("amount" - "paid_amount") AS "open"
  FROM "invoice" WHERE "status" <> 'PAID'
  GROUP BY "customer_id", "currency"
), "ordered" AS (
  SELECT "o"."customer_id", "o"."currency", SUM("o"."net_total") AS "open"
  FROM "order" AS "o"
  WHERE "o"."status" = 'OPEN' AND NOT EXISTS (SELECT 1 FROM "invoice" AS "i" WHERE "i"."order_id" = "o"."id")
  GROUP BY "o"."customer_id", "o"."currency"
), "news" AS (
  SELECT "a"."id", COALESCE("owed"."open", 0) + COALESCE("ordered"."open", 0) AS "exposure"
  FROM "credit_account" AS "a"
  LEFT JOIN "owed" ON "owed"."customer_id" = "a"."customer_id" AND "owed"."currency" = "a"."currency"
  LEFT JOIN "ordered" ON "ordered"."customer_id" = "a"."customer_id" AND "ordered"."currency" = "a"."currency"
)
UPDATE "credit_account" SET
  "exposure" = "news"."exposure",
  "version" = "credit_account"."version" + 1,
  "updated_at" = $1
FROM "news"
WHERE "credit_account"."id" = "news"."id" AND "credit_account"."exposure" IS DISTINCT FROM "news"."exposure""#;
