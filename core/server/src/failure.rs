//! How a command fails.

use std::process::ExitCode;

use guildhall_graph::ApiError;
use guildhall_store::StoreError;
use guildhall_workflow::WorkflowError;
use guildhall_workflow::export::ExportError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The input or the configuration is wrong. Nothing was changed.
    #[error("{0}")]
    BadInput(String),
    /// The answer is no.
    #[error("{0}")]
    Refused(String),
    /// Done, but for some of the input.
    #[error("{0}")]
    Partly(String),
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Failed(_) => 1,
            Failure::BadInput(_) => 2,
            Failure::Refused(_) => 3,
            Failure::Partly(_) => 4,
        })
    }

    pub(crate) fn failed(error: impl std::fmt::Display) -> Self {
        Failure::Failed(error.to_string())
    }

    pub(crate) fn bad_input(error: impl std::fmt::Display) -> Self {
        Failure::BadInput(error.to_string())
    }
}

impl From<WorkflowError> for Failure {
    fn from(error: WorkflowError) -> Self {
        match &error {
            WorkflowError::BadInput(_) | WorkflowError::Invalid(_) | WorkflowError::NotFound(_) => {
                Failure::BadInput(error.to_string())
            }
            WorkflowError::Refused(_)
            | WorkflowError::Stale(_)
            | WorkflowError::KeyReused(_)
            | WorkflowError::NoActiveStrategy => Failure::Refused(error.to_string()),
            WorkflowError::Busy(_) | WorkflowError::Store(_) | WorkflowError::Internal(_) => {
                Failure::Failed(error.to_string())
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Address(_) | StoreError::Open { .. } | StoreError::NewerDatabase { .. } => {
                Failure::BadInput(error.to_string())
            }
            _ => Failure::Failed(error.to_string()),
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Workflow(error) => error.into(),
            ApiError::Schema(_) => Failure::Failed(error.to_string()),
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Read(error) => error.into(),
            ExportError::Write { .. } => Failure::Failed(error.to_string()),
            ExportError::UnknownType { .. } | ExportError::Exists(_) | ExportError::Folder { .. } => {
                Failure::BadInput(error.to_string())
            }
        }
    }
}
