//! The read plan: what one operation reads, as a value.
//!
//! `core/graph` turns a validated GraphQL operation into a [`ReadPlan`]; `core/store` turns the plan into one SQL
//! statement for its dialect. Nothing here knows GraphQL syntax or SQL. A plan is cached: what differs between two
//! requests of the same shape stands in it as [`Operand::Variable`] and is bound when it runs.

mod condition;
mod page;

use std::sync::Arc;

pub use condition::{Comparison, Condition, Expression, Operand, TextMatch};
pub use page::{Connection, ConnectionOutput, Direction, EdgeOutput, Nulls, OrderTerm, PageInfoField};

use crate::{Field, ObjectType, Relation};

/// Everything one operation reads: one tree for the response, one for the facts its decisions need. Both are read by
/// one statement and so from one snapshot.
#[derive(Clone, Debug, Default)]
pub struct ReadPlan {
    /// The response's `data` object.
    pub response: Vec<Entry<Root>>,
    /// The paths of `response` that lead to decisions, ending in [`Output::Facts`] where the response has
    /// [`Output::Slot`]. Empty when nothing is decided. The n-th slot of the one belongs to the n-th facts of the other.
    pub facts: Vec<Entry<Root>>,
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
    Record { id: Operand, object: Selection },
    /// One of several types by id, decided by the id's prefix when the plan is made; null for an unknown one.
    Null,
    /// A list of records.
    List(Box<Connection>),
    /// A constant text, such as `__typename`.
    Constant(String),
    /// A place the caller fills.
    Slot(usize),
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
    Money { field: Arc<Field>, parts: Vec<Entry<MoneyPart>> },
    /// A constant text, such as `__typename`.
    Constant(String),
    /// The related record, or null.
    One { relation: Arc<Relation>, selection: Selection },
    /// The related records.
    Many { relation: Arc<Relation>, connection: Box<Connection> },
    /// The place of a decision about this record, filled by the caller. The number says which decision field it is.
    Slot(usize),
    /// The facts for the decision of that slot: an object of its own, found by the same mark as the slot.
    Facts { slot: usize, parts: Vec<Entry<Output>> },
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
