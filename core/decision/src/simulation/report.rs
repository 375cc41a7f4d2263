//! What a simulation found, as JSON and as whoever is to approve it reads it.

use std::fmt;

use guildhall_model::canonical_decimal;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::Simulation;
use super::money::{FieldMoney, OneSided, PledgeSeen, Sides, told};
use crate::{Comparison, WorthAs};

/// Lines of a list that are printed; JSON has all of them.
const PRINTED: usize = 40;

/// What a candidate strategy would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimulationReport {
    /// The candidate's title.
    pub name: String,
    /// SHA-256 of the candidate's document, in hex.
    pub digest: String,
    /// The number of the strategy in force.
    pub in_force: i32,
    /// Whether every customer was asked.
    pub whole: bool,
    pub customers: CustomersSeen,
    pub moves: Vec<SegmentMove>,
    #[serde(serialize_with = "rate")]
    pub financing_rate: Option<Decimal>,
    pub money: Vec<FieldMoney>,
    /// By currency.
    pub sides: Vec<Sides>,
    pub one_sided: Vec<OneSided>,
    pub pledges: Vec<PledgeSeen>,
    #[serde(flatten)]
    pub comparison: Comparison,
    /// How often guests were called.
    pub guest_calls: u64,
}

/// How many customers were asked, and what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomersSeen {
    pub asked: u64,
    /// Who comes to another segment.
    pub moved: u64,
    /// Who gets another answer at one decision point or more.
    pub changed: u64,
    /// For whom nothing changes.
    pub same: u64,
}

/// Customers who come from one segment to another; an empty key is no segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentMove {
    pub from: String,
    pub to: String,
    pub customers: u64,
    /// Those of them who get another answer.
    pub changed: u64,
}

fn rate<S: Serializer>(rate: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    rate.map(canonical_decimal).serialize(serializer)
}

impl CustomersSeen {
    pub(super) fn count(&mut self, moved: bool, changed: bool) {
        self.asked = self.asked.saturating_add(1);
        self.moved = self.moved.saturating_add(u64::from(moved));
        self.changed = self.changed.saturating_add(u64::from(changed));
        self.same = self.same.saturating_add(u64::from(!moved && !changed));
    }
}

impl Simulation<'_> {
    /// What was found. `whole`: whether every customer was asked.
    pub fn finish(mut self, digest: &str, in_force: i32, whole: bool, guest_calls: u64) -> SimulationReport {
        let (pledges, notes) = self.ledgers.pledges(self.candidate);
        for note in notes {
            self.note(note);
        }
        if self.ledgers.left_out > 0 {
            let left = self.ledgers.left_out;
            self.note(format!("{left} amounts are in no sum: there are too many currencies or segments"));
        }
        let one_sided = self.ledgers.one_sided();
        let (money, sides) = self.ledgers.into_lines();
        let mut comparison = self.comparison;
        let lends = money.iter().any(|line| line.counts == WorthAs::Lent);
        if lends && self.candidate.financing_rate.is_none() {
            comparison.note("what is lent costs nothing here: the candidate has no `financing_rate`");
        }
        if !whole {
            let asked = self.customers.asked;
            comparison.note(format!("not every customer was asked: sums are those of {asked} customers"));
        }
        comparison.finish();
        let moves = self.moves.into_iter();
        SimulationReport {
            name: self.candidate.name.clone(),
            digest: digest.to_owned(),
            in_force,
            whole,
            customers: self.customers,
            moves: moves
                .map(|((from, to), (customers, changed))| SegmentMove { from, to, customers, changed })
                .collect(),
            financing_rate: self.candidate.financing_rate,
            money,
            sides,
            one_sided,
            pledges,
            comparison,
            guest_calls,
        }
    }
}

impl fmt::Display for SimulationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.digest.get(..12).unwrap_or(&self.digest);
        writeln!(f, "simulation of `{}` (sha256 {short}…) beside strategy {}", self.name, self.in_force)?;
        let CustomersSeen { asked, moved, changed, same } = self.customers;
        writeln!(
            f,
            "customers: {asked} asked, {moved} come to another segment, {changed} get another answer, {same} see no change"
        )?;
        for SegmentMove { from, to, customers, changed } in self.moves.iter().take(PRINTED) {
            let shown = |key: &str| if key.is_empty() { "(no segment)".to_owned() } else { key.to_owned() };
            let pair = format!("{} -> {}", shown(from), shown(to));
            writeln!(f, "  {pair:<32}{customers:>8} move {changed:>8} get another answer")?;
        }
        self.money(f)?;
        write!(f, "decisions:\n{}", self.comparison)
    }
}

impl SimulationReport {
    fn money(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.money.is_empty() {
            writeln!(f, "money, over the revenue of twelve months:")?;
        }
        for line in self.money.iter().take(PRINTED) {
            let FieldMoney { point, field, counts, currency, before, after, more, less, unknown } = line;
            let what = match counts {
                WorthAs::Given => "given in a year",
                WorthAs::Lent => "lent at any time",
                WorthAs::Allowed => "allowed at most",
            };
            let (was, is) = (told(*before), told(*after));
            let change = signed(after.saturating_sub(*before));
            write!(f, "  {point} {field}: {what} {was} -> {is} {currency} ({change}); {more} get more, {less} less")?;
            match unknown {
                0 => writeln!(f)?,
                _ => writeln!(f, ", of {unknown} it is not known")?,
            }
        }
        for Sides { currency, year, lose_most, gain_most } in &self.sides {
            let given = signed(year.gain.saturating_sub(year.loss));
            writeln!(
                f,
                "in a year: {} customers gain {} {currency}, {} lose {} {currency}; the enterprise gives {given} {currency}",
                year.gainers,
                told(year.gain),
                year.losers,
                told(year.loss)
            )?;
            for (word, all) in [("worst for a customer", lose_most), ("dearest for the enterprise", gain_most)] {
                if let Some(one) = all.first() {
                    let segment = if one.segment.is_empty() { "(no segment)" } else { &one.segment };
                    writeln!(f, "  {word}: {} ({segment}) {} {currency}", one.customer, signed(one.gain))?;
                }
            }
        }
        for OneSided { point, segment, currency, year } in self.one_sided.iter().take(PRINTED) {
            let segment = if segment.is_empty() { "(no segment)" } else { segment };
            match year.gainers {
                0 => writeln!(
                    f,
                    "one-sided: at {point} {} customers of {segment} lose {} {currency} a year and none gains: all gain is the enterprise's",
                    year.losers,
                    told(year.loss)
                )?,
                gainers => writeln!(
                    f,
                    "one-sided: at {point} {gainers} customers of {segment} gain {} {currency} a year and none loses: the enterprise gives it all",
                    told(year.gain)
                )?,
            }
        }
        for PledgeSeen { policy, currency, benefit, cost, before, after, over } in &self.pledges {
            let verdict = if *over { "MORE than pledged" } else { "within the pledge" };
            writeln!(
                f,
                "pledge for {policy}: {} {currency} for {} {currency} a year; given {} -> {} {currency}: {verdict}",
                told(*benefit),
                told(*cost),
                told(*before),
                told(*after)
            )?;
        }
        Ok(())
    }
}

/// With its sign, also if it is more.
fn signed(amount: Decimal) -> String {
    if amount > Decimal::ZERO { format!("+{}", told(amount)) } else { told(amount) }
}
