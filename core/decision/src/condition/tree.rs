//! A condition after type checking.

use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_model::plan::Comparison;
use guildhall_model::{Field, Relation};
use rust_decimal::Decimal;

use super::money::Rates;

#[derive(Clone, Debug)]
pub(super) enum Tree {
    Constant(bool),
    /// A field that is itself true or false.
    Holds(Path),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Not(Box<Tree>),
    /// A comparison of amounts of money: as they are if all these currencies are the same, else as they count in the
    /// strategy's currency.
    Money {
        plain: Box<Tree>,
        same: Option<Vec<Path>>,
        counted: Box<Tree>,
    },
    Compare {
        left: Term,
        comparison: Comparison,
        right: Term,
    },
    OneOf {
        left: Term,
        list: Vec<Literal>,
    },
    Has(Path),
}

#[derive(Clone, Debug)]
pub(super) enum Term {
    Path(Path),
    Literal(Literal),
    Add(Box<Term>, Box<Term>),
    Subtract(Box<Term>, Box<Term>),
    Multiply(Box<Term>, Box<Term>),
    /// An amount in the strategy's currency.
    Counted {
        amount: Box<Term>,
        currency: Path,
        rates: Rates,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Number(Decimal),
    Text(String),
    Bool(bool),
    Date(NaiveDate),
}

/// Where a name begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Subject,
    Request,
    Verdict,
}

/// A field, and how one gets there.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) root: Root,
    /// GraphQL names below the root, `["creditAccount", "limit"]`.
    pub(super) names: Vec<String>,
    /// The relations that the subject's path goes through.
    pub(super) relations: Vec<Arc<Relation>>,
    /// The subject's field; a field of the request or the verdict has none.
    pub(super) field: Option<Arc<Field>>,
    pub(super) value: ValueType,
    /// For an amount of money the field with its currency, of the same record. The facts hold such an amount as an object.
    pub(super) currency: Option<Arc<Field>>,
}

/// Type of a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ValueType {
    Number(Number),
    Text,
    /// The enum's name and its values.
    Enum(String, Vec<String>),
    Bool,
    Date,
}

/// How many digits a number can have. Sums and products are exact as long as all digits fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) whole: u32,
    pub(super) places: u32,
    /// A field of type Int, or computed from such fields alone.
    pub(super) int: bool,
}

impl Tree {
    pub(super) fn each_path<'a>(&'a self, visit: &mut impl FnMut(&'a Path)) {
        match self {
            Tree::Constant(_) => {}
            Tree::Holds(path) | Tree::Has(path) => visit(path),
            Tree::All(parts) | Tree::Any(parts) => parts.iter().for_each(|part| part.each_path(visit)),
            Tree::Not(inner) => inner.each_path(visit),
            // It reads what the other reads, and the currencies.
            Tree::Money { counted, .. } => counted.each_path(visit),
            Tree::Compare { left, right, .. } => {
                left.each_path(visit);
                right.each_path(visit);
            }
            Tree::OneOf { left, .. } => left.each_path(visit),
        }
    }
}

impl Tree {
    /// Every field that is compared with values.
    pub(super) fn each_comparison<'a>(&'a self, visit: &mut impl FnMut(&'a Path, &'a [Literal])) {
        match self {
            Tree::Constant(_) | Tree::Holds(_) | Tree::Has(_) => {}
            Tree::All(parts) | Tree::Any(parts) => parts.iter().for_each(|part| part.each_comparison(visit)),
            Tree::Not(inner) => inner.each_comparison(visit),
            Tree::Money { plain, .. } => plain.each_comparison(visit),
            Tree::Compare { left: Term::Path(path), right: Term::Literal(literal), .. }
            | Tree::Compare { left: Term::Literal(literal), right: Term::Path(path), .. } => {
                visit(path, std::slice::from_ref(literal));
            }
            Tree::Compare { .. } => {}
            Tree::OneOf { left, list } => {
                if let Term::Path(path) = left {
                    visit(path, list);
                }
            }
        }
    }
}

impl Term {
    pub(super) fn each_path<'a>(&'a self, visit: &mut impl FnMut(&'a Path)) {
        match self {
            Term::Path(path) => visit(path),
            Term::Counted { amount, currency, .. } => {
                amount.each_path(visit);
                visit(currency);
            }
            Term::Literal(_) => {}
            Term::Add(left, right) | Term::Subtract(left, right) | Term::Multiply(left, right) => {
                left.each_path(visit);
                right.each_path(visit);
            }
        }
    }
}
