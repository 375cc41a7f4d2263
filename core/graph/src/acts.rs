//! Mutations by name: reads the input, calls the workflow, says what came of it.
//!
//! What is no verb on records is declared once, as an [`Act`] in the module of its subject: the schema has its input and its
//! result from there, the planner what it changes, and [`perform`] whom to call. An act gives values or a reason; that reasons
//! become `Invalid` and `Refused` is done here, for all of them alike.

mod decisions;
mod fields;
mod imports;
mod ledger;
mod orders;
mod payments;
mod plugins;
mod publishers;
mod records;
mod strategies;
mod tokens;

use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::{Ability, GlobalId};
use guildhall_store::StoreError;
use guildhall_workflow::{ActValue, Actor, Deployment, House, Refusal, WorkflowError};
use serde_json::{Value, json};

use crate::problem::{Code, Problem};
use crate::schema::RecordAct;

/// A mutation that is no verb on records.
pub(crate) struct Act {
    pub name: &'static str,
    pub doc: &'static str,
    pub ability: Ability,
    /// Whether another generation decides after it. It must be alone in its operation then.
    pub changes_what_decides: bool,
    pub input: &'static [Part],
    /// What it can come to. Its result is one of these, `Invalid` or `Refused`.
    pub done: &'static [Done],
    pub perform: Perform,
}

/// A type that says what an act did.
pub(crate) struct Done {
    pub name: &'static str,
    pub payload: &'static [Part],
}

/// A value of an input or a payload: its name, its type, whether it is required, and what it is.
type Part = (&'static str, &'static str, bool, &'static str);

/// Does an act with its input.
type Perform = for<'a> fn(&'a Call<'a>, Value) -> Pin<Box<dyn Future<Output = Result<Came, Stopped>> + Send + 'a>>;

/// To which of its [`Done`]s an act came, by its place, and what it gave.
pub(crate) type Came = (usize, Values);

/// What an act gave, by the names of its payload.
pub(crate) type Values = Vec<(String, ActValue)>;

/// The input every act has that is done once.
const KEY: Part = (
    "idempotencyKey",
    "String",
    true,
    "Chosen by the caller: the same key and input give the stored answer and are done once.",
);

/// What an act is done with.
pub(crate) struct Call<'a> {
    pub house: &'a Arc<House>,
    pub deployment: &'a Arc<Deployment>,
    pub actor: &'a Actor,
    pub now: DateTime<Utc>,
}

/// Why an act was not done.
pub(crate) enum Stopped {
    /// The answer is no: a member of its result.
    No(Refusal),
    /// It failed: an error.
    Failed(Problem),
}

/// What came of an act.
pub(crate) struct Outcome {
    /// The member of its result it came to.
    pub of: String,
    pub gave: Gave,
}

pub(crate) enum Gave {
    /// Values by payload field; records among them are read.
    Values(Values),
    /// All there is to say.
    Said(Value),
}

/// The acts there are.
pub(crate) fn declared() -> impl Iterator<Item = &'static Act> {
    let managed =
        plugins::ACTS.iter().chain(&publishers::ACTS).chain(&tokens::ACTS).chain(&fields::ACTS).chain(&imports::ACTS);
    let orders = orders::ACTS.iter().chain(&payments::ACTS);
    decisions::ACTS.iter().chain(&strategies::ACTS).chain(managed).chain(orders).chain(&ledger::ACTS)
}

/// The act of a mutation's name, unless that is a verb on records.
pub(crate) fn named(name: &str) -> Option<&'static Act> {
    declared().find(|act| act.name == name)
}

/// Does the act `name`. The input was validated against the schema; what the schema cannot say is checked here.
pub(crate) async fn perform(call: &Call<'_>, name: &str, input: Value) -> Result<Outcome, Problem> {
    let done = match (RecordAct::named(&call.house.model, name), named(name)) {
        (Some(act), _) => records::perform(call, name, &act, input).await,
        (None, Some(act)) => (act.perform)(call, input).await.map(|(place, values)| {
            let of = act.done.get(place).map(|done| done.name).unwrap_or_default();
            Outcome { of: of.to_owned(), gave: Gave::Values(values) }
        }),
        (None, None) => Err(Problem::new(Code::Internal, format!("mutation `{name}` cannot be done")).into()),
    };
    match done {
        Ok(outcome) => Ok(outcome),
        Err(Stopped::No(refusal)) => Ok(refused(&refusal, false)),
        Err(Stopped::Failed(problem)) => Err(problem),
    }
}

/// `several`: whether the act was about several records, so that it matters which.
fn refused(refusal: &Refusal, several: bool) -> Outcome {
    let (of, said) = match refusal {
        Refusal::Invalid(problems) => {
            ("Invalid", json!({ "problems": problems.iter().map(|problem| problem.json()).collect::<Vec<_>>() }))
        }
        Refusal::Refused(reasons) => {
            ("Refused", json!({ "reasons": reasons.iter().map(|reason| reason.json(several)).collect::<Vec<_>>() }))
        }
    };
    Outcome { of: of.to_owned(), gave: Gave::Said(said) }
}

/// The `perform` of an act: a function of the call and the input, read as what the function takes.
macro_rules! by {
    ($perform:path) => {
        |call, input| Box::pin(async move { $perform(call, crate::acts::read(input)?).await })
    };
}
use by;

/// Reads an input. The schema was to keep out what cannot be read.
fn read<T: serde::de::DeserializeOwned>(input: Value) -> Result<T, Problem> {
    serde_json::from_value(input).map_err(|error| Problem::new(Code::BadUserInput, format!("input: {error}")))
}

/// What an act gave that can come to one thing.
fn values<const N: usize>(values: [(&'static str, ActValue); N]) -> Result<Came, Stopped> {
    came(0, values)
}

/// What an act gave that came to the `place`th of its [`Done`]s.
fn came<const N: usize>(place: usize, values: [(&'static str, ActValue); N]) -> Result<Came, Stopped> {
    Ok((place, values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

/// The record of type `object` whose id stands at `field` of the input.
fn id_of(house: &House, object: &str, field: &str, text: &str) -> Result<uuid::Uuid, Stopped> {
    let object = house.model.object(object).ok_or_else(|| Problem::new(Code::Internal, "the model lacks a type"))?;
    let id = GlobalId::parse_as(text, object);
    Ok(id.map_err(|error| WorkflowError::invalid(field, format!("`{field}` cannot be taken: {error}")))?)
}

impl From<WorkflowError> for Stopped {
    fn from(error: WorkflowError) -> Self {
        match error.refusal() {
            Ok(refusal) => Stopped::No(refusal),
            Err(failure) => Stopped::Failed(failure.into()),
        }
    }
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Stopped::Failed(problem)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Stopped::Failed(error.into())
    }
}
