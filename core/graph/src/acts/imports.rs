//! Imports of files that were sent.

use guildhall_model::Ability;
use guildhall_workflow::ActValue;
use guildhall_workflow::cancel_import::cancel_import as cancel;
use guildhall_workflow::resume_import::resume_import as resume;
use guildhall_workflow::start_import::{Order, OrderedFile, start_import as start};
use serde::Deserialize;
use uuid::Uuid;

use super::{Act, Call, KEY, Stopped, Values, by, id_of, values};

pub(super) static ACTS: [Act; 3] = [
    Act {
        name: "startImport",
        doc: "Starts an import of files that were sent to `/uploads`; `importRun` tells how far it is.",
        ability: Ability::ImportRecords,
        changes_what_decides: false,
        input: &[
            ("mapping", "String", true, "The text of the mapping file."),
            ("files", "[ImportFile!]", true, "The files, by the names the mapping has for them."),
            ("dryRun", "Boolean", false, "Say what would be done, and do nothing."),
            KEY,
        ],
        done: "ImportStarted",
        payload: &[("importRun", "ImportRun", true, "The import, queued or running.")],
        perform: by!(start_import),
    },
    Act {
        name: "cancelImport",
        doc: "Ends an import that waits or runs, with the batch it is at. What it has written stays.",
        ability: Ability::ImportRecords,
        changes_what_decides: false,
        input: &[("id", "ID", true, "The import run."), KEY],
        done: "ImportCancelled",
        payload: &[("importRun", "ImportRun", true, "The import, now cancelled.")],
        perform: by!(cancel_import),
    },
    Act {
        name: "resumeImport",
        doc: "Goes on with an import that was cancelled, failed or lost its server, where it was.",
        ability: Ability::ImportRecords,
        changes_what_decides: false,
        input: &[("id", "ID", true, "The import run."), KEY],
        done: "ImportResumed",
        payload: &[("importRun", "ImportRun", true, "The import, queued or running.")],
        perform: by!(resume_import),
    },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartImport {
    mapping: String,
    files: Vec<ImportFile>,
    #[serde(default)]
    dry_run: Option<bool>,
    idempotency_key: String,
}

#[derive(Deserialize)]
struct ImportFile {
    name: String,
    upload: String,
}

async fn start_import(call: &Call<'_>, input: StartImport) -> Result<Values, Stopped> {
    let files = input.files.into_iter().map(|file| OrderedFile { name: file.name, upload: file.upload });
    let order = Order {
        mapping: input.mapping,
        files: files.collect(),
        dry_run: input.dry_run.unwrap_or(false),
        idempotency_key: input.idempotency_key,
    };
    imported(start(call.house, call.actor.permit()?, order, call.now).await?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedImport {
    id: String,
    idempotency_key: String,
}

async fn cancel_import(call: &Call<'_>, input: NamedImport) -> Result<Values, Stopped> {
    let id = id_of(call.house, "ImportRun", "id", &input.id)?;
    imported(cancel(call.house, call.actor.permit()?, id, &input.idempotency_key, call.now).await?)
}

async fn resume_import(call: &Call<'_>, input: NamedImport) -> Result<Values, Stopped> {
    let id = id_of(call.house, "ImportRun", "id", &input.id)?;
    imported(resume(call.house, call.actor.permit()?, id, &input.idempotency_key, call.now).await?)
}

fn imported(run: Uuid) -> Result<Values, Stopped> {
    values([("importRun", ActValue::Record(run))])
}
