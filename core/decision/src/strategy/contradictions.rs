//! Contradictions between ground rules.
//!
//! They are found whatever the rules' conditions say: whether two conditions can hold at once is hard to tell, and a
//! contradiction found at activation is better than one found by a customer.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::reader::Reader;
use super::rules::Placed;
use super::{Effect, Limit};
use crate::Datum;

/// The common range of all clamps of a field, and who set its ends.
#[derive(Default)]
struct Range<'r> {
    min: Option<(&'r Datum, &'r str)>,
    max: Option<(&'r Datum, &'r str)>,
}

pub(super) fn rules(reader: &mut Reader<'_>, rules: &[Placed]) {
    let mut ranges: BTreeMap<(&str, &str), Range<'_>> = BTreeMap::new();
    for (rule, span) in rules {
        let Effect::Clamp { field, min, max } = &rule.effect else { continue };
        let range = ranges.entry((&rule.point, field)).or_default();
        // Where a computed bound lies is known only when something is decided.
        if let Some(Limit::Value(min)) = min
            && range.min.is_none_or(|(other, _)| min > other)
        {
            range.min = Some((min, &rule.id));
        }
        if let Some(Limit::Value(max)) = max
            && range.max.is_none_or(|(other, _)| max < other)
        {
            range.max = Some((max, &rule.id));
        }
        if let (Some((min, low)), Some((max, high))) = (range.min, range.max)
            && min > max
        {
            let message = format!(
                "`{low}` keeps `{field}` at {min} or more and `{high}` at {max} or less; no value fulfils both"
            );
            reader.problem(span, &rule.id, message);
        }
    }
    forced(reader, rules, &ranges);
    reserves(reader, rules);
}

/// All reserves of a point together are no more than there is.
fn reserves(reader: &mut Reader<'_>, rules: &[Placed]) {
    let mut shares: BTreeMap<&str, Decimal> = BTreeMap::new();
    for (rule, span) in rules {
        let Effect::Reserve { share, .. } = &rule.effect else { continue };
        let total = shares.entry(&rule.point).or_default();
        *total = total.saturating_add(*share);
        if *total > Decimal::ONE {
            let message =
                format!("brings what is reserved at `{}` to {total} of what there is, which is above 1", rule.point);
            reader.problem(span, &rule.id, message);
        }
    }
}

fn forced(reader: &mut Reader<'_>, rules: &[Placed], ranges: &BTreeMap<(&str, &str), Range<'_>>) {
    let mut values: BTreeMap<(&str, &str), (&Datum, &str)> = BTreeMap::new();
    for (rule, span) in rules {
        let Effect::Force(fields) = &rule.effect else { continue };
        for (field, value) in fields {
            let place = (rule.point.as_str(), field.as_str());
            if let Some(range) = ranges.get(&place) {
                let below = range.min.filter(|(min, _)| value < *min);
                let above = range.max.filter(|(max, _)| value > *max);
                if let Some((bound, other)) = below.or(above) {
                    let message = format!("sets `{field}` to {value}, which `{other}` bounds at {bound}");
                    reader.problem(span, &rule.id, message);
                }
            }
            let (first, other) = *values.entry(place).or_insert((value, &rule.id));
            let point = reader.points.iter().find(|point| point.name == rule.point);
            let strictest = point.and_then(|point| point.output(field)).is_some_and(|field| field.combine.is_bound());
            if first != value && !strictest {
                let message =
                    format!("sets `{field}` to {value} and `{other}` to {first}; neither is stricter, so keep one");
                reader.problem(span, &rule.id, message);
            }
        }
    }
}
