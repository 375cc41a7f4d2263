//! Invoices, payments and credit of one customer, as its habit of paying makes them.

use chrono::{Days, NaiveDate};

use super::dice::Dice;
use super::order::Order;
use super::profile::{Habit, Profile, Tier};

/// Amounts in cents: what is paid is paid in whole cents.
pub(super) struct Invoice {
    pub order: u32,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub amount: i64,
    pub dispute: Option<&'static str>,
    pub payments: Vec<Payment>,
}

pub(super) struct Payment {
    pub received_on: NaiveDate,
    pub amount: i64,
    pub method: &'static str,
}

pub(super) struct Credit {
    pub limit: i64,
    pub dunning_level: i64,
    pub on_hold: bool,
}

const DISPUTES: [&str; 6] = [
    "Two cases arrived broken",
    "Delivered a day late, event was over",
    "Wrong vintage delivered",
    "Discount from the spring offer is missing",
    "Deposit for empties was not credited",
    "Quantity on the delivery note differs",
];
const METHODS: [&str; 3] = ["bank transfer", "direct debit", "card"];

impl Invoice {
    pub(super) fn paid(&self) -> i64 {
        self.payments.iter().map(|payment| payment.amount).sum()
    }

    pub(super) fn paid_on(&self) -> Option<NaiveDate> {
        let last = self.payments.iter().map(|payment| payment.received_on).max();
        last.filter(|_| self.paid() == self.amount)
    }

    pub(super) fn status(&self) -> &'static str {
        match (self.paid_on(), self.dispute) {
            (Some(_), _) => "PAID",
            (None, Some(_)) => "DISPUTED",
            (None, None) => "OPEN",
        }
    }

    /// Days past the due day, while something is open.
    fn overdue(&self, today: NaiveDate) -> i64 {
        if self.paid_on().is_some() { 0 } else { (today - self.due_on).num_days().max(0) }
    }
}

/// One invoice per shipped order.
pub(super) fn invoices(profile: &Profile, orders: &[Order], today: NaiveDate, dice: &mut Dice) -> Vec<Invoice> {
    let shipped = orders.iter().filter_map(|order| Some((order, order.shipped_on?)));
    shipped.map(|(order, issued_on)| invoice(profile, order, issued_on, today, dice)).collect()
}

fn invoice(profile: &Profile, order: &Order, issued_on: NaiveDate, today: NaiveDate, dice: &mut Dice) -> Invoice {
    let due_on = later(issued_on, profile.net_days);
    let amount = (order.net() + order.freight + 50) / 100;
    let recent = (today - issued_on).num_days() < 120;
    let dispute = Some(dice.one_of(&DISPUTES)).filter(|_| dice.chance(3) && recent);
    let method = dice.one_of(&METHODS);
    let paid_on = later(due_on, profile.habit.days_late(dice)).max(issued_on);
    let part = amount * dice.between(30, 60) / 100;
    let mut payments = Vec::new();
    let mut pay = |received_on: NaiveDate, amount: i64| {
        if received_on <= today && amount > 0 {
            payments.push(Payment { received_on, amount, method });
        }
    };
    match dice.between(1, 100) {
        _ if dispute.is_some() => {
            // Some pay what they do not disagree with.
            if dice.chance(40) {
                pay(due_on, part);
            }
        }
        1..=6 => {
            pay(paid_on, part);
            pay(later(paid_on, 12), amount - part);
        }
        _ => pay(paid_on, amount),
    }
    Invoice { order: order.sequence, issued_on, due_on, amount, dispute, payments }
}

fn later(day: NaiveDate, days: i64) -> NaiveDate {
    let count = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(count) } else { day.checked_add_days(count) };
    moved.unwrap_or(day)
}

/// Credit for who has ordered; a prospect has none yet.
pub(super) fn credit(profile: &Profile, invoices: &[Invoice], today: NaiveDate, dice: &mut Dice) -> Option<Credit> {
    if profile.tier == Tier::Prospect {
        return None;
    }
    // A limit covers what a year's invoices run up in the days until they are paid, with more room for good payers.
    let year: i64 = invoices.iter().filter(|i| (today - i.issued_on).num_days() < 365).map(|i| i.amount).sum();
    let room = match profile.habit {
        Habit::Prompt => 160,
        Habit::Late => 140,
        Habit::Slow => 110,
        Habit::Poor => 70,
    };
    let limit = year / 365 * (profile.net_days + 25) * room / 100;
    let step = if limit > 5_000_000 { 500_000 } else { 50_000 };
    let limit = if profile.tier == Tier::Closed { 0 } else { (limit / step + 1) * step };
    let overdue = invoices.iter().filter(|i| i.dispute.is_none()).map(|i| i.overdue(today)).max().unwrap_or(0);
    let dunning_level = match overdue {
        0..=9 => 0,
        10..=29 => 1,
        30..=54 => 2,
        _ => 3,
    };
    Some(Credit { limit, dunning_level, on_hold: dunning_level == 3 && dice.chance(70) })
}
