//! Long lists: a page reads its own rows and few others, however long its list is. What is looked at are the plans of the
//! statements that the real server sends, on a company with one customer who has ordered 50,000 times.

use std::io::Write as _;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_model::{GlobalId, Model, Value as Stored};
use guildhall_store::{Batch, Database};
use guildhall_tests::{Place, Role, Server, places, until};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);
const ORDERS: u32 = 50_000;
/// Orders of each of the other customers.
const OTHERS_ORDERS: u32 = 25;
const CUSTOMERS: u32 = 200;
/// Size of the pages that are asked for.
const PAGE: u64 = 20;
/// Most orders a statement may touch: those of the page, one that says whether there are more, and one for each side.
const ROWS: u64 = PAGE + 4;
/// Most of PostgreSQL's blocks. An index of all the orders has hundreds.
const BLOCKS: u64 = 100;
/// From the sixth run on PostgreSQL may take a plan that it made for any values.
const RUNS: usize = 7;

/// Pages of the one customer's orders. `$far` stands for a cursor far from both ends of the same order.
const PAGES: [(&str, &str); 14] = [
    ("", "first: 20"),
    ("", "first: 20, after: $far"),
    ("", "last: 20"),
    ("", "last: 20, before: $far"),
    ("{ field: ORDERED_ON }", "first: 20"),
    ("{ field: ORDERED_ON }", "first: 20, after: $far"),
    ("{ field: ORDERED_ON }", "last: 20"),
    ("{ field: ORDERED_ON }", "last: 20, before: $far"),
    ("{ field: ORDERED_ON, direction: DESC }", "first: 20"),
    ("{ field: ORDERED_ON, direction: DESC }", "first: 20, after: $far"),
    ("{ field: ORDERED_ON, direction: DESC }", "last: 20"),
    ("{ field: ORDERED_ON, direction: DESC }", "last: 20, before: $far"),
    ("{ field: ORDERED_ON }", "first: 20, before: $far"),
    ("{ field: ORDERED_ON }", "last: 20, after: $far"),
];

const NODES: &str = "nodes { number }";
const EDGES: &str = "edges { cursor node { number } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_a_long_list_reads_its_own_rows() {
    for place in places().await {
        let customer = load(&place).await;
        if place.is_postgres() && !explain_everything(place.url()).await {
            // Written directly, because a test harness keeps what passing tests print.
            let told = "left out: this PostgreSQL has no `auto_explain`, or does not let us use it";
            let _ = writeln!(std::io::stderr(), "{told}");
            continue;
        }
        let server = watched(place);
        for (number, (order, page)) in PAGES.iter().enumerate() {
            let far = far(&server, &customer, order).await;
            let order = if order.is_empty() { String::new() } else { format!("orderBy: {order}, ") };
            let page = page.replace("$far", &format!("{far:?}"));
            for (outputs, what) in [(NODES, "nodes"), (EDGES, "edges")] {
                let list = format!("orders({order}{page}) {{ {outputs} }}");
                let alone = format!("customer(id: {customer:?}) {{ {list} }}");
                check(&server, &format!("{what}_{number}"), &alone).await;
                let many = "filter: { name: { eq: \"Many\" } }, first: 5";
                let nested = format!("customers({many}) {{ nodes {{ {list} }} }}");
                check(&server, &format!("nested_{what}_{number}"), &nested).await;
            }
        }
    }
}

/// Sends a query and looks at how its statement, which is found by `key`, is done.
async fn check(server: &Server, key: &str, field: &str) {
    let query = format!("{{ {key}: {field} }}");
    if server.place().is_postgres() {
        for _ in 0..RUNS {
            server.query(&query).await;
        }
        let plans = until(PATIENCE, async || explained(&server.log(), key)).await;
        for plan in plans {
            let orders = orders_touched(&plan["Plan"]);
            assert!((PAGE..=ROWS).contains(&orders), "{query} touches {orders} orders: {plan:#}");
            let blocks = ["Shared Hit Blocks", "Shared Read Blocks"].map(|name| plan["Plan"][name].as_u64().unwrap());
            assert!(blocks.iter().sum::<u64>() <= BLOCKS, "{query} reads {blocks:?} blocks: {plan:#}");
        }
    } else {
        server.query(&query).await;
        let sql = until(PATIENCE, async || planned(&server.log(), key)).await;
        let steps = steps(server.place().url(), &sql).await;
        let sorts = |step: &&String| step.starts_with("USE TEMP B-TREE") && !step.contains("string_agg");
        assert_eq!(steps.iter().find(sorts), None, "{query} sorts: {steps:#?}");
        let bounded = query.contains("after:") || query.contains("before:");
        for alias in sql.split("FROM \"order\" ").skip(1).filter_map(|rest| rest.split([' ', ')']).next()) {
            let searches = |step: &&String| {
                let found = step.strip_prefix(&format!("SEARCH {alias} USING ")).and_then(|rest| rest.split_once('('));
                // The id is the last column of every index: a page that is bounded by it begins at its own first row.
                found.is_some_and(|(index, bounds)| {
                    index.contains("INDEX order_customer_id")
                        && (!bounded || ["id>", "id<", "id)"].iter().any(|by| bounds.contains(by)))
                })
            };
            assert!(steps.iter().any(|step| searches(&step)), "{query} does not search {alias}: {steps:#?}");
        }
    }
}

