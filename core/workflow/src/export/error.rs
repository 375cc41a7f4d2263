//! Why nothing was exported.

use std::io;
use std::path::Path;

use super::Table;
use crate::WorkflowError;

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{what}; the types that can be exported are {types}")]
    UnknownType { what: String, types: String },
    #[error("`{0}` is there already; write to another folder, or replace it with `--force`")]
    Exists(String),
    #[error("the folder `{name}` cannot be made: {error}")]
    Folder { name: String, error: io::Error },
    #[error("{name} cannot be written: {error}")]
    Write { name: String, error: io::Error },
    #[error(transparent)]
    Read(#[from] WorkflowError),
}

impl ExportError {
    pub(super) fn unknown_type(name: &str, kept: bool, tables: &[Table]) -> Self {
        let shown: String = name.chars().take(64).collect();
        let what = match kept {
            true => format!("`{shown}` is kept by Guildhall and cannot be exported"),
            false => format!("there is no type `{shown}`"),
        };
        let types: Vec<_> = tables.iter().map(|table| format!("`{}`", table.object.name)).collect();
        ExportError::UnknownType { what, types: types.join(", ") }
    }

    pub(super) fn folder(path: &Path, error: io::Error) -> Self {
        ExportError::Folder { name: path.display().to_string(), error }
    }

    pub(super) fn write(name: &str, error: io::Error) -> Self {
        ExportError::Write { name: name.to_owned(), error }
    }

    /// The reader left out what it was asked for: our mistake, told instead of written as nothing.
    pub(super) fn incomplete(object: &str, member: &str) -> Self {
        ExportError::Read(WorkflowError::Internal(format!("a record of type `{object}` was read without `{member}`")))
    }
}
