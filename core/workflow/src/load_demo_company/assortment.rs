//! Assortment: the sixty products of Harbour Beverages.

use chrono::{Datelike, NaiveDate};

/// A product. Prices and costs are in cents per case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Article {
    pub number: u32,
    pub name: String,
    pub category: &'static str,
    pub list_price: i64,
    pub unit_cost: i64,
    pub discontinued: bool,
}

/// Category, drink, price of a case of the first pack in cents, and cost in percent of the price.
const DRINKS: [(&str, &str, i64, i64); 15] = [
    ("Water", "Harbour Spring Still", 620, 58),
    ("Water", "Harbour Spring Sparkling", 640, 58),
    ("Water", "Pier 9 Mineral", 780, 60),
    ("Soft drinks", "Dockside Cola", 1190, 62),
    ("Soft drinks", "Dockside Orange", 1150, 61),
    ("Soft drinks", "Bitter Buoy Tonic", 1390, 59),
    ("Soft drinks", "Rhubarb Fizz", 1340, 64),
    ("Juice", "Orchard Row Apple", 1480, 66),
    ("Juice", "Orchard Row Currant", 1720, 67),
    ("Beer", "Lantern Pilsner", 1690, 68),
    ("Beer", "Lantern Alcohol-free", 1650, 66),
    ("Beer", "Old Mole Stout", 2190, 65),
    ("Coffee and tea", "Nightwatch Coffee", 5490, 63),
    ("Coffee and tea", "Green Quay Tea", 3290, 60),
    ("Wine", "Tidal White", 4790, 69),
];

/// Pack and its price in percent of the first one's.
const PACKS: [(&str, i64); 4] =
    [("12 x 1.0 l", 100), ("24 x 0.33 l", 118), ("20 x 0.5 l", 112), ("Party pallet", 1480)];

/// All products, in the order of their numbers.
pub(super) fn assortment() -> Vec<Article> {
    let every = DRINKS.iter().flat_map(|drink| PACKS.iter().map(move |pack| (drink, pack)));
    every
        .zip(1..)
        .map(|(((category, drink, price, cost), (pack, percent)), number)| {
            let list_price = price * percent / 100;
            Article {
                number,
                name: format!("{drink} {pack}"),
                category,
                list_price,
                unit_cost: list_price * cost / 100,
                discontinued: number % 29 == 0,
            }
        })
        .collect()
}

impl Article {
    /// Price and cost of a case on a day. Both rose by about 3 % with the year that `today` is in.
    pub(super) fn on(&self, day: NaiveDate, today: NaiveDate) -> (i64, i64) {
        let percent = if day.year() < today.year() { 97 } else { 100 };
        (self.list_price * percent / 100, self.unit_cost * percent / 100)
    }
}
