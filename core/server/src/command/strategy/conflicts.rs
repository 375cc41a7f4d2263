//! `guildhall strategy conflicts`.

use std::io::{IsTerminal, Write};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use guildhall_workflow::policy_conflicts::{Over, policy_conflicts};

use crate::command::Operator;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Only decisions recorded on this day or later, in UTC
    #[arg(long, value_name = "DATE", conflicts_with = "base")]
    since: Option<NaiveDate>,
    /// Only decisions recorded before this day, in UTC
    #[arg(long, value_name = "DATE", conflicts_with = "base")]
    until: Option<NaiveDate>,
    /// Recorded decisions at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    limit: u64,
    /// Instead of recorded decisions: what would be decided now about every customer
    #[arg(long)]
    base: bool,
    #[command(flatten)]
    operator: Operator,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let midnight = |day: NaiveDate| DateTime::from_naive_utc_and_offset(day.and_time(NaiveTime::MIN), Utc);
    let over = match options.base {
        true => Over::Base,
        false => Over::Recorded {
            since: options.since.map(midnight),
            until: options.until.map(midnight),
            limit: options.limit,
        },
    };
    let watched = std::io::stderr().is_terminal();
    let mut progress = move |seen: u64| {
        if watched {
            eprint!("\r{seen} looked at");
            // Who cannot be told how far it is still gets the report.
            let _ = std::io::stderr().flush();
        }
    };
    let actor = options.operator.actor(&house);
    let report = policy_conflicts(&house, &actor, over, Utc::now(), &mut progress).await?;
    if watched {
        eprintln!();
    }
    match options.json {
        true => println!("{}", serde_json::to_string(&report).map_err(Failure::failed)?),
        false => print!("{report}"),
    }
    Ok(house.database.close().await?)
}
