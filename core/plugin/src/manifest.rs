//! Manifest: what a plugin says about itself, from its `plugin.toml`.

use std::collections::{BTreeMap, HashSet};

use semver::{Version, VersionReq};
use serde::Deserialize;

use crate::failure::shown;

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
}

/// A decision point that a plugin serves.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serves {
    /// Name of the decision point, `credit.terms`.
    pub point: String,
    /// File with the input query, beside `plugin.toml`.
    pub query: String,
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
}

const NAME_LENGTH: usize = 64;
const TEXT_LENGTH: usize = 500;
const SERVES: usize = 16;
const ERROR_LINES: usize = 10;
const ERROR_LINE: usize = 300;

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
        let text = "it must be one line of 1 to 500 characters";
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
            let point = "it must be named `department.question`, such as `credit.terms`";
            require(is_point(&serves.point), "serves.point", &serves.point, point)?;
            let file = "it must be the name of a `.graphql` file beside `plugin.toml`";
            require(is_query_file(&serves.query), "serves.query", &serves.query, file)?;
            if !points.insert(&serves.point) {
                return Err(ManifestError::ServedTwice(serves.point.clone()));
            }
        }
        for (field, reason) in &self.reads {
            require(is_field(field), "reads", field, "it must be `Type.field`, such as `CreditAccount.limit`")?;
            require(is_text(reason), &format!("reads.\"{field}\""), reason, text)?;
        }
        Ok(())
    }
}

/// Where the text is wrong, with the line: a few lines of a bounded length, whatever the author wrote into them.
fn lines(error: &toml::de::Error) -> String {
    let text = error.to_string();
    text.trim_end().lines().take(ERROR_LINES).map(|line| shown(line, ERROR_LINE)).collect::<Vec<_>>().join("\n")
}

fn require(fulfilled: bool, key: &str, value: &str, expected: &'static str) -> Result<(), ManifestError> {
    if fulfilled {
        return Ok(());
    }
    Err(ManifestError::Value { key: shown(key, 160), value: shown(value, 80), expected })
}

fn is_kebab(text: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= NAME_LENGTH && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.split('-').all(word)
}

fn is_text(text: &str) -> bool {
    let length = text.chars().count();
    (1..=TEXT_LENGTH).contains(&length) && !text.chars().any(char::is_control)
}

fn is_contract(text: &str) -> bool {
    text.split_once('.').is_some_and(|(major, minor)| {
        let number = |part: &str| part.len() <= 4 && part.parse::<u16>().is_ok_and(|number| number.to_string() == part);
        number(major) && number(minor)
    })
}

fn is_point(text: &str) -> bool {
    text.len() <= NAME_LENGTH
        && text.split('.').count() == 2
        && text.split('.').all(|part| part.split('_').all(is_kebab) && !part.is_empty())
}

fn is_query_file(text: &str) -> bool {
    let stem = text.strip_suffix(".graphql").unwrap_or_default();
    !stem.is_empty()
        && text.len() <= NAME_LENGTH
        && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn is_field(text: &str) -> bool {
    let name = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    text.len() <= 2 * NAME_LENGTH
        && text.split_once('.').is_some_and(|(object, field)| {
            name(object) && name(field) && object.starts_with(|first: char| first.is_ascii_uppercase())
        })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const GOOD: &str = r#"
name = "credit-rules"
version = "1.2.3"
department = "finance"
description = "Payment terms."
contract = "0.1"
model = ">=0.1, <0.2"

[[serves]]
point = "credit.terms"
query = "credit_terms.graphql"

[reads]
"CreditAccount.limit" = "The check compares with it."
"#;

    #[track_caller]
    fn check(from: &str, to: &str, expected: Expect) {
        assert!(GOOD.contains(from), "`{from}` is not in the manifest");
        let result = match Manifest::read(&GOOD.replace(from, to)) {
            Ok(manifest) => format!("{} {}", manifest.name, manifest.version),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&result);
    }

    #[test]
    fn a_good_manifest_is_read() {
        check("1.2.3", "1.2.4", expect!["credit-rules 1.2.4"]);
    }

    #[test]
    fn mistakes_in_the_text_are_named_with_line_and_column() {
        check(
            "version = \"1.2.3\"",
            "version = 1",
            expect![[r#"
                TOML parse error at line 3, column 11
                  |
                3 | version = 1
                  |           ^
                invalid type: integer `1`, expected semver version"#]],
        );
        check(
            "department",
            "departement",
            expect![[r#"
                TOML parse error at line 4, column 1
                  |
                4 | departement = "finance"
                  | ^^^^^^^^^^^
                unknown field `departement`, expected one of `name`, `version`, `department`, `description`, `contract`, `model`, `serves`, `reads`"#]],
        );
        check(
            ">=0.1, <0.2",
            "latest",
            expect![[r#"
                TOML parse error at line 7, column 9
                  |
                7 | model = "latest"
                  |         ^^^^^^^^
                unexpected character 'l' while parsing major version number"#]],
        );
    }

    #[test]
    fn wrong_values_say_what_they_should_be() {
        check(
            "credit-rules",
            "Credit Rules",
            expect![
                "`name` is `Credit Rules`; it must be kebab-case, such as `credit-rules`, of at most 64 characters"
            ],
        );
        check("\"0.1\"", "\"0.1.0\"", expect!["`contract` is `0.1.0`; it must be major.minor, such as `0.1`"]);
        check(
            "credit_terms.graphql",
            "../../etc/passwd",
            expect![
                "`serves.query` is `../../etc/passwd`; it must be the name of a `.graphql` file beside `plugin.toml`"
            ],
        );
        check(
            "credit.terms",
            "terms",
            expect!["`serves.point` is `terms`; it must be named `department.question`, such as `credit.terms`"],
        );
        check(
            "CreditAccount.limit",
            "limit",
            expect!["`reads` is `limit`; it must be `Type.field`, such as `CreditAccount.limit`"],
        );
    }

    #[test]
    fn a_plugin_serves_each_point_once() {
        let again = "[[serves]]\npoint = \"credit.terms\"\nquery = \"other.graphql\"\n\n[reads]";
        check("[reads]", again, expect!["`credit.terms` is served twice; a plugin answers once at a decision point"]);
    }

    /// The JSON Schema is written for people; this holds it to what is read.
    #[test]
    fn the_json_schema_has_the_same_members() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../../schema/plugin-manifest.schema.json")).unwrap();
        let members = |value: &serde_json::Value| {
            let mut names: Vec<_> = value["properties"].as_object().unwrap().keys().cloned().collect();
            names.sort();
            names.join(" ")
        };
        assert_eq!(members(&schema), "contract department description model name reads serves version");
        assert_eq!(members(&schema["properties"]["serves"]["items"]), "point query");
        for required in schema["required"].as_array().unwrap() {
            let key = required.as_str().unwrap();
            let without: String = GOOD
                .lines()
                .filter(|line| !line.starts_with(&format!("{key} =")))
                .map(|line| format!("{line}\n"))
                .collect();
            let without = match key {
                "serves" => without.split("[[serves]]").next().unwrap().to_owned(),
                _ => without,
            };
            assert!(Manifest::read(&without).is_err(), "`{key}` is required by the schema only");
        }
    }
}
