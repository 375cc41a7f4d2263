//! Rejects: the rows that could not be taken, with the reasons, and as they stand, to be corrected and imported again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::refusal::{Fault, Refusal};
use super::scratch::Scratch;
use crate::business_data::FORMULA;

pub(crate) const REASONS: &str = "errors.csv";
const ROWS: &str = "rows";

/// Where the rejected rows of a run go. Nothing is made before there is one.
pub(crate) struct Rejects {
    folder: PathBuf,
    scratch: Arc<Scratch>,
    /// Remembers which rows are there already: several entries may refuse one row.
    shelf: u32,
    /// By name below the folder. The lengths are what the run has said to have written.
    files: BTreeMap<String, File>,
    lengths: BTreeMap<String, u64>,
}

impl Rejects {
    /// `lengths` is what an earlier part of the run has written: what lies behind it was never said to be there.
    pub(crate) fn new(
        folder: &Path,
        scratch: Arc<Scratch>,
        shelf: u32,
        lengths: BTreeMap<String, u64>,
    ) -> Result<Self, Refusal> {
        let rejects = Rejects { folder: folder.to_owned(), scratch, shelf, files: BTreeMap::new(), lengths };
        rejects.remember()?;
        Ok(rejects)
    }

    /// Remembers which rows an earlier part of the run has kept.
    fn remember(&self) -> Result<(), Refusal> {
        let Some(length) = self.lengths.get(REASONS).copied() else { return Ok(()) };
        let file = File::open(self.folder.join(REASONS)).map_err(|error| self.failed(REASONS, &error))?;
        for row in csv::Reader::from_reader(file.take(length)).records() {
            let row = row.map_err(|error| self.failed(REASONS, &error.into()))?;
            let (file, line) = (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default());
            self.is_kept(file, line)?;
        }
        Ok(())
    }

