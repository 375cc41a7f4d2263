//! Manifest: what a plugin says about itself, from its `plugin.toml`.

mod form;

use std::collections::{BTreeMap, HashSet};

use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::failure::shown;
pub(crate) use form::is_kebab;
use form::{is_contract, is_event, is_field, is_file, is_point, is_setting, is_text, require};

/// The one decision point that is asked because something happened.
const FOLLOW_UP: &str = "followup.propose";

const SERVES: usize = 16;
const REQUIRES: usize = 16;
const EVENTS: usize = 32;
const READS: usize = 500;
const RENAMED: usize = 100;
const ERROR_LINES: usize = 10;
const ERROR_LINE: usize = 300;

/// What a plugin says about itself. `schema/plugin-manifest.schema.json` describes the same for editors.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Kebab-case; one plugin of a name is installed at a time.
    pub name: String,
    pub version: Version,
    /// Who owns the plugin.
    pub department: String,
    pub description: String,
    /// Version of the plugin contract (`schema/plugin.wit`) it was built for, `0.1`.
    pub contract: String,
    /// Which versions of the customer model it reads, `>=0.1, <0.2`.
    pub model: VersionReq,
    /// The decision points it serves.
    #[serde(default)]
    pub serves: Vec<Serves>,
    /// Why it reads what it reads, by `Type.field`: shown to whoever approves the plugin.
    #[serde(default)]
    pub reads: BTreeMap<String, String>,
    /// File with the decision points it adds, beside `plugin.toml`.
    pub schema: Option<String>,
    /// Version of what it adds; there is one if there is a `schema`.
    pub provides: Option<Version>,
    /// Plugins whose additions it needs.
    #[serde(default)]
    pub requires: Vec<Requires>,
    /// File with the JSON Schema of its settings, beside `plugin.toml`.
    pub settings: Option<String>,
    /// Settings that had another name in an earlier version: the old name and the new one.
    #[serde(default)]
    pub renamed: BTreeMap<String, String>,
}

/// A decision point that a plugin serves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serves {
    /// Name of the decision point, `credit.terms`.
    pub point: String,
    /// File with the input query, beside `plugin.toml`.
    pub query: String,
    /// At `followup.propose`, the events after which it is asked: `Order.created`, `Invoice.*`.
    #[serde(default)]
    pub on: Vec<String>,
}

/// Another plugin whose decision points a plugin needs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requires {
    /// Name of the other plugin.
    pub plugin: String,
    /// Range on what the other one `provides`.
    pub version: VersionReq,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("{0}")]
    Toml(String),
    #[error("`{key}` is `{value}`; {expected}")]
    Value { key: String, value: String, expected: &'static str },
    #[error("the plugin serves no decision point; add `[[serves]]` with `point` and `query`")]
    ServesNothing,
    #[error("`{0}` is served twice; a plugin answers once at a decision point")]
    ServedTwice(String),
    #[error("`{0}` is required twice; write both ranges into one, such as `>=1.2, <2`")]
    RequiredTwice(String),
    #[error("the plugin requires itself; its own decision points are there without that")]
    RequiresItself,
    #[error("`{present}` is set and `{missing}` is not; {what}")]
    Alone { present: &'static str, missing: &'static str, what: &'static str },
    #[error(
        "`on` is set for `{0}`, which is asked when somebody asks; events belong to `{FOLLOW_UP}`, so remove it here"
    )]
    Events(String),
}

