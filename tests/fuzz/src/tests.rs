use std::path::Path;

use super::*;

#[test]
fn seeds_are_taken() {
    for target in &TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        seeds.iter().for_each(|seed| (target.run)(seed));
    }
}

/// Inputs that once broke something, by target.
#[test]
fn what_was_found_stays_repaired() {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("found");
    for target in &TARGETS {
        let Ok(entries) = std::fs::read_dir(found.join(target.name)) else { continue };
        for entry in entries {
            (target.run)(&std::fs::read(entry.unwrap().path()).unwrap());
        }
    }
}
