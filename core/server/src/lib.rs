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
    end_with_the_reader();
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

/// Whoever reads what a command prints may stop reading, as `head` does. Then the command ends, without a word.
fn end_with_the_reader() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to std") && said.contains("Broken pipe") {
            std::process::exit(0);
        }
        before(panic);
    }));
}
