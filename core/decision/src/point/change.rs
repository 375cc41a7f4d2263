//! What changes from one version of decision points to the next, and which version number that takes.
//!
//! Three kinds of people depend on a point: who asks it, the strategy that sets its parameters, and the plugins that serve it.
//! A change narrows if any of them could rely on what is no longer so.

use semver::Version;

use super::{CombineRule, DecisionPoint, InputField, Members, OutputField};
use crate::{DataType, Datum};

/// A difference between two versions of decision points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether somebody who relied on the old one can be let down.
    pub narrows: bool,
    /// What changed, as a sentence without a subject: "removes the point `acme.churn`".
    pub text: String,
}

/// Every difference from `old` to `new`, by point.
pub fn changes(old: &[DecisionPoint], new: &[DecisionPoint]) -> Vec<Change> {
    let mut found = Changes(Vec::new());
    for point in old {
        match new.iter().find(|other| other.name == point.name) {
            Some(other) => found.point(point, other),
            None => found.narrows(format!("removes the point `{}`", point.name)),
        }
    }
    for point in new.iter().filter(|point| !old.iter().any(|other| other.name == point.name)) {
        found.widens(format!("adds the point `{}` as `{}.{}`", point.name, point.subject, point.field));
    }
    found.0
}

/// The least version in which these changes may come, after `old`. What narrows takes the next major; before 1.0 that is the
/// next minor, as everywhere.
pub fn next_version(old: &Version, changes: &[Change]) -> Version {
    let narrows = changes.iter().any(|change| change.narrows);
    match (narrows, changes.is_empty(), old.major) {
        (true, _, 0) => Version::new(0, old.minor.saturating_add(1), 0),
        (true, _, major) => Version::new(major.saturating_add(1), 0, 0),
        (false, true, _) => old.clone(),
        (false, false, 0) => Version::new(0, old.minor, old.patch.saturating_add(1)),
        (false, false, major) => Version::new(major, old.minor.saturating_add(1), 0),
    }
}

struct Changes(Vec<Change>);

impl Changes {
    fn narrows(&mut self, text: String) {
        self.0.push(Change { narrows: true, text });
    }

    fn widens(&mut self, text: String) {
        self.0.push(Change { narrows: false, text });
    }

    fn point(&mut self, old: &DecisionPoint, new: &DecisionPoint) {
        let name = &old.name;
        let told = [
            ("the subject", &old.subject, &new.subject),
            ("the field", &old.field, &new.field),
            ("the type", &old.output_type, &new.output_type),
        ];
        for (what, from, to) in told.into_iter().filter(|(_, from, to)| from != to) {
            self.narrows(format!("changes {what} of `{name}` from `{from}` to `{to}`"));
        }
        if old.mode != new.mode {
            self.narrows(format!("changes the mode of `{name}`"));
        }
        if old.fail != new.fail {
            self.narrows(format!("changes what answers when a plugin at `{name}` cannot"));
        }
        match (old.is_exclusive(), new.is_exclusive()) {
            (false, true) => self.narrows(format!("lets one plugin at most serve `{name}`")),
            (true, false) => self.widens(format!("lets several plugins serve `{name}`")),
            _ => {}
        }
        if old.enforced_by != new.enforced_by {
            self.widens(format!("changes which act does as `{name}` says"));
        }
        self.outputs(name, &old.outputs, &new.outputs);
        if let (Some(from), Some(to)) = (&old.members, &new.members) {
            let shape = |members: &Members| {
                let Members { list, list_type, answers, answer_type, key, settle, score, .. } = members.clone();
                (list, list_type, answers, answer_type, key, settle, score)
            };
            if shape(from) != shape(to) {
                self.narrows(format!("changes what the members of `{name}` are, or how they are settled"));
            }
            self.outputs(name, &from.outputs, &to.outputs);
            self.inputs(&format!("members of `{name}`"), &from.inputs, &to.inputs);
        }
        self.inputs(&format!("request of `{name}`"), &old.request, &new.request);
        self.inputs(&format!("parameters of `{name}`"), &old.parameters, &new.parameters);
    }

    fn outputs(&mut self, point: &str, old: &[OutputField], new: &[OutputField]) {
        let among = |all: &[OutputField], name: &str| all.iter().position(|field| field.name == name);
        for field in old {
            match among(new, &field.name).and_then(|place| new.get(place)) {
                Some(other) => self.output(point, field, other),
                None => self.narrows(format!("removes the field `{}` of `{point}`", field.name)),
            }
        }
        for field in new.iter().filter(|field| among(old, &field.name).is_none()) {
            let text = format!("adds the field `{}` to `{point}`", field.name);
            // Whoever serves the point answers every field that is never null; the core answers its own.
            let unasked = field.nullable || field.combine == CombineRule::Core;
            if unasked { self.widens(text) } else { self.narrows(format!("{text}, which is never null")) }
        }
    }

