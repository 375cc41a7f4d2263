//! Holds entities, the tables of a migrated database and the model together.

use std::collections::BTreeMap;

use guildhall_model::{Kind, Model, ObjectType, Value};
use rust_decimal::Decimal;
use sea_orm::sea_query::StringLen;
use sea_orm::{ColumnTrait, ColumnType, EntityTrait, FromQueryResult, Iden, Iterable};
use uuid::Uuid;

use crate::column::adapt;
use crate::link::{Link, Reads};
use crate::table::{self, Storage};
use crate::testing::{self, object};
use crate::{Batch, Database, Dialect, entity};

/// Column name -> (what sea-orm thinks it is, nullable).
type Columns = BTreeMap<String, (ColumnType, bool)>;

fn columns_of<E: EntityTrait>() -> (String, Columns) {
    let columns = E::Column::iter().map(|column| {
        let definition = column.def();
        (column.to_string(), (definition.get_column_type().clone(), definition.is_null()))
    });
    (E::default().table_name().to_owned(), columns.collect())
}

/// Runs a macro over every entity of the crate.
macro_rules! every_entity {
    ($run:ident) => {
        [
            $run!(credit_account),
            $run!(customer),
            $run!(decision),
            $run!(plugin),
            $run!(publisher),
            $run!(segment),
            $run!(strategy),
            $run!(deployment),
            $run!(idempotency),
            $run!(import_run),
            $run!(package),
            $run!(reaction),
            $run!(token),
        ]
    };
}

fn entities() -> BTreeMap<String, Columns> {
    macro_rules! columns {
        ($name:ident) => {
            columns_of::<entity::$name::Entity>()
        };
    }
    every_entity!(columns).into()
}

/// What the database says: table -> column -> (type, nullable).
async fn real(database: &Database) -> BTreeMap<String, BTreeMap<String, (String, bool)>> {
    let sql = match database.dialect() {
        Dialect::Sqlite => {
            r#"SELECT m."name", c."name", c."type", c."notnull" = 0 FROM sqlite_master AS m, pragma_table_info(m."name") AS c
               WHERE m."type" = 'table' AND m."name" <> 'seaql_migrations'"#
        }
        Dialect::Postgres => {
            "SELECT c.relname::text, a.attname::text,
               format_type(a.atttypid, a.atttypmod) || CASE WHEN l.collname = 'C' THEN ' COLLATE \"C\"' ELSE '' END,
               NOT a.attnotnull
             FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
             LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'seaql_migrations'"
        }
    };
    let mut tables: BTreeMap<String, BTreeMap<String, (String, bool)>> = BTreeMap::new();
    for row in database.link().rows(sql, Vec::new()).await.unwrap() {
        let table: String = row.try_get_by_index(0).unwrap();
        let column: String = row.try_get_by_index(1).unwrap();
        let kind: String = row.try_get_by_index(2).unwrap();
        tables.entry(table).or_default().insert(column, (kind, row.try_get_by_index(3).unwrap()));
    }
    tables
}

fn fits(storage: &Storage, entity: &ColumnType) -> bool {
    let Storage::Model(kind) = storage else {
        return matches!(
            (storage, entity),
            (Storage::BigInt, ColumnType::BigInteger)
                | (Storage::Bytes, ColumnType::VarBinary(_) | ColumnType::Binary(_))
        );
    };
    match kind {
        Kind::Id => *entity == ColumnType::Uuid,
        Kind::Text | Kind::Enum(_) => matches!(entity, ColumnType::String(StringLen::None) | ColumnType::Text),
        Kind::Int => *entity == ColumnType::Integer,
        Kind::Bool => *entity == ColumnType::Boolean,
        Kind::Decimal { scale } => *entity == ColumnType::Decimal(Some((19, *scale))),
        Kind::Money => *entity == ColumnType::Decimal(Some((19, guildhall_model::MONEY_SCALE))),
        Kind::Date => *entity == ColumnType::Date,
        Kind::DateTime => matches!(entity, ColumnType::TimestampWithTimeZone | ColumnType::Timestamp),
        Kind::Json => matches!(entity, ColumnType::Json | ColumnType::JsonBinary),
    }
}

