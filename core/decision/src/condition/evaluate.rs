//! A condition over one record's facts.

use std::cmp::Ordering;

use chrono::NaiveDate;
use guildhall_model::MONEY_SCALE;
use guildhall_model::plan::Comparison;
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::tree::{Literal, Path, Root, Term, Tree, ValueType};
use crate::exact::plain_decimal;

/// What the names of a condition stand for, as JSON in the form of the API. Absent is null.
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a> {
    pub subject: &'a Json,
    pub request: &'a Json,
    pub verdict: &'a Json,
}

impl<'a> Bindings<'a> {
    /// For conditions about the subject alone.
    pub fn subject(facts: &'a Json) -> Self {
        Bindings { subject: facts, request: &Json::Null, verdict: &Json::Null }
    }
}

/// True, false or unknown. `false && unknown` is false and `true || unknown` true; everything else with unknown is unknown.
pub(super) fn tree(tree: &Tree, bindings: &Bindings<'_>) -> Option<bool> {
    match tree {
        Tree::Constant(value) => Some(*value),
        Tree::Holds(path) => match read(path, bindings)? {
            Literal::Bool(value) => Some(value),
            _ => None,
        },
        Tree::All(parts) => junction(parts, bindings, false),
        Tree::Any(parts) => junction(parts, bindings, true),
        Tree::Not(inner) => self::tree(inner, bindings).map(|value| !value),
        Tree::Money { plain, same, counted } => match same.as_deref().map(|paths| are_same(paths, bindings)) {
            Some(None) => None,
            Some(Some(true)) => self::tree(plain, bindings),
            Some(Some(false)) | None => self::tree(counted, bindings),
        },
        Tree::Compare { left, comparison, right } => {
            let (left, right) = (term(left, bindings)?, term(right, bindings)?);
            Some(compares(*comparison, order(&left, &right)?))
        }
        Tree::OneOf { left, list } => {
            let left = term(left, bindings)?;
            Some(list.iter().any(|item| order(&left, item) == Some(Ordering::Equal)))
        }
        Tree::Has(path) => Some(find(path, bindings).is_some()),
    }
}

/// `decisive` is the value that decides alone: false for `&&`, true for `||`.
fn junction(parts: &[Tree], bindings: &Bindings<'_>, decisive: bool) -> Option<bool> {
    let mut all_known = true;
    for part in parts {
        match tree(part, bindings) {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!decisive)
}

fn term(term: &Term, bindings: &Bindings<'_>) -> Option<Literal> {
    let number = |side: &Term| match self::term(side, bindings)? {
        Literal::Number(number) => Some(number),
        _ => None,
    };
    match term {
        Term::Path(path) => read(path, bindings),
        Term::Literal(literal) => Some(literal.clone()),
        Term::Add(left, right) => number(left)?.checked_add(number(right)?).map(Literal::Number),
        Term::Subtract(left, right) => number(left)?.checked_sub(number(right)?).map(Literal::Number),
        Term::Multiply(left, right) => number(left)?.checked_mul(number(right)?).map(Literal::Number),
        Term::Counted { amount, currency, rates } => {
            let Literal::Text(code) = read(currency, bindings)? else { return None };
            let counted = number(amount)?.checked_mul(*rates.get(&code)?)?;
            Some(Literal::Number(counted.trunc_with_scale(MONEY_SCALE)))
        }
    }
}

/// Whether all these texts are the same; nothing if one is missing.
fn are_same(paths: &[Path], bindings: &Bindings<'_>) -> Option<bool> {
    let all = paths.iter().map(|path| read(path, bindings)).collect::<Option<Vec<_>>>()?;
    Some(all.windows(2).all(|pair| pair.first() == pair.last()))
}

fn order(left: &Literal, right: &Literal) -> Option<Ordering> {
    match (left, right) {
        (Literal::Number(left), Literal::Number(right)) => Some(left.cmp(right)),
        (Literal::Text(left), Literal::Text(right)) => Some(left.cmp(right)),
        (Literal::Bool(left), Literal::Bool(right)) => Some(left.cmp(right)),
        (Literal::Date(left), Literal::Date(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn compares(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }
}

/// The JSON value a path leads to; nothing if it, or a record on the way, is absent or null.
fn find<'a>(path: &Path, bindings: &Bindings<'a>) -> Option<&'a Json> {
    let root = match path.root {
        Root::Subject => bindings.subject,
        Root::Request => bindings.request,
        Root::Verdict => bindings.verdict,
    };
    let value = path.names.iter().try_fold(root, |value, name| value.get(name))?;
    let value = if path.currency.is_some() { value.get("amount")? } else { value };
    (!value.is_null()).then_some(value)
}

/// A value of the wrong shape counts as unknown: a ground rule that reads it holds, a segment that reads it does not.
pub(super) fn read(path: &Path, bindings: &Bindings<'_>) -> Option<Literal> {
    let value = find(path, bindings)?;
    match (&path.value, value) {
        (ValueType::Number(number), Json::Number(int)) if number.int => {
            int.as_i64().map(|int| Literal::Number(Decimal::from(int)))
        }
        (ValueType::Number(number), Json::String(text)) if !number.int => plain_decimal(text).map(Literal::Number),
        (ValueType::Text | ValueType::Enum(..), Json::String(text)) => Some(Literal::Text(text.clone())),
        (ValueType::Bool, Json::Bool(value)) => Some(Literal::Bool(*value)),
        (ValueType::Date, Json::String(text)) => NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Literal::Date),
        _ => None,
    }
}
