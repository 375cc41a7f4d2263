//! Settings: what an administrator sets for a plugin, described by a JSON Schema in the package.
//!
//! The schema may use a part of JSON Schema (draft 2020-12) that can be read in one pass, has no references and no patterns,
//! and gives every value one type: `docs/plugins.md` lists it. Whatever else stands in it is refused.

mod check;
mod read;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// How long all settings of a plugin may be as JSON text.
pub const SETTINGS_LIMIT: usize = 16 << 10;

/// The settings that a plugin takes. Reads itself from the JSON Schema in the package.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsSchema {
    document: Value,
    object: Object,
}

/// Why a JSON Schema describes no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings schema{}: {problem}", if place.is_empty() { String::new() } else { format!(" at `{place}`") })]
pub struct SettingsError {
    /// Path in the document, `properties.netDays.minimum`; empty for the whole.
    pub place: String,
    pub problem: String,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{setting}` {problem}")]
pub struct SettingsProblem {
    /// Path of the setting, `discount.early`.
    pub setting: String,
    pub problem: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Object {
    settings: BTreeMap<String, Setting>,
}

#[derive(Clone, Debug, PartialEq)]
struct Setting {
    kind: Kind,
    required: bool,
    default: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Bool,
    Integer { minimum: i64, maximum: i64 },
    Text { form: Form, least: u64, most: u64, choices: Vec<String> },
    List { items: Box<Kind>, least: u64, most: u64 },
    Object(Object),
}

/// What a text has to look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Any,
    /// An exact decimal number, `0.02`.
    Decimal,
    /// A day, `2026-01-31`.
    Date,
}

/// Settings that were made for a plugin with such a schema, with the defaults of the others. Without a schema there are none.
pub(crate) fn complete(
    schema: Option<&SettingsSchema>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<SettingsProblem>> {
    match (schema, given.keys().next()) {
        (Some(schema), _) => schema.complete(given),
        (None, None) => Ok(Map::new()),
        (None, Some(setting)) => {
            let setting = crate::failure::shown(setting, 100);
            Err(vec![SettingsProblem { setting, problem: "is not known; the plugin has no settings".to_owned() }])
        }
    }
}

impl SettingsSchema {
    /// Reads the text of a JSON Schema.
    ///
    /// # Errors
    ///
    /// Says what is wrong with it, and where.
    pub fn read(text: &str) -> Result<Self, SettingsError> {
        read::schema(text)
    }

    /// The JSON Schema as it was written.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Whether there is a setting of that name.
    pub fn has(&self, setting: &str) -> bool {
        self.object.settings.contains_key(setting)
    }

    /// What a plugin is given: the settings that were made, with the defaults of those that were not.
    ///
    /// # Errors
    ///
    /// Says of every setting that cannot be taken what it should be.
    pub fn complete(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<SettingsProblem>> {
        let mut problems = Vec::new();
        let settings = check::complete(&self.object, given, "", &mut problems);
        let size = Value::Object(settings.clone()).to_string().len();
        if problems.is_empty() && size > SETTINGS_LIMIT {
            let problem = format!("and all others have {size} bytes together; at most {SETTINGS_LIMIT} are kept");
            let setting = settings.keys().next().cloned().unwrap_or_default();
            problems.push(SettingsProblem { setting, problem });
        }
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests;
