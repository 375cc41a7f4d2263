//! `guildhall plugin`: one file per verb.

mod build;
mod difference;
mod inspect;
mod install;
mod keygen;
mod list;
mod new;
mod run;
mod sandbox;
mod sign;
mod test;

use std::path::Path;

use clap::Subcommand;
use guildhall_plugin_host::Package;

use super::{read_bytes, read_text};
use crate::failure::Failure;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Makes a new plugin's folder, which builds and whose golden cases hold
    #[command(after_help = "Example:\n  guildhall plugin new payment-terms --department finance --point credit.terms")]
    New(new::Options),
    /// Compiles a plugin's folder to one self-describing .wasm
    #[command(after_help = "Example:\n  guildhall plugin build plugins/credit-rules")]
    Build(build::Options),
    /// Asks the plugin its golden cases, as WebAssembly in the sandbox
    #[command(after_help = "Example:\n  guildhall plugin test plugins/credit-rules")]
    Test(test::Options),
    /// Asks the plugin one question, and shows how near it came to each limit
    #[command(
        after_help = "Example:\n  guildhall plugin run credit-rules.wasm --point credit.terms --input plugins/credit-rules/cases/terms-on-time.json"
    )]
    Run(run::Options),
    /// Makes a publisher's key
    #[command(after_help = "Example:\n  guildhall plugin keygen --output finance.key")]
    Keygen(keygen::Options),
    /// Signs a package as its publisher
    #[command(after_help = "Example:\n  guildhall plugin sign credit-rules.wasm --key finance.key --publisher finance")]
    Sign(sign::Options),
    /// Shows what a package reads and installs it
    #[command(after_help = "Example:\n  guildhall plugin install credit-rules.wasm --yes")]
    Install(install::Options),
    /// Lists the installed plugins
    List(list::Options),
    /// Shows what is in a package, without installing it
    #[command(after_help = "Example:\n  guildhall plugin inspect credit-rules.wasm --json")]
    Inspect(inspect::Options),
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    match command {
        Command::New(options) => new::run(&options),
        Command::Build(options) => build::run(&options),
        Command::Test(options) => test::run(settings, &options),
        Command::Run(options) => run::run(settings, &options),
        Command::Keygen(options) => keygen::run(&options),
        Command::Sign(options) => sign::run(&options),
        Command::Install(options) => install::run(settings, &options).await,
        Command::List(options) => list::run(settings, &options).await,
        Command::Inspect(options) => inspect::run(settings, &options),
    }
}

/// Reads a package named on the command line.
fn read_package(path: &Path) -> Result<Package, Failure> {
    let bytes = read_bytes(path)?;
    Package::read(&bytes).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))
}

/// Puts the file's name before what is wrong with it.
fn named<T>(path: &Path, result: Result<T, guildhall_workflow::WorkflowError>) -> Result<T, Failure> {
    result.map_err(|error| match Failure::from(error) {
        Failure::BadInput(message) => Failure::BadInput(format!("`{}`: {message}", path.display())),
        other => other,
    })
}
