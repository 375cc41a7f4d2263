//! How a decision is made, without asking anyone: no I/O, no clock, no database, no plugin runs here.
//!
//! **Layers resolve parameters, plugins propose under them, combining merges plugins, ground rules bound.**
//! A [`DecisionPoint`] is the typed question, a [`Strategy`] the document above all departments. [`resolve`] finds the
//! parameters of a question, the core asks the plugins, and [`decide`] makes one [`Verdict`] of their [`Proposal`]s. A
//! [`LedgerEntry`] records it in a chain. Conditions are CEL in a typed subset ([`Condition`]).

mod condition;
mod datum;
mod exact;
mod ledger;
mod parameters;
mod point;
mod roles;
mod shadow;
mod strategy;
mod verdict;

pub use condition::{Bindings, Condition, ConditionError, MAX_CONDITION_LENGTH, Scope};
pub use datum::{DataType, Datum, EnumDefinition, EnumValue};
pub use ledger::{
    Asked, ChainCheck, ChainError, Content, Inputs, LedgerEntry, Link, PluginVersion, StrategyVersion, SubjectInputs,
    Versions, canonical_json, new_salt_from,
};
pub use parameters::{Layer, Parameters, Resolved, department_defaults, resolve};
pub use point::{
    Change, CombineRule, DIRECTIVES_SDL, DecisionPoint, FailPolicy, InputField, Mode, OutputField, PointError,
    RequestError, changes, decision_points, next_version, point_sdl, read_points,
};
pub use roles::read_roles;
pub use shadow::{Seen, ShadowReport, Tally};
pub use strategy::{
    Agreement, Assignment, CustomerKey, Effect, Goal, GroundRule, MAX_DOCUMENT_BYTES, Problem, Problems, Segment, Side,
    Strategy, Treatment,
};
pub use verdict::{
    Bound, Failure, Proposal, ProposalFailure, ProposedOutput, Question, Subject, Verdict, decide, decide_unexplained,
};
