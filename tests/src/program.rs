//! The `guildhall` program under test: beside the tests, compiled again if a source is newer.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::root;

/// What the program is made of. A change in a test does not make it older.
const SOURCES: [&str; 5] = ["Cargo.toml", "Cargo.lock", "core", "plugin-sdk", "schema"];

/// The program, up to date. `GUILDHALL_TEST_PROGRAM` names another one.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| find().unwrap_or_else(|error| panic!("the guildhall program cannot be had: {error}")))
}

fn find() -> io::Result<PathBuf> {
    if let Some(given) = std::env::var_os("GUILDHALL_TEST_PROGRAM") {
        return Ok(given.into());
    }
    // `target/debug/deps/end_to_end-...` -> `target/debug`
    let test = std::env::current_exe()?;
    let folder =
        test.parent().and_then(Path::parent).ok_or_else(|| io::Error::other("the test lies in no target folder"))?;
    let program = folder.join(format!("guildhall{}", std::env::consts::EXE_SUFFIX));
    // Other test programs may look for it at the same time; the lock is given back when the file is closed.
    let lock = File::create(folder.join("guildhall.test.lock"))?;
    lock.lock()?;
    if !is_current(&program)? {
        build(folder)?;
        // Cargo leaves a program alone whose sources were only touched.
        File::options().append(true).open(&program)?.set_modified(SystemTime::now())?;
    }
    Ok(program)
}

fn is_current(program: &Path) -> io::Result<bool> {
    let Ok(made) = program.metadata().and_then(|file| file.modified()) else { return Ok(false) };
    for source in SOURCES {
        if newest(&root().join(source))? > made {
            return Ok(false);
        }
    }
    Ok(true)
}

fn newest(path: &Path) -> io::Result<SystemTime> {
    let metadata = path.metadata()?;
    if !metadata.is_dir() {
        return metadata.modified();
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in path.read_dir()? {
        let path = entry?.path();
        // The crates' own tests are no part of it.
        if !path.ends_with("tests") {
            newest = newest.max(self::newest(&path)?);
        }
    }
    Ok(newest)
}

fn build(folder: &Path) -> io::Result<()> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--bin", "guildhall"]).current_dir(root());
    if folder.file_name().is_some_and(|name| name == "release") {
        cargo.arg("--release");
    }
    if let Some(target) = folder.parent() {
        cargo.env("CARGO_TARGET_DIR", target);
    }
    // Its progress is for whoever waits.
    if cargo.status()?.success() {
        return Ok(());
    }
    Err(io::Error::other("cargo could not compile it; its messages stand above"))
}
