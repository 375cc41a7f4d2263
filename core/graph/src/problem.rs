//! What can go wrong with an operation, as the client sees it.

use apollo_compiler::parser::SourceMap;
use apollo_compiler::response::GraphQLError;
use guildhall_store::StoreError;
use guildhall_workflow::WorkflowError;
use serde_json::{Value, json};

/// Stable codes in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The document is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema.
    ValidationFailed,
    /// The document or the page asked for is larger than the server takes.
    LimitExceeded,
    /// An argument or variable is no value of its type.
    BadUserInput,
    /// Money of several currencies was to be added up.
    MixedCurrencies,
    /// No strategy is active, so no plugin decides.
    NoActiveStrategy,
    /// A plugin could not answer and the decision point's fallback did.
    DecisionFailed,
    /// What was to be changed does not exist.
    NotFound,
    /// The act is not allowed or not possible now; the message has the reasons.
    Refused,
    /// The HTTP request is no GraphQL request.
    BadRequest,
    /// No token that holds came with the request.
    Unauthenticated,
    /// The actor has spent what may be spent in a time.
    RateLimited,
    /// It did not work this time, because something took too long; the same request may work later.
    Busy,
    /// Our fault. The log has the details.
    Internal,
}

impl Code {
    pub const ALL: [Code; 14] = [
        Code::ParseFailed,
        Code::ValidationFailed,
        Code::LimitExceeded,
        Code::BadUserInput,
        Code::MixedCurrencies,
        Code::NoActiveStrategy,
        Code::DecisionFailed,
        Code::NotFound,
        Code::Refused,
        Code::BadRequest,
        Code::Unauthenticated,
        Code::RateLimited,
        Code::Busy,
        Code::Internal,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Code::ParseFailed => "PARSE_FAILED",
            Code::ValidationFailed => "VALIDATION_FAILED",
            Code::LimitExceeded => "LIMIT_EXCEEDED",
            Code::BadUserInput => "BAD_USER_INPUT",
            Code::MixedCurrencies => "MIXED_CURRENCIES",
            Code::NoActiveStrategy => "NO_ACTIVE_STRATEGY",
            Code::DecisionFailed => "DECISION_FAILED",
            Code::NotFound => "NOT_FOUND",
            Code::Refused => "REFUSED",
            Code::BadRequest => "BAD_REQUEST",
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::RateLimited => "RATE_LIMITED",
            Code::Busy => "BUSY",
            Code::Internal => "INTERNAL",
        }
    }
}

/// An entry of the response's `errors`.
#[derive(Clone, Debug)]
pub struct Problem {
    pub message: String,
    pub code: Code,
    /// Line and column in the document, from 1.
    locations: Vec<(usize, usize)>,
    /// Where in `data`; empty if the whole operation is concerned.
    path: Vec<Value>,
    /// Which limit was exceeded, if it has a name.
    limit: Option<&'static str>,
    /// More for machines, beside the code.
    details: Option<Box<(&'static str, Value)>>,
}

impl Problem {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Problem { message: message.into(), code, locations: Vec::new(), path: Vec::new(), limit: None, details: None }
    }

    /// More than `limit` allows was asked for.
    pub(crate) fn limit(limit: &'static str, message: impl Into<String>) -> Self {
        Problem { limit: Some(limit), ..Problem::new(Code::LimitExceeded, message) }
    }

    pub(crate) fn named(mut self, limit: &'static str) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Which limit was exceeded, if one was.
    pub(crate) fn exceeded(&self) -> Option<&'static str> {
        match self.code {
            Code::LimitExceeded => Some(self.limit.unwrap_or("budget")),
            Code::RateLimited => Some("rate"),
            _ => None,
        }
    }

    pub(crate) fn at(mut self, path: Vec<Value>) -> Self {
        self.path = path;
        self
    }

    pub(crate) fn located(self, location: Option<apollo_compiler::parser::SourceSpan>, sources: &SourceMap) -> Self {
        let place = location.and_then(|span| span.line_column(sources));
        self.placed(place.map(|place| (place.line, place.column)))
    }

    /// At a line and column of the document, if they are known.
    pub(crate) fn placed(mut self, place: Option<(usize, usize)>) -> Self {
        self.locations = place.into_iter().collect();
        self
    }

    pub(crate) fn with(mut self, key: &'static str, value: Value) -> Self {
        self.details = Some(Box::new((key, value)));
        self
    }

    /// What the front's parser and validator say. Their messages quote the document, so they are cut.
    pub(crate) fn from_front(code: Code, error: &GraphQLError) -> Self {
        let mut problem = Problem::new(code, error.message.chars().take(MESSAGE_LIMIT).collect::<String>());
        problem.locations = error.locations.iter().take(4).map(|place| (place.line, place.column)).collect();
        problem
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut extensions = json!({ "code": self.code.name() });
        if let (Some(details), Some(map)) = (&self.details, extensions.as_object_mut()) {
            let (key, value) = details.as_ref();
            map.insert((*key).to_owned(), value.clone());
        }
        let mut error = json!({ "message": self.message });
        if let Some(map) = error.as_object_mut() {
            if !self.locations.is_empty() {
                let places = self.locations.iter().map(|(line, column)| json!({ "line": line, "column": column }));
                map.insert("locations".to_owned(), places.collect());
            }
            if !self.path.is_empty() {
                map.insert("path".to_owned(), Value::from(self.path.clone()));
            }
            map.insert("extensions".to_owned(), extensions);
        }
        error
    }
}

const MESSAGE_LIMIT: usize = 500;

impl From<WorkflowError> for Problem {
    fn from(error: WorkflowError) -> Self {
        match error {
            WorkflowError::NotFound(message) => Problem::new(Code::NotFound, message),
            WorkflowError::BadInput(_) | WorkflowError::Invalid(_) => {
                Problem::new(Code::BadUserInput, error.to_string())
            }
            WorkflowError::Refused(reasons) => {
                Problem::new(Code::Refused, reasons.join("; ")).with("reasons", Value::from(reasons))
            }
            WorkflowError::KeyReused(reason) | WorkflowError::Stale(reason) => {
                Problem::new(Code::Refused, reason.clone()).with("reasons", Value::from(vec![reason]))
            }
            WorkflowError::NoActiveStrategy => Problem::new(Code::NoActiveStrategy, error.to_string()),
            WorkflowError::Busy(message) => Problem::new(Code::Busy, message),
            WorkflowError::Store(StoreError::TooLarge) => Problem::limit("answer", error.to_string()),
            WorkflowError::Store(_) | WorkflowError::Internal(_) => Problem::internal(&error),
        }
    }
}

impl Problem {
    /// A failure of ours: the log has the details, the client an assurance that it is not theirs.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = %error, "an operation failed");
        Problem::new(Code::Internal, "the server could not answer; it is not your fault and has been logged")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error == StoreError::SumTooLarge {
            return Problem::limit("sum", error.to_string());
        }
        WorkflowError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every code there is stands in `docs/errors.md`, in the table and with an example, and no other does.
    #[test]
    fn every_code_is_documented() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
        let text = std::fs::read_to_string(path).unwrap();
        let codes = text.split_once("\n## Codes\n").unwrap().1;
        let begins = |mark: &'static str, end: &'static str| -> BTreeSet<&str> {
            let lines = codes.lines().filter_map(move |line| line.strip_prefix(mark)?.split_once(end));
            lines.map(|(code, _)| code).collect()
        };
        let expected: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(expected.len(), Code::ALL.len());
        assert_eq!(begins("| `", "` |"), expected);
        assert_eq!(begins("**", "**"), expected);
    }
}
