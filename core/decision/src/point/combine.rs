//! How the proposals of several plugins become one value. No rule depends on the plugins' order.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::{DataType, Datum};

/// How the values several plugins propose for a field become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CombineRule {
    /// The least number or the earliest day.
    Min,
    /// The greatest number or the latest day.
    Max,
    /// The value that stands last here; the least restrictive stands first.
    MostRestrictive(Vec<String>),
    /// Every text that any plugin names.
    Union,
    Sum,
    /// True if all say true.
    All,
    /// True if any says true.
    Any,
    /// Nothing is combined: one plugin proposes at the point at most.
    Only,
}

impl CombineRule {
    /// The rule's name in SDL.
    pub fn name(&self) -> &'static str {
        match self {
            CombineRule::Min => "MIN",
            CombineRule::Max => "MAX",
            CombineRule::MostRestrictive(_) => "MOST_RESTRICTIVE",
            CombineRule::Union => "UNION",
            CombineRule::Sum => "SUM",
            CombineRule::All => "ALL",
            CombineRule::Any => "ANY",
            CombineRule::Only => "ONLY",
        }
    }

    /// Whether values of the type can be combined so.
    pub(crate) fn takes(&self, data_type: &DataType) -> bool {
        match self {
            CombineRule::Min | CombineRule::Max => {
                matches!(data_type, DataType::Int | DataType::Decimal | DataType::Date)
            }
            CombineRule::MostRestrictive(_) => matches!(data_type, DataType::Enum(_)),
            CombineRule::Union => *data_type == DataType::Texts,
            CombineRule::Sum => matches!(data_type, DataType::Int | DataType::Decimal),
            CombineRule::All | CombineRule::Any => *data_type == DataType::Bool,
            CombineRule::Only => true,
        }
    }

    /// Whether combining a value with itself changes nothing, so that two bounds by the same rule have one strictest.
    pub(crate) fn is_bound(&self) -> bool {
        !matches!(self, CombineRule::Sum | CombineRule::Union | CombineRule::Only)
    }

    /// The combined value; nothing if there is no value, if a sum leaves the range of its type, or if there are several
    /// where there is only to be one.
    pub(crate) fn combine<'a>(&self, mut values: impl Iterator<Item = &'a Datum>) -> Option<Datum> {
        match self {
            CombineRule::Min => values.min().cloned(),
            CombineRule::Max => values.max().cloned(),
            CombineRule::MostRestrictive(order) => values
                .max_by_key(|value| order.iter().position(|name| matches!(value, Datum::Text(text) if text == name)))
                .cloned(),
            CombineRule::Union => values.fold(None, |all, value| match (all, value) {
                (None, Datum::Texts(texts)) => Some(Datum::Texts(texts.clone())),
                (Some(Datum::Texts(all)), Datum::Texts(texts)) => {
                    Some(Datum::Texts(all.union(texts).cloned().collect::<BTreeSet<_>>()))
                }
                (all, _) => all,
            }),
            CombineRule::Sum => sum(values),
            // `false < true`, so the least is the conjunction and the greatest the disjunction.
            CombineRule::All => values.min().cloned(),
            CombineRule::Any => values.max().cloned(),
            CombineRule::Only => {
                let only = values.next()?;
                values.next().is_none().then(|| only.clone())
            }
        }
    }
}

/// Ints are added up wide and decimals exactly, so that the order of the summands cannot decide about an overflow.
fn sum<'a>(values: impl Iterator<Item = &'a Datum>) -> Option<Datum> {
    let (mut int, mut decimal): (Option<i64>, Option<Decimal>) = (None, None);
    let mut summands: Vec<_> = values.collect();
    summands.sort();
    for value in summands {
        match value {
            Datum::Int(next) => int = Some(int.unwrap_or(0).checked_add(i64::from(*next))?),
            Datum::Decimal(next) => decimal = Some(decimal.unwrap_or(Decimal::ZERO).checked_add(*next)?),
            _ => return None,
        }
    }
    match (int, decimal) {
        (Some(int), None) => i32::try_from(int).ok().map(Datum::Int),
        (None, decimal) => decimal.map(Datum::Decimal),
        (Some(_), Some(_)) => None,
    }
}
