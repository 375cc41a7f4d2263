//! Rows: a CSV file, one row at a time.
//!
//! The splitting is ours because every error has to name the line of the file, an unclosed quote must not read the
//! rest of a large file into memory, and a stray quote is an error here where CSV libraries guess.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::refusal::{Fault, Refusal, listed, shown};

/// Bounds on what one file may make us hold in memory.
pub(crate) const MAX_ROW_BYTES: u64 = 1024 * 1024;
pub(crate) const MAX_FIELD_BYTES: usize = 64 * 1024;
pub(crate) const MAX_COLUMNS: usize = 1024;

const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// The rows of one file below its header line. Blank lines are passed over.
pub(crate) struct Rows {
    name: String,
    input: BufReader<Box<dyn Read + Send>>,
    separator: char,
    header: Arc<Header>,
    /// The last line read.
    line: u64,
    buffer: Vec<u8>,
}

/// Column names and their places.
#[derive(Debug, Default)]
pub(crate) struct Header {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

/// One row, and the line it begins on.
#[derive(Debug)]
pub(crate) struct Row {
    pub line: u64,
    header: Arc<Header>,
    fields: Vec<String>,
}

impl Row {
    /// The text in a column; empty when there is none.
    pub(crate) fn get(&self, column: &str) -> Result<&str, Fault> {
        let place = self.header.places.get(column);
        place.and_then(|place| self.fields.get(*place)).map(String::as_str).ok_or_else(|| self.header.unknown(column))
    }
}

impl Header {
    pub(crate) fn has(&self, column: &str) -> bool {
        self.places.contains_key(column)
    }

    pub(crate) fn unknown(&self, column: &str) -> Fault {
        Fault::new(
            format!("there is no column `{}`", shown(column)),
            format!("the columns are {}", listed(self.names.iter().map(String::as_str))),
        )
    }

    fn read(names: Vec<String>) -> Result<Self, Fault> {
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            if places.insert(name.clone(), place).is_some() {
                return Err(Fault::new(
                    format!("the column `{}` occurs twice", shown(name)),
                    "give every column a name of its own",
                ));
            }
        }
        Ok(Header { names, places })
    }
}

impl Rows {
    /// Opens `path`, called `name` in messages, and reads its header line.
    pub(crate) fn open(path: &Path, name: &str, separator: char) -> Result<Self, Refusal> {
        let file = File::open(path).map_err(|error| {
            Fault::new(format!("cannot be opened: {error}"), "check the file name in the mapping and the folder")
                .about(name)
        })?;
        Rows::read(Box::new(file), name, separator)
    }

    pub(crate) fn read(input: Box<dyn Read + Send>, name: &str, separator: char) -> Result<Self, Refusal> {
        let mut rows = Rows {
            name: name.to_owned(),
            input: BufReader::with_capacity(64 * 1024, input),
            separator,
            header: Arc::default(),
            line: 0,
            buffer: Vec::new(),
        };
        let Some((line, names)) = rows.next_fields()? else {
            return Err(Fault::new("the file is empty", "it needs a line with column names").about(name));
        };
        rows.header = Arc::new(Header::read(names).map_err(|fault| fault.at(name, line))?);
        Ok(rows)
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// Lines read so far, the header's among them.
    pub(crate) fn lines(&self) -> u64 {
        self.line
    }

    pub(crate) fn next_row(&mut self) -> Result<Option<Row>, Refusal> {
        let Some((line, fields)) = self.next_fields()? else { return Ok(None) };
        let expected = self.header.names.len();
        if fields.len() != expected {
            return Err(Fault::new(
                format!("the row has {} columns where the header has {expected}", fields.len()),
                "add the missing separators, or put fields that contain one in quotes",
            )
            .at(&self.name, line));
        }
        Ok(Some(Row { line, header: self.header.clone(), fields }))
    }

    /// The fields of the next row that is not blank, and the line it begins on.
    fn next_fields(&mut self) -> Result<Option<(u64, Vec<String>)>, Refusal> {
        loop {
            let begins = self.line + 1;
            self.buffer.clear();
            let mut open_quote = false;
            loop {
                let from = self.buffer.len();
                if !self.read_line()? {
                    break;
                }
                let quotes = self.buffer.iter().skip(from).filter(|byte| **byte == b'"').count();
                open_quote ^= quotes % 2 == 1;
                if !open_quote {
                    break;
                }
            }
            if self.buffer.is_empty() {
                return Ok(None);
            }
            // Every line was checked as it was read.
            let text = std::str::from_utf8(&self.buffer).unwrap_or_default();
            let text = text.strip_suffix('\n').unwrap_or(text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if !text.is_empty() {
                let fields = split(text, self.separator).map_err(|fault| fault.at(&self.name, begins))?;
                return Ok(Some((begins, fields)));
            }
        }
    }

    /// Appends one line to the buffer; false at the end of the file.
    fn read_line(&mut self) -> Result<bool, Refusal> {
        let from = self.buffer.len();
        let room = (MAX_ROW_BYTES + 1).saturating_sub(from as u64);
        let read = (&mut self.input).take(room).read_until(b'\n', &mut self.buffer);
        let line = self.line + 1;
        let read = read.map_err(|error| {
            Fault::new(format!("cannot be read: {error}"), "check the file and run the import again")
                .at(&self.name, line)
        })?;
        if read == 0 {
            return Ok(false);
        }
        self.line = line;
        self.check_line(from).map_err(|fault| fault.at(&self.name, line))?;
        if line == 1 && self.buffer.starts_with(&BYTE_ORDER_MARK) {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(true)
    }

    fn check_line(&self, from: usize) -> Result<(), Fault> {
        if self.buffer.len() as u64 > MAX_ROW_BYTES {
            return Err(Fault::new(
                format!("a row is longer than {MAX_ROW_BYTES} bytes"),
                "look for a quote that is not closed",
            ));
        }
        let added = self.buffer.get(from..).unwrap_or_default();
        if added.contains(&0) {
            return Err(Fault::new("the line contains a NUL byte", "save the file as plain text in UTF-8"));
        }
        match std::str::from_utf8(added) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::new(
                format!("the line is not UTF-8 at its byte {}", error.valid_up_to() + 1),
                "save the file in UTF-8",
            )),
        }
    }
}

/// Splits a row as RFC 4180 says: a field with separators, quotes or line breaks stands in quotes, quotes in it doubled.
fn split(text: &str, separator: char) -> Result<Vec<String>, Fault> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted)?,
            None => take_plain(rest, separator)?,
        };
        if field.len() > MAX_FIELD_BYTES {
            return Err(Fault::new(
                format!("the field `{}` is longer than {MAX_FIELD_BYTES} bytes", shown(&field)),
                "shorten it, or look for a quote that is not closed",
            ));
        }
        fields.push(field);
        if fields.len() > MAX_COLUMNS {
            return Err(Fault::new(
                format!("the row has more than {MAX_COLUMNS} columns"),
                "leave out columns that are not imported",
            ));
        }
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(fields),
            None => {
                return Err(Fault::new(
                    format!("`{}` follows a closing quote", shown(after)),
                    "double every quote inside a quoted field",
                ));
            }
        }
    }
}

