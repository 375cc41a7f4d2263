//! Output: what a guest answers, from its bytes to the verdict.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use guildhall_decision::{
    DecisionPoint, Proposal, ProposalFailure, ProposedOutput, Question, Strategy, Subject, Verdict, canonical_json,
    decide, decision_points, resolve,
};
use guildhall_model::Model;
use guildhall_plugin_host::{Answer, Limits};
use serde_json::{Value, json};

use crate::{Target, harmless, planted};

pub(crate) const TARGET: Target = Target { name: "output", run, seeds };

struct Core {
    strategy: Strategy,
    points: Vec<DecisionPoint>,
}

/// What verdicts are made with; nothing if the core itself is broken, which other tests tell.
static CORE: LazyLock<Option<Core>> = LazyLock::new(|| {
    let points = decision_points().ok()?;
    let strategy = Strategy::read(include_str!("../../data/small/strategy.toml"), &Model::core(), &points).ok()?;
    Some(Core { strategy, points })
});

/// The longest terms the strategy lets anybody have.
const LONGEST: i64 = 60;

fn run(data: &[u8]) {
    let core = CORE.as_ref();
    assert!(core.is_some(), "there is nothing to decide with");
    let (Some(core), Some((choice, answer))) = (core, data.split_first()) else { return };
    let Some(point) = core.points.get(usize::from(choice % 2)) else { return };
    let result = match Answer::read(answer, &Limits::default()) {
        Ok(answer) => {
            assert!(answer.reasons.len() <= 20);
            answer.reasons.iter().for_each(|reason| harmless(reason));
            if planted() {
                // Takes every letter for one byte.
                assert!(answer.reasons.iter().all(|reason| reason.is_ascii()), "planted");
            }
            Ok(ProposedOutput { output: answer.output, reasons: answer.reasons })
        }
        Err(failure) => {
            harmless(&failure.message);
            Err(ProposalFailure { code: failure.code.as_str().to_owned(), message: failure.message })
        }
    };
    let ours = proposal("ours", result);
    let other = proposal("other", Ok(ProposedOutput { output: defaults(point), reasons: Vec::new() }));
    let alone = verdict(core, point, vec![ours.clone()]);
    let together = verdict(core, point, vec![ours.clone(), other.clone()]);
    assert_eq!(together, verdict(core, point, vec![other, ours]), "the order of the plugins may not matter");
    for verdict in [&alone, &together] {
        sound(point, verdict);
    }
}

fn verdict(core: &Core, point: &DecisionPoint, proposals: Vec<Proposal>) -> Verdict {
    let facts = json!({ "creditAccount": { "exposure": "10", "limit": "100" } });
    let request = if point.request.is_empty() { Value::Null } else { json!({ "amount": "5" }) };
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("key"), facts: &facts };
    let at = DateTime::<Utc>::UNIX_EPOCH;
    let question = Question { strategy: &core.strategy, point, subject, request: &request, at };
    decide(&question, &resolve(&question), proposals, None)
}

/// Whatever was proposed, the verdict is an answer to the point, within the ground rules, and can be recorded.
fn sound(point: &DecisionPoint, verdict: &Verdict) {
    assert_eq!(verdict.output.len(), point.outputs.len());
    for field in &point.outputs {
        let value = verdict.output.get(&field.name).unwrap_or(&Value::Null);
        let fits = if value.is_null() { field.nullable } else { field.data_type.read_json(value).is_some() };
        assert!(fits, "`{}` is {value}", field.name);
    }
    let days = verdict.output.get("netDays").and_then(Value::as_i64);
    assert!(days.is_none_or(|days| days <= LONGEST), "{days:?}");
    assert_eq!(verdict.fallback, !verdict.failures.is_empty());
    verdict.failures.iter().for_each(|failure| harmless(&failure.message));
    verdict.explanation.iter().for_each(|sentence| assert!(!sentence.contains(char::is_control)));
    let recorded = serde_json::to_value(verdict).map(|json| canonical_json(&json));
    assert!(recorded.is_ok_and(|text| !text.is_empty()));
}

fn defaults(point: &DecisionPoint) -> serde_json::Map<String, Value> {
    let value =
        |field: &guildhall_decision::OutputField| field.default.as_ref().map_or(Value::Null, |datum| datum.to_json());
    point.outputs.iter().map(|field| (field.name.clone(), value(field))).collect()
}

fn proposal(plugin: &str, result: Result<ProposedOutput, ProposalFailure>) -> Proposal {
    let text = str::to_owned;
    Proposal {
        plugin: text(plugin),
        version: text("1.0.0"),
        digest: text("d1"),
        department: text("finance"),
        result,
        fuel: 1,
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        "0{\"output\":{\"netDays\":45,\"discount\":\"0.02\",\"discountDays\":14},\"reasons\":[\"pays in time\"]}",
        "0{\"output\":{\"netDays\":7,\"discount\":0.5,\"discountDays\":0}}",
        "1{\"output\":{\"outcome\":\"APPROVED\",\"utilization\":\"0.4\"},\"reasons\":[\"4000.00 EUR of 10000.00 EUR are used\"]}",
        "1{\"output\":{\"outcome\":\"HELD\",\"utilization\":\"1.25\"},\"reasons\":[]}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
