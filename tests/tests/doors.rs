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
        for content_type in ["application/json; charset=iso-8859-1", "application/json;charset=utf-16"] {
            let answer = post(server, content_type, "*/*", QUERY).await;
            assert_eq!((answer.status, codes(&answer.json())), (415, vec!["BAD_REQUEST".to_owned()]), "{content_type}");
        }
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

/// Whatever is wrong, the reply has the form that the client takes.
#[tokio::test]
async fn every_error_has_the_form_that_is_asked_for() {
    let own = "application/graphql-response+json; charset=utf-8";
    let plain = "application/json; charset=utf-8";
    for server in servers().await.iter() {
        for (accept, expected) in [
            ("application/json", plain),
            ("*/*", plain),
            ("application/graphql-response+json", own),
            ("text/html", own),
        ] {
            let ask = |method: Method, path: &str| server.request(method, path).header("accept", accept);
            let admin = server.secret(Role::Admin);
            for (request, status) in [
                (ask(Method::POST, "/graphql").body(QUERY), 401),
                (ask(Method::GET, "/elsewhere"), 404),
                (ask(Method::PUT, "/graphql"), 405),
                (ask(Method::POST, "/packages").bearer_auth(admin).header("content-encoding", "gzip"), 415),
                (ask(Method::GET, "/metrics").bearer_auth(server.secret(Role::Reader)), 403),
                (ask(Method::GET, "/imports/imp_00000000000000000000000000000000/errors.csv").bearer_auth(admin), 404),
            ] {
                let response = request.send().await.unwrap();
                assert_eq!(response.status().as_u16(), status, "{accept}");
                let vary = response.headers().get_all("vary").iter().any(|vary| vary == "accept");
                assert_eq!(
                    (response.headers()["content-type"].to_str().unwrap(), vary),
                    (expected, true),
                    "{accept} {status}"
                );
                assert!(!codes(&response.json().await.unwrap()).is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_packed_body_is_refused() {
    for server in servers().await.iter() {
        for path in ["/graphql", "/uploads", "/packages"] {
            let request = server.request(Method::POST, path).bearer_auth(server.secret(Role::Admin));
            let request = request.header("content-type", "application/json").header("content-encoding", "gzip");
            let response = request.body(QUERY).send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), &response.headers()["accept-encoding"]),
                (415, &"identity".parse().unwrap())
            );
        }
        let request = server.request(Method::POST, "/graphql").bearer_auth(server.secret(Role::Admin));
        let request = request.header("content-type", "application/json").header("content-encoding", "identity");
        assert_eq!(server.send(request.body(QUERY)).await.status, 200);
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_takes_it_and_events_are_not() {
    for server in servers().await.iter() {
        let ask = |query: &str| {
            let request = server.request(Method::POST, "/graphql").bearer_auth(server.secret(Role::Admin));
            request.header("accept-encoding", "gzip, br").json(&json!({ "query": query }))
        };
        let large = "{ orders(first: 60) { nodes { id number } } }";
        let whole = server.query(large).await;
        let packed = ask(large).send().await.unwrap();
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        let mut text = String::new();
        let bytes = packed.bytes().await.unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_ref()), &mut text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["data"], whole);
        let small = ask("{ __typename }").send().await.unwrap();
        assert_eq!(small.headers().get("content-encoding"), None);
        let events = ask(large).header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!((events.status().as_u16(), events.headers().get("content-encoding")), (200, None));
    }
}

#[tokio::test]
async fn a_schema_that_the_client_has_is_not_sent_again() {
    for server in servers().await.iter() {
        let ask = |role: Role| server.request(Method::GET, "/schema.graphql").bearer_auth(server.secret(role));
        let first = ask(Role::Reader).send().await.unwrap();
        let tag = first.headers()["etag"].clone();
        let again = ask(Role::Reader).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &tag));
        assert_eq!(again.text().await.unwrap(), "");
        let other = ask(Role::Admin).header("if-none-match", &tag).send().await.unwrap();
        assert_eq!(other.status().as_u16(), 200);
        assert!(other.headers()["etag"] != tag && first.headers()["cache-control"] == "private, no-cache");
    }
}

