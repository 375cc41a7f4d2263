//! What the strategy says beside segments and their treatments: contacts, arbitration, holdout, authorities, incentives and
//! the facts that decisions rest on.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{ValueProposition, keys};
use crate::{DataType, DecisionPoint, Formula, FormulaNames, Scope};

const MAX_SHORT: usize = 200;
const MAX_ENTRIES: usize = 200;
const MAX_WINDOW: i32 = 3_660;

/// The acts that an authority limits.
pub const DELEGATED_ACTS: &[&str] = &["releaseHold"];

/// What a department may approve, up to a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Authority {
    pub department: String,
    pub place: Place,
    /// Money counts in the strategy's currency.
    pub at_most: Decimal,
}

/// Where somebody has authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Over a field of the answer at a decision point.
    Field(Field),
    /// Over an act, such as `releaseHold`, up to an amount.
    Act(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub point: String,
    pub field: String,
}

/// What a department is paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incentive {
    pub department: String,
    /// The metric of a goal, or a parameter like `credit.terms.netDays`.
    pub metric: String,
    /// Whether it is paid for more of it, or for less.
    pub rewards_more: bool,
}

/// A fact that decisions rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Information {
    /// `customer.margin12m`.
    pub fact: String,
    /// Who answers for it.
    pub owner: String,
    /// How old the customer's facts may be when it counts; without it any age will do.
    pub max_age_days: Option<i32>,
    /// The decision points it counts for; all if there are none.
    pub points: Vec<String>,
}

/// How often, when and about what customers are contacted, whichever department wants to.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactPolicy {
    pub caps: Vec<ContactCap>,
    pub quiet_hours: Option<QuietHours>,
    /// Kinds of contact that always go out.
    pub exempt: Vec<String>,
}

/// At most so many contacts in so many days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactCap {
    /// The kinds it counts; all if there are none.
    pub kinds: Vec<String>,
    pub days: i32,
    pub at_most: i32,
}

/// Hours of the day, at the customer's, in which nobody is contacted. They may span midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    pub from: NaiveTime,
    pub to: NaiveTime,
}

/// How the departments' actions are weighed against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Arbitration {
    /// Over `request` and `verdict` at `nba.arbitrate`.
    pub score: Formula,
    /// Most that reasons of the business's own may add.
    pub lever_cap: Decimal,
}

/// Customers to whom a policy is not applied, so that one can see what it brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Holdout {
    /// Share of the customers: 0.05 is 5 %.
    pub share: Decimal,
    /// Another seed holds out others.
    pub seed: String,
    /// The decision points they are held out from.
    pub points: Vec<String>,
}

impl ContactPolicy {
    pub fn is_exempt(&self, kind: &str) -> bool {
        self.exempt.iter().any(|exempt| exempt == kind)
    }

    /// How many contacts of a kind may still go out today, given all there were: each with its day and kind. Nothing if no cap
    /// counts it. A contact counts for as many days as the window has, the day itself included.
    pub fn remaining(&self, kind: &str, contacts: &[(NaiveDate, &str)], today: NaiveDate) -> Option<i32> {
        if self.is_exempt(kind) {
            return None;
        }
        let counts = |cap: &&ContactCap| cap.counts(kind);
        self.caps.iter().filter(counts).map(|cap| cap.remaining(self, contacts, today)).min()
    }

    /// Whether it is too early or too late to contact a customer.
    pub fn is_quiet(&self, local: NaiveTime) -> bool {
        self.quiet_hours.is_some_and(|quiet| match quiet.from <= quiet.to {
            true => quiet.from <= local && local < quiet.to,
            false => local >= quiet.from || local < quiet.to,
        })
    }
}

impl ContactCap {
    fn counts(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|counted| counted == kind)
    }

    fn remaining(&self, policy: &ContactPolicy, contacts: &[(NaiveDate, &str)], today: NaiveDate) -> i32 {
        let window = TimeDelta::days(i64::from(self.days));
        let in_window = |day: NaiveDate| day <= today && today.signed_duration_since(day) < window;
        let counted =
            contacts.iter().filter(|(day, kind)| in_window(*day) && self.counts(kind) && !policy.is_exempt(kind));
        self.at_most.saturating_sub(i32::try_from(counted.count()).unwrap_or(i32::MAX)).max(0)
    }
}

impl Holdout {
    /// Whether a customer is held out from a decision point. Always the same for one seed, whoever else there is.
    pub fn holds_out(&self, point: &str, customer: &str) -> bool {
        self.points.iter().any(|name| name == point) && lot(&self.seed, customer) < self.share
    }
}

