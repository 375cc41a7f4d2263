//! What bounds plugins beyond a single call: the process that compiles them, the breaker, the budget of a request.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use guildhall_plugin_host::compile::Worker;
use guildhall_plugin_host::{Call, Host, HostConfig, LoadError, Package};
use guildhall_tests::{Place, Role, Server, Variant, built, data, program, sqlite_place, until};
use serde_json::{Value, json};

use crate::hostile::customers;

/// Compiles bytes as the server would have it done.
fn compile(component: &[u8], memory: u64) -> Output {
    let mut child = Command::new(program())
        .args(["compile-plugin", "--memory", &memory.to_string(), "--seconds", "20"])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that has ended reads nothing.
    let _ = child.stdin.take().unwrap().write_all(component);
    child.wait_with_output().unwrap()
}

#[test]
fn code_from_the_worker_answers_as_code_from_here() {
    let package = Package::read(&std::fs::read(built("plugins/credit-rules")).unwrap()).unwrap();
    let cache = tempfile::tempdir().unwrap();
    let worker = || Some(Worker::of(program().to_owned(), &["compile-plugin"]));
    let configs = [
        HostConfig::default(),
        HostConfig { worker: worker(), ..HostConfig::default() },
        HostConfig { worker: worker(), cache: Some(cache.path().to_owned()), ..HostConfig::default() },
        // Whoever has the code needs no worker.
        HostConfig {
            worker: Some(Worker::of("/nowhere".into(), &[])),
            cache: Some(cache.path().to_owned()),
            ..HostConfig::default()
        },
    ];
    let call = Call { parameters: b"{\"netDays\":14}", input: b"{\"subject\":{\"averageDaysLate\":0,\"overdueAmount\":{\"amount\":\"0\",\"currency\":\"EUR\"},\"creditAccount\":null},\"request\":null}" };
    let seen = configs.map(|config| {
        let guest = Host::new(config).unwrap().load(&package).unwrap();
        let batch = guest.decide("credit.terms", "2026-03-01T09:00:00.000Z", &[call]);
        assert_eq!(batch.answers[0].as_ref().unwrap().output["netDays"], 14);
        (batch.answers, batch.fuel)
    });
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn what_is_no_component_is_told_by_the_worker() {
    let good = std::fs::read(built("plugins/credit-rules")).unwrap();
    for bad in [&b"nonsense"[..], b"", &good[..good.len() / 2]] {
        let ended = compile(bad, 512 << 20);
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(2), 0));
        assert!(!ended.stderr.is_empty());
    }
    let ended = compile(&good, 512 << 20);
    assert!(ended.status.success() && ended.stdout.len() > good.len() / 2 && ended.stderr.is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn compiling_has_a_bound_of_memory_and_of_time() {
    let package = Package::read(&std::fs::read(built("plugins/credit-rules")).unwrap()).unwrap();
    let load = |worker: Worker| {
        let host = Host::new(HostConfig { worker: Some(worker), ..HostConfig::default() }).unwrap();
        host.load(&package).unwrap_err()
    };
    let worker = || Worker::of(program().to_owned(), &["compile-plugin"]);
    let refused = load(Worker { memory: 1 << 20, ..worker() });
    assert!(matches!(refused, LoadError::CompileMemory { .. }), "{refused}");
    let refused = load(Worker { wall: Duration::from_millis(1), ..worker() });
    assert!(matches!(refused, LoadError::CompileTime { .. }), "{refused}");
}

fn names(moods: &[&str], count: usize) -> Vec<String> {
    moods.iter().flat_map(|mood| (0..count).map(move |index| format!("{mood}{index}"))).collect()
}

fn company(place: &Place, names: &[String]) {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    customers(place, &names);
    place.activate(&data("small/strategy.toml"));
}

/// What the customers whose names begin so are told: terms, and the failures of the plugins by their names.
async fn failures(server: &Server, mood: &str) -> Vec<(String, String)> {
    let query = format!(
        "{{ customers(first: 250, filter: {{name: {{startsWith: \"{mood}\"}}}}) {{ nodes {{ creditTerms {{ fallback proposals {{ plugin failure }} }} }} }} }}"
    );
    let body = server.graphql(Role::Admin, &query, Value::Null).await.json();
    let nodes = body["data"]["customers"]["nodes"].as_array().unwrap_or_else(|| panic!("{body}")).clone();
    let told = |proposal: &Value| {
        let code = proposal["failure"]["code"].as_str().unwrap_or("answered");
        (proposal["plugin"].as_str().unwrap().to_owned(), code.to_owned())
    };
    let proposals = nodes.iter().flat_map(|node| node["creditTerms"]["proposals"].as_array().unwrap().iter().map(told));
    proposals.collect()
}

async fn metric(server: &Server, line: &str) -> String {
    let page = server.get(Role::Admin, "/metrics").await.text;
    let found = page.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no `{line}` in {page}")).to_owned()
}

#[tokio::test]
async fn a_plugin_that_fails_for_everybody_is_not_asked_until_it_answers_again() {
    let place = sqlite_place();
    company(&place, &names(&["Panic", "Good"], 6));
    place.install(&built("tests/guests/moody"));
    let server = Server::start(place);
    let circuit = "guildhall_plugin_circuit_open{plugin=\"moody-guest\"}";
    let plugin = |code: &str, count: usize| vec![("moody-guest".to_owned(), code.to_owned()); count];
    assert_eq!(failures(&server, "Good").await, plugin("answered", 6));
    assert_eq!(metric(&server, circuit).await, "0");
    // As many as were heard.
    assert_eq!(failures(&server, "Panic").await, plugin("TRAPPED", 6));
    assert_eq!(failures(&server, "Good").await, plugin("CIRCUIT_OPEN", 6));
    assert_eq!(metric(&server, circuit).await, "1");
    assert_eq!(metric(&server, "guildhall_plugin_circuit_opened_total{plugin=\"moody-guest\"}").await, "1");
    let counted =
        metric(&server, "guildhall_plugin_failures_total{plugin=\"moody-guest\",failure=\"CIRCUIT_OPEN\"}").await;
    assert_eq!(counted, "6");
    // A decision that is recorded obeys, and says so for ever.
    let found = server.query("{ customers(filter: {name: {startsWith: \"Good0\"}}) { nodes { id } } }").await;
    let mutation = "mutation($id: ID!) { recordDecision(input: {point: \"credit.terms\", customer: $id, idempotencyKey: \"1\"}) { ... on DecisionRecorded { decision { fallback proposals } } } }";
    let variables = json!({ "id": found["customers"]["nodes"][0]["id"] });
    let decision = server.graphql(Role::Department, mutation, variables).await.data();
    let decision = &decision["recordDecision"]["decision"];
    assert_eq!(decision["fallback"], true, "{decision}");
    assert_eq!(decision["proposals"]["underStrategy"][0]["failure"]["code"], "CIRCUIT_OPEN", "{decision}");
    // After the pause one call finds out, and then all are answered.
    until(Duration::from_secs(30), async || (failures(&server, "Good").await == plugin("answered", 6)).then_some(()))
        .await;
    assert_eq!(metric(&server, circuit).await, "0");
    assert!(server.log().contains("is not asked for a while"), "{}", server.log());
}

/// The moody plugin under another name of the same length.
fn named(place: &Place, name: &str) -> std::path::PathBuf {
    let mut bytes = std::fs::read(built("tests/guests/moody")).unwrap();
    let from = b"name = \"moody-guest\"";
    let start = bytes.windows(from.len()).position(|window| window == from).unwrap();
    let to = format!("name = \"{name}\"");
    assert_eq!(to.len(), from.len());
    bytes[start..start + to.len()].copy_from_slice(to.as_bytes());
    place.file(&format!("{name}.wasm"), bytes)
}

#[tokio::test]
async fn what_plugins_may_spend_together_is_shared_out_evenly() {
    let place = sqlite_place();
    company(&place, &names(&["Loop", "Good"], 10));
    // Each takes some 200 million units of fuel for ten such customers; together they have 500 million, each of seven 71.
    let plugins = ["moody-plug1", "moody-plug2", "moody-plug3", "moody-plug4", "moody-plug5", "moody-plug6"];
    for name in plugins {
        place.install(Path::new(&named(&place, name)));
    }
    place.install(&place.file("settled.wasm", Variant::new("1.0.0", 11).bytes()));
    let server = Server::start(place);
    let told = failures(&server, "Loop").await;
    let of = |plugin: &str| {
        told.iter().filter(|(name, _)| name == plugin).map(|(_, code)| code.as_str()).collect::<Vec<_>>()
    };
    for plugin in plugins {
        let of = of(plugin);
        let spent = of.iter().filter(|code| **code == "BUDGET_SPENT").count();
        assert_eq!(of.len(), 10, "{told:?}");
        assert!((1..10).contains(&spent), "{plugin} has a share, and no more: {told:?}");
    }
    // Whoever needs little has it, whoever stands before him.
    assert_eq!(of("settled"), ["answered"; 10], "{told:?}");
}
