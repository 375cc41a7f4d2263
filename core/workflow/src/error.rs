//! What a business act can come to, beside success.

use guildhall_store::StoreError;
use serde_json::Value as Json;

use crate::refusal::{InvalidCode, InvalidValue, Reason, ReasonCode, Refusal};

#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// What was sent cannot be read as a whole; the message says where, why and what to do.
    #[error("{0}")]
    BadInput(String),
    /// Values of what was sent cannot be taken, each told with its place. Never empty.
    #[error("{}", .0.iter().map(|value| value.message.as_str()).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<InvalidValue>),
    /// Everything could be read, and the answer is no, for these reasons.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
    /// Somebody else changed a record since it was read.
    #[error("{0}")]
    Stale(String),
    /// The idempotency key of another request.
    #[error("{0}")]
    KeyReused(String),
    #[error("no strategy is active, so nothing is decided; activate one with `guildhall strategy activate`")]
    NoActiveStrategy,
    /// It did not work this time; the same request may work later.
    #[error("{0}")]
    Busy(String),
    #[error(transparent)]
    Store(StoreError),
    /// Our own failure.
    #[error("{0}")]
    Internal(String),
}

impl WorkflowError {
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        WorkflowError::Refused(vec![reason.into()])
    }

    /// The value at `field` of the input cannot be taken.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        WorkflowError::Invalid(vec![InvalidValue::new(vec![Json::from(field)], InvalidCode::Malformed, message)])
    }

    /// The same, where whatever could not be read as a whole is the value at `field` of an input.
    pub fn of(self, field: &str) -> Self {
        match self {
            WorkflowError::BadInput(message) => WorkflowError::invalid(field, message),
            other => other,
        }
    }

    /// The refusal it is, or the failure.
    pub fn refusal(self) -> Result<Refusal, WorkflowError> {
        let reason = |code: ReasonCode, message: String| Refusal::Refused(vec![Reason::new(code, message)]);
        Ok(match self {
            WorkflowError::NotFound(message) => reason(ReasonCode::NotFound, message),
            WorkflowError::BadInput(message) => {
                Refusal::Invalid(vec![InvalidValue::new(Vec::new(), InvalidCode::Malformed, message)])
            }
            WorkflowError::Invalid(values) => Refusal::Invalid(values),
            WorkflowError::Refused(reasons) => {
                Refusal::Refused(reasons.into_iter().map(|text| Reason::new(ReasonCode::NotAllowed, text)).collect())
            }
            WorkflowError::Stale(message) => reason(ReasonCode::StaleVersion, message),
            WorkflowError::KeyReused(message) => reason(ReasonCode::KeyReused, message),
            WorkflowError::NoActiveStrategy => reason(ReasonCode::NoActiveStrategy, self.to_string()),
            failure @ (WorkflowError::Busy(_) | WorkflowError::Store(_) | WorkflowError::Internal(_)) => {
                return Err(failure);
            }
        })
    }
}

impl From<StoreError> for WorkflowError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Value { .. } => WorkflowError::BadInput(error.to_string()),
            StoreError::Busy(_) | StoreError::TooLong => WorkflowError::Busy(error.to_string()),
            other => WorkflowError::Store(other),
        }
    }
}
