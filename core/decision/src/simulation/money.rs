//! What a candidate's answers are worth: field by field, to the customers and to the enterprise, and beside the pledges.
//!
//! What is given away in a year the customer gains and the enterprise loses; what is lent costs the enterprise, and is worth to
//! the customer, its financing for a year. So what one side gains by the answers themselves the other gives; what comes back for it
//! stands in the pledges, as benefit.

use std::collections::BTreeMap;

use guildhall_model::canonical_money;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::SimulatedCustomer;
use crate::{Money, Strategy, WorthAs};

/// Currencies, and lines by field and by segment, that are counted one by one.
const MAX_CURRENCIES: usize = 20;
const MAX_LINES: usize = 2_000;
/// Customers who are named for each side.
const WORST: usize = 5;

/// What a field is worth in all.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldMoney {
    pub point: String,
    pub field: String,
    pub counts: WorthAs,
    pub currency: String,
    #[serde(serialize_with = "money")]
    pub before: Decimal,
    #[serde(serialize_with = "money")]
    pub after: Decimal,
    /// Customers for whom it becomes more, and for whom less.
    pub more: u64,
    pub less: u64,
    /// Customers of whom a fact is missing; they are in no sum.
    pub unknown: u64,
}

/// What customers gain and lose in a year. What they gain the enterprise gives.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sides {
    pub currency: String,
    #[serde(flatten)]
    pub year: Side,
    /// The customers who lose most, the worst first.
    pub lose_most: Vec<YearOf>,
    /// The customers who gain most, and so cost the enterprise most.
    pub gain_most: Vec<YearOf>,
}

/// How many gain how much in a year, and how many lose how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    pub gainers: u64,
    #[serde(serialize_with = "money")]
    pub gain: Decimal,
    pub losers: u64,
    #[serde(serialize_with = "money")]
    pub loss: Decimal,
}

/// What one customer gains in a year; below 0 if he loses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct YearOf {
    pub customer: String,
    pub segment: String,
    #[serde(serialize_with = "money")]
    pub gain: Decimal,
}

/// Customers of one segment of whom some gain and none loses at a decision point, or the other way round.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OneSided {
    pub point: String,
    pub segment: String,
    pub currency: String,
    #[serde(flatten)]
    pub year: Side,
}

/// A pledge beside what was counted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PledgeSeen {
    pub policy: String,
    pub currency: String,
    #[serde(serialize_with = "money")]
    pub benefit: Decimal,
    /// The cost it pledges: what may be given in a year.
    #[serde(serialize_with = "money")]
    pub cost: Decimal,
    /// What is given in a year under the strategy in force and under the candidate: all of it, also what the departments would give
    /// by themselves.
    #[serde(serialize_with = "money")]
    pub before: Decimal,
    #[serde(serialize_with = "money")]
    pub after: Decimal,
    /// Whether the candidate gives more than the pledge says.
    pub over: bool,
}

fn money<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&told(*amount))
}

/// An amount to the cent.
pub(super) fn told(amount: Decimal) -> String {
    canonical_money(amount.round_dp(2))
}

impl Side {
    fn count(&mut self, year: Decimal) {
        if year > Decimal::ZERO {
            self.gainers = self.gainers.saturating_add(1);
            self.gain = self.gain.saturating_add(year);
        } else if year < Decimal::ZERO {
            self.losers = self.losers.saturating_add(1);
            self.loss = self.loss.saturating_sub(year);
        }
    }
}

/// Everything that is added up.
#[derive(Default)]
pub(super) struct Ledgers {
    fields: BTreeMap<(String, String, WorthAs, String), FieldMoney>,
    segments: BTreeMap<(String, String, String), Side>,
    sides: BTreeMap<String, Sides>,
    /// Amounts that found no room.
    pub(super) left_out: u64,
}

impl Ledgers {
    /// Adds what a field is worth to one customer, and gives what he gains by it in a year.
    pub(super) fn field(
        &mut self,
        strategy: &Strategy,
        (point, field, counts): (&str, &str, WorthAs),
        currency: &str,
        before: Option<Decimal>,
        after: Option<Decimal>,
    ) -> Decimal {
        let room = self.fields.len() < MAX_LINES;
        let in_ours = |amount: Decimal| strategy.counted(&Money { amount, currency: currency.to_owned() });
        let ours = in_ours(Decimal::ZERO).currency;
        let key = (point.to_owned(), field.to_owned(), counts, ours.clone());
        if !room && !self.fields.contains_key(&key) {
            self.left_out = self.left_out.saturating_add(1);
            return Decimal::ZERO;
        }
        let line = self.fields.entry(key).or_insert_with(|| FieldMoney {
            point: point.to_owned(),
            field: field.to_owned(),
            counts,
            currency: ours,
            before: Decimal::ZERO,
            after: Decimal::ZERO,
            more: 0,
            less: 0,
            unknown: 0,
        });
        let (Some(before), Some(after)) = (before, after) else {
            line.unknown = line.unknown.saturating_add(1);
            return Decimal::ZERO;
        };
        let (in_before, in_after) = (in_ours(before).amount, in_ours(after).amount);
        line.before = line.before.saturating_add(in_before);
        line.after = line.after.saturating_add(in_after);
        line.more = line.more.saturating_add(u64::from(after > before));
        line.less = line.less.saturating_add(u64::from(after < before));
        a_year(strategy, counts, after.saturating_sub(before))
    }

