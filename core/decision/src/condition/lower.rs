//! A condition for the database.

use std::sync::Arc;

use guildhall_model::plan::{Comparison, Condition, Counted, Expression, Operand};
use guildhall_model::{Kind, Value};
use rust_decimal::prelude::ToPrimitive;

use super::money::Rates;
use super::tree::{Literal, Path, Term, Tree, ValueType};

pub(super) fn tree(tree: &Tree) -> Option<Condition> {
    Some(match tree {
        Tree::Constant(true) => Condition::All(Vec::new()),
        Tree::Constant(false) => Condition::Any(Vec::new()),
        Tree::Holds(path) => {
            let yes = Expression::Operand(Operand::Value(Value::Bool(true)));
            Condition::Compare { left: field(path)?, comparison: Comparison::Equal, right: yes }
        }
        Tree::All(parts) => Condition::All(parts.iter().map(self::tree).collect::<Option<_>>()?),
        Tree::Any(parts) => Condition::Any(parts.iter().map(self::tree).collect::<Option<_>>()?),
        Tree::Not(inner) => Condition::Not(Box::new(self::tree(inner)?)),
        Tree::Money { same: None, counted, .. } => self::tree(counted)?,
        Tree::Money { plain, same: Some(currencies), counted } => {
            let same = Condition::All(are_same(currencies)?);
            let other = Condition::Not(Box::new(same.clone()));
            let (plain, counted) = (self::tree(plain)?, self::tree(counted)?);
            Condition::Any(vec![Condition::All(vec![same, plain]), Condition::All(vec![other, counted])])
        }
        Tree::Compare { left, comparison, right } => {
            let int = is_int(left) && is_int(right);
            Condition::Compare { left: term(left, int)?, comparison: *comparison, right: term(right, int)? }
        }
        Tree::OneOf { left, list } => {
            let int = is_int(left);
            let list = list.iter().map(|item| operand(item, int)).collect();
            Condition::OneOf { left: term(left, int)?, list }
        }
        Tree::Has(path) => Condition::Not(Box::new(Condition::IsNull(field(path)?))),
    })
}

/// Whether a number is whole because only whole fields and literals make it. Then literals are bound as whole numbers.
fn is_int(term: &Term) -> bool {
    match term {
        Term::Path(path) => matches!(&path.field, Some(field) if field.kind == Kind::Int),
        Term::Literal(Literal::Number(number)) => number.is_integer() && number.to_i64().is_some(),
        Term::Literal(_) | Term::Counted { .. } => false,
        Term::Add(left, right) | Term::Subtract(left, right) | Term::Multiply(left, right) => {
            is_int(left) && is_int(right)
        }
    }
}

fn term(term: &Term, int: bool) -> Option<Expression> {
    let pair = |left: &Term, right: &Term| Some((Box::new(self::term(left, int)?), Box::new(self::term(right, int)?)));
    Some(match term {
        Term::Path(path) => field(path)?,
        Term::Literal(literal) => operand(literal, int),
        Term::Add(left, right) => {
            let (left, right) = pair(left, right)?;
            Expression::Add(left, right)
        }
        Term::Subtract(left, right) => {
            let (left, right) = pair(left, right)?;
            Expression::Subtract(left, right)
        }
        Term::Multiply(left, right) => {
            let (left, right) = pair(left, right)?;
            Expression::Multiply(left, right)
        }
        Term::Counted { amount, currency, rates } => counted(amount, currency, rates)?,
    })
}

/// That each is the same as the next.
fn are_same(paths: &[Path]) -> Option<Vec<Condition>> {
    let pairs = paths.iter().zip(paths.iter().skip(1));
    let same = pairs.map(|(left, right)| {
        Some(Condition::Compare { left: field(left)?, comparison: Comparison::Equal, right: field(right)? })
    });
    same.collect()
}

/// An amount that counts in another currency; nothing if no record holds it.
fn counted(amount: &Term, currency: &Path, rates: &Rates) -> Option<Expression> {
    let Term::Path(path) = amount else { return None };
    let (amount, currency) = (path.field.clone()?, currency.field.clone()?);
    Some(through(path, Expression::Counted(Counted { amount, currency, rates: Arc::clone(rates) })))
}

fn field(path: &Path) -> Option<Expression> {
    Some(through(path, Expression::Field(path.field.clone()?)))
}

fn through(path: &Path, innermost: Expression) -> Expression {
    let relations = path.relations.iter().rev();
    relations.fold(innermost, |inner, relation| Expression::Through(relation.clone(), Box::new(inner)))
}

fn operand(literal: &Literal, int: bool) -> Expression {
    let value = match literal {
        Literal::Number(number) => match number.to_i64().filter(|_| int && number.is_integer()) {
            Some(whole) => Value::Int(whole),
            None => Value::Decimal(*number),
        },
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Date(date) => Value::Date(*date),
    };
    Expression::Operand(Operand::Value(value))
}

impl Path {
    /// The path as it is written.
    pub(super) fn shown(&self) -> String {
        self.names.join(".")
    }
}

impl ValueType {
    pub(super) fn shown(&self) -> String {
        match self {
            ValueType::Number(_) => "a number".to_owned(),
            ValueType::Text => "a text".to_owned(),
            ValueType::Enum(name, _) => format!("a value of {name}"),
            ValueType::Bool => "true or false".to_owned(),
            ValueType::Date => "a date".to_owned(),
        }
    }
}
