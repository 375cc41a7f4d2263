//! Guests for tests: built from their source on demand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use guildhall_plugin_host::cases::Case;
use guildhall_plugin_host::{Call, Failure, Guest, Host, HostConfig, Limits, Package, build};

pub const AT: &str = "2026-03-01T09:00:00.000Z";

/// Where the repository begins.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The package of a plugin, by its folder in the repository.
pub fn package(folder: &str) -> Package {
    let path = build::built(&root().join(folder)).unwrap();
    Package::read(&std::fs::read(path).unwrap()).unwrap()
}

/// The default limits with a clock so slow that a busy test machine does not matter: what is tested is fuel.
pub fn limits() -> Limits {
    Limits { wall_single: Duration::from_secs(20), wall_batch: Duration::from_secs(60), ..Limits::default() }
}

/// A host with compiled code that all test runs share.
pub fn host(limits: Limits) -> Host {
    Host::new(HostConfig { cache: Some(root().join("target/plugins/code")), limits, ..HostConfig::default() }).unwrap()
}

pub fn hostile(limits: Limits) -> Guest {
    host(limits).load(&package("tests/guests/hostile")).unwrap()
}

/// Asks the hostile guest, one call per behaviour.
pub fn ask(guest: &Guest, behaviours: &[&str]) -> guildhall_plugin_host::Batch {
    let parameters: Vec<_> = behaviours.iter().map(|name| format!("{{\"misbehave\":\"{name}\"}}")).collect();
    let calls: Vec<_> =
        parameters.iter().map(|text| Call { parameters: text.as_bytes(), input: b"{\"subject\":{}}" }).collect();
    guest.decide("credit.terms", AT, &calls)
}

/// A golden case that asks for a behaviour.
pub fn misbehaving(name: &str) -> Case {
    let case = serde_json::json!({
        "name": name, "point": "credit.terms", "at": AT, "parameters": { "misbehave": name },
        "input": { "subject": {}, "request": null }, "expected": null
    });
    serde_json::from_str(&case.to_string()).unwrap()
}

/// An answer or a failure in one line.
pub fn line(answer: &Result<guildhall_plugin_host::Answer, Failure>) -> String {
    match answer {
        Ok(answer) => format!("{} {:?}", serde_json::Value::from(answer.output.clone()), answer.reasons),
        Err(failure) => failure.to_string(),
    }
}
