//! `guildhall plugin shadow`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use guildhall_workflow::Workshop;
use guildhall_workflow::install_plugin::check_plugin;
use guildhall_workflow::shadow::{Window, shadow};

use super::named;
use crate::command::read_bytes;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The package that may take the place of the installed one of its name
    candidate: PathBuf,
    /// Only decisions made on this day or later, in UTC
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// Recorded decisions at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: u64,
    /// Ask about so many customers of today, too
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    current: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let bytes = read_bytes(&options.candidate)?;
    let house = opening::open(settings).await?;
    let points = house.points_in_force().await?;
    let workshop = Workshop { points: &points, ..house.workshop() };
    let candidate = named(&options.candidate, check_plugin(&workshop, &bytes).await)?;
    let midnight = |day: NaiveDate| DateTime::from_naive_utc_and_offset(day.and_time(NaiveTime::MIN), Utc);
    let window =
        Window { since: options.since.map(midnight), limit: options.limit, current: options.current, settings: None };
    let watched = std::io::stderr().is_terminal();
    let mut progress = move |compared: u64| {
        if watched {
            eprint!("\r{compared} decisions compared");
            // Who cannot be told how far it is still gets the report.
            let _ = std::io::stderr().flush();
        }
    };
    let report = shadow(&house, &candidate, &window, Utc::now(), &mut progress).await?;
    if watched {
        eprintln!();
    }
    match options.json {
        true => println!("{}", serde_json::to_string(&report).map_err(Failure::failed)?),
        false => print!("{report}"),
    }
    Ok(house.database.close().await?)
}
