//! `guildhall import`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use chrono::Utc;
use guildhall_workflow::assign_segments;
use guildhall_workflow::import::{Progress, import};
use serde_json::json;

use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The mapping file; docs/import.md describes it
    mapping: PathBuf,
    /// The folder with the CSV files
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let now = Utc::now();
    let shown = std::io::stderr().is_terminal();
    let mut progress = |progress: Progress<'_>| {
        if shown {
            eprint!("\r{}: {} ({} lines)\x1b[K", progress.file, progress.object, progress.lines);
            let _ = std::io::stderr().flush();
        }
    };
    let report =
        import(&house.database, &house.model, &options.mapping, &options.dir, now.date_naive(), now, &mut progress)
            .await;
    if shown {
        eprint!("\r\x1b[K");
    }
    let report = report.map_err(Failure::bad_input)?;
    let assigned = assign_segments(&house, now).await?;
    if options.json {
        let files = report.files.iter().map(|file| {
            json!({ "file": file.file, "type": file.object, "lines": file.lines, "created": file.created, "updated": file.updated, "unchanged": file.unchanged })
        });
        println!(
            "{}",
            json!({ "source": report.source, "asOf": report.as_of, "files": files.collect::<Vec<_>>(), "assigned": assigned })
        );
    } else {
        println!("{:<24} {:<14} {:>8} {:>8} {:>8} {:>9}", "file", "type", "lines", "created", "updated", "unchanged");
        for file in &report.files {
            println!(
                "{:<24} {:<14} {:>8} {:>8} {:>8} {:>9}",
                file.file, file.object, file.lines, file.created, file.updated, file.unchanged
            );
        }
        println!("customer facts count up to {}; {assigned} customers changed their segment", report.as_of);
    }
    Ok(house.database.close().await?)
}
