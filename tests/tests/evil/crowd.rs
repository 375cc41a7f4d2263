//! While one plugin misbehaves without pause, another answers as if nothing were.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use guildhall_tests::{Role, Server, built, sqlite_place};
use serde_json::Value;

use crate::{hostile, small};

/// Requests of the good client before, and while others misbehave.
const CALLS: usize = 200;
const HOSTILE_CLIENTS: usize = 4;
/// Most memory that the server may take on its way.
const GROWTH: u64 = 128 << 20;

const GOOD: &str = "{ customers(first: 14, filter: {externalId: {startsWith: \"K\"}}, orderBy: {field: EXTERNAL_ID}) { nodes { externalId creditCheck(request: {amount: \"5\"}) { outcome utilization fallback } } } }";
const EVIL: &str = "{ customers(filter: {name: {in: [\"Loop Ltd\", \"Panic Ltd\", \"Hunger Ltd\", \"Torn Ltd\"]}}) { nodes { creditTerms { netDays fallback } } } }";

#[tokio::test]
async fn a_plugin_that_misbehaves_takes_nothing_from_another() {
    let place = sqlite_place();
    small::company(&place);
    hostile::customers(&place, &["Loop", "Panic", "Hunger", "Torn"]);
    place.install(&built("tests/guests/moody"));
    let server = Arc::new(Server::start(place));
    let expected = server.query(GOOD).await;
    assert!(
        expected["customers"]["nodes"].as_array().unwrap().iter().all(|node| node["creditCheck"]["fallback"] == false),
        "{expected}"
    );
    let before = server.memory();
    let alone = ask(&server, &expected).await;
    let stop = Arc::new(AtomicBool::new(false));
    let crowd: Vec<_> =
        (0..HOSTILE_CLIENTS).map(|_| tokio::spawn(hammer(Arc::clone(&server), Arc::clone(&stop)))).collect();
    let crowded = ask(&server, &expected).await;
    stop.store(true, Ordering::Relaxed);
    let mut misbehaved = 0;
    for client in crowd {
        misbehaved += client.await.unwrap();
    }
    assert!(misbehaved > HOSTILE_CLIENTS, "{misbehaved}");
    let _ = writeln!(
        std::io::stderr(),
        "the other plugin's calls: p50 {:?}, p99 {:?}; beside {misbehaved} requests that misbehave: p50 {:?}, p99 {:?}: {:.2} times",
        alone.0,
        alone.1,
        crowded.0,
        crowded.1,
        crowded.1.as_secs_f64() / alone.1.as_secs_f64()
    );
    if let (Some(before), Some(after)) = (before, server.memory()) {
        let grown = after.peak.saturating_sub(before.now);
        assert!(grown < GROWTH, "grown by {grown} from {before:?}");
    }
    assert_eq!(server.query(GOOD).await, expected);
}

/// Asks the good plugin, whose answers are always the same. Gives the median and the 99th percentile.
async fn ask(server: &Server, expected: &Value) -> (Duration, Duration) {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let begun = Instant::now();
        assert_eq!(&server.query(GOOD).await, expected);
        times.push(begun.elapsed());
    }
    times.sort();
    (times[CALLS / 2], times[CALLS - CALLS / 100 - 1])
}

/// Asks the plugin that misbehaves, without pause. Every customer gets the fallback.
async fn hammer(server: Arc<Server>, stop: Arc<AtomicBool>) -> usize {
    let mut asked = 0;
    while !stop.load(Ordering::Relaxed) {
        let answer = server.graphql(Role::Admin, EVIL, Value::Null).await.json();
        let nodes = answer["data"]["customers"]["nodes"].as_array().unwrap().clone();
        assert!(nodes.len() == 4 && nodes.iter().all(|node| node["creditTerms"]["fallback"] == true), "{answer}");
        asked += 1;
    }
    asked
}
