//! Names of companies, people and places, put together from parts. None is meant to be a real company's.

use super::dice::Dice;
use super::profile::Industry;

const FIRST: [&str; 24] = [
    "Anna", "Bram", "Carla", "David", "Elif", "Femke", "Greta", "Hugo", "Ines", "Jonas", "Katja", "Lars", "Marta",
    "Nils", "Olga", "Pieter", "Rosa", "Stefan", "Tessa", "Ulrich", "Vera", "Willem", "Yasmin", "Zoe",
];
const LAST: [&str; 32] = [
    "Albers", "Brandt", "Claasen", "Dekker", "Ebeling", "Fischer", "Gerdes", "Hansen", "Ivens", "Jansen", "Kramer",
    "Lorenzen", "Meinders", "Nissen", "Olsen", "Petersen", "Quast", "Reimers", "Steen", "Thomsen", "Ubben", "Visser",
    "Wulf", "Yilmaz", "Zander", "Bakker", "Carstens", "Dirksen", "Eggers", "Friis", "Gruber", "Holm",
];
const ADJECTIVE: [&str; 16] = [
    "Golden", "Blue", "Silver", "Green", "Old", "Little", "Northern", "Bright", "Red", "White", "Quiet", "Royal",
    "Sunny", "Amber", "Grand", "Velvet",
];
const NOUN: [&str; 20] = [
    "Anchor",
    "Lantern",
    "Heron",
    "Compass",
    "Harbour",
    "Oak",
    "Dune",
    "Tower",
    "Swan",
    "Mill",
    "Garden",
    "Bridge",
    "Lighthouse",
    "Orchard",
    "Fountain",
    "Falcon",
    "Quay",
    "Meadow",
    "Star",
    "Pearl",
];
const STREET: [&str; 16] = [
    "Hafenstraße",
    "Marktplatz",
    "Lindenallee",
    "Kanaalweg",
    "Stationsplein",
    "Kirchweg",
    "Nordring",
    "Mühlenweg",
    "Rosenstraße",
    "Havnegade",
    "Schulstraße",
    "Dorfstraße",
    "Parkallee",
    "Brückenstraße",
    "Westersingel",
    "Am Deich",
];
const ROLE: [&str; 8] = [
    "Purchasing",
    "Head of purchasing",
    "Managing director",
    "Accounting",
    "Food and beverage manager",
    "Owner",
    "Facility manager",
    "Branch manager",
];
pub(super) const SELLERS: [&str; 6] =
    ["Mara Lindqvist", "Tom Behrens", "Aylin Demir", "Joris Vermeer", "Sofie Dahl", "Henrik Paulsen"];

pub(super) const TERRITORIES: [&str; 5] = ["North", "Centre", "East", "Benelux", "Nordic"];

/// A city with what depends on it.
pub(super) struct City {
    pub name: &'static str,
    pub postal_code: &'static str,
    pub country: &'static str,
    pub territory: &'static str,
    pub dialling_code: &'static str,
}

const CITIES: [(&str, &str, &str, &str, &str); 16] = [
    ("Hamburg", "20457", "Germany", "North", "+49 40"),
    ("Bremen", "28195", "Germany", "North", "+49 421"),
    ("Kiel", "24103", "Germany", "North", "+49 431"),
    ("Lübeck", "23552", "Germany", "North", "+49 451"),
    ("Hannover", "30159", "Germany", "Centre", "+49 511"),
    ("Münster", "48143", "Germany", "Centre", "+49 251"),
    ("Köln", "50667", "Germany", "Centre", "+49 221"),
    ("Leipzig", "04109", "Germany", "East", "+49 341"),
    ("Berlin", "10117", "Germany", "East", "+49 30"),
    ("Rostock", "18055", "Germany", "East", "+49 381"),
    ("Rotterdam", "3011", "Netherlands", "Benelux", "+31 10"),
    ("Groningen", "9711", "Netherlands", "Benelux", "+31 50"),
    ("Utrecht", "3511", "Netherlands", "Benelux", "+31 30"),
    ("Antwerpen", "2000", "Belgium", "Benelux", "+32 3"),
    ("Aarhus", "8000", "Denmark", "Nordic", "+45 86"),
    ("Malmö", "211 20", "Sweden", "Nordic", "+46 40"),
];

pub(super) fn city(dice: &mut Dice) -> City {
    let place = usize::try_from(dice.between(0, CITIES.len() as i64 - 1)).unwrap_or(0);
    let (name, postal_code, country, territory, dialling_code) = CITIES.get(place).copied().unwrap_or_default();
    City { name, postal_code, country, territory, dialling_code }
}

pub(super) fn company(dice: &mut Dice, industry: Industry, city: &City) -> String {
    let (adjective, noun, last) = (dice.one_of(&ADJECTIVE), dice.one_of(&NOUN), dice.one_of(&LAST));
    match industry {
        Industry::Restaurants => format!("{adjective} {noun} Restaurants {}", city.name),
        Industry::Hotels => format!("Hotel {adjective} {noun} {}", city.name),
        Industry::Cinemas => format!("{noun} Cinemas {last} {}", city.name),
        Industry::Kiosks => format!("Kiosk {last} {}", city.name),
        Industry::Offices => format!("{last} & {} Consulting {}", dice.one_of(&LAST), city.name),
        Industry::Schools => format!("{} {noun} School {last}", city.name),
    }
}

/// First and last name.
pub(super) fn person(dice: &mut Dice) -> (&'static str, &'static str) {
    (dice.one_of(&FIRST), dice.one_of(&LAST))
}

pub(super) fn role(dice: &mut Dice) -> &'static str {
    dice.one_of(&ROLE)
}

pub(super) fn seller(dice: &mut Dice) -> &'static str {
    dice.one_of(&SELLERS)
}

pub(super) fn street(dice: &mut Dice) -> String {
    format!("{} {}", dice.one_of(&STREET), dice.between(1, 140))
}

pub(super) fn phone(dice: &mut Dice, city: &City) -> String {
    format!("{} 555 {:04}", city.dialling_code, dice.between(0, 9999))
}

/// An address in a domain that is reserved for examples.
pub(super) fn email(person: (&str, &str), customer: u32) -> String {
    format!("{}.{}@customer{customer}.example", person.0.to_ascii_lowercase(), person.1.to_ascii_lowercase())
}
