//! Format: how one file writes rows and values.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::expression::Scope;
use super::mapping::Derived;
use super::refusal::Fault;
use super::rows::Row;
use super::side_table::SideTables;

/// A text that is there and empty comes in as this, which no file can have: exports tell it from no value.
pub(crate) const EMPTY_TEXT: &str = "\0";

/// How a file is written, and the columns that are made of its own.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    /// Each line is a JSON object, and not a row of values between separators.
    pub json: bool,
    pub separator: String,
    pub terminator: String,
    /// None: quotes are letters like any other.
    pub quote: Option<u8>,
    pub encoding: Encoding,
    pub trim: bool,
    /// One leading apostrophe is taken off, as exports put it on.
    pub unescape: bool,
    /// Texts that mean that there is no value.
    pub empty: Vec<String>,
    pub notation: Notation,
    /// The columns of a file without a header line.
    pub columns: Option<Vec<String>>,
    /// Columns made of others, each after those it is made of.
    pub derived: Vec<Derived>,
}

/// How values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notation {
    pub date: String,
    pub time: String,
    pub zone: Tz,
    pub decimal: char,
    pub grouping: Option<char>,
}

impl Notation {
    /// A number in plain notation: digits, the decimal mark, groups of three if the file groups; no exponent.
    pub(crate) fn decimal(&self, text: &str) -> Option<Decimal> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text),
        };
        let (whole, part) = digits.split_once(self.decimal).unwrap_or((digits, ""));
        let whole = self.ungrouped(whole)?;
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && part.is_empty()) || !plain(&whole) || !plain(part) || text.len() > 60 {
            return None;
        }
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        Decimal::from_str_exact(&format!("{sign}0{whole}{point}{part}")).ok()
    }

    fn ungrouped<'t>(&self, whole: &'t str) -> Option<Cow<'t, str>> {
        let Some(mark) = self.grouping.filter(|mark| whole.contains(*mark)) else { return Some(Cow::Borrowed(whole)) };
        let mut groups = whole.split(mark);
        let first = groups.next().filter(|first| (1..=3).contains(&first.len()))?;
        let mut all = first.to_owned();
        for group in groups {
            all.push_str(Some(group).filter(|group| group.len() == 3)?);
        }
        Some(Cow::Owned(all))
    }

    /// A number as the file would write it, without groups.
    pub(crate) fn written(&self, number: Decimal) -> String {
        let text = number.normalize().to_string();
        if self.decimal == '.' { text } else { text.replace('.', &self.decimal.to_string()) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Windows1252,
}

impl Encoding {
    pub(crate) const NAMES: [(&'static str, Encoding); 3] =
        [("utf-8", Encoding::Utf8), ("latin-1", Encoding::Latin1), ("windows-1252", Encoding::Windows1252)];

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, encoding)| *encoding == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
        match self {
            Encoding::Utf8 => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                Fault::new(
                    format!("the value is not UTF-8 at its byte {}", error.valid_up_to() + 1),
                    "save the file in UTF-8, or say in the mapping's `encoding` how it is written",
                )
                .of(&String::from_utf8_lossy(bytes))
            }),
            Encoding::Latin1 => Ok(encoding_rs::mem::decode_latin1(bytes)),
            Encoding::Windows1252 => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0),
        }
    }
}

impl Default for Format {
    fn default() -> Self {
        Format {
            json: false,
            separator: ",".to_owned(),
            terminator: "\n".to_owned(),
            quote: Some(b'"'),
            encoding: Encoding::Utf8,
            trim: false,
            unescape: false,
            empty: Vec::new(),
            notation: Notation {
                date: "%Y-%m-%d".to_owned(),
                time: "%+".to_owned(),
                zone: Tz::UTC,
                decimal: '.',
                grouping: None,
            },
            columns: None,
            derived: Vec::new(),
        }
    }
}

