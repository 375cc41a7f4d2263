//! Rejected rows: what an import could not take, as a file.

use std::path::PathBuf;

use guildhall_store::import_run;
use uuid::Uuid;

use crate::{House, ImportRecords, Permit, WorkflowError};

/// A file of rejected rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRows {
    pub path: PathBuf,
    /// How much of it the run has said to have written.
    pub bytes: u64,
}

/// Finds `errors.csv` or `rows/FILE` among the rejects of a run. Only a name the run itself has noted is found.
pub async fn rejected_rows(
    house: &House,
    _: Permit<'_, ImportRecords>,
    id: Uuid,
    name: &str,
) -> Result<RejectedRows, WorkflowError> {
    let missing = |message: &str| WorkflowError::NotFound(message.to_owned());
    let run = import_run::find(&house.database, id).await?.ok_or_else(|| missing("there is no such import"))?;
    let folder = house.imports.folder(id);
    if !folder.is_here() {
        return Err(missing(
            "the files of this import were not sent to this server; its rejects lie where it was started",
        ));
    }
    let noted = run.progress.get("rejects").and_then(|rejects| rejects.get(name)).and_then(serde_json::Value::as_u64);
    let bytes = noted.ok_or_else(|| missing("the import has rejected no such rows"))?;
    Ok(RejectedRows { path: folder.rejects().join(name), bytes })
}