fn take_quoted(mut rest: &str) -> Result<(String, &str), Fault> {
    let mut field = String::new();
    loop {
        let Some((piece, after)) = rest.split_once('"') else {
            return Err(Fault::new("a quoted field is not closed", "close it, and double every quote inside it"));
        };
        field.push_str(piece);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Ok((field, after)),
        }
    }
}

fn take_plain(rest: &str, separator: char) -> Result<(String, &str), Fault> {
    let (field, after) = rest.split_at(rest.find(separator).unwrap_or(rest.len()));
    if field.contains('"') {
        return Err(Fault::new(
            format!("a quote stands inside the unquoted field `{}`", shown(field)),
            "put the whole field in quotes and double the quotes inside it",
        ));
    }
    Ok((field.to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut rows =
            Rows::read(Box::new(std::io::Cursor::new(bytes.to_vec())), "A.csv", ',').map_err(|e| e.to_string())?;
        let mut all = Vec::new();
        while let Some(row) = rows.next_row().map_err(|e| e.to_string())? {
            all.push((row.line, row.fields));
        }
        Ok(all)
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let found = rows(text.as_bytes()).unwrap();
        let expected: Vec<_> =
            expected.iter().map(|(line, f)| (*line, f.iter().map(|s| (*s).to_owned()).collect())).collect();
        assert_eq!(found, expected);
    }

    #[track_caller]
    fn refuse(bytes: &[u8], message: &str) {
        assert_eq!(rows(bytes).unwrap_err(), message);
    }

    #[test]
    fn rows_name_the_line_they_begin_on() {
        check("a,b\n1,2\n3,4\n", &[(2, &["1", "2"]), (3, &["3", "4"])]);
        check("a,b\r\n1,2\r\n\r\n3,4", &[(2, &["1", "2"]), (4, &["3", "4"])]);
        check("\u{feff}a,b\n\"x\ny\",\"q\"\"q\"\n,\n", &[(2, &["x\ny", "q\"q"]), (4, &["", ""])]);
    }

    #[test]
    fn broken_files_are_refused_with_line_and_remedy() {
        refuse(b"", "A.csv: the file is empty; it needs a line with column names");
        refuse(b"a,a\n", "A.csv, line 1: the column `a` occurs twice; give every column a name of its own");
        refuse(
            b"a,b\n1,2\n1\n",
            "A.csv, line 3: the row has 1 columns where the header has 2; add the missing separators, or put fields that contain one in quotes",
        );
        refuse(b"a\n\xff\n", "A.csv, line 2: the line is not UTF-8 at its byte 1; save the file in UTF-8");
        refuse(b"a\nb\0\n", "A.csv, line 2: the line contains a NUL byte; save the file as plain text in UTF-8");
        refuse(
            b"a\n5\" pipe\n",
            "A.csv, line 2: a quote stands inside the unquoted field `5\" pipe`; put the whole field in quotes and double the quotes inside it",
        );
        refuse(b"a\n\"x\"y\n", "A.csv, line 2: `y` follows a closing quote; double every quote inside a quoted field");
        refuse(
            b"a\n\"x\nb\n",
            "A.csv, line 2: a quoted field is not closed; close it, and double every quote inside it",
        );
    }

    #[test]
    fn sizes_are_bounded() {
        let field = format!("a\n{}\n", "x".repeat(MAX_FIELD_BYTES + 1));
        assert!(rows(field.as_bytes()).unwrap_err().contains("is longer than 65536 bytes"));
        let unclosed = format!("a\n\"{}", "x\n".repeat(MAX_ROW_BYTES as usize));
        assert!(rows(unclosed.as_bytes()).unwrap_err().contains("a row is longer than 1048576 bytes"));
        let wide = format!("a\n{}\n", ",".repeat(MAX_COLUMNS));
        assert!(rows(wide.as_bytes()).unwrap_err().contains("more than 1024 columns"));
    }
}
