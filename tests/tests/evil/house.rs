//! Evil plugins on a server: what their neighbours, callers and administrators notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use guildhall_tests::{Answer, Place, Role, Server, built, codes, data, sqlite_place, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Came, came};
use crate::hostile::customers;

const NAMES: [&str; 6] = ["Good", "Fine", "Loop", "Gossip", "Glutton", "Panic"];

/// Reads where customers stand, but not what they are called.
const CLERK: &str =
    "[roles.clerk]\ndoc = \"Counts.\"\nrows = [\"all\"]\n[roles.clerk.types.Customer]\nread = [\"externalId\"]\n";

pub(super) async fn cases() -> Vec<Came> {
    let place = sqlite_place();
    customers(&place, &NAMES);
    place.activate(&data("small/strategy.toml"));
    place.install(&built("tests/guests/moody"));
    let roles = place.file("roles.toml", CLERK);
    place.done(&["role", "set", &roles.to_string_lossy()]);
    let server = Arc::new(Server::start(place));
    let mut cases = vec![
        gossip_to_who_may_not_know(&server).await,
        gossip_to_who_may(&server).await,
        gossip_in_the_log(&server),
        too_many_decisions(&server).await,
        hang_up(&server).await,
    ];
    cases.extend(packages(&server).await);
    cases.push(broken_upgrade(&server).await);
    cases.push(upgrade_under_load(&server).await);
    cases.push(gluttons(&server).await);
    cases
}

fn about(name: &str, fields: &str) -> String {
    format!("{{ customers(filter: {{externalId: {{eq: \"{name}\"}}}}) {{ nodes {{ {fields} }} }} }}")
}

const TERMS: &str = "creditTerms { netDays fallback }";

async fn good(server: &Server) -> Value {
    server.query(&about("Good", TERMS)).await["customers"]["nodes"][0]["creditTerms"].clone()
}

/// The codes and messages of an answer's errors.
fn told(answer: &Answer) -> String {
    let body = answer.json();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let told = errors.iter().map(|error| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text(&error["extensions"]["code"]), text(&error["message"]))
    });
    told.collect::<Vec<_>>().join("; ")
}

async fn gossip_to_who_may_not_know(server: &Server) -> Came {
    let clerk = server.place().done(&["token", "create", "carl", "--role", "clerk"]);
    let answer = server.post(clerk.trim(), &json!({ "query": about("Gossip", TERMS) })).await;
    assert!(!answer.text.contains("Gossip Ltd"), "{}", answer.text);
    came("gossip_to_the_clerk", "refuses with the customer's name, to who may not read names", told(&answer))
}

async fn gossip_to_who_may(server: &Server) -> Came {
    let answer = server.graphql(Role::Admin, &about("Gossip", TERMS), Value::Null).await;
    came("gossip_to_the_admin", "refuses with the customer's name, to who may read everything", told(&answer))
}

fn gossip_in_the_log(server: &Server) -> Came {
    let said = server.log().contains("Gossip Ltd");
    assert!(!said, "{}", server.log());
    came("gossip_in_the_log", "logs the customer's name", "nothing of it in the server's log of level info")
}

async fn too_many_decisions(server: &Server) -> Came {
    let fields: String = (0..26).map(|index| format!("a{index}: {TERMS} ")).collect();
    let begun = Instant::now();
    let answer = server.graphql(Role::Admin, &about("Loop", &fields), Value::Null).await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    came("decision_aliases", "is asked 26 times in one request about a customer for whom it loops", told(&answer))
}

/// Clients that ask about a customer for whom the plugin loops, and leave before it is ended.
async fn hang_up(server: &Server) -> Came {
    let body = json!({ "query": about("Loop", TERMS) }).to_string();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            server.address(),
            server.secret(Role::Admin),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        drop(stream);
    }
    // Every place is free again: more callers at a time than the plugin has places are answered.
    let well = async || (good(server).await == json!({ "netDays": 21, "fallback": false })).then_some(());
    until(Duration::from_secs(20), well).await;
    let asking: Vec<_> = (0..20)
        .map(|_| {
            server.graphql(
                Role::Admin,
                "{ customers(filter: {externalId: {eq: \"Good\"}}) { nodes { creditTerms { netDays fallback } } } }",
                Value::Null,
            )
        })
        .collect();
    let mut answered = 0;
    for answer in futures_util::future::join_all(asking).await {
        answered += usize::from(answer.data()["customers"]["nodes"][0]["creditTerms"]["netDays"] == 21);
    }
    came(
        "hang_up",
        "loops for 60 clients who hang up, then 20 ask at once about another",
        format!("{answered} are answered"),
    )
}

/// The moody guest's package with texts replaced by others of their length.
fn changed(changes: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = std::fs::read(built("tests/guests/moody")).unwrap();
    for (from, to) in changes {
        assert_eq!(from.len(), to.len());
        let places: Vec<_> =
            (0..bytes.len() - from.len()).filter(|place| bytes[*place..].starts_with(from.as_bytes())).collect();
        assert!(!places.is_empty(), "`{from}` does not occur");
        for place in places {
            bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
        }
    }
    bytes
}

async fn send(server: &Server, role: Role, bytes: Vec<u8>) -> Answer {
    server.send(server.request(Method::POST, "/packages").bearer_auth(server.secret(role)).body(bytes)).await
}

const INSTALL: &str = "mutation($digest: String!, $key: String!) { installPlugin(input: {digest: $digest, approve: [\"Customer.name\"], idempotencyKey: $key}) { ... on PluginInstalled { plugin { name } } ... on Refused { reasons { message } } ... on Invalid { problems { message } } } }";

