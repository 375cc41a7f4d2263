//! `--floods`: every flood of the tests' catalogue, timed, with what it leaves in the server's memory.

use std::path::Path;
use std::time::{Duration, Instant};

use guildhall_postgres_fixture::{TestDatabase, databases};
use guildhall_tests::floods::{SIZES, catalogue};
use guildhall_tests::{Memory, codes, memory};
use tempfile::TempDir;

use crate::Fallible;
use crate::process::{Folder, Serving};

/// Most a flood may take of the server's time.
const TIME: Duration = Duration::from_millis(100);
/// Most the whole catalogue may take of its memory.
const GROWTH: u64 = 64 << 20;
const MIB: f64 = (1 << 20) as f64;

/// Sends every flood `runs` times in each size and prints what came of it. Says whether all were harmless.
pub(crate) async fn measure(runs: u64) -> Fallible<bool> {
    let mut harmless = true;
    for database in databases().await {
        println!("{}", if database.is_postgres() { "PostgreSQL" } else { "SQLite" });
        harmless &= on(&database, runs).await?;
    }
    Ok(harmless)
}

async fn on(database: &TestDatabase, runs: u64) -> Fallible<bool> {
    let folder = TempDir::with_prefix("guildhall-floods-")?;
    let files = Folder::new(folder.path())?;
    let secret = company(&files, database.url())?;
    let serving = Serving::on(&files, database.url(), &[])?;
    let address = serving.address.to_string();
    let (mut slowest, mut first, mut largest) = (Duration::ZERO, None::<Memory>, 0);
    println!("{:>9} {:>18} {:>9} {:>9}  flood", "bytes", "told", "worst ms", "+RSS MiB");
    for flood in catalogue() {
        for size in SIZES {
            let before = memory(serving.id());
            first = first.or(before);
            let (mut worst, mut told) = (Duration::ZERO, String::new());
            let hostile = flood.sent(size);
            for _ in 0..runs {
                let begun = Instant::now();
                let answer =
                    hostile.send(&address, &secret).await.map_err(|error| format!("{}: {error}", flood.name))?;
                worst = worst.max(begun.elapsed());
                let body = serde_json::from_str(&answer.text).unwrap_or_default();
                told = codes(&body)
                    .first()
                    .cloned()
                    .unwrap_or_else(|| format!("{} {} B", answer.status, answer.text.len()));
            }
            let after = memory(serving.id());
            let grown = |from: Option<Memory>| match (from, after) {
                (Some(from), Some(after)) => after.peak.saturating_sub(from.now),
                _ => 0,
            };
            slowest = slowest.max(worst);
            largest = largest.max(grown(first));
            let bad = if worst > TIME { "  SLOW" } else { "" };
            let left = match (before, after) {
                (Some(before), Some(after)) => after.now as f64 - before.now as f64,
                _ => 0.0,
            };
            println!(
                "{:>9} {told:>18} {:>9.1} {:>9.1}  {}{bad}",
                hostile.body().map_or(size, <[u8]>::len),
                worst.as_secs_f64() * 1000.0,
                left / MIB,
                flood.name,
            );
        }
    }
    println!(
        "slowest: {:.1} ms; memory grown by {:.1} MiB at most",
        slowest.as_secs_f64() * 1000.0,
        largest as f64 / MIB
    );
    if first.is_none() {
        println!("left out: this system does not tell how much memory a process holds");
    }
    Ok(slowest <= TIME && largest < GROWTH)
}

/// Loads the tests' small company. Gives an admin's token.
fn company(files: &Folder, database: &str) -> Fallible<String> {
    let root = |path: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).display().to_string();
    files.guildhall(database, &["import", &root("tests/data/small/mapping.toml"), &root("tests/data/small")])?;
    files.guildhall(database, &["strategy", "activate", &root("tests/data/small/strategy.toml"), "--as", "ada"])?;
    files.guildhall(database, &["plugin", "install", &root("target/plugins/credit-rules.wasm"), "--yes"])?;
    Ok(files.guildhall(database, &["token", "create", "ada", "--role", "admin"])?.trim().to_owned())
}
