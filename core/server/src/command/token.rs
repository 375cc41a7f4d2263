//! `guildhall token`.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_model::{Reach, Scope};
use guildhall_store::token;
use guildhall_workflow::create_token::{Created, NewToken, Origin, create_token};
use guildhall_workflow::revoke_token::revoke_token;
use guildhall_workflow::rotate_token::rotate_token;
use serde_json::json;
use uuid::Uuid;

use super::Operator;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Makes a token; it is shown this once
    #[command(
        after_help = "Example:\n  guildhall token create ada --role admin\n  guildhall token create rita --role reader --reach own\n  guildhall token create sync --role field-sales --role support --scope read --scope write"
    )]
    Create {
        /// Who will use it
        actor: String,
        /// What they may do: reader, department, admin or a role of your own; several add up
        #[arg(long = "role", required = true, value_name = "ROLE")]
        roles: Vec<String>,
        /// What it is for: read, write, act or admin; several add up, and all if none is said
        #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
        scopes: Vec<Scope>,
        /// Whose records they see at most: all, own (of customers they own), team or territory:NAME
        #[arg(long, default_value = "all", value_name = "REACH", value_parser = reach)]
        reach: Reach,
        /// When it ceases to hold, in RFC 3339
        #[arg(long, value_name = "TIME")]
        expires: Option<DateTime<Utc>>,
        #[command(flatten)]
        operator: Operator,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists tokens, without their secrets
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Makes a token with a new secret that allows the same, and ends the old one
    #[command(after_help = "Example:\n  guildhall token rotate 019a0c3e-5d6f-7a10-8b9c-0d1e2f3a4b5c --grace 3600")]
    Rotate {
        /// The token's id
        id: Uuid,
        /// How many seconds the old one holds on; 604800 at most, which is 7 days
        #[arg(long, default_value_t = 0, value_name = "SECONDS")]
        grace: u32,
        #[command(flatten)]
        operator: Operator,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Makes a token worthless
    #[command(after_help = "Example:\n  guildhall token revoke 019a0c3e-5d6f-7a10-8b9c-0d1e2f3a4b5c")]
    Revoke {
        /// The token's id
        id: Uuid,
        #[command(flatten)]
        operator: Operator,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::named(text).ok_or_else(|| format!("there are {}", Scope::ALL.map(Scope::name).join(", ")))
}

fn reach(text: &str) -> Result<Reach, String> {
    Reach::parse(text).ok_or_else(|| "there are all, own, team and territory:NAME".to_owned())
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    match command {
        Command::Create { actor, roles, scopes, reach, expires, operator, json } => {
            let by = operator.actor(&house);
            let scopes = if scopes.is_empty() { Scope::ALL.to_vec() } else { scopes };
            let (name, narrowed) = (actor.clone(), format!("{}, {}", roles.join(", "), reach.text()));
            let token = NewToken { actor, roles, scopes, reach, expires_at: expires };
            let created = create_token(&house, by.permit()?, Origin::Console, token, Utc::now()).await?;
            shown(&created, &format!("for `{name}` ({narrowed})"), json);
        }
        Command::Rotate { id, grace, operator, json } => {
            let by = operator.actor(&house);
            let created = rotate_token(&house, by.permit()?, Origin::Console, id, grace, Utc::now()).await?;
            shown(&created, &format!("takes the place of {id}"), json);
        }
        Command::List { json } => {
            let tokens = token::list(&house.database).await?;
            let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
            if json {
                let rows = tokens.iter().map(|token| {
                    json!({ "id": token.id, "actor": token.actor, "roles": token.roles, "scopes": scopes(&token.scopes),
                        "reach": token.reach.text(), "createdAt": time(token.created_at),
                        "expiresAt": token.expires_at.map(time), "revokedAt": token.revoked_at.map(time) })
                });
                println!("{}", rows.collect::<serde_json::Value>());
            } else {
                for token in tokens {
                    let state = if token.is_valid(Utc::now()) { "holds" } else { "void" };
                    println!(
                        "{}  {:<10}  {}  {state:<5}  {:<5}  {}  {}",
                        token.id,
                        token.roles.join(","),
                        scopes(&token.scopes).join(","),
                        token.reach.text(),
                        time(token.created_at),
                        token.actor
                    );
                }
            }
        }
        Command::Revoke { id, operator } => {
            revoke_token(&house, operator.actor(&house).permit()?, id, Utc::now()).await?;
            println!("token {id} no longer holds");
        }
    }
    Ok(house.database.close().await?)
}

fn shown(created: &Created, what: &str, json: bool) {
    if json {
        println!("{}", json!({ "id": created.id, "token": created.secret }));
    } else {
        println!("{}", created.secret);
        eprintln!("token {} {what}; it is not shown again", created.id);
    }
}

fn scopes(scopes: &[Scope]) -> Vec<&'static str> {
    scopes.iter().map(|scope| scope.name()).collect()
}
