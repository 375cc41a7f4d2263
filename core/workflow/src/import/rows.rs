//! Rows: a file of CSV or JSON Lines, one row at a time.
//!
//! The splitting is ours because every error has to name the line of the file, a broken row must cost no other row, an
//! unclosed quote must not read the rest of a large file into memory, and separators may have several letters.

mod json;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use super::format::{EMPTY_TEXT, Encoding, Format};
use super::refusal::{Fault, Refusal, listed, shown};

/// Bounds on what one file may make us hold in memory.
pub(crate) const MAX_ROW_BYTES: usize = 1024 * 1024;
pub(crate) const MAX_FIELD_BYTES: usize = 64 * 1024;
pub(crate) const MAX_COLUMNS: usize = 1024;

const UTF8_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
const UTF16_MARKS: [[u8; 2]; 2] = [[0xFF, 0xFE], [0xFE, 0xFF]];

/// The rows of one file, below its header line if it has one. Blank lines are passed over.
pub(crate) struct Rows {
    name: String,
    input: Input,
    format: Arc<Format>,
    header: Arc<Header>,
    /// Lines read.
    line: u64,
    /// The bytes of the row as they are in the file.
    raw: Vec<u8>,
    /// The header line as it is in the file.
    first: Vec<u8>,
}

/// Column names and their places: those of the file, then the derived ones.
#[derive(Debug, Default)]
pub(crate) struct Header {
    names: Vec<String>,
    places: HashMap<String, usize>,
    /// How many of them stand in the file.
    width: usize,
    /// The file has no rows and so does not say which columns it has: any may be asked for.
    open: bool,
}

/// One row, and the line it begins on.
#[derive(Debug)]
pub(crate) struct Row {
    pub line: u64,
    header: Arc<Header>,
    fields: Vec<String>,
}

/// A row that cannot be read.
#[derive(Debug)]
pub(crate) struct Broken {
    pub line: u64,
    pub fault: Fault,
}

impl Row {
    /// The text in a column; empty when there is none.
    pub(crate) fn get(&self, column: &str) -> Result<&str, Fault> {
        self.exact(column).map(|text| if text == EMPTY_TEXT { "" } else { text })
    }

    /// The same, but a text that is there and empty is [`EMPTY_TEXT`].
    pub(crate) fn exact(&self, column: &str) -> Result<&str, Fault> {
        let place = self.header.places.get(column);
        place.and_then(|place| self.fields.get(*place)).map(String::as_str).ok_or_else(|| self.header.unknown(column))
    }

    /// Sets a derived column.
    pub(crate) fn set(&mut self, column: &str, text: String) {
        if let Some(field) = self.header.places.get(column).and_then(|place| self.fields.get_mut(*place)) {
            *field = text;
        }
    }
}

impl Header {
    pub(crate) fn has(&self, column: &str) -> bool {
        self.open || self.places.contains_key(column)
    }

    /// How many columns the file has, and the place of one of them among those.
    pub(crate) fn place(&self, column: &str) -> (usize, Option<usize>) {
        (self.width, self.places.get(column).copied().filter(|place| *place < self.width))
    }

    /// Refuses the first of the columns, each with its line of the mapping, that the file called `file` does not have.
    pub(crate) fn check<'c>(
        &self,
        file: &str,
        columns: impl IntoIterator<Item = (&'c str, u64)>,
    ) -> Result<(), (Fault, u64)> {
        let Some((column, line)) = columns.into_iter().find(|(column, _)| !self.has(column)) else { return Ok(()) };
        let mut fault = self.unknown(column);
        fault.reason = format!("{} in `{}`", fault.reason, shown(file));
        Err((fault, line))
    }

    pub(crate) fn unknown(&self, column: &str) -> Fault {
        let columns = listed(self.names.iter().map(String::as_str));
        let remedy = match self.names.as_slice() {
            // Everything in one column is what a wrong separator looks like.
            [only] => match [';', '\t', '|', ','].into_iter().find(|letter| only.contains(*letter)) {
                Some(letter) => {
                    format!("the only column is {columns}; is the separator `{}`?", letter.escape_default())
                }
                None => format!("the only column is {columns}"),
            },
            _ => format!("the columns are {columns}"),
        };
        Fault::new(format!("there is no column `{}`", shown(column)), remedy)
    }

    fn new(mut names: Vec<String>, format: &Format) -> Result<Self, Fault> {
        let width = names.len();
        names.extend(format.derived.iter().map(|derived| derived.name.clone()));
        let mut places = HashMap::new();
        // What has no name cannot be asked for: spreadsheets leave such columns at the right.
        for (place, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            if places.insert(name.clone(), place).is_some() {
                return Err(Fault::new(
                    format!("the column `{}` occurs twice", shown(name)),
                    "give every column a name of its own",
                ));
            }
        }
        Ok(Header { names, places, width, open: false })
    }
}

