//! The verbs that take an installed plugin by its name: `rollback`, `disable`, `enable`, `uninstall` and `set`.

use std::path::PathBuf;

use chrono::Utc;
use guildhall_store::plugin::{self, Plugin};
use guildhall_workflow::House;
use guildhall_workflow::disable_plugin::disable_plugin;
use guildhall_workflow::enable_plugin::enable_plugin;
use guildhall_workflow::rollback_plugin::rollback_plugin;
use guildhall_workflow::set_plugin_settings::set_plugin_settings;
use guildhall_workflow::uninstall_plugin::uninstall_plugin;

use super::approval::read_settings;
use crate::command::Operator;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Name of the plugin
    name: String,
    #[command(flatten)]
    operator: Operator,
}

#[derive(clap::Args, Debug)]
pub(crate) struct SetOptions {
    #[command(flatten)]
    of: Options,
    /// Its settings, a JSON object; what it does not name has its default
    file: PathBuf,
}

pub(super) async fn rollback(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let (house, plugin) = open(settings, options).await?;
    let by = options.operator.actor(&house);
    let back = rollback_plugin(&house, by.permit()?, plugin.id, None, Utc::now()).await?;
    println!("rolled {} back from {} (sha256 {})", back.name, plugin.plugin_version, back.digest);
    Ok(house.database.close().await?)
}

pub(super) async fn disable(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let (house, plugin) = open(settings, options).await?;
    disable_plugin(&house, options.operator.actor(&house).permit()?, plugin.id, None, Utc::now()).await?;
    println!("disabled {} {}", plugin.name, plugin.plugin_version);
    Ok(house.database.close().await?)
}

pub(super) async fn enable(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let (house, plugin) = open(settings, options).await?;
    enable_plugin(&house, options.operator.actor(&house).permit()?, plugin.id, None, Utc::now()).await?;
    println!("enabled {} {}", plugin.name, plugin.plugin_version);
    Ok(house.database.close().await?)
}

pub(super) async fn uninstall(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let (house, plugin) = open(settings, options).await?;
    uninstall_plugin(&house, options.operator.actor(&house).permit()?, plugin.id, None, Utc::now()).await?;
    println!("uninstalled {} {}", plugin.name, plugin.plugin_version);
    Ok(house.database.close().await?)
}

pub(super) async fn set(settings: &Settings, options: &SetOptions) -> Result<(), Failure> {
    let given = read_settings(&options.file)?;
    let (house, plugin) = open(settings, &options.of).await?;
    let by = options.of.operator.actor(&house);
    set_plugin_settings(&house, by.permit()?, plugin.id, given, None, Utc::now()).await?;
    println!("set {} {}", plugin.name, plugin.plugin_version);
    Ok(house.database.close().await?)
}

/// The house, and the plugin of that name.
async fn open(settings: &Settings, options: &Options) -> Result<(std::sync::Arc<House>, Plugin), Failure> {
    let house = opening::open(settings).await?;
    let present = plugin::present(&house.database).await?;
    let found = present.iter().find(|plugin| plugin.name == options.name).cloned();
    let plugin = found.ok_or_else(|| {
        let known: Vec<_> = present.iter().map(|plugin| plugin.name.as_str()).collect();
        let known = if known.is_empty() { "none is".to_owned() } else { format!("there are {}", known.join(", ")) };
        Failure::BadInput(format!("`{}` is not installed; {known}", options.name))
    })?;
    Ok((house, plugin))
}
