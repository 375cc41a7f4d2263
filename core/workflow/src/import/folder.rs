//! Folder: the one place an import reads files from.

use std::path::{Path, PathBuf};

use super::refusal::{Fault, Refusal};
use super::rows::Rows;

pub(crate) struct Folder {
    root: PathBuf,
    separator: char,
}

impl Folder {
    pub(crate) fn open(dir: &Path, separator: char) -> Result<Self, Refusal> {
        let refuse = |reason: String| {
            Fault::new(reason, "name the folder that the files are in").about(&dir.display().to_string())
        };
        let root = dir.canonicalize().map_err(|error| refuse(format!("the folder cannot be read: {error}")))?;
        if !root.is_dir() {
            return Err(refuse("this is not a folder".to_owned()));
        }
        Ok(Folder { root, separator })
    }

    /// Opens a file of the folder. A link that leads out of it is refused as `..` is: a mapping may come from elsewhere
    /// and must not read what its author could not.
    pub(crate) fn rows(&self, file: &str) -> Result<Rows, Refusal> {
        let remedy = "check the file name in the mapping and the folder";
        let path = self
            .root
            .join(file)
            .canonicalize()
            .map_err(|error| Fault::new(format!("the file cannot be read: {error}"), remedy).about(file))?;
        if !path.starts_with(&self.root) {
            return Err(
                Fault::new("the file is a link that leads out of the folder", "put the file itself there").about(file)
            );
        }
        if !path.is_file() {
            return Err(Fault::new("this is not a file", remedy).about(file));
        }
        Rows::open(&path, file, self.separator)
    }
}
