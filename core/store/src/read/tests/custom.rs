//! Custom fields are read, filtered, ordered, paged and added up like columns, alike on every database.

use std::sync::Arc;

use guildhall_model::plan::{
    Aggregate, Comparison, Condition, Connection, ConnectionOutput, Direction, EdgeOutput, End, Entry, Expression,
    Function, Groups, Measure, MoneyPart, Nulls, Operand, OrderTerm, Output, ReadPlan, Root, Rows, Selection, Size,
};
use guildhall_model::{CustomField, Field, Kind, Model, ObjectType, Role, Value};
use serde_json::{Value as Json, json};

use crate::testing::{amount, databases, day, now, time};
use crate::{Batch, Database, Statement};

fn custom(name: &str, kind: Kind) -> CustomField {
    CustomField {
        name: name.to_owned(),
        kind,
        doc: "Ours.".to_owned(),
        readable_by: Role::Reader,
        indexed: true,
        deprecated: None,
    }
}

fn model() -> Model {
    [
        ("loyaltyTier", Kind::Text),
        ("visits", Kind::Int),
        ("isPartner", Kind::Bool),
        ("rebate", Kind::Decimal { scale: 4 }),
        ("budget", Kind::Money),
        ("metOn", Kind::Date),
        ("calledAt", Kind::DateTime),
    ]
    .into_iter()
    .fold(Model::core(), |model, (name, kind)| model.with_custom_field("Customer", custom(name, kind)).unwrap())
}

