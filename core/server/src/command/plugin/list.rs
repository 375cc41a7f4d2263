//! `guildhall plugin list`.

use chrono::SecondsFormat;
use guildhall_store::plugin;
use serde_json::json;

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
    let plugins = plugin::installed(&house.database).await?;
    if options.json {
        let rows = plugins.iter().map(|plugin| {
            json!({ "name": plugin.name, "version": plugin.plugin_version, "department": plugin.department, "digest": plugin.digest,
                "size": plugin.size, "points": plugin.points, "installedAt": plugin.installed_at.to_rfc3339_opts(SecondsFormat::Secs, true),
                "installedBy": plugin.installed_by })
        });
        println!("{}", rows.collect::<serde_json::Value>());
    } else {
        for plugin in &plugins {
            let points =
                plugin.points.as_array().into_iter().flatten().filter_map(|point| point.get("point")?.as_str());
            println!(
                "{:<24} {:<10} {:<12} {}  {}",
                plugin.name,
                plugin.plugin_version,
                plugin.department,
                points.collect::<Vec<_>>().join(", "),
                plugin.digest
            );
        }
    }
    Ok(house.database.close().await?)
}
