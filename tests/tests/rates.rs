//! Rates: what an actor may spend in a minute, and what a client is told of it.

use std::sync::Arc;
use std::time::Duration;

use guildhall_tests::{Role, Server, codes, places, sqlite_place, until};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// A server where each actor has so many points.
fn serving(place: guildhall_tests::Place, points: &str) -> Server {
    let secrets = [Role::Reader, Role::Department, Role::Admin].map(|role| place.token(role.actor(), role)).to_vec();
    let mut command = place.program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--rate", points]);
    Server::watch(command, &Arc::new(place), secrets)
}

async fn ask(server: &Server, role: Role, query: &str) -> Response {
    let request = server.request(Method::POST, "/graphql").bearer_auth(server.secret(role));
    request.json(&json!({ "query": query })).send().await.unwrap()
}

#[track_caller]
fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).unwrap_or_else(|| panic!("no `{name}`")).to_str().unwrap()
}

/// What is left, by the header.
#[track_caller]
fn left(response: &Response) -> u64 {
    let told = header(response, "ratelimit").strip_prefix("\"points\";r=").unwrap();
    told.split(';').next().unwrap().parse().unwrap()
}

const TEN: &str = "{ customers(first: 9) { nodes { id } } }";

#[tokio::test]
async fn headers_count_down_by_what_an_operation_costs() {
    for server in places().await.into_iter().map(|place| serving(place, "6000")) {
        let first = ask(&server, Role::Reader, TEN).await;
        assert_eq!(header(&first, "ratelimit-policy"), "\"points\";q=6000;w=60");
        assert!((5990..=5991).contains(&left(&first)), "{}", left(&first));
        let decided =
            ask(&server, Role::Department, "{ customers(first: 9) { nodes { creditTerms { netDays } } } }").await;
        assert!((5900..=5902).contains(&left(&decided)), "{}", left(&decided));
        let refused = ask(&server, Role::Admin, "{ nothing }").await;
        assert_eq!((refused.status().as_u16(), left(&refused)), (400, 5999));
        let written = "mutation { createCustomer(input: {values: {name: \"a\", kind: PERSON, currency: \"EUR\"}, idempotencyKey: \"k\"}) { ... on CustomerWritten { customer { id } } } }";
        let before = left(&ask(&server, Role::Admin, "{ __typename }").await);
        let spent = before - left(&ask(&server, Role::Admin, written).await);
        assert!((10..=12).contains(&spent), "{spent}");
    }
}

#[tokio::test]
async fn who_has_spent_all_is_refused_and_another_is_not() {
    for server in places().await.into_iter().map(|place| serving(place, "30")) {
        for _ in 0..3 {
            assert_eq!(ask(&server, Role::Reader, TEN).await.status(), 200);
        }
        for accept in ["application/json", "application/graphql-response+json"] {
            let request = server.request(Method::POST, "/graphql").bearer_auth(server.secret(Role::Reader));
            let request = request.header("accept", accept).json(&json!({ "query": TEN }));
            let refused = request.send().await.unwrap();
            assert_eq!(refused.status(), 429, "{accept}");
            let wait: u64 = header(&refused, "retry-after").parse().unwrap();
            assert!((1..=22).contains(&wait), "{wait}");
            let body: Value = refused.json().await.unwrap();
            assert_eq!((codes(&body), body.get("data")), (vec!["RATE_LIMITED".to_owned()], None));
            assert!(body["errors"][0]["extensions"]["retryAfter"].as_u64() >= Some(1), "{body}");
        }
        assert_eq!(ask(&server, Role::Department, TEN).await.status(), 200);
        let page = server.get(Role::Admin, "/metrics").await.text;
        assert!(page.contains("guildhall_limits_exceeded_total{limit=\"rate\"} 2"), "{page}");
        assert!(page.contains("guildhall_requests_total{code=\"RATE_LIMITED\""), "{page}");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_done() {
    let server = serving(sqlite_place(), "12");
    let create = |key: &str| {
        format!(
            "mutation {{ createCustomer(input: {{values: {{name: \"a\", kind: PERSON, currency: \"EUR\"}}, idempotencyKey: {key:?}}}) {{ ... on CustomerWritten {{ id }} }} }}"
        )
    };
    assert_eq!(ask(&server, Role::Admin, &create("one")).await.status(), 200);
    assert_eq!(ask(&server, Role::Admin, &create("two")).await.status(), 429);
    let count = ask(&server, Role::Reader, "{ customers(first: 0) { totalCount } }").await;
    assert_eq!(count.json::<Value>().await.unwrap()["data"]["customers"]["totalCount"], 1);
}

#[tokio::test]
async fn points_come_back() {
    let server = serving(sqlite_place(), "600");
    let all = "{ customers(first: 250) { nodes { id } } }";
    let mut refused = false;
    for _ in 0..3 {
        refused |= ask(&server, Role::Reader, all).await.status() == 429;
    }
    assert!(refused);
    let answer = until(Duration::from_secs(20), async || {
        let answer = ask(&server, Role::Reader, TEN).await;
        (answer.status() == 200).then_some(answer)
    });
    answer.await;
}

#[tokio::test]
async fn what_costs_more_than_anybody_has_is_told_as_a_limit() {
    let server = serving(sqlite_place(), "30");
    let answer = ask(&server, Role::Reader, "{ customers(first: 250) { nodes { id } } }").await;
    assert_eq!((answer.status().as_u16(), answer.headers().get("retry-after")), (400, None));
    assert_eq!(codes(&answer.json().await.unwrap()), ["LIMIT_EXCEEDED"]);
}

#[tokio::test]
async fn without_a_rate_nothing_is_told() {
    let server = serving(sqlite_place(), "0");
    let answer = ask(&server, Role::Reader, TEN).await;
    assert_eq!((answer.headers().get("ratelimit"), answer.headers().get("ratelimit-policy")), (None, None));
}

#[tokio::test]
async fn subscriptions_are_paid_for() {
    let server = serving(sqlite_place(), "2");
    assert_eq!(ask(&server, Role::Reader, "{ __typename }").await.status(), 200);
    assert_eq!(ask(&server, Role::Reader, "{ __typename }").await.status(), 200);
    let request = server.request(Method::POST, "/graphql").bearer_auth(server.secret(Role::Reader));
    let request = request.header("accept", "text/event-stream");
    let refused = request.json(&json!({ "query": "subscription { customerChanged { id } }" })).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
}
