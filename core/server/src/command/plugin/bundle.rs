//! `guildhall plugin bundle`.

use std::path::PathBuf;

use guildhall_workflow::replay::Bundle;

use super::replay::decision_id;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The recorded decision's id, such as dec_0190...
    decision: String,
    /// Where the bundle goes. It tells about the customer: keep it as you keep the database
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let id = decision_id(&house, &options.decision)?;
    let bytes = Bundle::load(&house, id).await?.to_bytes()?;
    let failed = |error| Failure::Failed(format!("`{}`: {error}", options.output.display()));
    std::fs::write(&options.output, &bytes).map_err(failed)?;
    println!("{} ({} bytes)", options.output.display(), bytes.len());
    Ok(house.database.close().await?)
}
