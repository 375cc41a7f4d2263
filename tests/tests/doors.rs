//! Doors: what comes in over HTTP, and what is turned away with its reason.

use guildhall_tests::{Answer, Role, Server, codes};
use reqwest::Method;
use serde_json::{Value, json};

use crate::small::servers;

const QUERY: &str = "{\"query\":\"{ __typename }\"}";

async fn post(server: &Server, content_type: &str, accept: &str, body: &str) -> Answer {
    let request = server.request(Method::POST, "/graphql").bearer_auth(server.secret(Role::Reader));
    server.send(request.header("content-type", content_type).header("accept", accept).body(body.to_owned())).await
}

#[tokio::test]
async fn life_and_readiness_need_no_token() {
    for server in servers().await.iter() {
        for path in ["/livez", "/readyz"] {
            let answer = server.send(server.request(Method::GET, path)).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "ok\n"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_schema_is_told_by_role() {
    for server in servers().await.iter() {
        let mut last = 0;
        for role in [Role::Reader, Role::Department, Role::Admin] {
            let answer = server.get(role, "/schema.graphql").await;
            assert_eq!((answer.status, answer.content_type.as_str()), (200, "application/graphql; charset=utf-8"));
            assert!(answer.text.contains("type Customer") && answer.text.len() > last, "{role:?}");
            last = answer.text.len();
        }
    }
}

#[tokio::test]
async fn only_json_is_read() {
    for server in servers().await.iter() {
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/graphql", ""] {
            let answer = post(server, content_type, "*/*", QUERY).await;
            assert_eq!((answer.status, codes(&answer.json())), (415, vec!["BAD_REQUEST".to_owned()]), "{content_type}");
        }
        assert_eq!(post(server, "Application/JSON; charset=utf-8", "*/*", QUERY).await.status, 200);
    }
}

#[tokio::test]
async fn the_answer_has_the_form_that_is_asked_for() {
    let own = "application/graphql-response+json; charset=utf-8";
    let plain = "application/json; charset=utf-8";
    for server in servers().await.iter() {
        for (accept, expected) in [
            ("*/*", plain),
            ("application/json", plain),
            ("application/graphql-response+json", own),
            ("text/html, application/json;q=0.9", plain),
        ] {
            let answer = post(server, "application/json", accept, QUERY).await;
            assert_eq!((answer.status, answer.content_type.as_str()), (200, expected), "{accept}");
        }
        let answer = post(server, "application/json", "text/html", QUERY).await;
        assert_eq!((answer.status, codes(&answer.json())), (406, vec!["BAD_REQUEST".to_owned()]));
    }
}

#[tokio::test]
async fn a_refused_document_has_the_status_its_form_asks_for() {
    for server in servers().await.iter() {
        let broken = "{\"query\":\"{ nothing }\"}";
        assert_eq!(post(server, "application/json", "application/graphql-response+json", broken).await.status, 400);
        assert_eq!(post(server, "application/json", "application/json", broken).await.status, 200);
        assert_eq!(post(server, "application/json", "*/*", broken).await.status, 400);
    }
}

#[tokio::test]
async fn a_broken_body_is_told() {
    for server in servers().await.iter() {
        for body in [
            "",
            "{",
            "[]",
            "{\"query\": 1}",
            "{}",
            "{\"query\": \"{ __typename }\", \"variables\": 1}",
            "{\"query\": \"{ __typename }\", \"extensions\": 1}",
            "{\"query\": \"{ __typename }\", \"extensions\": []}",
            "\u{0}",
        ] {
            let answer = post(server, "application/json", "*/*", body).await;
            let found = codes(&answer.json());
            assert_eq!(answer.status, 400, "{body}: {}", answer.text);
            assert!(found == ["BAD_REQUEST"] || found == ["BAD_USER_INPUT"], "{body}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_giant_body_is_not_read() {
    for server in servers().await.iter() {
        let answer = post(server, "application/json", "*/*", &"x".repeat(2 << 20)).await;
        assert_eq!(answer.status, 413);
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_not_there() {
    for server in servers().await.iter() {
        assert_eq!(server.get(Role::Admin, "/elsewhere").await.status, 404);
        let request = server.request(Method::DELETE, "/graphql").bearer_auth(server.secret(Role::Admin));
        assert_eq!(server.send(request).await.status, 405);
    }
}

/// A document larger than the server takes is refused, quickly, with a code.
async fn check_limit(query: &str) {
    for server in servers().await.iter() {
        let begun = std::time::Instant::now();
        let answer = server.graphql(Role::Reader, query, Value::Null).await;
        let body = answer.json();
        assert_eq!(codes(&body).first().map(String::as_str), Some("LIMIT_EXCEEDED"), "{:.300}", answer.text);
        assert!(answer.text.len() < 20_000 && begun.elapsed().as_secs() < 5);
    }
}

#[tokio::test]
async fn a_document_has_at_most_64_kib() {
    check_limit(&format!("{{ __typename }} # {}", "x".repeat(64 * 1024))).await;
}

#[tokio::test]
async fn a_document_is_nested_at_most_24_deep() {
    let depth = 25;
    check_limit(&format!(
        "{{ customers {{ nodes {{ {} id {} }} }} }}",
        "segment { parent { ".repeat(depth),
        "} }".repeat(depth)
    ))
    .await;
}

#[tokio::test]
async fn fragments_do_not_hide_depth() {
    let fragments: String =
        (0..30).map(|index| format!("fragment F{index} on Segment {{ parent {{ ...F{} }} }} ", index + 1)).collect();
    check_limit(&format!("{{ segments {{ nodes {{ ...F0 }} }} }} {fragments} fragment F30 on Segment {{ id }}")).await;
}

#[tokio::test]
async fn fragments_do_not_hide_width() {
    let fragments: String =
        (0..14).map(|index| format!("fragment F{index} on Customer {{ ...F{0} ...F{0} }} ", index + 1)).collect();
    check_limit(&format!("{{ customers {{ nodes {{ ...F0 }} }} }} {fragments} fragment F14 on Customer {{ id }}"))
        .await;
}

#[tokio::test]
async fn a_fragment_does_not_contain_itself() {
    for server in servers().await.iter() {
        let answer = server
            .graphql(
                Role::Reader,
                "{ customers { nodes { ...A } } } fragment A on Customer { ...B } fragment B on Customer { ...A }",
                Value::Null,
            )
            .await;
        assert_eq!(answer.status, 400);
        assert!(!codes(&answer.json()).is_empty());
    }
}

#[tokio::test]
async fn a_document_selects_at_most_5000_fields() {
    check_limit(&format!("{{ customers {{ nodes {{ {} }} }} }}", "id ".repeat(5_100))).await;
}

#[tokio::test]
async fn a_document_has_at_most_15000_tokens() {
    check_limit(&format!("{{ customers {{ nodes {{ {} }} }} }}", "a:id ".repeat(5_100))).await;
}

#[tokio::test]
async fn a_document_is_not_parsed_without_end() {
    check_limit(&"{a".repeat(5_000)).await;
    check_limit(&format!("{{ customers(filter: {}) {{ totalCount }} }}", "{not: ".repeat(5_000))).await;
}

#[tokio::test]
async fn a_document_has_at_most_100_definitions() {
    let fragments: String = (0..101).map(|index| format!("fragment F{index} on Customer {{ id }} ")).collect();
    check_limit(&format!("{{ customers {{ nodes {{ id }} }} }} {fragments}")).await;
}

#[tokio::test]
async fn introspection_is_not_nested_without_end() {
    check_limit(
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }",
    )
    .await;
}

#[tokio::test]
async fn a_filter_is_nested_and_listed_with_measure() {
    let deep = format!("{}{{}}{}", "{not: ".repeat(13), "}".repeat(13));
    check_limit(&format!("{{ customers(filter: {deep}) {{ totalCount }} }}")).await;
    let many: Vec<_> = (0..101).map(|index| format!("\"{index}\"")).collect();
    check_limit(&format!("{{ customers(filter: {{name: {{in: [{}]}}}}) {{ totalCount }} }}", many.join(","))).await;
}

#[tokio::test]
async fn variables_are_nested_with_measure() {
    for server in servers().await.iter() {
        let mut deep = json!({});
        for _ in 0..40 {
            deep = json!({ "not": deep });
        }
        let query = "query($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }";
        let answer = server.graphql(Role::Reader, query, json!({ "filter": deep })).await.json();
        assert_eq!(codes(&answer), ["LIMIT_EXCEEDED"], "{answer}");
    }
}

#[tokio::test]
async fn an_order_has_at_most_eight_terms() {
    let terms = "{field: NAME} ".repeat(9);
    check_limit(&format!("{{ customers(orderBy: [{terms}]) {{ totalCount }} }}")).await;
}
