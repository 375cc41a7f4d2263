//! Answer: what a policy proposes, and why.

use std::fmt::Display;

/// A proposal with its reasons, in words a person can read.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    pub output: T,
    pub reasons: Vec<String>,
}

impl<T> Answer<T> {
    pub fn new(output: T) -> Self {
        Answer { output, reasons: Vec::new() }
    }

    /// Adds a reason. At most 20 of at most 500 characters are read.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }
}

/// What a policy may return: an answer, or an answer or the reason why there is none.
pub trait IntoAnswer<T> {
    fn into_answer(self) -> Result<Answer<T>, String>;
}

impl<T> IntoAnswer<T> for Answer<T> {
    fn into_answer(self) -> Result<Answer<T>, String> {
        Ok(self)
    }
}

impl<T, E: Display> IntoAnswer<T> for Result<Answer<T>, E> {
    fn into_answer(self) -> Result<Answer<T>, String> {
        self.map_err(|error| error.to_string())
    }
}
