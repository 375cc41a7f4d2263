//! Golden cases: questions with the answers a department stands by, as JSON files beside the plugin.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::guest::{Call, Guest};

/// One golden case. The SDK runs the same files natively.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    pub point: String,
    pub at: String,
    pub parameters: Box<RawValue>,
    pub input: Box<RawValue>,
    /// `{"output": {...}, "reasons": [...]}`, or `{"refused": "..."}`.
    pub expected: Value,
}

/// Why cases cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    #[error("the cases in `{}` cannot be read: {error}", path.display())]
    Folder { path: PathBuf, error: std::io::Error },
    #[error("the case `{}` is not as it should be: {error}", path.display())]
    Case { path: PathBuf, error: serde_json::Error },
}

/// What a guest answered instead.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{name}\n  expected {expected}\n  answered {answered}")]
pub struct Mismatch {
    pub name: String,
    pub expected: Value,
    pub answered: Value,
}

impl Case {
    /// Every case of a folder, by file name.
    ///
    /// # Errors
    ///
    /// Names the file that cannot be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Case>, CaseError> {
        let failed = |error| CaseError::Folder { path: folder.to_owned(), error };
        let entries = std::fs::read_dir(folder).map_err(failed)?;
        let mut paths =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        paths
            .into_iter()
            .map(|path| {
                let text = std::fs::read_to_string(&path).map_err(failed)?;
                serde_json::from_str(&text).map_err(|error| CaseError::Case { path, error })
            })
            .collect()
    }

    /// Asks the guest and compares. Gives the fuel it took.
    ///
    /// # Errors
    ///
    /// Shows the expected and the actual answer.
    pub fn check(&self, guest: &Guest) -> Result<u64, Box<Mismatch>> {
        let call = Call { parameters: self.parameters.get().as_bytes(), input: self.input.get().as_bytes() };
        let mut batch = guest.decide(&self.point, &self.at, &[call]);
        let answered = match batch.answers.pop() {
            Some(Ok(answer)) => json!({ "output": answer.output, "reasons": answer.reasons }),
            Some(Err(failure)) if failure.code == crate::FailureCode::RefusedByGuest => {
                json!({ "refused": failure.message })
            }
            Some(Err(failure)) => json!({ "failed": failure.to_string() }),
            None => Value::Null,
        };
        if answered == self.expected {
            return Ok(batch.fuel);
        }
        Err(Box::new(Mismatch { name: self.name.clone(), expected: self.expected.clone(), answered }))
    }
}
