//! Failure: why a plugin gave no answer about one subject.

use std::fmt;

pub(crate) use guildhall_decision::{is_plain, shown};

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