/// A number from 0 to below 1 that is always the same for one seed and one customer.
pub fn lot(seed: &str, customer: &str) -> Decimal {
    let mut hash = Sha256::new();
    // The length keeps a seed and an id from being read as another seed and another id.
    hash.update(u64::try_from(seed.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(seed.as_bytes());
    hash.update(customer.as_bytes());
    let digest = hash.finalize();
    let first = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    // In millionths: shares are no finer.
    Decimal::new(i64::try_from(first % 1_000_000).unwrap_or(0), 6)
}

impl<'a> Reader<'a> {
    pub(super) fn value_propositions(&mut self, document: &Table<'_>, segments: &[String]) -> Vec<ValueProposition> {
        self.each(document, "value_propositions", MAX_ENTRIES, |reader, table| {
            reader.only(table, keys::VALUE_PROPOSITION);
            let promise = reader.text(table, "promise", MAX_TEXT);
            let segment = table.get("segment").map(|node| reader.segment_key(&node, segments));
            if segment.as_ref().is_some_and(Option::is_none) {
                return None;
            }
            Some(ValueProposition { segment: segment.flatten(), promise: promise? })
        })
    }

    pub(super) fn segment_key(&mut self, node: &Node<'_>, segments: &[String]) -> Option<String> {
        let key = node.value.as_str().filter(|key| segments.iter().any(|known| known == key));
        if key.is_none() {
            self.at(node, format!("is no segment; there are {}", segments.join(", ")));
        }
        key.map(str::to_owned)
    }

    pub(super) fn authorities(&mut self, document: &Table<'_>) -> Vec<Authority> {
        self.each(document, "authorities", MAX_ENTRIES, |reader, table| {
            reader.only(table, keys::AUTHORITY);
            reader.place(table);
            let department = reader.text(table, "department", MAX_SHORT);
            let at_most = reader.require(table, "at_most").and_then(|node| reader.number(&node));
            let place = match (table.get("point"), table.get("act")) {
                (Some(_), None) => reader.authority_field(table),
                (None, Some(_)) => reader.key(table, "act").map(Place::Act),
                _ => {
                    reader.problem(&table.span, &table.path, "needs exactly one of `point` and `act`");
                    None
                }
            };
            Some(Authority { department: department?, place: place?, at_most: at_most? })
        })
    }

    fn authority_field(&mut self, table: &Table<'_>) -> Option<Place> {
        let point = self.named_point(table, "point")?;
        let node = self.require(table, "field")?;
        let over: Vec<_> = point.bounded().iter().filter(|field| field.authority.is_some()).collect();
        let field = over.iter().find(|field| Some(field.name.as_str()) == node.value.as_str());
        if field.is_none() {
            let known: Vec<_> = over.iter().map(|field| field.name.as_str()).collect();
            let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
            self.at(&node, format!("is no field of `{}` that needs authority; {known}", point.name));
        }
        Some(Place::Field(Field { point: point.name.clone(), field: field?.name.clone() }))
    }

    pub(super) fn incentives(&mut self, document: &Table<'_>) -> Vec<Incentive> {
        self.each(document, "incentives", MAX_ENTRIES, |reader, table| {
            reader.only(table, keys::INCENTIVE);
            reader.place(table);
            let department = reader.text(table, "department", MAX_SHORT);
            let metric = reader.text(table, "metric", MAX_SHORT);
            let rewards = reader.require(table, "rewards");
            let rewards = rewards.and_then(|node| reader.one_of(&node, &[("more", true), ("less", false)]));
            Some(Incentive { department: department?, metric: metric?, rewards_more: rewards? })
        })
    }

    pub(super) fn information(&mut self, document: &Table<'_>) -> Vec<Information> {
        self.each(document, "information", MAX_ENTRIES, |reader, table| {
            reader.only(table, keys::INFORMATION);
            reader.place(table);
            let fact = reader.require(table, "fact").and_then(|node| reader.fact(&node));
            let owner = reader.text(table, "owner", MAX_SHORT);
            let age = table.get("max_age_days").map(|node| reader.whole(&node, 0, MAX_WINDOW));
            let points = reader.points_in(table, "points");
            if age.is_some_and(|age| age.is_none()) {
                return None;
            }
            let max_age_days = age.flatten();
            Some(Information { fact: fact?, owner: owner?, max_age_days, points })
        })
    }

    /// A field of the customer, as conditions name it.
    fn fact(&mut self, node: &Node<'_>) -> Option<String> {
        let scope = Scope::subject(self.model, "Customer");
        let Some(text) = node.value.as_str() else {
            self.at(node, "is not a fact like \"customer.margin12m\"");
            return None;
        };
        match crate::Condition::compile(&format!("has({text})"), &scope) {
            Ok(_) => Some(text.to_owned()),
            Err(error) => {
                self.at(node, error.message);
                None
            }
        }
    }

    fn points_in(&mut self, table: &Table<'_>, key: &str) -> Vec<String> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let mut names = Vec::new();
        for name in self.texts(&node).unwrap_or_default() {
            if let Some(point) = self.point(&node.span, &node.path, &name) {
                names.push(point.name.clone());
            }
        }
        names
    }

    pub(super) fn contact_policy(&mut self, document: &Table<'_>) -> Option<ContactPolicy> {
        let table = document.get("contact_policy").and_then(|node| self.table(&node))?;
        self.only(&table, keys::CONTACT_POLICY);
        self.place(&table);
        let caps = self.each(&table, "caps", MAX_ENTRIES, |reader, table| {
            reader.only(table, keys::CONTACT_CAP);
            let kinds = table.get("kinds").map(|node| reader.texts(&node));
            let days = reader.require(table, "days").and_then(|node| reader.whole(&node, 1, MAX_WINDOW));
            let at_most = reader.require(table, "at_most").and_then(|node| reader.whole(&node, 0, 10_000));
            let kinds = kinds.unwrap_or_else(|| Some(Vec::new()));
            Some(ContactCap { kinds: kinds?, days: days?, at_most: at_most? })
        });
        let quiet_hours = table.get("quiet_hours").and_then(|node| {
            let table = self.table(&node)?;
            self.only(&table, keys::QUIET_HOURS);
            let (from, to) = (self.time(&table, "from"), self.time(&table, "to"));
            Some(QuietHours { from: from?, to: to? })
        });
        let exempt = table.get("exempt").and_then(|node| self.texts(&node)).unwrap_or_default();
        Some(ContactPolicy { caps, quiet_hours, exempt })
    }

    fn time(&mut self, table: &Table<'_>, key: &str) -> Option<NaiveTime> {
        let node = self.require(table, key)?;
        let text = node.value.as_str().filter(|text| text.len() == 5);
        let time = text.and_then(|text| NaiveTime::parse_from_str(text, "%H:%M").ok());
        if time.is_none() {
            self.at(&node, "is not a time of the day like \"20:00\"");
        }
        time
    }

    pub(super) fn arbitration(&mut self, document: &Table<'_>) -> Option<Arbitration> {
        let table = document.get("arbitration").and_then(|node| self.table(&node))?;
        self.only(&table, keys::ARBITRATION);
        let lever_cap = self.require(&table, "lever_cap").and_then(|node| self.not_negative(&node));
        let node = self.require(&table, "score")?;
        let Some(point) = self.points.iter().find(|point| point.members.as_ref().is_some_and(|m| m.score.is_some()))
        else {
            self.at(&node, "weighs actions, and no decision point asks for that");
            return None;
        };
        let scope = Scope::ground_rule(self.model, point);
        let score = self.formula(&node, FormulaNames::Decision(&scope));
        Some(Arbitration { score: score?, lever_cap: lever_cap? })
    }

    pub(super) fn holdout(&mut self, document: &Table<'_>) -> Option<Holdout> {
        let node = document.get("holdout")?;
        let table = self.table(&node)?;
        self.only(&table, keys::HOLDOUT);
        self.place(&table);
        let share = self.require(&table, "share").and_then(|node| self.share(&node));
        let seed = self.text(&table, "seed", MAX_SHORT);
        self.require(&table, "points");
        let points = self.points_in(&table, "points");
        Some(Holdout { share: share?, seed: seed?, points })
    }

    pub(super) fn named_point(&mut self, table: &Table<'_>, key: &str) -> Option<&'a DecisionPoint> {
        let node = self.require(table, key)?;
        let Some(name) = node.value.as_str() else {
            self.at(&node, "is not the name of a decision point");
            return None;
        };
        self.point(&node.span, &node.path, name)
    }

    /// A number of any size and sign.
    pub(super) fn number(&mut self, node: &Node<'_>) -> Option<Decimal> {
        match self.datum(node, &DataType::Decimal)? {
            crate::Datum::Decimal(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn not_negative(&mut self, node: &Node<'_>) -> Option<Decimal> {
        let number = self.number(node)?;
        if number.is_sign_negative() && !number.is_zero() {
            self.at(node, "is below 0");
            return None;
        }
        Some(number)
    }

    /// A share from 0 to 1.
    pub(super) fn share(&mut self, node: &Node<'_>) -> Option<Decimal> {
        let number = self.not_negative(node)?;
        if number > Decimal::ONE {
            self.at(node, "is above 1; write 5 % as 0.05");
            return None;
        }
        Some(number)
    }

    pub(super) fn whole(&mut self, node: &Node<'_>, least: i32, most: i32) -> Option<i32> {
        match self.datum(node, &DataType::Int)? {
            crate::Datum::Int(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.at(node, format!("is not a whole number from {least} to {most}"));
                None
            }
        }
    }

    pub(super) fn one_of<T: Copy>(&mut self, node: &Node<'_>, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| Some(*name) == node.value.as_str());
        if found.is_none() {
            let names: Vec<_> = known.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            let (last, rest) = names
                .split_last()
                .map_or((String::new(), String::new()), |(last, rest)| (last.clone(), rest.join(", ")));
            self.at(node, format!("is not {rest} or {last}"));
        }
        found.map(|(_, value)| *value)
    }

    pub(super) fn optional_text(&mut self, table: &Table<'_>, key: &str, at_most: usize) -> Option<String> {
        table.get(key).and_then(|_| self.text(table, key, at_most))
    }
}
