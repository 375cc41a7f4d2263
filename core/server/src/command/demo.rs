//! `guildhall demo`: a generated company, its strategy, its plugins, served.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::Utc;
use guildhall_graph::Api;
use guildhall_model::Role;
use guildhall_plugin_host::Package;
use guildhall_store::{plugin, strategy, token};
use guildhall_workflow::activate_strategy::activate_strategy;
use guildhall_workflow::create_token::{NewToken, Origin, create_token};
use guildhall_workflow::install_plugin::{Approval, Order, install_plugin};
use guildhall_workflow::load_demo_company::{DemoSize, load_demo_company};
use guildhall_workflow::revoke_token::revoke_token;
use guildhall_workflow::uninstall_plugin::uninstall_plugin;
use guildhall_workflow::{Actor, House};

use super::read_bytes;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{http, opening};

pub(crate) const DATABASE: &str = "demo/guildhall.db";
pub(super) const CACHE: &str = "demo/cache";
pub(super) const UPLOADS: &str = "demo/uploads";
const STRATEGY: &str = include_str!("demo/strategy.toml");
/// The strategy's approver.
const ADA: &str = "ada";
/// Who has a token of the demo, and for which role.
const BEARERS: [(&str, Role); 3] = [(ADA, Role::Admin), ("dora", Role::Department), ("rita", Role::Reader)];

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:4000]
    #[arg(long, env = "GUILDHALL_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Package to install; may be given several times
    #[arg(long, value_name = "FILE")]
    plugin: Vec<PathBuf>,
    /// Prepare everything and end without serving
    #[arg(long)]
    prepare_only: bool,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    if let Some(folder) = Path::new(&settings.database).parent().filter(|_| settings.database == DATABASE) {
        std::fs::create_dir_all(folder)
            .map_err(|error| Failure::BadInput(format!("`{}`: {error}", folder.display())))?;
    }
    let house = opening::open(settings).await?;
    let ada = Actor::new(ADA, &house.model, Role::Admin);
    prepare(&house, &ada, options).await?;
    let secrets = renew_tokens(&house, &ada).await?;
    if options.prepare_only {
        return Ok(house.database.close().await?);
    }
    let api = Arc::new(Api::new(house).await?.at_rate(settings.rate));
    let bound = http::Bound::at(settings.listen).await?;
    println!("{}", welcome(bound.address().map_err(Failure::failed)?, &settings.database, &secrets));
    http::serve(bound, api, settings).await
}

/// Brings the database to the demo's state; what is there already is left as it is.
async fn prepare(house: &Arc<House>, ada: &Actor, options: &Options) -> Result<(), Failure> {
    let now = Utc::now();
    if strategy::active(&house.database).await?.is_none() {
        let loaded = load_demo_company(&house.database, &house.model, DemoSize::default(), now.date_naive(), now)
            .await
            .map_err(Failure::failed)?;
        let records: Vec<_> = loaded.records.iter().map(|(object, count)| format!("{count} {object}")).collect();
        println!("loaded Harbour Beverages: {}", records.join(", "));
        let activated = activate_strategy(house, ada.permit()?, STRATEGY, None, now).await?;
        println!("strategy {} is active; {} customers belong to a segment", activated.number, activated.assigned);
    }
    let installed = plugin::present(&house.database).await?;
    for path in &options.plugin {
        let bytes = read_bytes(path)?;
        let package =
            Package::read(&bytes).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))?;
        let digest = package.digest();
        if installed.iter().any(|plugin| plugin.digest == digest) {
            continue;
        }
        // Whoever works on a plugin starts the demo with it again and again, and may do so under one version.
        if let Some(before) = installed.iter().find(|plugin| plugin.name == package.manifest().name) {
            uninstall_plugin(house, ada.permit()?, before.id, None, now).await?;
        }
        let order = Order { bytes: &bytes, approval: Approval::Whatever, settings: None };
        let done = install_plugin(house, ada.permit()?, &order, None, now).await?;
        println!("installed {} (sha256 {})", done.name, done.digest);
    }
    Ok(())
}

