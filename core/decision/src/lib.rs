//! How a decision is made, without asking anyone: no I/O, no clock, no database, no plugin runs here.
//!
//! **Layers resolve parameters, plugins propose under them, combining merges plugins, ground rules bound.**
//! A [`DecisionPoint`] is the typed question, a [`Strategy`] the document above all departments. [`resolve`] finds the
//! parameters of a question, the core asks the plugins, and [`decide`] makes one [`Verdict`] of their [`Proposal`]s. A
//! [`LedgerEntry`] records it in a chain. Conditions are CEL in a typed subset ([`Condition`]).

mod comparison;
mod condition;
mod conflicts;
mod datum;
mod exact;
mod fields;
mod ledger;
mod parameters;
mod point;
mod roles;
mod shadow;
mod simulation;
mod strategy;
mod verdict;
mod words;

pub use comparison::{Comparison, Example, FailuresSeen, FieldChange, PointComparison, Seen, Tally};
pub use condition::{
    Bindings, Condition, ConditionError, Formula, FormulaError, FormulaNames, FormulaValues, MAX_CONDITION_LENGTH,
    Scope,
};
pub use conflicts::{ConflictExample, ConflictReport, Disputed, FieldConflicts, OverridesSeen, PointConflicts};
pub use datum::{DataType, Datum, EnumDefinition, EnumValue};
pub use fields::read_fields;
pub use ledger::{
    Asked, ChainCheck, ChainError, Content, Inputs, LedgerEntry, Link, PluginVersion, StrategyVersion, SubjectInputs,
    Versions, canonical_json, new_salt_from,
};
pub use parameters::{Layer, Parameters, Resolved, department_defaults, resolve};
pub use point::{
    Change, Claim, ClaimError, CombineRule, Contribution, DIRECTIVES_SDL, DecisionPoint, FOLLOWUP_POINT, FailPolicy,
    InputField, Members, Mode, OutputField, PointError, Ration, RequestError, Score, Settle, Taken, Worth, WorthAs,
    WorthError, Worths, changes, decision_points, exclusive_claims, join_points, next_version, point_sdl, read_points,
};
pub use roles::read_roles;
pub use shadow::ShadowReport;
pub use simulation::{
    CustomersSeen, FieldMoney, OneSided, PledgeSeen, SegmentMove, Side as SideOfMoney, Sides, SimulatedAnswer,
    SimulatedCustomer, Simulation, SimulationReport, YearOf,
};
pub use strategy::{
    ActivationRules, Agreement, Aim, Arbitration, Assignment, Authority, Circumstances, ContactCap, ContactPolicy,
    CustomerKey, DELEGATED_ACTS, Direction, Effect, Field, Finding, Goal, GoalError, GroundRule, Guard, Holdout,
    Incentive, Information, Limit, MAX_DOCUMENT_BYTES, Money, MoneyError, Objective, Place, Pledge, Problem, Problems,
    Projection, QuietHours, Segment, Serving, Severity, Side, Strategy, Treatment, ValueProposition, difference, lot,
};
pub use verdict::{
    Approval, Bound, Failure, Member, MemberVerdict, Proposal, ProposalFailure, ProposedOutput, Question, SetError,
    SetQuestion, SetVerdict, Subject, Verdict, decide, decide_set, decide_unexplained, resolve_set,
};
pub use words::{is_plain, shown};
