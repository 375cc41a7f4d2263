//! Reads the TOML of a strategy and collects what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;
use guildhall_model::Model;
use rust_decimal::Decimal;
use toml::de::{DeTable, DeValue};

use super::keys;
use super::places::Places;
use super::{Problem, Problems, Strategy, contradictions};
use crate::exact::{SIGNIFICANT_DIGITS, plain_decimal, significant_digits};
use crate::{Condition, DataType, Datum, DecisionPoint, Scope};

/// Size of a strategy document.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
pub(crate) const MAX_TEXT: usize = 2_000;
const MAX_SHORT: usize = 200;
const MAX_PROBLEMS: usize = 100;
const MAX_APPROVERS: usize = 100;

pub(super) fn read(text: &str, model: &Model, points: &[DecisionPoint]) -> Result<Strategy, Problems> {
    read_document(text, model, points, |reader, table| reader.strategy(table))
}

/// Reads a document by `read`, and reports everything that is wrong with it at once.
pub(crate) fn read_document<T>(
    text: &str,
    model: &Model,
    points: &[DecisionPoint],
    read: impl FnOnce(&mut Reader<'_>, &Table<'_>) -> Option<T>,
) -> Result<T, Problems> {
    let mut reader = Reader { text, model, points, problems: Vec::new(), places: Places::default(), counting: None };
    if text.len() > MAX_DOCUMENT_BYTES {
        let message = format!("the document has {} bytes; at most {MAX_DOCUMENT_BYTES} are read", text.len());
        return Err(Problems(vec![Problem { line: 1, column: 1, path: String::new(), message }]));
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    // What the parser says after the first mistake is about the mistake, not about the document.
    if let Some(error) = errors.first() {
        reader.problem(&error.span().unwrap_or(0..0), "", format!("this is not TOML: {}", error.message()));
        return Err(reader.finish());
    }
    let table = Table { entries: document.get_ref(), span: 0..0, path: String::new() };
    match read(&mut reader, &table) {
        Some(value) if reader.problems.is_empty() => Ok(value),
        _ => Err(reader.finish()),
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Node<'t> {
    pub(crate) value: &'t DeValue<'t>,
    pub(crate) span: Range<usize>,
    pub(crate) path: String,
}

/// A table and where it stands.
#[derive(Clone)]
pub(crate) struct Table<'t> {
    pub(crate) entries: &'t DeTable<'t>,
    pub(crate) span: Range<usize>,
    pub(crate) path: String,
}

impl<'t> Table<'t> {
    pub(crate) fn get(&self, key: &str) -> Option<Node<'t>> {
        let (_, value) = self.entries.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Node { value: value.get_ref(), span: value.span(), path: self.path_of(key) })
    }

    /// Every key with its place and its value.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Node<'t>)> + use<'t> {
        let path = self.path.clone();
        self.entries.iter().map(move |(name, value)| {
            let key: &str = name.get_ref();
            let path = join(&path, key);
            (key, name.span(), Node { value: value.get_ref(), span: value.span(), path })
        })
    }

    fn path_of(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

fn join(path: &str, key: &str) -> String {
    let plain = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    let key = if plain { key.to_owned() } else { format!("\"{}\"", key.escape_debug()) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

pub(crate) struct Reader<'a> {
    text: &'a str,
    pub(crate) model: &'a Model,
    pub(crate) points: &'a [DecisionPoint],
    problems: Vec<Problem>,
    places: Places,
    /// The strategy's currency, and what others count in it, for conditions over money.
    pub(crate) counting: Option<(String, BTreeMap<String, Decimal>)>,
}

impl<'a> Reader<'a> {
    fn strategy(&mut self, table: &Table<'_>) -> Option<Strategy> {
        self.only(table, keys::DOCUMENT);
        let name = self.text(table, "name", MAX_SHORT);
        let vision = self.text(table, "vision", MAX_TEXT);
        let approvers = self.approvers(table);
        let keys = self.declared_segments(table);
        let value_propositions = self.value_propositions(table, &keys);
        let currency = table.get("currency").and_then(|node| self.currency(&node));
        let rates = self.rates(table);
        self.counting = currency.clone().map(|currency| (currency, rates.clone()));
        let financing_rate = table.get("financing_rate").and_then(|node| self.not_negative(&node));
        let activation = self.activation(table);
        let goals = self.goals(table, &keys);
        let segments = self.segments(table);
        let treatments = self.treatments(table, &keys);
        let contracts = self.agreements(table, "contracts");
        let exceptions = self.agreements(table, "exceptions");
        let ground_rules = self.ground_rules(table, &keys);
        contradictions::rules(self, &ground_rules);
        let ground_rules = ground_rules.into_iter().map(|(rule, _)| rule).collect();
        let (authorities, incentives) = (self.authorities(table), self.incentives(table));
        let information = self.information(table);
        let contact_policy = self.contact_policy(table);
        let (arbitration, holdout) = (self.arbitration(table), self.holdout(table));
        let pledges = self.pledges(table);
        let (name, vision, approvers) = (name?, vision?, approvers?);
        let places = std::mem::take(&mut self.places);
        Some(Strategy {
            name,
            vision,
            value_propositions,
            goals,
            approvers,
            segments,
            treatments,
            contracts,
            exceptions,
            ground_rules,
            authorities,
            incentives,
            information,
            contact_policy,
            arbitration,
            holdout,
            pledges,
            currency,
            rates,
            financing_rate,
            activation,
            places,
        })
    }

    fn approvers(&mut self, table: &Table<'_>) -> Option<Vec<String>> {
        let node = self.require(table, "approvers")?;
        let texts = self.texts(&node)?;
        if texts.is_empty() || texts.len() > MAX_APPROVERS {
            self.at(
                &node,
                format!("names {} people; name 1 to {MAX_APPROVERS} who may activate the strategy", texts.len()),
            );
            return None;
        }
        Some(texts)
    }

    /// A scope in which amounts count in the strategy's currency, if it has one.
    pub(crate) fn counting<'s>(&self, scope: Scope<'s>) -> Scope<'s> {
        match &self.counting {
            Some((currency, rates)) => scope.counting_in(currency, rates),
            None => scope,
        }
    }

    /// Keeps where a part stands, for findings about it.
    pub(crate) fn place(&mut self, table: &Table<'_>) {
        self.place_at(&table.span, &table.path);
    }

    pub(crate) fn place_at(&mut self, span: &Range<usize>, path: &str) {
        self.places.0.insert(path.to_owned(), place(self.text, span.start));
    }

    /// Notes a problem at bytes of the document.
    pub(crate) fn problem(&mut self, span: &Range<usize>, path: &str, message: impl Into<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            let (line, column) = place(self.text, span.start);
            self.problems.push(Problem { line, column, path: path.to_owned(), message: message.into() });
        }
    }

    /// Notes a problem with a value.
    pub(crate) fn at(&mut self, node: &Node<'_>, message: impl Into<String>) {
        self.problem(&node.span, &node.path, message);
    }

    fn finish(mut self) -> Problems {
        self.problems.sort();
        self.problems.dedup();
        Problems(self.problems)
    }

    /// Refuses keys that are not known.
    pub(crate) fn only(&mut self, table: &Table<'_>, known: &[&str]) {
        for (key, span, node) in table.each() {
            if !known.contains(&key) {
                self.problem(&span, &node.path, format!("is not known here; known are {}", known.join(", ")));
            }
        }
    }

    pub(crate) fn require<'t>(&mut self, table: &Table<'t>, key: &str) -> Option<Node<'t>> {
        let node = table.get(key);
        if node.is_none() {
            self.problem(&table.span, &table.path, format!("needs `{key}`"));
        }
        node
    }

    pub(crate) fn table<'t>(&mut self, node: &Node<'t>) -> Option<Table<'t>> {
        match node.value {
            DeValue::Table(entries) => Some(Table { entries, span: node.span.clone(), path: node.path.clone() }),
            _ => {
                self.at(node, "is not a table");
                None
            }
        }
    }

    /// Reads every table of an optional list; what cannot be read is left out, with a problem noted.
    pub(crate) fn each<T>(
        &mut self,
        table: &Table<'_>,
        key: &str,
        at_most: usize,
        mut read: impl FnMut(&mut Self, &Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let DeValue::Array(items) = node.value else {
            self.at(&node, format!("is not a list of tables; write [[{key}]]"));
            return Vec::new();
        };
        if items.len() > at_most {
            self.at(&node, format!("has {} entries; at most {at_most} are read", items.len()));
            return Vec::new();
        }
        let mut all = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let item = Node { value: item.get_ref(), span: item.span(), path: format!("{}[{index}]", node.path) };
            if let Some(table) = self.table(&item)
                && let Some(one) = read(self, &table)
            {
                all.push(one);
            }
        }
        all
    }

    /// A required text that says something.
    pub(crate) fn text(&mut self, table: &Table<'_>, key: &str, at_most: usize) -> Option<String> {
        let node = self.require(table, key)?;
        match node.value.as_str() {
            Some(text) if !text.trim().is_empty() && text.chars().count() <= at_most => Some(text.trim().to_owned()),
            _ => {
                self.at(&node, format!("is not a text of 1 to {at_most} characters"));
                None
            }
        }
    }

    /// A required key: lower-case letters, digits, `-` and `_`, or for rules any case.
    pub(crate) fn key(&mut self, table: &Table<'_>, key: &str) -> Option<String> {
        let node = self.require(table, key)?;
        let fits = |text: &&str| {
            let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            plain && (1..=64).contains(&text.len()) && text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        };
        match node.value.as_str().filter(fits) {
            Some(text) => Some(text.to_owned()),
            None => {
                self.at(
                    &node,
                    "is not a short name; begin with a letter and use letters, digits, `-` and `_`, at most 64",
                );
                None
            }
        }
    }

    pub(crate) fn texts(&mut self, node: &Node<'_>) -> Option<Vec<String>> {
        let texts = match node.value {
            DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let fits = |text: &String| !text.trim().is_empty() && text.chars().count() <= MAX_SHORT;
        let texts: Option<Vec<String>> = texts.filter(|texts: &Vec<String>| texts.iter().all(fits));
        if texts.is_none() {
            self.at(node, format!("is not a list of texts of 1 to {MAX_SHORT} characters"));
        }
        texts
    }

    pub(crate) fn date(&mut self, table: &Table<'_>, key: &str) -> Option<NaiveDate> {
        let node = self.require(table, key)?;
        match self.datum(&node, &DataType::Date)? {
            Datum::Date(date) => Some(date),
            _ => None,
        }
    }

    /// A decision point of this name.
    pub(crate) fn point(&mut self, span: &Range<usize>, path: &str, name: &str) -> Option<&'a DecisionPoint> {
        let point = self.points.iter().find(|point| point.name == name);
        if point.is_none() {
            let known: Vec<_> = self.points.iter().map(|point| point.name.as_str()).collect();
            let name: String = name.chars().take(64).collect();
            // What a plugin brings is named after it.
            let department = name.split('.').next().unwrap_or_default();
            let ours = known.iter().any(|known| known.split('.').next() == Some(department));
            let advice = match name.contains('.') && !ours {
                true => format!("; if plugin `{}` brings it, install that first", department.replace('_', "-")),
                false => String::new(),
            };
            self.problem(span, path, format!("`{name}` is no decision point; there are {}{advice}", known.join(", ")));
        }
        point
    }

    /// A value of a decision point's type. Numbers are taken by their written digits, never through floating point.
    pub(crate) fn datum(&mut self, node: &Node<'_>, data_type: &DataType) -> Option<Datum> {
        let read = match (data_type, node.value) {
            (DataType::Decimal, DeValue::Float(float)) => self.written(node, float.as_str())?,
            (DataType::Decimal, DeValue::Integer(int)) if int.radix() == 10 => self.written(node, int.as_str())?,
            (DataType::Decimal | DataType::Text | DataType::Date | DataType::Enum(_), DeValue::String(text)) => {
                data_type.read_text(text)
            }
            (DataType::Int, DeValue::Integer(int)) if int.radix() == 10 => data_type.read_text(int.as_str()),
            (DataType::Bool, DeValue::Boolean(value)) => Some(Datum::Bool(*value)),
            (DataType::Date, DeValue::Datetime(date)) => data_type.read_text(&date.to_string()),
            (DataType::Texts, DeValue::Array(_)) => {
                self.texts(node).map(|texts| Datum::Texts(texts.into_iter().collect()))
            }
            _ => None,
        };
        if read.is_none() {
            let expected = match data_type {
                DataType::Decimal => "a decimal number like 0.02".to_owned(),
                DataType::Date => "a date like 2026-01-31".to_owned(),
                other => other.expected(),
            };
            self.at(node, format!("is not {expected}"));
        }
        read
    }

    /// Reports more digits than floating point keeps; otherwise the exact number, if it is one.
    fn written(&mut self, node: &Node<'_>, text: &str) -> Option<Option<Datum>> {
        if significant_digits(text) > SIGNIFICANT_DIGITS {
            let message = format!(
                "has more than {SIGNIFICANT_DIGITS} significant digits, which other programs may not keep; write it in quotes"
            );
            self.at(node, message);
            return None;
        }
        Some(plain_decimal(text.strip_prefix('+').unwrap_or(text)).map(Datum::Decimal))
    }

    /// True or false; false, with a problem noted, if it is neither.
    pub(crate) fn one_bool(&mut self, node: &Node<'_>) -> bool {
        let DeValue::Boolean(value) = node.value else {
            self.at(node, "is not true or false");
            return false;
        };
        *value
    }

    /// A required condition. A problem in it is placed at its character.
    pub(crate) fn condition(&mut self, node: &Node<'_>, scope: &Scope<'_>) -> Option<Condition> {
        let Some(text) = node.value.as_str() else {
            self.at(node, "is not a text; write a condition like \"customer.revenue12m >= 50000\"");
            return None;
        };
        match Condition::compile(text, scope) {
            Ok(condition) => Some(condition),
            Err(error) => {
                let at = self.inside(node, text, error.column);
                self.problem(&(at..node.span.end), &node.path, error.message);
                None
            }
        }
    }

    /// Where the n-th character of a text stands in the document, if the text is written there as it is.
    pub(crate) fn inside(&self, node: &Node<'_>, text: &str, column: usize) -> usize {
        let within = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(index, _)| index);
        let found = self.text.get(node.span.clone()).and_then(|written| written.find(text));
        found.map_or(node.span.start, |start| node.span.start + start + within)
    }
}

/// Line and column of a byte, both from 1; columns count characters.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte.min(text.len())).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}
