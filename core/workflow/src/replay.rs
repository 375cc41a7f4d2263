//! Replays a recorded decision: asks the same packages the same bytes, makes the verdict again under the strategy of that time,
//! and compares all of it byte for byte with what was recorded.

mod bundle;
mod differences;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::SecondsFormat;
use guildhall_decision::{
    Asked, Content, DecisionPoint, Inputs, LedgerEntry, Proposal, Question, Strategy, Versions, decide,
    department_defaults, resolve,
};
use guildhall_plugin_host::{Call, Guest, Package};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::decide::{parameters_text, proposal};
use crate::{House, ManageLedger, Permit, WorkflowError, Workshop};

pub use bundle::{Bundle, MAX_BUNDLE_BYTES};
pub use differences::Difference;

/// Failures that came from the moment and not from what was asked: nobody can make them again.
const CIRCUMSTANCES: [&str; 7] =
    ["TIMED_OUT", "BUSY", "GAVE_UP", "CIRCUIT_OPEN", "BUDGET_SPENT", "SUSPENDED", "INTERNAL"];

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replayed {
    /// The decision's global id.
    pub decision: String,
    pub point: String,
    /// Whether every byte is as it was recorded.
    pub same: bool,
    /// The recorded digest.
    pub digest: String,
    /// The digest of what came out now; the same if all is.
    pub replayed_digest: String,
    /// Fuel of all guest calls.
    pub fuel: u64,
    pub differences: Vec<Difference>,
}

/// Replays a decision of the ledger.
pub async fn replay_decision(
    house: &Arc<House>,
    _: Permit<'_, ManageLedger>,
    decision: Uuid,
) -> Result<Replayed, WorkflowError> {
    let bundle = Bundle::load(house, decision).await?;
    let house = Arc::clone(house);
    // Guests run on threads that may block.
    let replaying = tokio::task::spawn_blocking(move || replay(&house.workshop(), &bundle));
    replaying.await.map_err(|error| WorkflowError::Internal(format!("the replay was not run: {error}")))?
}

/// Replays what a bundle holds. Blocks the thread for as long as the guests compute.
///
/// # Errors
///
/// Refused if the decision cannot be replayed, with the reason; bad input if the bundle is not what was recorded.
pub fn replay(workshop: &Workshop<'_>, bundle: &Bundle) -> Result<Replayed, WorkflowError> {
    let id = &bundle.entry.id;
    let versions = bundle.verify()?;
    let impossible = |reason: String| impossible(id, &reason);
    circumstances(&bundle.content).map_or(Ok(()), |reason| Err(impossible(reason)))?;
    let points = bundle.read_points()?;
    let point = points
        .iter()
        .find(|point| point.name == bundle.entry.point && point.digest() == versions.point)
        .ok_or_else(|| impossible(format!("the decision point `{}` is not the recorded one", bundle.entry.point)))?;
    let strategy = Strategy::read(&bundle.strategy, workshop.model, &points).map_err(|problems| {
        impossible(format!("strategy {} can no longer be read: {problems}", versions.strategy.number))
    })?;
    let guests = load(workshop, bundle, point, &versions)?;
    let inputs = Inputs::read(&bundle.content.inputs).map_err(|error| malformed(id, &error))?;
    let request: Value = serde_json::from_str(&bundle.content.request).map_err(|error| malformed(id, &error))?;
    let at = bundle.entry.decided_at;
    let question = Question { strategy: &strategy, point, subject: inputs.subject(), request: &request, at };
    let (content, fallback, fuel) = again(&question, &inputs, &guests)?;
    Ok(compare(bundle, &content, fallback, fuel))
}

