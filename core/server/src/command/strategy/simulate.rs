//! `guildhall strategy simulate`.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::Utc;
use guildhall_workflow::Workshop;
use guildhall_workflow::install_plugin::check_plugin;
use guildhall_workflow::simulate_strategy::{Extent, simulate_strategy};
use serde_json::Value;

use super::read;
use crate::command::plugin::named;
use crate::command::{Operator, read_bytes, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The strategy file that may follow the one in force; that one if only plugins are said
    #[arg(required_unless_present = "plugin")]
    candidate: Option<PathBuf>,
    /// A package in place of the installed plugin of its name; may be given several times
    #[arg(long, value_name = "FILE")]
    plugin: Vec<PathBuf>,
    /// Customers at most, spread evenly over all; everybody if not said
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    customers: Option<u32>,
    /// What everybody is asked at a decision point that asks something; may be given several times
    #[arg(long, value_name = "POINT=JSON", value_parser = request)]
    request: Vec<(String, Value)>,
    /// Recorded requests at most that are asked again at each other point that asks something, the newest first
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    recorded: u64,
    #[command(flatten)]
    operator: Operator,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn request(text: &str) -> Result<(String, Value), String> {
    let (point, json) = text.split_once('=').ok_or("write it like `credit.check={\"amount\": \"1000\"}`".to_owned())?;
    let json = serde_json::from_str(json).map_err(|error| format!("what stands behind `=` is no JSON: {error}"))?;
    Ok((point.to_owned(), json))
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let text = options.candidate.as_deref().map(read_text).transpose()?;
    let packages = options.plugin.iter().map(|file| read_bytes(file)).collect::<Result<Vec<_>, _>>()?;
    let house = opening::open(settings).await?;
    let points = house.points_in_force().await?;
    // What is wrong with a file is told with its name.
    if let (Some(file), Some(text)) = (&options.candidate, &text) {
        read(file, text, &house.model, &points)?;
    }
    let workshop = Workshop { points: &points, ..house.workshop() };
    let mut plugins = Vec::with_capacity(packages.len());
    for (file, bytes) in options.plugin.iter().zip(&packages) {
        plugins.push(named(file, check_plugin(&workshop, bytes).await)?);
    }
    let extent = Extent {
        customers: options.customers,
        requests: options.request.iter().cloned().collect::<BTreeMap<_, _>>(),
        recorded: options.recorded,
    };
    let stopped = Arc::new(AtomicBool::new(false));
    let interrupt = tokio::spawn({
        let stopped = Arc::clone(&stopped);
        async move {
            // Who cannot be told to stop goes on to the end.
            if tokio::signal::ctrl_c().await.is_ok() {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    });
    let watched = std::io::stderr().is_terminal();
    let mut progress = move |asked: u64| {
        if watched {
            eprint!("\r{asked} customers asked");
            // Who cannot be told how far it is still gets the report.
            let _ = std::io::stderr().flush();
        }
        !stopped.load(Ordering::Relaxed)
    };
    let actor = options.operator.actor(&house);
    let report =
        simulate_strategy(&house, actor.permit()?, text.as_deref(), &plugins, &extent, Utc::now(), &mut progress)
            .await?;
    interrupt.abort();
    if watched {
        eprintln!();
    }
    match options.json {
        true => println!("{}", serde_json::to_string(&report).map_err(Failure::failed)?),
        false => print!("{report}"),
    }
    Ok(house.database.close().await?)
}
