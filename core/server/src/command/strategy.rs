//! `guildhall strategy`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_decision::{DecisionPoint, Strategy, decision_points};
use guildhall_model::Model;
use guildhall_store::strategy;
use guildhall_workflow::activate_strategy::activate_strategy;
use serde_json::json;

use super::{Operator, points_beside, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks a strategy file and tells everything that is wrong with it
    #[command(after_help = "Example:\n  guildhall strategy lint strategy.toml")]
    Lint {
        file: PathBuf,
        /// Package whose decision points it may name; may be given several times
        #[arg(long, value_name = "FILE")]
        plugin: Vec<PathBuf>,
    },
    /// Makes a strategy the one that decides
    #[command(after_help = "Example:\n  guildhall strategy activate strategy.toml --as ada")]
    Activate {
        file: PathBuf,
        #[command(flatten)]
        operator: Operator,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows the strategy that decides
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    match command {
        Command::Lint { file, plugin } => lint(settings, &file, &plugin),
        Command::Activate { file, operator, json } => activate(settings, &file, &operator, json).await,
        Command::Show { json } => show(settings, json).await,
    }
}

/// Reads a strategy file; every problem is told with the file, line and column.
fn read(file: &Path, text: &str, points: &[Arc<DecisionPoint>]) -> Result<Strategy, Failure> {
    let points: Vec<_> = points.iter().map(|point| DecisionPoint::clone(point)).collect();
    match Strategy::read(text, &Model::core(), &points) {
        Ok(strategy) => Ok(strategy),
        Err(problems) => {
            let told: Vec<_> = problems.0.iter().map(|problem| format!("{}, {problem}", file.display())).collect();
            Err(Failure::BadInput(format!("the strategy cannot be used\n{}", told.join("\n"))))
        }
    }
}

fn lint(settings: &Settings, file: &Path, plugins: &[PathBuf]) -> Result<(), Failure> {
    let text = read_text(file)?;
    let points = match plugins {
        [] => decision_points().map_err(Failure::failed)?.into_iter().map(Arc::new).collect(),
        _ => points_beside(&opening::open_workshop(settings)?, plugins)?,
    };
    let strategy = read(file, &text, &points)?;
    println!(
        "`{}` is sound: {} segments, {} treatments, {} ground rules, approvers {}",
        strategy.name,
        strategy.segments.len(),
        strategy.treatments.len(),
        strategy.ground_rules.len(),
        strategy.approvers.join(", ")
    );
    Ok(())
}

async fn activate(settings: &Settings, file: &Path, operator: &Operator, json: bool) -> Result<(), Failure> {
    let text = read_text(file)?;
    // What is wrong with the file is told before a database is made for it.
    let (looked_at, _folder) = opening::open_to_look(settings).await?;
    let points = looked_at.points_in_force().await?;
    looked_at.database.close().await?;
    let strategy = read(file, &text, &points)?;
    let house = opening::open(settings).await?;
    let activated = activate_strategy(&house, operator.actor(&house).permit()?, &text, None, Utc::now()).await?;
    if json {
        println!("{}", json!({ "number": activated.number, "name": strategy.name, "assigned": activated.assigned }));
    } else {
        println!(
            "strategy {} `{}` is active; {} customers changed their segment",
            activated.number, strategy.name, activated.assigned
        );
    }
    Ok(house.database.close().await?)
}

async fn show(settings: &Settings, json: bool) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let active = strategy::active(&house.database).await?;
    let active = active.ok_or_else(|| {
        Failure::Refused("no strategy is active; activate one with `guildhall strategy activate`".to_owned())
    })?;
    let at = active.activated_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    if json {
        println!(
            "{}",
            json!({ "number": active.number, "name": active.name, "vision": active.vision, "digest": active.digest,
                "activatedAt": at, "activatedBy": active.activated_by, "document": active.document })
        );
    } else {
        println!(
            "# strategy {} `{}`, activated {at} by {}\n{}",
            active.number, active.name, active.activated_by, active.document
        );
    }
    Ok(house.database.close().await?)
}
