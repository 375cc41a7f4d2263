//! The end of a server: what is under way is finished, nothing new begins, and the log says so.

use std::sync::Arc;
use std::time::Duration;

use guildhall_tests::{Place, Role, Server, places, until};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::small::customers;

fn served(place: Place) -> Server {
    customers(&place);
    Server::start(place)
}

const BODY: &str = "{\"query\":\"{ customers { totalCount } }\"}";

/// Begins a request: all of it but the last byte of its body.
async fn begun(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.address(),
        server.secret(Role::Reader),
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&BODY.as_bytes()[..BODY.len() - 1]).await.unwrap();
    stream.flush().await.unwrap();
    // The server has to have taken it up before it is told to end; another request's answer shows that it looks.
    server.get(Role::Reader, "/livez").await;
    stream
}

async fn told_to_end(server: &Server) {
    server.terminate();
    until(Duration::from_secs(5), async || server.log().contains("ending").then_some(())).await;
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    for place in places().await {
        let mut server = served(place);
        let mut stream = begun(&server).await;
        told_to_end(&server).await;
        stream.write_all(&BODY.as_bytes()[BODY.len() - 1..]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"data\":{\"customers\":{\"totalCount\":14}}}"),
            "{answer}"
        );
        assert_eq!(server.ended().code(), Some(0), "{}", server.log());
    }
}

#[tokio::test]
async fn nothing_new_begins_after_the_end_has() {
    for place in places().await {
        let mut server = served(place);
        let stream = begun(&server).await;
        told_to_end(&server).await;
        let refused = async || TcpStream::connect(server.address()).await.is_err().then_some(());
        until(Duration::from_secs(5), refused).await;
        drop(stream);
        assert_eq!(server.ended().code(), Some(0), "{}", server.log());
    }
}

#[tokio::test]
async fn who_ends_it_as_soon_as_it_serves_is_heard() {
    for place in places().await {
        let place = Arc::new(place);
        for _ in 0..5 {
            let mut server = Server::beside(&place);
            server.terminate();
            assert_eq!(server.ended().code(), Some(0), "{}", server.log());
        }
    }
}

#[tokio::test]
async fn the_log_is_json_to_its_last_line() {
    for place in places().await {
        let mut server = served(place);
        server.get(Role::Admin, "/livez").await;
        server.terminate();
        assert_eq!(server.ended().code(), Some(0));
        let log = server.log();
        assert!(log.contains("served to the end"), "{log}");
        for line in log.lines() {
            let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(entry["timestamp"].is_string() && entry["level"].is_string(), "{line}");
        }
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_the_server() {
    for place in places().await {
        let server = served(place);
        let made = server
            .graphql(
                Role::Admin,
                "mutation { createToken(input: {actor: \"eve\", roles: [\"reader\"]}) { ... on TokenCreated { token } } }",
                Value::Null,
            )
            .await
            .data();
        let place = server.place().clone();
        drop(server);
        let again = Server::beside(&place);
        let secret = made["createToken"]["token"].as_str().unwrap();
        assert_eq!(again.post(secret, &serde_json::json!({ "query": "{ __typename }" })).await.status, 200);
    }
}
