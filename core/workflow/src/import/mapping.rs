//! Mapping: how the files of one source become records of the model.
//!
//! The text is read in two steps: its shape ([`document`]), then its meaning, checked against the model ([`check`]). What
//! comes out refers only to types, fields and relations that exist.

mod check;
mod document;
mod origin;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_model::{Field, Model, ObjectType, Value};

use super::expression::{Expression, Sum};
use super::refusal::{Fault, Refusal};
use super::template::Template;

/// A mapping file is written by hand; one beyond this is something else.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    /// The mapping file's own name, for messages.
    pub name: String,
    pub source: String,
    pub as_of: Option<NaiveDate>,
    pub notation: Notation,
    pub files: Vec<FileMapping>,
}

/// How the files write values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notation {
    pub separator: char,
    pub date: String,
    pub decimal: char,
}

/// Records of one type out of one file.
#[derive(Clone, Debug)]
pub(crate) struct FileMapping {
    /// The line of the mapping it begins on.
    pub line: u64,
    pub file: String,
    pub object: Arc<ObjectType>,
    pub id: Template,
    pub skip_when_empty: Vec<String>,
    pub fields: Vec<FieldMapping>,
    pub references: Vec<ReferenceMapping>,
    pub sums: Vec<Sum>,
    pub lookups: Vec<Lookup>,
}

/// Where a field's value comes from.
#[derive(Clone, Debug)]
pub(crate) struct FieldMapping {
    pub line: u64,
    pub field: Arc<Field>,
    pub origin: Origin,
    /// What the file's values mean; a value that is not in it is refused.
    pub map: Option<BTreeMap<String, Value>>,
    /// Stands in for an empty text.
    pub default: Option<Value>,
    pub date: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Column(String),
    Template(Template),
    Constant(Value),
    Expression(Expression),
    /// Text from a row of another file; the number is its place among the lookups.
    Lookup {
        lookup: usize,
    },
    /// One value if the column has a text, another if it has none.
    Presence {
        column: String,
        then: Value,
        otherwise: Value,
    },
    /// Counts from 1 the rows that have the same text in the column.
    Position {
        within: String,
    },
}

/// `text` of the row of `file` whose column `key` has what this row has in its column `own`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub file: String,
    pub text: Template,
    pub key: String,
    pub own: String,
}

/// Which record of the same source a relation leads to.
#[derive(Clone, Debug)]
pub(crate) struct ReferenceMapping {
    pub line: u64,
    /// The reference column, `customer_id`.
    pub column: String,
    pub target: Arc<ObjectType>,
    pub nullable: bool,
    pub id: Template,
}

impl Mapping {
    /// Reads and checks a mapping file.
    pub(crate) fn open(path: &Path, model: &Model) -> Result<Self, Refusal> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let unreadable =
            |reason: String| Fault::new(format!("the mapping cannot be read: {reason}"), "check the path").about(&name);
        let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
        if size > MAX_BYTES {
            return Err(unreadable(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        Mapping::parse(&name, &text, model)
    }

    pub(crate) fn parse(name: &str, text: &str, model: &Model) -> Result<Self, Refusal> {
        check::check(name, document::Document::parse(name, text)?, model)
    }
}

impl FileMapping {
    /// The columns of the file itself that are read, each with the line of the mapping that names it.
    pub(crate) fn columns(&self) -> Vec<(&str, u64)> {
        let mut columns: Vec<(&str, u64)> = self.id.columns().map(|name| (name, self.line)).collect();
        columns.extend(self.skip_when_empty.iter().map(|name| (name.as_str(), self.line)));
        for field in &self.fields {
            let names: Vec<&str> = match &field.origin {
                Origin::Column(column) | Origin::Presence { column, .. } | Origin::Position { within: column } => {
                    vec![column]
                }
                Origin::Template(template) => template.columns().collect(),
                Origin::Constant(_) => Vec::new(),
                Origin::Expression(expression) => expression.columns(&self.sums),
                Origin::Lookup { lookup } => {
                    self.lookups.get(*lookup).map(|lookup| lookup.own.as_str()).into_iter().collect()
                }
            };
            columns.extend(names.into_iter().map(|name| (name, field.line)));
        }
        for reference in &self.references {
            columns.extend(reference.id.columns().map(|name| (name, reference.line)));
        }
        columns
    }
}