#[tokio::test]
async fn a_request_has_a_name_that_is_told_and_logged() {
    let place = guildhall_tests::sqlite_place();
    let mut command = place.program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--log-level", "info,tower_http=debug"]);
    let server = Server::watch(command, &std::sync::Arc::new(place), Vec::new());
    let named = async |name: &str| {
        let request = server.request(Method::GET, "/elsewhere?secret=7");
        let request = if name.is_empty() { request } else { request.header("x-request-id", name) };
        request.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(named("trace-7/abc").await, "trace-7/abc");
    let (one, other) = (named("").await, named("").await);
    assert!(one != other && one.len() == 36, "{one}");
    for unreadable in ["a b".to_owned(), "x".repeat(129)] {
        assert_ne!(named(&unreadable).await, unreadable);
    }
    let logged = guildhall_tests::until(std::time::Duration::from_secs(5), async || {
        server.log().lines().find(|line| line.contains("\"id\":\"trace-7/abc\"")).map(str::to_owned)
    });
    let logged = logged.await;
    assert!(logged.contains("/elsewhere") && !logged.contains("secret"), "{logged}");
}

/// A server that lets pages of one origin in.
fn open_to(place: guildhall_tests::Place, origin: &str) -> Server {
    let secrets = [Role::Reader, Role::Department, Role::Admin].map(|role| place.token(role.actor(), role)).to_vec();
    let mut command = place.program();
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--allow-origin",
        "https://other.example",
        "--allow-origin",
        origin,
        "--rate",
        "1000",
    ]);
    Server::watch(command, &std::sync::Arc::new(place), secrets)
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_call() {
    let server = open_to(guildhall_tests::sqlite_place(), "https://app.example.com");
    let preflight = |path: &str, origin: &str| {
        let request = server.request(Method::OPTIONS, path).header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        request.header("access-control-request-headers", "authorization,content-type").send()
    };
    for path in ["/graphql", "/uploads", "/imports/imp_1/errors.csv"] {
        let answer = preflight(path, "https://app.example.com").await.unwrap();
        let told = |name: &str| answer.headers()[name].to_str().unwrap().to_ascii_lowercase();
        assert_eq!(
            (answer.status().as_u16(), told("access-control-allow-origin").as_str()),
            (200, "https://app.example.com"),
            "{path}"
        );
        assert!(told("access-control-allow-headers").contains("authorization"), "{path}");
        assert!(told("access-control-allow-methods").contains("post"), "{path}");
        let stranger = preflight(path, "https://evil.example").await.unwrap();
        assert_eq!(stranger.headers().get("access-control-allow-origin"), None, "{path}");
    }
    assert_eq!(
        preflight("/packages", "https://app.example.com").await.unwrap().headers().get("access-control-allow-origin"),
        None
    );
    for (secret, status) in [(server.secret(Role::Reader), 200), ("gh_no", 401)] {
        let request = server.request(Method::POST, "/graphql").header("origin", "https://app.example.com");
        let request = request.bearer_auth(secret).header("content-type", "application/json").body(QUERY);
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["access-control-allow-origin"]),
            (status, &"https://app.example.com".parse().unwrap())
        );
        let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap().to_ascii_lowercase();
        assert!(
            exposed.contains("ratelimit,") && exposed.contains("retry-after") && exposed.contains("x-request-id"),
            "{exposed}"
        );
        let vary: Vec<_> =
            answer.headers().get_all("vary").iter().map(|vary| vary.to_str().unwrap().to_ascii_lowercase()).collect();
        assert!(
            vary.iter().any(|vary| vary.contains("origin")) && vary.iter().any(|vary| vary == "accept"),
            "{vary:?}"
        );
    }
}

#[tokio::test]
async fn without_an_origin_no_page_may_call() {
    for server in servers().await.iter() {
        let request = server.request(Method::POST, "/graphql").header("origin", "https://app.example.com");
        let answer =
            request.bearer_auth(server.secret(Role::Reader)).header("content-type", "application/json").body(QUERY);
        assert_eq!(answer.send().await.unwrap().headers().get("access-control-allow-origin"), None);
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

/// Text that is no UTF-8, in the document, in variables and beside them.
#[tokio::test]
async fn broken_utf8_is_told() {
    for server in servers().await.iter() {
        let bodies: [&[u8]; 4] = [
            b"{\"query\": \"{ customers(filter: {name: {eq: \\\"\xff\\\"}}) { totalCount } }\"}",
            b"{\"query\": \"query($n: String) { __typename }\", \"variables\": {\"n\": \"\xc3\x28\"}}",
            b"{\"query\": \"{ __typename }\", \"\xed\xa0\x80\": 1}",
            b"\xfe\xff\x00{",
        ];
        for body in bodies {
            let request = server
                .request(Method::POST, "/graphql")
                .bearer_auth(server.secret(Role::Reader))
                .header("content-type", "application/json")
                .body(body.to_vec());
            let answer = server.send(request).await;
            assert_eq!((answer.status, codes(&answer.json())), (400, vec!["BAD_REQUEST".to_owned()]), "{body:?}");
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
        let answer = server.get(Role::Admin, "/elsewhere").await;
        assert_eq!((answer.status, codes(&answer.json())), (404, vec!["NOT_FOUND".to_owned()]));
        for (path, allowed) in [("/graphql", "GET,HEAD,POST"), ("/packages", "POST"), ("/uploads", "POST")] {
            let request = server.request(Method::DELETE, path).bearer_auth(server.secret(Role::Admin));
            let response = request.send().await.unwrap();
            let mut given: Vec<_> = response.headers()["allow"].to_str().unwrap().split(',').collect();
            given.sort_unstable();
            assert_eq!((response.status().as_u16(), given.join(",").as_str()), (405, allowed), "{path}");
            assert_eq!(codes(&response.json().await.unwrap()), ["BAD_REQUEST"]);
        }
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
