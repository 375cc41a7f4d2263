//! Texts for which case does not count, as patterns of each database: every letter stands with all that are the same as it.
//!
//! The databases have case rules of their own, which differ and follow the machine; so the rule is ours ([`same_letters`]).

use guildhall_model::plan::{Operand, TextMatch};
use guildhall_model::{Field, prefix_end, prefix_start, same_letters};

use super::enter::Row;
use super::object::column;
use super::sql::Sql;
use crate::Dialect;

/// What is made of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The pattern that texts fulfil.
    Pattern(TextMatch),
    /// The least text, in lower ASCII letters, that fulfils it.
    From,
    /// The least text beyond all of those.
    To,
}

impl Part {
    pub(super) fn of(self, dialect: Dialect, text: &str) -> String {
        match self {
            Part::Pattern(matching) => match dialect {
                Dialect::Postgres => expression(text, matching),
                Dialect::Sqlite => glob(text, matching),
            },
            Part::From => prefix_start(ascii(text)),
            Part::To if ascii(text).is_empty() => LAST.to_string().repeat(LONGER),
            Part::To => prefix_end(ascii(text)),
        }
    }
}

/// The last character of all, and more of them than an indexed text has characters.
const LAST: char = char::MAX;
const LONGER: usize = 501;

/// The beginning of a text up to the first letter that may be the same as one with other bytes.
fn ascii(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// A pattern for SQLite's `GLOB`.
fn glob(text: &str, matching: TextMatch) -> String {
    let letters: String =
        text.chars().map(|letter| one_of(letter, &['*', '?', '['], |letter| format!("[{letter}]"))).collect();
    match matching {
        TextMatch::Equals => letters,
        TextMatch::Contains => format!("*{letters}*"),
        TextMatch::StartsWith => format!("{letters}*"),
        TextMatch::EndsWith => format!("*{letters}"),
    }
}

/// A regular expression for PostgreSQL's `~`.
fn expression(text: &str, matching: TextMatch) -> String {
    let special = ['.', '^', '$', '*', '+', '?', '(', ')', '[', ']', '{', '}', '|', '\\'];
    let letters: String = text.chars().map(|letter| one_of(letter, &special, |letter| format!("\\{letter}"))).collect();
    match matching {
        TextMatch::Equals => format!("^{letters}$"),
        TextMatch::Contains => letters,
        TextMatch::StartsWith => format!("^{letters}"),
        TextMatch::EndsWith => format!("{letters}$"),
    }
}

/// A letter with those that are the same, in the brackets both pattern languages have.
fn one_of(letter: char, special: &[char], quoted: impl Fn(char) -> String) -> String {
    let same = same_letters(letter);
    match same.as_slice() {
        [_] if special.contains(&letter) => quoted(letter),
        [only] => only.to_string(),
        several => format!("[{}]", several.iter().collect::<String>()),
    }
}

impl Sql<'_> {
    /// The condition. Where there is an index over lower ASCII letters, it is entered by how the text begins.
    pub(super) fn any_case(&mut self, field: &Field, matching: TextMatch, text: &Operand, row: Row<'_>) -> String {
        let left = column(field, row.alias);
        let operator = match self.dialect {
            Dialect::Postgres => "~",
            Dialect::Sqlite => "GLOB",
        };
        let fits = format!("{left} {operator} {}", self.bind_any_case(text, Part::Pattern(matching)));
        if !field.searchable || !matches!(matching, TextMatch::Equals | TextMatch::StartsWith) {
            return fits;
        }
        let (from, to) = (self.bind_any_case(text, Part::From), self.bind_any_case(text, Part::To));
        format!("({fits} AND lower({left}) >= {from} AND lower({left}) < {to})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, matching: TextMatch, glob: &str, expression: &str) {
        let made = |dialect| Part::Pattern(matching).of(dialect, text);
        assert_eq!((made(Dialect::Sqlite).as_str(), made(Dialect::Postgres).as_str()), (glob, expression));
    }

    #[test]
    fn every_letter_stands_with_those_that_are_the_same() {
        check("a1", TextMatch::Equals, "[aA]1", "^[aA]1$");
        check("\u{e9}", TextMatch::Contains, "*[\u{c9}\u{e9}]*", "[\u{c9}\u{e9}]");
        check("", TextMatch::EndsWith, "*", "$");
    }

    #[test]
    fn what_means_something_in_a_pattern_means_itself() {
        check("*?[]^-", TextMatch::StartsWith, "[*][?][[]]^-*", "^\\*\\?\\[\\]\\^-");
        check("\\.$({|+", TextMatch::Contains, "*\\.$({|+*", "\\\\\\.\\$\\(\\{\\|\\+");
    }

    #[test]
    fn an_index_is_entered_up_to_the_first_letter_beyond_ascii() {
        let range = |text: &str| (Part::From.of(Dialect::Sqlite, text), Part::To.of(Dialect::Sqlite, text));
        assert_eq!(range("M\u{fc}ller"), ("m".to_owned(), "n".to_owned()));
        assert_eq!(range("\u{fc}").0, "");
        assert!(range("\u{fc}").1 > LAST.to_string().repeat(500));
    }
}
