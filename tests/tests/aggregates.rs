//! Aggregates and groups: each is counted a second time from the files, and the answers must agree.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use guildhall_tests::{Role, Server, codes, places};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use crate::small::{Row, decimal, net_total, rows, rows_of, servers};

async fn check(query: &str, expected: Value) {
    for server in servers().await.iter() {
        assert_eq!(server.query(query).await, expected, "{query}");
    }
}

async fn check_refused(query: &str, code: &str) {
    for server in servers().await.iter() {
        let answer = server.graphql(Role::Admin, query, Value::Null).await.json();
        assert_eq!(codes(&answer), [code], "{query}: {answer}");
        assert_eq!(answer.get("data"), None);
    }
}

/// Money's text: at least two places, no more than needed.
fn money(amount: Decimal) -> String {
    let exact = amount.normalize();
    if exact.scale() < 2 { format!("{exact:.2}") } else { exact.to_string() }
}

fn average(values: &[Decimal]) -> Decimal {
    let sum: Decimal = values.iter().sum();
    (sum / Decimal::from(values.len())).round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
}

fn day(row: &Row, column: &str) -> Option<NaiveDate> {
    Some(row[column].as_str()).filter(|text| !text.is_empty()).map(|text| text.parse().unwrap())
}

/// Orders counted by the first day of a period, without those that have no day.
async fn check_periods(bucket: &str, first: impl Fn(NaiveDate) -> NaiveDate) {
    let mut counted: BTreeMap<Option<NaiveDate>, (usize, Decimal)> = BTreeMap::new();
    for order in rows("orders.csv") {
        let group = counted.entry(day(&order, "shipped").map(&first)).or_default();
        *group = (group.0 + 1, group.1 + net_total(&order["number"]));
    }
    // Nulls last.
    let nothing = counted.remove_entry(&None);
    let nodes: Vec<_> = counted
        .into_iter()
        .chain(nothing)
        .map(|(day, (count, net))| {
            json!({ "key": { "shippedOn": day.map(|day| day.to_string()) }, "count": count, "sum": { "netTotal": { "amount": money(net), "currency": "EUR" } } })
        })
        .collect();
    assert!(nodes.len() > 2);
    let query = format!(
        "{{ ordersGroups(first: 250, by: [{{field: SHIPPED_ON, bucket: {bucket}}}]) {{ totalCount nodes {{ key {{ shippedOn }} count sum {{ netTotal {{ amount currency }} }} }} }} }}"
    );
    check(&query, json!({ "ordersGroups": { "totalCount": nodes.len(), "nodes": nodes } })).await;
}

fn first_of(day: NaiveDate, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap()
}

#[tokio::test]
async fn by_day() {
    check_periods("DAY", |day| day).await;
}

#[tokio::test]
async fn by_week_from_monday() {
    check_periods("WEEK", |day| day - Days::new(day.weekday().num_days_from_monday().into())).await;
}

#[tokio::test]
async fn by_month() {
    check_periods("MONTH", |day| first_of(day, day.month())).await;
}

#[tokio::test]
async fn by_quarter() {
    check_periods("QUARTER", |day| first_of(day, day.month0() / 3 * 3 + 1)).await;
}

#[tokio::test]
async fn by_year() {
    check_periods("YEAR", |day| first_of(day, 1)).await;
}

#[tokio::test]
async fn all_together() {
    let orders = rows("orders.csv");
    let nets: Vec<_> = orders.iter().map(|order| net_total(&order["number"])).collect();
    let freights: Vec<_> =
        orders.iter().filter(|row| !row["freight"].is_empty()).map(|row| decimal(&row["freight"])).collect();
    let days: Vec<_> = orders.iter().filter_map(|order| day(order, "shipped")).collect();
    check(
        "{ ordersAggregate { count sum { netTotal { amount currency } freight { amount } version } average { netTotal { amount } freight { amount } version } min { netTotal { amount } shippedOn } max { netTotal { amount } shippedOn } } }",
        json!({ "ordersAggregate": {
            "count": orders.len(),
            "sum": { "netTotal": { "amount": money(nets.iter().sum()), "currency": "EUR" }, "freight": { "amount": money(freights.iter().sum()) }, "version": orders.len().to_string() },
            "average": { "netTotal": { "amount": money(average(&nets)) }, "freight": { "amount": money(average(&freights)) }, "version": "1" },
            "min": { "netTotal": { "amount": money(*nets.iter().min().unwrap()) }, "shippedOn": days.iter().min().unwrap().to_string() },
            "max": { "netTotal": { "amount": money(*nets.iter().max().unwrap()) }, "shippedOn": days.iter().max().unwrap().to_string() },
        } }),
    )
    .await;
}

