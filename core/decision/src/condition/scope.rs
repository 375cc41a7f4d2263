//! The names a condition may use.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_model::{Cardinality, Field, Kind, MONEY_SCALE, Model, ObjectType};
use rust_decimal::Decimal;

use super::money::Rates;
use super::tree::{Number, Path, Root, ValueType};
use crate::{CombineRule, DataType, DecisionPoint};

/// Relations a path may go through.
const MAX_STEPS: usize = 4;
/// Digits of a number that fits 64 bits when scaled.
const SCALED_DIGITS: u32 = 19;
const INT: Number = Number { whole: 10, places: 0, int: true };
/// What is taken of a decimal that a request or a plugin wrote.
const FREE_DECIMAL: Number = Number { whole: 15, places: 4, int: false };

/// The names a condition may use: the subject, and in a ground rule the request and the verdict.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    model: &'a Model,
    /// The name of the subject, `customer`.
    subject: String,
    object: Option<&'a Arc<ObjectType>>,
    point: Option<&'a DecisionPoint>,
    rates: Option<Rates>,
}

impl<'a> Scope<'a> {
    /// For conditions about the subject alone, such as those of segments.
    pub fn subject(model: &'a Model, object: &str) -> Self {
        let mut letters = object.chars();
        let subject = letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect();
        Scope { model, subject, object: model.object(object), point: None, rates: None }
    }

    /// For the conditions of ground rules.
    pub fn ground_rule(model: &'a Model, point: &'a DecisionPoint) -> Self {
        Scope { point: Some(point), ..Scope::subject(model, &point.subject) }
    }

    /// Amounts of money count in `currency`, where they are compared with numbers or with amounts in others.
    #[must_use]
    pub fn counting_in(self, currency: &str, rates: &BTreeMap<String, Decimal>) -> Self {
        let mut rates = rates.clone();
        rates.insert(currency.to_owned(), Decimal::ONE);
        Scope { rates: Some(Arc::new(rates)), ..self }
    }

    pub(super) fn rates(&self) -> Option<&Rates> {
        self.rates.as_ref()
    }

    /// The subject's own currency, if it has one.
    pub(super) fn currency(&self) -> Option<Path> {
        self.object.and_then(|_| self.subject_path(&["currency"], value_type).ok())
    }

    /// The field that `names`, root first, lead to. A message says why there is none.
    pub(super) fn path(&self, names: &[&str]) -> Result<Path, String> {
        let Some((root, below)) = names.split_first() else { return Err("a name is missing".to_owned()) };
        if *root == self.subject {
            return self.subject_path(below, value_type);
        }
        let Some(point) = self.point else {
            return Err(format!("unknown name `{root}`; names begin with `{}.`", self.subject));
        };
        let (root, fields): (Root, Vec<(&str, &DataType)>) = match *root {
            "request" => (Root::Request, point.asked().map(|f| (f.name.as_str(), &f.data_type)).collect()),
            "verdict" => (Root::Verdict, answered(point)),
            other => {
                let known = format!("`{}.`, `request.` or `verdict.`", self.subject);
                return Err(format!("unknown name `{other}`; names begin with {known}"));
            }
        };
        let found = match below {
            [name] => fields.iter().find(|(field, _)| field == name),
            _ => None,
        };
        let Some((name, data_type)) = found else {
            let known = fields.iter().map(|(name, _)| *name);
            return Err(unknown(names, known));
        };
        let value = match data_type {
            DataType::Int => ValueType::Number(INT),
            DataType::Decimal => ValueType::Number(FREE_DECIMAL),
            DataType::Bool => ValueType::Bool,
            DataType::Text => ValueType::Text,
            DataType::Date => ValueType::Date,
            DataType::Enum(definition) => {
                let values = definition.values.iter().map(|value| value.name.clone()).collect();
                ValueType::Enum(definition.name.clone(), values)
            }
            DataType::Texts => return Err(format!("`{name}` is a list of texts, which a condition cannot compare")),
        };
        Ok(Path { root, names: vec![(*name).to_owned()], relations: Vec::new(), field: None, value, currency: None })
    }

    /// The presence of a relation is the presence of the related record's id.
    pub(super) fn presence(&self, names: &[&str]) -> Result<Path, String> {
        let ends_at_relation = names.first() == Some(&self.subject.as_str())
            && self.object.is_some_and(|object| self.walk(object, names.get(1..).unwrap_or_default()).is_some());
        if ends_at_relation {
            let mut below = names.get(1..).unwrap_or_default().to_vec();
            below.push("id");
            return self.subject_path(&below, |_| Ok(ValueType::Text));
        }
        self.path(names)
    }

