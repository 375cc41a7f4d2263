//! `guildhall strategy`.

mod conflicts;
mod life;
mod simulate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_decision::{
    Circumstances, DecisionPoint, Finding, Serving, Severity, Strategy, decision_points, difference, read_fields,
};
use guildhall_model::Model;
use guildhall_store::strategy;
use guildhall_workflow::activate_strategy;
use serde_json::json;

use super::{points_beside, read_packages, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks a strategy file and tells everything that is wrong with it or questionable
    #[command(
        after_help = "Examples:\n  guildhall strategy lint strategy.toml\n  guildhall strategy lint strategy.toml --installed --database guildhall.db"
    )]
    Lint {
        file: PathBuf,
        /// Package that is to decide under it, and whose decision points it may name; may be given several times
        #[arg(long, value_name = "FILE")]
        plugin: Vec<PathBuf>,
        /// The fields of your own that it may speak of, as a fields file
        #[arg(long, value_name = "FILE")]
        fields: Option<PathBuf>,
        /// Look at the plugins, the fields and the customers' currencies of the database, too, as activation does
        #[arg(long, conflicts_with_all = ["plugin", "fields"])]
        installed: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Says in words what changes from one strategy file to another
    #[command(after_help = "Example:\n  guildhall strategy diff strategy.toml next.toml")]
    Diff {
        old: PathBuf,
        new: PathBuf,
        /// Package whose decision points they may name; may be given several times
        #[arg(long, value_name = "FILE")]
        plugin: Vec<PathBuf>,
        /// The fields of your own that they may speak of, as a fields file
        #[arg(long, value_name = "FILE")]
        fields: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tells what a strategy file or other plugins would change for the customers of today, and what that is worth; it changes nothing
    #[command(
        after_help = "Example:\n  guildhall strategy simulate next.toml --request 'credit.check={\"amount\": \"1000\"}'\n  guildhall strategy simulate --plugin next.wasm"
    )]
    Simulate(simulate::Options),
    /// Makes a draft of a strategy file, for others to simulate and approve
    #[command(after_help = "Example:\n  guildhall strategy propose next.toml --as ben")]
    Propose(life::Document),
    /// Approves a strategy that was proposed
    #[command(after_help = "Example:\n  guildhall strategy approve 4 --as ada")]
    Approve(life::Version),
    /// Lets an approved strategy decide for a share of the customers
    #[command(after_help = "Example:\n  guildhall strategy challenge 4 --share 0.1 --as ada")]
    Challenge {
        #[command(flatten)]
        version: life::Version,
        /// The share of the customers: 0.1 is 10 %
        #[arg(long)]
        share: rust_decimal::Decimal,
    },
    /// Withdraws a strategy that does not decide for all
    Retire(life::Version),
    /// Makes a strategy the one that decides: a file, or an approved version
    #[command(
        after_help = "Examples:\n  guildhall strategy activate strategy.toml --as ada\n  guildhall strategy activate --number 4 --at 2027-01-01T00:00:00Z --as ada"
    )]
    Activate(life::Activation),
    /// Goes back to the strategy that decided before
    Rollback(life::Nothing),
    /// Lists the last 50 strategies, and where each stands
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tells where departments disagree, what settled it, and what the strategy changed; it changes nothing
    #[command(after_help = "Example:\n  guildhall strategy conflicts --since 2026-10-01")]
    Conflicts(conflicts::Options),
    /// Shows the strategy that decides
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    match command {
        Command::Lint { file, plugin, fields, installed, json } => {
            let looked = match installed {
                true => look_installed(settings, &file).await?,
                false => look(settings, &file, &plugin, fields.as_deref())?,
            };
            lint(&file, &looked, json)
        }
        Command::Diff { old, new, plugin, fields, json } => {
            diff(settings, [&old, &new], &plugin, fields.as_deref(), json)
        }
        Command::Simulate(options) => simulate::run(settings, &options).await,
        Command::Propose(document) => life::propose(settings, &document).await,
        Command::Approve(version) => life::approve(settings, &version).await,
        Command::Challenge { version, share } => life::challenge(settings, &version, share).await,
        Command::Retire(version) => life::retire(settings, &version).await,
        Command::Activate(activation) => life::activate(settings, &activation).await,
        Command::Rollback(nothing) => life::rollback(settings, &nothing).await,
        Command::List { json } => life::list(settings, json).await,
        Command::Conflicts(options) => conflicts::run(settings, &options).await,
        Command::Show { json } => show(settings, json).await,
    }
}

/// Reads a strategy file; every problem is told with the file, line and column.
fn read(file: &Path, text: &str, model: &Model, points: &[Arc<DecisionPoint>]) -> Result<Strategy, Failure> {
    let points: Vec<_> = points.iter().map(|point| DecisionPoint::clone(point)).collect();
    match Strategy::read(text, model, &points) {
        Ok(strategy) => Ok(strategy),
        Err(problems) => {
            let told: Vec<_> = problems.0.iter().map(|problem| format!("{}, {problem}", file.display())).collect();
            Err(Failure::BadInput(format!("the strategy cannot be used\n{}", told.join("\n"))))
        }
    }
}

