//! Goals: what is to be reached, and where the treatments lead.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use toml::de::DeValue;

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{Strategy, keys};
use crate::{Datum, DecisionPoint, Formula, FormulaError, FormulaNames, FormulaValues};

const MAX_GOALS: usize = 100;
const MAX_SHORT: usize = 200;
const MAX_ENTRIES: usize = 200;

/// Something to be reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    pub name: String,
    /// What is measured; two goals and incentives with one metric are about the same thing.
    pub metric: String,
    /// In what it is measured, such as `days`.
    pub unit: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    pub side: Side,
    pub objective: Option<Objective>,
    /// What it was when the strategy was written.
    pub baseline: Option<Decimal>,
    pub target: Option<Aim>,
    /// Where the treatments lead.
    pub projection: Option<Projection>,
    /// What must not be given up for it.
    pub guard: Option<Guard>,
}

/// What must not be given up for a goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Guard {
    pub metric: String,
    pub aim: Aim,
    pub projection: Option<Projection>,
}

/// Whom a goal is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Enterprise,
    Customer,
}

/// What a goal is to do with customers of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    Target,
    Acquire,
    Develop,
    Retain,
}

/// A value to reach, from one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    pub direction: Direction,
    pub value: Decimal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    AtLeast,
    AtMost,
}

/// A formula with what it assumes.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    pub formula: Formula,
    pub assumptions: BTreeMap<String, Decimal>,
    /// The share of each segment; together 1, or empty if the formula averages over none.
    pub mix: BTreeMap<String, Decimal>,
}

/// Why a goal cannot be projected.
pub type GoalError = FormulaError;

impl Aim {
    /// Whether a value reaches it.
    pub fn is_met(&self, value: Decimal) -> bool {
        match self.direction {
            Direction::AtLeast => value >= self.value,
            Direction::AtMost => value <= self.value,
        }
    }
}

impl Direction {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Direction::AtLeast => "at least",
            Direction::AtMost => "at most",
        }
    }
}

impl Projection {
    /// Where the strategy's treatments lead.
    pub fn value(&self, strategy: &Strategy, points: &[DecisionPoint]) -> Result<Decimal, GoalError> {
        self.value_with(strategy, points, None)
    }

    /// The same if one parameter were greater by `more` in every segment.
    pub(crate) fn value_with(
        &self,
        strategy: &Strategy,
        points: &[DecisionPoint],
        greater: Option<(&str, &str, Decimal)>,
    ) -> Result<Decimal, GoalError> {
        let mix: Vec<_> = self.mix.iter().map(|(segment, share)| (segment.as_str(), *share)).collect();
        let parameter = |segment: &str, point: &str, name: &str| {
            let declared = points.iter().find(|declared| declared.name == point)?;
            let value = match strategy.parameter(segment, declared, name)? {
                Datum::Int(int) => Decimal::from(int),
                Datum::Decimal(decimal) => decimal,
                _ => return None,
            };
            match greater.filter(|(of, parameter, _)| *of == point && *parameter == name) {
                Some((_, _, more)) => value.checked_add(more),
                None => Some(value),
            }
        };
        let values = FormulaValues::Goal { assumptions: &self.assumptions, mix: &mix, parameter: &parameter };
        self.formula.evaluate(values)
    }
}