    fn output(&mut self, point: &str, old: &OutputField, new: &OutputField) {
        let name = format!("`{}` of `{point}`", old.name);
        self.data_type(&name, &old.data_type, &new.data_type, true);
        match (old.nullable, new.nullable) {
            (false, true) => self.narrows(format!("lets {name} be null")),
            (true, false) => self.narrows(format!("lets {name} be null no longer, which its plugins may answer")),
            _ => {}
        }
        if old.combine != new.combine {
            let (from, to) = (old.combine.name(), new.combine.name());
            self.narrows(match from == to {
                true => format!("changes which values of {name} are more restrictive"),
                false => format!("combines {name} by {to} and no longer by {from}"),
            });
        }
        if old.authority != new.authority {
            self.widens(format!("changes above what {name} needs approval"));
        }
        if old.worth != new.worth {
            self.widens(format!("changes what {name} is worth"));
        }
        if old.default != new.default {
            self.widens(format!("changes what {name} is when no plugin can say"));
        }
    }

    fn inputs(&mut self, what: &str, old: &[InputField], new: &[InputField]) {
        for field in old {
            let Some(other) = new.iter().find(|other| other.name == field.name) else {
                self.narrows(format!("removes `{}` from the {what}", field.name));
                continue;
            };
            let name = format!("`{}` in the {what}", field.name);
            self.data_type(&name, &field.data_type, &other.data_type, false);
            match (must_be_given(field), must_be_given(other)) {
                (false, true) => self.narrows(format!("demands {name}")),
                (true, false) => self.widens(format!("no longer demands {name}")),
                _ => {}
            }
            if field.default != other.default {
                let (from, to) = (shown(field.default.as_ref()), shown(other.default.as_ref()));
                self.widens(format!("changes the default of {name} from {from} to {to}"));
            }
        }
        for field in new.iter().filter(|field| !old.iter().any(|other| other.name == field.name)) {
            let text = format!("`{}` in the {what}", field.name);
            if must_be_given(field) {
                self.narrows(format!("demands {text}"))
            } else {
                self.widens(format!("adds {text}"))
            }
        }
    }

    /// `given`: whether values of the type are given to who asks; otherwise they are taken.
    fn data_type(&mut self, name: &str, old: &DataType, new: &DataType, given: bool) {
        let (DataType::Enum(from), DataType::Enum(to)) = (old, new) else {
            if old != new {
                self.narrows(format!("changes the type of {name} from `{}` to `{}`", old.graphql(), new.graphql()));
            }
            return;
        };
        if from.name != to.name {
            self.narrows(format!("changes the type of {name} from `{}` to `{}`", from.name, to.name));
        }
        for value in from.values.iter().filter(|value| !to.values.iter().any(|other| other.name == value.name)) {
            self.narrows(format!("removes the value `{}` of {name}", value.name));
        }
        for value in to.values.iter().filter(|value| !from.values.iter().any(|other| other.name == value.name)) {
            let text = format!("adds the value `{}` to {name}", value.name);
            // Who asks has a case for every value he knows; who is asked may be told more.
            if given { self.narrows(format!("{text}, which those who ask do not know")) } else { self.widens(text) }
        }
    }
}

fn must_be_given(field: &InputField) -> bool {
    field.required && field.default.is_none()
}

