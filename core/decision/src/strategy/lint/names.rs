//! Names that nothing goes by: a typo in them would quietly take a limit, an exemption or a rule away.

use super::Findings;
use crate::strategy::{DELEGATED_ACTS, Place};
use crate::words::listed;
use crate::{Condition, DataType};

const CODE: &str = "UNKNOWN_NAME";
/// Where contacts are wanted, with what they are about.
const CONTACTS: (&str, &str) = ("marketing.contact", "kind");

pub(super) fn check(findings: &mut Findings<'_>) {
    acts(findings);
    kinds(findings);
    segments(findings);
}

fn acts(findings: &mut Findings<'_>) {
    for (index, authority) in findings.strategy.authorities.iter().enumerate() {
        if let Place::Act(act) = &authority.place
            && !DELEGATED_ACTS.contains(&act.as_str())
        {
            let message = format!("`{act}` is no act that an authority limits; there is {}", quoted(DELEGATED_ACTS));
            findings.error(CODE, format!("authorities[{index}]"), message);
        }
    }
}

fn kinds(findings: &mut Findings<'_>) {
    let Some(policy) = &findings.strategy.contact_policy else { return };
    let field = findings.point(CONTACTS.0).and_then(|point| point.asked().find(|field| field.name == CONTACTS.1));
    let Some(DataType::Enum(kind)) = field.map(|field| &field.data_type) else { return };
    let known: Vec<&str> = kind.values.iter().map(|value| value.name.as_str()).collect();
    for named in policy.caps.iter().flat_map(|cap| &cap.kinds).chain(&policy.exempt) {
        if !known.contains(&named.as_str()) {
            let message = format!("`{named}` is no kind of contact; there are {}", quoted(&known));
            findings.error(CODE, "contact_policy", message);
        }
    }
}

fn segments(findings: &mut Findings<'_>) {
    let strategy = findings.strategy;
    let of_segments = strategy.segments.iter().enumerate().flat_map(|(index, segment)| {
        let both = std::iter::once(&segment.when).chain(&segment.stay);
        both.map(move |condition| (format!("segments[{index}]"), condition))
    });
    let rules = strategy.ground_rules.iter().enumerate();
    let of_rules = rules.filter_map(|(index, rule)| Some((format!("ground_rules[{index}]"), rule.when.as_ref()?)));
    let known: Vec<&str> = strategy.segments.iter().map(|segment| segment.key.as_str()).collect();
    for (path, condition) in of_segments.chain(of_rules) {
        for key in Condition::segment_keys(condition).into_iter().filter(|key| !known.contains(key)) {
            let message = match known.is_empty() {
                true => format!("`{key}` is no segment; there are none"),
                false => format!("`{key}` is no segment; there are {}", quoted(&known)),
            };
            findings.error(CODE, path.clone(), message);
        }
    }
}

fn quoted(names: &[&str]) -> String {
    listed(names.iter().map(|name| format!("`{name}`")).collect())
}
