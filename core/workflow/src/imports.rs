//! Imports: the runs this process works on, two at a time, and those that wait for their turn.
//!
//! What is in memory here is only who works on what. Which runs there are, and how far, is in the database: a run that is lost
//! with its process is found there by the next one.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use guildhall_store::Database;
use guildhall_store::import_run::{self, ImportRun, RunState};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::import::{Import, ImportError};
use crate::uploads::{RunFolder, Upload, Uploads};
use crate::{House, ImportRecords, Permit, WorkflowError};

/// Runs at a time.
const WORKERS: usize = 2;
/// Runs that may wait.
const WAITING: usize = 16;
/// A run that gave no sign of life for so long is nobody's.
pub(crate) const SILENCE: TimeDelta = TimeDelta::seconds(30);
/// How often a run gives one.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How long a run that was cancelled may take to end its batch.
const LEAVING: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// The imports of a process.
pub struct Imports {
    uploads: Uploads,
    state: Mutex<State>,
    /// No further run begins.
    closing: AtomicBool,
}

#[derive(Default)]
struct State {
    running: HashSet<Uuid>,
    waiting: VecDeque<Uuid>,
    /// Places promised to runs that are being written down.
    promised: usize,
}

/// A place in the queue, given back with this.
pub(crate) struct Promise<'a>(&'a Imports);

impl Drop for Promise<'_> {
    fn drop(&mut self) {
        self.0.state().promised -= 1;
    }
}

impl Imports {
    /// `uploads` is the folder for files that come in; nothing is made before one does.
    pub fn new(uploads: PathBuf) -> Self {
        Imports { uploads: Uploads::new(uploads), state: Mutex::default(), closing: AtomicBool::new(false) }
    }

    /// Begins to receive a file.
    pub async fn receive(&self, _: Permit<'_, ImportRecords>) -> Result<Upload, WorkflowError> {
        let begun = self.uploads.begin().await;
        begun.map_err(|error| WorkflowError::Internal(format!("an upload cannot be written: {error}")))
    }

