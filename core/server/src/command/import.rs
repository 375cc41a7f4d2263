//! `guildhall import`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use guildhall_workflow::import::{BATCH, FileReport, Import, ImportError, Progress, Report};
use serde_json::json;
use uuid::Uuid;

use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example: guildhall import mapping.toml exports/ --dry-run\n\nExit code 4: some rows could not be taken; all others were."
)]
pub(crate) struct Options {
    /// The mapping file; docs/import.md describes it
    mapping: PathBuf,
    /// The folder with the CSV files
    dir: PathBuf,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Go on with the last run of this mapping, which was stopped
    #[arg(long, conflicts_with = "dry_run")]
    resume: bool,
    /// Take the rows from this folder, corrected rejects for one; what they look up still comes from DIR
    #[arg(long, value_name = "DIR")]
    rows: Option<PathBuf>,
    /// Where rows go that cannot be taken [default: a folder of this run, rejects-TIME-…]
    #[arg(long, value_name = "DIR")]
    rejects: Option<PathBuf>,
    /// Rows written in one transaction, at most
    #[arg(long, value_name = "N", default_value_t = BATCH, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    batch: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let (house, _stand_in) = match options.dry_run {
        true => opening::open_to_look(settings).await?,
        false => (opening::open(settings).await?, None),
    };
    let now = Utc::now();
    let rejects = options.rejects.clone().unwrap_or_else(|| own_rejects(now));
    let import = Import {
        mapping: &options.mapping,
        dir: &options.dir,
        rows: options.rows.as_deref(),
        rejects: &rejects,
        dry_run: options.dry_run,
        batch: options.batch,
        resume: options.resume,
        run: None,
        actor: "command line",
        today: now.date_naive(),
        now,
    };
    let shown = std::io::stderr().is_terminal();
    let mut progress = |progress: Progress<'_>| {
        if shown {
            match progress {
                Progress::Rows { file, object, rows, errors } => {
                    eprint!("\r{file}: {object} ({rows} rows, {errors} errors)\x1b[K");
                }
                Progress::Facts { customers } => eprint!("\rfacts of {customers} customers\x1b[K"),
            }
            let _ = std::io::stderr().flush();
        }
    };
    let report = tokio::select! {
        report = import.run(&house, &mut progress) => report,
        _ = tokio::signal::ctrl_c() => {
            return Err(Failure::failed("the import was interrupted; what was read is in; `--resume` goes on"));
        }
    };
    if shown {
        eprint!("\r\x1b[K");
    }
    let report = report.map_err(|error| match error {
        ImportError::Mapping(_) | ImportError::File(_) | ImportError::NothingToResume(_) => Failure::bad_input(error),
        ImportError::Database(error) => error.into(),
        error => Failure::failed(error),
    })?;
    house.database.close().await?;
    if options.json {
        print_json(&report)
    } else {
        print(&report)
    }
    match report.errors() {
        0 => Ok(()),
        errors => Err(Failure::Partly(format!("{errors} rows could not be taken; {} says why", rejected(&report)))),
    }
}

/// A folder that no other run has, even one that began in the same second. It is made when there is something to put there.
fn own_rejects(now: DateTime<Utc>) -> PathBuf {
    let own = Uuid::now_v7().simple().to_string();
    let tail = own.get(24..).unwrap_or_default();
    format!("rejects-{}-{tail}", now.format("%Y%m%d-%H%M%S")).into()
}

fn rejected(report: &Report) -> String {
    report.rejects.as_ref().map(|folder| folder.join("errors.csv").display().to_string()).unwrap_or_default()
}

fn print_json(report: &Report) {
    let files = report.files.iter().map(FileReport::json);
    println!(
        "{}",
        json!({
            "run": report.run, "source": report.source, "asOf": report.as_of, "dryRun": report.run.is_none(),
            "files": files.collect::<Vec<_>>(), "errors": report.errors(), "rejects": report.rejects, "assigned": report.assigned,
        })
    );
}

fn print(report: &Report) {
    const NAMES: [&str; 7] = ["rows", "created", "updated", "unchanged", "merged", "skipped", "errors"];
    let numbers = |file: &FileReport| {
        [file.rows, file.created, file.updated, file.unchanged, file.merged, file.skipped, file.errors]
    };
    let line = |file: &str, object: &str, cells: [String; 7]| {
        println!("{file:<28} {object:<18}{}", cells.map(|cell| format!(" {cell:>9}")).concat());
    };
    line("file", "type", NAMES.map(str::to_owned));
    for file in &report.files {
        line(&file.file, &file.object, numbers(file).map(|number| number.to_string()));
    }
    for file in report.files.iter().filter(|file| file.left_empty > 0) {
        println!("{}: {} values of {} could not be read and were left empty", file.file, file.left_empty, file.object);
    }
    for file in report.files.iter().filter(|file| !file.sample.is_empty()) {
        println!("\nthe first of {} from {}:", file.object, file.file);
        for cells in &file.sample {
            let filled = cells.iter().filter(|(_, text)| !text.is_empty());
            println!("  {}", filled.map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("  "));
        }
    }
    if report.run.is_none() {
        println!("nothing was written; without `--dry-run` it will be");
    } else {
        let Report { as_of, assigned, .. } = report;
        println!("customer facts count up to {as_of}; {assigned} customers changed their segment");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_the_same_moment_have_their_own_folders() {
        let now = "2026-11-22T18:07:08Z".parse().unwrap();
        let [one, other] = [own_rejects(now), own_rejects(now)].map(|folder| folder.display().to_string());
        assert!(one != other && one.starts_with("rejects-20261122-180708-") && one.len() == 32, "{one} {other}");
    }
}
