//! Groups of records, and what they come to.

use std::sync::Arc;

use super::{Condition, Selection};
use crate::{Field, Kind, ObjectType, Relation};

/// Decimal places an average has at least.
const AVERAGE_SCALE: u32 = 4;

/// Records of a type, grouped by keys; without keys all of them are one group. A group is a row whose columns are the keys'
/// columns, the measures' and, where a measure is money and no key is the currency, `currency` and [`Groups::MIXED`].
#[derive(Clone, Debug)]
pub struct Groups {
    /// The type of the records.
    pub of: Arc<ObjectType>,
    pub keys: Vec<GroupKey>,
    pub measures: Vec<Measure>,
}

impl Groups {
    /// The column that says whether a group has records of several currencies.
    pub const MIXED: &'static str = "mixed_";

    /// Whether a group's money needs a currency that is no key.
    pub fn needs_currency(&self) -> bool {
        let money = |measure: &Measure| measure.field.as_ref().is_some_and(|field| field.kind == Kind::Money);
        self.measures.iter().any(money) && !self.keys.iter().any(|key| key.column == "currency")
    }
}

/// One thing records are grouped by: of the record itself, or of one that relations lead to.
#[derive(Clone, Debug)]
pub struct GroupKey {
    /// The relations to one record each that lead there, from the grouped record on.
    pub through: Vec<Arc<Relation>>,
    pub by: KeyOf,
    /// Name of the key's column in the group.
    pub column: String,
}

#[derive(Clone, Debug)]
pub enum KeyOf {
    /// A stored field; a date or a time may be taken by the first day of a longer period.
    Field { field: Arc<Field>, bucket: Option<Bucket> },
    /// The record a relation leads to, by the column of its type's table that names it.
    Relation { relation: Arc<Relation>, column: String },
}

/// A period of the business calendar, in UTC. Its value is its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Day,
    /// Begins on Monday, as in ISO 8601.
    Week,
    Month,
    Quarter,
    Year,
}

/// A number computed over the records of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Name of its column in the group.
    pub column: String,
    pub function: Function,
    /// What is summed up; nothing for [`Function::Count`].
    pub field: Option<Arc<Field>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// How many records there are.
    Count,
    Sum,
    /// Sum over number of values, rounded half away from zero.
    Average,
    Minimum,
    Maximum,
}

impl Function {
    /// Kind of the result over values of `kind`.
    pub fn kind(self, kind: &Kind) -> Kind {
        match (self, kind) {
            (Function::Count, _) => Kind::Int,
            (Function::Sum, Kind::Int) => Kind::Decimal { scale: 0 },
            (Function::Average, Kind::Int) => Kind::Decimal { scale: AVERAGE_SCALE },
            (Function::Average, Kind::Decimal { scale }) => Kind::Decimal { scale: (*scale).max(AVERAGE_SCALE) },
            (_, other) => other.clone(),
        }
    }
}

/// What records of a type come to.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Without keys.
    pub groups: Groups,
    /// Which records are taken.
    pub filter: Condition,
    /// What is written of the one group.
    pub selection: Selection,
}