impl Format {
    /// Who says which columns there are.
    pub(crate) fn whose_columns(&self) -> &'static str {
        if self.columns.is_some() { "the mapping's `columns` names" } else { "the header has" }
    }

    /// The derived columns, by place, that `columns` are made of, each after those it is made of.
    pub(crate) fn derived_for<'a>(&'a self, columns: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
        let mut wanted: HashSet<&str> = columns.into_iter().collect();
        let mut places = Vec::new();
        for (place, derived) in self.derived.iter().enumerate().rev() {
            if wanted.contains(derived.name.as_str()) {
                wanted.extend(derived.expression.columns());
                places.push(place);
            }
        }
        places.reverse();
        places
    }

    /// The columns that the derived ones are made of, each with the line of the mapping that names it.
    pub(crate) fn derived_from(&self) -> impl Iterator<Item = (&str, u64)> {
        self.derived
            .iter()
            .flat_map(|derived| derived.expression.columns().into_iter().map(|column| (column, derived.line)))
    }

    /// Fills in derived columns of a row.
    pub(crate) fn derive(
        &self,
        row: &mut Row,
        derived: &[usize],
        tables: Option<&SideTables>,
        positions: &[(String, u32)],
    ) -> Result<(), Fault> {
        for derived in derived.iter().filter_map(|place| self.derived.get(*place)) {
            let scope = Scope { row, notation: &self.notation, tables, positions };
            let text = scope.text(&derived.expression).map_err(|fault| fault.in_column(&derived.name))?.into_owned();
            row.set(&derived.name, text);
        }
        Ok(())
    }

    /// Bytes of the file as text.
    pub(crate) fn decoded<'b>(&self, bytes: &'b [u8]) -> Result<Cow<'b, str>, Fault> {
        if memchr::memchr(0, bytes).is_some() {
            let fault = Fault::new("the value has a NUL byte", "save the file as plain text");
            return Err(fault.of(&String::from_utf8_lossy(bytes)));
        }
        self.encoding.decode(bytes)
    }

    /// The text that stands between two separators.
    pub(crate) fn text(&self, bytes: &[u8]) -> Result<String, Fault> {
        let text = self.decoded(bytes)?;
        let text = if self.trim { text.trim() } else { &text };
        if self.empty.iter().any(|empty| empty == text) {
            return Ok(String::new());
        }
        let text = match text.strip_prefix('\'').filter(|_| self.unescape) {
            Some("") => EMPTY_TEXT,
            Some(escaped) => escaped,
            None => text,
        };
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(encoding: Encoding, bytes: &[u8], expected: Result<&str, &str>) {
        let format = Format { encoding, ..Format::default() };
        let found = format.text(bytes).map_err(|fault| fault.reason);
        assert_eq!(found.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn each_encoding_is_read_in_its_own_way() {
        check(Encoding::Utf8, "Würth €".as_bytes(), Ok("Würth €"));
        check(Encoding::Utf8, b"W\xfcrth", Err("the value is not UTF-8 at its byte 2"));
        check(Encoding::Latin1, b"W\xfcrth \x80", Ok("Würth \u{80}"));
        check(Encoding::Windows1252, b"W\xfcrth \x80", Ok("Würth €"));
        check(Encoding::Latin1, b"a\0b", Err("the value has a NUL byte"));
    }

    #[test]
    fn numbers_are_read_in_the_notation_of_the_file() {
        let read = |text: &str, decimal, grouping| {
            let notation = Notation { decimal, grouping, ..Format::default().notation };
            notation.decimal(text).map(|value| value.to_string())
        };
        assert_eq!(read("1234.50", '.', None).as_deref(), Some("1234.5"));
        assert_eq!(read("-0,15", ',', None).as_deref(), Some("-0.15"));
        assert_eq!(read(".5", '.', None).as_deref(), Some("0.5"));
        assert_eq!(read("7.", '.', None).as_deref(), Some("7"));
        assert_eq!(read("-1,234,567.89", '.', Some(',')).as_deref(), Some("-1234567.89"));
        assert_eq!(read("1.234,5", ',', Some('.')).as_deref(), Some("1234.5"));
        assert_eq!(read("1234.5", '.', Some(',')).as_deref(), Some("1234.5"));
        for text in ["", "-", ".", "1,234.5", "1e3", "+1", " 1", "1.2.3", "٣", "$5", "5%", &"9".repeat(61)] {
            assert_eq!(read(text, '.', None), None, "{text}");
        }
        for text in ["1,23.5", ",123", "1234,567", "1,2345", "1.234,5", "1,,234"] {
            assert_eq!(read(text, '.', Some(',')), None, "{text}");
        }
    }

    #[test]
    fn blanks_marks_and_words_for_nothing_are_taken_off_only_where_said() {
        let plain = Format::default();
        assert_eq!(plain.text(b" '=x NULL ").unwrap(), " '=x NULL ");
        let format = Format { trim: true, unescape: true, empty: vec!["NULL".to_owned(), "\\N".to_owned()], ..plain };
        assert_eq!(format.text(b" '=1+1 ").unwrap(), "=1+1");
        assert_eq!(format.text(b"''x").unwrap(), "'x");
        assert_eq!(format.text(b"\\N").unwrap(), "");
    }
}
