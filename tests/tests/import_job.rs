//! Imports through the API: files are sent, a run works on them in the background, is watched, cancelled, resumed, and outlives
//! its server.

use std::time::Duration;

use guildhall_tests::{Answer, Place, Role, Server, WHY, codes, data, places, refusals, sqlite_place, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::lists::PEOPLE;

const PATIENCE: Duration = Duration::from_secs(240);

/// Rows of which each thousandth has a cell too few.
fn people(count: usize) -> String {
    let row = |n: usize| if n.is_multiple_of(1000) { format!("{n}\n") } else { format!("{n},N{n}\n") };
    format!("nr,name\n{}", (1..=count).map(row).collect::<String>())
}

async fn send(server: &Server, role: Role, path: &str, body: impl Into<reqwest::Body>) -> Answer {
    server.send(server.request(Method::POST, path).bearer_auth(server.secret(role)).body(body)).await
}

async fn uploaded(server: &Server, content: impl AsRef<[u8]>) -> Value {
    let content = content.as_ref().to_vec();
    let bytes = content.len();
    let answer = send(server, Role::Admin, "/uploads", content).await;
    assert_eq!((answer.status, &answer.json()["bytes"]), (201, &json!(bytes)), "{}", answer.text);
    answer.json()["upload"].clone()
}

const START: &str = "mutation($input: StartImportInput!) { startImport(input: $input) { ... on ImportStarted { importRun { id state dryRun actor source } } ... on Invalid { problems { path code message } } ... on Refused { reasons { code message } } } }";

async fn start(server: &Server, role: Role, mapping: &str, files: &[(&str, &Value)], key: &str) -> Answer {
    let files: Vec<_> = files.iter().map(|(name, upload)| json!({"name": name, "upload": upload})).collect();
    let input = json!({"mapping": mapping, "files": files, "idempotencyKey": key});
    server.graphql(role, START, json!({ "input": input })).await
}

/// Starts an import of so many people.
async fn started(server: &Server, count: usize) -> String {
    let upload = uploaded(server, people(count)).await;
    let answer = start(server, Role::Admin, PEOPLE, &[("people.csv", &upload)], "k").await.data();
    answer["startImport"]["importRun"]["id"].as_str().unwrap().to_owned()
}

async fn change(server: &Server, act: &str, id: &str, key: &str) -> Answer {
    let input = json!({"id": id, "idempotencyKey": key});
    let ty = format!("{}Input", act[..1].to_uppercase() + &act[1..]);
    let done = if act == "cancelImport" { "ImportCancelled" } else { "ImportResumed" };
    let query = format!(
        "mutation($input: {ty}!) {{ {act}(input: $input) {{ ... on {done} {{ importRun {{ id state }} }} {WHY} }} }}"
    );
    server.graphql(Role::Admin, &query, json!({ "input": input })).await
}

async fn run(server: &Server, id: &str) -> Value {
    let query = "query($id: ID!) { importRun(id: $id) { state source dryRun actor rows created updated unchanged merged skipped errors report problem startedAt movedAt endedAt } }";
    server.graphql(Role::Admin, query, json!({ "id": id })).await.data()["importRun"].clone()
}

/// Waits until a run is in a state.
async fn reached(server: &Server, id: &str, state: &str) -> Value {
    until(PATIENCE, async || {
        let run = run(server, id).await;
        assert!(run["state"] == state || run["state"] != "FAILED", "{run}");
        (run["state"] == state).then_some(run)
    })
    .await
}

/// Waits until a run has read some rows, and is not done.
async fn under_way(server: &Server, id: &str) {
    until(PATIENCE, async || {
        let run = run(server, id).await;
        assert!(["QUEUED", "RUNNING"].contains(&run["state"].as_str().unwrap()), "{run}");
        (run["rows"].as_i64().unwrap() >= 2000).then_some(())
    })
    .await;
}

#[track_caller]
fn refused(answer: &Answer, code: &str, told: &str) {
    let body = answer.json();
    // A door refuses by an error, a mutation by a member of its result.
    let given = if body["data"].is_null() { codes(&body) } else { refusals(&body) };
    assert_eq!(given, [code], "{}", answer.text);
    assert!(answer.text.contains(told), "{told}: {}", answer.text);
}

fn files_in(place: &Place, folder: &str) -> usize {
    std::fs::read_dir(place.folder().join("uploads").join(folder)).map_or(0, Iterator::count)
}

/// What became of the people.
async fn whole(server: &Server, id: &str, count: usize) {
    let ended = reached(server, id, "DONE").await;
    let (errors, made) = (count / 1000, count - count / 1000);
    let counts =
        ["rows", "created", "updated", "unchanged", "merged", "skipped", "errors"].map(|name| ended[name].clone());
    assert_eq!(json!(counts), json!([count, made, 0, 0, 0, 0, errors]), "{ended}");
    assert!(ended["endedAt"].is_string() && ended["problem"].is_null(), "{ended}");
    let there = server.query("{ customers { totalCount } }").await;
    assert_eq!(there["customers"]["totalCount"], json!(made));
    let reasons = server.get(Role::Admin, &format!("/imports/{id}/errors.csv")).await;
    assert_eq!((reasons.status, reasons.text.lines().count()), (200, errors + 1), "{}", reasons.text);
}

#[tokio::test]
async fn what_was_sent_is_imported_and_counted() {
    for place in places().await {
        place.activate(&data("small/strategy.toml"));
        let server = Server::start(place);
        let mapping = std::fs::read_to_string(data("small/mapping.toml")).unwrap();
        let names = ["customers", "contacts", "credit", "invoices", "lines", "orders", "payments", "products"];
        let mut files = Vec::new();
        for name in names.map(|name| format!("{name}.csv")) {
            let upload = uploaded(&server, std::fs::read(data("small").join(&name)).unwrap()).await;
            files.push((name, upload));
        }
        let files: Vec<_> = files.iter().map(|(name, upload)| (name.as_str(), upload)).collect();
        let answer = start(&server, Role::Admin, &mapping, &files, "small").await.data();
        let queued = &answer["startImport"]["importRun"];
        assert_eq!(
            (&queued["source"], &queued["actor"], &queued["dryRun"]),
            (&json!("small"), &json!("ada"), &json!(false))
        );
        let id = queued["id"].as_str().unwrap();
        assert!(id.starts_with("imp_"), "{id}");
        let done = reached(&server, id, "DONE").await;
        let report = done["report"].as_array().unwrap();
        let sum = |name: &str| report.iter().map(|entry| entry[name].as_i64().unwrap()).sum::<i64>();
        for name in ["rows", "created", "errors"] {
            assert_eq!(done[name], json!(sum(name)), "{name}");
        }
        let customers = report.iter().find(|entry| entry["type"] == "Customer").unwrap();
        assert_eq!((&customers["rows"], &customers["created"]), (&json!(14), &json!(14)));
        assert_eq!(server.query("{ customers { totalCount } }").await["customers"]["totalCount"], 14);
        // The files are gone, under either name.
        let run = id.trim_start_matches("imp_");
        until(PATIENCE, async || (files_in(server.place(), &format!("runs/{run}/files")) == 0).then_some(())).await;
        assert_eq!(files_in(server.place(), "incoming"), 0);
        // A run that is done has given its customers their segments.
        let found = server.query("{ customers(filter: {segment: {key: {isNull: false}}}) { totalCount } }").await;
        assert_eq!(found["customers"]["totalCount"], 14);
        refused(&change(&server, "resumeImport", id, "r").await, "NOT_ALLOWED", "came to its end");
        refused(&change(&server, "cancelImport", id, "c").await, "NOT_ALLOWED", "is DONE");
        // The command line's runs are there, too.
        server.place().import(&data("small/mapping.toml"), &data("small"));
        let runs =
            server.query("{ importRuns(orderBy: [{field: STARTED_AT}]) { nodes { actor state unchanged } } }").await;
        let last = &runs["importRuns"]["nodes"][1];
        assert_eq!((&last["actor"], &last["state"]), (&json!("command line"), &json!("DONE")));
        assert_eq!(last["unchanged"], done["created"]);
    }
}

#[tokio::test]
async fn a_dry_run_tells_and_writes_nothing() {
    for place in places().await {
        let server = Server::start(place);
        let upload = uploaded(&server, people(2500)).await;
        let files = json!([{"name": "people.csv", "upload": upload}]);
        let input = json!({"mapping": PEOPLE, "files": files, "dryRun": true, "idempotencyKey": "k"});
        let answer = server.graphql(Role::Admin, START, json!({ "input": input })).await.data();
        let id = answer["startImport"]["importRun"]["id"].as_str().unwrap();
        let done = reached(&server, id, "DONE").await;
        assert_eq!((&done["dryRun"], &done["rows"], &done["created"]), (&json!(true), &json!(2500), &json!(2498)));
        assert_eq!(done["report"][0]["sample"][0]["name"], "N1");
        assert_eq!(server.query("{ customers { totalCount } }").await["customers"]["totalCount"], 0);
    }
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_at_once() {
    for place in places().await {
        let server = Server::start(place);
        let upload = uploaded(&server, people(3)).await;
        let unknown = json!("0190000000007000800000000000000a");
        let start =
            async |mapping: &str, files: &[(&str, &Value)]| start(&server, Role::Admin, mapping, files, "k").await;
        let bad = PEOPLE.replace("name = \"name\"", "nome = \"name\"");
        refused(&start(&bad, &[("people.csv", &upload)]).await, "MALFORMED", "mapping.toml, line 9");
        let kept = PEOPLE.replace("\"Customer\"", "\"ImportRun\"");
        refused(&start(&kept, &[("people.csv", &upload)]).await, "MALFORMED", "ImportRun");
        refused(&start(PEOPLE, &[("other.csv", &upload)]).await, "MALFORMED", "people.csv");
        refused(&start(PEOPLE, &[("people.csv", &unknown)]).await, "NOT_FOUND", "/uploads");
        refused(&start(PEOPLE, &[("people.csv", &json!("../../guildhall.db"))]).await, "NOT_FOUND", "/uploads");
        for name in ["../people.csv", "/etc/people.csv", "a/../../people.csv", ""] {
            refused(&start(PEOPLE, &[(name, &upload)]).await, "MALFORMED", "lies outside the folder");
        }
        refused(&start(PEOPLE, &[("people.csv", &upload), ("people.csv", &upload)]).await, "MALFORMED", "twice");
        let (file, below) = (("people.csv", &upload), ("people.csv/people.csv", &upload));
        refused(&start(PEOPLE, &[file, below]).await, "MALFORMED", "do not go together");
        refused(&start(PEOPLE, &[]).await, "MALFORMED", "1 to 1000 files");
        // Nothing is left of it, and the upload is still there.
        assert_eq!((files_in(server.place(), "runs"), files_in(server.place(), "incoming")), (0, 1));
        assert_eq!(server.query("{ importRuns { totalCount } }").await["importRuns"]["totalCount"], 0);
    }
}

#[tokio::test]
async fn only_an_admin_imports() {
    for place in places().await {
        let server = Server::start(place);
        for role in [Role::Reader, Role::Department] {
            refused(&send(&server, role, "/uploads", "a\n").await, "REFUSED", "your roles do not let you import");
            refused(&start(&server, role, PEOPLE, &[], "k").await, "VALIDATION_FAILED", "");
            let sdl = server.get(role, "/schema.graphql").await.text;
            assert!(!sdl.contains("ImportRun") && !sdl.contains("startImport") && !sdl.contains("ImportFile"));
            let path = "/imports/imp_01900000000070008000000000000001/errors.csv";
            let answer = server.get(role, path).await;
            assert_eq!(answer.status, 403);
        }
        assert_eq!(files_in(server.place(), "incoming"), 0);
        let stranger = server.send(server.request(Method::POST, "/uploads").body("x")).await;
        assert_eq!(stranger.status, 401);
    }
}

#[tokio::test]
async fn the_same_request_is_done_once() {
    for place in places().await {
        let server = Server::start(place);
        let upload = uploaded(&server, people(10)).await;
        let files = [("people.csv", &upload)];
        let first = start(&server, Role::Admin, PEOPLE, &files, "k").await.data();
        let id = first["startImport"]["importRun"]["id"].as_str().unwrap();
        reached(&server, id, "DONE").await;
        let again = start(&server, Role::Admin, PEOPLE, &files, "k").await.data();
        assert_eq!(again["startImport"]["importRun"]["id"], id);
        let other = uploaded(&server, people(10)).await;
        refused(
            &start(&server, Role::Admin, PEOPLE, &[("people.csv", &other)], "k").await,
            "KEY_REUSED",
            "idempotency key",
        );
        assert_eq!(server.query("{ importRuns { totalCount } }").await["importRuns"]["totalCount"], 1);
    }
}

#[tokio::test]
async fn rejected_rows_are_files_for_admins() {
    for place in places().await {
        let server = Server::start(place);
        let id = started(&server, 2000).await;
        whole(&server, &id, 2000).await;
        let path = |name: &str| format!("/imports/{id}/{name}");
        let request = server.request(Method::GET, &path("rows/people.csv")).bearer_auth(server.secret(Role::Admin));
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/csv; charset=utf-8");
        assert_eq!(header("content-disposition"), "attachment; filename=\"people.csv\"");
        assert_eq!(answer.text().await.unwrap(), "nr,name\n1000\n2000\n");
        let outside = ["rows/other.csv", "rows/..%2F..%2Fmapping.toml", "rows/..%2Ferrors.csv"];
        for name in outside {
            assert_eq!(server.get(Role::Admin, &path(name)).await.status, 404, "{name}");
        }
        assert_eq!(
            server.get(Role::Admin, "/imports/imp_01900000000070008000000000000001/errors.csv").await.status,
            404
        );
        assert_eq!(
            server.get(Role::Admin, "/imports/cus_01900000000070008000000000000001/errors.csv").await.status,
            400
        );
    }
}

#[tokio::test]
async fn a_run_that_was_cancelled_goes_on() {
    for place in places().await {
        let server = Server::start(place);
        let id = started(&server, 10_000).await;
        under_way(&server, &id).await;
        refused(&change(&server, "resumeImport", &id, "early").await, "NOT_ALLOWED", "goes on");
        let cancelled = change(&server, "cancelImport", &id, "c").await.data();
        assert_eq!(cancelled["cancelImport"]["importRun"]["state"], "CANCELLED");
        let resumed = change(&server, "resumeImport", &id, "r").await.data();
        let state = &resumed["resumeImport"]["importRun"]["state"];
        assert!(["QUEUED", "RUNNING"].contains(&state.as_str().unwrap()), "{state}");
        whole(&server, &id, 10_000).await;
        // The same keys ask for nothing new.
        for (act, key) in [("cancelImport", "c"), ("resumeImport", "r")] {
            assert_eq!(change(&server, act, &id, key).await.data()[act]["importRun"]["state"], "DONE");
        }
    }
}

#[tokio::test]
async fn runs_beyond_two_wait_and_can_be_cancelled_there() {
    let server = Server::start(sqlite_place());
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        let upload = uploaded(&server, people(20_000)).await;
        let mapping = PEOPLE.replace("\"list\"", &format!("\"list {key}\""));
        let answer = start(&server, Role::Admin, &mapping, &[("people.csv", &upload)], key).await.data();
        ids.push(answer["startImport"]["importRun"]["id"].as_str().unwrap().to_owned());
    }
    reached(&server, &ids[0], "RUNNING").await;
    assert_eq!(run(&server, &ids[2]).await["state"], "QUEUED");
    refused(&change(&server, "resumeImport", &ids[2], "r").await, "NOT_ALLOWED", "waits for its turn");
    for (id, key) in ids.iter().zip(["1", "2", "3"]) {
        change(&server, "cancelImport", id, key).await.data();
    }
    assert_eq!(run(&server, &ids[2]).await["rows"], 0);
}

#[tokio::test]
async fn an_import_outlives_its_server() {
    const ROWS: usize = 20_000;
    let mut servers = Vec::new();
    for place in places().await {
        let mut server = Server::start(place);
        let id = started(&server, ROWS).await;
        under_way(&server, &id).await;
        let place = server.place().clone();
        server.kill();
        let again = Server::beside(&place);
        assert_eq!(run(&again, &id).await["state"], "RUNNING");
        servers.push((again, id));
    }
    for (again, id) in &servers {
        whole(again, id, ROWS).await;
        assert!(again.log().contains("goes on"), "{}", again.log());
    }
}

#[tokio::test]
async fn an_import_is_no_hindrance_to_the_end_of_its_server() {
    for place in places().await {
        let mut server = Server::start(place);
        let id = started(&server, 10_000).await;
        under_way(&server, &id).await;
        server.terminate();
        assert_eq!(server.ended().code(), Some(0), "{}", server.log());
        let again = Server::beside(server.place());
        assert_eq!(run(&again, &id).await["state"], "RUNNING");
    }
}

#[tokio::test]
async fn of_an_upload_that_is_not_whole_nothing_stays() {
    let place = std::sync::Arc::new(sqlite_place());
    let mut command = place.program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "json", "--upload-limit", "1000"]);
    let secret = place.token("ada", Role::Admin);
    let server = Server::watch(command, &place, vec![String::new(), String::new(), secret.clone()]);
    uploaded(&server, [b'x'; 1000]).await;
    for size in [1001, 3 << 20] {
        let answer = send(&server, Role::Admin, "/uploads", vec![b'x'; size]).await;
        assert_eq!(answer.status, 413, "{}", answer.text);
        refused(&answer, "BAD_REQUEST", "larger than 1000 bytes");
    }
    assert_eq!(files_in(&place, "incoming"), 1);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /uploads HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {secret}\r\nContent-Length: 900\r\n\r\nhalf",
        server.address()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    until(PATIENCE, async || (files_in(&place, "incoming") == 2).then_some(())).await;
    drop(stream);
    until(PATIENCE, async || (files_in(&place, "incoming") == 1).then_some(())).await;
}
