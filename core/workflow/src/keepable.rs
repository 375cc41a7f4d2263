//! Texts that can be kept: PostgreSQL has no place for U+0000.

use guildhall_model::has_nul;
use serde_json::Value;

use crate::WorkflowError;

/// Refuses a text with U+0000; `what` names it.
pub(crate) fn keepable(what: &str, text: &str) -> Result<(), WorkflowError> {
    if text.contains('\0') { Err(refusal(what)) } else { Ok(()) }
}

/// As [`keepable`], for every text in a JSON value.
pub(crate) fn keepable_json(what: &str, json: &Value) -> Result<(), WorkflowError> {
    if has_nul(json) { Err(refusal(what)) } else { Ok(()) }
}

fn refusal(what: &str) -> WorkflowError {
    WorkflowError::BadInput(format!("{what} has a character U+0000, which cannot be kept; leave it out"))
}
