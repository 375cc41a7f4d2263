//! Conflicts: where departments' proposals differ, what became of it, and what the strategy changed. Counted, not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::words::listed;
use crate::{DecisionPoint, Proposal};

/// Customers that are told apart; beyond it they are counted by decision.
const MAX_CUSTOMERS: usize = 200_000;
const MAX_EXAMPLES: usize = 10;
const MAX_NOTES: usize = 20;

/// One decision, recorded or made for the count.
#[derive(Clone, Copy, Debug)]
pub struct Disputed<'a> {
    pub point: &'a DecisionPoint,
    /// The customer's global id.
    pub customer: &'a str,
    /// The recorded decision's global id, if it is one.
    pub decision: Option<&'a str>,
    pub proposals: &'a [Proposal],
    /// The fields that ground rules changed.
    pub ruled: &'a [String],
    pub answer: &'a Map<String, Json>,
    /// Whether the fail policy answered.
    pub fallback: bool,
    /// What the departments would have answered without the strategy, if that is known.
    pub without: Option<&'a Map<String, Json>>,
}

/// Where departments disagree.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConflictReport {
    pub decisions: u64,
    /// Decisions in which two plugins or more proposed different values.
    pub disagreed: u64,
    /// Customers whom such decisions are about.
    pub customers: u64,
    /// Decisions of which it is known what the departments would have answered by themselves, and how many the strategy changed.
    pub compared: u64,
    pub changed_by_strategy: u64,
    /// By decision point.
    pub points: BTreeMap<String, PointConflicts>,
    pub overrides: Vec<OverridesSeen>,
    pub examples: Vec<ConflictExample>,
    pub notes: Vec<String>,
    #[serde(skip)]
    known: BTreeSet<String>,
}

/// Where departments disagree at one decision point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PointConflicts {
    pub decisions: u64,
    pub disagreed: u64,
    /// Disagreements nothing settled: the fail policy answered.
    pub unresolved: u64,
    pub changed_by_strategy: u64,
    pub fields: BTreeMap<String, FieldConflicts>,
    /// The departments that proposed something.
    pub departments: BTreeSet<String>,
}

/// What became of different proposals for one field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldConflicts {
    pub disagreed: u64,
    /// A ground rule had the last word.
    pub by_ground_rule: u64,
    /// The point's combining rule settled it.
    pub by_combining: u64,
    pub unresolved: u64,
}

/// How often people set decisions at a point aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OverridesSeen {
    pub point: String,
    /// The departments whose decisions they were.
    pub departments: Vec<String>,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConflictExample {
    pub point: String,
    pub customer: String,
    pub decision: Option<String>,
    pub field: String,
    /// By plugin.
    pub proposed: BTreeMap<String, Json>,
    pub answer: Json,
}

impl ConflictReport {
    /// Counts a decision.
    pub fn add(&mut self, one: &Disputed<'_>) {
        let point = self.points.entry(one.point.name.clone()).or_default();
        self.decisions = self.decisions.saturating_add(1);
        point.decisions = point.decisions.saturating_add(1);
        for proposal in one.proposals {
            if !point.departments.contains(&proposal.department) {
                point.departments.insert(proposal.department.clone());
            }
        }
        if let Some(without) = one.without {
            let changed = u64::from(without != one.answer);
            self.compared = self.compared.saturating_add(1);
            self.changed_by_strategy = self.changed_by_strategy.saturating_add(changed);
            point.changed_by_strategy = point.changed_by_strategy.saturating_add(changed);
        }
        let mut disagreed = false;
        for field in &one.point.outputs {
            let proposed = values(one.proposals, &field.name);
            let mut different = proposed.values();
            let first = different.next();
            if different.all(|value| Some(value) == first) {
                continue;
            }
            disagreed = true;
            let ruled = one.ruled.contains(&field.name);
            let of = point.fields.entry(field.name.clone()).or_default();
            of.disagreed = of.disagreed.saturating_add(1);
            let settled = match (one.fallback, ruled) {
                (_, true) => &mut of.by_ground_rule,
                (true, false) => &mut of.unresolved,
                (false, false) => &mut of.by_combining,
            };
            *settled = settled.saturating_add(1);
            if self.examples.len() < MAX_EXAMPLES {
                self.examples.push(ConflictExample {
                    point: one.point.name.clone(),
                    customer: one.customer.to_owned(),
                    decision: one.decision.map(str::to_owned),
                    field: field.name.clone(),
                    proposed: proposed.into_iter().map(|(plugin, value)| (plugin.to_owned(), value.clone())).collect(),
                    answer: one.answer.get(&field.name).cloned().unwrap_or_default(),
                });
            }
        }
        if disagreed {
            self.disagreed = self.disagreed.saturating_add(1);
            point.disagreed = point.disagreed.saturating_add(1);
            point.unresolved = point.unresolved.saturating_add(u64::from(one.fallback));
            let room = self.known.len() < MAX_CUSTOMERS;
            if !self.known.contains(one.customer) && (!room || self.known.insert(one.customer.to_owned())) {
                self.customers = self.customers.saturating_add(1);
            }
        }
    }

