//! `CREATE TABLE` and `CREATE INDEX` for each dialect.

use guildhall_model::{Field, Kind, MONEY_SCALE, ObjectType};

use crate::Dialect;
use crate::table::{Column, Storage, Table, Unique};

/// The statements that create `table`, its constraints and its indexes.
pub(super) fn create(dialect: Dialect, table: &Table) -> Vec<String> {
    let mut parts: Vec<_> = table.columns.iter().map(|column| define(dialect, column)).collect();
    parts.push(format!("PRIMARY KEY ({})", quoted(&table.primary_key)));
    for reference in &table.references {
        parts.push(format!(
            r#"FOREIGN KEY ("{}") REFERENCES "{}" ("id") ON DELETE RESTRICT"#,
            reference.column, reference.table
        ));
    }
    let strict = if dialect == Dialect::Sqlite { " STRICT" } else { "" };
    let mut statements = vec![format!("CREATE TABLE \"{}\" (\n  {}\n){strict}", table.name, parts.join(",\n  "))];
    statements.extend(table.unique.iter().map(|unique| unique_index(table, unique)));
    statements.extend(table.indexes.iter().map(|columns| {
        format!(r#"CREATE INDEX "{}_{}_idx" ON "{}" ({})"#, table.name, columns.join("_"), table.name, quoted(columns))
    }));
    statements.extend(table.searched.iter().map(|column| {
        format!(r#"CREATE INDEX "{0}_lower_{column}_idx" ON "{0}" (lower("{column}"), "id")"#, table.name)
    }));
    statements
}

/// The statement that gives a table the column of a field that may be null.
pub(crate) fn add_column(dialect: Dialect, object: &ObjectType, field: &Field) -> String {
    let storage = Storage::Model(field.kind.clone());
    let column = Column { name: field.column.clone(), storage, nullable: true, zero: false };
    format!(r#"ALTER TABLE "{}" ADD COLUMN {}"#, object.table, define(dialect, &column))
}

/// The statement that gives a custom field its index, if it has none. The name is short enough for PostgreSQL, which would cut a
/// longer one.
pub(crate) fn add_index(object: &ObjectType, field: &Field) -> String {
    let (column, name) = (&field.column, format!("{}_{}_idx", object.prefix, field.column));
    format!(r#"CREATE INDEX IF NOT EXISTS "{name}" ON "{}" ("{column}", "id")"#, object.table)
}

fn unique_index(table: &Table, unique: &Unique) -> String {
    let among = unique
        .among
        .map(|(column, relation, value)| format!(r#" WHERE "{column}" {relation} '{value}'"#))
        .unwrap_or_default();
    format!(
        r#"CREATE UNIQUE INDEX "{}_{}_key" ON "{}" ({}){among}"#,
        table.name,
        unique.columns.join("_"),
        table.name,
        quoted(&unique.columns)
    )
}

fn define(dialect: Dialect, column: &Column) -> String {
    let mut text = format!(r#""{}" {}"#, column.name, column_type(dialect, &column.storage));
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if column.zero {
        text.push_str(" DEFAULT 0");
    }
    if let Some(check) = check(dialect, column) {
        text.push_str(&format!(" CHECK ({check})"));
    }
    text
}

/// The type in the database. Texts are compared by bytes on both: SQLite does so anyway, PostgreSQL when told.
pub(crate) fn column_type(dialect: Dialect, storage: &Storage) -> String {
    let kind = match (storage, dialect) {
        (Storage::Model(kind), _) => kind,
        (Storage::BigInt, Dialect::Sqlite) => return "INTEGER".to_owned(),
        (Storage::BigInt, Dialect::Postgres) => return "bigint".to_owned(),
        (Storage::Bytes, Dialect::Sqlite) => return "BLOB".to_owned(),
        (Storage::Bytes, Dialect::Postgres) => return "bytea".to_owned(),
    };
    let name = match (kind, dialect) {
        (Kind::Id, Dialect::Sqlite) => "BLOB",
        (Kind::Int | Kind::Bool | Kind::Decimal { .. } | Kind::Money, Dialect::Sqlite) => "INTEGER",
        (Kind::Text | Kind::Enum(_) | Kind::Date | Kind::DateTime | Kind::Json, Dialect::Sqlite) => "TEXT",
        (Kind::Id, Dialect::Postgres) => "uuid",
        (Kind::Text | Kind::Enum(_), Dialect::Postgres) => r#"text COLLATE "C""#,
        (Kind::Int, Dialect::Postgres) => "integer",
        (Kind::Bool, Dialect::Postgres) => "boolean",
        (Kind::Decimal { scale }, Dialect::Postgres) => return format!("numeric(19, {scale})"),
        (Kind::Money, Dialect::Postgres) => return format!("numeric(19, {MONEY_SCALE})"),
        (Kind::Date, Dialect::Postgres) => "date",
        (Kind::DateTime, Dialect::Postgres) => "timestamptz(3)",
        // `jsonb` would write a document anew; `json` keeps its text, the same as on SQLite.
        (Kind::Json, Dialect::Postgres) => "json",
    };
    name.to_owned()
}

/// What the type does not say yet.
fn check(dialect: Dialect, column: &Column) -> Option<String> {
    let Storage::Model(kind) = &column.storage else { return None };
    let name = &column.name;
    match (kind, dialect) {
        (Kind::Enum(declared), _) => {
            let values = declared.values.iter().map(|value| format!("'{}'", value.name)).collect::<Vec<_>>();
            Some(format!(r#""{name}" IN ({})"#, values.join(", ")))
        }
        (Kind::Id, Dialect::Sqlite) => Some(format!(r#"length("{name}") = 16"#)),
        (Kind::Bool, Dialect::Sqlite) => Some(format!(r#""{name}" IN (0, 1)"#)),
        (Kind::Int, Dialect::Sqlite) => Some(format!(r#""{name}" BETWEEN -2147483648 AND 2147483647"#)),
        (Kind::Json, Dialect::Sqlite) => Some(format!(r#"json_valid("{name}")"#)),
        _ => None,
    }
}

fn quoted(columns: &[impl AsRef<str>]) -> String {
    columns.iter().map(|column| format!("\"{}\"", column.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use guildhall_model::Model;

    use super::*;
    use crate::table;

    #[track_caller]
    fn check(dialect: Dialect, name: &str, expected: Expect) {
        let tables = table::all(&Model::core());
        let table = tables.iter().find(|table| table.name == name).unwrap();
        expected.assert_eq(&create(dialect, table).join(";\n"));
    }

    #[test]
    fn a_table_of_sqlite() {
        check(
            Dialect::Sqlite,
            "order",
            expect![[r#"
                CREATE TABLE "order" (
                  "id" BLOB NOT NULL CHECK (length("id") = 16),
                  "version" INTEGER NOT NULL CHECK ("version" BETWEEN -2147483648 AND 2147483647),
                  "created_at" TEXT NOT NULL,
                  "updated_at" TEXT NOT NULL,
                  "source" TEXT,
                  "external_id" TEXT,
                  "number" TEXT NOT NULL,
                  "status" TEXT NOT NULL CHECK ("status" IN ('HELD', 'OPEN', 'SHIPPED', 'CANCELLED')),
                  "ordered_on" TEXT NOT NULL,
                  "required_on" TEXT,
                  "shipped_on" TEXT,
                  "currency" TEXT NOT NULL,
                  "gross_total" INTEGER NOT NULL,
                  "net_total" INTEGER NOT NULL,
                  "tax_total" INTEGER,
                  "total" INTEGER,
                  "cost_total" INTEGER,
                  "freight" INTEGER,
                  "ship_to_name" TEXT,
                  "ship_to_city" TEXT,
                  "ship_to_country" TEXT,
                  "taken_by" TEXT,
                  "customer_id" BLOB NOT NULL CHECK (length("customer_id") = 16),
                  "decision_id" BLOB CHECK (length("decision_id") = 16),
                  PRIMARY KEY ("id"),
                  FOREIGN KEY ("customer_id") REFERENCES "customer" ("id") ON DELETE RESTRICT,
                  FOREIGN KEY ("decision_id") REFERENCES "decision" ("id") ON DELETE RESTRICT
                ) STRICT;
                CREATE UNIQUE INDEX "order_source_external_id_key" ON "order" ("source", "external_id");
                CREATE INDEX "order_created_at_id_idx" ON "order" ("created_at", "id");
                CREATE INDEX "order_number_id_idx" ON "order" ("number", "id");
                CREATE INDEX "order_ordered_on_id_idx" ON "order" ("ordered_on", "id");
                CREATE INDEX "order_customer_id_id_idx" ON "order" ("customer_id", "id");
                CREATE INDEX "order_customer_id_ordered_on_id_idx" ON "order" ("customer_id", "ordered_on", "id");
                CREATE INDEX "order_decision_id_id_idx" ON "order" ("decision_id", "id");
                CREATE INDEX "order_customer_id_status_shipped_on_id_idx" ON "order" ("customer_id", "status", "shipped_on", "id");
                CREATE INDEX "order_lower_number_idx" ON "order" (lower("number"), "id")"#]],
        );
    }

    #[test]
    fn a_table_of_postgres() {
        check(
            Dialect::Postgres,
            "credit_account",
            expect![[r#"
                CREATE TABLE "credit_account" (
                  "id" uuid NOT NULL,
                  "version" integer NOT NULL,
                  "created_at" timestamptz(3) NOT NULL,
                  "updated_at" timestamptz(3) NOT NULL,
                  "source" text COLLATE "C",
                  "external_id" text COLLATE "C",
                  "currency" text COLLATE "C" NOT NULL,
                  "limit" numeric(19, 4) NOT NULL,
                  "exposure" numeric(19, 4) NOT NULL DEFAULT 0,
                  "exposure_dynamic" numeric(19, 4) NOT NULL DEFAULT 0,
                  "limit_until" date,
                  "dunning_level" integer NOT NULL,
                  "on_hold" boolean NOT NULL,
                  "customer_id" uuid NOT NULL,
                  "group_id" uuid,
                  PRIMARY KEY ("id"),
                  FOREIGN KEY ("customer_id") REFERENCES "customer" ("id") ON DELETE RESTRICT,
                  FOREIGN KEY ("group_id") REFERENCES "credit_group" ("id") ON DELETE RESTRICT
                );
                CREATE UNIQUE INDEX "credit_account_source_external_id_key" ON "credit_account" ("source", "external_id");
                CREATE UNIQUE INDEX "credit_account_customer_id_key" ON "credit_account" ("customer_id");
                CREATE INDEX "credit_account_created_at_id_idx" ON "credit_account" ("created_at", "id");
                CREATE INDEX "credit_account_customer_id_id_idx" ON "credit_account" ("customer_id", "id");
                CREATE INDEX "credit_account_group_id_id_idx" ON "credit_account" ("group_id", "id")"#]],
        );
    }

    #[test]
    fn names_fit_into_postgres() {
        for table in table::all(&Model::core()) {
            for columns in table.indexes.iter().chain(table.unique.iter().map(|unique| &unique.columns)) {
                let name = format!("{}_{}_idx", table.name, columns.join("_"));
                assert!(name.len() <= 63, "{name}");
            }
        }
    }
}