/// Asks the guests again and makes the verdict again.
fn again(
    question: &Question<'_>,
    inputs: &Inputs,
    guests: &BTreeMap<String, Guest>,
) -> Result<(Content, bool, u64), WorkflowError> {
    let parameters = resolve(question);
    let raw = |text: String| RawValue::from_string(text).map_err(|error| malformed(&inputs.subject.id, &error));
    let under_strategy = raw(parameters_text(&parameters))?;
    let defaults = raw(parameters_text(&department_defaults(question.point)))?;
    let (mut proposals, mut by_default, mut calls, mut fuel) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
    for asked in &inputs.calls {
        let guest = guests.get(&asked.plugin).ok_or_else(|| {
            WorkflowError::BadInput(format!("plugin `{}` was asked, and no package of it is recorded", asked.plugin))
        })?;
        for (parameters, answers) in [(&asked.parameters, &mut proposals), (&asked.defaults, &mut by_default)] {
            let proposal = ask(guest, question, parameters.get(), asked.input.get());
            fuel = fuel.saturating_add(proposal.fuel);
            answers.push(proposal);
        }
        // What the strategy sets now stands here: were it not what the plugin was given, the inputs differ.
        calls.push(Asked {
            plugin: asked.plugin.clone(),
            parameters: under_strategy.clone(),
            defaults: defaults.clone(),
            input: asked.input.clone(),
        });
    }
    let verdict = decide(question, &parameters, proposals, Some(by_default));
    let inputs = Inputs { calls, ..inputs.clone() };
    Ok((Content::of(question, &verdict, &inputs), verdict.fallback, fuel))
}

/// One question to one guest, alone, as when it was recorded.
pub(crate) fn ask(guest: &Guest, question: &Question<'_>, parameters: &str, input: &str) -> Proposal {
    let at = question.at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let call = Call { parameters: parameters.as_bytes(), input: input.as_bytes() };
    let mut batch = guest.decide(&question.point.name, &at, &[call]);
    let lost = || {
        let message = "the plugin host gave no answer".to_owned();
        Err(guildhall_plugin_host::Failure { code: guildhall_plugin_host::FailureCode::Internal, message })
    };
    proposal(guest, batch.answers.pop().unwrap_or_else(lost), batch.fuel)
}

fn compare(bundle: &Bundle, content: &Content, fallback: bool, fuel: u64) -> Replayed {
    let entry = LedgerEntry { fallback, commitment: content.commitment(&bundle.salt), ..bundle.entry.clone() };
    let replayed_digest = entry.digest(bundle.previous_digest.as_deref());
    let mut differences = Vec::new();
    for ((name, recorded), (_, now)) in bundle.content.parts().into_iter().zip(content.parts()) {
        differences::between(name, recorded, now, &mut differences);
    }
    if fallback != bundle.entry.fallback {
        let (recorded, replayed) = (bundle.entry.fallback.to_string(), fallback.to_string());
        differences.push(Difference { place: "fallback".to_owned(), recorded, replayed });
    }
    Replayed {
        decision: bundle.entry.id.clone(),
        point: bundle.entry.point.clone(),
        same: replayed_digest == bundle.digest,
        digest: bundle.digest.clone(),
        replayed_digest,
        fuel,
        differences,
    }
}

/// The packages that took part, ready to be asked within the limits they had: those go with the input query.
fn load(
    workshop: &Workshop<'_>,
    bundle: &Bundle,
    point: &DecisionPoint,
    versions: &Versions,
) -> Result<BTreeMap<String, Guest>, WorkflowError> {
    let mut guests = BTreeMap::new();
    for plugin in &versions.plugins {
        let impossible = |reason: String| impossible(&bundle.entry.id, &format!("plugin `{}`: {reason}", plugin.name));
        let bytes = bundle
            .packages
            .get(&plugin.digest)
            .ok_or_else(|| impossible(format!("the package `{}` is gone", plugin.digest)))?;
        let package = Package::read(bytes).map_err(|error| impossible(error.to_string()))?;
        if package.digest() != plugin.digest || package.manifest().name != plugin.name {
            return Err(impossible(format!("the package `{}` is another one", plugin.digest)));
        }
        let guest = workshop.host.load(&package).map_err(|error| impossible(error.to_string()))?;
        let query = package.queries().find(|(served, _)| *served == point.name);
        let query = query.map(|(_, text)| workshop.queries.compile(point, text)).transpose();
        let query =
            query.map_err(|reason| impossible(format!("its input query no longer fits the model: {reason}")))?;
        guests.insert(plugin.name.clone(), guest.scaled(query.map(|query| (point.name.as_str(), query.entries()))));
    }
    Ok(guests)
}

