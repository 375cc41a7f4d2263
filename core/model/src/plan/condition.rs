//! Conditions on a record, from GraphQL filters, segment conditions and permissions alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::{Field, Relation, Value};

/// True, false or, where a compared value is null, unknown, as in SQL. A record is taken when the condition is true.
#[derive(Clone, Debug)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// False or unknown: the opposite of being taken.
    NotTrue(Box<Condition>),
    Compare {
        left: Expression,
        comparison: Comparison,
        right: Expression,
    },
    OneOf {
        left: Expression,
        list: Vec<Expression>,
    },
    IsNull(Expression),
    /// Compares text; `pattern` is plain text, never a pattern language.
    Text {
        left: Expression,
        matching: TextMatch,
        pattern: Expression,
    },
    /// The same where case does not count: letters are the same as [`crate::same_letters`] says.
    AnyCase {
        left: Arc<Field>,
        matching: TextMatch,
        pattern: Operand,
    },
    /// Some related record fulfils the condition.
    Some {
        relation: Arc<Relation>,
        condition: Box<Condition>,
    },
}

impl Condition {
    /// Always true.
    pub fn always() -> Self {
        Condition::All(Vec::new())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMatch {
    /// The whole text.
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

/// A value computed from a record.
#[derive(Clone, Debug)]
pub enum Expression {
    Field(Arc<Field>),
    /// A field of the one related record.
    Through(Arc<Relation>, Box<Expression>),
    Operand(Operand),
    /// A text with its ASCII letters in lower case.
    Lower(Box<Expression>),
    Add(Box<Expression>, Box<Expression>),
    Subtract(Box<Expression>, Box<Expression>),
    Multiply(Box<Expression>, Box<Expression>),
    /// A record's amount of money in another currency.
    Counted(Counted),
}

/// An amount of money, times what one unit of the record's currency counts, cut off behind its last decimal place; nothing if
/// the currency counts nothing.
#[derive(Clone, Debug)]
pub struct Counted {
    pub amount: Arc<Field>,
    /// The field with the amount's currency, of the same record.
    pub currency: Arc<Field>,
    /// What one unit of a currency counts.
    pub rates: Arc<BTreeMap<String, Decimal>>,
}

/// A value from outside, always bound as a parameter, never written into SQL text.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Value(Value),
    /// The request's value at this index of the plan's variables; the planner has already checked its kind.
    Variable(usize),
}
