//! `guildhall token`.

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Subcommand;
use guildhall_model::{Reach, Role};
use guildhall_store::token;
use guildhall_workflow::create_token::{NewToken, Origin, create_token};
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
    #[command(
        after_help = "Example:\n  guildhall token create ada --role admin\n  guildhall token create rita --role reader --reach own"
    )]
    Create {
        /// Who will use it
        actor: String,
        /// What they may do: reader, department or admin
        #[arg(long, value_parser = role)]
        role: Role,
        /// Whose records they see: all, own (of customers they look after), team (of customers of
        /// their teams) or territory:NAME
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

fn reach(text: &str) -> Result<Reach, String> {
    Reach::parse(text).ok_or_else(|| "there are all, own, team and territory:NAME".to_owned())
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    match command {
        Command::Create { actor, role, reach, expires, operator, json } => {
            let by = operator.actor();
            let (name, narrowed) = (actor.clone(), format!("{}, {}", role.name(), reach.text()));
            let token = NewToken { actor, role, reach, expires_at: expires };
            let created = create_token(&house, &by, Origin::Console, token, Utc::now()).await?;
            if json {
                println!("{}", json!({ "id": created.id, "token": created.secret }));
            } else {
                println!("{}", created.secret);
                eprintln!("token {} for `{name}` ({narrowed}); it is not shown again", created.id);
            }
        }
        Command::List { json } => {
            let tokens = token::list(&house.database).await?;
            let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
            if json {
                let rows = tokens.iter().map(|token| {
                    json!({ "id": token.id, "actor": token.actor, "role": token.role.name(), "reach": token.reach.text(), "createdAt": time(token.created_at),
                        "expiresAt": token.expires_at.map(time), "revokedAt": token.revoked_at.map(time) })
                });
                println!("{}", rows.collect::<serde_json::Value>());
            } else {
                for token in tokens {
                    let state = if token.is_valid(Utc::now()) { "holds" } else { "void" };
                    println!(
                        "{}  {:<10}  {state:<5}  {:<5}  {}  {}",
                        token.id,
                        token.role.name(),
                        token.reach.text(),
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
