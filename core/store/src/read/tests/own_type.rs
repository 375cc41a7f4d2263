//! Relations that lead from a type to itself: read, filtered and ordered by, and asked of whole tables.

use std::sync::Arc;

use guildhall_model::plan::{
    Comparison, Condition, Connection, ConnectionOutput, Direction, End, Entry, Expression, Nulls, Operand, OrderTerm,
    Output, ReadPlan, Root, Rows, Selection, Size, Visible,
};
use guildhall_model::{Model, ObjectType, RowSet};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::testing::{databases, insert, now};
use crate::{Assignment, Database, SegmentRule, Statement, Transaction, assign_segments};

fn entry<T>(key: &str, value: T) -> Entry<T> {
    Entry { key: key.to_owned(), value }
}

fn name(user: &ObjectType) -> Expression {
    Expression::Field(Arc::clone(user.get("name").unwrap()))
}

fn through(object: &ObjectType, relation: &str, inner: Expression) -> Expression {
    Expression::Through(Arc::clone(object.relation(relation).unwrap()), Box::new(inner))
}

fn term(by: Expression) -> OrderTerm {
    OrderTerm {
        by,
        kind: guildhall_model::Kind::Text,
        nullable: true,
        direction: Direction::Ascending,
        nulls: Nulls::First,
    }
}

fn list(user: &Arc<ObjectType>, filter: Condition, order: Vec<OrderTerm>, outputs: Vec<Entry<Output>>) -> Connection {
    let selection = Selection { object: Arc::clone(user), outputs };
    Connection {
        rows: Rows::Records,
        object: Arc::clone(user),
        filter,
        order,
        digest: String::new(),
        size: Size { end: End::First, rows: 10 },
        after: None,
        before: None,
        outputs: vec![entry("nodes", ConnectionOutput::Nodes(selection))],
    }
}

/// Users with their managers and reports, by the managers' names.
fn users(user: &Arc<ObjectType>, filter: Condition) -> Root {
    let own = || entry("name", Output::Field(Arc::clone(user.get("name").unwrap())));
    let relation = |name: &str| Arc::clone(user.relation(name).unwrap());
    let manager = Selection { object: Arc::clone(user), outputs: vec![own()] };
    let reports = list(user, Condition::always(), vec![term(name(user))], vec![own()]);
    let outputs = vec![
        own(),
        entry("manager", Output::One { relation: relation("manager"), selection: manager }),
        entry("reports", Output::Many { relation: relation("reports"), connection: Box::new(reports) }),
    ];
    let order = vec![term(through(user, "manager", name(user))), term(name(user))];
    Root::List(Box::new(list(user, filter, order, outputs)))
}

fn compare(left: Expression, comparison: Comparison, with: &str) -> Condition {
    Condition::Compare { left, comparison, right: Expression::Operand(Operand::Value(with.into())) }
}

/// Zoe reports to nobody, Ann and Ben to Zoe, Cid to Ann.
async fn load(database: &Database) {
    let transaction = database.begin().await.unwrap();
    let user = async |name: &str, manager: Option<Uuid>| {
        insert(&transaction, "User", &[("name", name.into()), ("manager_id", manager.into())]).await
    };
    let zoe = user("Zoe", None).await;
    let ann = user("Ann", Some(zoe)).await;
    user("Ben", Some(zoe)).await;
    user("Cid", Some(ann)).await;
    transaction.commit().await.unwrap();
}

/// What is read, on each database, by someone who may see what `visible` says.
async fn check(
    visible: impl Fn(&ObjectType) -> Visible,
    filter: impl Fn(&ObjectType) -> Condition,
    expected: &[(&str, Option<&str>, &[&str])],
) {
    let model = Model::core();
    let user = model.object("User").unwrap();
    let nodes = expected.iter().map(|(name, manager, reports)| {
        let reports: Vec<Json> = reports.iter().map(|name| json!({ "name": name })).collect();
        json!({ "name": name, "manager": manager.map(|name| json!({ "name": name })), "reports": { "nodes": reports } })
    });
    let expected: Json = nodes.collect();
    for (database, _fixture) in databases().await {
        load(&database).await;
        let plan = ReadPlan {
            response: vec![entry("users", users(user, filter(user)))],
            visible: visible(user),
            ..ReadPlan::default()
        };
        let read = Statement::compile(&plan, &model, database.dialect()).unwrap().run(&database, &[]).await.unwrap();
        let read: Json = serde_json::from_str(&read.response).unwrap();
        assert_eq!(read["users"]["nodes"], expected, "{:?}", database.dialect());
    }
}

