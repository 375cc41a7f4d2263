//! `guildhall plugin replay`.

use std::path::{Path, PathBuf};

use guildhall_model::GlobalId;
use guildhall_workflow::House;
use guildhall_workflow::replay::{Bundle, MAX_BUNDLE_BYTES, Replayed, replay, replay_decision};
use uuid::Uuid;

use crate::command::{Operator, read_bytes};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The recorded decision's id, such as dec_0190...
    #[arg(required_unless_present = "bundle", conflicts_with = "bundle")]
    decision: Option<String>,
    /// Replay what `guildhall plugin bundle` wrote; no database is needed
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operator: Operator,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let replayed = match (&options.bundle, &options.decision) {
        (Some(file), _) => bundled(settings, file).await?,
        (None, Some(decision)) => {
            let house = opening::open(settings).await?;
            let id = decision_id(&house, decision)?;
            let replayed = replay_decision(&house, options.operator.actor(&house).permit()?, id).await?;
            house.database.close().await?;
            replayed
        }
        (None, None) => return Err(Failure::BadInput("name a decision or a bundle".to_owned())),
    };
    tell(&replayed, options.json)
}

async fn bundled(settings: &Settings, file: &Path) -> Result<Replayed, Failure> {
    // What is far too large is not even read.
    let size = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    if size > u64::try_from(MAX_BUNDLE_BYTES).unwrap_or(u64::MAX) {
        let message = format!("`{}` has {size} bytes; a bundle has at most {MAX_BUNDLE_BYTES}", file.display());
        return Err(Failure::BadInput(message));
    }
    let bundle = Bundle::read(&read_bytes(file)?)
        .map_err(|error| Failure::BadInput(format!("`{}`: {error}", file.display())))?;
    let opened = opening::open_workshop(settings)?;
    let replaying = tokio::task::spawn_blocking(move || replay(&opened.workshop(), &bundle));
    Ok(replaying.await.map_err(Failure::failed)??)
}

fn tell(replayed: &Replayed, json: bool) -> Result<(), Failure> {
    let Replayed { decision, point, digest, replayed_digest, fuel, differences, .. } = replayed;
    if json {
        println!("{}", serde_json::to_string(replayed).map_err(Failure::failed)?);
    } else if replayed.same {
        println!("same: {decision} at {point}, fuel {fuel}, digest {digest}");
    } else {
        println!("different: {decision} at {point}, digest {digest} recorded, {replayed_digest} now");
        for difference in differences {
            println!("  {difference}");
        }
    }
    if replayed.same { Ok(()) } else { Err(Failure::Failed(format!("`{decision}` is not the same when replayed"))) }
}

pub(super) fn decision_id(house: &House, text: &str) -> Result<Uuid, Failure> {
    let object = house.model.object("Decision").ok_or_else(|| Failure::failed("the model lacks `Decision`"))?;
    GlobalId::parse_as(text, object).map_err(Failure::bad_input)
}
