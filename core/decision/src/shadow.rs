//! The shadow report: what a candidate plugin would change.

use std::fmt;

use serde::Serialize;

use crate::Comparison;

/// What a candidate plugin would change.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowReport {
    pub plugin: String,
    pub version: String,
    /// SHA-256 of the candidate's package, in hex.
    pub digest: String,
    #[serde(flatten)]
    pub comparison: Comparison,
}

impl ShadowReport {
    pub fn new(plugin: &str, version: &str, digest: &str) -> Self {
        let (plugin, version, digest) = (plugin.to_owned(), version.to_owned(), digest.to_owned());
        ShadowReport { plugin, version, digest, comparison: Comparison::default() }
    }
}

/// As an administrator reads it before he approves.
impl fmt::Display for ShadowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = self.digest.get(..12).unwrap_or(&self.digest);
        let all = self.comparison.total.all();
        writeln!(f, "shadow of {} {} (sha256 {short}…) over {all} decisions", self.plugin, self.version)?;
        self.comparison.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::comparison::{MAX_CHANGES, MAX_EXAMPLES, MAX_SEGMENTS};
    use crate::{DecisionPoint, ProposalFailure, Seen};
    use serde_json::Map;
    use serde_json::Value as Json;

    fn point() -> DecisionPoint {
        crate::decision_points().unwrap().into_iter().find(|point| point.name == "credit.check").unwrap()
    }

    fn answer(outcome: &str, utilization: &str) -> Map<String, Json> {
        json!({ "outcome": outcome, "utilization": utilization }).as_object().unwrap().clone()
    }

    fn add(report: &mut ShadowReport, segment: Option<&str>, old: (&str, &str), new: Result<(&str, &str), &str>) {
        let failure = ProposalFailure { code: "TRAPPED".into(), message: new.err().unwrap_or_default().into() };
        let reasons = ["the limit is lower".to_owned()];
        let (held, utilization) = new.unwrap_or(("HELD", "0"));
        report.comparison.add(&Seen {
            point: &point(),
            segment,
            customer: "cus_1",
            decision: Some("dec_1"),
            today: false,
            old: &answer(old.0, old.1),
            new: &answer(held, utilization),
            candidate: if new.is_ok() { Ok(&reasons) } else { Err(&failure) },
        });
    }

    #[test]
    fn who_changes_is_counted_by_segment_and_outcome() {
        let mut report = ShadowReport::new("credit-rules", "2.0.0", "0123456789abcdef");
        add(&mut report, Some("key"), ("APPROVED", "0.5"), Ok(("APPROVED", "0.5")));
        add(&mut report, Some("key"), ("APPROVED", "0.8"), Ok(("HELD", "0.9")));
        add(&mut report, None, ("APPROVED", "0.8"), Ok(("HELD", "0.8")));
        add(&mut report, None, ("APPROVED", "0.8"), Err("the plugin panicked or aborted"));
        report.comparison.note("one strategy");
        report.comparison.note("one strategy");
        report.comparison.finish();
        expect![[r#"
            shadow of credit-rules 2.0.0 (sha256 0123456789ab…) over 4 decisions
              all                                    1 same        2 changed        1 failed
            credit.check: 4 recorded, 0 asked with today's facts
              all                                    1 same        2 changed        1 failed
              (no segment)                           0 same        1 changed        1 failed
              key                                    1 same        1 changed        0 failed
              outcome APPROVED -> HELD               2 times
              utilization - -> more                  1 times
            failed with TRAPPED 1 times: the plugin panicked or aborted
            for example dec_1 at credit.check: {"outcome":"APPROVED","utilization":"0.8"} -> {"outcome":"HELD","utilization":"0.9"}
                the limit is lower
            for example dec_1 at credit.check: {"outcome":"APPROVED","utilization":"0.8"} -> {"outcome":"HELD","utilization":"0.8"}
                the limit is lower
            note: one strategy
        "#]]
        .assert_eq(&report.to_string());
    }

    #[test]
    fn a_report_does_not_grow_with_what_it_counts() {
        let mut report = ShadowReport::new("credit-rules", "2.0.0", "01");
        let point = DecisionPoint { name: "test.terms".into(), ..terms() };
        for days in 0..10_000 {
            let (old, new) = (json!({ "netDays": days }), json!({ "netDays": days + 1 }));
            let segment = format!("s{days}");
            report.comparison.add(&Seen {
                point: &point,
                segment: Some(&segment),
                customer: "cus_1",
                decision: None,
                today: true,
                old: old.as_object().unwrap(),
                new: new.as_object().unwrap(),
                candidate: Ok(&[]),
            });
        }
        let counted = &report.comparison.points["test.terms"];
        assert_eq!((counted.total.changed, counted.today, counted.recorded), (10_000, 10_000, 0));
        assert_eq!(counted.changes.len() as u64 + counted.other_changes, 10_000);
        assert!(counted.changes.len() == MAX_CHANGES && counted.segments.len() <= MAX_SEGMENTS + 1);
        assert_eq!(report.comparison.examples.len(), MAX_EXAMPLES);
    }

    fn terms() -> DecisionPoint {
        crate::decision_points().unwrap().into_iter().find(|point| point.name == "credit.terms").unwrap()
    }
}