impl Rows {
    /// The rows of `input`, called `name` in messages.
    pub(crate) fn read(input: Box<dyn Read + Send>, name: &str, format: Arc<Format>) -> Result<Self, Refusal> {
        let mut rows = Rows {
            name: name.to_owned(),
            input: Input { again: Vec::new(), at: 0, inner: BufReader::with_capacity(64 * 1024, input) },
            format,
            header: Arc::default(),
            line: 0,
            raw: Vec::new(),
            first: Vec::new(),
        };
        rows.take_mark()?;
        let mut open = false;
        let (line, names) = match rows.format.columns.clone() {
            Some(columns) => (1, columns),
            None if rows.format.json => {
                let keys = rows.first_keys()?;
                open = keys.is_none();
                (rows.line + 1, keys.unwrap_or_default())
            }
            None => match rows.next_fields()? {
                Some((line, Ok(names))) => {
                    rows.first.clone_from(&rows.raw);
                    (line, names)
                }
                Some((line, Err(fault))) => return Err(fault.at(name, line)),
                None => return Err(Fault::new("the file is empty", "it needs a line with column names").about(name)),
            },
        };
        let header = Header::new(names, &rows.format).map_err(|fault| fault.at(name, line))?;
        rows.header = Arc::new(Header { open, ..header });
        Ok(rows)
    }

