use axum::body::{Body, to_bytes};
use axum::http::{Method, header};
use guildhall_model::Role;
use guildhall_postgres_fixture::TestDatabase;
use guildhall_workflow::Actor;
use guildhall_workflow::create_token::{Created, NewToken, Origin, create_token};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::opening;
use crate::settings::{LogForm, Settings};

/// The doors of a house on SQLite, and an admin's token.
async fn doors() -> (Arc<Doors>, Created, TestDatabase) {
    let fixture = guildhall_postgres_fixture::sqlite();
    let settings = Settings {
        database: fixture.url().to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        cache: std::env::temp_dir().join("guildhall-test-code"),
        uploads: std::env::temp_dir().join("guildhall-test-uploads"),
        upload_limit: 1024,
        rate: 0,
        allow_origin: Vec::new(),
        plugins_unsigned: guildhall_workflow::Unsigned::Refuse,
        log: LogForm::Text,
        log_level: "info".to_owned(),
    };
    let house = opening::open(&settings).await.unwrap();
    let operator = Actor::new("operator", &house.model, Role::Admin);
    let token = create_token(
        &house,
        operator.permit().unwrap(),
        Origin::Console,
        NewToken::new("ada", Role::Admin),
        chrono::Utc::now(),
    );
    let token = token.await.unwrap();
    let access = Access::new(house.database.clone());
    (
        Arc::new(Doors {
            api: Arc::new(Api::new(house).await.unwrap()),
            access,
            watch: Watch::new(),
            upload_limit: settings.upload_limit,
            origins: Vec::new(),
            sockets: Arc::new(Semaphore::new(1)),
            ending: watch::channel(false).1,
        }),
        token,
        fixture,
    )
}

async fn send(doors: &Arc<Doors>, method: Method, path: &str, secret: &str, body: Vec<u8>) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {secret}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .unwrap();
    let response = router(Arc::clone(doors)).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

async fn post(doors: &Arc<Doors>, secret: &str, body: &Value) -> (u16, Value) {
    send(doors, Method::POST, "/graphql", secret, body.to_string().into_bytes()).await
}

#[track_caller]
fn coded((status, body): (u16, Value), expected: u16, code: &str) -> String {
    assert_eq!(status, expected, "{body}");
    assert_eq!(body["errors"][0]["extensions"]["code"], code, "{body}");
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_stranger_is_told_so_before_the_body_is_read() {
    let (doors, _, _fixture) = doors().await;
    for (path, body) in [("/graphql", b"junk".to_vec()), ("/packages", vec![0; PACKAGE_LIMIT + 1])] {
        coded(send(&doors, Method::POST, path, "gh_no", body).await, 401, "UNAUTHENTICATED");
    }
    coded(send(&doors, Method::GET, "/graphql?query=%FF&query=b", "gh_no", Vec::new()).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_in_the_form_of_all_errors() {
    let (doors, token, _fixture) = doors().await;
    let sent = send(&doors, Method::POST, "/graphql", &token.secret, vec![b' '; BODY_LIMIT + 1]).await;
    coded(sent, 413, "BAD_REQUEST");
}

#[tokio::test]
async fn a_batch_is_refused() {
    let (doors, token, _fixture) = doors().await;
    let message = coded(post(&doors, &token.secret, &json!(["{ __typename }", null, {}])).await, 400, "BAD_REQUEST");
    assert!(message.contains("batches are not supported"), "{message}");
}

#[tokio::test]
async fn a_mutation_by_get_is_not_allowed() {
    let (doors, token, _fixture) = doors().await;
    let path = "/graphql?query=mutation%7BrevokeToken(input%3A%7BtokenId%3A%22a%22%7D)%7B__typename%7D%7D";
    coded(send(&doors, Method::GET, path, &token.secret, Vec::new()).await, 405, "REFUSED");
}

#[tokio::test]
async fn a_revoked_token_ceases_to_hold_at_once() {
    let (doors, token, _fixture) = doors().await;
    let query = format!(
        "mutation {{ revokeToken(input: {{tokenId: \"{}\"}}) {{ ... on TokenRevoked {{ tokenId }} }} }}",
        token.id
    );
    let (status, body) = post(&doors, &token.secret, &json!({ "query": query })).await;
    assert_eq!((status, &body["data"]["revokeToken"]["tokenId"]), (200, &json!(token.id)), "{body}");
    let again = post(&doors, &token.secret, &json!({ "query": "{ __typename }" })).await;
    coded(again, 401, "UNAUTHENTICATED");
}
