//! `guildhall plugin install`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use chrono::Utc;
use guildhall_workflow::install_plugin::{Approval, check_plugin, install_plugin};

use super::inspect::description;
use super::named;
use crate::command::{Operator, read_bytes};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    package: PathBuf,
    /// Approve everything the plugin reads without asking
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    operator: Operator,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let bytes = read_bytes(&options.package)?;
    let house = opening::open(settings).await?;
    let checked = named(&options.package, check_plugin(&house.workshop(), &bytes).await)?;
    print!("{}", description(&checked));
    if !options.yes && !agreed()? {
        return Err(Failure::Refused(
            "not approved, so nothing was installed; `--yes` approves without asking".to_owned(),
        ));
    }
    let installed = install_plugin(
        &house,
        options.operator.actor(&house).permit()?,
        &bytes,
        &Approval::Exactly(checked.reads()),
        None,
        Utc::now(),
    )
    .await?;
    println!("installed {} (sha256 {})", installed.name, installed.digest);
    Ok(house.database.close().await?)
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
