//! The house is tidy: no drawers, no promises instead of code, no file with two subjects.

use std::path::{Path, PathBuf};

use guildhall_tests::root;

/// Our own files, without what is built.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&root(), &mut found);
    found.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    assert!(found.len() > 50);
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        std::fs::read_to_string(&path).ok().map(|text| (name, text))
    };
    found.into_iter().filter_map(named).collect()
}

#[test]
fn no_file_is_a_drawer() {
    for (name, _) in sources() {
        let stem = Path::new(&name).file_stem().unwrap().to_string_lossy().into_owned();
        let drawers = ["util", "utils", "helper", "helpers", "common", "misc", "mod"];
        assert!(!drawers.contains(&stem.as_str()), "{name}");
    }
}

#[test]
fn nothing_is_promised_instead_of_done() {
    // Put together here, so that this file does not promise anything itself.
    let promises = [["to", "do!("], ["unimpl", "emented!("], ["#[ig", "nore"], ["TO", "DO"], ["FIX", "ME"]]
        .map(|parts| parts.concat());
    for (name, text) in sources() {
        for (line, number) in text.lines().zip(1..) {
            assert!(!promises.iter().any(|promise| line.contains(promise)), "{name}:{number}: {line}");
        }
    }
}

#[test]
fn no_file_has_two_subjects() {
    for (name, text) in sources() {
        assert!(text.lines().count() <= 600, "{name} has {} lines", text.lines().count());
    }
}

#[test]
fn every_crate_begins_with_what_it_is() {
    for (name, text) in sources() {
        if name.ends_with("src/lib.rs") {
            assert!(text.starts_with("//! "), "{name}");
        }
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    for (name, text) in sources() {
        assert!(!text.contains(&["/ro", "ot/"].concat()), "{name}");
    }
}
