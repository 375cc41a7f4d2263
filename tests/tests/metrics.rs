//! What an admin may watch: numbers that rise, whatever happens.

use std::time::Duration;

use guildhall_tests::{Role, Server, data, places, sqlite_place, until};
use reqwest::Method;
use serde_json::Value;

use crate::small;

/// The page, which has to be there.
async fn page(server: &Server) -> String {
    let answer = server.get(Role::Admin, "/metrics").await;
    assert_eq!((answer.status, answer.text.ends_with("# EOF\n")), (200, true), "{}", answer.text);
    assert!(answer.content_type.starts_with("application/openmetrics-text"), "{}", answer.content_type);
    answer.text
}

/// The number of one line: its name with its labels.
#[track_caller]
fn number(page: &str, line: &str) -> u64 {
    let found = page.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no `{line}` in {page}")).parse().unwrap()
}

fn of_cache(number: &str, cache: &str) -> String {
    format!("guildhall_cache_{number}{{cache=\"{cache}\",role=\"reader\"}}")
}

#[tokio::test]
async fn only_admins_read_them() {
    let server = Server::start(sqlite_place());
    for role in [Role::Reader, Role::Department] {
        let answer = server.get(role, "/metrics").await;
        assert_eq!((answer.status, answer.text.contains("REFUSED")), (403, true), "{}", answer.text);
    }
    assert_eq!(server.send(server.request(Method::GET, "/metrics")).await.status, 401);
    page(&server).await;
}

#[tokio::test]
async fn requests_are_counted_by_what_came_of_them() {
    let server = Server::start(sqlite_place());
    let ask = async |query: &str| server.graphql(Role::Reader, query, Value::Null).await;
    for _ in 0..3 {
        ask("{ customers { totalCount } }").await;
    }
    ask("{ nobody }").await;
    ask(&format!("{{ {} }}", "a: __typename ".repeat(2_001))).await;
    ask(&format!("{{ {} }}", "__typename ".repeat(101))).await;
    ask(&format!("{{ __typename }} {}", " ".repeat(70_000))).await;
    let page = page(&server).await;
    let requests = |code: &str, operation: &str| {
        number(&page, &format!("guildhall_requests_total{{code=\"{code}\",operation=\"{operation}\"}}"))
    };
    assert_eq!((requests("OK", "query"), requests("VALIDATION_FAILED", "none")), (3, 1));
    assert_eq!(requests("LIMIT_EXCEEDED", "none"), 3);
    for limit in ["aliases", "root fields", "bytes"] {
        assert_eq!(number(&page, &format!("guildhall_limits_exceeded_total{{limit=\"{limit}\"}}")), 1, "{limit}");
    }
    assert_eq!(number(&page, "guildhall_request_duration_seconds_count{operation=\"query\"}"), 3);
    for cache in ["documents", "plans"] {
        assert_eq!(number(&page, &of_cache("hits_total", cache)), 2, "{cache}");
        assert_eq!(number(&page, &of_cache("entries", cache)), 1, "{cache}");
    }
}

#[tokio::test]
async fn a_flood_of_documents_is_evicted_and_its_weight_is_bounded() {
    const WEIGHT: u64 = 16 << 20;
    let server = Server::start(sqlite_place());
    for index in 0..150 {
        let query = format!("query Q{index} {{ customers {{ totalCount }} }} #{}", "x".repeat(20_000));
        server.graphql(Role::Reader, &query, Value::Null).await.data();
    }
    let page = page(&server).await;
    let documents = |name: &str| number(&page, &of_cache(name, "documents"));
    assert_eq!((documents("hits_total"), documents("misses_total")), (0, 150));
    assert_eq!(documents("entries") + documents("evictions_total"), 150);
    let weight = documents("weight_bytes");
    assert!((WEIGHT / 4..=WEIGHT).contains(&weight), "{weight}");
}

#[tokio::test]
async fn a_new_generation_begins_with_empty_caches_and_goes_on_counting() {
    const DECIDED: &str = "{ customers { nodes { creditTerms { netDays } } } }";
    for place in places().await {
        small::company(&place);
        let server = Server::start(place);
        for _ in 0..2 {
            server.query(DECIDED).await;
            server.graphql(Role::Reader, "{ customers { totalCount } }", Value::Null).await.data();
        }
        let before = page(&server).await;
        let generation = number(&before, "guildhall_generation");
        let (calls, statements) =
            (number(&before, "guildhall_guest_calls_total"), number(&before, "guildhall_statements_total"));
        assert_eq!((calls, number(&before, &of_cache("entries", "plans"))), (2, 1));
        server.place().activate(&data("small/strategy.toml"));
        let after = until(Duration::from_secs(20), async || {
            let page = page(&server).await;
            (number(&page, "guildhall_generation") > generation).then_some(page)
        })
        .await;
        for cache in ["documents", "plans"] {
            assert_eq!(number(&after, &of_cache("entries", cache)), 0, "{cache}");
            assert_eq!(number(&after, &of_cache("weight_bytes", cache)), 0, "{cache}");
            assert_eq!(number(&after, &of_cache("hits_total", cache)), 1, "{cache}");
        }
        assert_eq!(number(&after, "guildhall_guest_calls_total"), calls);
        assert!(number(&after, "guildhall_statements_total") >= statements);
        server.query(DECIDED).await;
        assert_eq!(number(&page(&server).await, "guildhall_guest_calls_total"), calls + 1);
    }
}
