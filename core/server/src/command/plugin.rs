//! `guildhall plugin`: one file per verb.

mod act;
mod approval;
mod build;
mod bundle;
mod check;
mod difference;
mod inspect;
mod install;
mod keygen;
mod list;
mod new;
mod replay;
mod run;
mod sandbox;
mod shadow;
mod sign;
mod test;
mod upgrade;

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
    Install(approval::Options),
    /// Shows what a higher version changes and puts it in place of the installed one
    #[command(after_help = "Example:\n  guildhall plugin upgrade credit-rules.wasm")]
    Upgrade(approval::Options),
    /// Goes back to the version that the installed one replaced
    #[command(after_help = "Example:\n  guildhall plugin rollback credit-rules")]
    Rollback(act::Options),
    /// Takes a plugin out of decisions and keeps it
    #[command(after_help = "Example:\n  guildhall plugin disable credit-rules")]
    Disable(act::Options),
    /// Takes a disabled plugin back into decisions
    #[command(after_help = "Example:\n  guildhall plugin enable credit-rules")]
    Enable(act::Options),
    /// Takes a plugin away; its package and its decisions stay
    #[command(after_help = "Example:\n  guildhall plugin uninstall credit-rules")]
    Uninstall(act::Options),
    /// Sets the settings of an installed plugin
    #[command(after_help = "Example:\n  guildhall plugin set credit-rules credit-rules.json")]
    Set(act::SetOptions),
    /// Lists the installed plugins, with what they may read and who approved it
    List(list::Options),
    /// Says which installed plugins would not work with this program, or with another schema
    #[command(after_help = "Example:\n  guildhall plugin check --model schema/model.graphql")]
    Check(check::Options),
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
        Command::New(options) => new::run(&options),
        Command::Build(options) => build::run(&options),
        Command::Test(options) => test::run(settings, &options),
        Command::Run(options) => run::run(settings, &options),
        Command::Keygen(options) => keygen::run(&options),
        Command::Sign(options) => sign::run(&options),
        Command::Install(options) => install::run(settings, &options).await,
        Command::Upgrade(options) => upgrade::run(settings, &options).await,
        Command::Rollback(options) => act::rollback(settings, &options).await,
        Command::Disable(options) => act::disable(settings, &options).await,
        Command::Enable(options) => act::enable(settings, &options).await,
        Command::Uninstall(options) => act::uninstall(settings, &options).await,
        Command::Set(options) => act::set(settings, &options).await,
        Command::List(options) => list::run(settings, &options).await,
        Command::Check(options) => check::run(settings, &options).await,
        Command::Inspect(options) => inspect::run(settings, &options).await,
        Command::Replay(options) => replay::run(settings, &options).await,
        Command::Bundle(options) => bundle::run(settings, &options).await,
        Command::Shadow(options) => shadow::run(settings, &options).await,
    }
}

/// Reads a package named on the command line.
fn read_package(path: &Path) -> Result<Package, Failure> {
    let bytes = read_bytes(path)?;
    Package::read(&bytes).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))
}

/// Puts the file's name before what is wrong with it.
pub(super) fn named<T>(path: &Path, result: Result<T, guildhall_workflow::WorkflowError>) -> Result<T, Failure> {
    result.map_err(|error| match Failure::from(error) {
        Failure::BadInput(message) => Failure::BadInput(format!("`{}`: {message}", path.display())),
        other => other,
    })
}
