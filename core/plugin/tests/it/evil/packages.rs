//! Files that are no packages, or not what they say; and compiled code that somebody has changed.

use std::fs;
use std::path::{Path, PathBuf};

use guildhall_plugin_host::{Host, HostConfig, Package};

use super::component::{MANIFEST, Parts, described, section};
use super::{Case, Ground, case, tell};
use crate::fixture::{ask, limits, line, package};

/// A file of these bytes.
fn file(name: &'static str, does: &'static str, bytes: impl Fn() -> Vec<u8> + 'static) -> Case {
    case(name, does, move |ground| ground.tell(&bytes()))
}

/// The component that behaves, with another manifest.
fn manifest(name: &'static str, does: &'static str, from: &'static str, to: impl Into<String>) -> Case {
    let to = to.into();
    assert!(MANIFEST.contains(from), "`{from}` is not in the manifest");
    case(name, does, move |ground| ground.tell(&described(bare(), &MANIFEST.replace(from, &to))))
}

/// The package that behaves, with one more section.
fn more(name: &'static str, does: &'static str, section_name: &'static str, data: impl Into<Vec<u8>>) -> Case {
    let data = data.into();
    case(name, does, move |ground| {
        let mut bytes = Parts::default().package();
        section(&mut bytes, section_name, &data);
        ground.tell(&bytes)
    })
}

/// The component that behaves, without what describes it.
fn bare() -> Vec<u8> {
    let package = Parts::default().package();
    let end = package.windows(18).position(|window| window == b"guildhall:manifest").unwrap();
    // Before the name stand its length, the section's length in two bytes, and its id.
    package[..end - 4].to_vec()
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = files();
    cases.extend(described_wrongly());
    cases.extend(tampered());
    cases
}

fn files() -> Vec<Case> {
    vec![
        file("empty", "has no byte", Vec::new),
        file("no_wasm", "is a text", || b"#!/bin/sh\nrm -rf .\n".to_vec()),
        file("zeros", "is 3 MB of zeros", || vec![0; 3 << 20]),
        file("core_module", "is a core module that exports `decide`", || {
            wat::parse_str("(module (func (export \"decide\")))").unwrap()
        }),
        file("other_version", "says that it is a component of another version", || {
            [b"\0asm\x0c\0\x01\0", &bare()[8..]].concat()
        }),
        file("no_description", "is a component and nothing else", bare),
        file("padded", "has 1.2 MB of nothing in a section of its own", || {
            let mut bytes = Parts::default().package();
            section(&mut bytes, "padding", &vec![0; 1_200_000]);
            bytes
        }),
        file("garbage_behind", "has bytes behind its last section", || {
            [Parts::default().package(), vec![0xff; 64]].concat()
        }),
        file("described_inside", "describes itself within a module only", || {
            let text = format!("(core module (@custom \"guildhall:manifest\" {MANIFEST:?}))");
            wat::parse_str(format!("(component {text})")).unwrap()
        }),
        file("deep_components", "nests 5,000 components", || described(deep(5_000), MANIFEST)),
        case("truncated", "is cut off at each of 200 places", truncated),
        case("flipped", "has one bit flipped at each of 300 places", flipped),
    ]
}

/// A component in a component, as often.
fn deep(times: usize) -> Vec<u8> {
    let mut component = wasm_encoder::Component::new().finish();
    for _ in 0..times {
        let mut outer = wasm_encoder::Component::new();
        outer.section(&wasm_encoder::RawSection { id: 4, data: &component });
        component = outer.finish();
    }
    component
}

/// Every beginning of a good package is refused.
fn truncated(ground: &Ground) -> String {
    let bytes = Parts::default().package();
    let refused =
        (0..200).filter(|part| !tell(&ground.host, &bytes[..bytes.len() * part / 200]).starts_with('{')).count();
    format!("refused {refused} times")
}

/// A good package with one bit flipped is refused, fails or answers; whatever it is, it comes to an end.
fn flipped(ground: &Ground) -> String {
    let bytes = Parts::default().package();
    let mut ended = 0;
    for part in 0..300 {
        let mut flipped = bytes.clone();
        flipped[bytes.len() * part / 300] ^= 1 << (part % 8);
        let came = tell(&ground.host, &flipped);
        assert!(came.chars().count() < 4_000, "{came}");
        ended += usize::from(!came.contains("INTERNAL"));
    }
    format!("refused, failed or answered {ended} times")
}