/// A new token of each role for this run. Those of earlier runs cease to hold: their secrets are gone.
async fn renew_tokens(house: &House, ada: &Actor) -> Result<Vec<(&'static str, Role, String)>, Failure> {
    let now = Utc::now();
    for old in token::list(&house.database).await? {
        if BEARERS.iter().any(|(name, _)| old.actor == *name) && old.is_valid(now) {
            revoke_token(house, ada.permit()?, old.id, now).await?;
        }
    }
    let mut secrets = Vec::with_capacity(BEARERS.len());
    for (name, role) in BEARERS {
        let made = create_token(house, ada.permit()?, Origin::Console, NewToken::new(name, role), now).await?;
        secrets.push((name, role, made.secret));
    }
    Ok(secrets)
}

/// The address, the database, the tokens and three queries to try.
fn welcome(address: SocketAddr, database: &str, secrets: &[(&str, Role, String)]) -> String {
    let admin = secrets.iter().find(|(_, role, _)| *role == Role::Admin);
    let secret = admin.map(|(.., secret)| secret.as_str()).unwrap_or_default();
    let database = named(database);
    let tokens: String =
        secrets.iter().map(|(name, role, secret)| format!("{:<12}{name:<6}{secret}\n", role.name())).collect();
    let curl = |query: &str| {
        let body = serde_json::json!({ "query": query });
        format!(
            "curl -s http://{address}/graphql -H 'Authorization: Bearer {secret}' -H 'Content-Type: application/json' -d '{body}'"
        )
    };
    let decided = "{ customers(first: 3, orderBy: {field: REVENUE12M, direction: DESC}) { nodes { name segment { name need } creditTerms { netDays discount explanation } } } }";
    let nested = "{ customers(first: 2, filter: {segment: {key: {eq: \"key\"}}}) { totalCount nodes { name contacts(first: 1) { nodes { name title } } orders(first: 2, orderBy: {field: ORDERED_ON, direction: DESC}) { nodes { number orderedOn netTotal { amount currency } } } } } }";
    let checked = "{ customers(first: 2, filter: {creditAccount: {onHold: {eq: true}}}) { nodes { name creditAccount { limit { amount } exposure { amount } } creditCheck(request: {amount: \"500.00\"}) { outcome explanation } } } }";
    format!(
        "\nGuildhall serves http://{address}/graphql\ndatabase: {database}\n\n# a token for each role, for as long as this runs\n{tokens}\n# one more\nguildhall token create NAME --role reader --database '{database}'\n\n# customers with their segment and their credit terms, decided in the sandbox\n{}\n\n# a nested list\n{}\n\n# whose next order would be held, and why\n{}\n",
        curl(decided),
        curl(nested),
        curl(checked)
    )
}

/// A database by a name that means the same from any folder. Its password is not shown.
fn named(database: &str) -> String {
    if database.contains("://") {
        return without_password(database);
    }
    let (scheme, path) = database.strip_prefix("sqlite:").map_or(("", database), |path| ("sqlite:", path));
    let path = std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string());
    format!("{scheme}{path}")
}

fn without_password(database: &str) -> String {
    let shown = || {
        let (scheme, rest) = database.split_once("://")?;
        let (user, address) = rest.rsplit_once('@')?;
        let (name, _) = user.split_once(':')?;
        Some(format!("{scheme}://{name}:PASSWORD@{address}"))
    };
    shown().unwrap_or_else(|| database.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root() {
        for database in ["demo/guildhall.db", "sqlite:demo/guildhall.db"] {
            let named = named(database);
            assert!(named.trim_start_matches("sqlite:").starts_with(std::path::MAIN_SEPARATOR), "{named}");
            assert!(named.ends_with("demo/guildhall.db"), "{named}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        assert_eq!(without_password("postgres://ada:s3:c@et@db:5/x?a=b"), "postgres://ada:PASSWORD@db:5/x?a=b");
        for plain in ["demo/guildhall.db", "postgres://ada@db/x"] {
            assert_eq!(without_password(plain), plain);
        }
    }
}
