//! Decision points: the typed questions the core asks, read from GraphQL SDL.

mod change;
mod combine;
mod print;
mod request;
mod sdl;

use std::sync::Arc;

pub use change::{Change, changes, next_version};
pub use combine::CombineRule;
pub use request::RequestError;
pub use sdl::{PointError, read_points};

use crate::{DataType, Datum, EnumDefinition};

/// The directives and scalars that decision SDL uses.
pub const DIRECTIVES_SDL: &str = include_str!("../../../schema/decisions/directives.graphql");

const CREDIT_TERMS: &str = include_str!("../../../schema/decisions/credit_terms.graphql");
const CREDIT_CHECK: &str = include_str!("../../../schema/decisions/credit_check.graphql");

/// A typed question about a subject, and how its answers are combined.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionPoint {
    /// `credit.terms`.
    pub name: String,
    /// The GraphQL field on the subject, `creditTerms`.
    pub field: String,
    /// The GraphQL type of the answer, `CreditTerms`.
    pub output_type: String,
    pub description: String,
    /// The type the decision is about, `Customer`.
    pub subject: String,
    pub mode: Mode,
    pub fail: FailPolicy,
    /// What the caller asks, `CreditCheckRequest`; empty if there is nothing to ask.
    pub request: Vec<InputField>,
    /// What the strategy sets, `CreditTermsParameters`.
    pub parameters: Vec<InputField>,
    pub outputs: Vec<OutputField>,
    /// The enums the fields use.
    pub enums: Vec<Arc<EnumDefinition>>,
}

/// A field of a request or of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct InputField {
    pub name: String,
    pub data_type: DataType,
    /// Whether it is never null. A request without it is refused unless there is a default.
    pub required: bool,
    /// For parameters: what the department does by itself.
    pub default: Option<Datum>,
    pub description: String,
}

/// A field of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputField {
    pub name: String,
    pub data_type: DataType,
    pub nullable: bool,
    pub combine: CombineRule,
    /// What answers when no plugin can. Only a nullable field may be without.
    pub default: Option<Datum>,
    pub description: String,
}

/// Whether answers about several subjects depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One subject, one answer.
    Independent,
    /// One answer about many subjects.
    Set,
}

/// What answers when a plugin cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailPolicy {
    /// The point's defaults, which refuse.
    Deny,
    /// The point's defaults.
    Default,
    /// The other plugins; the point's defaults if there is none.
    Skip,
}

impl DecisionPoint {
    pub fn output(&self, name: &str) -> Option<&OutputField> {
        self.outputs.iter().find(|field| field.name == name)
    }

    /// The fields that cannot be combined: only one plugin can answer at a point that has one.
    pub fn uncombined(&self) -> impl Iterator<Item = &OutputField> {
        self.outputs.iter().filter(|field| field.combine == CombineRule::Only)
    }

    pub fn parameter(&self, name: &str) -> Option<&InputField> {
        self.parameters.iter().find(|field| field.name == name)
    }

    /// The GraphQL type of the request, `CreditCheckRequest`; nothing if there is nothing to ask.
    pub fn request_type(&self) -> Option<String> {
        (!self.request.is_empty()).then(|| format!("{}Request", self.output_type))
    }

    /// The GraphQL type of the parameters, `CreditTermsParameters`; nothing if the strategy sets nothing.
    pub fn parameters_type(&self) -> Option<String> {
        (!self.parameters.is_empty()).then(|| format!("{}Parameters", self.output_type))
    }
}

/// The decision points Guildhall comes with.
pub fn decision_points() -> Result<Vec<DecisionPoint>, PointError> {
    let mut points = Vec::new();
    for sdl in point_sdl() {
        points.extend(read_points(sdl)?);
    }
    Ok(points)
}

/// The SDL of the decision points Guildhall comes with, one text per file.
pub fn point_sdl() -> [&'static str; 2] {
    [CREDIT_TERMS, CREDIT_CHECK]
}

#[cfg(test)]
mod tests;
