//! Report: rates as ratios, as a table or as JSON.

use std::fmt;

use serde_json::{Value, json};

use crate::load::Round;

/// What one run measured.
pub(crate) struct Report {
    pub company: String,
    pub postgres: String,
    pub connections: usize,
    pub rounds: u64,
    pub seconds: u64,
    /// How many customers and how many pages were asked for.
    pub places: usize,
    pub cases: Vec<Case>,
    pub responses: u64,
    /// How many of them were not the expected ones.
    pub errors: u64,
}

/// One kind of request against what it is compared with.
pub(crate) struct Case {
    name: &'static str,
    rounds: Vec<Round>,
    other: &'static str,
    other_rounds: Vec<Round>,
    goal: f64,
}

impl Case {
    pub(crate) fn new(
        name: &'static str,
        rounds: &[Round],
        other: &'static str,
        other_rounds: &[Round],
        goal: f64,
    ) -> Self {
        Case { name, rounds: rounds.to_vec(), other, other_rounds: other_rounds.to_vec(), goal }
    }

    /// Of the medians.
    fn ratio(&self) -> f64 {
        median(&self.rounds) / median(&self.other_rounds)
    }

    /// The smallest and the largest ratio of one round.
    fn spread(&self) -> (f64, f64) {
        let ratios = self.rounds.iter().zip(&self.other_rounds).map(|(one, other)| one.rate() / other.rate());
        ratios.fold((f64::INFINITY, 0.0), |(least, most), ratio| (ratio.min(least), ratio.max(most)))
    }

    pub(crate) fn is_met(&self) -> bool {
        self.ratio() >= self.goal
    }

    pub(crate) fn to_json(&self) -> Value {
        let (least, most) = self.spread();
        json!({
            "case": self.name, "rate": rounded(median(&self.rounds), 1), "comparedWith": self.other,
            "comparedRate": rounded(median(&self.other_rounds), 1), "ratio": rounded(self.ratio(), 3),
            "leastRatio": rounded(least, 3), "mostRatio": rounded(most, 3), "goal": self.goal, "met": self.is_met(),
        })
    }

    /// What stands above cases.
    pub(crate) fn head() -> String {
        let [name, with] = ["", "with"];
        format!(
            "{name:<36}{:>9}{:>11}  {with:<14}{:>7}  {:<13}{:>5}",
            "guildhall", "compared", "ratio", "rounds", "goal"
        )
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, most) = self.spread();
        let spread = format!("{least:.3}-{most:.3}");
        write!(
            out,
            "{:<36}{:>9.0}{:>11.0}  {:<14}{:>7.3}  {spread:<13}{:>5.2}  {}",
            self.name,
            median(&self.rounds),
            median(&self.other_rounds),
            self.other,
            self.ratio(),
            self.goal,
            told(self.is_met())
        )
    }
}

/// Whether a goal is met, in a word.
pub(crate) fn told(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

impl Report {
    /// Whether every goal is met without a single wrong response.
    pub(crate) fn is_good(&self) -> bool {
        self.errors == 0 && self.cases.iter().all(Case::is_met)
    }

    pub(crate) fn to_json(&self) -> Value {
        let cases = self.cases.iter().map(Case::to_json);
        json!({
            "company": self.company, "postgres": self.postgres, "fsync": false, "connections": self.connections,
            "rounds": self.rounds, "seconds": self.seconds, "customers": self.places, "pages": self.places,
            "cases": cases.collect::<Value>(), "responses": self.responses, "errors": self.errors, "good": self.is_good(),
        })
    }
}

/// What cases are compared with.
pub(crate) const OURS: &str = "ours without";
pub(crate) const HANDWRITTEN: &str = "handwritten";
pub(crate) const POSTGRAPHILE: &str = "PostGraphile";

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{} on PostgreSQL {} (fsync off)", self.company, self.postgres)?;
        let Report { connections, rounds, seconds, places, .. } = self;
        writeln!(
            out,
            "{connections} connections; medians of {rounds} alternating rounds of {seconds} s; requests per second"
        )?;
        writeln!(
            out,
            "{places} different customers, {places} different pages, each answer compared before measuring\n"
        )?;
        writeln!(out, "{}", Case::head())?;
        for case in &self.cases {
            writeln!(out, "{case}")?;
        }
        write!(out, "\n{} responses, each compared byte by byte; {} errors", self.responses, self.errors)
    }
}

fn median(rounds: &[Round]) -> f64 {
    let mut rates: Vec<f64> = rounds.iter().map(Round::rate).collect();
    rates.sort_by(f64::total_cmp);
    let at = |index: usize| rates.get(index).copied().unwrap_or_default();
    let middle = rates.len() / 2;
    if rates.len() % 2 == 1 { at(middle) } else { (at(middle.saturating_sub(1)) + at(middle)) / 2.0 }
}

fn rounded(number: f64, places: i32) -> f64 {
    let unit = 10f64.powi(places);
    (number * unit).round() / unit
}
