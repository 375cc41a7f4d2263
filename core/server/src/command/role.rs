//! `guildhall role`.

use std::path::PathBuf;

use chrono::Utc;
use clap::Subcommand;
use guildhall_decision::read_roles;
use guildhall_model::{Ability, Role};
use guildhall_workflow::create_token::Origin;
use guildhall_workflow::set_roles::{in_force, set_roles};
use serde_json::json;

use super::{Operator, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks a roles file and puts its roles into force in place of those before
    #[command(after_help = "Example:\n  guildhall role set roles.toml")]
    Set {
        file: PathBuf,
        #[command(flatten)]
        operator: Operator,
    },
    /// Lists the roles there are
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints the roles file in force
    Show,
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    match command {
        Command::Set { file, operator } => {
            let text = read_text(&file)?;
            let roles = read_roles(&text, &house.model).map_err(|problems| {
                let told: Vec<_> = problems.0.iter().map(|problem| format!("{}, {problem}", file.display())).collect();
                Failure::BadInput(format!("the roles cannot be used\n{}", told.join("\n")))
            })?;
            let by = operator.actor(&house);
            set_roles(&house, by.permit()?, Origin::Console, &text, None, Utc::now()).await?;
            let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
            println!("{} roles are in force beside the built-in ones: {}", names.len(), names.join(", "));
        }
        Command::List { json } => {
            let (_, roles) = in_force(&house, &house.database).await?;
            let mut listed = Vec::new();
            for role in roles.iter() {
                let built_in = Role::named(&role.name).is_some();
                let types: Vec<_> = role.types.keys().map(String::as_str).collect();
                let abilities: Vec<_> = role.abilities.iter().copied().map(Ability::name).collect();
                if json {
                    listed.push(json!({ "name": role.name, "doc": role.doc, "builtIn": built_in, "types": types, "abilities": abilities }));
                } else {
                    let kind = if built_in { "built-in" } else { "own" };
                    println!(
                        "{:<20}  {kind:<8}  {} types  {}  {}",
                        role.name,
                        types.len(),
                        abilities.join(","),
                        role.doc
                    );
                }
            }
            if json {
                println!("{}", serde_json::Value::from(listed));
            }
        }
        Command::Show => match in_force(&house, &house.database).await?.0 {
            Some(document) => print!("{}", document.document),
            None => return Err(Failure::Refused("no roles are set; set some with `guildhall role set`".to_owned())),
        },
    }
    Ok(house.database.close().await?)
}
