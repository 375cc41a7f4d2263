//! The statements of the customer facts. Sums stay exact on both databases: SQLite adds the scaled numbers.

use crate::Dialect;
use crate::id_list::ids_of;

/// Whose facts a statement brings up to date.
pub(super) enum Scope {
    /// A list of ids.
    These(sea_orm::Value),
    /// Those of a list of ids for whom a day that has passed can make a difference.
    Moved(sea_orm::Value),
}

impl Scope {
    /// The parameter that stands last.
    pub(super) fn ids(&self) -> sea_orm::Value {
        match self {
            Scope::These(ids) | Scope::Moved(ids) => ids.clone(),
        }
    }

    /// Ids of customers; the list is the parameter of that number. Exposure looks at what is open only, which is little: there
    /// nobody is left out.
    fn customers(&self, dialect: Dialect, parameter: usize) -> String {
        match self {
            Scope::These(_) => ids_of(dialect, parameter),
            Scope::Moved(_) => moved(dialect, parameter),
        }
    }
}

/// Customers whose facts another day makes others: days of theirs come in or fall out of the twelve months, or something is
/// open. Parameters: $1 the day, $2 the same day a year before. Their own year before is taken a little longer, because the
/// databases count months otherwise than we do at the end of February.
fn moved(dialect: Dialect, parameter: usize) -> String {
    let year_before = match dialect {
        Dialect::Postgres => r#"("c"."facts_as_of" - INTERVAL '12 months' - INTERVAL '3 days')::date"#,
        Dialect::Sqlite => r#"date("c"."facts_as_of", '-12 months', '-3 days')"#,
    };
    let day = |from: &str, to: &str| {
        format!(
            r#"EXISTS (SELECT 1 FROM "customer_day" AS "d" WHERE "d"."customer_id" = "c"."id" AND "d"."day" > {from} AND "d"."day" <= {to})"#
        )
    };
    format!(
        r#"SELECT "c"."id" FROM "customer" AS "c" WHERE "c"."id" IN ({ids}) AND (
    "c"."facts_as_of" IS NULL OR "c"."facts_as_of" > $1 OR {come} OR {gone}
    OR EXISTS (SELECT 1 FROM "invoice" AS "i" WHERE "i"."customer_id" = "c"."id" AND "i"."status" IN ('OPEN', 'DISPUTED')))"#,
        ids = ids_of(dialect, parameter),
        come = day(r#""c"."facts_as_of""#, "$1"),
        gone = day(year_before, "$2"),
    )
}

/// The invoices in scope that are not paid, with what is left of each: credit notes that name it reduce it, down to nothing.
pub(super) fn open_invoices(dialect: Dialect, noted: &str) -> String {
    let greatest = match dialect {
        Dialect::Postgres => "GREATEST",
        Dialect::Sqlite => "MAX",
    };
    format!(
        r#""left" AS (
  SELECT "i"."id", "i"."order_id", "i"."customer_id", "i"."currency", "i"."issued_on", "i"."due_on",
    {greatest}("i"."amount" - "i"."paid_amount" - COALESCE((
      SELECT SUM("n"."amount") FROM "credit_note" AS "n"
      WHERE "n"."invoice_id" = "i"."id" AND "n"."currency" = "i"."currency"{noted}), 0), 0) AS "open"
  FROM "scope" CROSS JOIN "invoice" AS "i"
  WHERE "i"."customer_id" = "scope"."id" AND "i"."status" IN ('OPEN', 'DISPUTED')
)"#
    )
}

