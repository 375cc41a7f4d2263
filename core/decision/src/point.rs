//! Decision points: the typed questions the core asks, read from GraphQL SDL.

mod change;
mod claim;
mod combine;
mod contribution;
mod print;
mod request;
mod sdl;
mod set;
mod worth;

use std::sync::Arc;

pub use change::{Change, changes, next_version};
pub use claim::{Claim, ClaimError, exclusive_claims};
pub use combine::CombineRule;
pub use contribution::{Contribution, Taken, join_points};
pub use request::RequestError;
pub use sdl::{PointError, read_points};
pub use set::{Members, Ration, Score, Settle};
pub use worth::{Worth, WorthAs, WorthError, Worths};

use crate::{DataType, Datum, EnumDefinition};

/// The directives and scalars that decision SDL uses.
pub const DIRECTIVES_SDL: &str = include_str!("../../../schema/decisions/directives.graphql");

/// The SDL of every point Guildhall comes with, those of finance first.
const POINT_SDL: [&str; 13] = [
    include_str!("../../../schema/decisions/credit_terms.graphql"),
    include_str!("../../../schema/decisions/credit_check.graphql"),
    include_str!("../../../schema/decisions/collections_next.graphql"),
    include_str!("../../../schema/decisions/fulfillment_priority.graphql"),
    include_str!("../../../schema/decisions/fulfillment_allocate.graphql"),
    include_str!("../../../schema/decisions/fulfillment_promise.graphql"),
    include_str!("../../../schema/decisions/marketing_eligibility.graphql"),
    include_str!("../../../schema/decisions/marketing_contact.graphql"),
    include_str!("../../../schema/decisions/nba_arbitrate.graphql"),
    include_str!("../../../schema/decisions/service_level.graphql"),
    include_str!("../../../schema/decisions/price_discount.graphql"),
    include_str!("../../../schema/decisions/segment_assign.graphql"),
    include_str!("../../../schema/decisions/followup_propose.graphql"),
];

/// The decision point that is asked when something happened: what is to be done about it.
pub const FOLLOWUP_POINT: &str = "followup.propose";

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
    /// The act that does as the answer says, `placeOrder`; nothing if the answer is advice.
    pub enforced_by: Option<String>,
    /// What the caller asks, `CreditCheckRequest`; empty if there is nothing to ask.
    pub request: Vec<InputField>,
    /// What the strategy sets, `CreditTermsParameters`.
    pub parameters: Vec<InputField>,
    /// Beside the answers about members, if there are any.
    pub outputs: Vec<OutputField>,
    /// For a set: its members and the answers about them.
    pub members: Option<Members>,
    /// The enums the fields use.
    pub enums: Vec<Arc<EnumDefinition>>,
    /// The plugin that brings the point; none if Guildhall comes with it.
    pub plugin: Option<String>,
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
    /// A value above this parameter needs the approval of somebody who has the authority.
    pub authority: Option<String>,
    /// What a value is worth in money.
    pub worth: Option<Worth>,
    /// The field that would have another value if what this one says were done. Where a ground rule sets that field, nobody
    /// knows what would, and this one has no value.
    pub lifts: Option<String>,
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
    /// A field of the answer, or of the answer about a member.
    pub fn output(&self, name: &str) -> Option<&OutputField> {
        self.bounded().iter().find(|field| field.name == name)
    }

    /// The fields that ground rules bound: of the answers about members, if there are any.
    pub fn bounded(&self) -> &[OutputField] {
        self.members.as_ref().map_or(&self.outputs, |members| &members.outputs)
    }

    /// What is asked, as conditions see it: with the fields of the member, if there are any.
    pub fn asked(&self) -> impl Iterator<Item = &InputField> {
        self.request.iter().chain(self.members.iter().flat_map(|members| &members.inputs))
    }

    /// Whether the core reads a parameter, whatever the plugins do.
    pub(crate) fn reads_itself(&self, parameter: &str) -> bool {
        let members = self.members.as_ref();
        let caps = members.and_then(|members| members.settle.as_ref()).is_some_and(|settle| match settle {
            Settle::Choose { cap, .. } => cap == parameter,
            Settle::Rank { .. } | Settle::Ration(_) => false,
        });
        caps || self.bounded().iter().any(|field| field.authority.as_deref() == Some(parameter))
    }

    /// Whether the point can be a field of its subject: one answer about one customer.
    pub fn is_field(&self) -> bool {
        self.mode == Mode::Independent && self.subject == "Customer"
    }

    /// The fields that cannot be combined, of the answer and of those about members: only one plugin can answer at a point
    /// that has one.
    pub fn uncombined(&self) -> impl Iterator<Item = &OutputField> {
        let about_members = self.members.iter().flat_map(|members| &members.outputs);
        self.outputs.iter().chain(about_members).filter(|field| field.combine == CombineRule::Only)
    }

    /// Whether one plugin at most may serve it.
    pub fn is_exclusive(&self) -> bool {
        self.uncombined().next().is_some()
    }

    pub fn parameter(&self, name: &str) -> Option<&InputField> {
        self.parameters.iter().find(|field| field.name == name)
    }

    /// The GraphQL type of the request, `CreditCheckRequest`; nothing if there is nothing to ask.
    pub fn request_type(&self) -> Option<String> {
        (!self.request.is_empty() || self.members.is_some()).then(|| format!("{}Request", self.output_type))
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
pub fn point_sdl() -> &'static [&'static str] {
    &POINT_SDL
}

#[cfg(test)]
mod tests;
