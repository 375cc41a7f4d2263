//! Plans: a plan serves the requests it was made for, and no others.
//!
//! Each test sends one document with the variables of several requests, twice round, and compares every answer with that
//! of a document nobody sent before: the same with a comment of its own, which has its plan to itself.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use guildhall_tests::{Role, Server};
use serde_json::{Value, json};

use crate::small::servers;

static SENT: AtomicUsize = AtomicUsize::new(0);

async fn check_on(server: &Server, query: &str, requests: &[Value]) {
    let mut answers = HashSet::new();
    for variables in requests.iter().chain(requests) {
        let fresh = format!("{query} # {}", SENT.fetch_add(1, Ordering::Relaxed));
        let alone = server.graphql(Role::Admin, &fresh, variables.clone()).await.text;
        let shared = server.graphql(Role::Admin, query, variables.clone()).await.text;
        assert_eq!(shared, alone, "{query} {variables}");
        answers.insert(alone);
    }
    assert!(answers.len() > 1, "what is answered alike shows nothing: {query} {answers:?}");
}

async fn check(query: &str, requests: &[Value]) {
    for server in servers().await.iter() {
        check_on(server, query, requests).await;
    }
}

/// The ids of a customer and of an order.
async fn ids(server: &Server) -> (Value, Value) {
    let mut found = server.query("{ customers(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } }").await;
    (found["customers"]["nodes"][0]["id"].take(), found["orders"]["nodes"][0]["id"].take())
}

#[tokio::test]
async fn of_a_record_by_the_type_of_its_id() {
    let query = "query($id: ID!) { node(id: $id) { __typename id } }";
    for server in servers().await.iter() {
        let (customer, order) = ids(server).await;
        let unknown = format!("xyz_{}", "0".repeat(32));
        check_on(server, query, &[json!({ "id": customer }), json!({ "id": order }), json!({ "id": unknown })]).await;
    }
}

#[tokio::test]
async fn of_records_by_the_types_of_all_ids() {
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    for server in servers().await.iter() {
        let (customer, order) = ids(server).await;
        let lists = [
            json!([customer]),
            json!([customer, order]),
            json!([order, customer]),
            json!([customer, customer]),
            json!([]),
            order,
        ];
        check_on(server, query, &lists.map(|ids| json!({ "ids": ids }))).await;
    }
}

#[tokio::test]
async fn of_records_by_the_types_of_single_ids() {
    let query = "query($a: ID!, $b: ID!) { nodes(ids: [$a, $b]) { __typename id } }";
    for server in servers().await.iter() {
        let (customer, order) = ids(server).await;
        let pairs = [(&customer, &order), (&order, &customer), (&order, &order)];
        check_on(server, query, &pairs.map(|(a, b)| json!({ "a": a, "b": b }))).await;
    }
}

#[tokio::test]
async fn by_the_size_of_a_page() {
    let query = "query($first: Int, $last: Int) { orders(first: $first, last: $last) { nodes { number } } }";
    check(
        query,
        &[
            json!({ "first": 1 }),
            json!({ "first": 2 }),
            json!({ "last": 2 }),
            json!({ "first": null, "last": 1 }),
            json!({ "first": 1, "last": 1 }),
            json!({}),
        ],
    )
    .await;
}

#[tokio::test]
async fn by_the_size_of_a_search() {
    let query = "query($first: Int) { search(text: \"\", first: $first) { __typename } found: search(text: \"n\", first: $first) { __typename } }";
    check(query, &[json!({ "first": 0 }), json!({ "first": 2 }), json!({ "first": 21 }), json!({})]).await;
}

#[tokio::test]
async fn by_the_cursors_that_are_there() {
    let query = "query($after: String, $before: String) { orders(first: 3, after: $after, before: $before, orderBy: [{field: NUMBER}]) { nodes { number } pageInfo { hasNextPage hasPreviousPage } } }";
    for server in servers().await.iter() {
        let page = server.query("{ orders(first: 9, orderBy: [{field: NUMBER}]) { edges { cursor } } }").await;
        let cursor = |place: usize| page["orders"]["edges"][place]["cursor"].clone();
        let requests = [
            json!({}),
            json!({ "after": cursor(1) }),
            json!({ "after": cursor(4) }),
            json!({ "before": cursor(2) }),
            json!({ "after": cursor(1), "before": cursor(3) }),
            json!({ "after": null, "before": cursor(1) }),
        ];
        check_on(server, query, &requests).await;
    }
}

const TRUTHS: [fn() -> Value; 2] = [|| json!({ "is": true }), || json!({ "is": false })];

#[tokio::test]
async fn by_a_directive_of_a_field() {
    check("query($is: Boolean!) { customers { totalCount @skip(if: $is) } }", &TRUTHS.map(|make| make())).await;
}

#[tokio::test]
async fn by_a_directive_of_a_fragment_in_its_place() {
    check("query($is: Boolean!) { customers { ... @include(if: $is) { totalCount } } }", &TRUTHS.map(|make| make()))
        .await;
}

#[tokio::test]
async fn by_a_directive_where_a_fragment_is_spread() {
    let query =
        "query($is: Boolean!) { customers { ...F @include(if: $is) } } fragment F on CustomerConnection { totalCount }";
    check(query, &TRUTHS.map(|make| make())).await;
}

