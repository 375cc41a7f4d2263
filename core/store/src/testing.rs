//! What this crate's tests share: migrated databases of both kinds, and small batches.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::{Model, ObjectType, Value};
use guildhall_postgres_fixture::TestDatabase;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{Batch, Database, Transaction};

/// One migrated database of each kind this machine has. The fixture removes it when it is dropped.
pub(crate) async fn databases() -> Vec<(Database, TestDatabase)> {
    let mut all = Vec::new();
    for fixture in guildhall_postgres_fixture::databases().await {
        let database = Database::open(fixture.url()).await.unwrap();
        database.migrate().await.unwrap();
        all.push((database, fixture));
    }
    all
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn amount(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

pub(crate) fn now() -> DateTime<Utc> {
    time("2026-11-22T18:07:08.123Z")
}

pub(crate) fn object<'m>(model: &'m Model, name: &str) -> &'m ObjectType {
    model.object(name).unwrap()
}

/// Inserts one record and returns its id.
pub(crate) async fn insert(transaction: &Transaction, name: &str, fields: &[(&str, Value)]) -> Uuid {
    let model = Model::core();
    let id = Uuid::now_v7();
    let mut columns = vec!["id".to_owned()];
    let mut row = vec![Value::Id(id)];
    for (column, value) in fields {
        columns.push((*column).to_owned());
        row.push(value.clone());
    }
    let batch = Batch { object: object(&model, name), columns, rows: vec![row] };
    assert_eq!(transaction.insert(&batch, now()).await.unwrap(), 1);
    id
}

/// Inserts a customer with no more than it needs.
pub(crate) async fn customer(transaction: &Transaction, name: &str) -> Uuid {
    let fields = [
        ("name", name.into()),
        ("kind", "ORGANIZATION".into()),
        ("status", "ACTIVE".into()),
        ("currency", "USD".into()),
    ];
    insert(transaction, "Customer", &fields).await
}

/// A version of the strategy with these values and no others that it may lack.
pub(crate) async fn strategy(transaction: &Transaction, number: i64, status: &str, more: &[(&str, Value)]) -> Uuid {
    let mut fields = vec![("number", Value::Int(number)), ("proposedAt", now().into()), ("proposedBy", "ann".into())];
    for (name, text) in
        [("status", status), ("name", "Ours"), ("vision", "None."), ("document", ""), ("digest", "digest")]
    {
        fields.push((name, text.into()));
    }
    fields.extend(more.iter().cloned());
    insert(transaction, "Strategy", &fields).await
}