#[tokio::test]
async fn of_nothing() {
    check(
        "{ ordersAggregate(filter: {number: {eq: \"none\"}}) { count sum { netTotal { amount } version } average { freight { amount } version } min { orderedOn } max { netTotal { amount } } } ordersGroups(by: [{field: STATUS}], filter: {number: {eq: \"none\"}}) { totalCount nodes { count } pageInfo { hasNextPage endCursor } } }",
        json!({
            "ordersAggregate": { "count": 0, "sum": { "netTotal": null, "version": null }, "average": { "freight": null, "version": null }, "min": { "orderedOn": null }, "max": { "netTotal": null } },
            "ordersGroups": { "totalCount": 0, "nodes": [], "pageInfo": { "hasNextPage": false, "endCursor": null } },
        }),
    )
    .await;
}

#[tokio::test]
async fn of_each_parents_list_under_a_filter() {
    let customers: Vec<_> = rows("customers.csv")
        .iter()
        .map(|customer| {
            let orders = rows_of("orders.csv", "customer", &customer["key"]);
            let late = orders.iter().filter(|order| order["shipped"].is_empty()).count();
            json!({ "externalId": customer["key"], "ordersAggregate": { "count": late } })
        })
        .collect();
    check(
        "{ customers(first: 250, orderBy: {field: EXTERNAL_ID}) { nodes { externalId ordersAggregate(filter: {shippedOn: {isNull: true}}) { count } } } }",
        json!({ "customers": { "nodes": customers } }),
    )
    .await;
}