    /// Counts what the customers of a segment gain at a point. `year` is in the customer's currency.
    pub(super) fn segment(&mut self, strategy: &Strategy, point: &str, label: &str, currency: &str, year: Decimal) {
        if year.is_zero() {
            return;
        }
        let counted = strategy.counted(&Money { amount: year, currency: currency.to_owned() });
        let key = (point.to_owned(), label.to_owned(), counted.currency);
        if self.segments.len() < MAX_LINES || self.segments.contains_key(&key) {
            self.segments.entry(key).or_default().count(counted.amount);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Counts what one customer gains at all points together.
    pub(super) fn customer(
        &mut self,
        strategy: &Strategy,
        customer: &SimulatedCustomer<'_>,
        label: &str,
        year: Decimal,
    ) {
        if year.is_zero() {
            return;
        }
        let counted = strategy.counted(&Money { amount: year, currency: customer.currency.to_owned() });
        if self.sides.len() >= MAX_CURRENCIES && !self.sides.contains_key(&counted.currency) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let sides = self.sides.entry(counted.currency.clone()).or_default();
        sides.currency = counted.currency;
        sides.year.count(counted.amount);
        let of = YearOf { customer: customer.id.to_owned(), segment: label.to_owned(), gain: counted.amount };
        match counted.amount > Decimal::ZERO {
            true => keep(&mut sides.gain_most, of, |a, b| b.gain.cmp(&a.gain)),
            false => keep(&mut sides.lose_most, of, |a, b| a.gain.cmp(&b.gain)),
        }
    }

    /// What is one-sided: a pledge says whether it is meant.
    pub(super) fn one_sided(&self) -> Vec<OneSided> {
        let sided = self.segments.iter().filter(|(_, year)| (year.gainers == 0) != (year.losers == 0));
        let told = sided.map(|((point, segment, currency), year)| OneSided {
            point: point.clone(),
            segment: segment.clone(),
            currency: currency.clone(),
            year: year.clone(),
        });
        told.collect()
    }

    /// The candidate's pledges for what was counted; with those that cannot be compared, and why.
    pub(super) fn pledges(&self, strategy: &Strategy) -> (Vec<PledgeSeen>, Vec<String>) {
        let (mut seen, mut notes) = (Vec::new(), Vec::new());
        for pledge in &strategy.pledges {
            let counted = |line: &&FieldMoney| line.point == pledge.policy && line.counts != WorthAs::Allowed;
            let lines: Vec<_> = self.fields.values().filter(counted).collect();
            if lines.is_empty() {
                continue;
            }
            let of = |amount: Decimal, currency: &str| Money { amount, currency: currency.to_owned() };
            let mut money = vec![pledge.cost.clone(), pledge.benefit.clone()];
            for line in &lines {
                money.push(of(a_year(strategy, line.counts, line.before), &line.currency));
                money.push(of(a_year(strategy, line.counts, line.after), &line.currency));
            }
            let amounts = strategy.in_one_currency(&money.iter().collect::<Vec<_>>());
            let (cost, benefit, given) = match amounts.as_deref() {
                Ok([cost, benefit, given @ ..]) => (*cost, *benefit, given),
                Ok(_) => continue,
                Err(error) => {
                    notes.push(format!("the pledge for `{}` cannot be compared: {error}", pledge.policy));
                    continue;
                }
            };
            let sum = |skip: usize| {
                given.iter().skip(skip).step_by(2).fold(Decimal::ZERO, |sum, one| sum.saturating_add(*one))
            };
            let one = money.iter().all(|money| money.currency == pledge.cost.currency);
            let currency = if one { Some(&pledge.cost.currency) } else { strategy.currency.as_ref() };
            seen.push(PledgeSeen {
                policy: pledge.policy.clone(),
                currency: currency.cloned().unwrap_or_default(),
                benefit,
                cost,
                before: sum(0),
                after: sum(1),
                over: sum(1) > cost,
            });
        }
        (seen, notes)
    }

    pub(super) fn into_lines(self) -> (Vec<FieldMoney>, Vec<Sides>) {
        (self.fields.into_values().collect(), self.sides.into_values().collect())
    }
}

/// What an amount is worth in a year to who has it.
fn a_year(strategy: &Strategy, counts: WorthAs, amount: Decimal) -> Decimal {
    match counts {
        WorthAs::Given => amount,
        WorthAs::Lent => amount.checked_mul(strategy.financing_rate.unwrap_or_default()).unwrap_or(Decimal::MAX),
        WorthAs::Allowed => Decimal::ZERO,
    }
}

/// Keeps the first of a list in order; who is equal, by id.
fn keep(all: &mut Vec<YearOf>, of: YearOf, order: impl Fn(&YearOf, &YearOf) -> std::cmp::Ordering) {
    all.push(of);
    all.sort_by(|a, b| order(a, b).then_with(|| a.customer.cmp(&b.customer)));
    all.truncate(WORST);
}