/// Customers with custom values and some without.
async fn load(database: &Database, model: &Model) {
    let transaction = database.begin().await.unwrap();
    crate::fields::set(&transaction, "text", "digest", model, "ada", now()).await.unwrap();
    let object = model.object("Customer").unwrap();
    for (name, given) in [
        (
            "Ann",
            [
                ("loyaltyTier", Value::from("gold \"\\' é")),
                ("visits", Value::Int(-7)),
                ("isPartner", Value::Bool(true)),
                ("rebate", amount("-1.5")),
                ("budget", amount("123456789012.3456")),
                ("metOn", day("2024-02-29").into()),
                ("calledAt", time("2026-01-02T03:04:05.678Z").into()),
            ]
            .as_slice(),
        ),
        (
            "Ben",
            &[
                ("loyaltyTier", Value::from("")),
                ("visits", Value::Int(12)),
                ("isPartner", Value::Bool(false)),
                ("rebate", amount("0.0001")),
                ("budget", amount("0.0005")),
                ("metOn", day("1999-12-31").into()),
            ],
        ),
        ("Cid", &[("visits", Value::Null)]),
        ("Dot", &[]),
    ] {
        let plain = [("name", name), ("kind", "ORGANIZATION"), ("status", "ACTIVE"), ("currency", "USD")];
        let plain = plain.map(|(column, value)| (column, Value::from(value)));
        let (columns, row) =
            plain.iter().chain(given).map(|(column, value)| ((*column).to_owned(), value.clone())).unzip();
        transaction.insert(&Batch { object, columns, rows: vec![row] }, now()).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

fn field(object: &ObjectType, name: &str) -> Arc<Field> {
    Arc::clone(object.get(name).unwrap())
}

fn term(field: Arc<Field>, direction: Direction) -> OrderTerm {
    OrderTerm {
        kind: field.kind.clone(),
        nullable: field.nullable,
        by: Expression::Field(field),
        direction,
        nulls: Nulls::Last,
    }
}

fn entry<T>(key: &str, value: T) -> Entry<T> {
    Entry { key: key.to_owned(), value }
}

/// The customers by a custom field, under a filter.
fn list(object: &Arc<ObjectType>, filter: Condition, by: &str, names: &[&str]) -> Root {
    let outputs = names.iter().map(|name| {
        let field = field(object, name);
        let value = match field.kind {
            Kind::Money => Output::Money { field, parts: vec![entry("amount", MoneyPart::Amount)] },
            _ => Output::Field(field),
        };
        entry(name, value)
    });
    let selection = Selection { object: Arc::clone(object), outputs: outputs.collect() };
    Root::List(Box::new(Connection {
        rows: Rows::Records,
        object: Arc::clone(object),
        filter,
        order: vec![term(field(object, by), Direction::Descending), term(field(object, "name"), Direction::Ascending)],
        digest: String::new(),
        size: Size { end: End::First, rows: 10 },
        after: None,
        before: None,
        outputs: vec![entry("edges", ConnectionOutput::Edges(vec![entry("node", EdgeOutput::Node(selection))]))],
    }))
}

/// What `root` gives, the same on each database.
async fn check(root: impl Fn(&Arc<ObjectType>) -> Root, expected: Json) {
    let model = model();
    let object = model.object("Customer").unwrap();
    for (database, _fixture) in databases().await {
        load(&database, &model).await;
        let plan = ReadPlan { response: vec![entry("found", root(object))], ..ReadPlan::default() };
        let read = Statement::compile(&plan, &model, database.dialect()).unwrap().run(&database, &[]).await.unwrap();
        let read: Json = serde_json::from_str(&read.response).unwrap();
        assert_eq!(read["found"], expected, "{:?}", database.dialect());
    }
}

fn nodes(nodes: impl IntoIterator<Item = Json>) -> Json {
    json!({ "edges": nodes.into_iter().map(|node| json!({ "node": node })).collect::<Vec<_>>() })
}

#[tokio::test]
async fn custom_values_are_read_in_their_kinds() {
    let names = ["name", "loyaltyTier", "visits", "isPartner", "rebate", "budget", "metOn", "calledAt"];
    let nothing = |name: &str| json!({ "name": name, "loyaltyTier": null, "visits": null, "isPartner": null, "rebate": null, "budget": null, "metOn": null, "calledAt": null });
    check(
        |object| list(object, Condition::always(), "rebate", &names),
        nodes([
            json!({ "name": "Ben", "loyaltyTier": "", "visits": 12, "isPartner": false, "rebate": "0.0001", "budget": { "amount": "0.0005" }, "metOn": "1999-12-31", "calledAt": null }),
            json!({ "name": "Ann", "loyaltyTier": "gold \"\\' é", "visits": -7, "isPartner": true, "rebate": "-1.5", "budget": { "amount": "123456789012.3456" }, "metOn": "2024-02-29", "calledAt": "2026-01-02T03:04:05.678Z" }),
            nothing("Cid"),
            nothing("Dot"),
        ]),
    )
    .await;
}

#[tokio::test]
async fn custom_values_are_filtered_in_their_kinds() {
    let more = |object: &Arc<ObjectType>, name: &str, than: Value| Condition::Compare {
        left: Expression::Field(field(object, name)),
        comparison: Comparison::Greater,
        right: Expression::Operand(Operand::Value(than)),
    };
    let visits = |object: &Arc<ObjectType>| list(object, more(object, "visits", Value::Int(-8)), "visits", &["name"]);
    check(visits, nodes([json!({ "name": "Ben" }), json!({ "name": "Ann" })])).await;
    let rebate = |object: &Arc<ObjectType>| {
        list(object, more(object, "rebate", Value::Decimal("0.00009".parse().unwrap())), "visits", &["name"])
    };
    check(rebate, nodes([json!({ "name": "Ben" })])).await;
    let met = |object: &Arc<ObjectType>| {
        list(object, more(object, "metOn", Value::Date("2024-02-28".parse().unwrap())), "metOn", &["name"])
    };
    check(met, nodes([json!({ "name": "Ann" })])).await;
}

#[tokio::test]
async fn custom_values_are_added_up_exactly() {
    let total = |object: &Arc<ObjectType>| {
        let measured = |place: usize, function: Function, name: &str| Measure {
            column: format!("m{place}_"),
            function,
            field: Some(field(object, name)),
        };
        let measures = vec![
            measured(0, Function::Sum, "rebate"),
            measured(1, Function::Average, "visits"),
            measured(2, Function::Maximum, "metOn"),
        ];
        let shown = [Kind::Decimal { scale: 4 }, Kind::Decimal { scale: 4 }, Kind::Date];
        let outputs = shown.into_iter().enumerate().map(|(place, kind)| {
            let computed = Field::computed("m", &format!("m{place}_"), kind, true);
            entry(["sum", "average", "max"][place], Output::Field(Arc::new(computed)))
        });
        let row = ObjectType::computed("CustomerAggregate".to_owned(), Vec::new());
        Root::Aggregate(Box::new(Aggregate {
            selection: Selection { object: Arc::new(row), outputs: outputs.collect() },
            groups: Groups { of: Arc::clone(object), keys: Vec::new(), measures },
            filter: Condition::always(),
        }))
    };
    check(total, json!({ "sum": "-1.4999", "average": "2.5", "max": "2024-02-29" })).await;
}
