//! `guildhall plugin`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use chrono::{SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_plugin_host::build::build;
use guildhall_store::plugin;
use guildhall_workflow::install_plugin::{Approval, Checked, check_plugin, install_plugin};
use serde_json::json;

use super::{Operator, read_bytes};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Compiles a plugin's folder to one self-describing .wasm
    #[command(after_help = "Example:\n  guildhall plugin build plugins/credit-rules")]
    Build {
        /// The plugin's folder, with plugin.toml and Cargo.toml
        dir: PathBuf,
        /// Where the package goes [default: <name>.wasm]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Shows what a package reads and installs it
    #[command(after_help = "Example:\n  guildhall plugin install credit-rules.wasm --yes")]
    Install {
        package: PathBuf,
        /// Approve everything the plugin reads without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        operator: Operator,
    },
    /// Lists the installed plugins
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows what is in a package, without installing it
    #[command(after_help = "Example:\n  guildhall plugin inspect credit-rules.wasm --json")]
    Inspect {
        package: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    match command {
        Command::Build { dir, output } => build_package(&dir, output.as_deref()),
        Command::Install { package, yes, operator } => install(settings, &package, yes, &operator).await,
        Command::List { json } => list(settings, json).await,
        Command::Inspect { package, json } => inspect(settings, &package, json).await,
    }
}

fn build_package(dir: &Path, output: Option<&Path>) -> Result<(), Failure> {
    let built = build(dir, output).map_err(Failure::bad_input)?;
    println!("{} ({} bytes, sha256 {})", built.path.display(), built.package.size(), built.package.digest());
    Ok(())
}

async fn install(settings: &Settings, path: &Path, yes: bool, operator: &Operator) -> Result<(), Failure> {
    let bytes = read_bytes(path)?;
    let house = opening::open(settings).await?;
    let checked = named(path, check_plugin(&house.workshop(), &bytes).await)?;
    print!("{}", description(&checked));
    if !yes && !agreed()? {
        return Err(Failure::Refused(
            "not approved, so nothing was installed; `--yes` approves without asking".to_owned(),
        ));
    }
    let installed = install_plugin(
        &house,
        operator.actor(&house).permit()?,
        &bytes,
        &Approval::Exactly(checked.reads()),
        None,
        Utc::now(),
    )
    .await?;
    println!("installed {} (sha256 {})", installed.name, installed.digest);
    Ok(house.database.close().await?)
}

/// Puts the file's name before what is wrong with it.
fn named<T>(path: &Path, result: Result<T, guildhall_workflow::WorkflowError>) -> Result<T, Failure> {
    result.map_err(|error| match Failure::from(error) {
        Failure::BadInput(message) => Failure::BadInput(format!("`{}`: {message}", path.display())),
        other => other,
    })
}

fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print!("Install it and let it read these fields? [y/N] ");
    std::io::stdout().flush().map_err(Failure::failed)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Failure::failed)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn description(checked: &Checked) -> String {
    let manifest = checked.package.manifest();
    let mut text = format!(
        "{} {} of {}: {}\n  sha256 {}, {} bytes, contract {}, model {}\n",
        manifest.name,
        manifest.version,
        manifest.department,
        manifest.description,
        checked.package.digest(),
        checked.package.size(),
        manifest.contract,
        manifest.model
    );
    for (point, query) in &checked.serves {
        text.push_str(&format!("  serves {point} and reads for it\n"));
        for read in &query.reads {
            let why = manifest.reads.get(read).map(|why| format!(": {why}")).unwrap_or_default();
            text.push_str(&format!("    {read}{why}\n"));
        }
    }
    text
}

async fn list(settings: &Settings, json: bool) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let plugins = plugin::installed(&house.database).await?;
    if json {
        let rows = plugins.iter().map(|plugin| {
            json!({ "name": plugin.name, "version": plugin.plugin_version, "department": plugin.department, "digest": plugin.digest,
                "size": plugin.size, "points": plugin.points, "installedAt": plugin.installed_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                "installedBy": plugin.installed_by })
        });
        println!("{}", rows.collect::<serde_json::Value>());
    } else {
        for plugin in &plugins {
            let points =
                plugin.points.as_array().into_iter().flatten().filter_map(|point| point.get("point")?.as_str());
            println!(
                "{:<24} {:<10} {:<12} {}  {}",
                plugin.name,
                plugin.plugin_version,
                plugin.department,
                points.collect::<Vec<_>>().join(", "),
                plugin.digest
            );
        }
    }
    Ok(house.database.close().await?)
}

async fn inspect(settings: &Settings, path: &Path, json: bool) -> Result<(), Failure> {
    let bytes = read_bytes(path)?;
    let opened = opening::open_workshop(settings)?;
    let checked = named(path, check_plugin(&opened.workshop(), &bytes).await)?;
    if json {
        let manifest = checked.package.manifest();
        let serves = checked.serves.iter().map(|(point, query)| json!({ "point": point, "reads": query.reads }));
        println!(
            "{}",
            json!({ "name": manifest.name, "version": manifest.version.to_string(), "department": manifest.department,
                "description": manifest.description, "contract": manifest.contract, "model": manifest.model.to_string(),
                "digest": checked.package.digest(), "size": checked.package.size(), "serves": serves.collect::<Vec<_>>() })
        );
    } else {
        print!("{}", description(&checked));
    }
    Ok(())
}
