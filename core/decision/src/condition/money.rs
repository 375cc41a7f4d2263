//! Amounts of money in conditions, in whatever currency.
//!
//! A record's amounts are in the record's own currency, and amounts that are asked for or answered in the subject's. A number
//! in a condition that stands beside them is in the strategy's currency, so they are converted to it by the strategy's rates.
//! Amounts among themselves need no rate as long as they are in one currency. Where a rate is needed and there is none, nobody
//! can tell: the comparison is unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::Scope;
use super::tree::{Literal, Path, Root, Term, Tree, ValueType};

/// What the units of all currencies count in the strategy's. Its own counts 1.
pub(super) type Rates = Arc<BTreeMap<String, Decimal>>;

/// What a comparison is made of.
#[derive(Default)]
struct Units {
    /// A record's amount.
    money: bool,
    /// An amount that is written in the condition, or any other number. 0 is the same in every currency.
    plain: bool,
    /// Something is asked for or answered, in the subject's currency.
    asked: bool,
    /// The fields with the currencies of the amounts, each once.
    currencies: Vec<Path>,
}

impl Units {
    fn of<'t>(terms: impl IntoIterator<Item = &'t Term>) -> Units {
        let mut units = Units::default();
        terms.into_iter().for_each(|term| units.add(term));
        units
    }

    fn add(&mut self, term: &Term) {
        match term {
            Term::Path(path) => match currency_of(path) {
                Some(currency) => {
                    self.money = true;
                    self.in_currency(currency);
                }
                None if path.root == Root::Subject => self.plain = true,
                None => self.asked = true,
            },
            Term::Literal(Literal::Number(number)) if number.is_zero() => {}
            Term::Literal(_) => self.plain = true,
            Term::Add(left, right) | Term::Subtract(left, right) => {
                self.add(left);
                self.add(right);
            }
            Term::Multiply(left, right) => match (has_money(left), has_money(right)) {
                (true, true) => {
                    self.add(left);
                    self.add(right);
                }
                (true, false) => self.add(left),
                (false, true) => self.add(right),
                (false, false) if is_asked(term) => self.asked = true,
                (false, false) => self.plain = true,
            },
            Term::Counted { amount, .. } => self.add(amount),
        }
    }

    fn in_currency(&mut self, currency: Path) {
        if !self.currencies.iter().any(|known| known.root == currency.root && known.names == currency.names) {
            self.currencies.push(currency);
        }
    }
}

/// Whether a condition compares a record's amounts with numbers, or with amounts of other records.
pub(super) fn needs_rates(tree: &Tree) -> bool {
    match tree {
        Tree::Constant(_) | Tree::Holds(_) | Tree::Has(_) => false,
        Tree::All(parts) | Tree::Any(parts) => parts.iter().any(needs_rates),
        Tree::Not(inner) => needs_rates(inner),
        Tree::Money { plain, .. } => needs_rates(plain),
        Tree::Compare { left, right, .. } => mixes([left, right]),
        Tree::OneOf { left, .. } => mixes([left, &Term::Literal(Literal::Number(Decimal::ONE))]),
    }
}

fn mixes<'t>(terms: impl IntoIterator<Item = &'t Term>) -> bool {
    let units = Units::of(terms);
    units.money && units.plain
}

/// A comparison that takes amounts for what they are worth in the strategy's currency, where it has to.
pub(super) fn counted(tree: Tree, scope: &Scope<'_>) -> Tree {
    let Some(rates) = scope.rates() else { return tree };
    let mut units = match &tree {
        Tree::Compare { left, right, .. } => Units::of([left, right]),
        Tree::OneOf { left, list } => {
            let mut units = Units::of([left]);
            list.iter().for_each(|literal| units.add(&Term::Literal(literal.clone())));
            units
        }
        _ => return tree,
    };
    if !units.money {
        return tree;
    }
    let subjects = scope.currency();
    if let (true, Some(currency)) = (units.asked, subjects.clone()) {
        units.in_currency(currency);
    }
    let same = match (units.plain, units.currencies.len()) {
        (true, _) => None,
        (false, 0 | 1) => return tree,
        (false, _) => Some(units.currencies),
    };
    let converting = Converting { rates, subjects };
    let counted = match &tree {
        Tree::Compare { left, comparison, right } => {
            Tree::Compare { left: converting.term(left), comparison: *comparison, right: converting.term(right) }
        }
        Tree::OneOf { left, list } => Tree::OneOf { left: converting.term(left), list: list.clone() },
        _ => return tree,
    };
    Tree::Money { plain: Box::new(tree), same, counted: Box::new(counted) }
}

struct Converting<'a> {
    rates: &'a Rates,
    subjects: Option<Path>,
}

impl Converting<'_> {
    fn term(&self, term: &Term) -> Term {
        let both = |left: &Term, right: &Term| (Box::new(self.term(left)), Box::new(self.term(right)));
        match term {
            Term::Path(path) => match (currency_of(path), &self.subjects) {
                (Some(currency), _) => self.counted(term, currency),
                (None, Some(currency)) if path.root != Root::Subject => self.counted(term, currency.clone()),
                _ => term.clone(),
            },
            Term::Literal(_) | Term::Counted { .. } => term.clone(),
            Term::Add(left, right) => {
                let (left, right) = both(left, right);
                Term::Add(left, right)
            }
            Term::Subtract(left, right) => {
                let (left, right) = both(left, right);
                Term::Subtract(left, right)
            }
            Term::Multiply(left, right) => match (has_money(left), has_money(right), &self.subjects) {
                (true, true, _) => {
                    let (left, right) = both(left, right);
                    Term::Multiply(left, right)
                }
                (true, false, _) => Term::Multiply(Box::new(self.term(left)), right.clone()),
                (false, true, _) => Term::Multiply(left.clone(), Box::new(self.term(right))),
                (false, false, Some(currency)) if is_asked(term) => self.counted(term, currency.clone()),
                (false, false, _) => term.clone(),
            },
        }
    }

    fn counted(&self, amount: &Term, currency: Path) -> Term {
        Term::Counted { amount: Box::new(amount.clone()), currency, rates: Arc::clone(self.rates) }
    }
}

fn has_money(term: &Term) -> bool {
    any_path(term, &|path| path.currency.is_some())
}

fn is_asked(term: &Term) -> bool {
    any_path(term, &|path| path.root != Root::Subject)
}

fn any_path(term: &Term, fits: &impl Fn(&Path) -> bool) -> bool {
    let mut any = false;
    term.each_path(&mut |path| any |= fits(path));
    any
}

/// The field with the currency of an amount, beside it in the record; nothing for what is no amount.
fn currency_of(path: &Path) -> Option<Path> {
    let field = path.currency.clone()?;
    let mut names = path.names.clone();
    if let Some(last) = names.last_mut() {
        last.clone_from(&field.name);
    }
    Some(Path { names, field: Some(field), value: ValueType::Text, currency: None, ..path.clone() })
}
