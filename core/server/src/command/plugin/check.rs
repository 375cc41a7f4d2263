//! `guildhall plugin check`: which installed plugins would not work after an upgrade of Guildhall.

use std::path::PathBuf;

use guildhall_graph::SchemaQueries;
use guildhall_workflow::{Broken, broken_queries};
use serde_json::{Value, json};

use crate::command::read_text;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Check the input queries against this schema and not against this program's own
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let schema = match &options.model {
        Some(path) => {
            let problem = |error| Failure::BadInput(format!("`{}`: {error}", path.display()));
            Some(SchemaQueries::new(&read_text(path)?).map_err(problem)?)
        }
        None => None,
    };
    let house = opening::open_untouched(settings).await?;
    let (count, broken) = match &schema {
        Some(schema) => broken_queries(&house, Some(&|point, text| schema.check(point, text))).await?,
        None => broken_queries(&house, None).await?,
    };
    if options.json {
        println!("{}", json!({ "plugins": count, "broken": broken.iter().map(json).collect::<Vec<_>>() }));
    } else {
        broken.iter().for_each(|broken| println!("{}", line(broken)));
    }
    house.database.close().await?;
    if broken.is_empty() {
        if !options.json {
            println!("all {count} plugins fit");
        }
        return Ok(());
    }
    let mut names: Vec<_> = broken.iter().map(|broken| broken.name.as_str()).collect();
    names.dedup();
    Err(Failure::Refused(format!("{} of {count} plugins would not work: {}", names.len(), names.join(", "))))
}

fn line(broken: &Broken) -> String {
    let disabled = if broken.disabled { " (disabled)" } else { "" };
    let at = broken.point.as_ref().map(|point| format!(" at {point}")).unwrap_or_default();
    format!("{} {}{disabled}{at}: {}", broken.name, broken.version, broken.problem)
}

fn json(broken: &Broken) -> Value {
    json!({ "name": broken.name, "version": broken.version, "disabled": broken.disabled, "point": broken.point,
        "problem": broken.problem })
}
