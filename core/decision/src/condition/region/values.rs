//! The values a field may have.

use std::collections::BTreeSet;

use guildhall_model::plan::Comparison;
use rust_decimal::Decimal;

use crate::condition::tree::ValueType;

/// Some of the values of a field, and whether it may be absent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values {
    absent: bool,
    set: Set,
}

#[derive(Clone, Debug, PartialEq)]
enum Set {
    /// Intervals that do not touch, in order.
    Numbers {
        intervals: Vec<Interval>,
        whole: bool,
    },
    /// These texts, or all but these.
    Texts {
        all_but: bool,
        texts: BTreeSet<String>,
        of: Option<BTreeSet<String>>,
    },
    Truth {
        may_be_false: bool,
        may_be_true: bool,
    },
}

/// Both ends may be open; nothing is no end at all.
#[derive(Clone, Debug, PartialEq)]
struct Interval {
    low: Option<(Decimal, bool)>,
    high: Option<(Decimal, bool)>,
}

impl Values {
    pub(super) fn truth(value: bool) -> Self {
        Values { absent: false, set: Set::Truth { may_be_false: !value, may_be_true: value } }
    }

    /// Every value, but not none.
    pub(super) fn present(of: &ValueType) -> Self {
        let set = match of {
            ValueType::Number(number) => Set::Numbers { intervals: vec![Interval::everything()], whole: number.int },
            ValueType::Date => Set::Numbers { intervals: vec![Interval::everything()], whole: true },
            ValueType::Bool => Set::Truth { may_be_false: true, may_be_true: true },
            ValueType::Text => Set::Texts { all_but: true, texts: BTreeSet::new(), of: None },
            ValueType::Enum(_, all) => {
                Set::Texts { all_but: true, texts: BTreeSet::new(), of: Some(all.iter().cloned().collect()) }
            }
        };
        Values { absent: false, set }
    }

    /// Numbers that compare so with `bound`. Open ends are `true`.
    pub(super) fn numbers(comparison: Comparison, bound: Decimal, whole: bool) -> Self {
        let interval = |low, high| vec![Interval { low, high }];
        let intervals = match comparison {
            Comparison::Less => interval(None, Some((bound, true))),
            Comparison::LessOrEqual => interval(None, Some((bound, false))),
            Comparison::Greater => interval(Some((bound, true)), None),
            Comparison::GreaterOrEqual => interval(Some((bound, false)), None),
            Comparison::Equal => interval(Some((bound, false)), Some((bound, false))),
            Comparison::NotEqual => vec![
                Interval { low: None, high: Some((bound, true)) },
                Interval { low: Some((bound, true)), high: None },
            ],
        };
        Values { absent: false, set: Set::numbers(intervals, whole) }
    }

    pub(super) fn text(comparison: Comparison, text: &str, of: Option<&Vec<String>>) -> Option<Self> {
        let all_but = match comparison {
            Comparison::Equal => false,
            Comparison::NotEqual => true,
            _ => return None,
        };
        let of = of.map(|all| all.iter().cloned().collect());
        let set = Set::Texts { all_but, texts: BTreeSet::from([text.to_owned()]), of };
        Some(Values { absent: false, set })
    }

    pub(super) fn is_empty(&self) -> bool {
        let nothing = match &self.set {
            Set::Numbers { intervals, .. } => intervals.is_empty(),
            Set::Texts { all_but: false, texts, .. } => texts.is_empty(),
            Set::Texts { all_but: true, texts, of } => of.as_ref().is_some_and(|all| all.is_subset(texts)),
            Set::Truth { may_be_false, may_be_true } => !may_be_false && !may_be_true,
        };
        nothing && !self.absent
    }

    /// Everything else, absence with it.
    pub(super) fn complement(&self) -> Self {
        Values { absent: !self.absent, set: self.set.complement() }
    }

    /// The present values that are not among these: where a comparison is false rather than unknown. What asks for a presence
    /// is false where there is none.
    pub(super) fn otherwise(&self) -> Self {
        let set = self.set.complement();
        let rest = Values { absent: false, set };
        if rest.is_empty() { Values { absent: true, ..rest } } else { rest }
    }