/// Why nobody can make these proposals again, if so.
fn circumstances(content: &Content) -> Option<String> {
    let proposals: Value = serde_json::from_str(&content.proposals).ok()?;
    let all = ["underStrategy", "byDefault"].into_iter().filter_map(|name| proposals.get(name)?.as_array());
    all.flatten().find_map(|proposal| {
        let code = proposal.pointer("/failure/code")?.as_str()?;
        let plugin = proposal.get("plugin")?.as_str()?;
        CIRCUMSTANCES.contains(&code).then(|| {
            format!("plugin `{plugin}` failed with {code}, which came from that moment and not from what it was asked")
        })
    })
}

fn impossible(id: &str, reason: &str) -> WorkflowError {
    WorkflowError::refused(format!("`{id}` cannot be replayed: {reason}"))
}

fn malformed(id: &str, error: &dyn std::fmt::Display) -> WorkflowError {
    WorkflowError::BadInput(format!("what was recorded of `{id}` cannot be read: {error}"))
}

/// A point among others: in place of the one of its name.
pub(crate) fn points_with(points: &[Arc<DecisionPoint>], point: &DecisionPoint) -> Vec<DecisionPoint> {
    let others = points.iter().filter(|other| other.name != point.name).map(|other| DecisionPoint::clone(other));
    std::iter::once(point.clone()).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use guildhall_store::ledger;
    use serde_json::json;

    use super::*;
    use crate::Deployment;
    use crate::activate_strategy::activate_strategy;
    use crate::erase_decisions::{Which, erase_decisions};
    use crate::record_decision::{Order, record_decision};
    use crate::testing::{admin, customer, document, houses, now};
    use crate::verify_ledger::verify_ledger;

    async fn recorded(house: &Arc<House>, deployment: &Arc<Deployment>, customer: Uuid, key: &str) -> Uuid {
        let request = json!({ "amount": "1500" });
        let order = Order { point: "credit.check".to_owned(), customer, request, idempotency_key: key.to_owned() };
        record_decision(house, deployment, admin("ada").permit().unwrap(), order, now()).await.unwrap()
    }

    async fn deployment(house: &Arc<House>) -> Arc<Deployment> {
        let ada = admin("ada");
        activate_strategy(house, ada.permit().unwrap(), &document("first", "ada"), None, now()).await.unwrap();
        Arc::new(Deployment::load(house).await.unwrap())
    }

    #[tokio::test]
    async fn a_decision_is_replayed_from_the_ledger_and_from_a_bundle() {
        for (house, _fixture) in houses().await {
            let deployment = deployment(&house).await;
            let decision = recorded(&house, &deployment, customer(&house).await, "k").await;
            let ada = admin("ada");
            let replayed = replay_decision(&house, ada.permit().unwrap(), decision).await.unwrap();
            assert!(replayed.same && replayed.differences.is_empty(), "{replayed:?}");
            let bytes = Bundle::load(&house, decision).await.unwrap().to_bytes().unwrap();
            let bundle = Bundle::read(&bytes).unwrap();
            assert_eq!(replay(&house.workshop(), &bundle).unwrap(), replayed);
            assert_eq!(bundle.to_bytes().unwrap(), bytes);

            let later = now() + TimeDelta::days(1);
            assert_eq!(erase_decisions(&house, ada.permit().unwrap(), Which::Before(later), later).await.unwrap(), 1);
            let erased = replay_decision(&house, ada.permit().unwrap(), decision).await.unwrap_err();
            assert!(
                matches!(&erased, WorkflowError::Refused(_)) && erased.to_string().contains("erased on 2026-11-23")
            );
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn decisions_recorded_meanwhile_are_no_break() {
        for (house, _fixture) in houses().await {
            let (deployment, customer) = (deployment(&house).await, customer(&house).await);
            let recording = {
                let house = Arc::clone(&house);
                tokio::spawn(async move {
                    for key in 0..40 {
                        recorded(&house, &deployment, customer, &key.to_string()).await;
                    }
                })
            };
            while !recording.is_finished() {
                let verified = verify_ledger(&house, None, &mut |_| {}).await.unwrap();
                assert_eq!(verified.breaks, Vec::<String>::new());
            }
            recording.await.unwrap();
            let verified = verify_ledger(&house, None, &mut |_| {}).await.unwrap();
            assert_eq!((verified.chains, verified.entries, verified.broken), (1, 40, 0));
            assert_eq!(ledger::chain(&house.database, customer).await.unwrap().len(), 40);
        }
    }
}
