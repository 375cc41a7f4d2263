//! Why an act was not done, though nothing failed.

use serde_json::{Value as Json, json};

/// The answer is no. Nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// These values cannot be taken.
    Invalid(Vec<InvalidValue>),
    /// Everything could be read; these are the reasons.
    Refused(Vec<Reason>),
}

/// A value that cannot be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct InvalidValue {
    /// Where it stands in the input.
    pub path: Vec<Json>,
    pub code: InvalidCode,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidCode {
    Required,
    Malformed,
    RuleBroken,
    OutOfOrder,
    UnknownRecord,
    OtherCustomer,
}

impl InvalidCode {
    pub const ALL: [InvalidCode; 6] = [
        InvalidCode::Required,
        InvalidCode::Malformed,
        InvalidCode::RuleBroken,
        InvalidCode::OutOfOrder,
        InvalidCode::UnknownRecord,
        InvalidCode::OtherCustomer,
    ];

    pub fn name(self) -> &'static str {
        match self {
            InvalidCode::Required => "REQUIRED",
            InvalidCode::Malformed => "MALFORMED",
            InvalidCode::RuleBroken => "RULE_BROKEN",
            InvalidCode::OutOfOrder => "OUT_OF_ORDER",
            InvalidCode::UnknownRecord => "UNKNOWN_RECORD",
            InvalidCode::OtherCustomer => "OTHER_CUSTOMER",
        }
    }

    /// What it means, in one sentence.
    pub fn doc(self) -> &'static str {
        match self {
            InvalidCode::Required => "There is no value where one is needed.",
            InvalidCode::Malformed => "The value is none of the field's kind, or beyond what it can hold.",
            InvalidCode::RuleBroken => "The value breaks a rule of the field.",
            InvalidCode::OutOfOrder => {
                "A day or time stands before one that it must follow, or an amount is less than one it must reach."
            }
            InvalidCode::UnknownRecord => "The id names no record you see.",
            InvalidCode::OtherCustomer => "The id names a record of another customer.",
        }
    }
}

impl InvalidValue {
    pub fn new(path: Vec<Json>, code: InvalidCode, message: impl Into<String>) -> Self {
        InvalidValue { path, code, message: message.into() }
    }

    pub fn json(&self) -> Json {
        json!({ "path": self.path.iter().map(step).collect::<Vec<_>>(), "code": self.code.name(), "message": self.message })
    }
}

/// A step of a path as a text, since a list has values of one type.
fn step(step: &Json) -> String {
    step.as_str().map_or_else(|| step.to_string(), str::to_owned)
}

/// Why an act is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub code: ReasonCode,
    pub message: String,
    /// The record it is about, by its place among the act's records.
    pub place: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonCode {
    NotFound,
    StaleVersion,
    ImpossibleTransition,
    Taken,
    InUse,
    Circle,
    OutOfReach,
    TooMany,
    KeyReused,
    NoActiveStrategy,
    NotAllowed,
}

impl ReasonCode {
    pub const ALL: [ReasonCode; 11] = [
        ReasonCode::NotFound,
        ReasonCode::StaleVersion,
        ReasonCode::ImpossibleTransition,
        ReasonCode::Taken,
        ReasonCode::InUse,
        ReasonCode::Circle,
        ReasonCode::OutOfReach,
        ReasonCode::TooMany,
        ReasonCode::KeyReused,
        ReasonCode::NoActiveStrategy,
        ReasonCode::NotAllowed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            ReasonCode::NotFound => "NOT_FOUND",
            ReasonCode::StaleVersion => "STALE_VERSION",
            ReasonCode::ImpossibleTransition => "IMPOSSIBLE_TRANSITION",
            ReasonCode::Taken => "TAKEN",
            ReasonCode::InUse => "IN_USE",
            ReasonCode::Circle => "CIRCLE",
            ReasonCode::OutOfReach => "OUT_OF_REACH",
            ReasonCode::TooMany => "TOO_MANY",
            ReasonCode::KeyReused => "KEY_REUSED",
            ReasonCode::NoActiveStrategy => "NO_ACTIVE_STRATEGY",
            ReasonCode::NotAllowed => "NOT_ALLOWED",
        }
    }

    /// What it means, in one sentence.
    pub fn doc(self) -> &'static str {
        match self {
            ReasonCode::NotFound => "There is no such record, or none that you see.",
            ReasonCode::StaleVersion => "Somebody changed the record since you read it; read it again.",
            ReasonCode::ImpossibleTransition => "The record's state does not lead to the one wanted.",
            ReasonCode::Taken => "There is another record with a value that only one may have.",
            ReasonCode::InUse => "Other records refer to it.",
            ReasonCode::Circle => "The record would stand above itself.",
            ReasonCode::OutOfReach => "You would not see the record afterwards.",
            ReasonCode::TooMany => "More is concerned than one act takes.",
            ReasonCode::KeyReused => "The idempotency key was used for another request.",
            ReasonCode::NoActiveStrategy => "No strategy is active, so nothing is decided.",
            ReasonCode::NotAllowed => "It is not allowed, or not possible now.",
        }
    }
}

impl Reason {
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Reason { code, message: message.into(), place: None }
    }

    pub(crate) fn of(self, place: usize) -> Self {
        Reason { place: Some(place), ..self }
    }

    /// `several`: whether the act was about several records, so that it matters which.
    pub fn json(&self, several: bool) -> Json {
        let item = self.place.filter(|_| several);
        json!({ "code": self.code.name(), "message": self.message, "item": item })
    }
}
