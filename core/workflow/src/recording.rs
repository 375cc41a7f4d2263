//! Recording: a decision goes on the ledger in the transaction of the act that follows from it.

use chrono::{DateTime, Utc};
use guildhall_decision::{
    Content, DecisionPoint, LedgerEntry, PluginVersion, Question, StrategyVersion, Versions, new_salt_from,
};
use guildhall_store::ledger::Last;
use guildhall_store::{Transaction, ledger, point as kept_point};
use serde_json::Value;
use uuid::Uuid;

use crate::decide::{Decided, Facts};
use crate::deployment::Serving;
use crate::recorded::{global_id, kept};
use crate::{Deployment, House, WorkflowError};

/// A decision that was made and is to be recorded.
pub(crate) struct Recording<'a> {
    pub point: &'a DecisionPoint,
    pub customer: Uuid,
    /// In the form the point reads it.
    pub request: &'a Value,
    pub facts: &'a Facts<'a>,
    pub decided: &'a Decided,
    /// Who asked for it.
    pub by: &'a str,
    /// When it was made, to the millisecond.
    pub at: DateTime<Utc>,
}

/// Appends a decision to the customer's chain, and gives its id. The customer is locked from here to the end of the
/// transaction, so that the chain has no gaps.
pub(crate) async fn append(
    house: &House,
    deployment: &Deployment,
    transaction: &Transaction,
    recording: &Recording<'_>,
) -> Result<Uuid, WorkflowError> {
    let Recording { point, customer, request, facts, decided, by, at } = *recording;
    let strategy = deployment.deciding(&facts.id)?;
    let id = Uuid::now_v7();
    let last = ledger::last(transaction, &[customer]).await?.remove(&customer);
    let question = Question { strategy: &strategy.strategy, point, subject: facts.subject(), request, at };
    let stored = entry(house, deployment, id, customer, &question, decided, facts, by, last.as_ref())?;
    append_entry(transaction, point, &stored, at).await?;
    Ok(id)
}

/// The entry for a decision, after the `last` one of the customer's chain.
#[expect(clippy::too_many_arguments, reason = "an entry tells all of them; a struct of them would be the entry again")]
pub(crate) fn entry(
    house: &House,
    deployment: &Deployment,
    id: Uuid,
    customer: Uuid,
    question: &Question<'_>,
    decided: &Decided,
    facts: &Facts<'_>,
    by: &str,
    last: Option<&Last>,
) -> Result<ledger::Entry, WorkflowError> {
    let strategy = deployment.deciding(&facts.id)?;
    let point = question.point;
    let previous = last.map(|last| last.digest.clone());
    let sequence = last.map_or(1, |last| last.sequence.saturating_add(1));
    let content = Content::of(question, &decided.verdict, &facts.inputs(decided.asked.clone()));
    let salt = new_salt_from(rand::random());
    let asked = deployment.plugins.iter().filter(|plugin| plugin.serves(&point.name));
    let versions = Versions {
        strategy: StrategyVersion { number: strategy.number, digest: strategy.digest.clone() },
        point: point.digest(),
        model: version_text(house),
        plugins: asked.filter(|plugin| plugin.is_asked(&point.name, question.request)).map(version_of).collect(),
    };
    let entry = LedgerEntry {
        id: global_id(&house.model, "Decision", id)?,
        stream: facts.id.clone(),
        sequence,
        point: point.name.clone(),
        strategy: global_id(&house.model, "Strategy", strategy.id)?,
        decided_at: question.at,
        recorded_by: by.to_owned(),
        fallback: decided.verdict.fallback,
        versions: versions.to_text(),
        commitment: content.commitment(&salt),
    };
    let digest = entry.digest(previous.as_deref());
    Ok(ledger::Entry {
        id,
        customer,
        strategy: strategy.id,
        point: entry.point,
        decided_at: entry.decided_at,
        recorded_by: entry.recorded_by,
        fallback: entry.fallback,
        versions: entry.versions,
        commitment: entry.commitment,
        kept: Some(kept(salt, content)),
        erased: None,
        sequence,
        digest,
        previous_digest: previous,
    })
}

/// Puts an entry on the ledger, and its decision point, as it is now, beside it.
pub(crate) async fn append_entry(
    transaction: &Transaction,
    point: &DecisionPoint,
    entry: &ledger::Entry,
    now: DateTime<Utc>,
) -> Result<(), WorkflowError> {
    kept_point::put(transaction, &point.digest(), &point.to_sdl(), now).await?;
    Ok(ledger::append(transaction, entry, now).await?)
}

fn version_of(plugin: &Serving) -> PluginVersion {
    let guest = &plugin.guest;
    PluginVersion {
        name: guest.name().to_owned(),
        version: guest.version().to_string(),
        digest: guest.digest().to_owned(),
    }
}

fn version_text(house: &House) -> String {
    let (major, minor, patch) = house.model.version();
    format!("{major}.{minor}.{patch}")
}
