//! Idle: what installed plugins cost while nobody asks them, and how long a start with them takes.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use guildhall_decision::decision_points;
use guildhall_graph::ModelQueries;
use guildhall_model::Model;
use guildhall_workflow::Workshop;
use guildhall_workflow::install_plugin::check_plugin;
use serde_json::{Value, json};

use super::{Line, host, median};
use crate::Fallible;
use crate::process::Folder;

/// How many plugins are installed.
const PLUGINS: usize = 100;

/// Loads a hundred different plugins in processes of their own: once to compile them, and then with a warm cache.
pub(super) fn measure(files: &Folder, folder: &Path, package: &[u8], rounds: u64) -> Fallible<[Line; 2]> {
    let packages = folder.join("packages");
    std::fs::create_dir(&packages)?;
    // One more: what is loaded once for all of them is not counted.
    for index in 0..=PLUGINS {
        std::fs::write(packages.join(format!("{index:03}.wasm")), copy(package, index)?)?;
    }
    eprintln!("compiling {} plugins, each in a process of its own ...", PLUGINS + 1);
    loaded(files, &packages)?;
    let (mut seconds, mut kibibytes) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (took, each) = loaded(files, &packages)?;
        seconds.push(took);
        kibibytes.push(each);
    }
    let (seconds, kibibytes) = (median(seconds), median(kibibytes));
    Ok([
        Line {
            what: format!("{PLUGINS} plugins start with a warm cache, in seconds"),
            from: format!("{:.2} ms each", seconds * 1e3 / PLUGINS as f64),
            figure: seconds,
            at_most: true,
            goal: 1.0,
        },
        Line {
            what: "anonymous memory of an idle plugin, in KiB".to_owned(),
            from: format!("{:.1} MiB for {PLUGINS}", kibibytes * PLUGINS as f64 / 1024.0),
            figure: kibibytes,
            at_most: true,
            goal: 32.0,
        },
    ])
}

/// The package with another digest: a custom section tells it from the others.
fn copy(package: &[u8], index: usize) -> Fallible<Vec<u8>> {
    let mut section = vec![4];
    section.extend_from_slice(b"copy");
    section.extend_from_slice(format!("{index:03}").as_bytes());
    let mut bytes = package.to_vec();
    bytes.push(0);
    bytes.push(u8::try_from(section.len())?);
    bytes.extend_from_slice(&section);
    Ok(bytes)
}

/// Seconds, and KiB for each plugin.
fn loaded(files: &Folder, packages: &Path) -> Fallible<(f64, f64)> {
    let output = Command::new(files.binary("guildhall-bench")).arg("--load-plugins").arg(packages).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let told: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| told.get(name).and_then(Value::as_f64).ok_or("a figure is missing");
    Ok((number("seconds")?, number("kibibytes")?))
}

/// What such a process does: loads every package of a folder as a server does at its start, and prints what that took.
pub(crate) async fn load(folder: &Path) -> Fallible<()> {
    let files = Folder::new(folder)?;
    let model = Arc::new(Model::core());
    let points: Vec<_> = decision_points()?.into_iter().map(Arc::new).collect();
    let queries = ModelQueries::new(Arc::clone(&model))?;
    let host = host(&files, &folder.join("../packages-code"))?;
    let workshop = Workshop { model: &model, points: &points, host: &host, queries: &queries };
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut paths = paths.into_iter();
    let first = paths.next().ok_or("there are no packages")?;
    let mut plugins = vec![installed(&workshop, &first).await?];
    let (before, began) = (anonymous()?, Instant::now());
    for path in paths {
        plugins.push(installed(&workshop, &path).await?);
    }
    let seconds = began.elapsed().as_secs_f64();
    let grown = anonymous()?.saturating_sub(before);
    let each = grown as f64 / (plugins.len() - 1) as f64;
    println!("{}", json!({ "seconds": seconds, "kibibytes": each }));
    Ok(())
}

/// What a deployment keeps of a plugin.
async fn installed(workshop: &Workshop<'_>, path: &Path) -> Fallible<impl Sized + use<>> {
    let bytes = std::fs::read(path)?;
    let checked = check_plugin(workshop, &bytes).await?;
    Ok((checked.guest().clone(), checked.serves))
}

/// KiB of this process's anonymous memory.
fn anonymous() -> Fallible<u64> {
    let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Anonymous:")).ok_or("the system does not tell")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
