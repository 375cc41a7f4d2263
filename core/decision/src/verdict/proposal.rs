//! What plugins propose, and whether it is an answer at all.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::Answer;
use crate::{DecisionPoint, canonical_json};

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
        let message = "the sum of the proposals is out of range".to_owned();
        Failure { plugin: "all".to_owned(), code: "OUT_OF_RANGE".to_owned(), message }
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
pub(super) struct Judged {
    pub(super) proposals: Vec<Proposal>,
    pub(super) outputs: Vec<Answer>,
    pub(super) failures: Vec<Failure>,
}

/// Types every proposal. What is no answer to the point becomes a failure.
pub(super) fn judge(point: &DecisionPoint, proposals: Vec<Proposal>) -> Judged {
    let mut judged = Judged { proposals, outputs: Vec::new(), failures: Vec::new() };
    judged.proposals.sort_by_cached_key(|proposal| {
        let content = serde_json::to_value(proposal).map(|json| canonical_json(&json)).unwrap_or_default();
        (proposal.plugin.clone(), proposal.version.clone(), proposal.digest.clone(), content)
    });
    for proposal in &mut judged.proposals {
        if let Ok(proposed) = &proposal.result {
            match answer(point, &proposed.output) {
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
    /// Whether an output is an answer to the point, field by field.
    ///
    /// # Errors
    ///
    /// Says which field is not as the point declares it.
    pub fn check_output(&self, output: &Map<String, Json>) -> Result<(), String> {
        answer(self, output).map(|_| ())
    }
}

fn answer(point: &DecisionPoint, output: &Map<String, Json>) -> Result<Answer, String> {
    if let Some(unknown) = output.keys().find(|name| point.output(name).is_none()) {
        let known: Vec<_> = point.outputs.iter().map(|field| field.name.as_str()).collect();
        // The name is the plugin's own; nothing a terminal would act on gets into the message.
        let unknown: String = unknown.chars().filter(|letter| !letter.is_control()).take(64).collect();
        return Err(format!("`{unknown}` is no field of `{}`; it has {}", point.name, known.join(", ")));
    }
    let mut answer = Answer::new();
    for field in &point.outputs {
        let value = match output.get(&field.name) {
            None | Some(Json::Null) if field.nullable => None,
            None => return Err(format!("`{}` is missing; answer every field", field.name)),
            Some(json) => match field.data_type.read_json(json) {
                Some(datum) => Some(datum),
                None => return Err(format!("`{}` is not {}", field.name, field.data_type.expected())),
            },
        };
        answer.insert(field.name.clone(), value);
    }
    Ok(answer)
}
