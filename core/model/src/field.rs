//! Field: one stored value of a type, and of what kind it is.

use crate::custom::CUSTOM_MARK;
use crate::enumeration::EnumType;
use crate::object::snake_case;
use crate::{Role, Rule, Stamp, Value};

/// The kind of a stored field. Filters, ordering, SQL and GraphQL types follow from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Reference to a record; only `id` itself. Other references are [`Relation`]s.
    Id,
    Text,
    /// 32 bits, as GraphQL's `Int`.
    Int,
    Bool,
    /// Exact, with this many decimal places.
    Decimal {
        scale: u32,
    },
    /// An exact amount with [`crate::MONEY_SCALE`] places in the currency of the record's `currency` column.
    Money,
    Date,
    /// UTC, to the millisecond.
    DateTime,
    Enum(EnumType),
    Json,
}

/// A stored field of a type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// GraphQL name, camelCase.
    pub name: String,
    /// Column name: snake_case of `name`, or for a custom field what [`crate::CUSTOM_MARK`] begins.
    pub column: String,
    pub kind: Kind,
    pub nullable: bool,
    pub doc: String,
    /// The weakest role that may read it.
    pub readable_by: Role,
    /// Has an index, because lists are ordered or filtered by it.
    pub indexed: bool,
    /// Records are searched by how it begins.
    pub searchable: bool,
    /// Why it should no longer be used, if so.
    pub deprecated: Option<String>,
    /// Whether the API writes it. What is false here only Guildhall itself writes.
    pub writable: bool,
    /// What is written of an act by itself; the API does not write it then.
    pub stamp: Option<Stamp>,
    /// What a value the API writes has to be like.
    pub rules: Vec<Rule>,
}

impl Field {
    /// A field that stands in no table but is made by a statement.
    pub fn computed(name: &str, column: &str, kind: Kind, nullable: bool) -> Self {
        Field {
            name: name.to_owned(),
            column: column.to_owned(),
            kind,
            nullable,
            doc: String::new(),
            readable_by: Role::Reader,
            indexed: false,
            searchable: false,
            deprecated: None,
            writable: true,
            stamp: None,
            rules: Vec::new(),
        }
    }

    /// Its name in the enums of the API, `LISTED_AT`.
    pub fn capitals(&self) -> String {
        snake_case(&self.name).to_ascii_uppercase()
    }

    /// Whether a deployment laid it over the model.
    pub fn is_custom(&self) -> bool {
        self.column.starts_with(CUSTOM_MARK)
    }

    /// What a new record begins with if nothing is said: an enum with the first of the values it may begin with, a truth with
    /// false. Nothing for fields that need to be said or may be null.
    pub fn begins_with(&self) -> Option<Value> {
        match &self.kind {
            _ if self.nullable => None,
            Kind::Enum(declared) => declared.begins.first().map(|value| Value::from(*value)),
            Kind::Bool => Some(Value::Bool(false)),
            _ => None,
        }
    }
}
