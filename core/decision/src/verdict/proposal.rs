//! What plugins propose, and whether it is an answer at all.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::{Answer, set};
use crate::{CombineRule, DecisionPoint, OutputField, canonical_json};

/// One plugin's answer, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    pub plugin: String,
    pub version: String,
    /// SHA-256 of the plugin's package, in hex.
    pub digest: String,
    pub department: String,
    pub result: Result<ProposedOutput, ProposalFailure>,
    pub fuel: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProposedOutput {
    /// The point's output fields, in JSON in the form of the API.
    pub output: Map<String, Json>,
    /// In words, for people.
    pub reasons: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalFailure {
    /// `INVALID_OUTPUT`, or what the plugin host reports.
    pub code: String,
    pub message: String,
}

/// A plugin that could not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub plugin: String,
    pub code: String,
    pub message: String,
}

impl Failure {
    /// Each plugin answered, but their sum is too large.
    pub(super) fn overflow() -> Self {
        Failure::of_core("OUT_OF_RANGE", "the sum of the proposals is out of range".to_owned())
    }

    /// No plugin failed, and yet there is no answer.
    pub(super) fn of_core(code: &str, message: String) -> Self {
        Failure { plugin: "all".to_owned(), code: code.to_owned(), message }
    }
}

impl Serialize for Proposal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut proposal = serializer.serialize_struct("Proposal", 8)?;
        proposal.serialize_field("plugin", &self.plugin)?;
        proposal.serialize_field("version", &self.version)?;
        proposal.serialize_field("digest", &self.digest)?;
        proposal.serialize_field("department", &self.department)?;
        proposal.serialize_field("output", &self.result.as_ref().ok().map(|proposed| &proposed.output))?;
        let none = Vec::new();
        proposal.serialize_field("reasons", self.result.as_ref().map_or(&none, |proposed| &proposed.reasons))?;
        proposal.serialize_field("failure", &self.result.as_ref().err())?;
        proposal.serialize_field("fuel", &self.fuel)?;
        proposal.end()
    }
}

/// Reads what a ledger keeps back.
impl<'de> Deserialize<'de> for Proposal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Kept {
            plugin: String,
            version: String,
            digest: String,
            department: String,
            output: Option<Map<String, Json>>,
            reasons: Vec<String>,
            failure: Option<ProposalFailure>,
            fuel: u64,
        }
        let kept = Kept::deserialize(deserializer)?;
        let result = match (kept.output, kept.failure) {
            (Some(output), None) => Ok(ProposedOutput { output, reasons: kept.reasons }),
            (None, Some(failure)) => Err(failure),
            _ => return Err(D::Error::custom("a proposal is either an output or a failure")),
        };
        let Kept { plugin, version, digest, department, fuel, .. } = kept;
        Ok(Proposal { plugin, version, digest, department, result, fuel })
    }
}

/// Proposals in their fixed order; the typed answers and the failures among them in the same order.
pub(super) struct Judged<A> {
    pub(super) proposals: Vec<Proposal>,
    pub(super) outputs: Vec<A>,
    pub(super) failures: Vec<Failure>,
}

/// Types every proposal by `read`. What is no answer to the point becomes a failure.
pub(super) fn judge<A>(proposals: Vec<Proposal>, read: impl Fn(&Map<String, Json>) -> Result<A, String>) -> Judged<A> {
    let mut judged = Judged { proposals, outputs: Vec::new(), failures: Vec::new() };
    judged.proposals.sort_by_cached_key(|proposal| {
        let content = serde_json::to_value(proposal).map(|json| canonical_json(&json)).unwrap_or_default();
        (proposal.plugin.clone(), proposal.version.clone(), proposal.digest.clone(), content)
    });
    for proposal in &mut judged.proposals {
        if let Ok(proposed) = &proposal.result {
            match read(&proposed.output) {
                Ok(answer) => judged.outputs.push(answer),
                Err(message) => {
                    proposal.result = Err(ProposalFailure { code: "INVALID_OUTPUT".to_owned(), message });
                }
            }
        }
        if let Err(ProposalFailure { code, message }) = &proposal.result {
            let failure = Failure { plugin: proposal.plugin.clone(), code: code.clone(), message: message.clone() };
            judged.failures.push(failure);
        }
    }
    judged
}

impl DecisionPoint {
    /// Whether an output is an answer to the point, field by field; for a set, about each member of the request.
    ///
    /// # Errors
    ///
    /// Says which field is not as the point declares it, or who has no answer.
    pub fn check_output(&self, request: &Json, output: &Map<String, Json>) -> Result<(), String> {
        match &self.members {
            Some(members) => set::check(self, members, request, output),
            None => answer(self, output).map(|_| ()),
        }
    }
}

/// A proposal for a point that has one answer.
pub(super) fn answer(point: &DecisionPoint, output: &Map<String, Json>) -> Result<Answer, String> {
    fields(&point.name, &point.outputs, output, "")
}

/// Typed values of `declared`; `place` says where they stand in the answer.
pub(super) fn fields(
    point: &str,
    declared: &[OutputField],
    output: &Map<String, Json>,
    place: &str,
) -> Result<Answer, String> {
    let answered = || declared.iter().filter(|field| field.combine != CombineRule::Core);
    if let Some(unknown) = output.keys().find(|name| !answered().any(|field| field.name == **name)) {
        if declared.iter().any(|field| field.name == *unknown) {
            return Err(format!("`{place}{unknown}` is the core's to say; leave it out"));
        }
        let known: Vec<_> = answered().map(|field| field.name.as_str()).collect();
        // The name is the plugin's own; nothing a terminal would act on gets into the message.
        let unknown: String = unknown.chars().filter(|letter| !letter.is_control()).take(64).collect();
        return Err(format!("`{place}{unknown}` is no field of `{point}`; it has {}", known.join(", ")));
    }
    let mut answer = Answer::new();
    for field in answered() {
        let name = &field.name;
        let value = match output.get(name) {
            None | Some(Json::Null) if field.nullable => None,
            None => return Err(format!("`{place}{name}` is missing; answer every field")),
            Some(json) => match field.data_type.read_json(json) {
                Some(datum) => Some(datum),
                None => return Err(format!("`{place}{name}` is not {}", field.data_type.expected())),
            },
        };
        answer.insert(name.clone(), value);
    }
    Ok(answer)
}

/// Each field's values merged; nothing if there is no answer or a sum is out of range. What the core fills in has its default.
pub(super) fn combine(declared: &[OutputField], outputs: &[&Answer]) -> Option<Answer> {
    if outputs.is_empty() {
        return None;
    }
    let mut combined = Answer::new();
    for field in declared {
        if field.combine == CombineRule::Core {
            combined.insert(field.name.clone(), field.default.clone());
            continue;
        }
        let values: Vec<_> = outputs
            .iter()
            .filter_map(|output| {
                let by = field.combine.by().and_then(|by| output.get(by)?.as_ref());
                Some((output.get(&field.name)?.as_ref()?, by))
            })
            .collect();
        let value = if values.is_empty() { None } else { Some(field.combine.combine_by(values.into_iter())?) };
        combined.insert(field.name.clone(), value);
    }
    Some(combined)
}

/// What answers when no plugin can.
pub(super) fn defaults(declared: &[OutputField]) -> Answer {
    declared.iter().map(|field| (field.name.clone(), field.default.clone())).collect()
}
