//! Uploads: files on their way in, in one folder.
//!
//! `incoming/ID` is a file nobody has claimed, `incoming/ID.part` one that is still coming. `runs/ID` has what an import run
//! was started with: `mapping.toml` and `files/`, and in `rejects/` the rows that could not be taken.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// How long a file is kept that no import claims.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The folder. It is made when the first file comes.
#[derive(Clone, Debug)]
pub(crate) struct Uploads {
    folder: PathBuf,
}

/// A file that is coming in. Nothing of it stays unless it is finished.
pub struct Upload {
    file: File,
    part: Part,
    whole: PathBuf,
    id: Uuid,
    bytes: u64,
}

/// A file that is removed with this.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After it was renamed there is nothing left to remove.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Upload {
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keeps the file. What comes back names it.
    pub async fn finish(mut self) -> io::Result<String> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        tokio::fs::rename(&self.part.0, &self.whole).await?;
        Ok(self.id.simple().to_string())
    }
}

impl Uploads {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Uploads { folder }
    }

    /// Begins a file.
    pub(crate) async fn begin(&self) -> io::Result<Upload> {
        let id = Uuid::now_v7();
        let incoming = self.folder.join("incoming");
        make(&self.folder)?;
        make(&incoming)?;
        let part = Part(incoming.join(format!("{}.part", id.simple())));
        let file = File::create_new(&part.0).await?;
        Ok(Upload { file, part, whole: incoming.join(id.simple().to_string()), id, bytes: 0 })
    }

    /// The file of that name, if it is one that was given.
    pub(crate) fn incoming(&self, name: &str) -> Option<PathBuf> {
        let id = named(name)?;
        Some(self.folder.join("incoming").join(id.simple().to_string())).filter(|path| path.is_file())
    }

    /// The folder of a run.
    pub(crate) fn run(&self, id: Uuid) -> RunFolder {
        RunFolder(self.folder.join("runs").join(id.simple().to_string()))
    }

    /// Removes what nobody claimed. Returns how many files.
    pub(crate) fn sweep(&self) -> io::Result<usize> {
        let incoming = match std::fs::read_dir(self.folder.join("incoming")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            incoming => incoming?,
        };
        let mut removed = 0;
        for entry in incoming {
            let entry = entry?;
            let age = SystemTime::now().duration_since(entry.metadata()?.modified()?).unwrap_or_default();
            if age > KEPT {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The runs whose folders have not changed for as long, and were not emptied by the end of the run. Among them are those
    /// whose program was killed before it had written the run down.
    pub(crate) fn still(&self) -> io::Result<Vec<Uuid>> {
        let folders = match std::fs::read_dir(self.folder.join("runs")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            folders => folders?,
        };
        let mut still = Vec::new();
        for entry in folders {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().and_then(named) else { continue };
            let (run, metadata) = (RunFolder(entry.path()), entry.metadata()?);
            let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
            if age > KEPT && metadata.is_dir() && (run.files().exists() || !run.is_here()) {
                still.push(id);
            }
        }
        Ok(still)
    }
}

/// The id that is written like this, if it is one that was given.
fn named(name: &str) -> Option<Uuid> {
    Uuid::try_parse(name).ok().filter(|id| id.simple().to_string() == name)
}

/// Where a run has its files.
#[derive(Clone, Debug)]
pub(crate) struct RunFolder(PathBuf);

impl RunFolder {
    pub(crate) fn mapping(&self) -> PathBuf {
        self.0.join("mapping.toml")
    }

    pub(crate) fn files(&self) -> PathBuf {
        self.0.join("files")
    }

    pub(crate) fn rejects(&self) -> PathBuf {
        self.0.join("rejects")
    }

    /// Whether the run was started with files that were sent here.
    pub(crate) fn is_here(&self) -> bool {
        self.mapping().is_file()
    }

    /// Lays the files under their names, without copying what is in them: a file system without hard links has them moved.
    pub(crate) fn lay(&self, mapping: &str, files: &[(String, PathBuf)]) -> io::Result<()> {
        make(self.0.parent().unwrap_or(&self.0))?;
        make(&self.0)?;
        make(&self.files())?;
        for (name, upload) in files {
            let path = self.files().join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::hard_link(upload, &path).or_else(|error| match error.kind() {
                // Two names for one file.
                io::ErrorKind::AlreadyExists => Err(error),
                _ => std::fs::rename(upload, &path),
            })?;
        }
        std::fs::write(self.mapping(), mapping)
    }

    /// Undoes [`RunFolder::lay`].
    pub(crate) fn give_back(&self, files: &[(String, PathBuf)]) {
        for (name, upload) in files.iter().filter(|(_, upload)| !upload.exists()) {
            let _ = std::fs::rename(self.files().join(name), upload);
        }
        if let Err(error) = self.remove() {
            tracing::warn!(%error, "the folder of an import that was refused stays");
        }
    }

    /// Removes all of it.
    pub(crate) fn remove(&self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.0)
    }

    /// Removes the files. Rejected rows stay.
    pub(crate) fn clear(&self) -> io::Result<()> {
        std::fs::remove_dir_all(self.files())
    }
}

/// Makes a folder that is nobody else's to read.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Makes a file or a folder as old as one that is removed.
    pub(crate) fn age(path: &Path) {
        let file = std::fs::File::open(path).unwrap();
        file.set_modified(SystemTime::now() - KEPT - Duration::from_secs(1)).unwrap();
    }

    #[tokio::test]
    async fn only_a_finished_upload_stays_and_a_day_later_goes() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(folder.path().join("uploads"));
        let left = || std::fs::read_dir(folder.path().join("uploads/incoming")).unwrap().count();
        let mut upload = uploads.begin().await.unwrap();
        upload.write(b"a,b\n").await.unwrap();
        drop(upload);
        assert_eq!(left(), 0);
        let mut upload = uploads.begin().await.unwrap();
        upload.write(b"a,b\n").await.unwrap();
        assert_eq!(upload.bytes(), 4);
        let name = upload.finish().await.unwrap();
        let path = uploads.incoming(&name).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"a,b\n");
        for other in ["", "..", "../incoming", &name.to_uppercase(), &Uuid::nil().to_string()] {
            assert_eq!(uploads.incoming(other), None, "{other}");
        }
        assert_eq!(uploads.sweep().unwrap(), 0);
        age(&path);
        assert_eq!((uploads.sweep().unwrap(), left()), (1, 0));
    }

    #[tokio::test]
    async fn files_lie_under_their_names_and_come_back_if_refused() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(folder.path().join("uploads"));
        let mut upload = uploads.begin().await.unwrap();
        upload.write(b"a\n").await.unwrap();
        let name = upload.finish().await.unwrap();
        let files = [("sub/a.csv".to_owned(), uploads.incoming(&name).unwrap())];
        let run = uploads.run(Uuid::now_v7());
        assert!(!run.is_here());
        run.lay("source = \"x\"", &files).unwrap();
        assert!(run.is_here());
        assert_eq!(std::fs::read(run.files().join("sub/a.csv")).unwrap(), b"a\n");
        run.give_back(&files);
        assert!(!run.is_here() && uploads.incoming(&name).is_some());
        run.lay("source = \"x\"", &files).unwrap();
        run.clear().unwrap();
        assert!(run.is_here() && !run.files().exists());
    }

    #[test]
    fn only_folders_that_were_left_a_day_ago_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::new(folder.path().to_owned());
        assert!(uploads.still().unwrap().is_empty());
        let [new, begun, laid, done] = [(); 4].map(|()| Uuid::now_v7());
        for id in [new, laid, done] {
            uploads.run(id).lay("source = \"x\"", &[]).unwrap();
        }
        uploads.run(done).clear().unwrap();
        make(&uploads.run(begun).0).unwrap();
        make(&folder.path().join("runs/other")).unwrap();
        for id in [begun, laid, done] {
            age(&uploads.run(id).0);
        }
        age(&folder.path().join("runs/other"));
        let mut still = uploads.still().unwrap();
        still.sort();
        assert_eq!(still, [begun, laid]);
    }
}
