//! `guildhall strategy propose`, `approve`, `challenge`, `retire`, `activate`, `rollback` and `list`.

use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use guildhall_store::strategy::{self, Strategy};
use guildhall_workflow::House;
use guildhall_workflow::activate_strategy::{Activated, ToActivate, activate_strategy, schedule_strategy};
use guildhall_workflow::approve_strategy::approve_strategy;
use guildhall_workflow::challenge_strategy::challenge_strategy;
use guildhall_workflow::propose_strategy::propose_strategy;
use guildhall_workflow::retire_strategy::retire_strategy;
use guildhall_workflow::rollback_strategy::rollback_strategy;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::read;
use crate::command::{Operator, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

const LISTED: u64 = 50;

#[derive(clap::Args, Debug)]
pub(crate) struct Document {
    file: PathBuf,
    #[command(flatten)]
    how: Nothing,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Version {
    /// The number of the version
    number: i32,
    #[command(flatten)]
    how: Nothing,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Activation {
    /// The strategy file
    #[arg(required_unless_present = "number", conflicts_with = "number")]
    file: Option<PathBuf>,
    /// The number of an approved version
    #[arg(long, value_name = "N")]
    number: Option<i32>,
    /// When, such as 2027-01-01T00:00:00Z; now if not said. A server has to run then
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    #[command(flatten)]
    how: Nothing,
}

#[derive(clap::Args, Debug)]
pub(crate) struct Nothing {
    #[command(flatten)]
    operator: Operator,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn propose(settings: &Settings, document: &Document) -> Result<(), Failure> {
    let text = read_text(&document.file)?;
    let house = opening::open(settings).await?;
    read(&document.file, &text, &house.model, &house.points_in_force().await?)?;
    let actor = document.how.operator.actor(&house);
    let proposed = propose_strategy(&house, actor.permit()?, &text, None, Utc::now()).await?;
    warn(&proposed.warnings);
    let newest = strategy::newest(&house.database, 1).await?;
    end(&house, &document.how, newest.first().map(|one| one.number)).await
}

pub(super) async fn approve(settings: &Settings, version: &Version) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let actor = version.how.operator.actor(&house);
    approve_strategy(&house, actor.permit()?, version.number, None, Utc::now()).await?;
    end(&house, &version.how, Some(version.number)).await
}

pub(super) async fn challenge(settings: &Settings, version: &Version, share: Decimal) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let actor = version.how.operator.actor(&house);
    challenge_strategy(&house, actor.permit()?, version.number, share, None, Utc::now()).await?;
    end(&house, &version.how, Some(version.number)).await
}

pub(super) async fn retire(settings: &Settings, version: &Version) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let actor = version.how.operator.actor(&house);
    retire_strategy(&house, actor.permit()?, version.number, None, Utc::now()).await?;
    end(&house, &version.how, Some(version.number)).await
}

/// Says where a version stands now.
async fn end(house: &House, how: &Nothing, number: Option<i32>) -> Result<(), Failure> {
    let version = strategy::numbered(&house.database, number.unwrap_or_default()).await?;
    if let Some(version) = version {
        match how.json {
            true => println!("{}", told(&version)),
            false => println!("strategy {} `{}` is {}", version.number, version.name, version.status),
        }
    }
    Ok(house.database.close().await?)
}

pub(super) async fn activate(settings: &Settings, activation: &Activation) -> Result<(), Failure> {
    let text = activation.file.as_deref().map(read_text).transpose()?;
    if let (Some(file), Some(text)) = (&activation.file, &text) {
        // What is wrong with the file is told before a database is made for it.
        let (looked_at, _folder) = opening::open_to_look(settings).await?;
        let points = looked_at.points_in_force().await?;
        looked_at.database.close().await?;
        read(file, text, &looked_at.model, &points)?;
    }
    let house = opening::open(settings).await?;
    let actor = activation.how.operator.actor(&house);
    let what = match &text {
        Some(text) => ToActivate::Document(text),
        None => ToActivate::Version(activation.number.unwrap_or_default()),
    };
    if let Some(at) = activation.at {
        let scheduled = schedule_strategy(&house, actor.permit()?, what, at, None, Utc::now()).await?;
        warn(&scheduled.warnings);
        let version = strategy::numbered(&house.database, scheduled.number).await?;
        match (activation.how.json, version) {
            (true, Some(version)) => println!("{}", told(&version)),
            _ => println!("strategy {} becomes active at {}", scheduled.number, shown(at)),
        }
        return Ok(house.database.close().await?);
    }
    let activated = activate_strategy(&house, actor.permit()?, what, None, Utc::now()).await?;
    warn(&activated.warnings);
    say(&house, &activation.how, &activated).await
}

pub(super) async fn rollback(settings: &Settings, how: &Nothing) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let done = rollback_strategy(&house, how.operator.actor(&house).permit()?, None, Utc::now()).await?;
    say(&house, how, &done).await
}

/// Tells what is questionable about a strategy, beside what the command prints.
fn warn(warnings: &[String]) {
    warnings.iter().for_each(|warning| eprintln!("{warning}"));
}

/// Says which strategy decides now.
async fn say(house: &House, how: &Nothing, done: &Activated) -> Result<(), Failure> {
    let Activated { number, assigned, warnings, .. } = done;
    let number = *number;
    let name = strategy::numbered(&house.database, number).await?.map(|version| version.name).unwrap_or_default();
    match how.json {
        true => println!("{}", json!({ "number": number, "name": name, "assigned": assigned, "warnings": warnings })),
        false => println!("strategy {number} `{name}` is active; {assigned} customers changed their segment"),
    }
    Ok(house.database.close().await?)
}

pub(super) async fn list(settings: &Settings, json: bool) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let all = strategy::newest(&house.database, LISTED).await?;
    match json {
        true => println!("{}", json!({ "strategies": all.iter().map(told).collect::<Vec<_>>() })),
        false => {
            for one in &all {
                let when = one.activate_at.map(|at| format!(", becomes active at {}", shown(at))).unwrap_or_default();
                println!("{:>4}  {:<11}{}{when}", one.number, one.status.to_string(), one.name);
            }
        }
    }
    Ok(house.database.close().await?)
}

fn told(version: &Strategy) -> Value {
    json!({ "number": version.number, "name": version.name, "status": version.status.name(), "digest": version.digest,
        "proposedBy": version.proposed_by, "approvedBy": version.approved_by, "activateAt": version.activate_at.map(shown) })
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
