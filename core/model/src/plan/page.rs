//! Lists: filtered, ordered, paged.

use super::{Condition, Entry, Expression, Operand, Selection};

/// One page of records, Relay-shaped.
#[derive(Clone, Debug)]
pub struct Connection {
    /// What is read of each record; [`ConnectionOutput`] says where it goes.
    pub object: std::sync::Arc<crate::ObjectType>,
    pub filter: Condition,
    /// The requested order. It always ends with `id`, so that it is total.
    pub order: Vec<OrderTerm>,
    /// How many records at most.
    pub first: Operand,
    /// The values of `order` of the record after which the page begins.
    pub after: Option<Vec<Operand>>,
    pub outputs: Vec<Entry<ConnectionOutput>>,
}

#[derive(Clone, Debug)]
pub enum ConnectionOutput {
    Nodes(Selection),
    Edges(Vec<Entry<EdgeOutput>>),
    PageInfo(Vec<Entry<PageInfoField>>),
    /// How many records the filter takes, over all pages.
    TotalCount,
    Constant(String),
}

#[derive(Clone, Debug)]
pub enum EdgeOutput {
    Node(Selection),
    Cursor,
    Constant(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum PageInfoField {
    HasNextPage,
    /// Whether the page was asked for with `after`.
    HasPreviousPage,
    StartCursor,
    EndCursor,
    Constant(String),
}

#[derive(Clone, Debug)]
pub struct OrderTerm {
    pub by: Expression,
    /// Kind of the values of `by`, for reading them back out of a cursor.
    pub kind: crate::Kind,
    pub nullable: bool,
    pub direction: Direction,
    pub nulls: Nulls,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    First,
    Last,
}
