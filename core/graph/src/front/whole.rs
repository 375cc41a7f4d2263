//! Nothing of a document is left out. The parser passes over names without a value in arguments and objects
//! (`orders(first 3)`, `{status}`) as if they were not there, and a filter that is not there takes everything. So the
//! words of the document are compared with those of its syntax tree.

use apollo_compiler::ast::{Definition, Document};

use crate::problem::{Code, Problem};

/// Checks that `tree` has all of `text`. Type definitions are not for this module: the validator refuses them.
pub(super) fn check(text: &str, tree: &Document) -> Result<(), Problem> {
    let executable = |definition: &Definition| {
        matches!(definition, Definition::OperationDefinition(_) | Definition::FragmentDefinition(_))
    };
    if !tree.definitions.iter().all(executable) {
        return Ok(());
    }
    let written = tree.to_string();
    let mut known = Words { rest: &written };
    for word in (Words { rest: text }) {
        if known.next() == Some(word) {
            continue;
        }
        let place = word.as_ptr() as usize - text.as_ptr() as usize;
        let before = text.get(..place).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let message = format!(
            "syntax error in line {line}, column {column}: `{word}` is not expected here; a value may be missing"
        );
        return Err(Problem::new(Code::ParseFailed, message));
    }
    Ok(())
}

/// The words of a document that parses. `query` is none, because it may be left out, and all strings are one word, because
/// each can be written in several ways.
struct Words<'t> {
    rest: &'t str,
}

const STRING: &str = "\"";

impl<'t> Words<'t> {
    fn take(&mut self, length: usize) -> &'t str {
        let (word, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    /// Passes over a string up to behind its end.
    fn string(&mut self) -> &'t str {
        let word = self.take(STRING.len());
        let (end, escape) = match self.rest.strip_prefix("\"\"") {
            Some(rest) => {
                self.rest = rest;
                ("\"\"\"", "\\\"\"\"")
            }
            None => ("\"", "\\"),
        };
        while !self.rest.is_empty() && !self.rest.starts_with(end) {
            // What is escaped is no end; in a plain string that is whatever follows the backslash.
            if self.rest.starts_with(escape) {
                self.take(escape.len());
                if end != STRING {
                    continue;
                }
            }
            let letter = self.rest.chars().next().map_or(0, char::len_utf8);
            self.take(letter);
        }
        self.take(end.len());
        word
    }
}

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{feff}']);
            let first = self.rest.chars().next()?;
            match first {
                '#' => {
                    let end = self.rest.find(['\r', '\n']).unwrap_or(self.rest.len());
                    self.take(end);
                }
                '"' => return Some(self.string()),
                '.' => return Some(self.take(3)),
                _ => {
                    let part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                    let numeric = first == '-' || first.is_ascii_digit();
                    let goes_on = |letter: char| part(letter) || numeric && matches!(letter, '-' | '+' | '.');
                    let length = match self.rest.find(|letter| !goes_on(letter)) {
                        Some(0) => first.len_utf8(),
                        Some(end) => end,
                        None => self.rest.len(),
                    };
                    let word = self.take(length);
                    if word != "query" {
                        return Some(word);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use apollo_compiler::parser::Parser;

    use super::*;

    fn message(text: &str) -> Option<String> {
        let tree = Parser::new().parse_ast(text, "document").unwrap();
        check(text, &tree).err().map(|problem| problem.message)
    }

    #[test]
    fn a_name_without_a_value_is_found() {
        for text in [
            "{ orders(first: 3 status) { totalCount } }",
            "{ orders(filter: {status}) { totalCount } }",
            "{ orders(filter: {status: {eq: OPEN} number status: {}}) { totalCount } }",
            "{ orders(orderBy: {field: NUMBER, DESC}) { totalCount } }",
            "query ($a: Int = {b}) { a }",
            "{ a @skip(if: true if) }",
        ] {
            assert!(message(text).is_some(), "{text}");
        }
        let found = message("{\n  orders(filter: {status}) { totalCount }\n}").unwrap();
        assert_eq!(found, "syntax error in line 2, column 19: `status` is not expected here; a value may be missing");
    }

    #[test]
    fn a_whole_document_passes_however_it_is_written() {
        for text in [
            "query { a }",
            "\u{feff}query Q($a: [Int!]! = [1 2,,] , $b: T = {c: -1.50e+3}) @d(e: $a) { f(g: $a h: {i: [$b null]}) }",
            "# one\n{ a # two }\n b(c: \"# \\\" } {\", d: \"\"\"e \\\"\"\" \"f\" \"\"\", g: \"\", h: \"\"\"\"\"\", i: \"\\\\\") }",
            "fragment query on Q { query ...query } { ...query ... @skip(if: true) { a } ... on Q { b: c } }",
            "mutation M { a(b: \"\\u0041\u{1f3db}\") }",
            "subscription{a(b:true){c d}}",
        ] {
            assert_eq!(message(text), None, "{text}");
        }
    }
}
