//! Document: the shape of a mapping file. Unknown keys are refused here, so that a typing error never means "left out".

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use toml::value::Datetime;

use crate::import::refusal::{Fault, Refusal};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    pub source: Spanned<String>,
    pub as_of: Option<Spanned<Datetime>>,
    #[serde(default)]
    pub csv: FormatTable,
    #[serde(default)]
    pub formats: BTreeMap<String, Spanned<FormatTable>>,
    pub files: Vec<Spanned<Entry>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FormatTable {
    pub format: Option<Spanned<String>>,
    pub separator: Option<Spanned<String>>,
    pub terminator: Option<Spanned<String>>,
    pub quote: Option<Spanned<String>>,
    pub encoding: Option<Spanned<String>>,
    pub trim: Option<bool>,
    pub unescape: Option<bool>,
    pub empty: Option<Vec<String>>,
    pub date: Option<Spanned<String>>,
    pub time: Option<Spanned<String>>,
    pub zone: Option<Spanned<String>>,
    pub decimal: Option<Spanned<String>>,
    pub grouping: Option<Spanned<String>>,
    /// Of one file only.
    pub columns: Option<Spanned<Vec<String>>>,
    /// Of one file only.
    #[serde(default)]
    pub derived: BTreeMap<String, Spanned<String>>,
}

/// One `[[files]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub file: Spanned<String>,
    #[serde(rename = "type")]
    pub object: Spanned<String>,
    pub id: Spanned<String>,
    pub source: Option<Spanned<String>>,
    #[serde(rename = "where")]
    pub condition: Option<Spanned<String>>,
    #[serde(default)]
    pub once: bool,
    #[serde(default)]
    pub updates: bool,
    #[serde(default)]
    pub fields: BTreeMap<String, Spanned<FieldEntry>>,
    #[serde(default)]
    pub references: BTreeMap<String, Spanned<ReferenceEntry>>,
}

/// The right side of a field. A plain text is the name of a column.
#[derive(Debug, Default)]
pub(super) struct FieldEntry(pub FieldTable);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldTable {
    pub column: Option<String>,
    pub template: Option<String>,
    pub constant: Option<Plain>,
    pub expression: Option<String>,
    pub map: Option<BTreeMap<String, Plain>>,
    pub default: Option<Plain>,
    pub date: Option<String>,
    pub time: Option<String>,
    pub zone: Option<String>,
    pub invalid: Option<Invalid>,
}

/// What becomes of a text that cannot be read.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Invalid {
    #[default]
    Error,
    Empty,
}

/// What becomes of a row whose reference leads nowhere.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Missing {
    #[default]
    Error,
    Empty,
    Skip,
}

/// The right side of a reference. A plain text is the name of a column.
#[derive(Debug, Default)]
pub(super) struct ReferenceEntry(pub ReferenceTable);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReferenceTable {
    pub column: Option<String>,
    pub template: Option<String>,
    pub source: Option<String>,
    #[serde(default)]
    pub missing: Missing,
}

/// A value written in the mapping, as the text that the model reads. Floats are not taken: they are not exact.
#[derive(Clone, Debug)]
pub(super) struct Plain(pub String);

/// A mapping file and the means to tell its lines.
pub(super) struct Document<'t> {
    text: &'t str,
    pub content: Content,
}

impl<'t> Document<'t> {
    pub(super) fn parse(name: &str, text: &'t str) -> Result<Self, Refusal> {
        match toml::from_str(text) {
            Ok(content) => Ok(Document { text, content }),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                let reason = error.message().trim().replace('\n', ", ");
                Err(Fault::new(reason, "docs/import.md shows what a mapping may say").at(name, line))
            }
        }
    }

    /// The line something stands on.
    pub(super) fn line<T>(&self, spanned: &Spanned<T>) -> u64 {
        line_of(self.text, spanned.span().start)
    }
}

fn line_of(text: &str, offset: usize) -> u64 {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count() as u64
}

impl<'de> Deserialize<'de> for FieldEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let column = |name| FieldTable { column: Some(name), ..FieldTable::default() };
        deserializer.deserialize_any(ColumnOrTable { column }).map(FieldEntry)
    }
}

impl<'de> Deserialize<'de> for ReferenceEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let column = |name| ReferenceTable { column: Some(name), ..ReferenceTable::default() };
        deserializer.deserialize_any(ColumnOrTable { column }).map(ReferenceEntry)
    }
}

/// Reads a table, or a plain text that `column` makes one of.
struct ColumnOrTable<F> {
    column: F,
}

impl<'de, T: Deserialize<'de>, F: FnOnce(String) -> T> Visitor<'de> for ColumnOrTable<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column name in quotes or a table in braces")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<T, E> {
        Ok((self.column)(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Plain;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes, a whole number, `true` or `false` (decimals stand in quotes)")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Plain, E> {
                Ok(Plain(number.to_string()))
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<Plain, E> {
                Ok(Plain(truth.to_string()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
