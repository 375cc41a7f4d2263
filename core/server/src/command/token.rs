//! `guildhall token`.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_model::Role;
use guildhall_store::token;
use guildhall_workflow::create_token::{Origin, create_token};
use guildhall_workflow::revoke_token::revoke_token;
use serde_json::json;
use uuid::Uuid;

use super::Operator;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Makes a token; it is shown this once
    #[command(after_help = "Example:\n  guildhall token create ada --role admin")]
    Create {
        /// Who will use it
        actor: String,
        /// What they may do: reader, department or admin
        #[arg(long, value_parser = role)]
        role: Role,
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
    /// Makes a token worthless
    #[command(after_help = "Example:\n  guildhall token revoke 019a0c3e-5d6f-7a10-8b9c-0d1e2f3a4b5c")]
    Revoke {
        /// The token's id
        id: Uuid,
        #[command(flatten)]
        operator: Operator,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::named(text).ok_or_else(|| format!("there are {}", Role::ALL.map(Role::name).join(", ")))
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    match command {
        Command::Create { actor, role, expires, operator, json } => {
            let by = operator.actor();
            let created = create_token(&house, &by, Origin::Console, &actor, role, expires, Utc::now()).await?;
            if json {
                println!("{}", json!({ "id": created.id, "token": created.secret }));
            } else {
                println!("{}", created.secret);
                eprintln!("token {} for `{actor}` ({}); it is not shown again", created.id, role.name());
            }
        }
        Command::List { json } => {
            let tokens = token::list(&house.database).await?;
            let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
            if json {
                let rows = tokens.iter().map(|token| {
                    json!({ "id": token.id, "actor": token.actor, "role": token.role.name(), "createdAt": time(token.created_at),
                        "expiresAt": token.expires_at.map(time), "revokedAt": token.revoked_at.map(time) })
                });
                println!("{}", rows.collect::<serde_json::Value>());
            } else {
                for token in tokens {
                    let state = if token.is_valid(Utc::now()) { "holds" } else { "void" };
                    println!(
                        "{}  {:<10}  {state:<5}  {}  {}",
                        token.id,
                        token.role.name(),
                        time(token.created_at),
                        token.actor
                    );
                }
            }
        }
        Command::Revoke { id, operator } => {
            revoke_token(&house, &operator.actor(), id, Utc::now()).await?;
            println!("token {id} no longer holds");
        }
    }
    Ok(house.database.close().await?)
}