    /// Counts how often decisions at a point were set aside.
    pub fn set_aside(&mut self, point: &str, count: u64) {
        let departments = self.points.get(point).map(|point| point.departments.iter().cloned().collect());
        let departments = departments.unwrap_or_default();
        self.overrides.push(OverridesSeen { point: point.to_owned(), departments, count });
    }

    /// Says something about the numbers, once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) && self.notes.len() < MAX_NOTES {
            self.notes.push(note);
        }
    }
}

/// What each plugin that answered proposes for a field.
fn values<'a>(proposals: &'a [Proposal], field: &str) -> BTreeMap<&'a str, &'a Json> {
    let answered = proposals.iter().filter_map(|proposal| {
        let output = &proposal.result.as_ref().ok()?.output;
        Some((proposal.plugin.as_str(), output.get(field).unwrap_or(&Json::Null)))
    });
    answered.collect()
}

impl fmt::Display for ConflictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConflictReport { decisions, disagreed, customers, compared, changed_by_strategy: changed, .. } = self;
        writeln!(f, "{decisions} decisions: departments disagree in {disagreed}, about {customers} customers")?;
        if *compared > 0 {
            let share = changed.saturating_mul(1_000) / compared;
            let (whole, tenths) = (share / 10, share % 10);
            writeln!(
                f,
                "the strategy changed {changed} of {compared} whose answer without it is known: {whole}.{tenths} %"
            )?;
        }
        for (name, point) in &self.points {
            let departments = listed(point.departments.iter().cloned().collect());
            let PointConflicts { decisions, disagreed, unresolved, changed_by_strategy, .. } = point;
            writeln!(
                f,
                "{name} ({departments}): {decisions} decisions, {disagreed} with different proposals, {unresolved} unresolved, {changed_by_strategy} changed by the strategy"
            )?;
            for (field, one) in &point.fields {
                let FieldConflicts { disagreed, by_ground_rule, by_combining, unresolved } = one;
                writeln!(
                    f,
                    "  {field:<20}{disagreed:>8} differ {by_ground_rule:>8} by ground rule {by_combining:>8} by combining {unresolved:>8} unresolved"
                )?;
            }
        }
        for OverridesSeen { point, departments, count } in &self.overrides {
            let whose =
                if departments.is_empty() { String::new() } else { format!(" ({})", listed(departments.clone())) };
            writeln!(f, "set aside by people: {count} decisions at {point}{whose}")?;
        }
        for one in &self.examples {
            let of = one.decision.as_deref().unwrap_or(&one.customer);
            let proposed = one.proposed.iter().map(|(plugin, value)| format!("{plugin} {value}"));
            let proposed = listed(proposed.collect());
            writeln!(f, "for example {of} at {} {}: {proposed} -> {}", one.point, one.field, one.answer)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::{ProposedOutput, decision_points};

    fn proposal(plugin: &str, department: &str, days: i32) -> Proposal {
        let output = json!({ "netDays": days, "discount": "0", "discountDays": 0 });
        Proposal {
            plugin: plugin.to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            department: department.to_owned(),
            result: Ok(ProposedOutput { output: output.as_object().cloned().unwrap(), reasons: Vec::new() }),
            fuel: 0,
        }
    }

    #[test]
    fn disagreements_are_counted_with_what_settled_them() {
        let points = decision_points().unwrap();
        let point = points.iter().find(|point| point.name == "credit.terms").unwrap();
        let mut report = ConflictReport::default();
        let mut add = |customer: &str, days: (i32, i32), ruled: &[&str], fallback: bool, answer: i32| {
            let proposals = [proposal("credit-rules", "finance", days.0), proposal("deals", "sales", days.1)];
            let answer = json!({ "netDays": answer });
            let ruled: Vec<_> = ruled.iter().map(|field| (*field).to_owned()).collect();
            report.add(&Disputed {
                point,
                customer,
                decision: None,
                proposals: &proposals,
                ruled: &ruled,
                answer: answer.as_object().unwrap(),
                fallback,
                without: json!({ "netDays": days.0 }).as_object(),
            });
        };
        add("cus_1", (30, 30), &[], false, 30);
        add("cus_2", (30, 60), &[], false, 30);
        add("cus_2", (90, 80), &["netDays"], false, 60);
        add("cus_3", (10, 20), &[], true, 0);
        report.set_aside("credit.terms", 2);
        report.note("of today");
        expect![[r#"
            4 decisions: departments disagree in 3, about 2 customers
            the strategy changed 2 of 4 whose answer without it is known: 50.0 %
            credit.terms (finance and sales): 4 decisions, 3 with different proposals, 1 unresolved, 2 changed by the strategy
              netDays                    3 differ        1 by ground rule        1 by combining        1 unresolved
            set aside by people: 2 decisions at credit.terms (finance and sales)
            for example cus_2 at credit.terms netDays: credit-rules 30 and deals 60 -> 30
            for example cus_2 at credit.terms netDays: credit-rules 90 and deals 80 -> 60
            for example cus_3 at credit.terms netDays: credit-rules 10 and deals 20 -> 0
            note: of today
        "#]]
        .assert_eq(&report.to_string());
    }
}
