//! Measures what finance's plugin costs: `cargo run -p guildhall-plugin-host --example measure [RUNS]`.
//!
//! The guest's code is the same whatever profile the host is built with; only the host's share differs.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "it measures, and may stop at anything")]

use std::path::Path;
use std::time::{Duration, Instant};

use guildhall_plugin_host::cases::Case;
use guildhall_plugin_host::{Call, Guest, Host, HostConfig, Limits, Package, build};

fn main() {
    let runs: u32 = std::env::args().nth(1).and_then(|runs| runs.parse().ok()).unwrap_or(2_000);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/credit-rules");
    let started = Instant::now();
    let path = build::built(&folder).unwrap();
    println!("build                {:>10.1?}", started.elapsed());
    let bytes = std::fs::read(path).unwrap();
    let started = Instant::now();
    let package = Package::read(&bytes).unwrap();
    println!("read                 {:>10.1?}  {} bytes", started.elapsed(), package.size());
    let cache = tempfile::tempdir().unwrap();
    for what in ["compile", "load from cache"] {
        let host = host(cache.path());
        let started = Instant::now();
        host.load(&package).unwrap();
        println!("{what:<20} {:>10.1?}", started.elapsed());
    }
    let host = host(cache.path());
    let guest = host.load(&package).unwrap();
    for case in Case::read_all(&folder.join("cases")).unwrap() {
        let call = Call { parameters: case.parameters.get().as_bytes(), input: case.input.get().as_bytes() };
        let batch = guest.decide(&case.point, &case.at, &[call]);
        println!("{:<60} fuel {:>7}  memory {:>8}", case.name, batch.fuel, batch.memory_peak);
        let single = time(&guest, &case, &[call], runs);
        for size in [20_u32, 64] {
            let calls = vec![call; usize::try_from(size).unwrap()];
            let batch = guest.decide(&case.point, &case.at, &calls);
            assert!(batch.answers[0].is_ok());
            let together = time(&guest, &case, &calls, runs / size + 1) / size;
            let ratio = single.as_secs_f64() / together.as_secs_f64();
            let fuel = batch.fuel / u64::from(size);
            println!(
                "    alone {single:.1?}, in a batch of {size} {together:.1?} each: {ratio:.1} times; fuel {fuel} each"
            );
        }
    }
}

fn host(cache: &Path) -> Host {
    let patient = Duration::from_secs(60);
    let limits = Limits { wall_single: patient, wall_batch: patient, ..Limits::default() };
    Host::new(HostConfig { cache: Some(cache.to_owned()), limits, ..HostConfig::default() }).unwrap()
}

fn time(guest: &Guest, case: &Case, calls: &[Call<'_>], runs: u32) -> Duration {
    let ask = || assert!(guest.decide(&case.point, &case.at, calls).answers[0].is_ok());
    (0..10).for_each(|_| ask());
    // The best of five: the machine is shared.
    let once = || {
        let started = Instant::now();
        (0..runs).for_each(|_| ask());
        started.elapsed() / runs
    };
    (0..5).map(|_| once()).min().unwrap_or_default()
}