    pub(super) fn and(&self, other: &Values) -> Self {
        Values { absent: self.absent && other.absent, set: self.set.and(&other.set) }
    }

    pub(super) fn or(&self, other: &Values) -> Self {
        // What neither excludes.
        self.complement().and(&other.complement()).complement()
    }
}

impl Set {
    fn numbers(intervals: Vec<Interval>, whole: bool) -> Self {
        let shrunk = intervals.into_iter().map(|interval| if whole { interval.whole() } else { interval });
        Set::Numbers { intervals: shrunk.filter(|interval| !interval.is_empty()).collect(), whole }
    }

    fn complement(&self) -> Self {
        match self {
            Set::Numbers { intervals, whole } => {
                let mut rest = vec![Interval::everything()];
                for taken in intervals {
                    rest = rest.iter().flat_map(|interval| interval.without(taken)).collect();
                }
                Set::numbers(rest, *whole)
            }
            Set::Texts { all_but, texts, of } => Set::Texts { all_but: !all_but, texts: texts.clone(), of: of.clone() },
            Set::Truth { may_be_false, may_be_true } => {
                Set::Truth { may_be_false: !may_be_false, may_be_true: !may_be_true }
            }
        }
    }

    fn and(&self, other: &Set) -> Self {
        match (self, other) {
            (Set::Numbers { intervals, whole }, Set::Numbers { intervals: others, .. }) => {
                let pairs = intervals.iter().flat_map(|one| others.iter().map(move |other| one.and(other)));
                Set::numbers(pairs.collect(), *whole)
            }
            (Set::Texts { all_but, texts, of }, Set::Texts { all_but: other_all_but, texts: others, .. }) => {
                let (all_but, texts) = match (all_but, other_all_but) {
                    (false, false) => (false, texts & others),
                    (false, true) => (false, texts - others),
                    (true, false) => (false, others - texts),
                    (true, true) => (true, texts | others),
                };
                Set::Texts { all_but, texts, of: of.clone() }
            }
            (
                Set::Truth { may_be_false, may_be_true },
                Set::Truth { may_be_false: other_false, may_be_true: other_true },
            ) => Set::Truth { may_be_false: *may_be_false && *other_false, may_be_true: *may_be_true && *other_true },
            // One field has one type.
            (one, _) => one.clone(),
        }
    }
}

impl Interval {
    fn everything() -> Self {
        Interval { low: None, high: None }
    }

    fn is_empty(&self) -> bool {
        match (self.low, self.high) {
            (Some((low, low_open)), Some((high, high_open))) => low > high || (low == high && (low_open || high_open)),
            _ => false,
        }
    }

    /// With whole numbers at both ends, closed.
    fn whole(self) -> Self {
        let low = self.low.map(|(low, open)| match open {
            true => (low.floor().saturating_add(Decimal::ONE), false),
            false => (low.ceil(), false),
        });
        let high = self.high.map(|(high, open)| match open {
            true => (high.ceil().saturating_sub(Decimal::ONE), false),
            false => (high.floor(), false),
        });
        Interval { low, high }
    }

    fn and(&self, other: &Interval) -> Interval {
        let low = match (self.low, other.low) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        // Of equal ends the open one is the narrower: for the high end `true` must count as less.
        let high = match (self.high, other.high) {
            (Some((one, one_open)), Some((other, other_open))) if one == other => Some((one, one_open || other_open)),
            (Some(one), Some(other)) => Some(if one.0 < other.0 { one } else { other }),
            (one, other) => one.or(other),
        };
        Interval { low, high }
    }

    fn without(&self, taken: &Interval) -> Vec<Interval> {
        let below = taken.low.map(|(low, open)| Interval { low: None, high: Some((low, !open)) });
        let above = taken.high.map(|(high, open)| Interval { low: Some((high, !open)), high: None });
        let rest = below.into_iter().chain(above).map(|rest| self.and(&rest));
        rest.filter(|interval| !interval.is_empty()).collect()
    }
}
