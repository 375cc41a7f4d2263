//! `guildhall plugin`: one file per verb.

mod build;
mod bundle;
mod inspect;
mod install;
mod list;
mod replay;
mod shadow;

use std::path::Path;

use clap::Subcommand;

use crate::failure::Failure;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Compiles a plugin's folder to one self-describing .wasm
    #[command(after_help = "Example:\n  guildhall plugin build plugins/credit-rules")]
    Build(build::Options),
    /// Shows what a package reads and installs it
    #[command(after_help = "Example:\n  guildhall plugin install credit-rules.wasm --yes")]
    Install(install::Options),
    /// Lists the installed plugins
    List(list::Options),
    /// Shows what is in a package, without installing it
    #[command(after_help = "Example:\n  guildhall plugin inspect credit-rules.wasm --json")]
    Inspect(inspect::Options),
    /// Makes a recorded decision again and compares every byte
    #[command(
        after_help = "Exit code 1 if something differs, 3 if it cannot be replayed.\n\nExamples:\n  guildhall plugin replay dec_0190...\n  guildhall plugin replay --bundle decision.json"
    )]
    Replay(replay::Options),
    /// Writes a recorded decision with all that led to it to one file, to be replayed elsewhere
    #[command(after_help = "Example:\n  guildhall plugin bundle dec_0190... --output decision.json")]
    Bundle(bundle::Options),
    /// Shows what a package would change: runs it over recorded decisions and changes nothing
    #[command(after_help = "Example:\n  guildhall plugin shadow credit-rules-2.wasm --since 2026-10-01 --current 500")]
    Shadow(shadow::Options),
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    match command {
        Command::Build(options) => build::run(&options),
        Command::Install(options) => install::run(settings, &options).await,
        Command::List(options) => list::run(settings, &options).await,
        Command::Inspect(options) => inspect::run(settings, &options),
        Command::Replay(options) => replay::run(settings, &options).await,
        Command::Bundle(options) => bundle::run(settings, &options).await,
        Command::Shadow(options) => shadow::run(settings, &options).await,
    }
}

/// Puts the file's name before what is wrong with it.
fn named<T>(path: &Path, result: Result<T, guildhall_workflow::WorkflowError>) -> Result<T, Failure> {
    result.map_err(|error| match Failure::from(error) {
        Failure::BadInput(message) => Failure::BadInput(format!("`{}`: {message}", path.display())),
        other => other,
    })
}
