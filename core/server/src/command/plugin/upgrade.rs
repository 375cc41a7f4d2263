//! `guildhall plugin upgrade`.

use chrono::Utc;
use guildhall_workflow::upgrade_plugin::upgrade_plugin;

use super::approval::{Options, look};
use super::named;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let looked = look(&house, options).await?;
    if looked.offer.replaces().is_none() {
        let message = "no version of it is installed; `guildhall plugin install` installs this one";
        return Err(Failure::Refused(message.to_owned()));
    }
    let order = looked.approved(options)?;
    let by = options.operator.actor(&house);
    let upgraded = named(&options.package, upgrade_plugin(&house, by.permit()?, &order, None, Utc::now()).await)?;
    println!("upgraded {} (sha256 {})", upgraded.name, upgraded.digest);
    Ok(house.database.close().await?)
}
