//! The house: dependencies run one way, and each library lives in one room.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use guildhall_tests::root;
use serde_json::Value;

/// What each of our packages depends on, apart from what only its tests and its build need.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let needed =
            package["dependencies"].as_array().unwrap().iter().filter(|dependency| dependency["kind"].is_null());
        (name(package), needed.map(name).collect())
    });
    packages.collect()
}

/// The rooms of `core`, each with those it may know.
const ROOMS: [(&str, &[&str]); 7] = [
    ("guildhall-model", &[]),
    ("guildhall-decision", &["guildhall-model"]),
    ("guildhall-plugin-host", &["guildhall-model", "guildhall-decision"]),
    ("guildhall-store", &["guildhall-model", "guildhall-decision"]),
    ("guildhall-workflow", &["guildhall-model", "guildhall-decision", "guildhall-plugin-host", "guildhall-store"]),
    (
        "guildhall-graph",
        &["guildhall-model", "guildhall-decision", "guildhall-plugin-host", "guildhall-store", "guildhall-workflow"],
    ),
    (
        "guildhall-server",
        &[
            "guildhall-model",
            "guildhall-decision",
            "guildhall-plugin-host",
            "guildhall-store",
            "guildhall-workflow",
            "guildhall-graph",
        ],
    ),
];

/// What is not of the product: tests, their guests, the benchmark.
fn is_a_test(package: &str) -> bool {
    ["guildhall-tests", "guildhall-postgres-fixture", "guildhall-bench", "guildhall-fuzz"].contains(&package)
}

#[test]
fn dependencies_run_one_way() {
    let all = dependencies();
    for (room, may_know) in ROOMS {
        let ours = all[room].iter().filter(|name| name.starts_with("guildhall-"));
        let wrong: Vec<_> = ours.filter(|name| !may_know.contains(&name.as_str())).collect();
        assert!(wrong.is_empty(), "{room} knows {wrong:?}");
    }
}

/// `library` and its parts, by the beginning of their names, live in `room` alone.
#[track_caller]
fn check_alone(libraries: &[&str], room: &str) {
    for (package, needed) in dependencies() {
        let found: Vec<_> =
            needed.iter().filter(|name| libraries.iter().any(|library| name.starts_with(library))).collect();
        assert!(package == room || is_a_test(&package) || found.is_empty(), "{package} depends on {found:?}");
    }
}

#[test]
fn wasmtime_lives_in_the_plugin_host_alone() {
    check_alone(
        &["wasmtime", "cranelift", "wasmparser", "wasm-encoder", "wit-component", "wit-parser"],
        "guildhall-plugin-host",
    );
}

#[test]
fn the_databases_live_in_the_store_alone() {
    check_alone(&["sea-orm", "sea-query", "sqlx", "rusqlite"], "guildhall-store");
}

#[test]
fn graphql_lives_in_the_graph_alone() {
    check_alone(&["async-graphql"], "guildhall-graph");
}

#[test]
fn http_lives_in_the_server_alone() {
    check_alone(&["axum", "tower", "hyper"], "guildhall-server");
}

#[test]
fn model_and_decision_do_no_io() {
    let all = dependencies();
    for room in ["guildhall-model", "guildhall-decision"] {
        for library in ["tokio", "sea-orm", "sqlx", "wasmtime", "axum", "reqwest", "async-graphql", "rand", "tempfile"]
        {
            assert!(!all[room].contains(library), "{room} depends on {library}");
        }
    }
}

#[test]
fn the_sdk_and_the_plugins_know_nothing_of_the_core() {
    let rooms: Vec<_> = ROOMS.iter().map(|(room, _)| (*room).to_owned()).collect();
    for (package, needed) in dependencies() {
        if rooms.contains(&package) || is_a_test(&package) {
            continue;
        }
        let known: Vec<_> = needed.iter().filter(|name| rooms.contains(name)).collect();
        assert!(known.is_empty(), "{package} depends on {known:?}");
    }
}