/// Why a package is not installed.
async fn not_installed(server: &Server, digest: &str) -> String {
    let answer = server.graphql(Role::Admin, INSTALL, json!({ "digest": digest, "key": digest })).await;
    let body = answer.json();
    let came = &body["data"]["installPlugin"];
    let members = ["reasons", "problems"].iter().filter_map(|member| came[member].as_array()).flatten();
    let messages: Vec<_> = members.map(|member| member["message"].as_str().unwrap()).collect();
    assert!(!messages.is_empty(), "{}", answer.text);
    messages.join("; ")
}

/// Why a package that was sent is nothing to approve. Who tries to install it all the same is told the same.
async fn not_offered(server: &Server, bytes: Vec<u8>) -> String {
    let sent = send(server, Role::Admin, bytes).await.json();
    assert_eq!(sent["offer"], Value::Null, "{sent}");
    let problem = sent["problem"].as_str().unwrap();
    assert_eq!(not_installed(server, sent["digest"].as_str().unwrap()).await, problem);
    problem.to_owned()
}

async fn packages(server: &Server) -> Vec<Came> {
    let other = ("name = \"moody-guest\"", "name = \"other-guest\"");
    let other_model = changed(&[other, (">=0.1, <0.2", ">=9.1, <9.2")]);
    let no_point = changed(&[other, ("credit.terms", "credit.termz")]);
    vec![
        came(
            "package_path",
            "is a path in the place of a digest",
            not_installed(server, "../../../../etc/passwd").await,
        ),
        came("package_by_reader", "is sent by who may not", told(&send(server, Role::Reader, changed(&[])).await)),
        came("package_oversized", "has 4 MB", told(&send(server, Role::Admin, vec![0; 4 << 20]).await)),
        came("package_other_model", "is made for another model", not_offered(server, other_model).await),
        came("package_no_point", "serves a decision point that is none", not_offered(server, no_point).await),
    ]
}

/// Puts a package in its place by the command line, with `plugin install` or `plugin upgrade`; gives what it said if it failed.
fn put(place: &Place, act: &str, bytes: Vec<u8>) -> Option<String> {
    let file = place.file("changed.wasm", bytes);
    let ran = place.run(&["plugin", act, &file.to_string_lossy(), "--yes"]);
    (ran.code != Some(0)).then_some(ran.stderr)
}

async fn broken_upgrade(server: &Server) -> Came {
    let mut bytes = changed(&[("version = \"0.1.0\"", "version = \"0.1.9\"")]);
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    let refused = put(server.place(), "upgrade", bytes).unwrap_or_default();
    assert!(refused.contains("it is not a valid component"), "{refused}");
    assert_eq!(good(server).await, json!({ "netDays": 21, "fallback": false }));
    came("broken_upgrade", "is an upgrade whose code is damaged", "refused; the old version answers on")
}

/// While clients ask, the plugin is replaced over and over by one that answers otherwise.
async fn upgrade_under_load(server: &Arc<Server>) -> Came {
    let (stop, clients) = (Arc::new(AtomicBool::new(false)), 3);
    let asking: Vec<_> = (0..clients)
        .map(|_| {
            let (server, stop) = (Arc::clone(server), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut asked = 0_usize;
                while !stop.load(Ordering::Relaxed) {
                    let page = "{ customers(filter: {name: {in: [\"Good Ltd\", \"Fine Ltd\"]}}) { nodes { creditTerms { netDays fallback } } } }";
                    let answer = server.graphql(Role::Admin, page, Value::Null).await.data();
                    let terms = answer["customers"]["nodes"].as_array().unwrap().clone();
                    // One version answers for the whole page, and it is one of the two.
                    assert_eq!((terms.len(), &terms[0]), (2, &terms[1]), "{answer}");
                    assert!([json!(21), json!(22)].contains(&terms[0]["creditTerms"]["netDays"]), "{answer}");
                    assert_eq!(terms[0]["creditTerms"]["fallback"], false, "{answer}");
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for upgrade in 0..6 {
        let days = if upgrade % 2 == 0 { 22 } else { 21 };
        let (version, answer) = (format!("version = \"0.{}.0\"", upgrade + 2), format!("\"netDays\":{days}"));
        let bytes = changed(&[("version = \"0.1.0\"", &version), ("\"netDays\":21", &answer)]);
        let place = Arc::clone(server.place());
        let failed = tokio::task::spawn_blocking(move || put(&place, "upgrade", bytes)).await.unwrap();
        assert_eq!(failed, None);
        until(Duration::from_secs(10), async || (good(server).await["netDays"] == days).then_some(())).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut asked = 0;
    for client in asking {
        asked += client.await.unwrap();
    }
    assert!(asked >= 20, "{asked}");
    came(
        "upgrade_under_load",
        "is upgraded six times while three clients ask",
        "every page is answered by one version, none by a fallback",
    )
}

/// Each of many plugins stays within its limits; together they want much.
async fn gluttons(server: &Server) -> Came {
    for letter in 'a'..='h' {
        let name = format!("name = \"moody-gues{letter}\"");
        assert_eq!(put(server.place(), "install", changed(&[("name = \"moody-guest\"", &name)])), None);
    }
    let nine = async || {
        let body = server.graphql(Role::Admin, &about("Panic", TERMS), Value::Null).await.json();
        (codes(&body).len() == 9).then_some(())
    };
    until(Duration::from_secs(10), nine).await;
    let begun = Instant::now();
    let answer = server.graphql(Role::Admin, &about("Glutton", TERMS), Value::Null).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Whether the clock or a budget ends some of them depends on the machine; the customer is answered either way.
    assert!(answer.json()["data"]["customers"]["nodes"][0]["creditTerms"]["netDays"].is_number(), "{}", answer.text);
    came(
        "gluttons",
        "is one of nine plugins that burn almost all a call may burn",
        "the customer is answered, in bounded time",
    )
}
