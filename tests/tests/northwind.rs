//! The real Northwind files: what comes in, and what is decided about it.

use expect_test::expect;
use guildhall_tests::{Place, Role, Server, Servers, Shared, built, data, normalised, northwind_or_say_so};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::small::{column, decimal};

static SERVERS: Shared = Shared::new(|place| {
    prepare(&place);
    Server::start(place)
});

fn prepare(place: &Place) {
    place.import(&data("northwind/mapping.toml"), &northwind_or_say_so().unwrap());
    place.activate(&data("northwind/strategy.toml"));
    place.install(&built("plugins/credit-rules"));
}

/// Northwind with its strategy and finance's plugin, on each database. For tests that only read.
pub async fn servers() -> Option<Servers> {
    northwind_or_say_so()?;
    Some(SERVERS.servers().await)
}

/// Every node of a list, page by page.
pub async fn all(server: &Server, list: &str, selection: &str) -> Vec<Value> {
    let query = format!(
        "query($after: String) {{ {list}(first: 250, after: $after) {{ nodes {{ {selection} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    );
    let (mut nodes, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page = server.graphql(Role::Admin, &query, json!({ "after": after })).await.data();
        nodes.append(page[list]["nodes"].as_array_mut().unwrap());
        if page[list]["pageInfo"]["hasNextPage"] == false {
            return nodes;
        }
        after = page[list]["pageInfo"]["endCursor"].take();
    }
}

#[tokio::test]
async fn every_record_comes_in() {
    let Some(servers) = servers().await else { return };
    for server in servers.iter() {
        let counts = "{ customers { totalCount } contacts { totalCount } products { totalCount } orders { totalCount } orderLines { totalCount } }";
        let counted = server.query(counts).await;
        let count = |list: &str| counted[list]["totalCount"].as_u64().unwrap();
        assert_eq!(["customers", "contacts", "products", "orders", "orderLines"].map(count), [91, 91, 77, 830, 2155]);
    }
}

#[tokio::test]
async fn a_second_import_changes_nothing() {
    let Some(servers) = servers().await else { return };
    for server in servers.iter() {
        let report = server.place().import(&data("northwind/mapping.toml"), &northwind_or_say_so().unwrap());
        let report: Value = serde_json::from_str(&report).unwrap();
        let sum = |what: &str| {
            report["files"].as_array().unwrap().iter().map(|file| file[what].as_u64().unwrap()).sum::<u64>()
        };
        assert_eq!((sum("created"), sum("updated")), (0, 0), "{report}");
        assert_eq!(server.query("{ orderLines { totalCount } }").await["orderLines"]["totalCount"], 2155);
    }
}

#[tokio::test]
async fn the_lines_add_up_to_the_last_decimal() {
    let Some(servers) = servers().await else { return };
    for server in servers.iter() {
        let lines = all(server, "orderLines", "id netAmount { amount }").await;
        assert_eq!(lines.len(), 2155);
        let sum: Decimal = lines.iter().map(|line| decimal(line["netAmount"]["amount"].as_str().unwrap())).sum();
        assert_eq!(sum, decimal("1265793.0395"));
    }
}

#[tokio::test]
async fn the_orders_add_up_to_what_their_lines_do() {
    let Some(servers) = servers().await else { return };
    for server in servers.iter() {
        let orders = all(server, "orders", "netTotal { amount }").await;
        let sum: Decimal = orders.iter().map(|order| decimal(order["netTotal"]["amount"].as_str().unwrap())).sum();
        assert_eq!((orders.len(), sum), (830, decimal("1265793.0395")));
    }
}

#[tokio::test]
async fn two_customers_never_ordered() {
    let Some(servers) = servers().await else { return };
    for server in servers.iter() {
        let found = server.query("{ customers(filter: {orders: {none: {}}}, orderBy: {field: EXTERNAL_ID}) { totalCount nodes { externalId orders { totalCount } } } }").await;
        assert_eq!(column(&found["customers"], "/externalId"), ["FISSA", "PARIS"]);
        assert_eq!(column(&found["customers"], "/orders/totalCount"), ["0", "0"]);
    }
}

/// The query of the outcome: everything there is to say about a decision.
const OUTCOME: &str =
    "query($which: CustomerFilter) { customers(first: 100, orderBy: {field: EXTERNAL_ID}, filter: $which) { nodes {
  id externalId name revenue12m { amount currency } segment { key name need }
  creditTerms { netDays discount discountDays explanation strategyNumber fallback
    parameters { name value layer source } bounds { rule field before after reason undecided }
    proposals { plugin version department digest output reasons failure fuel } } } } }";

#[tokio::test]
async fn both_databases_answer_with_the_same_bytes() {
    let Some(servers) = servers().await else { return };
    let mut texts = Vec::new();
    for server in servers.iter() {
        let answer = server.graphql(Role::Admin, OUTCOME, Value::Null).await;
        assert_eq!(column(&answer.data()["customers"], "/externalId").len(), 91);
        texts.push(normalised(&answer.text));
    }
    assert!(texts.windows(2).all(|pair| pair[0] == pair[1]), "{texts:#?}");
}