#[tokio::test]
async fn by_customer_the_largest_first_page_by_page() {
    let mut totals: Vec<(Decimal, usize, String)> = rows("customers.csv")
        .iter()
        .map(|customer| {
            let orders = rows_of("orders.csv", "customer", &customer["key"]);
            let net = orders.iter().map(|order| net_total(&order["number"])).sum();
            (net, orders.len(), customer["key"].clone())
        })
        .filter(|(_, orders, _)| *orders > 0)
        .collect();
    totals.sort_by_key(|(net, ..)| std::cmp::Reverse(*net));
    let expected: Vec<_> = totals.iter().map(|(net, orders, _)| (money(*net), *orders)).collect();
    for server in servers().await.iter() {
        for size in [1, 4, 100] {
            let query = format!(
                "query($after: String) {{ ordersGroups(first: {size}, after: $after, by: [{{field: CUSTOMER}}], orderBy: [{{measure: SUM, of: NET_TOTAL, direction: DESC}}]) {{ nodes {{ key {{ customer {{ externalId name }} status }} count sum {{ netTotal {{ amount }} }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor }} }} }}"
            );
            let (mut found, mut after) = (Vec::new(), Value::Null);
            loop {
                let page =
                    server.graphql(Role::Admin, &query, json!({ "after": after })).await.data()["ordersGroups"].take();
                assert_eq!(page["pageInfo"]["hasPreviousPage"], !found.is_empty());
                for node in page["nodes"].as_array().unwrap() {
                    let amount = node["sum"]["netTotal"]["amount"].as_str().unwrap().to_owned();
                    let count = usize::try_from(node["count"].as_u64().unwrap()).unwrap();
                    let key = node["key"]["customer"]["externalId"].as_str().unwrap();
                    assert!(totals.contains(&(decimal(&amount), count, key.to_owned())), "{node}");
                    assert_eq!(node["key"]["status"], Value::Null);
                    found.push((amount, count));
                }
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
            assert_eq!(found, expected, "pages of {size}");
        }
    }
}

#[tokio::test]
async fn by_two_keys_with_gaps() {
    let mut counted: BTreeMap<(String, String), usize> = BTreeMap::new();
    for order in rows("orders.csv") {
        let status = if order["shipped"].is_empty() { "OPEN" } else { "SHIPPED" };
        *counted.entry((status.to_owned(), order["city"].clone())).or_default() += 1;
    }
    let mut nodes: Vec<_> = counted.into_iter().collect();
    // Within a status, no city stands last.
    nodes.sort_by(|((status, city), _), ((other, another), _)| {
        status.cmp(other).then(city.is_empty().cmp(&another.is_empty())).then(city.cmp(another))
    });
    let nodes: Vec<_> = nodes
        .into_iter()
        .map(|((status, city), count)| {
            let city = Some(city).filter(|city| !city.is_empty());
            json!({ "key": { "status": status, "shipToCity": city }, "count": count })
        })
        .collect();
    check(
        "{ ordersGroups(first: 250, by: [{field: STATUS}, {field: SHIP_TO_CITY}]) { nodes { key { status shipToCity } count } } }",
        json!({ "ordersGroups": { "nodes": nodes } }),
    )
    .await;
}

/// Orders by what their customers have.
#[tokio::test]
async fn by_a_field_of_a_related_record() {
    let customers = rows("customers.csv");
    let country = |order: &Row| {
        let customer = customers.iter().find(|customer| customer["key"] == order["customer"]);
        customer.map(|customer| customer["country"].clone()).filter(|country| !country.is_empty())
    };
    let mut counted: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    for order in rows("orders.csv") {
        let status = if order["shipped"].is_empty() { "OPEN" } else { "SHIPPED" };
        *counted.entry((country(&order), status.to_owned())).or_default() += 1;
    }
    let groups: Vec<_> = counted.into_iter().collect();
    assert!(groups.len() > 3);
    for server in servers().await.iter() {
        let query = "{ ordersGroups(first: 250, by: [{customer: {field: COUNTRY}}, {field: STATUS}]) { totalCount nodes { count key { status customer { name } customerKey { country segmentKey { name } } } } } }";
        let found = server.query(query).await;
        let nodes = found["ordersGroups"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), groups.len(), "{found}");
        for ((country, status), count) in &groups {
            let expected = json!({ "count": count, "key": {
                "status": status, "customer": null, "customerKey": { "country": country, "segmentKey": null },
            } });
            assert!(nodes.contains(&expected), "{expected}: {found}");
        }
    }
}

