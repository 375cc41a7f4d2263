//! The log: to standard error, for people or as JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::settings::{LogForm, Settings};

pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log_level)
        .map_err(|error| Failure::BadInput(format!("log level `{}`: {error}", settings.log_level)))?;
    // Colours are for who looks on; in a file they are noise.
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let started = match settings.log {
        LogForm::Text => log.try_init(),
        LogForm::Json => log.json().try_init(),
    };
    started.map_err(Failure::failed)
}
