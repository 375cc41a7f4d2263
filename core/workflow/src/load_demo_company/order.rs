//! Orders of one customer: when, what and how much. Amounts of whole orders are in 1/10,000 of a euro, the model's scale.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::assortment::Article;
use super::dice::Dice;
use super::profile::{Profile, Tier};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Shipped,
    Cancelled,
}

pub(super) struct Order {
    /// Counted from 1 per customer.
    pub sequence: u32,
    pub status: Status,
    pub ordered_on: NaiveDate,
    pub required_on: NaiveDate,
    pub shipped_on: Option<NaiveDate>,
    pub lines: Vec<Line>,
    pub freight: i64,
}

/// Prices and costs in cents.
pub(super) struct Line {
    pub article: u32,
    pub quantity: i64,
    pub unit_price: i64,
    pub unit_cost: i64,
    pub discount_percent: i64,
}

impl Line {
    pub(super) fn gross(&self) -> i64 {
        self.quantity * self.unit_price * 100
    }

    pub(super) fn net(&self) -> i64 {
        self.quantity * self.unit_price * (100 - self.discount_percent)
    }

    pub(super) fn cost(&self) -> i64 {
        self.quantity * self.unit_cost * 100
    }

    /// What one case leaves, at least a ten-thousandth.
    fn margin_of_one(&self) -> i64 {
        (self.unit_price * (100 - self.discount_percent) - self.unit_cost * 100).max(1)
    }
}

impl Order {
    pub(super) fn gross(&self) -> i64 {
        self.lines.iter().map(Line::gross).sum()
    }

    pub(super) fn net(&self) -> i64 {
        self.lines.iter().map(Line::net).sum()
    }

    pub(super) fn cost(&self) -> i64 {
        self.lines.iter().map(Line::cost).sum()
    }
}

/// A day with how much is ordered on it, in arbitrary units.
struct Occasion {
    day: NaiveDate,
    weight: i64,
    cancelled: bool,
}

/// All orders of a customer, oldest first. Quantities are such that the margin of the last twelve months comes out at the
/// profile's.
pub(super) fn orders(profile: &Profile, articles: &[Article], today: NaiveDate, dice: &mut Dice) -> Vec<Order> {
    let year_ago = today.checked_sub_months(Months::new(12)).unwrap_or(today);
    let occasions = occasions(profile, today, year_ago, dice);
    let counted = |from: NaiveDate| -> i64 {
        let kept = occasions.iter().filter(|occasion| !occasion.cancelled && occasion.day > from);
        kept.map(|occasion| occasion.weight).sum()
    };
    // Who did not order in the last year has no margin to aim at; then the two years share twice of it.
    let (total, margin) = match counted(year_ago) {
        0 => (counted(NaiveDate::MIN).max(1), profile.margin * 2),
        recent => (recent, profile.margin),
    };
    let mut sequence = 0;
    occasions
        .iter()
        .map(|occasion| {
            sequence += 1;
            // The profile's margin is in cents.
            let margin = margin * 100 / total * occasion.weight;
            order(sequence, profile, occasion, margin, articles, today, dice)
        })
        .collect()
}

/// Days spread over the profile's time and drawn towards the season, never a Sunday and never twice the same.
fn occasions(profile: &Profile, today: NaiveDate, year_ago: NaiveDate, dice: &mut Dice) -> Vec<Occasion> {
    let span = profile.ordered_from - profile.ordered_until;
    let mut days = BTreeSet::new();
    for slot in 0..profile.orders {
        let width = (span / profile.orders.max(1)).max(1);
        let begins = profile.ordered_from - span * slot / profile.orders.max(1);
        for throw in 0..12 {
            let before = (begins - dice.between(0, width)).max(profile.ordered_until);
            let Some(day) = today.checked_sub_days(Days::new(before.unsigned_abs())) else { continue };
            // The day the year began on is counted by one reader and not by another; nobody orders on it.
            let edge = day == year_ago || day.pred_opt() == Some(year_ago);
            let wanted = throw > 8 || profile.industry.season(day) >= dice.between(40, 120);
            let closed = edge || day.weekday() == Weekday::Sun;
            if wanted && !closed && days.insert(day) {
                break;
            }
        }
    }
    let with_weight = |day: NaiveDate| {
        let weight = dice.between(60, 140) * profile.industry.season(day) / 100;
        Occasion { day, weight: weight.max(1), cancelled: dice.chance(1) }
    };
    days.into_iter().map(with_weight).collect()
}

fn order(
    sequence: u32,
    profile: &Profile,
    occasion: &Occasion,
    margin: i64,
    articles: &[Article],
    today: NaiveDate,
    dice: &mut Dice,
) -> Order {
    let lines = lines(profile, occasion.day, margin, articles, today, dice);
    let after = |days: i64| occasion.day.checked_add_days(Days::new(days.unsigned_abs())).unwrap_or(occasion.day);
    let required_on = after(dice.between(3, 7));
    let shipped_on = Some(after(dice.between(1, 3))).filter(|day| !occasion.cancelled && *day <= today);
    let status = match shipped_on {
        Some(_) => Status::Shipped,
        None if occasion.cancelled => Status::Cancelled,
        None => Status::Open,
    };
    let net: i64 = lines.iter().map(Line::net).sum();
    let freight = if net < 10_000_000 { dice.between(150, 480) * 1000 } else { 0 };
    Order { sequence, status, ordered_on: occasion.day, required_on, shipped_on, lines, freight }
}

fn lines(
    profile: &Profile,
    day: NaiveDate,
    margin: i64,
    articles: &[Article],
    today: NaiveDate,
    dice: &mut Dice,
) -> Vec<Line> {
    let wanted = match profile.tier {
        Tier::Key => dice.between(4, 8),
        Tier::Core => dice.between(2, 5),
        _ => dice.between(1, 3),
    };
    let (mut rest, mut lines, mut taken) = (margin, Vec::new(), BTreeSet::new());
    for left in (1..=wanted).rev() {
        let place = usize::try_from(dice.between(0, articles.len() as i64 - 1)).unwrap_or(0);
        let Some(article) = articles.get(place).filter(|article| !article.discontinued) else { continue };
        // Nobody takes a pallet for the price of a few cases, nor the same article twice.
        let (unit_price, unit_cost) = article.on(day, today);
        let line = Line {
            article: article.number,
            quantity: 1,
            unit_price,
            unit_cost,
            discount_percent: profile.discount_percent,
        };
        let fits = line.margin_of_one() * 4 <= rest / left || (lines.is_empty() && left == 1);
        if !fits || !taken.insert(article.number) {
            continue;
        }
        let share = if left == 1 { rest } else { rest / left * dice.between(60, 140) / 100 };
        let quantity = (share / line.margin_of_one()).max(1);
        rest -= quantity * line.margin_of_one();
        lines.push(Line { quantity, ..line });
    }
    complete(profile, day, rest, articles, today, lines)
}

/// What the throws left over goes into the last line, or into one of the first article when there is none yet.
fn complete(
    profile: &Profile,
    day: NaiveDate,
    rest: i64,
    articles: &[Article],
    today: NaiveDate,
    mut lines: Vec<Line>,
) -> Vec<Line> {
    if lines.is_empty()
        && let Some(article) = articles.first()
    {
        let (unit_price, unit_cost) = article.on(day, today);
        let discount_percent = profile.discount_percent;
        lines.push(Line { article: article.number, quantity: 0, unit_price, unit_cost, discount_percent });
    }
    if let Some(last) = lines.last_mut() {
        last.quantity = (last.quantity + rest / last.margin_of_one()).max(1);
    }
    lines
}
