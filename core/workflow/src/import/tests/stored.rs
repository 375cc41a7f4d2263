//! What a database holds, read through the one way there is to read it.

use std::sync::Arc;

use guildhall_model::plan::{
    Condition, Connection, ConnectionOutput, Direction, End, Entry, Expression, MoneyPart, Nulls, OrderTerm, Output,
    ReadPlan, Root, Rows, Selection, Size,
};
use guildhall_model::{Cardinality, Kind, Model, ObjectType, RelationKey};
use guildhall_store::{Database, Statement};
use serde_json::Value as Json;
use tempfile::TempDir;

/// A new SQLite database, which lives as long as the folder.
pub(crate) async fn new_database() -> (TempDir, Database) {
    let folder = TempDir::new().unwrap();
    let database = Database::open(&format!("sqlite:{}", folder.path().join("test.db").display())).await.unwrap();
    database.migrate().await.unwrap();
    (folder, database)
}

/// All records of a type with everything but times and ids: every field, and the external id of every record they refer to. In
/// the order of their external ids.
pub(crate) async fn stored(database: &Database, model: &Model, object: &str) -> Vec<Json> {
    let object = model.object(object).unwrap();
    let mut outputs = fields(object, |name| !matches!(name, "id" | "version" | "createdAt" | "updatedAt"));
    for relation in &object.relations {
        if relation.cardinality == Cardinality::One && matches!(relation.key, RelationKey::Here { .. }) {
            let target = model.object(&relation.target).unwrap();
            let outputs_of_target = fields(target, |name| name == "externalId");
            if outputs_of_target.is_empty() {
                continue;
            }
            let selection = Selection { object: Arc::clone(target), outputs: outputs_of_target };
            outputs.push(Entry {
                key: relation.name.clone(),
                value: Output::One { relation: Arc::clone(relation), selection },
            });
        }
    }
    let term = |name: &str, kind, nullable| OrderTerm {
        by: Expression::Field(Arc::clone(object.get(name).unwrap())),
        kind,
        nullable,
        direction: Direction::Ascending,
        nulls: Nulls::First,
    };
    let connection = Connection {
        rows: Rows::Records,
        object: Arc::clone(object),
        filter: Condition::always(),
        order: vec![term("externalId", Kind::Text, true), term("id", Kind::Id, false)],
        digest: String::new(),
        size: Size { end: End::First, rows: 1_000_000 },
        after: None,
        before: None,
        outputs: vec![Entry {
            key: "nodes".to_owned(),
            value: ConnectionOutput::Nodes(Selection { object: Arc::clone(object), outputs }),
        }],
    };
    let plan = ReadPlan {
        response: vec![Entry { key: "all".to_owned(), value: Root::List(Box::new(connection)) }],
        ..ReadPlan::default()
    };
    let read = Statement::compile(&plan, model, database.dialect()).unwrap().run(database, &[]).await.unwrap();
    let response: Json = serde_json::from_str(&read.response).unwrap();
    response["all"]["nodes"].as_array().unwrap().clone()
}

fn fields(object: &ObjectType, wanted: impl Fn(&str) -> bool) -> Vec<Entry<Output>> {
    let fields = object.fields.iter().filter(|field| wanted(&field.name));
    fields
        .map(|field| {
            let value = match field.kind {
                Kind::Money => Output::Money {
                    field: Arc::clone(field),
                    parts: vec![Entry { key: "amount".to_owned(), value: MoneyPart::Amount }],
                },
                _ => Output::Field(Arc::clone(field)),
            };
            Entry { key: field.name.clone(), value }
        })
        .collect()
}

/// An amount of a stored record.
#[track_caller]
pub(crate) fn amount(record: &Json, field: &str) -> rust_decimal::Decimal {
    record[field]["amount"].as_str().unwrap_or_else(|| panic!("{field} of {record}")).parse().unwrap()
}

/// The sum of an amount over records.
#[track_caller]
pub(crate) fn total<'a>(records: impl IntoIterator<Item = &'a Json>, field: &str) -> rust_decimal::Decimal {
    records.into_iter().map(|record| amount(record, field)).sum::<rust_decimal::Decimal>().normalize()
}