/// Parameters: $1 the day, $2 the same day a year before, $3 to $5 the days 30, 60 and 90 days before, $6 the ids.
pub(super) fn customers(dialect: Dialect, scope: &Scope) -> String {
    let due = |after: &str, before: &str| {
        format!(
            r#"COALESCE(SUM(CASE WHEN "l"."due_on" >= {after} AND "l"."due_on" < {before} THEN "l"."open" END), 0)"#
        )
    };
    let of = |origin: &str, what: &str| {
        format!(r#"SUM(CASE WHEN "d"."origin" = '{origin}' AND "d"."day" > $2 THEN {what} END)"#)
    };
    let own = |what: &str| of("ORDERS", &format!(r#"CASE WHEN "d"."currency" = "c"."currency" THEN {what} END"#));
    format!(
        r#"WITH "scope"("id") AS ({ids}), "sum" AS (
  SELECT "c"."id", {revenue} AS "revenue", {cost} AS "cost", {unknown} AS "unknown", {orders} AS "orders",
    MAX(CASE WHEN "d"."origin" = 'ORDERS' THEN "d"."day" END) AS "last",
    {settled} AS "settled", {late} AS "late",
    MAX(CASE WHEN "d"."origin" = 'INTERACTIONS' THEN "d"."last_at" END) AS "touch"
  FROM "scope" JOIN "customer" AS "c" ON "c"."id" = "scope"."id"
  JOIN "customer_day" AS "d" ON "d"."customer_id" = "c"."id" AND "d"."day" <= $1
  GROUP BY "c"."id"
), {left}, "owed" AS (
  SELECT "c"."id", SUM("l"."open") AS "open",
    {to30} AS "to30", {to60} AS "to60", {to90} AS "to90",
    COALESCE(SUM(CASE WHEN "l"."due_on" < $5 THEN "l"."open" END), 0) AS "over90"
  FROM "left" AS "l" JOIN "customer" AS "c" ON "c"."id" = "l"."customer_id" AND "c"."currency" = "l"."currency"
  WHERE "l"."issued_on" <= $1
  GROUP BY "c"."id"
), "fact" AS (
  SELECT "scope"."id",
    COALESCE("sum"."revenue", 0) AS "revenue",
    CASE WHEN COALESCE("sum"."unknown", 0) = 0 THEN COALESCE("sum"."revenue", 0) - COALESCE("sum"."cost", 0) END AS "margin",
    COALESCE("sum"."orders", 0) AS "orders",
    "sum"."last" AS "last",
    COALESCE("owed"."open", 0) AS "open",
    COALESCE("owed"."to30" + "owed"."to60" + "owed"."to90" + "owed"."over90", 0) AS "overdue",
    COALESCE("owed"."to30", 0) AS "to30",
    COALESCE("owed"."to60", 0) AS "to60",
    COALESCE("owed"."to90", 0) AS "to90",
    COALESCE("owed"."over90", 0) AS "over90",
    COALESCE((2 * "sum"."late" + "sum"."settled") / NULLIF(2 * "sum"."settled", 0), 0) AS "late",
    "sum"."touch" AS "touch"
  FROM "scope" LEFT JOIN "sum" ON "sum"."id" = "scope"."id" LEFT JOIN "owed" ON "owed"."id" = "scope"."id"
)
UPDATE "customer" SET
  "revenue12m" = "fact"."revenue", "margin12m" = "fact"."margin", "orders12m" = "fact"."orders",
  "last_order_on" = "fact"."last", "open_amount" = "fact"."open", "overdue_amount" = "fact"."overdue",
  "overdue1_to30" = "fact"."to30", "overdue31_to60" = "fact"."to60", "overdue61_to90" = "fact"."to90",
  "overdue_over90" = "fact"."over90", "average_days_late" = "fact"."late", "last_touch_at" = "fact"."touch",
  "facts_as_of" = $1
FROM "fact"
WHERE "customer"."id" = "fact"."id" AND (
  "customer"."facts_as_of" IS DISTINCT FROM $1
  OR "customer"."revenue12m" <> "fact"."revenue" OR "customer"."margin12m" IS DISTINCT FROM "fact"."margin"
  OR "customer"."orders12m" <> "fact"."orders" OR "customer"."last_order_on" IS DISTINCT FROM "fact"."last"
  OR "customer"."open_amount" <> "fact"."open" OR "customer"."overdue1_to30" <> "fact"."to30"
  OR "customer"."overdue31_to60" <> "fact"."to60" OR "customer"."overdue61_to90" <> "fact"."to90"
  OR "customer"."overdue_over90" <> "fact"."over90" OR "customer"."average_days_late" <> "fact"."late"
  OR "customer"."last_touch_at" IS DISTINCT FROM "fact"."touch")"#,
        ids = scope.customers(dialect, 6),
        revenue = own(r#""d"."amount""#),
        cost = own(r#""d"."cost""#),
        unknown = own(r#""d"."unknown_costs""#),
        orders = of("ORDERS", r#""d"."records""#),
        settled = of("SETTLEMENTS", r#""d"."records""#),
        late = of("SETTLEMENTS", r#""d"."days_late""#),
        left = open_invoices(dialect, r#" AND "n"."issued_on" <= $1"#),
        to30 = due("$3", "$1"),
        to60 = due("$4", "$3"),
        to90 = due("$5", "$4"),
    )
}

/// The customers of orders ($1) and invoices ($2).
pub(super) fn customers_of(dialect: Dialect) -> String {
    format!(
        r#"SELECT "customer_id" FROM "order" WHERE "id" IN ({}) UNION SELECT "customer_id" FROM "invoice" WHERE "id" IN ({})"#,
        ids_of(dialect, 1),
        ids_of(dialect, 2)
    )
}

/// Locks customers ($1), in the order of ids, and says which business day it is. Who only refers to a customer, as a new
/// order does, is not kept waiting.
pub(super) fn lock_customers(dialect: Dialect) -> String {
    format!(
        r#"SELECT "b"."facts_day", "b"."held_day" FROM "customer" AS "c" CROSS JOIN "deployment" AS "b"
           WHERE "b"."id" = 1 AND "c"."id" IN ({}) ORDER BY "c"."id"{}"#,
        ids_of(dialect, 1),
        if dialect == Dialect::Postgres { r#" FOR NO KEY UPDATE OF "c""# } else { "" }
    )
}

/// Locks the next customers after $1: all of them, or those that are not at the day $2.
pub(super) fn chunk(dialect: Dialect, all: bool, most: i64) -> String {
    format!(
        r#"SELECT "id" FROM "customer" WHERE "id" > $1{} ORDER BY "id" LIMIT {most}{}"#,
        if all { "" } else { r#" AND "facts_as_of" IS DISTINCT FROM $2"# },
        if dialect == Dialect::Postgres { " FOR NO KEY UPDATE" } else { "" }
    )
}

/// Dates facts that stay as they are. Parameters: $1 the day, $2 the ids.
pub(super) fn dated(dialect: Dialect) -> String {
    format!(
        r#"UPDATE "customer" SET "facts_as_of" = $1 WHERE "id" IN ({}) AND "facts_as_of" IS DISTINCT FROM $1"#,
        ids_of(dialect, 2)
    )
}
