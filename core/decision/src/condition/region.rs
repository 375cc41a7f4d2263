//! Which records fulfil a condition, as a set: to find conditions that no record can fulfil.
//!
//! A region is a union of boxes; a box says for each field which values it may have, and whether it may be absent. What
//! compares two fields is taken as a thing of its own that is true, false or unknown. So a region is never too small: if it is
//! empty, no record is in it; if it is not, one may still not exist.

mod values;

use std::collections::BTreeMap;

use guildhall_model::plan::Comparison;
use rust_decimal::Decimal;

use super::Condition;
use super::tree::{Literal, Path, Term, Tree, ValueType};
use values::Values;

/// Boxes of one region. Beyond it nothing is known.
const MAX_BOXES: usize = 1_000;

/// What is said of each field; of others nothing is.
type Area = BTreeMap<String, Values>;

/// The records for which a condition is true.
#[derive(Clone, Debug)]
pub(crate) struct Region(Vec<Area>);

impl Region {
    /// Nothing if it has too many parts to be told.
    pub(crate) fn of(condition: &Condition) -> Option<Region> {
        boxes(&condition.tree, true).map(Region)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What both have in common.
    pub(crate) fn and(&self, other: &Region) -> Option<Region> {
        product(&self.0, &other.0).map(Region)
    }

    /// What the other leaves of it.
    pub(crate) fn without(&self, other: &Region) -> Option<Region> {
        let mut left = self.0.clone();
        for taken in &other.0 {
            let mut next = Vec::new();
            for part in left {
                subtract(part, taken, &mut next);
                if next.len() > MAX_BOXES {
                    return None;
                }
            }
            left = next;
        }
        Some(Region(left))
    }
}

fn subtract(mut part: Area, taken: &Area, left: &mut Vec<Area>) {
    if meet(&part, taken).is_none() {
        left.push(part);
        return;
    }
    for (name, values) in taken {
        let outside = values.complement();
        let rest = part.get(name).map_or_else(|| outside.clone(), |own| own.and(&outside));
        if !rest.is_empty() {
            let mut outside = part.clone();
            outside.insert(name.clone(), rest);
            left.push(outside);
        }
        let inside = part.get(name).map_or_else(|| values.clone(), |own| own.and(values));
        part.insert(name.clone(), inside);
    }
}

/// What two boxes have in common, if anything.
fn meet(one: &Area, other: &Area) -> Option<Area> {
    let mut common = one.clone();
    for (name, values) in other {
        let both = common.get(name).map_or_else(|| values.clone(), |own| own.and(values));
        if both.is_empty() {
            return None;
        }
        common.insert(name.clone(), both);
    }
    Some(common)
}

fn product(left: &[Area], right: &[Area]) -> Option<Vec<Area>> {
    let mut all = Vec::new();
    for one in left {
        all.extend(right.iter().filter_map(|other| meet(one, other)));
        if all.len() > MAX_BOXES {
            return None;
        }
    }
    Some(all)
}

/// The boxes in which a condition is true, or false.
fn boxes(tree: &Tree, wanted: bool) -> Option<Vec<Area>> {
    match tree {
        Tree::Constant(value) => Some(if *value == wanted { vec![Area::new()] } else { Vec::new() }),
        Tree::Not(inner) => boxes(inner, !wanted),
        // Whatever the currency is, it is one.
        Tree::Money { plain, .. } => boxes(plain, wanted),
        Tree::All(parts) => junction(parts, wanted, wanted),
        Tree::Any(parts) => junction(parts, wanted, !wanted),
        leaf => {
            let (name, holds) = atom(leaf);
            let values = if wanted { holds } else { holds.otherwise() };
            Some(if values.is_empty() { Vec::new() } else { vec![Area::from([(name, values)])] })
        }
    }
}

/// All parts together, or any of them.
fn junction(parts: &[Tree], wanted: bool, together: bool) -> Option<Vec<Area>> {
    let mut all = if together { vec![Area::new()] } else { Vec::new() };
    for part in parts {
        let part = boxes(part, wanted)?;
        if together {
            all = product(&all, &part)?;
        } else {
            all.extend(part);
        }
        if all.len() > MAX_BOXES {
            return None;
        }
    }
    Some(all)
}

/// A comparison as the values that make it true. One that says nothing of a single field stands for itself.
fn atom(tree: &Tree) -> (String, Values) {
    let itself = || (format!("{tree:?}"), Values::truth(true));
    match tree {
        Tree::Holds(path) => (name(path), Values::truth(true)),
        Tree::Has(path) => (name(path), Values::present(&path.value)),
        Tree::Compare { left: Term::Path(path), comparison, right: Term::Literal(literal) } => {
            compared(path, *comparison, literal).unwrap_or_else(itself)
        }
        Tree::Compare { left: Term::Literal(literal), comparison, right: Term::Path(path) } => {
            compared(path, turned(*comparison), literal).unwrap_or_else(itself)
        }
        Tree::OneOf { left: Term::Path(path), list } => {
            let mut all: Option<Values> = None;
            for literal in list {
                let Some((_, values)) = compared(path, Comparison::Equal, literal) else { return itself() };
                all = Some(all.map_or(values.clone(), |all| all.or(&values)));
            }
            all.map_or_else(itself, |all| (name(path), all))
        }
        _ => itself(),
    }
}

fn compared(path: &Path, comparison: Comparison, literal: &Literal) -> Option<(String, Values)> {
    let values = match (&path.value, literal) {
        (ValueType::Number(number), Literal::Number(bound)) => Values::numbers(comparison, *bound, number.int),
        (ValueType::Date, Literal::Date(day)) => {
            Values::numbers(comparison, Decimal::from(chrono::Datelike::num_days_from_ce(day)), true)
        }
        (ValueType::Bool, Literal::Bool(value)) => match comparison {
            Comparison::Equal => Values::truth(*value),
            Comparison::NotEqual => Values::truth(!*value),
            _ => return None,
        },
        (ValueType::Text, Literal::Text(text)) => Values::text(comparison, text, None)?,
        (ValueType::Enum(_, all), Literal::Text(text)) => Values::text(comparison, text, Some(all))?,
        _ => return None,
    };
    Some((name(path), values))
}

fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

fn name(path: &Path) -> String {
    format!("{:?} {}", path.root, path.shown())
}

#[cfg(test)]
mod tests;
