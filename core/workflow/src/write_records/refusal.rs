//! Why an order was not carried out.

use guildhall_model::{Model, ObjectType};
use guildhall_store::StoreError;
use serde_json::{Value as Json, json};

use super::{Order, Verb, Written};
use crate::{Actor, House, WorkflowError};

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
}

impl InvalidCode {
    pub const ALL: [InvalidCode; 5] = [
        InvalidCode::Required,
        InvalidCode::Malformed,
        InvalidCode::RuleBroken,
        InvalidCode::OutOfOrder,
        InvalidCode::UnknownRecord,
    ];

    pub fn name(self) -> &'static str {
        match self {
            InvalidCode::Required => "REQUIRED",
            InvalidCode::Malformed => "MALFORMED",
            InvalidCode::RuleBroken => "RULE_BROKEN",
            InvalidCode::OutOfOrder => "OUT_OF_ORDER",
            InvalidCode::UnknownRecord => "UNKNOWN_RECORD",
        }
    }

    /// What it means, in one sentence.
    pub fn doc(self) -> &'static str {
        match self {
            InvalidCode::Required => "There is no value where one is needed.",
            InvalidCode::Malformed => "The value is none of the field's kind, or beyond what it can hold.",
            InvalidCode::RuleBroken => "The value breaks a rule of the field.",
            InvalidCode::OutOfOrder => "A day or time stands before one that it must follow.",
            InvalidCode::UnknownRecord => "The id names no record you see.",
        }
    }
}

impl InvalidValue {
    pub(super) fn new(path: Vec<Json>, code: InvalidCode, message: impl Into<String>) -> Self {
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

/// Why an order is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub code: ReasonCode,
    pub message: String,
    /// The record it is about, by its place among the order's changes.
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
    NotAllowed,
}

impl ReasonCode {
    pub const ALL: [ReasonCode; 10] = [
        ReasonCode::NotFound,
        ReasonCode::StaleVersion,
        ReasonCode::ImpossibleTransition,
        ReasonCode::Taken,
        ReasonCode::InUse,
        ReasonCode::Circle,
        ReasonCode::OutOfReach,
        ReasonCode::TooMany,
        ReasonCode::KeyReused,
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
            ReasonCode::NotAllowed => "It is not allowed, or not possible now.",
        }
    }
}

impl Reason {
    pub fn new(code: ReasonCode, message: impl Into<String>) -> Self {
        Reason { code, message: message.into(), place: None }
    }

    pub(super) fn of(self, place: usize) -> Self {
        Reason { place: Some(place), ..self }
    }

    /// `several`: whether the order was about several records, so that it matters which.
    pub fn json(&self, several: bool) -> Json {
        let item = self.place.filter(|_| several);
        json!({ "code": self.code.name(), "message": self.message, "item": item })
    }
}

/// What the database says by refusing, in words that tell nothing of the database.
pub(super) async fn of_store(
    house: &House,
    by: &Actor,
    order: &Order,
    error: StoreError,
) -> Result<Written, WorkflowError> {
    let object = &order.object;
    let one = name(object);
    let reason = match &error {
        StoreError::Taken(_) if order.verb == Verb::Restore => {
            Reason::new(ReasonCode::Taken, format!("another {one} has a value since then that only one may have"))
        }
        StoreError::Taken(_) => {
            let unique = unique_names(&house.model, object).join(", ");
            Reason::new(
                ReasonCode::Taken,
                format!("there is another {one} with the same value where only one may have it: {unique}"),
            )
        }
        StoreError::Reference(_) if order.verb == Verb::Delete => {
            let who = referring(house, by, order).await?;
            Reason::new(ReasonCode::InUse, format!("other records refer to it: {who}; delete or change them first"))
        }
        StoreError::Reference(_) => {
            Reason::new(ReasonCode::NotFound, "a record it refers to is not there any more; restore that one first")
        }
        StoreError::Refused(_) | StoreError::Value { .. } => {
            return Err(WorkflowError::BadInput(format!("a value of the {one} cannot be kept")));
        }
        _ => return Err(error.into()),
    };
    Ok(Written::Refused(vec![reason]))
}

/// The sets of values that only one record may have, by the API's names.
fn unique_names(model: &Model, object: &ObjectType) -> Vec<String> {
    let mut all = vec!["source and externalId".to_owned()];
    let references = object.references(model);
    all.extend(object.relations.iter().filter_map(|relation| {
        let guildhall_model::RelationKey::Here { column } = &relation.key else { return None };
        references.iter().any(|reference| reference.column == column && reference.unique).then(|| relation.name.clone())
    }));
    all.extend(guildhall_store::unique_fields(object));
    all
}

/// The types whose records refer to those of a refused deletion, as far as the actor may know of them.
async fn referring(house: &House, by: &Actor, order: &Order) -> Result<String, WorkflowError> {
    let ids: Vec<_> = order.changes.iter().filter_map(|change| change.id).collect();
    let found = guildhall_store::referring_types(&house.database, &house.model, &order.object, &ids).await?;
    let (known, hidden): (Vec<_>, Vec<_>) = found.into_iter().partition(|object| by.access.reads_type(&object.name));
    let mut names: Vec<_> = known.iter().map(|object| object.plural.clone()).collect();
    if !hidden.is_empty() || names.is_empty() {
        names.push("records you do not see".to_owned());
    }
    Ok(names.join(", "))
}

/// `OrderLine` -> `order line`.
pub(super) fn name(object: &ObjectType) -> String {
    object.table.replace('_', " ")
}