    /// The type that a path of to-one relations ends at; nothing if a name is no such relation.
    fn walk<'b>(&'b self, object: &'b Arc<ObjectType>, names: &[&str]) -> Option<&'b Arc<ObjectType>> {
        if names.is_empty() || names.len() > MAX_STEPS {
            return None;
        }
        names.iter().try_fold(object, |object, name| {
            let relation = object.relation(name).filter(|relation| relation.cardinality == Cardinality::One)?;
            self.model.object(&relation.target)
        })
    }

    fn subject_path(&self, below: &[&str], typed: fn(&Field) -> Result<ValueType, String>) -> Result<Path, String> {
        let Some(mut object) = self.object else { return Err(format!("the model has no type for `{}`", self.subject)) };
        let Some((last, steps)) = below.split_last() else {
            return Err(format!("`{}` is a whole record; name one of its fields", self.subject));
        };
        if steps.len() > MAX_STEPS {
            return Err(format!("the path goes through more than {MAX_STEPS} relations"));
        }
        let mut relations = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let Some(relation) = object.relation(step) else {
                let mut names = vec![self.subject.as_str()];
                names.extend(below.iter().take(index + 1));
                return Err(unknown(&names, known_names(object)));
            };
            if relation.cardinality == Cardinality::Many {
                return Err(format!("`{step}` is many records; a condition reads fields of one"));
            }
            let Some(target) = self.model.object(&relation.target) else {
                return Err(format!("`{step}` ends at no type"));
            };
            relations.push(relation.clone());
            object = target;
        }
        let Some(field) = object.get(last) else {
            if object.relation(last).is_some() {
                return Err(format!(
                    "`{last}` is a record; name one of its fields, or ask `has(...)` whether it is there"
                ));
            }
            let mut names = vec![self.subject.as_str()];
            names.extend(below);
            return Err(unknown(&names, known_names(object)));
        };
        let value = typed(field)?;
        let names = below.iter().map(|name| (*name).to_owned()).collect();
        let currency = object.get("currency").filter(|_| field.kind == Kind::Money).cloned();
        Ok(Path { root: Root::Subject, names, relations, field: Some(field.clone()), value, currency })
    }
}

/// What plugins answer; what the core fills in later is not known while rules look.
fn answered(point: &DecisionPoint) -> Vec<(&str, &DataType)> {
    let fields = point.bounded().iter().filter(|field| field.combine != CombineRule::Core);
    fields.map(|field| (field.name.as_str(), &field.data_type)).collect()
}

fn value_type(field: &Field) -> Result<ValueType, String> {
    Ok(match &field.kind {
        Kind::Int => ValueType::Number(INT),
        Kind::Decimal { scale } => {
            ValueType::Number(Number { whole: SCALED_DIGITS.saturating_sub(*scale), places: *scale, int: false })
        }
        Kind::Money => {
            ValueType::Number(Number { whole: SCALED_DIGITS - MONEY_SCALE, places: MONEY_SCALE, int: false })
        }
        Kind::Bool => ValueType::Bool,
        Kind::Date => ValueType::Date,
        Kind::Enum(declared) => {
            let values = declared.values.iter().map(|value| value.name.to_owned()).collect();
            ValueType::Enum(declared.name.to_owned(), values)
        }
        Kind::Text => ValueType::Text,
        Kind::Id => {
            return Err(format!(
                "`{}` is an id; an exception for one customer belongs into [[exceptions]]",
                field.name
            ));
        }
        Kind::DateTime => {
            return Err(format!("`{}` is a time, which a condition cannot compare; use a date", field.name));
        }
        Kind::Json => return Err(format!("`{}` is JSON, which a condition cannot compare", field.name)),
    })
}

fn known_names(object: &ObjectType) -> impl Iterator<Item = &str> {
    let ones = object.relations.iter().filter(|relation| relation.cardinality == Cardinality::One);
    object.fields.iter().map(|field| field.name.as_str()).chain(ones.map(|relation| relation.name.as_str()))
}

/// Says what there is instead: the closest name if one is close, else all of them.
fn unknown<'n>(names: &[&str], known: impl Iterator<Item = &'n str>) -> String {
    let known: Vec<_> = known.collect();
    let given = names.last().copied().unwrap_or_default();
    let path = names.join(".");
    let close = known.iter().min_by_key(|name| distance(given, name)).filter(|name| distance(given, name) <= 2);
    match close {
        Some(name) => format!("unknown field `{path}`; did you mean `{name}`?"),
        None if known.is_empty() => format!("unknown field `{path}`; there are none"),
        None => format!("unknown field `{path}`; there are {}", known.join(", ")),
    }
}

/// How many letters must be added, removed or replaced to get from one name to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().take(100).enumerate() {
        let mut next = vec![index + 1];
        for (other, window) in to.iter().zip(row.windows(2)) {
            if let ([above_left, above], Some(left)) = (window, next.last()) {
                let replaced = above_left + usize::from(!letter.eq_ignore_ascii_case(other));
                next.push(replaced.min(above + 1).min(left + 1));
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}