#[tokio::test]
async fn by_what_stands_in_a_fragment() {
    let query = "query($is: Boolean!, $first: Int!) { ...F } fragment F on Query { customers(first: $first) { totalCount @include(if: $is) nodes { name } } }";
    check(
        query,
        &[json!({ "is": true, "first": 1 }), json!({ "is": false, "first": 1 }), json!({ "is": true, "first": 2 })],
    )
    .await;
}

#[tokio::test]
async fn by_the_form_of_a_filter() {
    let query = "query($is: CustomerFilter) { customers(filter: $is) { nodes { externalId } } }";
    let filters = [
        json!({ "status": { "eq": "ACTIVE" } }),
        json!({ "status": { "ne": "ACTIVE" } }),
        json!({ "industry": { "eq": null } }),
        json!({ "not": { "status": { "eq": "ACTIVE" } } }),
        json!({}),
        json!(null),
    ];
    check(query, &filters.map(|filter| json!({ "is": filter }))).await;
}

#[tokio::test]
async fn by_the_form_of_a_part_of_a_filter() {
    let query = "query($is: StringFilter) { customers(filter: {industry: $is}) { nodes { externalId } } }";
    let filters =
        [json!({ "eq": "Pub" }), json!({ "ne": "Pub" }), json!({ "isNull": true }), json!({ "isNull": false })];
    check(query, &filters.map(|filter| json!({ "is": filter }))).await;
}

#[tokio::test]
async fn by_a_truth_in_a_filter() {
    let query = "query($is: Boolean!) { customers(filter: {industry: {isNull: $is}}) { totalCount } }";
    check(query, &TRUTHS.map(|make| make())).await;
}

#[tokio::test]
async fn by_the_length_of_a_list_in_a_filter() {
    let query = "query($in: [String!]!) { customers(filter: {externalId: {in: $in}}) { nodes { externalId } } }";
    let lists = [json!(["K01"]), json!(["K02"]), json!(["K01", "K02"]), json!([]), json!("K03")];
    check(query, &lists.map(|list| json!({ "in": list }))).await;
}

#[tokio::test]
async fn by_whether_a_compared_value_is_there() {
    let query = "query($is: String) { customers(filter: {industry: {eq: $is}}) { nodes { externalId } } }";
    check(query, &[json!({ "is": "Pub" }), json!({ "is": null }), json!({}), json!({ "is": "Nothing" })]).await;
}

#[tokio::test]
async fn by_a_variable_that_is_compared_and_more() {
    let query =
        "query($n: Int!) { customers(filter: {version: {gte: $n}}, first: $n) { totalCount nodes { externalId } } }";
    check(query, &[json!({ "n": 0 }), json!({ "n": 1 }), json!({ "n": 2 }), json!({ "n": 9 })]).await;
    let query =
        "query($n: Int!) { customers(first: $n, filter: {version: {gte: $n}}) { totalCount nodes { externalId } } }";
    check(query, &[json!({ "n": 0 }), json!({ "n": 1 }), json!({ "n": 2 }), json!({ "n": 9 })]).await;
}

#[tokio::test]
async fn by_an_order() {
    let query = "query($by: [CustomerOrderBy!]) { customers(first: 3, orderBy: $by) { nodes { externalId } } }";
    let orders = [
        json!([{ "field": "EXTERNAL_ID" }]),
        json!([{ "field": "EXTERNAL_ID", "direction": "DESC" }]),
        json!({ "field": "NAME" }),
        json!([{ "field": "INDUSTRY", "nulls": "FIRST" }, { "field": "NAME" }]),
        json!(null),
    ];
    check(query, &orders.map(|order| json!({ "by": order }))).await;
}

#[tokio::test]
async fn by_a_part_of_an_order() {
    let query = "query($field: CustomerOrderField, $way: OrderDirection, $nulls: NullsOrder) { customers(first: 3, orderBy: [{field: $field, direction: $way, nulls: $nulls}, {field: EXTERNAL_ID}]) { nodes { externalId } } }";
    let terms = [
        json!({ "field": "NAME" }),
        json!({ "field": "INDUSTRY" }),
        json!({ "field": "INDUSTRY", "way": "DESC" }),
        json!({ "field": "INDUSTRY", "nulls": "FIRST" }),
        json!({ "field": "INDUSTRY", "way": "DESC", "nulls": null }),
    ];
    check(query, &terms).await;
}

#[tokio::test]
async fn by_what_is_grouped_by() {
    let query = "query($field: OrderGroupField!, $bucket: DateBucket) { ordersGroups(by: [{field: $field, bucket: $bucket}]) { totalCount nodes { key { status orderedOn } count } } }";
    let keys = [
        json!({ "field": "STATUS" }),
        json!({ "field": "ORDERED_ON" }),
        json!({ "field": "ORDERED_ON", "bucket": "YEAR" }),
        json!({ "field": "ORDERED_ON", "bucket": "MONTH" }),
        json!({ "field": "STATUS", "bucket": "MONTH" }),
    ];
    check(query, &keys).await;
}

#[tokio::test]
async fn of_a_decision_by_the_request_it_is_asked_with() {
    let query = "query($amount: Decimal!) { customers(first: 3) { nodes { creditCheck(request: {amount: $amount}) { outcome explanation } } } }";
    check(query, &[json!({ "amount": "1" }), json!({ "amount": "900000000" })]).await;
}
