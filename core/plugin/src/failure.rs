//! Failure: why a plugin gave no answer about one subject.

use std::fmt;

/// Why a plugin gave no answer about one subject. The message is for people and says nothing about the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    pub code: FailureCode,
    pub message: String,
}

/// The kinds of failure. Displays as in the API: `OUT_OF_FUEL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureCode {
    /// The guest panicked, overflowed its stack or did what the sandbox forbids.
    Trapped,
    /// It computed too long.
    OutOfFuel,
    /// It took too long by the clock.
    TimedOut,
    /// It asked for more memory than it may have.
    OutOfMemory,
    /// It answered with too much.
    OutputTooLarge,
    /// There was too much to ask.
    InputTooLarge,
    /// It answered with what is not an answer.
    MalformedAnswer,
    /// It said that it cannot answer.
    RefusedByGuest,
    /// It gave more or fewer answers than there were questions.
    WrongCount,
    /// A batch failed and what may be spent on finding out why was spent before this subject's turn.
    GaveUp,
    /// Too many calls were running.
    Busy,
    /// The plugin failed too often and is not asked for a while.
    CircuitOpen,
    /// What all plugins may spend on one request was spent before this subject's turn.
    BudgetSpent,
    /// The host failed, not the guest.
    Internal,
}

impl FailureCode {
    pub fn as_str(self) -> &'static str {
        match self {
            FailureCode::Trapped => "TRAPPED",
            FailureCode::OutOfFuel => "OUT_OF_FUEL",
            FailureCode::TimedOut => "TIMED_OUT",
            FailureCode::OutOfMemory => "OUT_OF_MEMORY",
            FailureCode::OutputTooLarge => "OUTPUT_TOO_LARGE",
            FailureCode::InputTooLarge => "INPUT_TOO_LARGE",
            FailureCode::MalformedAnswer => "MALFORMED_ANSWER",
            FailureCode::RefusedByGuest => "REFUSED_BY_GUEST",
            FailureCode::WrongCount => "WRONG_COUNT",
            FailureCode::GaveUp => "GAVE_UP",
            FailureCode::Busy => "BUSY",
            FailureCode::CircuitOpen => "CIRCUIT_OPEN",
            FailureCode::BudgetSpent => "BUDGET_SPENT",
            FailureCode::Internal => "INTERNAL",
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Failure {
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Failure { code, message: message.into() }
    }
}

/// Text of a guest as it may be shown: one line, bounded, nothing that a terminal or a log would act on.
pub(crate) fn shown(text: &str, limit: usize) -> String {
    let mut shown: String = text.chars().take(limit).map(|letter| if acts(letter) { ' ' } else { letter }).collect();
    if text.chars().nth(limit).is_some() {
        shown.push('…');
    }
    shown
}

/// Whether a reader would be led astray: control characters, ends of lines, and what turns the direction of a text or hides.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(letter, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(letter, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_astray_is_not_shown() {
        assert_eq!(shown("a\u{1b}[31m\nb\u{202e}c\u{200b}d\u{feff}e\u{2028}f\u{e0041}g", 100), "a [31m b c d e f g");
        // Scripts that are written so keep their joiners.
        assert_eq!(shown("क\u{94d}\u{200d}ष ñ 👩\u{200d}🚀", 100), "क\u{94d}\u{200d}ष ñ 👩\u{200d}🚀");
        assert_eq!(shown("abcdef", 3), "abc…");
    }
}
