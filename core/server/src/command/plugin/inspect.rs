//! `guildhall plugin inspect`.

use std::path::PathBuf;

use guildhall_decision::shown;
use guildhall_plugin_host::Package;
use guildhall_workflow::Workshop;
use guildhall_workflow::install_plugin::{Checked, check_plugin};
use serde_json::{Map, Value, json};

use super::named;
use crate::command::{points_beside, read_bytes};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

/// Characters of a line. Texts of the package may come from anyone: each is shown on a line of its own, and nothing in it is acted
/// on.
const LINE: usize = 500;

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

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let bytes = read_bytes(&options.package)?;
    let opened = opening::open_workshop(settings)?;
    let points = points_beside(&opened, &options.beside)?;
    let workshop = Workshop { points: &points, ..opened.workshop() };
    let checked = named(&options.package, check_plugin(&workshop, &bytes).await)?;
    if options.json {
        println!("{}", report(&checked));
    } else {
        print!("{}{}", description(&checked), details(&checked.package));
    }
    Ok(())
}

/// What an administrator sees of a package before it is installed.
pub(super) fn description(checked: &Checked) -> String {
    let package = &checked.package;
    let manifest = package.manifest();
    let mut text = format!(
        "{} {} of {}: {}\n  sha256 {}, {} bytes, contract {}, model {}\n",
        manifest.name,
        manifest.version,
        manifest.department,
        manifest.description,
        package.digest(),
        package.size(),
        manifest.contract,
        manifest.model
    );
    match package.signature() {
        Some(signature) => {
            text.push_str(&format!("  signed as {} with the key {}\n", signature.publisher, signature.key));
        }
        None => text.push_str("  not signed\n"),
    }
    for (point, query) in &checked.serves {
        text.push_str(&format!("  serves {point} and reads for it\n"));
        for read in &query.reads {
            let why = manifest.reads.get(read).map_or("no reason is given", String::as_str);
            text.push_str(&format!("    {read}: {why}\n"));
        }
        let on = manifest.serves.iter().find(|serves| serves.point == *point).map(|serves| serves.on.join(", "));
        if let Some(on) = on.filter(|on| !on.is_empty()) {
            text.push_str(&format!("    after {on}\n"));
        }
    }
    for point in &checked.brings {
        let version = manifest.provides.as_ref().map(ToString::to_string).unwrap_or_default();
        let (name, subject, field, output) = (&point.name, &point.subject, &point.field, &point.output_type);
        text.push_str(&format!("  brings {name} as {subject}.{field}: {output}, schema version {version}\n"));
    }
    for requires in &manifest.requires {
        text.push_str(&format!("  requires {} {}\n", requires.plugin, requires.version));
    }
    text
}

/// What is in a package beyond what an administrator decides about.
fn details(package: &Package) -> String {
    let mut text = String::new();
    if let Some(schema) = package.schema() {
        text.push_str("  schema\n");
        schema.lines().for_each(|line| text.push_str(&format!("    {}\n", shown(line, LINE))));
    }
    let properties = package.settings().and_then(|document| document.get("properties")).and_then(Value::as_object);
    if let Some(properties) = properties {
        text.push_str("  settings\n");
        for (name, setting) in properties {
            let word = |key: &str| setting.get(key).and_then(Value::as_str).unwrap_or_default();
            let default = setting.get("default").map(|default| format!(" = {default}")).unwrap_or_default();
            let told = format!("{name}: {}{default} {}", word("type"), word("description"));
            text.push_str(&format!("    {}\n", shown(&told, LINE)));
        }
    }
    for (old, new) in &package.manifest().renamed {
        text.push_str(&format!("    {}\n", shown(&format!("{old} is now {new}"), LINE)));
    }
    text.push_str(&format!("  {} golden cases\n", package.cases().len()));
    for case in package.cases() {
        text.push_str(&format!("    {}: {}\n", case.point, case.name));
    }
    text.push_str("  sections\n");
    let described: usize = package.sections().iter().map(|(_, size)| size).sum();
    text.push_str(&format!("    component {} bytes\n", package.size().saturating_sub(described)));
    for (name, size) in package.sections() {
        text.push_str(&format!("    {name} {size} bytes\n"));
    }
    text
}

fn report(checked: &Checked) -> Value {
    let package = &checked.package;
    let manifest = package.manifest();
    let serves = checked.serves.iter().map(|(point, query)| {
        let reasons = query.reads.iter().filter_map(|field| Some((field.clone(), json!(manifest.reads.get(field)?))));
        let on = manifest.serves.iter().find(|serves| serves.point == *point).map(|serves| &serves.on);
        json!({ "point": point, "reads": query.reads, "reasons": reasons.collect::<Map<_, _>>(), "on": on })
    });
    let brings = checked.brings.iter().map(|point| {
        json!({ "point": point.name, "field": format!("{}.{}", point.subject, point.field), "type": point.output_type })
    });
    let requires = manifest
        .requires
        .iter()
        .map(|requires| json!({ "plugin": requires.plugin, "version": requires.version.to_string() }));
    let cases = package.cases().iter().map(|case| json!({ "name": case.name, "point": case.point }));
    let sections = package.sections().iter().map(|(name, size)| json!({ "name": name, "size": size }));
    json!({
        "name": manifest.name, "version": manifest.version.to_string(), "department": manifest.department,
        "description": manifest.description, "contract": manifest.contract, "model": manifest.model.to_string(),
        "digest": package.digest(), "size": package.size(), "signature": package.signature(),
        "serves": serves.collect::<Vec<_>>(), "brings": brings.collect::<Vec<_>>(), "schema": package.schema(),
        "provides": manifest.provides.as_ref().map(ToString::to_string), "requires": requires.collect::<Vec<_>>(),
        "settings": package.settings(), "renamed": manifest.renamed, "cases": cases.collect::<Vec<_>>(),
        "sections": sections.collect::<Vec<_>>()
    })
}
