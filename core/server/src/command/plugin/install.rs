//! `guildhall plugin install`.

use chrono::Utc;
use guildhall_workflow::install_plugin::install_plugin;

use super::approval::{Options, look};
use super::named;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let looked = look(&house, options).await?;
    if let Some(before) = looked.offer.replaces() {
        let message = format!(
            "version {} of it is installed; `guildhall plugin upgrade` puts this one in its place",
            before.version
        );
        return Err(Failure::Refused(message));
    }
    let order = looked.approved(options)?;
    let by = options.operator.actor(&house);
    let installed = named(&options.package, install_plugin(&house, by.permit()?, &order, None, Utc::now()).await)?;
    println!("installed {} (sha256 {})", installed.name, installed.digest);
    Ok(house.database.close().await?)
}
