//! The `guildhall` binary: http, access, command line, configuration.

mod access;
mod command;
mod failure;
mod http;
mod logging;
mod opening;
mod settings;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// How long the process waits for work that goes on without anybody waiting for it.
const LEAVING: Duration = Duration::from_secs(5);

/// Runs the command line and says how it ended: 0 done, 1 failed, 2 bad input or usage, 3 refused.
pub fn run() -> ExitCode {
    let arguments = command::Arguments::parse();
    if let Some(ended) = arguments.compile_plugin() {
        return ended;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ran = runtime.block_on(command::run(arguments));
    // A guest or a request that did not end in time does not keep the process.
    runtime.shutdown_timeout(LEAVING);
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.exit_code()
        }
    }
}
