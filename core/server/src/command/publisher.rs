//! `guildhall publisher`.

use chrono::{SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_store::{plugin, publisher};
use guildhall_workflow::distrust_publisher::distrust_publisher;
use guildhall_workflow::trust_publisher::trust_publisher;
use serde_json::{Value, json};

use super::Operator;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Trusts the packages that are signed with a key
    #[command(
        after_help = "Example:\n  guildhall publisher trust acme d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )]
    Trust {
        /// Your name for the publisher
        name: String,
        /// Its ed25519 public key, in hex, as `guildhall plugin keygen` prints it
        key: String,
        #[command(flatten)]
        operator: Operator,
    },
    /// Lists the publishers that are trusted
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Trusts a publisher no longer; what is installed stays
    #[command(after_help = "Example:\n  guildhall publisher distrust acme")]
    Distrust {
        name: String,
        #[command(flatten)]
        operator: Operator,
    },
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    let now = Utc::now();
    match command {
        Command::Trust { name, key, operator } => {
            trust_publisher(&house, operator.actor(&house).permit()?, &name, &key, None, now).await?;
            println!("`{name}` is trusted; packages signed with {key} are its");
        }
        Command::Distrust { name, operator } => {
            let trusted = publisher::trusted(&house.database).await?;
            let known = trusted.iter().find(|publisher| publisher.name == name);
            let known = known.ok_or_else(|| Failure::BadInput(format!("`{name}` is not trusted")))?;
            distrust_publisher(&house, operator.actor(&house).permit()?, known.id, None, now).await?;
            println!("`{name}` is trusted no longer");
            let present = plugin::present(&house.database).await?;
            for plugin in present.iter().filter(|plugin| plugin.publisher_key.as_ref() == Some(&known.key)) {
                let (name, version) = (&plugin.name, &plugin.plugin_version);
                println!("{name} {version} is signed by it and stays; `guildhall plugin disable {name}` ends that");
            }
        }
        Command::List { json } => {
            let trusted = publisher::trusted(&house.database).await?;
            if json {
                let rows = trusted.iter().map(|publisher| {
                    let at = publisher.trusted_at.to_rfc3339_opts(SecondsFormat::Secs, true);
                    json!({ "name": publisher.name, "key": publisher.key, "trustedAt": at, "trustedBy": publisher.trusted_by })
                });
                println!("{}", rows.collect::<Value>());
            } else {
                for publisher in &trusted {
                    let at = publisher.trusted_at.to_rfc3339_opts(SecondsFormat::Secs, true);
                    println!("{:<20}  {}  {at} by {}", publisher.name, publisher.key, publisher.trusted_by);
                }
            }
        }
    }
    Ok(house.database.close().await?)
}