/// How many orders the nodes of a plan looked at, taken or not.
fn orders_touched(node: &Value) -> u64 {
    let number = |name: &str| node[name].as_u64().unwrap_or(0);
    let is_of_orders =
        node["Relation Name"] == "order" || node["Index Name"].as_str().is_some_and(|name| name.starts_with("order_"));
    let each = number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let own = if is_of_orders { each * number("Actual Loops") } else { 0 };
    own + node["Plans"].as_array().into_iter().flatten().map(orders_touched).sum::<u64>()
}

/// What SQLite says it will do.
async fn steps(url: &str, sql: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
    let steps = explain.fetch_all(&mut connection).await.unwrap();
    steps.iter().map(|step| step.get("detail")).collect()
}

/// The cursor of a record far from both ends of the list.
async fn far(server: &Server, customer: &str, order: &str) -> String {
    let arguments = if order.is_empty() { String::new() } else { format!("orderBy: {order}, ") };
    let mut after = Value::Null;
    let query = format!(
        "query($after: String) {{ customer(id: {customer:?}) {{ orders({arguments}first: 250, after: $after) {{ pageInfo {{ endCursor }} }} }} }}"
    );
    for _ in 0..4 {
        let answer = server.graphql(Role::Admin, &query, json!({ "after": after })).await.data();
        after = answer["customer"]["orders"]["pageInfo"]["endCursor"].clone();
    }
    after.as_str().unwrap().to_owned()
}

/// One customer with many orders, and others with a few, a year of days. Returns the id of the first.
async fn load(place: &Place) -> String {
    let database = Database::open(place.url()).await.unwrap();
    database.migrate().await.unwrap();
    let model = Model::core();
    let now: DateTime<Utc> = "2026-11-22T18:07:08Z".parse().unwrap();
    let ids: Vec<Uuid> = (0..=CUSTOMERS).map(|_| Uuid::now_v7()).collect();
    let customers = ids.iter().enumerate().map(|(index, id)| {
        let name = if index == 0 { "Many".to_owned() } else { format!("Few {index}") };
        vec![(*id).into(), name.into(), "ORGANIZATION".into(), "ACTIVE".into(), "EUR".into()]
    });
    let columns = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let customers = Batch {
        object: model.object("Customer").unwrap(),
        columns: columns(&["id", "name", "kind", "status", "currency"]),
        rows: customers.collect(),
    };
    let orders = ids.iter().enumerate().flat_map(|(index, id)| {
        let count = if index == 0 { ORDERS } else { OTHERS_ORDERS };
        (0..count).map(move |number| order(index, number, *id))
    });
    let orders = Batch {
        object: model.object("Order").unwrap(),
        columns: columns(&["number", "status", "orderedOn", "currency", "grossTotal", "netTotal", "customer_id"]),
        rows: orders.collect(),
    };
    let transaction = database.begin().await.unwrap();
    transaction.insert(&customers, now).await.unwrap();
    assert_eq!(transaction.insert(&orders, now).await.unwrap(), u64::from(ORDERS + CUSTOMERS * OTHERS_ORDERS));
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
    GlobalId::new(customers.object, ids[0]).to_string()
}

fn order(customer: usize, number: u32, id: Uuid) -> Vec<Stored> {
    // In another order than they are written in.
    let day = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + chrono::Days::new(u64::from(number * 131 % 365));
    let total = Stored::Decimal(Decimal::from(number));
    vec![
        format!("{customer}-{number}").into(),
        "OPEN".into(),
        day.into(),
        "EUR".into(),
        total.clone(),
        total,
        id.into(),
    ]
}

/// Has PostgreSQL tell the plan of every statement, as a notice, which the server logs. Also what autovacuum would have done.
async fn explain_everything(url: &str) -> bool {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute("VACUUM (ANALYZE)").await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut connection).await.unwrap();
    if connection.execute("LOAD 'auto_explain'").await.is_err() {
        return false;
    }
    let settings = [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_buffers", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_level", "notice"),
    ];
    for (setting, value) in settings {
        let text = format!("ALTER DATABASE {name} SET {setting} = '{value}'");
        if connection.execute(AssertSqlSafe(text)).await.is_err() {
            return false;
        }
    }
    true
}

/// A server whose log has what was planned and, from PostgreSQL, explained.
fn watched(place: Place) -> Server {
    let secrets = [Role::Reader, Role::Department, Role::Admin].map(|role| place.token(role.actor(), role)).to_vec();
    let mut command = place.program();
    let level = "guildhall_graph=debug,sqlx::postgres::notice=info";
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--log-level", level]);
    Server::watch(command, &std::sync::Arc::new(place), secrets)
}

/// What was logged with `mark` in it, as far as lines are whole.
fn logged(log: &str, mark: &str) -> impl Iterator<Item = Value> {
    log.lines().filter(move |line| line.contains(mark)).filter_map(|line| serde_json::from_str(line).ok())
}

/// The SQL of the plan in which `mark` is a key.
fn planned(log: &str, mark: &str) -> Option<String> {
    let key = format!("\"{mark}\"");
    let mut statements = logged(log, mark).filter_map(|line| Some(line["fields"]["sql"].as_str()?.to_owned()));
    statements.find(|sql| sql.contains(&key))
}

/// What PostgreSQL did in each run of the statement in which `mark` occurs.
fn explained(log: &str, mark: &str) -> Option<Vec<Value>> {
    let key = format!("\"{mark}\"");
    let plans = logged(log, mark).filter_map(|line| {
        let (_, plan) = line["fields"]["message"].as_str()?.split_once("plan:\n")?;
        let plan: Value = serde_json::from_str(plan).ok()?;
        plan["Query Text"].as_str()?.contains(&key).then_some(plan)
    });
    let plans: Vec<Value> = plans.collect();
    (plans.len() == RUNS).then_some(plans)
}