#[tokio::test]
async fn customers_have_their_segment_and_their_terms() {
    let Some(servers) = servers().await else { return };
    let mut told = Vec::new();
    for server in servers.iter() {
        let query = "{ customers(filter: {externalId: {in: [\"ALFKI\", \"ERNSH\", \"FISSA\"]}}, orderBy: {field: EXTERNAL_ID}) { nodes { externalId revenue12m { amount } segment { key }
            creditTerms { netDays discount discountDays strategyNumber fallback explanation parameters { name value layer source } bounds { rule } proposals { plugin department reasons failure } } } } }";
        let answer = server.graphql(Role::Admin, query, Value::Null).await;
        answer.data();
        let lines = answer
            .text
            .replace("},{\"externalId\"", "},\n{\"externalId\"")
            .replace("\"explanation\"", "\n  \"explanation\"")
            .replace("\"parameters\"", "\n  \"parameters\"")
            .replace("\"bounds\"", "\n  \"bounds\"");
        told.push(lines);
    }
    told.dedup();
    expect![[r#"
        {"data":{"customers":{"nodes":[{"externalId":"ALFKI","revenue12m":{"amount":"4273.00"},"segment":{"key":"core"},"creditTerms":{"netDays":30,"discount":"0.02","discountDays":10,"strategyNumber":1,"fallback":false,
          "explanation":["Segment `core` sets netDays to 30, discount to 0.02 and discountDays to 10.","credit-rules (finance) proposed netDays 30, discount 0.02 and discountDays 10: the strategy sets 30 days net."],
          "parameters":[{"name":"netDays","value":30,"layer":"segment","source":"segment `core`"},{"name":"discount","value":"0.02","layer":"segment","source":"segment `core`"},{"name":"discountDays","value":10,"layer":"segment","source":"segment `core`"},{"name":"lateAfterDays","value":15,"layer":"default","source":"department default"}],
          "bounds":[],"proposals":[{"plugin":"credit-rules","department":"finance","reasons":["the strategy sets 30 days net"],"failure":null}]}},
        {"externalId":"ERNSH","revenue12m":{"amount":"70423.7485"},"segment":{"key":"key"},"creditTerms":{"netDays":55,"discount":"0.01","discountDays":14,"strategyNumber":1,"fallback":false,
          "explanation":["Contract until 2099-12-31 sets netDays to 55, discount to 0.01 and discountDays to 14.","credit-rules (finance) proposed netDays 55, discount 0.01 and discountDays 14: the strategy sets 55 days net."],
          "parameters":[{"name":"netDays","value":55,"layer":"contract","source":"contract until 2099-12-31"},{"name":"discount","value":"0.01","layer":"contract","source":"contract until 2099-12-31"},{"name":"discountDays","value":14,"layer":"contract","source":"contract until 2099-12-31"},{"name":"lateAfterDays","value":15,"layer":"default","source":"department default"}],
          "bounds":[],"proposals":[{"plugin":"credit-rules","department":"finance","reasons":["the strategy sets 55 days net"],"failure":null}]}},
        {"externalId":"FISSA","revenue12m":{"amount":"0.00"},"segment":{"key":"dormant"},"creditTerms":{"netDays":7,"discount":"0","discountDays":0,"strategyNumber":1,"fallback":false,
          "explanation":["Segment `dormant` sets netDays to 7.","credit-rules (finance) proposed netDays 7, discount 0 and discountDays 0: the strategy sets 7 days net."],
          "parameters":[{"name":"netDays","value":7,"layer":"segment","source":"segment `dormant`"},{"name":"discount","value":"0","layer":"default","source":"department default"},{"name":"discountDays","value":0,"layer":"default","source":"department default"},{"name":"lateAfterDays","value":15,"layer":"default","source":"department default"}],
          "bounds":[],"proposals":[{"plugin":"credit-rules","department":"finance","reasons":["the strategy sets 7 days net"],"failure":null}]}}]}}}"#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn a_contract_stands_above_the_segment() {
    let Some(servers) = servers().await else { return };
    for server in servers.iter() {
        let found = server.query("{ customers(filter: {externalId: {eq: \"ERNSH\"}}) { nodes { segment { key } creditTerms { netDays parameters { name layer source } } } } }").await;
        let ernst = &found["customers"]["nodes"][0];
        assert_eq!(ernst["segment"]["key"], "key");
        assert_eq!(ernst["creditTerms"]["netDays"], 55);
        let net_days = json!({ "name": "netDays", "layer": "contract", "source": "contract until 2099-12-31" });
        assert!(ernst["creditTerms"]["parameters"].as_array().unwrap().contains(&net_days), "{ernst}");
    }
}
