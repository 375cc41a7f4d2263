//! What tests of acts share: houses on both databases, people, strategies.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{DecisionPoint, Taken, decision_points};
use guildhall_model::{Model, Role, Value};
use guildhall_plugin_host::{Host, HostConfig};
use guildhall_postgres_fixture::TestDatabase;
use guildhall_store::plugin::{Arrival, Plugin, Settings, Status};
use guildhall_store::{Batch, Database};
use serde_json::json;
use uuid::Uuid;

use crate::{Actor, House, InputQueries, InputQuery};

/// No plugin is installed in these tests, so none has a query.
struct NoQueries;

impl InputQueries for NoQueries {
    fn compile(&self, _: &DecisionPoint, _: &str) -> Result<InputQuery, String> {
        Err("there are no queries here".to_owned())
    }

    fn over(&self, _: &Arc<Model>) -> Result<Arc<dyn InputQueries>, String> {
        Ok(Arc::new(NoQueries))
    }

    fn taken(&self) -> &Taken {
        static NONE: Taken = Taken { types: Vec::new(), fields: Vec::new() };
        &NONE
    }
}

/// A house on one migrated database of each kind this machine has.
pub(crate) async fn houses() -> Vec<(Arc<House>, TestDatabase)> {
    let mut all = Vec::new();
    for fixture in guildhall_postgres_fixture::databases().await {
        let database = Database::open(fixture.url()).await.unwrap();
        database.migrate().await.unwrap();
        all.push((Arc::new(house(database)), fixture));
    }
    all
}

/// A house on a database.
pub(crate) fn house(database: Database) -> House {
    House {
        model: Arc::new(Model::core()),
        fields: None,
        points: decision_points().unwrap().into_iter().map(Arc::new).collect(),
        database,
        host: Host::new(HostConfig::default()).unwrap(),
        queries: Arc::new(NoQueries),
        imports: Arc::new(crate::Imports::new(std::env::temp_dir().join("guildhall-test-uploads"))),
        happenings: Arc::default(),
        unsigned: crate::Unsigned::Allow,
    }
}

/// An installation as the table has it. Nobody has its package.
pub(crate) fn installed(name: &str, version: &str) -> Plugin {
    Plugin {
        id: Uuid::now_v7(),
        name: name.to_owned(),
        plugin_version: version.to_owned(),
        department: "finance".to_owned(),
        status: Status::Installed,
        digest: format!("of {name} {version}"),
        size: 1,
        contract: "0.1".to_owned(),
        model_range: ">=0.1, <0.2".to_owned(),
        provides: None,
        requires: json!([]),
        schema: None,
        points: json!([]),
        grants: json!([]),
        approved_at: now(),
        approved_by: "ada".to_owned(),
        settings: Settings { given: json!({}), effective: json!({}), at: now(), by: "ada".to_owned() },
        publisher: None,
        publisher_key: None,
        arrival: Arrival::Install,
        installed_at: now(),
        installed_by: "ada".to_owned(),
        changed_at: now(),
        changed_by: "ada".to_owned(),
    }
}

pub(crate) fn admin(name: &str) -> Actor {
    Actor::new(name, &Model::core(), Role::Admin)
}

/// A strategy that sets nothing; `approver` may replace it.
pub(crate) fn document(name: &str, approver: &str) -> String {
    format!("name = \"{name}\"\nvision = \"Known by name.\"\napprovers = [\"{approver}\"]\n")
}

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-22T18:07:08.123Z".parse().unwrap()
}

pub(crate) async fn customer(house: &House) -> Uuid {
    customer_who_ordered(house, 0).await
}

/// A customer with that many orders in twelve months.
pub(crate) async fn customer_who_ordered(house: &House, orders: i64) -> Uuid {
    let id = Uuid::now_v7();
    let fields = [("name", "Ada's"), ("kind", "ORGANIZATION"), ("status", "ACTIVE"), ("currency", "USD")];
    let mut columns = vec!["id".to_owned(), "orders12m".to_owned()];
    let mut row = vec![Value::Id(id), Value::Int(orders)];
    for (column, value) in fields {
        columns.push(column.to_owned());
        row.push(value.into());
    }
    let transaction = house.database.begin().await.unwrap();
    let object = house.model.object("Customer").unwrap();
    transaction.insert(&Batch { object, columns, rows: vec![row] }, now()).await.unwrap();
    transaction.commit().await.unwrap();
    id
}
