//! The folder that is exported to: its files are unfinished under a temporary name until all of them are complete.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{ExportError, Out};

pub(super) struct Folder {
    dir: PathBuf,
    files: Vec<Unfinished>,
}

impl Folder {
    pub(super) fn new(dir: &Path) -> Self {
        Folder { dir: dir.to_owned(), files: Vec::new() }
    }

    /// Refuses if a file of one of these names is there.
    pub(super) fn has_none_of(&self, names: &[String]) -> Result<(), ExportError> {
        let found = names.iter().map(|name| self.dir.join(name)).find(|path| path.symlink_metadata().is_ok());
        found.map_or(Ok(()), |path| Err(ExportError::Exists(path.display().to_string())))
    }

    /// Begins a file; the folder is made for the first one.
    pub(super) fn begin(&mut self, name: &str) -> Result<Out<Complete>, ExportError> {
        std::fs::create_dir_all(&self.dir).map_err(|error| ExportError::folder(&self.dir, error))?;
        let path = self.dir.join(name);
        let temporary = self.dir.join(format!(".{name}.{}.part", std::process::id()));
        let shown = format!("`{}`", path.display());
        let file = File::create(&temporary).map_err(|error| ExportError::write(&shown, error))?;
        self.files.push(Unfinished { temporary, path });
        Ok(Out { name: shown, writer: Complete(BufWriter::new(file)) })
    }

    /// Gives the files their names, in the order in which they were begun.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        for file in &self.files {
            let renamed = std::fs::rename(&file.temporary, &file.path);
            renamed.map_err(|error| ExportError::write(&format!("`{}`", file.path.display()), error))?;
        }
        Ok(())
    }
}

/// A file under its temporary name. It is removed if it has not got another by then.
struct Unfinished {
    temporary: PathBuf,
    path: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// A file that is on the disk once it is flushed: what gets its name has its content, too.
pub(super) struct Complete(BufWriter<File>);

impl Write for Complete {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        self.0.get_ref().sync_all()
    }
}