    /// Removes files that nobody claimed, and folders of runs that were never written down.
    pub async fn sweep(&self, database: &Database) {
        match self.uploads.sweep() {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "uploads nobody claimed were removed"),
            Err(error) => tracing::warn!(%error, "uploads nobody claimed cannot be removed"),
        }
        match self.sweep_runs(database).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "folders of imports that never began were removed"),
            Err(error) => tracing::warn!(%error, "folders of imports that never began cannot be removed"),
        }
    }

    /// A folder is laid before its run is written down, and a program may be killed in between. That takes no day, so one that
    /// is older is nobody's.
    async fn sweep_runs(&self, database: &Database) -> Result<usize, WorkflowError> {
        let failed = |error: io::Error| WorkflowError::Internal(error.to_string());
        let mut removed = 0;
        for id in self.uploads.still().map_err(failed)? {
            if import_run::find(database, id).await?.is_none() {
                self.folder(id).remove().map_err(failed)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Begins no further run. Those under way stop when the database is closed, and go on in another process.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Goes on with runs of this folder that no process works on.
    pub async fn recover(house: &Arc<House>, now: DateTime<Utc>) -> Result<(), WorkflowError> {
        let imports = &house.imports;
        for run in import_run::silent_since(&house.database, now - SILENCE).await? {
            if imports.knows(run.id) || !imports.folder(run.id).is_here() {
                continue;
            }
            let Ok(promise) = imports.promise() else { break };
            if run.state == RunState::Running {
                let transaction = house.database.begin().await?;
                let queued = import_run::queue(&transaction, &run, now).await?;
                transaction.commit().await?;
                if !queued {
                    continue;
                }
            }
            tracing::info!(run = %run.id, "an import that was stopped goes on");
            imports.enqueue(house, run.id, promise);
        }
        Ok(())
    }

    pub(crate) fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    pub(crate) fn folder(&self, run: Uuid) -> RunFolder {
        self.uploads.run(run)
    }

    /// A place for one more run, or the word that there is none.
    pub(crate) fn promise(&self) -> Result<Promise<'_>, WorkflowError> {
        let mut state = self.state();
        if state.running.len() + state.waiting.len() + state.promised >= WORKERS + WAITING {
            let message = format!("{WAITING} imports wait already; start this one when one of them has ended");
            return Err(WorkflowError::Busy(message));
        }
        state.promised += 1;
        Ok(Promise(self))
    }

    /// Begins a queued run, or lets it wait for its turn.
    pub(crate) fn enqueue(&self, house: &Arc<House>, run: Uuid, promise: Promise<'_>) {
        drop(promise);
        let mut state = self.state();
        if state.running.contains(&run) || state.waiting.contains(&run) {
            return;
        }
        if state.running.len() >= WORKERS {
            state.waiting.push_back(run);
            return;
        }
        state.running.insert(run);
        drop(state);
        let (house, handle) = (Arc::clone(house), Handle::current());
        // The importer reads files as it goes, so it has a thread of its own. Connections belong to the runtime of the
        // process, which outlives the thread: one of the thread's own would take them with it.
        let begun = std::thread::Builder::new().name("import".to_owned()).spawn(move || works(&house, run, &handle));
        if let Err(error) = begun {
            // Whoever looks for silent runs finds it.
            tracing::error!(%error, "no thread for an import");
            self.state().running.remove(&run);
        }
    }

    /// Takes a run that was cancelled out of the queue.
    pub(crate) fn forget(&self, run: Uuid) {
        self.state().waiting.retain(|waiting| *waiting != run);
    }

    /// Waits until this process no longer works on a run that was cancelled.
    pub(crate) async fn left(&self, run: Uuid) -> Result<(), WorkflowError> {
        let left = async {
            while self.knows(run) {
                tokio::time::sleep(POLL).await;
            }
        };
        let message = "the run is still ending its last batch; ask again";
        tokio::time::timeout(LEAVING, left).await.map_err(|_| WorkflowError::Busy(message.to_owned()))
    }

    fn knows(&self, run: Uuid) -> bool {
        let state = self.state();
        state.running.contains(&run) || state.waiting.contains(&run)
    }

    /// What comes after a run that has ended.
    fn next(&self, ended: Uuid) -> Option<Uuid> {
        let mut state = self.state();
        state.running.remove(&ended);
        if self.closing.load(Ordering::Relaxed) {
            return None;
        }
        let next = state.waiting.pop_front()?;
        state.running.insert(next);
        Some(next)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The life of a thread: run after run.
fn works(house: &Arc<House>, first: Uuid, handle: &Handle) {
    let mut next = Some(first);
    while let Some(run) = next {
        let beating = handle.spawn(beat(house.database.clone(), run));
        let worked = std::panic::catch_unwind(AssertUnwindSafe(|| handle.block_on(work(house, run))));
        beating.abort();
        match worked {
            Ok(Ok(())) => {}
            Ok(Err(error)) if house.imports.closing.load(Ordering::Relaxed) => {
                tracing::info!(%run, %error, "an import was stopped with the server; it goes on with the next one");
            }
            Ok(Err(error)) => tracing::error!(%run, %error, "an import could not be ended"),
            Err(_) => tracing::error!(%run, "an import broke off; `resumeImport` goes on with it"),
        }
        next = house.imports.next(run);
    }
}

/// Says that a run is worked on: what it reads again after it was stopped, and long files that are looked into, take time
/// without a batch.
async fn beat(database: Database, run: Uuid) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let touched = async {
            let transaction = database.begin().await?;
            import_run::touch(&transaction, run, Utc::now()).await?;
            transaction.commit().await
        };
        if let Err(error) = touched.await {
            tracing::debug!(%error, "an import's sign of life was not written");
        }
    }
}

/// Works on a run from where it is to its end.
async fn work(house: &House, id: Uuid) -> Result<(), WorkflowError> {
    let Some(run) = import_run::find(&house.database, id).await?.filter(|run| run.state == RunState::Queued) else {
        return Ok(());
    };
    let (folder, now) = (house.imports.folder(id), Utc::now());
    let (mapping, files, rejects) = (folder.mapping(), folder.files(), folder.rejects());
    let import = Import {
        mapping: &mapping,
        dir: &files,
        rows: None,
        rejects: &rejects,
        dry_run: run.dry_run,
        batch: crate::import::BATCH_IN_SERVER,
        resume: false,
        run: Some(id),
        actor: &run.actor,
        today: now.date_naive(),
        now,
    };
    match import.run(house, &mut |_| {}).await {
        Ok(report) => tracing::info!(run = %id, errors = report.errors(), "an import came to its end"),
        Err(ImportError::Lost) => {
            tracing::info!(run = %id, "an import was cancelled");
            return Ok(());
        }
        Err(error) => return failed(house, &run, &error).await,
    }
    if let Err(error) = folder.clear() {
        tracing::warn!(%error, run = %id, "the files of an import that has ended stay");
    }
    Ok(())
}

/// Notes why a run stopped, if the run could not do so itself because it had not begun.
async fn failed(house: &House, run: &ImportRun, error: &ImportError) -> Result<(), WorkflowError> {
    tracing::warn!(run = %run.id, %error, "an import stopped");
    let problem = match error {
        ImportError::NothingToResume(reason) => format!("the run cannot go on: {reason}; start another import"),
        other => other.to_string(),
    };
    let transaction = house.database.begin().await?;
    // It may just have been taken out of the queue.
    for epoch in [run.epoch, run.epoch + 1] {
        import_run::fail(&transaction, &ImportRun { epoch, ..run.clone() }, &problem, Utc::now()).await?;
    }
    Ok(transaction.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{houses, now};
    use crate::uploads::tests::age;

    #[test]
    fn a_full_queue_takes_no_more() {
        let imports = Imports::new(PathBuf::new());
        let mut held: Vec<_> = (0..WORKERS + WAITING).map(|_| imports.promise().unwrap()).collect();
        assert!(matches!(imports.promise(), Err(WorkflowError::Busy(_))));
        held.pop();
        assert!(imports.promise().is_ok());
    }

    #[tokio::test]
    async fn the_folder_of_a_run_that_was_never_written_down_goes() {
        for (house, _fixture) in houses().await {
            let folder = tempfile::tempdir().unwrap();
            let imports = Imports::new(folder.path().to_owned());
            let run = ImportRun {
                id: Uuid::now_v7(),
                actor: "ada".to_owned(),
                source: "shop".to_owned(),
                mapping_digest: "d".to_owned(),
                state: RunState::Cancelled,
                epoch: 1,
                dry_run: false,
                setup: serde_json::json!({}),
                progress: serde_json::json!({}),
                counts: import_run::RunCounts::default(),
                report: serde_json::json!([]),
                problem: None,
                started_at: now(),
                moved_at: now(),
            };
            let transaction = house.database.begin().await.unwrap();
            import_run::insert(&transaction, &run).await.unwrap();
            transaction.commit().await.unwrap();
            let [lost, new] = [(); 2].map(|()| Uuid::now_v7());
            for id in [run.id, lost, new] {
                imports.folder(id).lay("source = \"x\"", &[]).unwrap();
            }
            for id in [run.id, lost] {
                age(imports.folder(id).mapping().parent().unwrap());
            }
            imports.sweep(&house.database).await;
            assert_eq!([run.id, lost, new].map(|id| imports.folder(id).is_here()), [true, false, true]);
        }
    }
}