#[tokio::test]
async fn entities_tables_and_model_say_the_same() {
    let wanted = table::all(&Model::core());
    let entities = entities();
    for name in entities.keys() {
        assert!(wanted.iter().any(|table| table.name == *name), "the entity `{name}` is of no table");
    }
    for (database, _fixture) in testing::databases().await {
        let real = real(&database).await;
        assert_eq!(real.len(), wanted.len(), "{:?}", real.keys());
        for table in &wanted {
            let (entity, real) = (entities.get(&table.name), &real[&table.name]);
            let names: Vec<_> = table.columns.iter().map(|column| &column.name).collect();
            if let Some(entity) = entity {
                assert_eq!(entity.len(), names.len(), "the entity `{}` against {names:?}", table.name);
            }
            assert_eq!(real.len(), names.len(), "the table `{}` against {names:?}", table.name);
            for column in &table.columns {
                let place = format!("{}.{} on {:?}", table.name, column.name, database.dialect());
                if let Some(entity) = entity {
                    let (entity_type, entity_null) = entity.get(&column.name).expect(&place);
                    assert!(fits(&column.storage, entity_type), "{place} is {entity_type:?} in the entity");
                    assert_eq!(*entity_null, column.nullable, "{place}: nullable in the entity");
                }
                let (real_type, real_null) = real.get(&column.name).expect(&place);
                let expected = crate::migration::column_type(database.dialect(), &column.storage);
                assert_eq!(
                    real_type
                        .replace("numeric(19,4)", "numeric(19, 4)")
                        .replace("timestamp(3) with time zone", "timestamptz(3)"),
                    expected,
                    "{place}"
                );
                assert_eq!(*real_null, column.nullable, "{place}: nullable in the database");
            }
        }
    }
}

/// The most awkward value of a kind; `low` asks for the other end.
fn extreme(kind: &Kind, nullable: bool, low: bool) -> Value {
    if nullable && low {
        return Value::Null;
    }
    let units = if low { i64::MIN + 1 } else { i64::MAX };
    match kind {
        Kind::Id => unreachable!("ids are given by the test"),
        Kind::Text if low => Value::from(""),
        Kind::Text => Value::from("Łódź 🏛 'quoted' \"twice\" \\ \t $1 ?1 \u{7f} \u{10ffff}"),
        Kind::Int => Value::Int(if low { i32::MIN.into() } else { i32::MAX.into() }),
        Kind::Bool => Value::Bool(low),
        Kind::Decimal { scale } => Value::Decimal(Decimal::new(units, *scale)),
        Kind::Money => Value::Decimal(Decimal::new(units, 4)),
        Kind::Date => Value::Date(testing::day(if low { "0001-01-01" } else { "9999-12-31" })),
        Kind::DateTime => {
            Value::DateTime(testing::time(if low { "0001-01-01T00:00:00Z" } else { "9999-12-31T23:59:59.999Z" }))
        }
        Kind::Enum(declared) => {
            let value = if low { declared.values.first() } else { declared.values.last() };
            Value::from(value.unwrap().name)
        }
        Kind::Json if low => Value::Json(serde_json::json!([])),
        Kind::Json => {
            Value::Json(serde_json::json!({"ü": [1, -0.5, "1.10", null, {"b": "\u{1f3db}", "a": "\\u0000"}]}))
        }
    }
}

