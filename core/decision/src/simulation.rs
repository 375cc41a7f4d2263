//! The simulation: what a candidate strategy would change for whom, and what that is worth to either side. It is counted
//! customer by customer and keeps none of them: what it holds does not grow with the base.

mod money;
mod report;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value as Json;

pub use money::{FieldMoney, OneSided, PledgeSeen, Side, Sides, YearOf};
pub use report::{CustomersSeen, SegmentMove, SimulationReport};

use crate::{Comparison, DecisionPoint, ProposalFailure, Seen, Strategy, Verdict, Worths};
use money::Ledgers;

/// Moves from segment to segment that are told one by one; the rest is counted together.
const MAX_MOVES: usize = 500;

/// One customer, asked under the strategy in force and under the candidate.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedCustomer<'a> {
    /// The global id.
    pub id: &'a str,
    /// ISO 4217 code.
    pub currency: &'a str,
    /// The key of the segment now.
    pub from: Option<&'a str>,
    /// The key of the segment under the candidate.
    pub to: Option<&'a str>,
    pub answers: &'a [SimulatedAnswer<'a>],
}

/// What the two strategies come to at one decision point.
#[derive(Clone, Copy, Debug)]
pub struct SimulatedAnswer<'a> {
    pub point: &'a DecisionPoint,
    /// The customer's facts, with what [`Worths::reads`] asks for.
    pub facts: &'a Json,
    pub request: &'a Json,
    pub old: &'a Verdict,
    pub new: &'a Verdict,
    /// The recorded decision whose request it is; nothing if everybody is asked the same.
    pub recorded: Option<&'a str>,
}

/// A simulation under way.
pub struct Simulation<'a> {
    candidate: &'a Strategy,
    worths: BTreeMap<String, Worths>,
    customers: CustomersSeen,
    moves: BTreeMap<(String, String), (u64, u64)>,
    comparison: Comparison,
    ledgers: Ledgers,
}

impl<'a> Simulation<'a> {
    /// `worths`, by decision point, says what is counted as money.
    pub fn new(candidate: &'a Strategy, worths: BTreeMap<String, Worths>) -> Self {
        Simulation {
            candidate,
            worths,
            customers: CustomersSeen::default(),
            moves: BTreeMap::new(),
            comparison: Comparison::default(),
            ledgers: Ledgers::default(),
        }
    }

    /// Counts a customer of the base, with the answers about him.
    pub fn add(&mut self, customer: &SimulatedCustomer<'_>) {
        let label = label(customer.from, customer.to);
        let (mut changed, mut year) = (false, Decimal::ZERO);
        for answer in customer.answers {
            changed |= answer.old.output != answer.new.output;
            self.see(customer.id, &label, answer);
            year = year.saturating_add(self.worth(customer, &label, answer));
        }
        self.customers.count(customer.from != customer.to, changed);
        if customer.from != customer.to {
            let key = |segment: Option<&str>| segment.unwrap_or_default().to_owned();
            let mut pair = (key(customer.from), key(customer.to));
            if self.moves.len() >= MAX_MOVES && !self.moves.contains_key(&pair) {
                pair = ("…".to_owned(), "…".to_owned());
            }
            let (moved, with) = self.moves.entry(pair).or_default();
            *moved = moved.saturating_add(1);
            *with = with.saturating_add(u64::from(changed));
        }
        self.ledgers.customer(self.candidate, customer, &label, year);
    }

    /// Counts an answer about a request that was recorded. What it is worth is not added up: one customer may have asked often.
    pub fn add_recorded(&mut self, customer: &SimulatedCustomer<'_>) {
        let label = label(customer.from, customer.to);
        for answer in customer.answers {
            self.see(customer.id, &label, answer);
        }
    }

    /// Says something about the numbers, once.
    pub fn note(&mut self, note: impl Into<String>) {
        self.comparison.note(note);
    }

    /// Decisions compared so far.
    pub fn compared(&self) -> u64 {
        self.comparison.total.all()
    }

    fn see(&mut self, customer: &str, label: &str, answer: &SimulatedAnswer<'_>) {
        let failure = answer
            .new
            .failures
            .first()
            .map(|failure| ProposalFailure { code: failure.code.clone(), message: failure.message.clone() });
        let answered = answer.new.proposals.iter().filter_map(|proposal| proposal.result.as_ref().ok());
        let reasons: Vec<String> = answered.flat_map(|proposed| proposed.reasons.iter().cloned()).collect();
        self.comparison.add(&Seen {
            point: answer.point,
            segment: Some(label).filter(|label| !label.is_empty()),
            customer,
            decision: answer.recorded,
            today: true,
            old: &answer.old.output,
            new: &answer.new.output,
            candidate: failure.as_ref().map_or(Ok(&reasons), Err),
        });
    }

    /// What the customer gains in a year by the new answer.
    fn worth(&mut self, customer: &SimulatedCustomer<'_>, label: &str, answer: &SimulatedAnswer<'_>) -> Decimal {
        let Some(worths) = self.worths.get(&answer.point.name) else { return Decimal::ZERO };
        let (old, new) = (Json::Object(answer.old.output.clone()), Json::Object(answer.new.output.clone()));
        let before = worths.amounts(answer.facts, answer.request, &old);
        let after = worths.amounts(answer.facts, answer.request, &new);
        let mut year = Decimal::ZERO;
        for ((field, counts, before), (_, _, after)) in before.zip(after) {
            let of = (answer.point.name.as_str(), field, counts);
            let gain = self.ledgers.field(self.candidate, of, customer.currency, before, after);
            year = year.saturating_add(gain);
        }
        self.ledgers.segment(self.candidate, &answer.point.name, label, customer.currency, year);
        year
    }
}

/// `core`, or `core -> key` for who moves; empty for who belongs to none.
fn label(from: Option<&str>, to: Option<&str>) -> String {
    let shown = |key: Option<&str>| key.unwrap_or("(no segment)").to_owned();
    match from == to {
        true => from.unwrap_or_default().to_owned(),
        false => format!("{} -> {}", shown(from), shown(to)),
    }
}

#[cfg(test)]
mod tests;
