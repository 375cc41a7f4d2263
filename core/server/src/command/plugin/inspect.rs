//! `guildhall plugin inspect`.

use std::path::PathBuf;

use guildhall_workflow::install_plugin::{Checked, check_plugin};
use serde_json::json;

use super::named;
use crate::command::read_bytes;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    package: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let bytes = read_bytes(&options.package)?;
    let opened = opening::open_workshop(settings)?;
    let checked = named(&options.package, check_plugin(&opened.workshop(), &bytes).await)?;
    if options.json {
        let manifest = checked.package.manifest();
        let serves = checked.serves.iter().map(|(point, query)| json!({ "point": point, "reads": query.reads }));
        println!(
            "{}",
            json!({ "name": manifest.name, "version": manifest.version.to_string(), "department": manifest.department,
                "description": manifest.description, "contract": manifest.contract, "model": manifest.model.to_string(),
                "digest": checked.package.digest(), "size": checked.package.size(), "serves": serves.collect::<Vec<_>>() })
        );
    } else {
        print!("{}", description(&checked));
    }
    Ok(())
}

/// What an administrator sees of a package.
pub(super) fn description(checked: &Checked) -> String {
    let manifest = checked.package.manifest();
    let mut text = format!(
        "{} {} of {}: {}\n  sha256 {}, {} bytes, contract {}, model {}\n",
        manifest.name,
        manifest.version,
        manifest.department,
        manifest.description,
        checked.package.digest(),
        checked.package.size(),
        manifest.contract,
        manifest.model
    );
    for (point, query) in &checked.serves {
        text.push_str(&format!("  serves {point} and reads for it\n"));
        for read in &query.reads {
            let why = manifest.reads.get(read).map(|why| format!(": {why}")).unwrap_or_default();
            text.push_str(&format!("    {read}{why}\n"));
        }
    }
    text
}