/// Every column of `table` in the row with `id`, in the forms the database stores.
async fn stored(link: Link<'_>, object: &ObjectType, id: Uuid) -> BTreeMap<String, String> {
    let sql = format!(r#"SELECT * FROM "{}" WHERE "id" = $1"#, object.table);
    let row = link.row(&sql, vec![sea_orm::Value::Uuid(Some(id))]).await.unwrap().unwrap();
    let sqlite = row.try_as_sqlite_row().is_some();
    let mut found = BTreeMap::new();
    for field in &object.fields {
        let column = field.column.as_str();
        let text = match (&field.kind, sqlite) {
            (Kind::Money | Kind::Decimal { .. }, true) => {
                format!("{:?}", row.try_get_by::<Option<i64>, _>(column).unwrap())
            }
            (Kind::Date | Kind::DateTime, true) => {
                format!("{:?}", row.try_get_by::<Option<String>, _>(column).unwrap())
            }
            _ => continue,
        };
        found.insert(field.column.clone(), text);
    }
    found
}

/// Inserts a record of extremes and everything it refers to, and returns its id and what was written.
async fn write_extreme(
    transaction: &crate::Transaction,
    model: &Model,
    object: &ObjectType,
    low: bool,
) -> (Uuid, BTreeMap<String, Value>) {
    let id = Uuid::now_v7();
    let mut written: BTreeMap<String, Value> = [("id".to_owned(), Value::Id(id))].into();
    for field in &object.fields {
        if !matches!(field.column.as_str(), "id" | "version" | "created_at" | "updated_at") {
            written.insert(field.column.clone(), extreme(&field.kind, field.nullable, low));
        }
    }
    for reference in object.references(model) {
        let value = if reference.nullable {
            Value::Null
        } else {
            let target = model.object(reference.target).unwrap();
            Value::Id(Box::pin(write_extreme(transaction, model, target, true)).await.0)
        };
        written.insert(reference.column.to_owned(), value);
    }
    let names = written.keys().map(|column| {
        object.fields.iter().find(|field| field.column == *column).map_or(column.clone(), |field| field.name.clone())
    });
    let batch = Batch { object, columns: names.collect(), rows: vec![written.values().cloned().collect()] };
    transaction.insert(&batch, testing::now()).await.unwrap();
    (id, written)
}

type Reader = fn(&sea_orm::QueryResult) -> String;

fn read_as<M: FromQueryResult + std::fmt::Debug>(row: &sea_orm::QueryResult) -> String {
    format!("{:?}", M::from_query_result(row, "").unwrap())
}

#[tokio::test]
async fn extremes_come_back_as_they_were_written() {
    macro_rules! read {
        ($name:ident) => {
            (stringify!($name), read_as::<entity::$name::Model> as Reader)
        };
    }
    let readers: BTreeMap<&str, Reader> = every_entity!(read).into();
    let model = Model::core();
    for (database, _fixture) in testing::databases().await {
        for low in [false, true] {
            for object in model.objects() {
                let transaction = database.begin().await.unwrap();
                let (id, written) = write_extreme(&transaction, &model, object, low).await;
                let sql = format!(r#"SELECT * FROM "{}" WHERE "id" = $1"#, object.table);
                let row = transaction.query_row(&sql, vec![sea_orm::Value::Uuid(Some(id))]).await.unwrap().unwrap();
                if let Some(reader) = readers.get(object.table.as_str()) {
                    let read = reader(&row);
                    for (column, value) in &written {
                        let expected = format!("{column}: {}", as_entity(object, column, value));
                        assert!(read.contains(&expected), "{:?}: `{expected}` is not in {read}", database.dialect());
                    }
                }
                found_by_its_values(&transaction, object, id, &written).await;
                stored_forms(&transaction, object, id, &written).await;
                transaction.rollback().await.unwrap();
            }
        }
    }
}

/// What was written is equal to what is stored, in the database's own eyes.
async fn found_by_its_values(
    transaction: &crate::Transaction,
    object: &ObjectType,
    id: Uuid,
    written: &BTreeMap<String, Value>,
) {
    let dialect = transaction.dialect();
    for (column, value) in written {
        let field = object.fields.iter().find(|field| field.column == *column);
        let kind = field.map_or(Kind::Id, |field| field.kind.clone());
        let stored = match (&kind, dialect) {
            (Kind::Json, Dialect::Postgres) => format!("\"{column}\"::text"),
            _ => format!("\"{column}\""),
        };
        let (condition, values) = match adapt(dialect, &kind, value).unwrap() {
            _ if value.is_null() => (format!("{stored} IS NULL"), Vec::new()),
            bound => (format!("{stored} = $2"), vec![bound]),
        };
        let sql = format!(r#"SELECT 1 FROM "{}" WHERE "id" = $1 AND {condition}"#, object.table);
        let values = [sea_orm::Value::Uuid(Some(id))].into_iter().chain(values).collect();
        assert!(
            transaction.query_row(&sql, values).await.unwrap().is_some(),
            "{dialect:?}: {}.{column} is not {value:?}",
            object.table
        );
    }
}

/// On SQLite the stored form itself is checked, not only what comes back.
async fn stored_forms(
    transaction: &crate::Transaction,
    object: &ObjectType,
    id: Uuid,
    written: &BTreeMap<String, Value>,
) {
    for (column, text) in stored(transaction.link(), object, id).await {
        let Some(value) = written.get(&column) else { continue };
        let kind = &object.fields.iter().find(|field| field.column == column).unwrap().kind;
        let expected = match adapt(Dialect::Sqlite, kind, value).unwrap() {
            sea_orm::Value::BigInt(units) => format!("{units:?}"),
            sea_orm::Value::String(text) => format!("{text:?}"),
            other => panic!("{other:?}"),
        };
        assert_eq!(text, expected, "{}.{column}", object.table);
    }
}

/// How an entity's `Debug` shows the value.
fn as_entity(object: &ObjectType, column: &str, value: &Value) -> String {
    let nullable = object
        .fields
        .iter()
        .find(|field| field.column == column)
        .map_or_else(|| column_is_nullable(object, column), |field| field.nullable);
    let plain = match value {
        Value::Null => return "None".to_owned(),
        Value::Id(id) => format!("{id:?}"),
        Value::Text(text) => format!("{text:?}"),
        Value::Int(number) => format!("{number:?}"),
        Value::Bool(truth) => format!("{truth:?}"),
        Value::Decimal(number) => format!("Amount({number:?})"),
        Value::Date(day) => format!("{day:?}"),
        Value::DateTime(time) => format!("{time:?}"),
        Value::Json(json) => format!("{json:?}"),
    };
    if nullable { format!("Some({plain})") } else { plain }
}

fn column_is_nullable(object: &ObjectType, column: &str) -> bool {
    let model = Model::core();
    object.references(&model).iter().any(|reference| reference.column == column && reference.nullable)
}

#[tokio::test]
async fn amounts_cannot_be_written_around_the_writer() {
    use sea_orm::{ActiveModelTrait, Set};
    let model = Model::core();
    for (database, _fixture) in testing::databases().await {
        let transaction = database.begin().await.unwrap();
        let (id, _) = write_extreme(&transaction, &model, object(&model, "CreditAccount"), false).await;
        let account = entity::credit_account::ActiveModel {
            id: Set(id),
            limit: Set(entity::Amount(Decimal::ONE)),
            ..Default::default()
        };
        assert!(account.update(transaction.connection()).await.is_err());
    }
}
