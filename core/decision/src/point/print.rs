//! A decision point as SDL, in one form: what a recorded decision is replayed with, whatever became of the point since.

mod set;

use std::fmt::Write;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::{CombineRule, DecisionPoint, FailPolicy, InputField, Mode, OutputField};
use crate::{DataType, Datum};

impl DecisionPoint {
    /// The point by itself as SDL; [`crate::read_points`] reads the same point back. Two points with the same text ask and
    /// answer the same.
    pub fn to_sdl(&self) -> String {
        let mut sdl = String::new();
        // Writing to a text does not fail.
        let _ = self.write(&mut sdl);
        sdl
    }

    /// SHA-256 of [`DecisionPoint::to_sdl`], in hex.
    pub fn digest(&self) -> String {
        format!("{:x}", Sha256::digest(self.to_sdl()))
    }

    fn write(&self, sdl: &mut String) -> std::fmt::Result {
        for declared in &self.enums {
            writeln!(sdl, "{}\nenum {} {{", quoted(&declared.description), declared.name)?;
            for value in &declared.values {
                writeln!(sdl, "  {} {}", quoted(&value.description), value.name)?;
            }
            sdl.push_str("}\n");
        }
        let mode = match self.mode {
            Mode::Independent => "INDEPENDENT",
            Mode::Set => "SET",
        };
        let fail = match self.fail {
            FailPolicy::Deny => "DENY",
            FailPolicy::Default => "DEFAULT",
            FailPolicy::Skip => "SKIP",
        };
        writeln!(
            sdl,
            "{}\ntype {} @point(name: {}, subject: {}, field: {}, mode: {mode}, fail: {fail}{}) {{",
            quoted(&self.description),
            self.output_type,
            quoted(&self.name),
            quoted(&self.subject),
            quoted(&self.field),
            self.acts()
        )?;
        for field in &self.outputs {
            output(sdl, field, "")?;
        }
        if let Some(members) = &self.members {
            set::answers(sdl, members)?;
        }
        sdl.push_str("}\n");
        if let Some(members) = &self.members {
            set::answer_type(sdl, members)?;
        }
        for (end, fields) in [("Request", &self.request), ("Parameters", &self.parameters)] {
            let list = self.members.as_ref().filter(|_| end == "Request");
            if !fields.is_empty() || list.is_some() {
                inputs(sdl, &format!("{}{end}", self.output_type), fields, list.map(set::list).as_deref())?;
            }
        }
        match &self.members {
            Some(members) => set::member_type(sdl, members),
            None => Ok(()),
        }
    }

    /// The argument of `@point` that may be left out.
    fn acts(&self) -> String {
        self.enforced_by.as_ref().map(|act| format!(", enforcedBy: {}", quoted(act))).unwrap_or_default()
    }
}

/// `more` stands behind the field's own directives.
fn output(sdl: &mut String, field: &OutputField, more: &str) -> std::fmt::Result {
    let bang = if field.nullable { "" } else { "!" };
    let rule = field.combine.name();
    write!(sdl, "  {}\n  {}: {}{bang} ", quoted(&field.description), field.name, field.data_type.graphql())?;
    match &field.combine {
        CombineRule::MostRestrictive(order) => {
            write!(sdl, "@combine(rule: {rule}, order: {})", Json::from(order.clone()))?
        }
        other => match other.by() {
            Some(by) => write!(sdl, "@combine(rule: {rule}, by: {})", quoted(by))?,
            None => write!(sdl, "@combine(rule: {rule})")?,
        },
    }
    if let Some(default) = &field.default {
        let text = match default {
            Datum::Texts(_) => default.to_json().to_string(),
            other => other.to_string(),
        };
        write!(sdl, " @default(value: {})", quoted(&text))?;
    }
    if let Some(parameter) = &field.authority {
        write!(sdl, " @authority(parameter: {})", quoted(parameter))?;
    }
    if let Some(worth) = &field.worth {
        write!(sdl, " @worth(formula: {}, as: {})", quoted(&worth.formula), worth.counts.name())?;
    }
    if let Some(lifted) = &field.lifts {
        write!(sdl, " @lifts(field: {})", quoted(lifted))?;
    }
    sdl.push_str(more);
    sdl.push('\n');
    Ok(())
}

/// `first` stands before the fields.
fn inputs(sdl: &mut String, name: &str, fields: &[InputField], first: Option<&str>) -> std::fmt::Result {
    writeln!(sdl, "\"What belongs to it.\"\ninput {name} {{{}", first.unwrap_or_default())?;
    for field in fields {
        let bang = if field.required { "!" } else { "" };
        write!(sdl, "  {}\n  {}: {}{bang}", quoted(&field.description), field.name, field.data_type.graphql())?;
        match (&field.default, &field.data_type) {
            (Some(default), DataType::Enum(_)) => write!(sdl, " = {default}")?,
            (Some(default), _) => write!(sdl, " = {}", default.to_json())?,
            (None, _) => {}
        }
        sdl.push('\n');
    }
    sdl.push_str("}\n");
    Ok(())
}

/// A text of GraphQL; the escapes of JSON are among its own.
fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use crate::{DecisionPoint, decision_points, read_points};

    #[track_caller]
    fn check(point: &DecisionPoint) {
        let sdl = point.to_sdl();
        assert_eq!(read_points(&sdl).as_deref(), Ok(std::slice::from_ref(point)), "{sdl}");
    }

    #[test]
    fn the_points_of_the_core_read_back() {
        for point in decision_points().unwrap() {
            check(&point);
        }
    }

    #[test]
    fn every_type_and_rule_reads_back() {
        let sdl = r#"
"Says \"yes\", or no." enum Mood { "Good ü." GOOD "Bad." BAD }
"One." type Everything @point(name: "test.everything", subject: "Customer", field: "everything", mode: INDEPENDENT, fail: SKIP) {
  "A." a: Int @combine(rule: SUM) @default(value: "-3")
  "B." b: Decimal! @combine(rule: MAX) @default(value: "0.10")
  "C." c: Boolean! @combine(rule: ALL) @default(value: "true")
  "D." d: Date @combine(rule: MIN)
  "E." e: Mood! @combine(rule: MOST_RESTRICTIVE, order: ["BAD", "GOOD"]) @default(value: "GOOD")
  "F." f: [String!] @combine(rule: UNION) @default(value: "[\"x\", \"y\"]")
  "G." g: Boolean @combine(rule: ANY)
  "H." h: String @combine(rule: BEST_OF, by: "b")
  "I." i: Decimal @combine(rule: WEIGHTED_SUM, by: "b") @authority(parameter: "c") @worth(formula: "verdict.i * 2", as: LENT) @lifts(field: "e")
  "J." j: String @combine(rule: ONLY)
}
"R." input EverythingRequest { "A." a: Int! = 4 "B." b: String "C." c: Mood = BAD "D." d: [String!] = ["p"] }
"P." input EverythingParameters { "A." a: Date! = "2026-01-31" "B." b: Boolean! = false "C." c: Decimal "D." d: String! = "t\"" }
"#;
        check(&read_points(sdl).unwrap()[0]);
    }

    #[test]
    fn what_a_point_asks_is_in_its_digest() {
        let point = decision_points().unwrap().remove(0);
        let mut other = point.clone();
        other.parameters.pop();
        assert_ne!(point.digest(), other.digest());
    }
}
