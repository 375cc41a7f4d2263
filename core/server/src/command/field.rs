//! `guildhall field`.

use std::path::PathBuf;

use chrono::Utc;
use clap::Subcommand;
use guildhall_model::Model;
use guildhall_workflow::set_fields::{in_force, set_fields};

use super::strategy::model_of;
use super::{Operator, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks a fields file and puts its fields into force in place of those before
    #[command(after_help = "Example:\n  guildhall field set fields.toml")]
    Set {
        file: PathBuf,
        #[command(flatten)]
        operator: Operator,
    },
    /// Lists the fields in force
    List,
    /// Prints the fields file in force
    Show,
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    match command {
        Command::Set { file, operator } => {
            let text = read_text(&file)?;
            let model = model_of(Some(&file))?;
            set_fields(&house, operator.actor(&house).permit()?, &text, None, Utc::now()).await?;
            let names = listed(&model);
            println!("{} fields are in force beside the model's: {}", names.len(), names.join(", "));
        }
        Command::List => listed(&house.model).iter().for_each(|name| println!("{name}")),
        Command::Show => match in_force(&house.database).await? {
            Some(document) => print!("{}", document.document),
            None => return Err(Failure::Refused("no fields are set; set some with `guildhall field set`".to_owned())),
        },
    }
    Ok(house.database.close().await?)
}

/// The custom fields of a model, as `Type.field`.
fn listed(model: &Model) -> Vec<String> {
    let fields = model.objects().iter().flat_map(|object| object.fields.iter().map(move |field| (object, field)));
    let own = fields.filter(|(_, field)| field.is_custom());
    own.map(|(object, field)| format!("{}.{}", object.name, field.name)).collect()
}
