//! `guildhall plugin inspect`.

use std::path::PathBuf;

use guildhall_workflow::Workshop;
use guildhall_workflow::install_plugin::{Checked, check_plugin};
use serde_json::json;

use super::named;
use crate::command::{points_beside, read_bytes};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    package: PathBuf,
    /// Package beside which it is to be installed, whose decision points it needs; may be given several times
    #[arg(long, value_name = "FILE")]
    beside: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let bytes = read_bytes(&options.package)?;
    let opened = opening::open_workshop(settings)?;
    let points = points_beside(&opened, &options.beside)?;
    let workshop = Workshop { points: &points, ..opened.workshop() };
    let checked = named(&options.package, check_plugin(&workshop, &bytes))?;
    if options.json {
        let manifest = checked.package.manifest();
        let serves = checked
            .serves
            .iter()
            .map(|(point, query)| json!({ "point": point, "reads": query.reads, "on": events(&checked, point) }));
        let brings = checked.brings.iter().map(|point| {
            json!({ "point": point.name, "field": format!("{}.{}", point.subject, point.field), "type": point.output_type })
        });
        println!(
            "{}",
            json!({ "name": manifest.name, "version": manifest.version.to_string(), "department": manifest.department,
                "description": manifest.description, "contract": manifest.contract, "model": manifest.model.to_string(),
                "digest": checked.package.digest(), "size": checked.package.size(), "serves": serves.collect::<Vec<_>>(),
                "brings": brings.collect::<Vec<_>>(), "provides": manifest.provides.as_ref().map(ToString::to_string),
                "requires": manifest.requires.iter().map(|requires| json!({ "plugin": requires.plugin, "version": requires.version.to_string() })).collect::<Vec<_>>() })
        );
    } else {
        print!("{}", description(&checked));
    }
    Ok(())
}

/// After which events it is asked at a decision point.
fn events<'c>(checked: &'c Checked, point: &str) -> &'c [String] {
    let serves = checked.package.manifest().serves.iter().find(|serves| serves.point == point);
    serves.map(|serves| serves.on.as_slice()).unwrap_or_default()
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
    for requires in &manifest.requires {
        text.push_str(&format!("  requires the schema of {} in a version {}\n", requires.plugin, requires.version));
    }
    for point in &checked.brings {
        let version = manifest.provides.as_ref().map(ToString::to_string).unwrap_or_default();
        let (name, subject, field, output) = (&point.name, &point.subject, &point.field, &point.output_type);
        text.push_str(&format!("  brings {name} as {subject}.{field}: {output} (schema {version})\n"));
    }
    for (point, query) in &checked.serves {
        let events = events(checked, point);
        let on = if events.is_empty() { String::new() } else { format!(" on {}", events.join(", ")) };
        text.push_str(&format!("  serves {point}{on} and reads for it\n"));
        for read in &query.reads {
            let why = manifest.reads.get(read).map(|why| format!(": {why}")).unwrap_or_default();
            text.push_str(&format!("    {read}{why}\n"));
        }
    }
    text
}
