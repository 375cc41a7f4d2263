//! What a text may contain before the parser sees it.
//!
//! Two reasons: the parser's work stays bounded whatever it is given, and a literal is exact. The parser reads `0.1` as
//! floating point; up to 15 significant digits the shortest notation of that number is what was written.

use std::iter::Peekable;
use std::str::Chars;

use super::ConditionError;
use crate::exact::{SIGNIFICANT_DIGITS, significant_digits};

/// Characters of one condition.
pub const MAX_CONDITION_LENGTH: usize = 2_000;
const MAX_NESTING: usize = 32;
const MAX_TOKENS: usize = 600;
const MAX_LOGICAL: usize = 100;
const MAX_ARITHMETIC: usize = 32;
const MAX_NEGATIONS: usize = 32;

/// Refuses texts that are too long or too deep, and characters that no condition needs. Only a formula divides: the databases
/// would not answer alike.
pub(super) fn check(text: &str, divides: bool) -> Result<(), ConditionError> {
    if text.chars().count() > MAX_CONDITION_LENGTH {
        return refuse(1, format!("the condition is too long; write it in at most {MAX_CONDITION_LENGTH} characters"));
    }
    let mut scan =
        Scan { rest: text.chars().peekable(), column: 1, open: Vec::new(), counts: Counts::default(), divides };
    while let Some(first) = scan.next() {
        scan.token(first)?;
    }
    match scan.open.pop() {
        Some((bracket, column)) => refuse(column, format!("`{bracket}` is never closed")),
        None => Ok(()),
    }
}

fn refuse<T>(column: usize, message: impl Into<String>) -> Result<T, ConditionError> {
    Err(ConditionError { column, message: message.into() })
}

#[derive(Default)]
struct Counts {
    tokens: usize,
    logical: usize,
    arithmetic: usize,
    negations: usize,
}

struct Scan<'a> {
    rest: Peekable<Chars<'a>>,
    /// Of the next character.
    column: usize,
    open: Vec<(char, usize)>,
    counts: Counts,
    divides: bool,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<char> {
        self.column += 1;
        self.rest.next()
    }

    fn token(&mut self, first: char) -> Result<(), ConditionError> {
        let column = self.column - 1;
        match first {
            ' ' | '\t' | '\n' | '\r' => return Ok(()),
            'a'..='z' | 'A'..='Z' | '_' => self.word(column)?,
            '0'..='9' => self.number(first, column)?,
            '\'' | '"' => self.text(first, column)?,
            '(' | '[' => self.open(first, column)?,
            ')' | ']' => self.close(first, column)?,
            '&' | '|' => self.counts.logical += 1,
            '+' | '-' | '*' => self.counts.arithmetic += 1,
            '/' if self.divides => self.counts.arithmetic += 1,
            '!' => self.counts.negations += 1,
            '.' | ',' | '<' | '>' | '=' => {}
            '?' | ':' => return refuse(column, "`? :` is not supported; join conditions with `&&` and `||`"),
            '/' => return refuse(column, "`/` is not supported; multiply the other side instead, like `a > b * 1.3`"),
            '%' => return refuse(column, "`%` is not supported; write 2 % as 0.02"),
            '{' | '}' => return refuse(column, "maps are not supported"),
            other => return refuse(column, format!("`{}` is not part of a condition", other.escape_default())),
        }
        self.counts.tokens += 1;
        self.within_counts(column)
    }

    fn within_counts(&self, column: usize) -> Result<(), ConditionError> {
        let Counts { tokens, logical, arithmetic, negations } = self.counts;
        // `&&` is two characters.
        let too_much = tokens > MAX_TOKENS
            || logical > 2 * MAX_LOGICAL
            || arithmetic > MAX_ARITHMETIC
            || negations > MAX_NEGATIONS
            || self.open.len() > MAX_NESTING;
        if too_much {
            refuse(column, "the condition is too complex; split it into several rules or segments")
        } else {
            Ok(())
        }
    }

    fn word(&mut self, column: usize) -> Result<(), ConditionError> {
        while self.rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_').is_some() {
            self.column += 1;
        }
        match self.rest.peek() {
            Some('\'' | '"') => refuse(column, "a letter stands before a quote; write texts as 'text'"),
            _ => Ok(()),
        }
    }

    fn number(&mut self, first: char, column: usize) -> Result<(), ConditionError> {
        let mut digits = String::from(first);
        while let Some(next) = self.rest.next_if(|next| next.is_ascii_alphanumeric() || matches!(next, '.' | '_')) {
            self.column += 1;
            digits.push(next);
        }
        if crate::exact::plain_decimal(&digits).is_none() {
            return refuse(column, format!("`{digits}` is not a number; write it like `1234.50`"));
        }
        if significant_digits(&digits) > SIGNIFICANT_DIGITS {
            return refuse(column, format!("`{digits}` has more than {SIGNIFICANT_DIGITS} significant digits"));
        }
        Ok(())
    }

    fn text(&mut self, quote: char, column: usize) -> Result<(), ConditionError> {
        loop {
            match self.next() {
                Some('\\') => {
                    return refuse(self.column - 1, "`\\` is not supported in a text; write the character itself");
                }
                Some('\n' | '\r') | None => return refuse(column, "the text is never closed"),
                Some(end) if end == quote => break,
                Some(control) if control.is_control() => {
                    return refuse(self.column - 1, "control characters are not supported");
                }
                Some(_) => {}
            }
        }
        match self.rest.peek() {
            Some('\'' | '"') => refuse(self.column, "a quote follows a quote; write texts as 'text'"),
            _ => Ok(()),
        }
    }

    fn open(&mut self, bracket: char, column: usize) -> Result<(), ConditionError> {
        self.open.push((bracket, column));
        Ok(())
    }

    fn close(&mut self, bracket: char, column: usize) -> Result<(), ConditionError> {
        match (self.open.pop(), bracket) {
            (Some(('(', _)), ')') | (Some(('[', _)), ']') => Ok(()),
            _ => refuse(column, format!("`{bracket}` closes nothing")),
        }
    }
}
