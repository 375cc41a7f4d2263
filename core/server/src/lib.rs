//! The `guildhall` binary: http, access, command line, configuration.

mod access;
mod command;
mod failure;
mod http;
mod logging;
mod opening;
mod settings;

use std::process::ExitCode;

use clap::Parser;

/// Runs the command line and says how it ended: 0 done, 1 failed, 2 bad input or usage, 3 refused.
pub fn run() -> ExitCode {
    let arguments = command::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}
