//! Expression: a value made of the columns of a row, and of the rows of other files.
//!
//! Numbers and texts turn into each other where they are used; only conditions are apart. Arithmetic is exact.

mod evaluate;
mod parser;

use rust_decimal::Decimal;

use super::refusal::Fault;

pub(crate) use evaluate::Scope;

/// A parsed expression. What it looks up stands in it by its place among the tables of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Number(Decimal),
    Text(String),
    Column(String),
    /// How many rows up to this one have the same text in the column.
    Position(String),
    Negate(Box<Expression>),
    Arithmetic(Operator, Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    In(Box<Expression>, Vec<String>),
    Not(Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
    /// What `tables[table]` has for the text of the column `own`.
    Find {
        table: usize,
        own: String,
        number: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Abs,
    After,
    Before,
    Concat,
    Contains,
    EndsWith,
    Length,
    Lower,
    PadLeft,
    Replace,
    Round,
    StartsWith,
    Trim,
    Upper,
}

/// Names, functions, and how many arguments they take at least and at most.
const FUNCTIONS: [(&str, Function, usize, usize); 14] = [
    ("abs", Function::Abs, 1, 1),
    ("after", Function::After, 2, 2),
    ("before", Function::Before, 2, 2),
    ("concat", Function::Concat, 1, 32),
    ("contains", Function::Contains, 2, 2),
    ("ends_with", Function::EndsWith, 2, 2),
    ("length", Function::Length, 1, 1),
    ("lower", Function::Lower, 1, 1),
    ("pad_left", Function::PadLeft, 3, 3),
    ("replace", Function::Replace, 3, 3),
    ("round", Function::Round, 2, 2),
    ("starts_with", Function::StartsWith, 2, 2),
    ("trim", Function::Trim, 1, 1),
    ("upper", Function::Upper, 1, 1),
];

/// Something looked up in another file: `function(value from file by key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub function: TableFunction,
    pub file: String,
    pub value: Option<Expression>,
    pub key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableFunction {
    /// How many rows have the key.
    Count,
    /// The text of the first row with the key where it is not empty.
    First,
    /// The text of the one row with the key.
    Lookup,
    /// The sum over the rows with the key.
    Sum,
}

impl Expression {
    /// Reads an expression. What it looks up is put into `tables`, each way of looking up once.
    pub(crate) fn parse(text: &str, tables: &mut Vec<Table>) -> Result<Self, Fault> {
        parser::parse(text, tables)
    }

    /// Whether it is true or false, and no value.
    pub(crate) fn is_condition(&self) -> bool {
        match self {
            Expression::Compare(..)
            | Expression::In(..)
            | Expression::Not(_)
            | Expression::And(..)
            | Expression::Or(..) => true,
            Expression::If(_, then, _) => then.is_condition(),
            Expression::Call(function, _) => {
                matches!(function, Function::Contains | Function::EndsWith | Function::StartsWith)
            }
            _ => false,
        }
    }

    /// Whether it is a number whatever the columns have.
    pub(crate) fn is_number(&self) -> bool {
        match self {
            Expression::Number(_) | Expression::Position(_) | Expression::Negate(_) | Expression::Arithmetic(..) => {
                true
            }
            Expression::If(_, then, otherwise) => then.is_number() && otherwise.is_number(),
            Expression::Call(function, _) => matches!(function, Function::Abs | Function::Length | Function::Round),
            Expression::Find { number, .. } => *number,
            _ => false,
        }
    }

    /// Calls `visit` for this and every expression in it.
    pub(crate) fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        visit(self);
        match self {
            Expression::Number(_)
            | Expression::Text(_)
            | Expression::Column(_)
            | Expression::Position(_)
            | Expression::Find { .. } => {}
            Expression::Negate(inner) | Expression::In(inner, _) | Expression::Not(inner) => inner.visit(visit),
            Expression::Arithmetic(_, left, right)
            | Expression::Compare(_, left, right)
            | Expression::And(left, right)
            | Expression::Or(left, right) => {
                left.visit(visit);
                right.visit(visit);
            }
            Expression::If(condition, then, otherwise) => {
                condition.visit(visit);
                then.visit(visit);
                otherwise.visit(visit);
            }
            Expression::Call(_, arguments) => arguments.iter().for_each(|argument| argument.visit(visit)),
        }
    }

    /// The columns of the row itself that are read.
    pub(crate) fn columns(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        self.visit(&mut |expression| match expression {
            Expression::Column(name) | Expression::Position(name) | Expression::Find { own: name, .. } => {
                columns.push(name.as_str());
            }
            _ => {}
        });
        columns
    }

    /// The tables it looks into.
    pub(crate) fn tables(&self) -> Vec<usize> {
        let mut tables = Vec::new();
        self.visit(&mut |expression| {
            if let Expression::Find { table, .. } = expression {
                tables.push(*table);
            }
        });
        tables
    }

    /// The columns whose positions it tells.
    pub(crate) fn positions(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        self.visit(&mut |expression| {
            if let Expression::Position(column) = expression {
                columns.push(column.as_str());
            }
        });
        columns
    }
}

impl Operator {
    /// The exact result, if it fits. The decimal type rounds what does not; a scale that came out smaller shows it.
    pub(crate) fn apply(self, left: Decimal, right: Decimal) -> Option<Decimal> {
        let (result, scale) = match self {
            Operator::Add => (left.checked_add(right)?, left.scale().max(right.scale())),
            Operator::Subtract => (left.checked_sub(right)?, left.scale().max(right.scale())),
            Operator::Multiply => (left.checked_mul(right)?, left.scale() + right.scale()),
        };
        // A zero has lost its scale without having lost anything.
        let nothing = left.is_zero() || right.is_zero() || (self != Operator::Multiply && result.is_zero());
        (result.scale() >= scale || nothing).then(|| result.normalize())
    }
}

pub(crate) fn too_large() -> Fault {
    Fault::new("the result has more than 28 digits", "check the values and the expression")
}

#[cfg(test)]
mod tests;