    /// The keys of the first object, which is read again as a row. Nothing where there is none.
    fn first_keys(&mut self) -> Result<Option<Vec<String>>, Refusal> {
        let unread = |rows: &Self, error: io::Error| unreadable(&error).at(&rows.name, rows.line + 1);
        self.skip_blank_lines().map_err(|error| unread(self, error))?;
        self.raw.clear();
        self.take_piece().map_err(|error| unread(self, error))?;
        let end = without_end(&self.raw, self.format.terminator.as_bytes());
        let keys = match self.raw.get(..end) {
            Some([]) | None => Ok(None),
            Some(text) => json::keys(text, &self.format).map(Some),
        };
        let first = std::mem::take(&mut self.raw);
        self.input.read_again(&first);
        keys.map_err(|fault| {
            let remedy = "correct it, or name the keys in the mapping's `columns`".to_owned();
            Fault { remedy, ..fault }.at(&self.name, self.line + 1)
        })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The header line as it is in the file; empty if it has none.
    pub(crate) fn first(&self) -> &[u8] {
        &self.first
    }

    /// The row read last as it is in the file, its end included. Of one that is too long, the beginning.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The next row, or why it cannot be read; the rows after it still can.
    pub(crate) fn next_row(&mut self) -> Result<Option<Result<Row, Broken>>, Refusal> {
        let Some((line, fields)) = self.next_fields()? else { return Ok(None) };
        let width = self.header.width;
        let fields = fields.and_then(|fields| match fields.len() {
            given if given == width => Ok(fields),
            given => Err(Fault::new(
                format!("the row has {given} columns where {} {width}", self.format.whose_columns()),
                "add the missing separators, or put fields that contain one in quotes",
            )),
        });
        Ok(Some(match fields {
            Ok(mut fields) => {
                fields.resize(self.header.names.len(), String::new());
                Ok(Row { line, header: Arc::clone(&self.header), fields })
            }
            Err(fault) => Err(Broken { line, fault }),
        }))
    }

    /// A byte order mark says how the file is written.
    fn take_mark(&mut self) -> Result<(), Refusal> {
        let begin = self.input.fill_buf().map_err(|error| unreadable(&error).about(&self.name))?;
        let fault = if UTF16_MARKS.iter().any(|mark| begin.starts_with(mark)) {
            Fault::new("the file is UTF-16", "save it in UTF-8")
        } else if !begin.starts_with(&UTF8_MARK) {
            return Ok(());
        } else if self.format.encoding != Encoding::Utf8 {
            Fault::new(
                format!("the file says that it is UTF-8 and the mapping that it is {}", self.format.encoding.name()),
                "write `encoding = \"utf-8\"` in the mapping",
            )
        } else {
            self.input.consume(UTF8_MARK.len());
            return Ok(());
        };
        Err(fault.about(&self.name))
    }

    /// The fields of the next row that is not blank, and the line it begins on.
    #[allow(clippy::type_complexity)]
    fn next_fields(&mut self) -> Result<Option<(u64, Result<Vec<String>, Fault>)>, Refusal> {
        loop {
            self.skip_blank_lines().map_err(|error| unreadable(&error).at(&self.name, self.line + 1))?;
            let begins = self.line + 1;
            let fields = self.take_row().map_err(|error| unreadable(&error).at(&self.name, begins))?;
            match fields {
                None if self.raw.is_empty() => return Ok(None),
                None => {}
                Some(fields) => return Ok(Some((begins, fields))),
            }
        }
    }

    /// Passes over line ends in large pieces: a file may be millions of them.
    fn skip_blank_lines(&mut self) -> io::Result<()> {
        if self.format.terminator != "\n" {
            return Ok(());
        }
        loop {
            let bytes = self.input.fill_buf()?;
            let ends = bytes.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            let blank = bytes.get(..ends).unwrap_or_default();
            // What comes after the last of them may be the beginning of a row.
            let Some(last) = memchr::memrchr(b'\n', blank) else { return Ok(()) };
            self.line += memchr::memchr_iter(b'\n', blank).count() as u64;
            self.input.consume(last + 1);
        }
    }

    /// Reads one row into `raw`. Nothing for a blank line, and at the end, where `raw` is empty.
    ///
    /// A row with an open quote goes on to the next line that has a quote without its partner, or as far as a row may be long.
    /// So what follows a broken line is read a second time, and hardly anything a third time, however many lines are broken.
    fn take_row(&mut self) -> io::Result<Option<Result<Vec<String>, Fault>>> {
        self.raw.clear();
        let mut first = 0;
        let mut open = false;
        loop {
            let from = self.raw.len();
            match self.take_piece()? {
                Piece::Nothing => break,
                Piece::Beyond => {
                    open = true;
                    break;
                }
                Piece::TooLong => {
                    return Ok(Some(Err(Fault::new(
                        format!("the row is longer than {MAX_ROW_BYTES} bytes"),
                        "look for a row without an end, or a wrong `terminator` in the mapping",
                    ))));
                }
                Piece::Taken => {}
            }
            if first == 0 {
                first = self.raw.len();
            }
            if let Some(quote) = self.format.quote {
                open ^= memchr::memchr_iter(quote, self.raw.get(from..).unwrap_or_default()).count() % 2 == 1;
            }
            if !open || self.raw.len() > MAX_ROW_BYTES {
                break;
            }
        }
        let end = without_end(&self.raw, self.format.terminator.as_bytes());
        let text = self.raw.get(..end).unwrap_or_default();
        if text.is_empty() && !open {
            self.count_lines();
            return Ok(None);
        }
        let fields = if open {
            Err(Fault::new("a quoted field is not closed", "close it, and double every quote inside it"))
        } else {
            self.fields(text)
        };
        if fields.is_err() && self.raw.len() > first {
            // What follows the first line may well be good rows.
            let again = self.raw.split_off(first);
            self.input.read_again(&again);
        }
        self.count_lines();
        Ok(Some(fields))
    }

    fn fields(&self, text: &[u8]) -> Result<Vec<String>, Fault> {
        if self.format.json { json::values(text, &self.header, &self.format) } else { split(text, &self.format) }
    }

    /// What lines are counted by: line ends, or what ends rows where those have none.
    fn line_end(&self) -> u8 {
        let terminator = self.format.terminator.as_bytes();
        if terminator.contains(&b'\n') { b'\n' } else { terminator.last().copied().unwrap_or(b'\n') }
    }

    fn count_lines(&mut self) {
        let ends = memchr::memchr_iter(self.line_end(), &self.raw).count() as u64;
        // The last line may have no end.
        self.line += ends + u64::from(!self.raw.is_empty() && !self.raw.ends_with(&[self.line_end()]));
    }

    /// Appends what reaches to the next terminator. Of a piece that is too long only the beginning is kept.
    fn take_piece(&mut self) -> io::Result<Piece> {
        let terminator = self.format.terminator.as_bytes();
        let Some(last) = terminator.last().copied() else { return Ok(Piece::Nothing) };
        let from = self.raw.len();
        loop {
            let room = (MAX_ROW_BYTES + 1).saturating_sub(self.raw.len());
            let read = (&mut self.input).take(room as u64).read_until(last, &mut self.raw)?;
            if self.raw.get(from..).unwrap_or_default().ends_with(terminator) {
                return Ok(Piece::Taken);
            }
            if self.raw.len() > MAX_ROW_BYTES && from > 0 {
                return Ok(Piece::Beyond);
            }
            if self.raw.len() > MAX_ROW_BYTES {
                self.skip_piece()?;
                self.raw.truncate(MAX_FIELD_BYTES);
                return Ok(Piece::TooLong);
            }
            if read == 0 {
                return Ok(if self.raw.len() == from { Piece::Nothing } else { Piece::Taken });
            }
        }
    }

    /// Passes over the rest of a piece, of any length, and counts its lines.
    fn skip_piece(&mut self) -> io::Result<()> {
        let terminator = self.format.terminator.as_bytes();
        let Some(last) = terminator.last().copied() else { return Ok(()) };
        let kept = terminator.len();
        let mut tail = self.raw.split_off(self.raw.len().saturating_sub(kept));
        self.line += memchr::memchr_iter(self.line_end(), &self.raw).count() as u64;
        loop {
            let read = (&mut self.input).take(MAX_FIELD_BYTES as u64).read_until(last, &mut tail)?;
            let ended = read == 0 || tail.ends_with(terminator);
            let keep = if ended { 0 } else { kept };
            let done = tail.len().saturating_sub(keep);
            self.line += memchr::memchr_iter(self.line_end(), tail.get(..done).unwrap_or_default()).count() as u64;
            tail.drain(..done);
            if ended {
                return Ok(());
            }
        }
    }
}

enum Piece {
    Nothing,
    Taken,
    TooLong,
    /// Not the first of its row, which is too long with it. It is there up to where a row may reach.
    Beyond,
}

fn unreadable(error: &io::Error) -> Fault {
    Fault::new(format!("the file cannot be read on: {error}"), "check the file and run the import again")
}

/// Where the row's end begins. A line end may be CRLF.
fn without_end(raw: &[u8], terminator: &[u8]) -> usize {
    let text = raw.strip_suffix(terminator).unwrap_or(raw);
    let text = if terminator == b"\n" { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
    // The line end after the last row of a file whose rows end otherwise.
    if text.iter().all(|byte| matches!(byte, b'\n' | b'\r')) { 0 } else { text.len() }
}

/// Splits a row as RFC 4180 says: a field with separators, quotes or line breaks stands in quotes, quotes in it doubled.
fn split(text: &[u8], format: &Format) -> Result<Vec<String>, Fault> {
    let separator = format.separator.as_bytes();
    let finder = memchr::memmem::Finder::new(separator);
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let quoted = format.quote.and_then(|quote| rest.strip_prefix(&[quote]).map(|quoted| (quote, quoted)));
        let after = match quoted {
            Some((quote, quoted)) => {
                let (bytes, after) = take_quoted(quoted, quote)?;
                fields.push(format.text(bounded(&bytes)?)?);
                after
            }
            None => {
                let (bytes, after) = rest.split_at(finder.find(rest).unwrap_or(rest.len()));
                if let Some(quote) = format.quote.filter(|quote| memchr::memchr(*quote, bytes).is_some()) {
                    let quote = char::from(quote);
                    return Err(Fault::new(
                        format!(
                            "a quote stands inside the unquoted field `{}`",
                            shown(&String::from_utf8_lossy(bytes))
                        ),
                        format!("put the whole field in {quote} and double the quotes inside it"),
                    ));
                }
                fields.push(format.text(bounded(bytes)?)?);
                after
            }
        };
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
                    format!("`{}` follows a closing quote", shown(&String::from_utf8_lossy(after))),
                    "double every quote inside a quoted field",
                ));
            }
        }
    }
}

