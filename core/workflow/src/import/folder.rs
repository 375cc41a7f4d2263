//! Folder: the one place an import reads files from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::Format;
use super::refusal::{Fault, Refusal};
use super::rows::Rows;
use super::source;

pub(crate) struct Folder {
    root: PathBuf,
}

const REMEDY: &str = "check the file name in the mapping and the folder";

impl Folder {
    pub(crate) fn open(dir: &Path) -> Result<Self, Refusal> {
        let refuse = |reason: String| {
            Fault::new(reason, "name the folder that the files are in").about(&dir.display().to_string())
        };
        let root = dir.canonicalize().map_err(|error| refuse(format!("the folder cannot be read: {error}")))?;
        if !root.is_dir() {
            return Err(refuse("this is not a folder".to_owned()));
        }
        Ok(Folder { root })
    }

    pub(crate) fn has(&self, file: &str) -> bool {
        self.root.join(file).exists()
    }

    /// Opens a file of the folder.
    pub(crate) fn rows(&self, file: &str, format: impl Into<Arc<Format>>) -> Result<Rows, Refusal> {
        let path = self.path(file)?;
        let input = source::open(&path)
            .map_err(|error| Fault::new(format!("the file cannot be read: {error}"), REMEDY).about(file))?;
        Rows::read(input, file, format.into())
    }

    /// What tells whether a file is still the one it was: its size and when it was written.
    pub(crate) fn stamp(&self, file: &str) -> Result<String, Refusal> {
        let path = self.path(file)?;
        let stamp = path.metadata().and_then(|metadata| {
            let written = metadata.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            Ok(format!("{} bytes of {}.{:09}", metadata.len(), written.as_secs(), written.subsec_nanos()))
        });
        stamp.map_err(|error| Fault::new(format!("the file cannot be read: {error}"), REMEDY).about(file))
    }

    /// Where a file of the folder lies, links followed. One that leads out of the folder is refused as `..` is: a mapping may
    /// come from elsewhere and must not read what its author could not.
    pub(crate) fn path(&self, file: &str) -> Result<PathBuf, Refusal> {
        let path = self
            .root
            .join(file)
            .canonicalize()
            .map_err(|error| Fault::new(format!("the file cannot be read: {error}"), REMEDY).about(file))?;
        if !path.starts_with(&self.root) {
            return Err(
                Fault::new("the file is a link that leads out of the folder", "put the file itself there").about(file)
            );
        }
        if !path.is_file() {
            return Err(Fault::new("this is not a file", REMEDY).about(file));
        }
        Ok(path)
    }
}
