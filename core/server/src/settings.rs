//! Configuration: flags, then environment, then the file, then defaults. Unknown keys are refused everywhere.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::http::{HeaderValue, Uri};
use clap::{Args, ValueEnum};
use guildhall_workflow::Unsigned;
use serde::Deserialize;

use crate::failure::Failure;

/// The configuration file read if no other is named. It need not exist.
const FILE: &str = "guildhall.toml";
const DATABASE: &str = "guildhall.db";
const LISTEN: &str = "127.0.0.1:4000";
const CACHE: &str = ".guildhall/cache";
/// Largest file that is taken: 4 GiB.
const UPLOAD_LIMIT: u64 = 4 << 30;
/// Points that each actor may spend in a minute.
const RATE: u64 = 100_000;
/// Beyond this a point would be no time.
const RATE_LIMIT: u64 = 1_000_000_000;

/// Environment variables Guildhall reads; another one with its prefix is a typing mistake.
const ENVIRONMENT: [&str; 11] = [
    "GUILDHALL_CONFIG",
    "GUILDHALL_DATABASE",
    "GUILDHALL_LISTEN",
    "GUILDHALL_CACHE",
    "GUILDHALL_UPLOADS",
    "GUILDHALL_UPLOAD_LIMIT",
    "GUILDHALL_RATE",
    "GUILDHALL_ALLOW_ORIGIN",
    "GUILDHALL_PLUGINS_UNSIGNED",
    "GUILDHALL_LOG",
    "GUILDHALL_LOG_LEVEL",
];

/// What is said on the command line or in the environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Flags {
    /// Configuration file [default: guildhall.toml, if there is one]
    #[arg(long, global = true, env = "GUILDHALL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Database: `sqlite:path.db`, a plain path, or `postgres://user@host/name` [default: guildhall.db; of the demo
    /// demo/guildhall.db]
    #[arg(long, global = true, env = "GUILDHALL_DATABASE", value_name = "URL")]
    database: Option<String>,
    /// Folder for compiled plugin code [default: .guildhall/cache; of the demo demo/cache]
    #[arg(long, global = true, env = "GUILDHALL_CACHE", value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Folder for files that are sent to be imported; servers of one database share it [default: beside the SQLite file, or
    /// in the system's folder for temporary files]
    #[arg(long, global = true, env = "GUILDHALL_UPLOADS", value_name = "DIR")]
    uploads: Option<PathBuf>,
    /// Largest such file, in bytes [default: 4294967296]
    #[arg(long, global = true, env = "GUILDHALL_UPLOAD_LIMIT", value_name = "BYTES")]
    upload_limit: Option<u64>,
    /// Points that each actor may spend in a minute, 0 for any number [default: 100000]
    #[arg(long, global = true, env = "GUILDHALL_RATE", value_name = "POINTS")]
    rate: Option<u64>,
    /// Origin whose pages may call the API from a browser, like `https://app.example.com`; may be given several times
    /// [default: none]
    #[arg(long, global = true, env = "GUILDHALL_ALLOW_ORIGIN", value_name = "URL", value_delimiter = ',')]
    allow_origin: Vec<String>,
    /// What becomes of plugins that no trusted publisher signed [default: refuse; of the demo allow]
    #[arg(long, global = true, env = "GUILDHALL_PLUGINS_UNSIGNED", value_name = "POLICY")]
    plugins_unsigned: Option<Policy>,
    /// Form of the log [default: text]
    #[arg(long, global = true, env = "GUILDHALL_LOG", value_name = "FORM")]
    log: Option<LogForm>,
    /// How much is logged, such as `info` or `guildhall_graph=debug` [default: info]
    #[arg(long, global = true, env = "GUILDHALL_LOG_LEVEL", value_name = "FILTER")]
    log_level: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogForm {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    Allow,
    Refuse,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plugins {
    unsigned: Option<Policy>,
}

/// The configuration file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: Option<String>,
    listen: Option<SocketAddr>,
    cache: Option<PathBuf>,
    uploads: Option<PathBuf>,
    upload_limit: Option<u64>,
    rate: Option<u64>,
    #[serde(default)]
    allow_origin: Vec<String>,
    #[serde(default)]
    plugins: Plugins,
    log: Option<LogForm>,
    log_level: Option<String>,
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub database: String,
    pub listen: SocketAddr,
    pub cache: PathBuf,
    pub uploads: PathBuf,
    pub upload_limit: u64,
    /// Points that each actor may spend in a minute; 0 for any number.
    pub rate: u64,
    pub allow_origin: Vec<HeaderValue>,
    /// What becomes of plugins that no trusted publisher signed.
    pub plugins_unsigned: Unsigned,
    pub log: LogForm,
    pub log_level: String,
}

impl Flags {
    /// Whether a database was named on the command line or in the environment.
    pub(crate) fn names_database(&self) -> bool {
        self.database.is_some() || self.config.is_some()
    }
}