#[tokio::test]
async fn a_type_leads_to_itself_both_ways() {
    let expected: [(&str, Option<&str>, &[&str]); 4] = [
        ("Zoe", None, &["Ann", "Ben"]),
        ("Cid", Some("Ann"), &[]),
        ("Ann", Some("Zoe"), &["Cid"]),
        ("Ben", Some("Zoe"), &[]),
    ];
    check(|_| Visible::default(), |_| Condition::always(), &expected).await;
}

#[tokio::test]
async fn it_is_filtered_by_either_end() {
    let by_manager = |user: &ObjectType| Condition::Some {
        relation: Arc::clone(user.relation("manager").unwrap()),
        condition: Box::new(compare(name(user), Comparison::Equal, "Zoe")),
    };
    check(|_| Visible::default(), by_manager, &[("Ann", Some("Zoe"), &["Cid"]), ("Ben", Some("Zoe"), &[])]).await;
    let by_report = |user: &ObjectType| Condition::Some {
        relation: Arc::clone(user.relation("reports").unwrap()),
        condition: Box::new(compare(through(user, "manager", name(user)), Comparison::Equal, "Ann")),
    };
    check(|_| Visible::default(), by_report, &[("Ann", Some("Zoe"), &["Cid"])]).await;
}

#[tokio::test]
async fn what_is_hidden_is_hidden_at_either_end() {
    let all_but_ann = |user: &ObjectType| {
        let mut visible = Visible::default();
        visible.limit("User", RowSet::default(), compare(name(user), Comparison::NotEqual, "Ann"));
        visible
    };
    let expected: [(&str, Option<&str>, &[&str]); 3] =
        [("Cid", None, &[]), ("Zoe", None, &["Ben"]), ("Ben", Some("Zoe"), &[])];
    check(all_but_ann, |_| Condition::always(), &expected).await;
}

async fn segment(transaction: &Transaction) -> Uuid {
    let fields = [
        ("key", "first".into()),
        ("name", "First".into()),
        ("need", "None.".into()),
        ("rank", 1.into()),
        ("current", true.into()),
    ];
    insert(transaction, "Segment", &fields).await
}

async fn strategy(transaction: &Transaction) -> Uuid {
    let fields = [
        ("number", 1.into()),
        ("status", "ACTIVE".into()),
        ("name", "Ours".into()),
        ("vision", "None.".into()),
        ("document", "".into()),
        ("digest", "".into()),
        ("proposedAt", now().into()),
        ("proposedBy", "ann".into()),
    ];
    insert(transaction, "Strategy", &fields).await
}

#[tokio::test]
async fn a_segment_is_decided_by_parents_as_they_were() {
    let model = Model::core();
    let object = model.object("Customer").unwrap();
    let key = Expression::Field(Arc::clone(model.object("Segment").unwrap().get("key").unwrap()));
    let segment_of = |inner: Expression| through(object, "segment", inner);
    // Whose parent has no segment. None has one before, so all are to get it, each child after its parent.
    let condition = Condition::IsNull(through(object, "parent", segment_of(key)));
    for (database, _fixture) in databases().await {
        let transaction = database.begin().await.unwrap();
        let mut parent = None;
        for name in ["Holding", "House", "Branch"] {
            let fields = [
                ("name", name.into()),
                ("kind", "ORGANIZATION".into()),
                ("status", "ACTIVE".into()),
                ("currency", "EUR".into()),
                ("parent_id", parent.into()),
            ];
            parent = Some(insert(&transaction, "Customer", &fields).await);
        }
        let segment = segment(&transaction).await;
        let evidence = Selection { object: Arc::clone(object), outputs: Vec::new() };
        let rules = vec![SegmentRule { segment, condition: condition.clone() }];
        let assignment = Assignment { rules, evidence, strategy: strategy(&transaction).await };
        let changed = assign_segments(&transaction, &model, &assignment, now()).await.unwrap();
        let sql = r#"SELECT count(*) FROM "customer" WHERE "segment_id" IS NOT NULL"#;
        let row = transaction.query_row(sql, Vec::new()).await.unwrap().unwrap();
        assert_eq!((changed, row.try_get_by_index::<i64>(0).unwrap()), (3, 3), "{:?}", database.dialect());
    }
}
