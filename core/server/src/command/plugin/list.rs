//! `guildhall plugin list`.

use chrono::{DateTime, SecondsFormat, Utc};
use guildhall_workflow::{Listed, list_plugins};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let listed = list_plugins(&house).await?;
    if options.json {
        println!("{}", listed.iter().map(json).collect::<Value>());
    } else {
        listed.iter().for_each(|listed| print!("{}", text(listed)));
    }
    Ok(house.database.close().await?)
}

/// Whether it decides, as it is said to whoever runs the house.
fn status(listed: &Listed) -> &'static str {
    if listed.suspended.is_some() { "SUSPENDED" } else { listed.plugin.status.name() }
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn json(listed: &Listed) -> Value {
    let plugin = &listed.plugin;
    json!({
        "name": plugin.name, "version": plugin.plugin_version, "department": plugin.department, "status": status(listed),
        "suspended": listed.suspended, "digest": plugin.digest, "size": plugin.size, "contract": plugin.contract,
        "model": plugin.model_range, "provides": plugin.provides, "requires": plugin.requires, "points": plugin.points,
        "grants": plugin.grants, "approvedAt": time(plugin.approved_at), "approvedBy": plugin.approved_by,
        "settings": plugin.settings.effective, "settingsAt": time(plugin.settings.at), "settingsBy": plugin.settings.by,
        "publisher": plugin.publisher, "publisherKey": plugin.publisher_key, "arrival": plugin.arrival.name(),
        "installedAt": time(plugin.installed_at), "installedBy": plugin.installed_by,
        "changedAt": time(plugin.changed_at), "changedBy": plugin.changed_by,
    })
}

fn text(listed: &Listed) -> String {
    let plugin = &listed.plugin;
    let points: Vec<_> =
        plugin.points.as_array().into_iter().flatten().filter_map(|point| point.get("point")?.as_str()).collect();
    let mut text = format!(
        "{:<24} {:<10} {:<10} {:<12} {}  {}\n",
        plugin.name,
        plugin.plugin_version,
        status(listed),
        plugin.department,
        points.join(", "),
        plugin.digest
    );
    let mut line = |line: String| text.push_str(&format!("  {line}\n"));
    if let Some(reason) = &listed.suspended {
        line(format!("suspended: {reason}"));
    }
    line(format!("{} {} by {}", came(plugin.arrival.name()), time(plugin.installed_at), plugin.installed_by));
    let granted: Vec<_> =
        plugin.grants.as_array().into_iter().flatten().filter_map(|grant| grant.get("field")?.as_str()).collect();
    line(format!("may read {}, approved {} by {}", granted.join(", "), time(plugin.approved_at), plugin.approved_by));
    line(match (&plugin.publisher, &plugin.publisher_key) {
        (Some(name), _) => format!("signed by {name}"),
        (None, Some(key)) => format!("signed with {key}, which was not trusted"),
        (None, None) => "not signed".to_owned(),
    });
    if plugin.settings.effective.as_object().is_some_and(|settings| !settings.is_empty()) {
        let settings = &plugin.settings;
        line(format!("set to {}, {} by {}", settings.effective, time(settings.at), settings.by));
    }
    text
}

fn came(arrival: &str) -> &'static str {
    match arrival {
        "UPGRADE" => "upgraded",
        "ROLLBACK" => "rolled back",
        _ => "installed",
    }
}
