//! Starts an import of files that were sent before.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_store::import_run::{self, ImportRun};
use serde_json::json;
use uuid::Uuid;

use crate::import::{Import, ImportError, check_file_name};
use crate::install_plugin::uuid_in;
use crate::keepable::keepable;
use crate::once::Once;
use crate::uploads::RunFolder;
use crate::{Actor, House, ImportRecords, Permit, WorkflowError};

/// Most files of an import.
const FILES: usize = 1000;

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Order {
    /// The text of the mapping.
    pub mapping: String,
    pub files: Vec<OrderedFile>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    pub idempotency_key: String,
}

/// A file by the name the mapping has for it.
#[derive(Clone, Debug)]
pub struct OrderedFile {
    pub name: String,
    /// The upload it comes from.
    pub upload: String,
}

/// Checks the mapping and the heads of the files, writes the run down and puts it into the queue.
pub async fn start_import(
    house: &Arc<House>,
    by: Permit<'_, ImportRecords>,
    order: Order,
    now: DateTime<Utc>,
) -> Result<Uuid, WorkflowError> {
    keepable("the mapping", &order.mapping).map_err(|error| error.of("mapping"))?;
    let mut body = vec![order.mapping.as_bytes(), if order.dry_run { b"dry" } else { b"wet" }];
    body.extend(order.files.iter().flat_map(|file| [file.name.as_bytes(), file.upload.as_bytes()]));
    let once = Once::new(&by, &order.idempotency_key, "startImport", &body)?;
    if let Some(known) = once.answered(&house.database).await? {
        return uuid_in(&known);
    }
    let promise = house.imports.promise()?;
    let files = claimed(house, &order.files)?;
    let id = Uuid::now_v7();
    let folder = house.imports.folder(id);
    let laid = Laid { folder, files, kept: false };
    let (run, mut laid) = prepared(house, &by, &order, laid, id, now).await?;
    let transaction = house.database.begin().await?;
    import_run::insert(&transaction, &run).await?;
    if !once.remember(&transaction, json!(id), now).await? {
        return Err(WorkflowError::refused("the same request is being carried out; ask again"));
    }
    // Whether a commit that fails was made is not known; files without a run do less harm than a run without files.
    laid.kept = true;
    transaction.commit().await?;
    for (_, upload) in &laid.files {
        // It has another name now; where it was moved there is nothing to remove.
        let _ = std::fs::remove_file(upload);
    }
    house.imports.enqueue(house, id, promise);
    Ok(id)
}

/// Files laid into the folder of a run, and given back with this unless they are kept.
struct Laid {
    folder: RunFolder,
    files: Vec<(String, PathBuf)>,
    kept: bool,
}

impl Drop for Laid {
    fn drop(&mut self) {
        if !self.kept {
            self.folder.give_back(&self.files);
        }
    }
}

/// The uploads by the names the files will have.
fn claimed(house: &House, files: &[OrderedFile]) -> Result<Vec<(String, PathBuf)>, WorkflowError> {
    if files.is_empty() || files.len() > FILES {
        return Err(WorkflowError::invalid("files", format!("an import has 1 to {FILES} files")));
    }
    let mut claimed: Vec<(String, PathBuf)> = Vec::with_capacity(files.len());
    for OrderedFile { name, upload } in files {
        check_file_name(name).map_err(|message| WorkflowError::invalid("files", message))?;
        if claimed.iter().any(|(other, _)| other == name) {
            return Err(WorkflowError::invalid("files", format!("the file `{name}` is named twice")));
        }
        let missing = || WorkflowError::NotFound(format!("there is no upload `{upload}`; send it to `/uploads` first"));
        claimed.push((name.clone(), house.imports.uploads().incoming(upload).ok_or_else(missing)?));
    }
    Ok(claimed)
}

/// Lays the files and looks at them.
async fn prepared(
    house: &Arc<House>,
    by: &Actor,
    order: &Order,
    laid: Laid,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(ImportRun, Laid), WorkflowError> {
    let (model, actor) = (Arc::clone(&house.model), by.name.clone());
    let (mapping, dry_run) = (order.mapping.clone(), order.dry_run);
    let looked = tokio::task::spawn_blocking(move || {
        let unwritten = |error: io::Error| match error.kind() {
            ErrorKind::AlreadyExists
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidFilename => {
                WorkflowError::invalid("files", format!("the names of the files do not go together: {error}"))
            }
            _ => WorkflowError::Internal(format!("the files of an import cannot be laid: {error}")),
        };
        laid.folder.lay(&mapping, &laid.files).map_err(unwritten)?;
        let (mapping, files, rejects) = (laid.folder.mapping(), laid.folder.files(), laid.folder.rejects());
        let import = Import {
            mapping: &mapping,
            dir: &files,
            rows: None,
            rejects: &rejects,
            dry_run,
            batch: crate::import::BATCH_IN_SERVER,
            resume: false,
            run: Some(id),
            actor: &actor,
            today: now.date_naive(),
            now,
        };
        let run = import.queued(&model, id).map_err(|error| {
            let field = if matches!(error, ImportError::Mapping(_)) { "mapping" } else { "files" };
            WorkflowError::invalid(field, error.to_string())
        })?;
        Ok((run, laid))
    });
    looked.await.map_err(|error| WorkflowError::Internal(error.to_string()))?
}