fn shown(value: Option<&Datum>) -> String {
    let json = value.map(|value| serde_json::to_string(value).unwrap_or_default());
    json.unwrap_or_else(|| "none".to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::read_points;

    const OLD: &str = r#"
"How likely a customer leaves."
enum AcmeRisk {
  "Not likely."
  LOW
  "Likely."
  HIGH
}

"Whether a customer leaves."
type AcmeChurn @point(name: "acme.churn", subject: "Customer", field: "acmeChurn", mode: INDEPENDENT, fail: DEFAULT) {
  "How likely."
  risk: AcmeRisk! @combine(rule: MOST_RESTRICTIVE, order: ["LOW", "HIGH"]) @default(value: "LOW")
  "In how many days."
  days: Int @combine(rule: MIN)
}

"What is asked."
input AcmeChurnRequest {
  "Until when."
  until: Date
}

"What the strategy sets."
input AcmeChurnParameters {
  "From how many days."
  after: Int! = 30
}
"#;

    /// What changes if `from` is replaced by `to`, and which version after 1.2.3 that takes.
    #[track_caller]
    fn check(from: &str, to: &str, expected: Expect) {
        assert!(OLD.contains(from), "`{from}` is not there");
        let (old, new) = (read_points(OLD).unwrap(), read_points(&OLD.replace(from, to)).unwrap());
        let found = changes(&old, &new);
        let mut lines: Vec<_> =
            found.iter().map(|change| format!("{} {}", if change.narrows { "-" } else { "+" }, change.text)).collect();
        lines.push(next_version(&Version::new(1, 2, 3), &found).to_string());
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn what_is_said_about_a_point_is_no_change() {
        check("How likely.", "How very likely.", expect!["1.2.3"]);
    }

    #[test]
    fn what_is_added_and_needs_nothing_widens() {
        check(
            "  \"In how many days.\"",
            "  \"Why.\"\n  why: [String!] @combine(rule: UNION)\n  \"In how many days.\"",
            expect![[r#"
                + adds the field `why` to `acme.churn`
                1.3.0"#]],
        );
        check(
            "  after: Int! = 30",
            "  after: Int! = 14\n  \"At most.\"\n  most: Int",
            expect![[r#"
                + changes the default of `after` in the parameters of `acme.churn` from 30 to 14
                + adds `most` in the parameters of `acme.churn`
                1.3.0"#]],
        );
    }

    #[test]
    fn what_is_removed_narrows() {
        check(
            "  \"In how many days.\"\n  days: Int @combine(rule: MIN)\n",
            "",
            expect![[r#"
                - removes the field `days` of `acme.churn`
                2.0.0"#]],
        );
        check(
            "acme.churn",
            "acme.leaving",
            expect![[r#"
                - removes the point `acme.churn`
                + adds the point `acme.leaving` as `Customer.acmeChurn`
                2.0.0"#]],
        );
        check(
            "input AcmeChurnRequest {\n  \"Until when.\"\n  until: Date\n",
            "input AcmeChurnRequest {\n  \"Until when.\"\n  by: Date\n",
            expect![[r#"
                - removes `until` from the request of `acme.churn`
                + adds `by` in the request of `acme.churn`
                2.0.0"#]],
        );
    }

    #[test]
    fn what_answers_less_narrowly_narrows_for_who_asks() {
        check(
            "risk: AcmeRisk! @combine(rule: MOST_RESTRICTIVE, order: [\"LOW\", \"HIGH\"]) @default(value: \"LOW\")",
            "risk: AcmeRisk @combine(rule: MOST_RESTRICTIVE, order: [\"LOW\", \"HIGH\"]) @default(value: \"LOW\")",
            expect![[r#"
                - lets `risk` of `acme.churn` be null
                2.0.0"#]],
        );
        check(
            "days: Int @combine(rule: MIN)",
            "days: Decimal @combine(rule: MAX)",
            expect![[r#"
                - changes the type of `days` of `acme.churn` from `Int` to `Decimal`
                - combines `days` of `acme.churn` by MAX and no longer by MIN
                2.0.0"#]],
        );
    }

    #[test]
    fn a_field_that_cannot_be_combined_leaves_room_for_one_plugin() {
        check(
            "  \"In how many days.\"",
            "  \"Why.\"\n  why: String @combine(rule: ONLY)\n  \"In how many days.\"",
            expect![[r#"
                - lets one plugin at most serve `acme.churn`
                + adds the field `why` to `acme.churn`
                2.0.0"#]],
        );
    }

    #[test]
    fn what_is_demanded_narrows() {
        check(
            "  until: Date\n",
            "  until: Date!\n",
            expect![[r#"
                - demands `until` in the request of `acme.churn`
                2.0.0"#]],
        );
        check(
            "  days: Int @combine(rule: MIN)\n",
            "  days: Int! @combine(rule: MIN) @default(value: \"0\")\n  \"Sure.\"\n  sure: Boolean! @combine(rule: ALL) @default(value: \"false\")\n",
            expect![[r#"
                - lets `days` of `acme.churn` be null no longer, which its plugins may answer
                + changes what `days` of `acme.churn` is when no plugin can say
                - adds the field `sure` to `acme.churn`, which is never null
                2.0.0"#]],
        );
    }

    #[test]
    fn a_change_of_what_is_behind_a_point_narrows() {
        check(
            "fail: DEFAULT",
            "fail: SKIP",
            expect![[r#"
                - changes what answers when a plugin at `acme.churn` cannot
                2.0.0"#]],
        );
        check(
            "subject: \"Customer\", field: \"acmeChurn\"",
            "subject: \"Order\", field: \"acmeRisk\"",
            expect![[r#"
                - changes the subject of `acme.churn` from `Customer` to `Order`
                - changes the field of `acme.churn` from `acmeChurn` to `acmeRisk`
                2.0.0"#]],
        );
    }

    #[test]
    fn a_value_more_is_known_to_nobody_who_asks() {
        let more =
            OLD.replace("  HIGH\n}", "  HIGH\n  \"Certain.\"\n  SURE\n}").replace("\"HIGH\"]", "\"HIGH\", \"SURE\"]");
        let found = changes(&read_points(OLD).unwrap(), &read_points(&more).unwrap());
        let texts: Vec<_> = found.iter().map(|change| change.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "adds the value `SURE` to `risk` of `acme.churn`, which those who ask do not know",
                "changes which values of `risk` of `acme.churn` are more restrictive"
            ]
        );
        let back = changes(&read_points(&more).unwrap(), &read_points(OLD).unwrap());
        assert_eq!(back[0].text, "removes the value `SURE` of `risk` of `acme.churn`");
    }

    #[test]
    fn before_1_0_the_minor_counts_as_the_major() {
        let change = |narrows| [Change { narrows, text: String::new() }];
        for (old, narrows, expected) in [("0.3.1", true, "0.4.0"), ("0.3.1", false, "0.3.2"), ("1.0.0", false, "1.1.0")]
        {
            assert_eq!(next_version(&old.parse().unwrap(), &change(narrows)).to_string(), expected);
        }
        assert_eq!(next_version(&Version::new(0, 3, 1), &[]), Version::new(0, 3, 1));
    }
}
