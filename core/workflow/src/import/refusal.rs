//! Refusal: what an import stopped at, where, and what to do about it.

use std::fmt;

/// Longest piece of a foreign value shown in a message.
const SHOWN: usize = 64;

/// Why an import was refused. Lines count from 1 and are lines of the file, also where a field spans several of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub file: String,
    pub line: Option<u64>,
    pub column: Option<Box<str>>,
    /// The value in question, shortened.
    pub value: Option<Box<str>>,
    pub reason: String,
    pub remedy: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{}`", shown(column))?;
        }
        write!(f, ": {}; {}", self.reason, self.remedy)
    }
}

/// A refusal whose place is not known yet: what reads a value does not know which line it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub column: Option<Box<str>>,
    pub value: Option<Box<str>>,
    pub reason: String,
    pub remedy: String,
    /// It is this machine's and not the row's.
    pub of_disk: bool,
}

impl Fault {
    pub(crate) fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Fault { column: None, value: None, reason: reason.into(), remedy: remedy.into(), of_disk: false }
    }

    /// Names the column, unless a closer look has already named one.
    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column.get_or_insert_with(|| column.into());
        self
    }

    /// Says that no row is at fault: the import cannot go on.
    pub(crate) fn of_this_machine(self) -> Self {
        Fault { of_disk: true, ..self }
    }

    /// Tells the value.
    pub(crate) fn of(mut self, value: &str) -> Self {
        self.value.get_or_insert_with(|| shown(value).into());
        self
    }

    pub(crate) fn at(self, file: &str, line: u64) -> Refusal {
        Refusal {
            file: file.to_owned(),
            line: Some(line),
            column: self.column,
            value: self.value,
            reason: self.reason,
            remedy: self.remedy,
        }
    }

    pub(crate) fn about(self, file: &str) -> Refusal {
        Refusal { line: None, ..self.at(file, 0) }
    }
}

/// A foreign value as it may stand in a message: short, on one line, without control characters.
pub(crate) fn shown(value: &str) -> String {
    let mut text: String = value
        .chars()
        .take(SHOWN)
        .map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter })
        .collect();
    if value.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text
}

/// Names for a message, each in backticks, the first few of them.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.take(31).map(|name| format!("`{}`", shown(name))).collect();
    if names.len() > 30 {
        names.truncate(30);
        names.push("…".to_owned());
    }
    names.join(", ")
}
