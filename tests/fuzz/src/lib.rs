//! Fuzz targets: everything of a plugin that its author writes and we read.
//!
//! A [`Target`] takes any bytes and panics if what they are read as is not as it has to be. It begins with seeds made of the
//! real plugin and the real schema. With `GUILDHALL_FUZZ_PLANTED` set each has a bug, which shows that a fuzzer finds one.

mod input_query;
mod manifest;
mod output;
mod package;
mod sdl;

use std::path::PathBuf;
use std::sync::LazyLock;

use guildhall_decision::is_plain;

/// Something to fuzz.
pub struct Target {
    pub name: &'static str,
    /// Panics if anything is wrong.
    pub run: fn(&[u8]),
    /// What to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: [Target; 5] = [package::TARGET, manifest::TARGET, sdl::TARGET, input_query::TARGET, output::TARGET];

/// Runs the target that `GUILDHALL_FUZZ` names.
pub fn chosen(data: &[u8]) {
    static CHOSEN: LazyLock<fn(&[u8])> = LazyLock::new(|| target().run);
    CHOSEN(data);
}

/// Writes the seeds of the chosen target into the folder `GUILDHALL_FUZZ_CORPUS`, if it is named.
pub fn sow() {
    let Some(folder) = std::env::var_os("GUILDHALL_FUZZ_CORPUS").map(PathBuf::from) else { return };
    for (number, seed) in (target().seeds)().into_iter().enumerate() {
        let written = std::fs::write(folder.join(format!("seed-{number}")), seed);
        assert!(written.is_ok(), "the seeds cannot be written: {written:?}");
    }
}

fn target() -> &'static Target {
    let name = std::env::var("GUILDHALL_FUZZ").unwrap_or_default();
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    let found = TARGETS.iter().find(|target| target.name == name);
    assert!(found.is_some(), "GUILDHALL_FUZZ is `{name}`; set it to one of {}", names.join(", "));
    found.unwrap_or(&package::TARGET)
}

/// Whether the planted bugs are there.
fn planted() -> bool {
    static PLANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("GUILDHALL_FUZZ_PLANTED").is_some());
    *PLANTED
}

/// Most characters that an error about an author's text may have.
const MESSAGE: usize = 4_000;

/// A message may be shown to an administrator: it is bounded, and no terminal would act on it.
fn harmless(message: &str) {
    assert!(message.chars().count() <= MESSAGE, "a message of {} bytes", message.len());
    assert!(message.lines().all(is_plain), "a message that acts: {message:?}");
}

#[cfg(test)]
mod tests;
