//! The command line: one module per command.

mod demo;
mod export;
mod field;
mod import;
mod ledger;
mod plugin;
mod publisher;
mod role;
mod schema;
mod serve;
mod strategy;
mod token;

pub(crate) use demo::DATABASE as DEMO_DATABASE;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use guildhall_decision::DecisionPoint;
use guildhall_plugin_host::Package;
use guildhall_workflow::points_of;

use crate::failure::Failure;
use crate::opening::OpenedWorkshop;
use crate::settings::{Flags, Settings};

/// A CRM in which every department keeps its own expertise and no department keeps its own customer.
#[derive(Parser, Debug)]
#[command(name = "guildhall", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 bad input (nothing changed), 3 refused, 4 done but for some of the input.\n\nExample:\n  guildhall demo --plugin target/plugins/credit-rules.wasm"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serves the API
    #[command(
        after_help = "Example:\n  guildhall serve --database postgres://guildhall@localhost/crm --listen 0.0.0.0:4000"
    )]
    Serve(serve::Options),
    /// Loads a generated company, activates its strategy, installs plugins and serves it
    #[command(after_help = "Example:\n  guildhall demo --plugin target/plugins/credit-rules.wasm")]
    Demo(demo::Options),
    /// Loads CSV files as a mapping file says
    #[command(after_help = "Example:\n  guildhall import mapping.toml exports/")]
    Import(import::Options),
    /// Writes records as CSV, which an import reads back, or as JSON Lines
    #[command(
        after_help = "Example:\n  guildhall export Customer --out exports/ --filter '{\"country\":{\"eq\":\"Germany\"}}'"
    )]
    Export(export::Options),
    /// Builds, installs, upgrades and shows plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Checks the record of decisions and erases what it tells about customers
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Trusts, lists and distrusts publishers of plugins
    #[command(subcommand)]
    Publisher(publisher::Command),
    /// Checks, activates and shows the customer strategy
    #[command(subcommand)]
    Strategy(strategy::Command),
    /// Sets and shows the deployment's own fields
    #[command(subcommand)]
    Field(field::Command),
    /// Sets and lists roles
    #[command(subcommand)]
    Role(role::Command),
    /// Makes, lists, rotates and revokes bearer tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Compiles a plugin from standard input to standard output; Guildhall starts itself so, as a process of its own
    #[command(hide = true)]
    CompilePlugin {
        /// Bytes of memory it may have
        #[arg(long, value_name = "BYTES")]
        memory: u64,
        /// Seconds of a processor it may have
        #[arg(long, value_name = "SECONDS")]
        seconds: u64,
    },
    /// Prints the model's GraphQL schema
    #[command(after_help = "Example:\n  guildhall schema > schema/model.graphql")]
    Schema,
}

/// What [`Command::CompilePlugin`] is called.
pub(crate) const COMPILE_PLUGIN: &str = "compile-plugin";

impl Arguments {
    /// Compiles a plugin, if that is what this process is for. It needs neither settings nor a runtime, and bounds itself.
    pub(crate) fn compile_plugin(&self) -> Option<ExitCode> {
        match self.command {
            Command::CompilePlugin { memory, seconds } => Some(guildhall_plugin_host::compile::work(memory, seconds)),
            _ => None,
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let listen = match &arguments.command {
        Command::Serve(options) => options.listen,
        Command::Demo(options) => options.listen,
        _ => None,
    };
    let demo = matches!(arguments.command, Command::Demo(_));
    let mut settings = Settings::read(&arguments.flags, listen, demo)?;
    if demo && !arguments.flags.names_database() {
        // The demo has a database of its own, so that it never mixes with real customers.
        demo::DATABASE.clone_into(&mut settings.database);
        settings.cache = PathBuf::from(demo::CACHE);
        settings.uploads = PathBuf::from(demo::UPLOADS);
    }
    crate::logging::start(&settings)?;
    match arguments.command {
        Command::Serve(_) => serve::run(&settings).await,
        Command::Demo(options) => demo::run(&settings, &options).await,
        Command::Import(options) => import::run(&settings, &options).await,
        Command::Export(options) => export::run(&settings, &options).await,
        Command::Plugin(command) => plugin::run(&settings, command).await,
        Command::Ledger(command) => ledger::run(&settings, command).await,
        Command::Publisher(command) => publisher::run(&settings, command).await,
        Command::Strategy(command) => strategy::run(&settings, command).await,
        Command::Field(command) => field::run(&settings, command).await,
        Command::Role(command) => role::run(&settings, command).await,
        Command::Token(command) => token::run(&settings, command).await,
        Command::Schema => schema::run(),
        Command::CompilePlugin { .. } => Err(Failure::failed("a plugin is compiled before anything else begins")),
    }
}

/// Who acts at the command line. Whoever reaches the database may do anything to it, so the name is for the record, and
/// for the strategy's approvers.
#[derive(clap::Args, Debug, Clone)]
struct Operator {
    /// Name of the person who acts
    // `name` is what many commands call an argument of their own.
    #[arg(id = "operator", long = "as", value_name = "NAME", default_value = "operator")]
    name: String,
}

impl Operator {
    fn actor(&self, house: &guildhall_workflow::House) -> guildhall_workflow::Actor {
        guildhall_workflow::Actor::new(&self.name, &house.model, guildhall_model::Role::Admin)
    }
}

/// Reads a file named on the command line.
fn read_text(path: &std::path::Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))
}

/// The decision points there are where these packages are installed.
fn points_beside(opened: &OpenedWorkshop, packages: &[PathBuf]) -> Result<Vec<Arc<DecisionPoint>>, Failure> {
    Ok(points_of(&opened.workshop(), &read_packages(packages)?)?)
}

fn read_packages(paths: &[PathBuf]) -> Result<Vec<Package>, Failure> {
    let package = |path: &PathBuf| {
        Package::read(&read_bytes(path)?).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))
    };
    paths.iter().map(package).collect()
}

fn read_bytes(path: &std::path::Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))
}
