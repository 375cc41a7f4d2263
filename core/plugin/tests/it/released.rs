//! Guests of released contracts, as they were stored then: they have to run for as long as the contract is spoken.

use std::path::PathBuf;

use guildhall_plugin_host::cases::{Case, input};
use guildhall_plugin_host::{Call, Guest, Package};
use serde_json::{Value, json};

use crate::fixture::{host, limits, root};

/// Every stored guest with the questions that are stored beside it.
fn stored() -> Vec<(PathBuf, Guest, Vec<Case>)> {
    let mut found = Vec::new();
    for contract in std::fs::read_dir(root().join("tests/data/contracts")).unwrap() {
        for file in std::fs::read_dir(contract.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                let package = Package::read(&std::fs::read(&path).unwrap()).unwrap();
                let guest = host(limits()).load(&package).unwrap();
                let cases = std::fs::read_to_string(path.with_extension("json")).unwrap();
                found.push((path, guest, serde_json::from_str(&cases).unwrap()));
            }
        }
    }
    found
}

#[test]
fn what_was_released_answers_as_it_did() {
    let stored = stored();
    assert!(stored.len() >= 2);
    for (path, guest, cases) in stored {
        assert!(!cases.is_empty(), "{}", path.display());
        for case in cases {
            case.check(&guest).unwrap_or_else(|mismatch| panic!("{}: {mismatch}", path.display()));
        }
    }
}

/// What is asked grows by members that a guest need not know, and so do its settings.
#[test]
fn what_was_released_does_not_mind_to_be_told_more() {
    for (path, guest, cases) in stored() {
        for case in cases {
            let settings = guest.complete_settings(&case.settings).unwrap();
            let known = input(&case.input, &settings).unwrap();
            let mut more: Value = serde_json::from_slice(&known).unwrap();
            more["later"] = json!([1, 2]);
            more["settings"]["later"] = json!([1, 2]);
            let answer = |input: &[u8]| {
                let call = Call { parameters: case.parameters.get().as_bytes(), input };
                guest.decide(&case.point, &case.at, &[call]).answers.pop().unwrap()
            };
            assert_eq!(answer(more.to_string().as_bytes()), answer(&known), "{}: {}", path.display(), case.name);
        }
    }
}
