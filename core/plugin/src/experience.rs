//! Experience: what answers have cost lately, so that a batch goes to the guest in portions that fit.
//!
//! A guest call has the same fuel however many it is about. A batch that turns out too large is divided, and what it burnt is lost;
//! so the next one is divided before it is tried. What is answered does not depend on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much of the fuel a portion may be expected to need, in tenths.
const FILLED: u64 = 9;

/// How fast an expensive time is forgotten: by this part of the difference with each call.
const FORGET: u64 = 8;

/// Fuel per subject at each decision point that a plugin serves; 0 where nobody was asked yet.
#[derive(Debug)]
pub(crate) struct Experience(BTreeMap<String, AtomicU64>);

impl Experience {
    pub(crate) fn of<'p>(points: impl IntoIterator<Item = &'p str>) -> Self {
        Experience(points.into_iter().map(|point| (point.to_owned(), AtomicU64::new(0))).collect())
    }

    pub(crate) fn points(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// How many subjects one guest call with so much fuel can be expected to answer; at least one.
    pub(crate) fn portion(&self, point: &str, fuel: u64) -> usize {
        let each = self.0.get(point).map_or(0, |each| each.load(Ordering::Relaxed));
        match (fuel / 10).saturating_mul(FILLED).checked_div(each) {
            Some(portion) => usize::try_from(portion).unwrap_or(usize::MAX).max(1),
            None => usize::MAX,
        }
    }

    /// Takes in what a guest call about so many subjects has used. Dearer counts at once, cheaper little by little.
    pub(crate) fn learn(&self, point: &str, fuel: u64, subjects: usize) {
        let subjects = u64::try_from(subjects).unwrap_or(u64::MAX).max(1);
        let (Some(known), each) = (self.0.get(point), fuel.div_ceil(subjects)) else { return };
        let before = known.load(Ordering::Relaxed);
        let now = if each >= before { each } else { before - (before - each) / FORGET };
        // Of two threads that learn at once one is not heard, which does no harm.
        known.store(now, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(learnt: &[(u64, usize)], portion: usize) {
        let experience = Experience::of(["credit.check"]);
        for (fuel, subjects) in learnt {
            experience.learn("credit.check", *fuel, *subjects);
        }
        assert_eq!(experience.portion("credit.check", 10_000), portion);
    }

    #[test]
    fn who_knows_nothing_tries_the_whole() {
        check(&[], usize::MAX);
        let experience = Experience::of(["credit.check"]);
        experience.learn("credit.terms", 10_000, 1);
        assert_eq!(experience.portion("credit.terms", 10_000), usize::MAX);
    }

    #[test]
    fn a_portion_leaves_a_tenth() {
        check(&[(1_000, 10)], 90);
        check(&[(20_000, 1)], 1);
    }

    #[test]
    fn dearer_counts_at_once_and_cheaper_little_by_little() {
        check(&[(1_000, 10), (9_000, 10)], 10);
        check(&[(9_000, 10), (1_000, 10)], 11);
    }
}
