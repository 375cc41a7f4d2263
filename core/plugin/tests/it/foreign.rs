//! Packages that are no plugins for this host.

use expect_test::{Expect, expect};
use guildhall_plugin_host::Package;

use crate::fixture::{host, limits, package};

/// Loads the good package with something changed in its bytes.
#[track_caller]
fn check(change: impl Fn(Vec<u8>) -> Vec<u8>, expected: Expect) {
    let good = package("tests/guests/hostile");
    let result = match Package::read(&change(good.bytes().to_vec())) {
        Ok(package) => host(limits()).load(&package).map_or_else(|error| format!("{error}"), |_| "loaded".to_owned()),
        Err(error) => format!("no package: {error}"),
    };
    expected.assert_eq(&result);
}

/// Replaces text by text of the same length, so that the sections keep their sizes.
fn replace(bytes: Vec<u8>, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes;
    let places: Vec<_> =
        (0..bytes.len() - from.len()).filter(|place| bytes[*place..].starts_with(from.as_bytes())).collect();
    assert!(!places.is_empty(), "`{from}` does not occur");
    for place in places {
        bytes[place..place + from.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn another_contract_is_refused_before_anything_is_linked() {
    check(
        |bytes| replace(bytes, "contract = \"0.1\"", "contract = \"0.9\""),
        expect![
            "it is built for plugin contract `0.9`, which is newer than this Guildhall, which speaks `0.1`; use a newer Guildhall, or build it with an SDK of contract `0.1`"
        ],
    );
}

#[test]
fn a_foreign_import_is_named() {
    check(
        |bytes| replace(bytes, "\u{3}log", "\u{3}env"),
        expect!["it imports `env`; a plugin may import `log` and nothing else"],
    );
}

#[test]
fn the_export_has_to_be_there() {
    check(
        |bytes| replace(bytes, "decide", "decade"),
        expect!["it exports no `decide` as the plugin contract has it: there is no export of that name"],
    );
}

#[test]
fn damaged_code_is_refused() {
    let mut bytes = package("tests/guests/hostile").bytes().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    let refused = host(limits()).load(&Package::read(&bytes).unwrap()).unwrap_err().to_string();
    // What follows names a place in the guest's code, which changes with the guest.
    assert!(refused.starts_with("it is not a valid component: "), "{refused}");
    assert!(refused.len() < 400 && !refused.contains('\n') && !refused.contains(".rs"), "{refused}");
}
