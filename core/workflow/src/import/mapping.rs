//! Mapping: how the files of one source become records of the model.
//!
//! The text is read in two steps: its shape ([`document`]), then its meaning, checked against the model ([`check`]). What
//! comes out refers only to types, fields and relations that exist.

mod check;
mod document;
mod format;
mod origin;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use guildhall_model::{Field, Model, ObjectType, Value};
use sha2::{Digest, Sha256};

use super::expression::{Expression, Table};
use super::format::Format;
use super::refusal::{Fault, Refusal};
use super::template::Template;
pub(crate) use check::{check_file, check_source};
pub(crate) use document::{Invalid, Missing};

/// A mapping file is written by hand; one beyond this is something else.
const MAX_BYTES: u64 = 1024 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Mapping {
    /// The mapping file's own name, for messages.
    pub name: String,
    /// SHA-256 of its text, in hex.
    pub digest: String,
    pub source: String,
    pub as_of: Option<NaiveDate>,
    /// How files are written that have no format of their own.
    format: Arc<Format>,
    formats: BTreeMap<String, Arc<Format>>,
    pub files: Vec<FileMapping>,
    /// What is looked up in other files, each way once.
    pub tables: Vec<Table>,
}

/// A column made of others.
#[derive(Clone, Debug)]
pub(crate) struct Derived {
    pub name: String,
    pub expression: Expression,
    /// The line of the mapping it stands on.
    pub line: u64,
}

/// Records of one type out of one file.
#[derive(Clone, Debug)]
pub(crate) struct FileMapping {
    /// The line of the mapping it begins on.
    pub line: u64,
    pub file: String,
    pub object: Arc<ObjectType>,
    /// The system the records come from, where the rows say it.
    pub source: Option<Template>,
    pub id: Template,
    /// Which rows are taken.
    pub condition: Option<Expression>,
    /// Whether rows with one id are one record.
    pub once: bool,
    /// Whether it may change records that an earlier entry made.
    pub updates: bool,
    pub fields: Vec<FieldMapping>,
    pub references: Vec<ReferenceMapping>,
}

/// Where a field's value comes from.
#[derive(Clone, Debug)]
pub(crate) struct FieldMapping {
    pub line: u64,
    pub field: Arc<Field>,
    pub origin: Origin,
    pub reading: Reading,
}

#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Column(String),
    Template(Template),
    Constant(Value),
    Expression(Expression),
}

/// How a text becomes the value of a field.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// What the file's values mean; a value that is not in it is refused.
    pub map: Option<BTreeMap<String, Value>>,
    /// Stands in for an empty text.
    pub default: Option<Value>,
    pub date: String,
    pub time: String,
    pub zone: Tz,
    pub invalid: Invalid,
}

/// Which record a relation leads to.
#[derive(Clone, Debug)]
pub(crate) struct ReferenceMapping {
    pub line: u64,
    /// The reference column, `customer_id`.
    pub column: String,
    pub target: Arc<ObjectType>,
    pub nullable: bool,
    pub source: Option<Template>,
    pub id: Template,
    pub missing: Missing,
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

    /// How a file is written.
    pub(crate) fn format(&self, file: &str) -> &Arc<Format> {
        self.formats.get(file).unwrap_or(&self.format)
    }

    pub(crate) fn parse(name: &str, text: &str, model: &Model) -> Result<Self, Refusal> {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        check::check(name, document::Document::parse(name, text)?, digest, model)
    }
}

impl FileMapping {
    /// The references to records of the same type, which may come later in the file, by place.
    pub(crate) fn to_own_type(&self) -> Vec<usize> {
        let own = |(place, reference): (usize, &ReferenceMapping)| {
            (reference.target.name == self.object.name).then_some(place)
        };
        self.references.iter().enumerate().filter_map(own).collect()
    }

    /// The columns of the file itself that are read, each with the line of the mapping that names it.
    pub(crate) fn columns(&self) -> Vec<(&str, u64)> {
        let mut columns: Vec<(&str, u64)> = Vec::new();
        let here = self.source.iter().chain([&self.id]).flat_map(Template::columns);
        columns.extend(here.chain(self.condition.iter().flat_map(Expression::columns)).map(|name| (name, self.line)));
        for field in &self.fields {
            let names: Vec<&str> = match &field.origin {
                Origin::Column(column) => vec![column],
                Origin::Template(template) => template.columns().collect(),
                Origin::Constant(_) => Vec::new(),
                Origin::Expression(expression) => expression.columns(),
            };
            columns.extend(names.into_iter().map(|name| (name, field.line)));
        }
        for reference in &self.references {
            let names = reference.source.iter().chain([&reference.id]).flat_map(Template::columns);
            columns.extend(names.map(|name| (name, reference.line)));
        }
        columns
    }

    /// The expressions of the entry itself.
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let of_fields = self.fields.iter().filter_map(|field| match &field.origin {
            Origin::Expression(expression) => Some(expression),
            _ => None,
        });
        self.condition.iter().chain(of_fields)
    }

    /// What a pass over the file has to make ready.
    pub(crate) fn needs(&self, format: &Format) -> Needs {
        let derived = format.derived_for(self.columns().into_iter().map(|(column, _)| column));
        let of_derived =
            derived.iter().filter_map(|place| format.derived.get(*place)).map(|derived| &derived.expression);
        let mut needs = Needs { derived: Vec::new(), tables: BTreeSet::new(), positions: BTreeSet::new() };
        for expression in self.expressions().chain(of_derived) {
            needs.tables.extend(expression.tables());
            needs.positions.extend(expression.positions().into_iter().map(str::to_owned));
        }
        Needs { derived, ..needs }
    }
}

/// What an entry needs besides the columns of its file.
#[derive(Clone, Debug)]
pub(crate) struct Needs {
    /// Derived columns, by place, in order.
    pub derived: Vec<usize>,
    pub tables: BTreeSet<usize>,
    /// Columns whose texts are counted.
    pub positions: BTreeSet<String>,
}
