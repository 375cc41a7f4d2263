//! Asking whoever installs or upgrades a plugin.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use guildhall_workflow::install_plugin::{Approval, Order};
use guildhall_workflow::{House, Offer};
use serde_json::{Map, Value};

use super::named;
use crate::command::{Operator, read_bytes, read_text};
use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    pub package: PathBuf,
    /// Approve everything the plugin reads without asking
    #[arg(long)]
    yes: bool,
    /// Its settings, a JSON object; what it does not name has its default
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    #[command(flatten)]
    pub operator: Operator,
}

/// A package that was looked at.
pub(super) struct Looked {
    bytes: Vec<u8>,
    settings: Option<Map<String, Value>>,
    pub offer: Offer,
}

/// Reads the package, and finds out what it would mean.
pub(super) async fn look(house: &Arc<House>, options: &Options) -> Result<Looked, Failure> {
    let bytes = read_bytes(&options.package)?;
    let settings = options.settings.as_deref().map(read_settings).transpose()?;
    let offer = named(&options.package, Offer::of(house, &bytes, settings.as_ref(), Utc::now()).await)?;
    Ok(Looked { bytes, settings, offer })
}

impl Looked {
    /// Shows it and asks. What is ordered names exactly what was shown.
    pub(super) fn approved(&self, options: &Options) -> Result<Order<'_>, Failure> {
        print!("{}", self.offer.text());
        if !self.offer.objections().is_empty() {
            return Err(Failure::Refused("it cannot be installed, so nothing was changed".to_owned()));
        }
        if !options.yes && !agreed()? {
            return Err(Failure::Refused(
                "not approved, so nothing was installed; `--yes` approves without asking".to_owned(),
            ));
        }
        let approval = Approval::Exactly(self.offer.reads());
        Ok(Order { bytes: &self.bytes, approval, settings: self.settings.clone() })
    }
}

/// The settings in a file.
pub(super) fn read_settings(path: &Path) -> Result<Map<String, Value>, Failure> {
    let text = read_text(path)?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::BadInput(format!("`{}` is no JSON object with settings: {error}", path.display())))
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