impl Reader<'_> {
    pub(super) fn goals(&mut self, table: &Table<'_>, segments: &[String]) -> Vec<Goal> {
        self.each(table, "goals", MAX_GOALS, |reader, table| reader.goal(table, segments))
    }

    fn goal(&mut self, table: &Table<'_>, segments: &[String]) -> Option<Goal> {
        self.only(table, keys::GOAL);
        self.place(table);
        let name = self.text(table, "name", MAX_SHORT);
        let metric = self.text(table, "metric", MAX_SHORT);
        let unit = self.optional_text(table, "unit", MAX_SHORT);
        let owner = self.optional_text(table, "owner", MAX_SHORT);
        let side = self
            .require(table, "side")
            .and_then(|node| self.one_of(&node, &[("enterprise", Side::Enterprise), ("customer", Side::Customer)]));
        let objectives = [
            ("target", Objective::Target),
            ("acquire", Objective::Acquire),
            ("develop", Objective::Develop),
            ("retain", Objective::Retain),
        ];
        let objective = table.get("objective").and_then(|node| self.one_of(&node, &objectives));
        let baseline = table.get("baseline").and_then(|node| self.number(&node));
        let target = table.get("target").and_then(|node| {
            let table = self.table(&node)?;
            self.only(&table, keys::AIM);
            self.aim(&table)
        });
        let (assumptions, mix) = (self.assumptions(table), self.mix(table, segments));
        let projection = self.projection(table, &assumptions, &mix);
        let guard = table.get("guard").and_then(|node| {
            let table = self.table(&node)?;
            self.only(&table, keys::GUARD);
            let (metric, aim) = (self.text(&table, "metric", MAX_SHORT), self.aim(&table));
            let projection = self.projection(&table, &assumptions, &mix);
            Some(Guard { metric: metric?, aim: aim?, projection })
        });
        let (name, metric, side) = (name?, metric?, side?);
        Some(Goal { name, metric, unit, owner, side, objective, baseline, target, projection, guard })
    }

    fn aim(&mut self, table: &Table<'_>) -> Option<Aim> {
        match (table.get("at_least"), table.get("at_most")) {
            (Some(node), None) => Some(Aim { direction: Direction::AtLeast, value: self.number(&node)? }),
            (None, Some(node)) => Some(Aim { direction: Direction::AtMost, value: self.number(&node)? }),
            _ => {
                self.problem(&table.span, &table.path, "needs exactly one of `at_least` and `at_most`");
                None
            }
        }
    }

    fn assumptions(&mut self, table: &Table<'_>) -> BTreeMap<String, Decimal> {
        let Some(node) = table.get("assumptions") else { return BTreeMap::new() };
        self.numbers(&node, |name| {
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            let first = name.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
            let fits = plain && first && name.len() <= 64 && !["min", "max", "mix", "in"].contains(&name);
            (!fits).then(|| "is no name; use letters, digits and `_`, the first a lower-case letter".to_owned())
        })
    }

    fn mix(&mut self, table: &Table<'_>, segments: &[String]) -> BTreeMap<String, Decimal> {
        let Some(node) = table.get("mix") else { return BTreeMap::new() };
        let mix = self.numbers(&node, |name| {
            let known = segments.iter().any(|key| key == name);
            (!known).then(|| format!("is no segment; there are {}", segments.join(", ")))
        });
        let total = mix.values().try_fold(Decimal::ZERO, |sum, share| sum.checked_add(*share));
        let negative = mix.values().any(Decimal::is_sign_negative);
        if let Some(total) = total.filter(|total| negative || *total != Decimal::ONE)
            && !mix.is_empty()
        {
            let message = format!("gives shares of {total} in all; give each segment its share, together 1");
            self.at(&node, message);
        }
        mix
    }

    /// Numbers by name; `wrong` says what is wrong with a name.
    pub(super) fn numbers(
        &mut self,
        node: &Node<'_>,
        wrong: impl Fn(&str) -> Option<String>,
    ) -> BTreeMap<String, Decimal> {
        let mut numbers = BTreeMap::new();
        let Some(table) = self.table(node) else { return numbers };
        for (index, (name, span, node)) in table.each().enumerate() {
            if index == MAX_ENTRIES {
                self.problem(&span, &node.path, format!("is one too many; at most {MAX_ENTRIES} are read"));
                break;
            }
            if let Some(message) = wrong(name) {
                self.problem(&span, &node.path, message);
            } else if let Some(number) = self.number(&node) {
                numbers.insert(name.to_owned(), number);
            }
        }
        numbers
    }

    fn projection(
        &mut self,
        table: &Table<'_>,
        assumptions: &BTreeMap<String, Decimal>,
        mix: &BTreeMap<String, Decimal>,
    ) -> Option<Projection> {
        let node = table.get("projection")?;
        let points = self.points;
        let formula = self.formula(&node, FormulaNames::Goal { assumptions, points })?;
        if formula.mixes() && mix.is_empty() {
            self.at(&node, "averages over segments; say in `mix` which share each of them has");
            return None;
        }
        Some(Projection { formula, assumptions: assumptions.clone(), mix: mix.clone() })
    }

    /// A formula. A problem in it is placed at its character.
    pub(super) fn formula(&mut self, node: &Node<'_>, names: FormulaNames<'_>) -> Option<Formula> {
        let DeValue::String(text) = node.value else {
            self.at(node, format!("is not a formula: a text of at most {MAX_TEXT} characters"));
            return None;
        };
        match Formula::compile(text, names) {
            Ok(formula) => Some(formula),
            Err(error) => {
                let at = self.inside(node, text, error.column);
                self.problem(&(at..node.span.end), &node.path, error.message);
                None
            }
        }
    }
}
