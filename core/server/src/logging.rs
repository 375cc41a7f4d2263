//! The log: to standard error, for people or as JSON.

use tracing_subscriber::EnvFilter;

use crate::failure::Failure;
use crate::settings::{LogForm, Settings};

pub(crate) fn start(settings: &Settings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.log_level)
        .map_err(|error| Failure::BadInput(format!("log level `{}`: {error}", settings.log_level)))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log {
        LogForm::Text => log.try_init(),
        LogForm::Json => log.json().try_init(),
    };
    started.map_err(Failure::failed)
}
