//! A recorded decision between the store, which keeps rows, and the ledger, which knows what they mean.

use guildhall_decision::{Content, LedgerEntry};
use guildhall_model::{GlobalId, Model};
use guildhall_store::ledger::{Entry, Kept};
use uuid::Uuid;

use crate::WorkflowError;

/// The global id of a record.
pub(crate) fn global_id(model: &Model, object: &str, id: Uuid) -> Result<String, WorkflowError> {
    let lacking = || WorkflowError::Internal(format!("the model lacks `{object}`"));
    Ok(GlobalId::new(model.object(object).ok_or_else(lacking)?, id).to_string())
}

/// The entry of a row, as its digest covers it.
pub(crate) fn entry_of(model: &Model, row: &Entry) -> Result<LedgerEntry, WorkflowError> {
    Ok(LedgerEntry {
        id: global_id(model, "Decision", row.id)?,
        stream: global_id(model, "Customer", row.customer)?,
        sequence: row.sequence,
        point: row.point.clone(),
        strategy: global_id(model, "Strategy", row.strategy)?,
        decided_at: row.decided_at,
        recorded_by: row.recorded_by.clone(),
        fallback: row.fallback,
        versions: row.versions.clone(),
        commitment: row.commitment.clone(),
    })
}

/// What a row tells about the customer.
pub(crate) fn content_of(kept: Kept) -> (String, Content) {
    let content = Content {
        request: kept.request,
        verdict: kept.verdict,
        parameters: kept.parameters,
        proposals: kept.proposals,
        bounds: kept.bounds,
        inputs: kept.inputs,
        explanation: kept.explanation,
        customer_explanation: kept.customer_explanation,
    };
    (kept.salt, content)
}

/// The inverse of [`content_of`].
pub(crate) fn kept(salt: String, content: Content) -> Kept {
    Kept {
        salt,
        request: content.request,
        verdict: content.verdict,
        parameters: content.parameters,
        proposals: content.proposals,
        bounds: content.bounds,
        inputs: content.inputs,
        explanation: content.explanation,
        customer_explanation: content.customer_explanation,
    }
}
