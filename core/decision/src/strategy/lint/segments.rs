//! Segments that get nothing, or nothing of their own.

use std::collections::BTreeSet;

use super::Findings;
use crate::Datum;

pub(super) fn check(findings: &mut Findings<'_>) {
    let strategy = findings.strategy;
    let treated: BTreeSet<&str> = strategy.treatments.iter().map(|treatment| treatment.point.as_str()).collect();
    let points: Vec<_> = treated.iter().filter_map(|name| findings.point(name)).collect();
    let effective = |key: &str| -> Vec<Option<Datum>> {
        let parameters = points.iter().flat_map(|point| point.parameters.iter().map(move |field| (point, field)));
        parameters.map(|(point, field)| strategy.parameter(key, point, &field.name)).collect()
    };
    let gets: Vec<_> = strategy.segments.iter().map(|segment| effective(&segment.key)).collect();
    for (index, segment) in strategy.segments.iter().enumerate() {
        let path = format!("segments[{index}]");
        let lineage = strategy.lineage(&segment.key);
        let has =
            lineage.iter().any(|outer| strategy.treatments.iter().any(|treatment| treatment.segment == outer.key));
        if !has {
            let message = format!("`{}` has a need and no treatment: nothing is done about it", segment.key);
            findings.warn("SEGMENT_WITHOUT_TREATMENT", path, message);
            continue;
        }
        let same = gets.iter().take(index).position(|other| Some(other) == gets.get(index));
        if let Some(other) = same.and_then(|other| strategy.segments.get(other)) {
            let message = format!(
                "`{}` and `{}` are treated alike at every decision point; join them, or give each what it needs",
                other.key, segment.key
            );
            findings.warn("SEGMENTS_TREATED_ALIKE", path, message);
        }
    }
}