fn described_wrongly() -> Vec<Case> {
    vec![
        manifest("older_contract", "is of an older contract", "contract = \"0.1\"", "contract = \"0.0\""),
        manifest("newer_contract", "is of a newer contract", "contract = \"0.1\"", "contract = \"7.0\""),
        manifest("odd_contract", "is of a contract that is none", "contract = \"0.1\"", "contract = \"../0.1\""),
        manifest("other_point", "serves a point for which it has no query", "credit.terms", "credit.check"),
        manifest("path_name", "has a path for a name", "\"handmade\"", "\"../../etc/cron.d/x\""),
        manifest("long_name", "has a name of 1,000 letters", "\"handmade\"", format!("\"{}\"", "a".repeat(1_000))),
        manifest(
            "lookalike_name",
            "has a name with a letter that only looks like one of ours",
            "\"handmade\"",
            "\"cr\u{435}dit-rules\"",
        ),
        manifest("colourful_name", "has a name that would colour a terminal", "\"handmade\"", "\"a\\u001b[31m\\nb\""),
        manifest(
            "colourful_key",
            "has a key that would colour a terminal",
            "description",
            "\"a\u{9b}31m\u{202e}\" = 1\ndescription",
        ),
        manifest("path_query", "has a path for the file of its query", "credit_terms.graphql", "../../../etc/passwd"),
        manifest("hidden_query", "has a hidden file for its query", "credit_terms.graphql", ".graphql"),
        manifest("path_point", "has a path for a decision point", "\"credit.terms\"", "\"../credit.terms\""),
        manifest("huge_version", "has a version that is too large", "\"0.1.0\"", "\"99999999999999999999.0.0\""),
        manifest(
            "deep_manifest",
            "nests 3,000 lists in its manifest",
            "description",
            format!("deep = {}{}\ndescription", "[".repeat(3_000), "]".repeat(3_000)),
        ),
        manifest("unknown_key", "gives itself a right", "description", "trusted = true\ndescription"),
        manifest(
            "many_points",
            "serves a point a hundred times",
            "[[serves]]",
            "[[serves]]\npoint = \"credit.check\"\nquery = \"q.graphql\"\n".repeat(100) + "[[serves]]",
        ),
        more("twice", "has its manifest twice", "guildhall:manifest", MANIFEST),
        more("query_twice", "has a query twice", "guildhall:query:credit.terms", "fragment A on Customer { id }"),
        more(
            "query_not_served",
            "has a query for a point it does not serve",
            "guildhall:query:credit.check",
            "fragment A on Customer { id }",
        ),
        more(
            "path_section",
            "has a path in the name of a section",
            "guildhall:query:../../../../tmp/x",
            "fragment A on Customer { id }",
        ),
        more("colourful_section", "has a section whose name would colour a terminal", "guildhall:\u{1b}[31m\r\n", ""),
        more("unknown_section", "has a section that nobody knows", "guildhall:permissions", "all"),
        more("foreign_section", "has a section of somebody else", "producers", "evil"),
        more("oversized_section", "has a section of 33 KB", "guildhall:query:credit.check", vec![b' '; 33_000]),
        more("no_text_section", "has a section that is no text", "guildhall:query:credit.check", vec![0xff; 9]),
    ]
}

/// Compiled code in the cache that somebody has changed; the folder, the code's file and a file beside it with good code.
fn tamper(name: &'static str, does: &'static str, change: impl Fn(&Path, &Path, &Path) + 'static) -> Case {
    case(name, does, move |_| {
        let folder = tempfile::tempdir().unwrap();
        let config = HostConfig { cache: Some(folder.path().to_owned()), limits: limits(), ..HostConfig::default() };
        let host = || Host::new(config.clone()).unwrap();
        let hostile = package("tests/guests/hostile");
        host().load(&hostile).unwrap();
        let code = code_in(folder.path());
        let good = fs::read(&code).unwrap();
        host().load(&Package::read(&Parts::default().package()).unwrap()).unwrap();
        let other = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let other = other.filter(|path| path.extension().is_some_and(|end| end == "code")).find(|path| *path != code);
        change(folder.path(), &code, &other.unwrap());
        let guest = host().load(&hostile).unwrap();
        let answer = line(&ask(&guest, &["nothing"]).answers[0]);
        assert_eq!(answer, super::GOOD);
        let code = code_in_place(&code, &good);
        format!("answered; the code in the cache is {code}")
    })
}

fn code_in(folder: &Path) -> PathBuf {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|end| end == "code")).unwrap()
}

/// What stands where the code stood.
fn code_in_place(code: &Path, good: &[u8]) -> &'static str {
    let metadata = fs::symlink_metadata(code).unwrap();
    if !metadata.is_file() {
        return "no file, and not used";
    }
    if fs::read(code).unwrap() == good { "what it was" } else { "compiled anew" }
}

#[cfg(unix)]
fn tampered() -> Vec<Case> {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    vec![
        tamper("flipped_code", "flips one bit of compiled code", |_, code, _| {
            let mut bytes = fs::read(code).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(code, bytes).unwrap();
        }),
        tamper("cut_code", "cuts compiled code in half", |_, code, _| {
            let bytes = fs::read(code).unwrap();
            fs::write(code, &bytes[..bytes.len() / 2]).unwrap();
        }),
        tamper("swapped_code", "puts another plugin's code in its place", |_, code, other| {
            fs::copy(other, code).unwrap();
        }),
        tamper("linked_code", "puts a link to another plugin's code in its place", |_, code, other| {
            fs::remove_file(code).unwrap();
            symlink(other, code).unwrap();
        }),
        tamper("endless_code", "puts a link to an endless file in its place", |_, code, _| {
            fs::remove_file(code).unwrap();
            symlink("/dev/zero", code).unwrap();
        }),
        tamper("folder_for_code", "puts a folder in its place", |_, code, _| {
            fs::remove_file(code).unwrap();
            fs::create_dir(code).unwrap();
        }),
        tamper(
            "open_folder",
            "lets everybody write into the cache, with the code as it was",
            move |folder, code, _| {
                mode(folder, 0o777);
                mode(code, 0o666);
            },
        ),
        tamper("known_key", "lets everybody read the cache's key", move |folder, _, _| {
            mode(&folder.join("key"), 0o644)
        }),
        tamper("linked_key", "puts a link to an endless file in the place of the key", |folder, _, _| {
            fs::remove_file(folder.join("key")).unwrap();
            symlink("/dev/zero", folder.join("key")).unwrap();
        }),
        tamper("long_key", "makes the key longer", |folder, _, _| fs::write(folder.join("key"), [0; 65]).unwrap()),
    ]
}

#[cfg(not(unix))]
fn tampered() -> Vec<Case> {
    Vec::new()
}