    /// Whether a row is kept already; from now on it is.
    fn is_kept(&self, file: &str, line: &str) -> Result<bool, Refusal> {
        let before = self.scratch.put(self.shelf, format!("{file}\0{line}").as_bytes(), &[]);
        Ok(before.map_err(|fault| fault.about(file))?.is_some())
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Refuses a folder in which rejected rows of the files `rejecting` would be written over one of the files that are read.
    pub(crate) fn check(folder: &Path, rejecting: &[&str], read: &[PathBuf]) -> Result<(), Refusal> {
        let names = rejecting.iter().map(|file| format!("{ROWS}/{file}")).chain([REASONS.to_owned()]);
        for name in names {
            // What is not there is not read either.
            let written = folder.join(&name).canonicalize();
            if written.is_ok_and(|path| read.contains(&path)) {
                let fault = Fault::new(
                    format!("rejected rows would be written over `{name}`, which is read"),
                    "choose another folder with `--rejects`",
                );
                return Err(fault.about(&folder.display().to_string()));
            }
        }
        Ok(())
    }

    pub(crate) fn lengths(&self) -> &BTreeMap<String, u64> {
        &self.lengths
    }

    /// Writes down a row. `header` is the header line of its file, empty if there is none; `raw` is the row, and `end` is what
    /// ends rows there.
    pub(crate) fn add(&mut self, refusal: &Refusal, header: &[u8], raw: &[u8], end: &[u8]) -> Result<(), Refusal> {
        let mut line = csv::Writer::from_writer(Vec::new());
        let number = refusal.line.map(|line| line.to_string()).unwrap_or_default();
        let cells = [
            refusal.file.as_str(),
            &number,
            refusal.column.as_deref().unwrap_or_default(),
            refusal.value.as_deref().unwrap_or_default(),
            &refusal.reason,
            &refusal.remedy,
        ];
        let written = line.write_record(cells.map(harmless)).and_then(|()| Ok(line.flush()?));
        written.map_err(|error| self.failed(REASONS, &error.into()))?;
        let line = line.into_inner().unwrap_or_default();
        self.append(REASONS, b"file,line,column,value,reason,remedy\n", &line)?;
        if self.is_kept(&refusal.file, &number)? {
            return Ok(());
        }
        let name = format!("{ROWS}/{}", refusal.file);
        self.append(&name, header, raw)?;
        if raw.ends_with(end) { Ok(()) } else { self.append(&name, header, end) }
    }

    /// Returns when all of it is on the disk.
    pub(crate) fn settle(&mut self) -> Result<(), Refusal> {
        for (name, file) in &self.files {
            file.sync_data().map_err(|error| self.failed(name, &error))?;
        }
        Ok(())
    }

    fn append(&mut self, name: &str, header: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
        let length = self.lengths.get(name).copied().unwrap_or(0);
        let written = self.opened(name, length).and_then(|file| {
            if length == 0 {
                file.write_all(header)?;
            }
            file.write_all(bytes)
        });
        written.map_err(|error| self.failed(name, &error))?;
        let header = if length == 0 { header.len() } else { 0 };
        self.lengths.insert(name.to_owned(), length + (header + bytes.len()) as u64);
        Ok(())
    }

    fn opened(&mut self, name: &str, length: u64) -> io::Result<&mut File> {
        if !self.files.contains_key(name) {
            let path = self.folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
            file.set_len(length)?;
            file.seek(SeekFrom::End(0))?;
            self.files.insert(name.to_owned(), file);
        }
        self.files.get_mut(name).ok_or_else(|| io::Error::other("a file was closed"))
    }

    fn failed(&self, name: &str, error: &io::Error) -> Refusal {
        Fault::new(format!("rejected rows cannot be written down: {error}"), "choose another folder with `--rejects`")
            .about(&self.folder.join(name).display().to_string())
    }
}

/// A text that a spreadsheet does not take for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(line: u64, value: &str) -> Refusal {
        Fault::new("reason", "remedy").in_column("a").of(value).at("A.csv", line)
    }

    #[test]
    fn rows_end_as_those_of_their_file_do() {
        let folder = tempfile::tempdir().unwrap();
        let mut rejects = Rejects::new(folder.path(), Arc::new(Scratch::new().unwrap()), 0, BTreeMap::new()).unwrap();
        for (line, row) in [(2, "1+|x&|"), (3, "2+|y"), (4, "3+|z&|")] {
            rejects.add(&refusal(line, "＝1"), b"a+|b&|", row.as_bytes(), b"&|").unwrap();
        }
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(read("rows/A.csv"), "a+|b&|1+|x&|2+|y&|3+|z&|");
        assert!(read("errors.csv").contains("2,a,'＝1,"));
    }

    #[test]
    fn each_reason_is_told_and_each_row_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Arc::new(Scratch::new().unwrap());
        let mut rejects = Rejects::new(folder.path(), Arc::clone(&scratch), 0, BTreeMap::new()).unwrap();
        rejects.add(&refusal(2, "=1+1"), b"a,b\n", b"=1+1,2\n", b"\n").unwrap();
        rejects.add(&refusal(2, "x, \"y\""), b"a,b\n", b"=1+1,2\n", b"\n").unwrap();
        rejects.settle().unwrap();
        let lengths = rejects.lengths().clone();
        rejects.add(&refusal(3, "z"), b"a,b\n", b"z,2", b"\n").unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(
            read("errors.csv"),
            "file,line,column,value,reason,remedy\nA.csv,2,a,'=1+1,reason,remedy\nA.csv,2,a,\"x, \"\"y\"\"\",reason,remedy\nA.csv,3,a,z,reason,remedy\n"
        );
        assert_eq!(read("rows/A.csv"), "a,b\n=1+1,2\nz,2\n");
        // The run was stopped before it had said that the last row is there.
        let scratch = Arc::new(Scratch::new().unwrap());
        let mut rejects = Rejects::new(folder.path(), scratch, 0, lengths).unwrap();
        rejects.add(&refusal(2, "again"), b"a,b\n", b"=1+1,2\n", b"\n").unwrap();
        rejects.add(&refusal(4, "u"), b"a,b\n", b"u,2\n", b"\n").unwrap();
        assert_eq!(read("rows/A.csv"), "a,b\n=1+1,2\nu,2\n");
        assert_eq!(read("errors.csv").lines().count(), 5);
    }
}