impl Settings {
    /// `demo`: whether the demo is served, on whatever database.
    pub(crate) fn read(flags: &Flags, listen: Option<SocketAddr>, demo: bool) -> Result<Self, Failure> {
        check_environment()?;
        let file = match &flags.config {
            Some(path) => read_file(path)?,
            None if Path::new(FILE).exists() => read_file(Path::new(FILE))?,
            None => File::default(),
        };
        let default_listen = LISTEN.parse().map_err(Failure::failed)?;
        let database = flags.database.clone().or(file.database).unwrap_or_else(|| DATABASE.to_owned());
        let uploads = flags.uploads.clone().or(file.uploads).unwrap_or_else(|| uploads_of(&database));
        let rate = flags.rate.or(file.rate).unwrap_or(RATE);
        if rate > RATE_LIMIT {
            return Err(Failure::BadInput(format!("`rate` is {rate}; it is {RATE_LIMIT} at most, or 0 for no limit")));
        }
        // The demo's own database is the demo's, whichever command works on it.
        let file_of = |text: &str| PathBuf::from(text.strip_prefix("sqlite:").unwrap_or(text));
        let demo = demo || file_of(&database).ends_with(crate::command::DEMO_DATABASE);
        let policy = flags.plugins_unsigned.or(file.plugins.unsigned);
        let plugins_unsigned = match policy.unwrap_or(if demo { Policy::Allow } else { Policy::Refuse }) {
            Policy::Allow => Unsigned::Allow,
            Policy::Refuse => Unsigned::Refuse,
        };
        let origins = if flags.allow_origin.is_empty() { &file.allow_origin } else { &flags.allow_origin };
        Ok(Settings {
            database,
            rate,
            plugins_unsigned,
            allow_origin: origins.iter().map(|origin| read_origin(origin)).collect::<Result<_, _>>()?,
            uploads,
            upload_limit: flags.upload_limit.or(file.upload_limit).unwrap_or(UPLOAD_LIMIT),
            listen: listen.or(file.listen).unwrap_or(default_listen),
            cache: flags.cache.clone().or(file.cache).unwrap_or_else(|| PathBuf::from(CACHE)),
            log: flags.log.or(file.log).unwrap_or(LogForm::Text),
            log_level: flags.log_level.clone().or(file.log_level).unwrap_or_else(|| "info".to_owned()),
        })
    }
}

/// An origin as browsers send it.
fn read_origin(text: &str) -> Result<HeaderValue, Failure> {
    let told = || {
        Failure::BadInput(format!(
            "`{text}` is no origin; one is a scheme and a host, and a port if it is not the scheme's, like `https://app.example.com`"
        ))
    };
    let uri: Uri = text.parse().map_err(|_| told())?;
    let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(told());
    };
    let origin = format!("{scheme}://{}", authority.as_str().to_ascii_lowercase());
    if origin != text || authority.as_str().contains('@') {
        return Err(told());
    }
    HeaderValue::from_str(text).map_err(|_| told())
}

/// Where files come in if nothing is said: each database has a folder of its own.
fn uploads_of(database: &str) -> PathBuf {
    if database.starts_with("postgres://") || database.starts_with("postgresql://") {
        let address = database.split('?').next().unwrap_or(database);
        let address = address.rsplit_once('@').map_or(address, |(_, address)| address);
        let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let name = address.trim_start_matches("postgresql://").trim_start_matches("postgres://").chars().map(letter);
        return std::env::temp_dir().join(format!("guildhall-uploads-{}", name.collect::<String>()));
    }
    let file = database.strip_prefix("sqlite:").map_or(database, |rest| rest.strip_prefix("//").unwrap_or(rest));
    PathBuf::from(format!("{file}-uploads"))
}

fn read_file(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::BadInput(format!("configuration file `{}`: {error}", path.display())))?;
    toml::from_str(&text)
        .map_err(|error| Failure::BadInput(format!("configuration file `{}`: {error}", path.display())))
}

fn check_environment() -> Result<(), Failure> {
    let ours = |name: &str| name.starts_with("GUILDHALL_") && !name.starts_with("GUILDHALL_TEST_");
    let unknown = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .find(|name| ours(name) && !ENVIRONMENT.contains(&name.as_str()));
    match unknown {
        Some(name) => Err(Failure::BadInput(format!(
            "environment variable `{name}` is not known; there are {}",
            ENVIRONMENT.join(", ")
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for origin in ["https://app.example.com", "http://localhost:5173", "http://[::1]:8080"] {
            assert_eq!(read_origin(origin).unwrap(), origin);
        }
        for none in
            ["*", "null", "app.example.com", "https://a.example/", "https://A.example", "ftp://a", "https://u@a", ""]
        {
            assert!(read_origin(none).is_err(), "{none}");
        }
    }

    #[test]
    fn each_database_has_uploads_of_its_own() {
        let temp = std::env::temp_dir();
        for (database, expected) in [
            ("guildhall.db", PathBuf::from("guildhall.db-uploads")),
            ("sqlite:data/a.db", PathBuf::from("data/a.db-uploads")),
            ("postgres://ada:s@cret@host:5432/crm?sslmode=require", temp.join("guildhall-uploads-host-5432-crm")),
        ] {
            assert_eq!(uploads_of(database), expected, "{database}");
        }
    }
}