/// The model, with the fields of a file laid over it if there is one.
pub(super) fn model_of(fields: Option<&Path>) -> Result<Model, Failure> {
    let Some(file) = fields else { return Ok(Model::core()) };
    read_fields(&read_text(file)?, &Model::core()).map_err(|problems| {
        let told: Vec<_> = problems.0.iter().map(|problem| format!("{}, {problem}", file.display())).collect();
        Failure::BadInput(format!("the fields cannot be used\n{}", told.join("\n")))
    })
}

/// The core's decision points, and those that the packages bring.
fn points_of(settings: &Settings, plugins: &[PathBuf]) -> Result<Vec<Arc<DecisionPoint>>, Failure> {
    match plugins {
        [] => Ok(decision_points().map_err(Failure::failed)?.into_iter().map(Arc::new).collect()),
        _ => points_beside(&opening::open_workshop(settings)?, plugins),
    }
}

/// A strategy, and what is questionable about it.
type Looked = (Strategy, Vec<Finding>);

/// Looks at a strategy by itself, or with the packages that are to decide under it. Without packages nothing is said about who
/// reads what.
fn look(settings: &Settings, file: &Path, plugins: &[PathBuf], fields: Option<&Path>) -> Result<Looked, Failure> {
    let points = points_of(settings, plugins)?;
    let strategy = read(file, &read_text(file)?, &model_of(fields)?, &points)?;
    let points: Vec<_> = points.iter().map(|point| DecisionPoint::clone(point)).collect();
    let mut serving = Vec::new();
    for package in read_packages(plugins)? {
        let manifest = package.manifest();
        serving.extend(manifest.serves.iter().map(|serves| Serving {
            plugin: manifest.name.clone(),
            department: manifest.department.clone(),
            point: serves.point.clone(),
            parameters: None,
        }));
    }
    let serving = (!plugins.is_empty()).then_some(serving.as_slice());
    let today = Some(Utc::now().date_naive());
    let findings = strategy.lint(&Circumstances { points: &points, serving, currencies: None, today });
    Ok((strategy, findings))
}

/// The same as activation sees it. Nothing is changed.
async fn look_installed(settings: &Settings, file: &Path) -> Result<Looked, Failure> {
    let (house, _folder) = opening::open_to_look(settings).await?;
    let points = house.points_in_force().await?;
    let strategy = read(file, &read_text(file)?, &house.model, &points)?;
    let findings = activate_strategy::findings(&house, &points, &strategy, Utc::now()).await?;
    house.database.close().await?;
    Ok((strategy, findings))
}

fn lint(file: &Path, (strategy, findings): &Looked, json: bool) -> Result<(), Failure> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    if json {
        println!("{}", json!({ "name": strategy.name, "sound": errors == 0, "findings": findings }));
    } else {
        for finding in findings {
            println!("{}, {finding}", file.display());
        }
        let verdict = if errors == 0 { "is sound" } else { "cannot be activated" };
        println!(
            "`{}` {verdict}: {} segments, {} treatments, {} ground rules, approvers {}; {errors} errors, {} warnings",
            strategy.name,
            strategy.segments.len(),
            strategy.treatments.len(),
            strategy.ground_rules.len(),
            strategy.approvers.join(", "),
            findings.len() - errors
        );
    }
    match errors {
        0 => Ok(()),
        _ => Err(Failure::BadInput("the strategy has errors, which refuse its activation".to_owned())),
    }
}

fn diff(
    settings: &Settings,
    [old, new]: [&Path; 2],
    plugins: &[PathBuf],
    fields: Option<&Path>,
    json: bool,
) -> Result<(), Failure> {
    let points = points_of(settings, plugins)?;
    let model = model_of(fields)?;
    let read = |file: &Path| read(file, &read_text(file)?, &model, &points);
    let changes = difference(&read(old)?, &read(new)?);
    if json {
        println!("{}", json!({ "changes": changes }));
        return Ok(());
    }
    for change in &changes {
        println!("{change}");
    }
    if changes.is_empty() {
        println!("nothing changes");
    }
    Ok(())
}

async fn show(settings: &Settings, json: bool) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let active = strategy::active(&house.database).await?;
    let active = active.ok_or_else(|| {
        Failure::Refused("no strategy is active; activate one with `guildhall strategy activate`".to_owned())
    })?;
    let at = active.activated_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default();
    let by = active.activated_by.unwrap_or_default();
    if json {
        println!(
            "{}",
            json!({ "number": active.number, "name": active.name, "vision": active.vision, "digest": active.digest,
                "activatedAt": at, "activatedBy": by, "document": active.document })
        );
    } else {
        println!("# strategy {} `{}`, activated {at} by {by}\n{}", active.number, active.name, active.document);
    }
    Ok(house.database.close().await?)
}