/// A page of groups by related records goes on where it ended, in the order asked for.
#[tokio::test]
async fn groups_by_related_records_are_paged_and_ordered() {
    for server in servers().await.iter() {
        let query = "query($after: String) { orderLinesGroups(first: 1, after: $after, by: [{order: {field: CUSTOMER}}, {order: {field: ORDERED_ON, bucket: YEAR}}], orderBy: [{order: {key: ORDERED_ON, direction: DESC}}, {order: {key: CUSTOMER}}]) { totalCount pageInfo { hasNextPage endCursor } nodes { count key { orderKey { orderedOn customer { externalId } } } } } }";
        let (mut after, mut seen, mut lines) = (Value::Null, Vec::new(), 0);
        loop {
            let page =
                server.graphql(Role::Department, query, json!({ "after": after })).await.data()["orderLinesGroups"]
                    .take();
            let node = &page["nodes"][0];
            lines += node["count"].as_u64().unwrap();
            let key = &node["key"]["orderKey"];
            seen.push((key["orderedOn"].as_str().unwrap().to_owned(), key["customer"]["externalId"].clone()));
            if page["pageInfo"]["hasNextPage"] == false {
                assert_eq!(page["totalCount"], seen.len());
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let years: Vec<_> = seen.iter().map(|(year, _)| year.clone()).collect();
        assert!(years.len() > 2 && years.is_sorted_by(|one, other| one >= other), "{years:?}");
        assert_eq!(server.query("{ orderLines { totalCount } }").await["orderLines"]["totalCount"], lines);
    }
}

#[tokio::test]
async fn what_cannot_be_grouped_or_ordered_so_is_refused() {
    for (arguments, code) in [
        ("by: []", "BAD_USER_INPUT"),
        ("by: [{field: STATUS}, {field: STATUS}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS, bucket: DAY}]", "BAD_USER_INPUT"),
        ("by: [{field: NET_TOTAL}]", "VALIDATION_FAILED"),
        ("by: [{}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS, customer: {field: NAME}}]", "BAD_USER_INPUT"),
        ("by: [{customer: {field: NAME}, bucket: DAY}]", "BAD_USER_INPUT"),
        ("by: [{customer: {field: REVENUE12M}}]", "VALIDATION_FAILED"),
        ("by: [{customer: {parent: {parent: {parent: {field: NAME}}}}}]", "BAD_USER_INPUT"),
        ("by: [{customer: {field: NAME}}], orderBy: [{key: CUSTOMER}]", "BAD_USER_INPUT"),
        ("by: [{customer: {field: NAME}}], orderBy: [{customer: {key: COUNTRY}}]", "BAD_USER_INPUT"),
        ("by: [{customer: {field: NAME}}], orderBy: [{customer: {measure: COUNT}}]", "BAD_USER_INPUT"),
        ("by: [{customer: {field: NAME}}], orderBy: [{customer: {key: NAME}, direction: DESC}]", "BAD_USER_INPUT"),
        (
            "by: [{field: STATUS}, {field: NUMBER}, {field: CUSTOMER}, {field: ORDERED_ON}, {field: SHIPPED_ON}]",
            "LIMIT_EXCEEDED",
        ),
        ("by: [{field: STATUS}], orderBy: [{key: NUMBER}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS}], orderBy: [{}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS}], orderBy: [{measure: SUM}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS}], orderBy: [{measure: COUNT, of: VERSION}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS}], orderBy: [{measure: SUM, of: ORDERED_ON}]", "BAD_USER_INPUT"),
        ("by: [{field: STATUS}], orderBy: [{key: STATUS, measure: COUNT}]", "BAD_USER_INPUT"),
    ] {
        check_refused(&format!("{{ ordersGroups({arguments}) {{ totalCount }} }}"), code).await;
    }
}

#[tokio::test]
async fn a_reader_adds_up_nothing_hidden() {
    for server in servers().await.iter() {
        for query in [
            "{ customersAggregate { sum { openAmount { amount } } } }",
            "{ customersAggregate { max { margin12m { amount } } } }",
            "{ customersGroups(by: [{field: STATUS}], orderBy: [{measure: SUM, of: OPEN_AMOUNT}]) { totalCount } }",
            "{ customersGroups(by: [{field: AVERAGE_DAYS_LATE}]) { totalCount } }",
            "{ creditAccountsAggregate { count } }",
            "{ customers { nodes { decisionsGroups(by: [{field: POINT}]) { totalCount } } } }",
        ] {
            let answer = server.graphql(Role::Reader, query, Value::Null).await.json();
            assert_eq!(codes(&answer).first().map(String::as_str), Some("VALIDATION_FAILED"), "{query}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_sum_beyond_64_bits_is_told_alike_on_both_databases() {
    let largest = "922337203685477.5807";
    let mapping = "source = \"x\"\nas_of = 2026-06-30\n[[files]]\nfile = \"products.csv\"\ntype = \"Product\"\nid = \"{sku}\"\nfields = { sku = \"sku\", name = \"sku\", currency = { constant = \"EUR\" }, listPrice = \"price\", discontinued = { constant = false } }\n";
    for place in places().await {
        place.file("big/products.csv", format!("sku,price\nP1,{largest}\nP2,{largest}\nP3,-{largest}\n"));
        let mapping = place.file("big/mapping.toml", mapping);
        place.import(&mapping, &place.folder().join("big"));
        let server = Server::start(place);
        let query = "query($in: [String!]) { productsAggregate(filter: {sku: {in: $in}}) { sum { listPrice { amount } } average { listPrice { amount } } } }";
        let answer = server.graphql(Role::Admin, query, json!({ "in": ["P1", "P3"] })).await.data();
        assert_eq!(
            answer["productsAggregate"],
            json!({ "sum": { "listPrice": { "amount": "0.00" } }, "average": { "listPrice": { "amount": "0.00" } } })
        );
        let answer = server.graphql(Role::Admin, query, json!({ "in": ["P1", "P2"] })).await.json();
        assert_eq!(codes(&answer), ["LIMIT_EXCEEDED"], "{answer}");
    }
}
