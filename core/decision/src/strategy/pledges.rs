//! Pledges: what a policy is to bring for what it costs. And money, in several currencies.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::reader::{Node, Reader, Table};
use super::{Place, Strategy, keys};

const MAX_PLEDGES: usize = 200;
const MAX_SHORT: usize = 200;
/// So that an amount times a rate fits 64 bits.
const MAX_RATE_PLACES: u32 = 12;

/// What a policy is to bring for what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pledge {
    /// The decision point whose treatments it is about.
    pub policy: String,
    /// A year's.
    pub benefit: Money,
    pub cost: Money,
    /// The benefit is at least so many times the cost.
    pub minimum_ratio: Decimal,
    /// By which one will see it.
    pub metric: String,
    /// The day on which one looks.
    pub review: NaiveDate,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    pub amount: Decimal,
    /// ISO 4217 code.
    pub currency: String,
}

/// Why two amounts cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("`{0}` has no rate to `{1}`; say in `rates` how much one {0} is in {1}")]
    NoRate(String, String),
    #[error("`{0}` stands beside `{1}`, and the strategy has no `currency` to count in; give it one, and `rates`")]
    NoCurrency(String, String),
    #[error("an amount leaves the range of exact numbers")]
    OutOfRange,
}

impl Strategy {
    /// An amount in the strategy's currency, if it has one and a rate that leads there; else as it is.
    pub fn counted(&self, money: &Money) -> Money {
        let ours = self.currency.as_ref().filter(|ours| **ours != money.currency);
        let converted = ours.and_then(|ours| {
            let amount = money.amount.checked_mul(*self.rates.get(&money.currency)?)?;
            Some(Money { amount, currency: ours.clone() })
        });
        converted.unwrap_or_else(|| money.clone())
    }

    /// The amounts in one currency: theirs if they share one, else the strategy's.
    pub fn in_one_currency(&self, money: &[&Money]) -> Result<Vec<Decimal>, MoneyError> {
        let Some(first) = money.first() else { return Ok(Vec::new()) };
        let Some(other) = money.iter().find(|other| other.currency != first.currency) else {
            return Ok(money.iter().map(|money| money.amount).collect());
        };
        let none = || MoneyError::NoCurrency(first.currency.clone(), other.currency.clone());
        let base = self.currency.as_ref().ok_or_else(none)?;
        money.iter().map(|money| self.in_currency(money, base)).collect()
    }

    /// An amount in a currency: its own, or the strategy's.
    pub fn in_currency(&self, money: &Money, currency: &str) -> Result<Decimal, MoneyError> {
        if money.currency == currency {
            return Ok(money.amount);
        }
        let rate = self.rates.get(&money.currency).filter(|_| self.currency.as_deref() == Some(currency));
        let rate = rate.ok_or_else(|| MoneyError::NoRate(money.currency.clone(), currency.to_owned()))?;
        money.amount.checked_mul(*rate).ok_or(MoneyError::OutOfRange)
    }
}

impl Pledge {
    /// How many times its cost the benefit is; nothing if it costs nothing.
    pub fn ratio(&self, strategy: &Strategy) -> Result<Option<Decimal>, MoneyError> {
        let amounts = strategy.in_one_currency(&[&self.benefit, &self.cost])?;
        let [benefit, cost] = amounts.as_slice() else { return Ok(None) };
        if cost.is_zero() {
            return Ok(None);
        }
        benefit.checked_div(*cost).map(Some).ok_or(MoneyError::OutOfRange)
    }

    pub(crate) fn is_kept(&self, strategy: &Strategy) -> Result<bool, MoneyError> {
        let amounts = strategy.in_one_currency(&[&self.benefit, &self.cost])?;
        let [benefit, cost] = amounts.as_slice() else { return Ok(false) };
        Ok(*benefit >= cost.checked_mul(self.minimum_ratio).ok_or(MoneyError::OutOfRange)?)
    }
}

impl Reader<'_> {
    pub(super) fn pledges(&mut self, document: &Table<'_>) -> Vec<Pledge> {
        let mut seen: Vec<String> = Vec::new();
        self.each(document, "pledges", MAX_PLEDGES, |reader, table| {
            reader.only(table, keys::PLEDGE);
            reader.place(table);
            let policy = reader.named_point(table, "policy");
            let benefit = reader.require(table, "benefit").and_then(|node| reader.money(&node));
            let cost = reader.require(table, "cost").and_then(|node| reader.money(&node));
            let ratio = reader.require(table, "minimum_ratio").and_then(|node| reader.not_negative(&node));
            let metric = reader.text(table, "metric", MAX_SHORT);
            let review = reader.date(table, "review");
            let policy = policy?.name.clone();
            if seen.contains(&policy) {
                reader.problem(&table.span, &table.path, format!("`{policy}` has a pledge already; keep one"));
                return None;
            }
            seen.push(policy.clone());
            let (benefit, cost, minimum_ratio) = (benefit?, cost?, ratio?);
            Some(Pledge { policy, benefit, cost, minimum_ratio, metric: metric?, review: review? })
        })
    }

    fn money(&mut self, node: &Node<'_>) -> Option<Money> {
        let table = self.table(node)?;
        self.only(&table, keys::MONEY);
        let amount = self.require(&table, "amount").and_then(|node| self.not_negative(&node));
        let currency = self.require(&table, "currency").and_then(|node| self.currency(&node));
        Some(Money { amount: amount?, currency: currency? })
    }

    pub(super) fn currency(&mut self, node: &Node<'_>) -> Option<String> {
        match node.value.as_str().filter(|text| is_currency(text)) {
            Some(code) => Some(code.to_owned()),
            None => {
                self.at(node, "is not a currency; use its ISO 4217 code, like \"EUR\"");
                None
            }
        }
    }

    pub(super) fn rates(&mut self, document: &Table<'_>) -> std::collections::BTreeMap<String, Decimal> {
        let Some(node) = document.get("rates") else { return std::collections::BTreeMap::new() };
        let base = document.get("currency").and_then(|node| node.value.as_str());
        if base.is_none() {
            self.at(&node, "needs `currency`: what the rates lead to");
        }
        let rates = self.numbers(&node, |name| {
            let wrong = !is_currency(name) || Some(name) == base;
            wrong.then(|| "is not another currency; use its ISO 4217 code, like `USD`".to_owned())
        });
        if rates.values().any(|rate| *rate <= Decimal::ZERO) {
            self.at(&node, "has a rate that is not above 0");
        }
        if rates.values().any(|rate| rate.normalize().scale() > MAX_RATE_PLACES) {
            self.at(&node, format!("has a rate with more than {MAX_RATE_PLACES} decimal places"));
        }
        rates
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

impl Strategy {
    /// The pledge of a decision point.
    pub fn pledge(&self, point: &str) -> Option<&Pledge> {
        self.pledges.iter().find(|pledge| pledge.policy == point)
    }

    /// The first authority that lets a department do something up to a value; nothing if it may not.
    pub fn authority(&self, department: &str, place: &Place, value: Decimal) -> Option<&super::Authority> {
        self.authorities.iter().find(|authority| {
            authority.department == department && authority.place == *place && value <= authority.at_most
        })
    }
}
