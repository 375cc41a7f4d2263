//! Lists: filtered, ordered, paged.

use std::sync::Arc;

use super::{Condition, Entry, Expression, Groups, Operand, Selection};
use crate::ObjectType;

/// One page of records or of groups, Relay-shaped.
#[derive(Clone, Debug)]
pub struct Connection {
    pub rows: Rows,
    /// The type of the rows: that of the records, or the one made for the groups.
    pub object: Arc<ObjectType>,
    /// Which records are taken.
    pub filter: Condition,
    /// The requested order of the rows. It is total.
    pub order: Vec<OrderTerm>,
    /// What the list's cursors are of, so that one of another list or order is told from them: hex digits.
    pub digest: String,
    pub size: Size,
    /// The values of `order` of the row after which the page begins.
    pub after: Option<Vec<Operand>>,
    /// The values of `order` of the row before which the page ends.
    pub before: Option<Vec<Operand>>,
    pub outputs: Vec<Entry<ConnectionOutput>>,
}

/// What a list is made of.
#[derive(Clone, Debug)]
pub enum Rows {
    Records,
    Groups(Groups),
}

/// How many rows a page has at most, and at which end of the range they are taken.
#[derive(Clone, Debug)]
pub struct Size {
    pub end: End,
    /// A number and no variable: PostgreSQL plans a statement anew each time for a limit it cannot see.
    pub rows: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    First,
    Last,
}

#[derive(Clone, Debug)]
pub enum ConnectionOutput {
    Nodes(Selection),
    Edges(Vec<Entry<EdgeOutput>>),
    PageInfo(Vec<Entry<PageInfoField>>),
    /// How many rows there are over all pages.
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
