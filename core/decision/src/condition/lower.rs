//! A condition for the database.

use guildhall_model::plan::{Comparison, Condition, Expression, Operand};
use guildhall_model::{Kind, Value};
use rust_decimal::prelude::ToPrimitive;

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
        Term::Literal(_) => false,
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
    })
}

fn field(path: &Path) -> Option<Expression> {
    let innermost = Expression::Field(path.field.clone()?);
    Some(
        path.relations
            .iter()
            .rev()
            .fold(innermost, |inner, relation| Expression::Through(relation.clone(), Box::new(inner))),
    )
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
