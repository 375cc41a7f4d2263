//! Profile: who a customer of the demo company is and how it behaves.

use chrono::{Datelike, NaiveDate};

use super::DemoSize;
use super::dice::Dice;
use super::name::{self, City};

/// How much a customer matters. What comes out of it is measured again from the orders: the strategy knows no tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    Key,
    Core,
    Small,
    /// Has never ordered.
    Prospect,
    /// Ordered until more than a year ago.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Industry {
    Restaurants,
    Hotels,
    Cinemas,
    Kiosks,
    Offices,
    Schools,
}

/// How a customer pays, as days after the due day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    Prompt,
    Late,
    Slow,
    Poor,
}

pub(super) struct Profile {
    pub number: u32,
    pub tier: Tier,
    pub industry: Industry,
    pub habit: Habit,
    pub name: String,
    pub city: City,
    pub seller: &'static str,
    /// Contribution margin of the last twelve months to aim at, in cents.
    pub margin: i64,
    /// Orders in two years to aim at.
    pub orders: i64,
    /// Days before today between which it ordered.
    pub ordered_from: i64,
    pub ordered_until: i64,
    pub discount_percent: i64,
    pub net_days: i64,
}

/// Of 60 customers in a row, so many are of each tier; [`Profile::new`] spreads them.
const OF_SIXTY: [(Tier, u32); 5] =
    [(Tier::Key, 3), (Tier::Core, 20), (Tier::Small, 32), (Tier::Prospect, 3), (Tier::Closed, 2)];

/// Orders that 60 customers of these tiers place in two years when nothing is scaled.
const ORDERS_OF_SIXTY: i64 = 3 * 104 + 20 * 40 + 32 * 12 + 2 * 8;

impl Profile {
    pub(super) fn new(number: u32, size: DemoSize, dice: &mut Dice) -> Self {
        let tier = tier(number);
        let industry = industry(tier, dice);
        let city = name::city(dice);
        let name = name::company(dice, industry, &city);
        let habit = match dice.between(1, 100) {
            _ if tier == Tier::Closed => Habit::Prompt,
            1..=60 => Habit::Prompt,
            61..=81 => Habit::Late,
            82..=90 => Habit::Slow,
            _ => Habit::Poor,
        };
        let (ordered_from, ordered_until) = match tier {
            Tier::Closed => (729, 400),
            // Some are new, some have quietly stopped ordering.
            Tier::Small if dice.chance(8) => (150, 0),
            Tier::Small if dice.chance(8) => (729, 190),
            _ => (729, 0),
        };
        let base = match tier {
            Tier::Key => dice.between(96, 112),
            Tier::Core => dice.between(34, 46),
            Tier::Small => dice.between(9, 15),
            Tier::Prospect => 0,
            Tier::Closed => 8,
        };
        // Rounded up or down by the dice, so that a base of many small customers has as many orders as was asked for.
        let whole = i64::from(size.customers.max(1)) * ORDERS_OF_SIXTY;
        let scaled = (base * i64::from(size.orders) * 60 + dice.between(0, whole - 1)) / whole;
        Profile {
            number,
            tier,
            industry,
            habit,
            name,
            seller: name::seller(dice),
            margin: margin(tier, dice),
            orders: if base == 0 { 0 } else { scaled.max(1) },
            ordered_from,
            ordered_until,
            discount_percent: match tier {
                Tier::Key => dice.between(8, 12),
                Tier::Core => dice.between(2, 6),
                _ => dice.between(0, 2),
            },
            net_days: match tier {
                Tier::Key => 45,
                Tier::Core => 30,
                _ => 14,
            },
            city,
        }
    }

    /// The customer it belongs to: of twelve in a row, the last is a subsidiary of the one before it.
    pub(super) fn parent(&self) -> Option<u32> {
        self.number.is_multiple_of(12).then(|| self.number.saturating_sub(1))
    }

    pub(super) fn status(&self) -> &'static str {
        match self.tier {
            Tier::Prospect => "PROSPECT",
            Tier::Closed => "CLOSED",
            _ => "ACTIVE",
        }
    }
}

