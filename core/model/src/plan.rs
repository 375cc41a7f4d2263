//! The read plan: what one operation reads, as a value.
//!
//! `core/graph` turns a validated GraphQL operation into a [`ReadPlan`]; `core/store` turns the plan into one SQL
//! statement for its dialect. Nothing here knows GraphQL syntax or SQL. A plan is cached: what differs between two
//! requests of the same shape stands in it as [`Operand::Variable`] and is bound when it runs.

mod condition;
mod group;
mod page;

use std::sync::Arc;

pub use condition::{Comparison, Condition, Counted, Expression, Operand, TextMatch};
pub use group::{Aggregate, Bucket, Function, GroupKey, Groups, KeyOf, Measure};
pub use page::{Connection, ConnectionOutput, Direction, EdgeOutput, End, Nulls, OrderTerm, PageInfoField, Rows, Size};

use crate::{Field, ObjectType, Relation, RowSet};

/// Everything one operation reads: one tree for the response, one for the facts its decisions need. Both are read by
/// one statement and so from one snapshot.
#[derive(Clone, Debug, Default)]
pub struct ReadPlan {
    /// The response's `data` object.
    pub response: Vec<Entry<Root>>,
    /// The paths of `response` that lead to decisions, ending in [`Output::Facts`] where the response has
    /// [`Output::Slot`]. Empty when nothing is decided. The n-th slot of the one belongs to the n-th facts of the other.
    pub facts: Vec<Entry<Root>>,
    /// Which records the reader may see.
    pub visible: Visible,
}

/// Which records a reader may see, by type; all of a type it does not name. Holds wherever the response enters a table.
/// Facts are read under the plugin's grant, so it does not hold inside [`Output::Facts`].
#[derive(Clone, Debug, Default)]
pub struct Visible(Vec<(String, RowSet, Condition)>);

impl Visible {
    /// Lets only such records of a type be seen as `condition` holds for, which is what `rows` open of it.
    pub fn limit(&mut self, object: &str, rows: RowSet, condition: Condition) {
        self.0.push((object.to_owned(), rows, condition));
    }

    pub fn of(&self, object: &str) -> Option<&Condition> {
        self.0.iter().find(|(name, _, _)| name == object).map(|(_, _, condition)| condition)
    }

    /// Whether a record of `inner` that belongs to the same customer as a record of `outer` is seen whenever that one is.
    pub fn answers_for(&self, outer: &str, inner: &str) -> bool {
        let rows = |object: &str| self.0.iter().find(|(name, _, _)| name == object).map(|(_, rows, _)| *rows);
        match (rows(outer), rows(inner)) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(outer), Some(inner)) => outer.is_in(inner),
        }
    }
}

/// A member of a JSON object: its key in the response, and its value.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    pub key: String,
    pub value: T,
}

/// A field of the root object.
#[derive(Clone, Debug)]
pub enum Root {
    /// One record by id, or null.
    Record {
        id: Operand,
        object: Selection,
    },
    /// One of several types by id, decided by the id's prefix when the plan is made; null for an unknown one.
    Null,
    /// Records of several types by id, in the order of the ids, null for an unknown one.
    Records {
        ids: Vec<Option<IdOf>>,
        objects: Vec<Selection>,
    },
    /// A list of records or of groups of them.
    List(Box<Connection>),
    /// The nodes of several lists, one list after the other.
    Chain(Vec<Chained>),
    Aggregate(Box<Aggregate>),
    /// A constant text, such as `__typename`.
    Constant(String),
    /// A place the caller fills.
    Slot(usize),
}

/// The id of a record, and which of the types at hand it is of.
#[derive(Clone, Debug)]
pub struct IdOf {
    pub id: Operand,
    pub object: usize,
}

/// A list of which only the nodes are shown.
#[derive(Clone, Debug)]
pub struct Chained {
    pub connection: Connection,
    pub node: Selection,
}

/// What is read of one record.
#[derive(Clone, Debug)]
pub struct Selection {
    pub object: Arc<ObjectType>,
    pub outputs: Vec<Entry<Output>>,
}

/// What is written for one field of a record.
#[derive(Clone, Debug)]
pub enum Output {
    /// The record's global id.
    GlobalId,
    /// A stored field.
    Field(Arc<Field>),
    /// The parts of a money field.
    Money {
        field: Arc<Field>,
        parts: Vec<Entry<MoneyPart>>,
    },
    /// A constant text, such as `__typename`.
    Constant(String),
    Null,
    /// The related record, or null.
    One {
        relation: Arc<Relation>,
        selection: Selection,
    },
    /// The related records.
    Many {
        relation: Arc<Relation>,
        connection: Box<Connection>,
    },
    /// What the related records come to.
    Aggregate {
        relation: Arc<Relation>,
        aggregate: Box<Aggregate>,
    },
    /// The parts of a money field of a group of records; where their currencies differ, the place of a problem.
    Total {
        field: Arc<Field>,
        parts: Vec<Entry<MoneyPart>>,
        mixed: usize,
    },
    /// The place of a decision about this record, filled by the caller. The number says which decision field it is.
    Slot(usize),
    /// The facts for the decision of that slot: an object of its own, found by the same mark as the slot.
    Facts {
        slot: usize,
        parts: Vec<Entry<Output>>,
    },
    /// A nested object about the same record.
    Same(Selection),
}

#[derive(Clone, Debug, PartialEq)]
pub enum MoneyPart {
    Amount,
    Currency,
    Constant(String),
}

/// The byte that marks a slot in the text the database writes. JSON escapes it inside strings and no database writes it
/// between values, so it cannot come from data. After it stands a JSON array `[slot, id]`, or in the facts tree the facts
/// object.
pub const SLOT_MARK: u8 = b'\t';
