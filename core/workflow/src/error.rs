//! What a business act can come to, beside success.

use guildhall_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// What was named does not exist.
    #[error("{0}")]
    NotFound(String),
    /// What was sent cannot be read; the message says where, why and what to do.
    #[error("{0}")]
    BadInput(String),
    /// Everything could be read, and the answer is no, for these reasons.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
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