fn tier(number: u32) -> Tier {
    // 7 has no factor in common with 60, so every place of the sixty is met once.
    let mut place = (number * 7) % 60;
    for (tier, count) in OF_SIXTY {
        if place < count {
            return tier;
        }
        place -= count;
    }
    Tier::Small
}

fn industry(tier: Tier, dice: &mut Dice) -> Industry {
    match (tier, dice.between(1, 100)) {
        (Tier::Key, 1..=50) | (Tier::Core, 1..=30) => Industry::Restaurants,
        (Tier::Key, 51..=80) | (Tier::Core, 31..=60) => Industry::Hotels,
        (Tier::Key, _) | (Tier::Core, 61..=75) => Industry::Cinemas,
        (Tier::Core, 76..=90) => Industry::Offices,
        (Tier::Core, _) => Industry::Schools,
        (_, 1..=45) => Industry::Kiosks,
        (_, 46..=70) => Industry::Offices,
        (_, 71..=85) => Industry::Schools,
        (_, _) => Industry::Restaurants,
    }
}

/// In cents. Most lie well inside their segment, some close to its border, none so close that rounding to whole cases
/// decides.
fn margin(tier: Tier, dice: &mut Dice) -> i64 {
    let euros = match (tier, dice.between(1, 100)) {
        (Tier::Key, 1..=30) => dice.between(262_000, 290_000),
        (Tier::Key, 31..=85) => dice.between(290_000, 480_000),
        (Tier::Key, _) => dice.between(480_000, 900_000),
        (Tier::Core, 1..=20) => dice.between(21_200, 26_000),
        (Tier::Core, 21..=75) => dice.between(26_000, 90_000),
        (Tier::Core, 76..=93) => dice.between(90_000, 190_000),
        (Tier::Core, _) => dice.between(190_000, 236_000),
        (Tier::Small, 1..=15) => dice.between(13_000, 18_200),
        (Tier::Small, 16..=60) => dice.between(3_000, 13_000),
        (Tier::Small, _) => dice.between(400, 3_000),
        (Tier::Closed, _) => dice.between(1_000, 30_000),
        (Tier::Prospect, _) => 0,
    };
    euros * 100
}

impl Industry {
    pub(super) fn name(self) -> &'static str {
        match self {
            Industry::Restaurants => "Restaurants",
            Industry::Hotels => "Hotels",
            Industry::Cinemas => "Cinemas",
            Industry::Kiosks => "Kiosks",
            Industry::Offices => "Offices",
            Industry::Schools => "Schools",
        }
    }

    /// How much is ordered in the month of a day, in percent of an average month.
    pub(super) fn season(self, day: NaiveDate) -> i64 {
        let by_month: [i64; 12] = match self {
            Industry::Restaurants => [80, 80, 90, 100, 110, 120, 120, 115, 100, 90, 90, 125],
            Industry::Hotels => [60, 65, 80, 100, 115, 135, 150, 150, 110, 90, 65, 90],
            Industry::Cinemas => [120, 115, 105, 90, 85, 75, 80, 85, 90, 110, 125, 135],
            Industry::Kiosks => [75, 75, 90, 100, 115, 140, 150, 140, 100, 80, 70, 90],
            Industry::Offices => [105, 105, 105, 100, 100, 105, 80, 75, 110, 110, 110, 85],
            Industry::Schools => [110, 110, 110, 95, 110, 115, 25, 40, 130, 105, 120, 85],
        };
        by_month.into_iter().nth(day.month0() as usize).unwrap_or(100)
    }
}

impl Habit {
    /// Days after the due day at which it pays; negative is early.
    pub(super) fn days_late(self, dice: &mut Dice) -> i64 {
        match self {
            Habit::Prompt => dice.between(-6, 2),
            Habit::Late => dice.between(3, 16),
            Habit::Slow => dice.between(12, 42),
            Habit::Poor => dice.between(25, 95),
        }
    }
}
