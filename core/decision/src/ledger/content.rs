//! What a decision tells about its customer: kept as texts, byte for byte, so that it can be replayed; erased as a whole.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::canonical_json;
use crate::{Question, Subject, Verdict};

/// Names what is hashed.
const FORMAT: &str = "guildhall.commitment.1";

/// Everything that led to a verdict, as JSON texts. The texts are what is kept: they are never written anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content {
    pub request: String,
    /// The verdict's output.
    pub verdict: String,
    pub parameters: String,
    /// `underStrategy`, `byDefault` (with the digests of the plugins, their reasons, failures and fuel), `withoutStrategy`.
    pub proposals: String,
    pub bounds: String,
    /// [`Inputs`]: what each plugin and the ground rules were shown.
    pub inputs: String,
    pub explanation: String,
    pub customer_explanation: String,
}

/// What was asked of whom with which bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inputs {
    pub subject: SubjectInputs,
    /// What the ground rules looked at.
    pub rules: Json,
    /// By plugin.
    pub calls: Vec<Asked>,
}

/// Whom the decision is about, as far as the strategy asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectInputs {
    pub id: String,
    pub source: Option<String>,
    pub external_id: Option<String>,
    /// The key of its segment.
    pub segment: Option<String>,
}

/// What one plugin was given, byte for byte: once under the strategy's parameters, once under the departments' defaults.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    pub plugin: String,
    pub parameters: Box<RawValue>,
    pub defaults: Box<RawValue>,
    pub input: Box<RawValue>,
}

impl Inputs {
    /// The subject of the question.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            id: &self.subject.id,
            source: self.subject.source.as_deref(),
            external_id: self.subject.external_id.as_deref(),
            segment: self.subject.segment.as_deref(),
            facts: &self.rules,
        }
    }

    /// Reads the text that a content keeps.
    pub fn read(text: &str) -> Result<Inputs, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// One member after the other in one order, what plugins were given as it was.
    fn to_text(&self) -> String {
        let text = |text: &Option<String>| Json::from(text.clone()).to_string();
        let SubjectInputs { id, source, external_id, segment } = &self.subject;
        let calls = self.calls.iter().map(|asked| {
            format!(
                "{{\"plugin\":{},\"parameters\":{},\"defaults\":{},\"input\":{}}}",
                Json::from(asked.plugin.as_str()),
                asked.parameters.get(),
                asked.defaults.get(),
                asked.input.get()
            )
        });
        format!(
            "{{\"subject\":{{\"id\":{},\"source\":{},\"externalId\":{},\"segment\":{}}},\"rules\":{},\"calls\":[{}]}}",
            Json::from(id.as_str()),
            text(source),
            text(external_id),
            text(segment),
            canonical_json(&self.rules),
            calls.collect::<Vec<_>>().join(",")
        )
    }
}

impl Content {
    /// The content for a verdict that was made of `inputs`.
    pub fn of(question: &Question<'_>, verdict: &Verdict, inputs: &Inputs) -> Content {
        let proposals = json!({
            "underStrategy": verdict.proposals,
            "byDefault": verdict.by_default,
            "withoutStrategy": verdict.without_strategy,
        });
        let text = |value: Result<Json, serde_json::Error>| canonical_json(&value.unwrap_or(Json::Null));
        Content {
            request: canonical_json(question.request),
            verdict: canonical_json(&Json::Object(verdict.output.clone())),
            parameters: text(serde_json::to_value(&verdict.parameters)),
            proposals: canonical_json(&proposals),
            bounds: text(serde_json::to_value(&verdict.bounds)),
            inputs: inputs.to_text(),
            explanation: canonical_json(&Json::from(verdict.explanation.clone())),
            customer_explanation: canonical_json(&Json::from(verdict.customer_explanation.clone())),
        }
    }

    /// Every text with its name in the API.
    pub fn parts(&self) -> [(&'static str, &str); 8] {
        [
            ("request", &self.request),
            ("verdict", &self.verdict),
            ("parameters", &self.parameters),
            ("proposals", &self.proposals),
            ("bounds", &self.bounds),
            ("inputs", &self.inputs),
            ("explanation", &self.explanation),
            ("customerExplanation", &self.customer_explanation),
        ]
    }

    /// SHA-256 in hex over the salt and the content. Without the salt nobody can try out which content it was.
    pub fn commitment(&self, salt: &str) -> String {
        let mut hash = Sha256::new();
        // With lengths, so that no two lists of parts run together alike.
        let mut add = |part: &str| {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        };
        add(FORMAT);
        add(salt);
        for (name, text) in self.parts() {
            add(name);
            add(text);
        }
        format!("{:x}", hash.finalize())
    }
}

/// A salt in the form in which it is kept, from random bytes.
pub fn new_salt_from(random: [u8; 32]) -> String {
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