impl Manifest {
    /// Reads and checks the text of a `plugin.toml`.
    ///
    /// # Errors
    ///
    /// Says line and column, or which value is wrong and what it should be.
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        let manifest: Manifest = toml::from_str(text).map_err(|error| ManifestError::Toml(lines(&error)))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let kebab = "it must be kebab-case, such as `credit-rules`, of at most 64 characters";
        let text = "it must be one line of 1 to 500 characters, with none that hide or turn a text";
        require(is_kebab(&self.name), "name", &self.name, kebab)?;
        require(is_kebab(&self.department), "department", &self.department, kebab)?;
        require(is_text(&self.description), "description", &self.description, text)?;
        require(is_contract(&self.contract), "contract", &self.contract, "it must be major.minor, such as `0.1`")?;
        if self.serves.is_empty() {
            return Err(ManifestError::ServesNothing);
        }
        require(self.serves.len() <= SERVES, "serves", "more than 16 decision points", "split the plugin")?;
        let mut points = HashSet::new();
        for serves in &self.serves {
            serves.check()?;
            if !points.insert(&serves.point) {
                return Err(ManifestError::ServedTwice(serves.point.clone()));
            }
        }
        require(self.reads.len() <= READS, "reads", "more than 500 fields", "give fewer reasons")?;
        for (field, reason) in &self.reads {
            require(is_field(field), "reads", field, "it must be `Type.field`, such as `CreditAccount.limit`")?;
            require(is_text(reason), &format!("reads.\"{field}\""), reason, text)?;
        }
        self.check_schema()?;
        self.check_settings()
    }

    /// What it adds to the schema, and whose additions it needs.
    fn check_schema(&self) -> Result<(), ManifestError> {
        let file = "it must be the name of a `.graphql` file beside `plugin.toml`";
        if let Some(schema) = &self.schema {
            require(is_file(schema, ".graphql"), "schema", schema, file)?;
        }
        match (&self.schema, &self.provides) {
            (Some(_), None) => {
                let what = "say which version of your schema this is, such as `provides = \"1.0.0\"`";
                return Err(ManifestError::Alone { present: "schema", missing: "provides", what });
            }
            (None, Some(_)) => {
                let what = "name the file with the decision points you add, such as `schema = \"schema.graphql\"`";
                return Err(ManifestError::Alone { present: "provides", missing: "schema", what });
            }
            _ => {}
        }
        require(self.requires.len() <= REQUIRES, "requires", "more than 16 plugins", "depend on fewer")?;
        let mut required = HashSet::new();
        for Requires { plugin, .. } in &self.requires {
            let name = "it must be the name of a plugin, such as `acme-scores`";
            require(is_kebab(plugin), "requires.plugin", plugin, name)?;
            if *plugin == self.name {
                return Err(ManifestError::RequiresItself);
            }
            if !required.insert(plugin) {
                return Err(ManifestError::RequiredTwice(plugin.clone()));
            }
        }
        Ok(())
    }

    fn check_settings(&self) -> Result<(), ManifestError> {
        match &self.settings {
            Some(settings) => {
                let file = "it must be the name of a `.json` file beside `plugin.toml`";
                require(is_file(settings, ".json"), "settings", settings, file)?;
            }
            None if !self.renamed.is_empty() => {
                let what = "name the file with the settings, or remove `[renamed]`";
                return Err(ManifestError::Alone { present: "renamed", missing: "settings", what });
            }
            None => {}
        }
        require(self.renamed.len() <= RENAMED, "renamed", "more than 100 settings", "forget the oldest")?;
        for (old, new) in &self.renamed {
            let name = "it must be the name of a setting, such as `earlyDiscount`";
            require(is_setting(old), "renamed", old, name)?;
            require(is_setting(new), &format!("renamed.{old}"), new, name)?;
            let other = "a setting that kept its name is not renamed";
            require(old != new, &format!("renamed.{old}"), new, other)?;
        }
        Ok(())
    }
}

impl Serves {
    fn check(&self) -> Result<(), ManifestError> {
        let point = "it must be named `department.question`, such as `credit.terms`";
        require(is_point(&self.point), "serves.point", &self.point, point)?;
        let file = "it must be the name of a `.graphql` file beside `plugin.toml`";
        require(is_file(&self.query, ".graphql"), "serves.query", &self.query, file)?;
        if self.on.is_empty() {
            return Ok(());
        }
        if self.point != FOLLOW_UP {
            return Err(ManifestError::Events(self.point.clone()));
        }
        require(
            self.on.len() <= EVENTS,
            "serves.on",
            "more than 32 events",
            "name fewer, or all of a type: `Order.*`",
        )?;
        let mut events = HashSet::new();
        for event in &self.on {
            require(
                is_event(event),
                "serves.on",
                event,
                "it must be an event, such as `Order.created` or `Invoice.*`",
            )?;
            require(events.insert(event), "serves.on", event, "it is named twice; once is enough")?;
        }
        Ok(())
    }
}

/// Where the text is wrong, with the line: a few lines of a bounded length, whatever the author wrote into them.
fn lines(error: &toml::de::Error) -> String {
    let text = error.to_string();
    text.trim_end().lines().take(ERROR_LINES).map(|line| shown(line, ERROR_LINE)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
