//! The demo: what `make demo` shows, on a database of its own and on a named one.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guildhall_tests::{Place, Server, Servers, Shared, built, places, until};
use reqwest::Method;
use serde_json::Value;

static SERVERS: Shared = Shared::new(serve);

/// The demo, prepared and served. For tests that only read.
pub async fn servers() -> Servers {
    SERVERS.servers().await
}

/// The demo on a place, prepared and served.
pub fn serve(place: Place) -> Server {
    prepare(&place);
    let served = demo(&place, &["--listen", "127.0.0.1:0"]);
    Server::watch(served, &Arc::new(place), Vec::new())
}

/// The demo as it is called by hand: on SQLite without naming a database, on PostgreSQL by `--database`.
fn demo(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.program();
    command.env_remove("GUILDHALL_DATABASE").arg("demo").args(arguments);
    if place.is_postgres() {
        command.args(["--database", place.url()]);
    }
    command
}

fn prepare(place: &Place) -> String {
    let package = built("plugins/credit-rules");
    let output = demo(place, &["--prepare-only", "--plugin", &package.to_string_lossy()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands the demo prints, once it has printed them all.
pub async fn curls(server: &Server) -> Vec<String> {
    let printed =
        || server.printed().lines().filter(|line| line.starts_with("curl ")).map(str::to_owned).collect::<Vec<_>>();
    until(Duration::from_secs(5), async || Some(printed()).filter(|lines| lines.len() >= 3)).await
}

/// The parts of a printed command: address, token and body.
pub fn parts(curl: &str) -> (&str, &str, &str) {
    let between = |from: &str, to: &str| curl.split(from).nth(1).and_then(|rest| rest.split(to).next()).unwrap();
    (between("curl -s ", " "), between("Bearer ", "'"), between("-d '", "'"))
}

#[tokio::test]
async fn its_three_queries_run_as_they_are_printed() {
    for server in servers().await.iter() {
        let curls = curls(server).await;
        assert_eq!(curls.len(), 3);
        for curl in &curls {
            let (url, secret, body) = parts(curl);
            assert_eq!(url, format!("http://{}/graphql", server.address()));
            let request = server
                .request(Method::POST, "/graphql")
                .bearer_auth(secret)
                .header("content-type", "application/json")
                .body(body.to_owned());
            let data = server.send(request).await.data();
            assert!(!data["customers"]["nodes"].as_array().unwrap().is_empty(), "{curl}");
        }
    }
}

#[tokio::test]
async fn its_first_query_is_answered_by_the_plugin() {
    for server in servers().await.iter() {
        let curls = curls(server).await;
        let (_, secret, body) = parts(&curls[0]);
        let body: Value = serde_json::from_str(body).unwrap();
        let data = server.post(secret, &body).await.data();
        for node in data["customers"]["nodes"].as_array().unwrap() {
            assert!(node["segment"]["name"].is_string(), "{node}");
            assert!(
                node["creditTerms"]["explanation"].to_string().contains("credit-rules (finance) proposed"),
                "{node}"
            );
        }
    }
}

/// A token of each role works, and the printed command makes another for the same database.
#[tokio::test]
async fn it_says_where_it_is_and_gives_a_token_of_each_role() {
    for server in servers().await.iter() {
        curls(server).await;
        let printed = server.printed();
        for (role, mutations) in [("reader", false), ("department", true), ("admin", true)] {
            let line = printed.lines().find(|line| line.starts_with(role)).unwrap();
            let secret = line.split_whitespace().last().unwrap();
            let request = server.request(Method::GET, "/schema.graphql").bearer_auth(secret);
            assert_eq!(server.send(request).await.text.contains("type Mutation"), mutations, "{role}");
        }
        let command = printed.lines().find(|line| line.starts_with("guildhall token create")).unwrap();
        let arguments: Vec<_> = command.split_whitespace().skip(1).map(|word| word.trim_matches('\'')).collect();
        let arguments: Vec<_> = arguments.iter().map(|word| if *word == "NAME" { "nora" } else { word }).collect();
        if server.place().is_postgres() && arguments.last().is_some_and(|database| database.contains("PASSWORD")) {
            continue;
        }
        let mut made = server.place().program();
        let made = made.env_remove("GUILDHALL_DATABASE").args(&arguments).output().unwrap();
        let secret = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        let asked = server.post(&secret, &serde_json::json!({ "query": "{ customers { totalCount } }" })).await;
        assert!(asked.data()["customers"]["totalCount"].as_u64() > Some(100), "{command}");
    }
}

#[tokio::test]
async fn without_a_database_it_uses_one_of_its_own() {
    for server in servers().await.iter().filter(|server| !server.place().is_postgres()) {
        assert!(server.place().folder().join("demo/guildhall.db").exists());
    }
}

#[tokio::test]
async fn a_second_start_is_quick_and_loads_nothing() {
    for place in places().await {
        assert!(prepare(&place).contains("loaded"));
        let begun = Instant::now();
        let printed = prepare(&place);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        assert!(!printed.contains("loaded") && !printed.contains("installed"), "{printed}");
        let server = Server::watch(demo(&place, &["--listen", "127.0.0.1:0"]), &Arc::new(place), Vec::new());
        let first = parts(&curls(&server).await[0]).1.to_owned();
        assert_eq!(server.post(&first, &serde_json::json!({ "query": "{ __typename }" })).await.status, 200);
    }
}