fn bounded<B: AsRef<[u8]> + ?Sized>(bytes: &B) -> Result<&[u8], Fault> {
    let bytes = bytes.as_ref();
    if bytes.len() <= MAX_FIELD_BYTES {
        return Ok(bytes);
    }
    Err(Fault::new(
        format!("the field `{}` is longer than {MAX_FIELD_BYTES} bytes", shown(&String::from_utf8_lossy(bytes))),
        "shorten it, or look for a quote that is not closed",
    ))
}

fn take_quoted(mut rest: &[u8], quote: u8) -> Result<(Vec<u8>, &[u8]), Fault> {
    let mut field = Vec::new();
    loop {
        let Some(end) = memchr::memchr(quote, rest) else {
            return Err(Fault::new("a quoted field is not closed", "close it, and double every quote inside it"));
        };
        let (piece, after) = rest.split_at(end);
        field.extend_from_slice(piece);
        let after = after.get(1..).unwrap_or_default();
        match after.strip_prefix(&[quote]) {
            Some(next) => {
                field.push(quote);
                rest = next;
            }
            None => return Ok((field, after)),
        }
    }
}

/// The bytes of a file, some of which may be read a second time.
struct Input {
    again: Vec<u8>,
    /// How much of `again` has been read.
    at: usize,
    inner: BufReader<Box<dyn Read + Send>>,
}

impl Input {
    fn read_again(&mut self, bytes: &[u8]) {
        let rest = self.again.get(self.at..).unwrap_or_default();
        self.again = [bytes, rest].concat();
        self.at = 0;
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.again.get(self.at..) {
            Some(rest) if !rest.is_empty() => Ok(rest),
            _ => self.inner.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        if self.at < self.again.len() { self.at += amount } else { self.inner.consume(amount) }
    }
}
