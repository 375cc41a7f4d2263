//! Executing an operation: one statement, one guest call per plugin, and the response's bytes.

mod conflicts;
mod places;
mod render;

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::response::JsonMap;
use chrono::{DateTime, Utc};
use guildhall_decision::DecisionPoint;
use guildhall_model::plan::Entry;
use guildhall_store::{RESPONSE_LIMIT, StoreError};
use guildhall_workflow::decide::{Decided, DecisionError, Detail, Facts};
use guildhall_workflow::{ActValue, Actor, Deployment, House};
use serde_json::Value;

use crate::plan::{Bound, Pick, Plan, Slot};
use crate::problem::{Code, Problem};
use crate::schema::TraceField;
use places::{Place, Scanner, places};
use render::render;

/// Most problems of one response. The rest is the same failure again.
const PROBLEM_LIMIT: usize = 100;

/// What executing needs of its surroundings.
pub(crate) struct Execution<'a> {
    pub house: &'a Arc<House>,
    pub deployment: &'a Arc<Deployment>,
    pub variables: &'a JsonMap,
    pub actor: &'a Actor,
    /// The time decisions are made for.
    pub now: DateTime<Utc>,
}

/// What came of a plan: a JSON object as text, and problems beside it.
pub(crate) struct Answer {
    pub data: String,
    pub problems: Vec<Problem>,
}

impl Execution<'_> {
    /// Runs a plan. `acts` is what a mutation's act gave; a query has none.
    pub(crate) async fn run(
        &self,
        plan: &Plan,
        acts: &[(String, ActValue)],
        prefix: &[Value],
    ) -> Result<Answer, Problem> {
        let record = |name: &str| {
            acts.iter().find_map(|(field, value)| match value {
                ActValue::Record(id) if *field == name => Some(*id),
                _ => None,
            })
        };
        let from = Bound { variables: self.variables, actor: self.actor, now: self.now, acts: &record };
        let variables = plan.bind(&from)?;
        let read = plan.statement.run(&self.house.database, &variables).await?;
        if plan.slots.is_empty() {
            return Ok(Answer { data: read.response, problems: Vec::new() });
        }
        let facts = match &read.facts {
            Some(text) => self.deployment.facts_in(text).map_err(|error| Problem::internal(&error))?,
            None => Vec::new(),
        };
        let decided = self.decide(plan, &facts).await?;
        let counted = self.conflicts(plan).await;
        self.splice(plan, &read.response, &Filling { decided, counted, acts }, prefix)
    }

    /// One verdict for each record and question, however often the response shows it: decision fields that ask the same
    /// share their verdicts, so each plugin is called once for all of them.
    async fn decide(&self, plan: &Plan, facts: &[Facts<'_>]) -> Result<Verdicts, Problem> {
        let mut groups: Vec<Group<'_, '_>> = Vec::new();
        let mut verdicts = Verdicts { group: vec![None; plan.slots.len()], known: HashMap::new(), groups: Vec::new() };
        for (slot, group) in plan.slots.iter().zip(&mut verdicts.group) {
            let Slot::Decision { point, request, picks, .. } = slot else { continue };
            let request = request.as_ref().and_then(|request| request.resolve(self.variables)).unwrap_or(Value::Null);
            let same = groups.iter().position(|group| group.point.name == point.name && group.request == request);
            let index = same.unwrap_or_else(|| {
                groups.push(Group { point, request, detail: Detail::Answer, subjects: Vec::new() });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(index) {
                group.detail = group.detail.max(detail(picks));
            }
            *group = Some(index);
        }
        for fact in facts {
            let Some(index) = verdicts.group.get(fact.slot).copied().flatten() else { continue };
            let Some(group) = groups.get_mut(index) else { continue };
            verdicts.known.entry((index, fact.id.clone())).or_insert_with(|| {
                group.subjects.push(fact);
                group.subjects.len() - 1
            });
        }
        // One for all of them: what an operation's plugins may spend does not grow with its fields.
        let budget = self.deployment.budget(groups.iter().map(|group| group.point.name.as_str()));
        for group in groups {
            let Group { point, request, detail, subjects } = group;
            let decided = self.deployment.decide(point, &subjects, &request, self.now, detail, Some(&budget)).await;
            verdicts.groups.push(decided);
        }
        Ok(verdicts)
    }

    fn splice(&self, plan: &Plan, response: &str, filling: &Filling<'_>, prefix: &[Value]) -> Result<Answer, Problem> {
        let Filling { decided, counted, acts } = filling;
        let mut data = String::with_capacity((response.len() * 2).min(RESPONSE_LIMIT));
        let mut problems = Vec::new();
        let mut untold = 0;
        let mut scanner = Scanner::new(response);
        let mut written = 0;
        for place in places(response) {
            let Place { slot, id, start, end } = place.map_err(|error| Problem::internal(&error))?;
            data.push_str(response.get(written..start).unwrap_or_default());
            written = end;
            fits(data.len())?;
            let mut path = || {
                let mut path = prefix.to_vec();
                path.extend(scanner.path(start));
                path
            };
            match plan.slots.get(slot) {
                Some(Slot::Text(text)) => data.push_str(text),
                Some(Slot::Act(field)) => {
                    let value = acts.iter().find(|(name, _)| name == field).map(|(_, value)| value.json());
                    data.push_str(&value.unwrap_or(Value::Null).to_string());
                }
                Some(Slot::Conflicts { .. }) => match counted.get(&slot) {
                    Some(Ok(value)) => data.push_str(&value.to_string()),
                    Some(Err(problem)) => {
                        problems.push(problem.clone().at(path()));
                        data.push_str("null");
                    }
                    None => return Err(Problem::new(Code::Internal, "conflicts were not counted")),
                },
                Some(Slot::MixedCurrencies) => {
                    if problems.len() < PROBLEM_LIMIT {
                        problems.push(mixed_currencies().at(path()));
                    }
                    data.push_str("null");
                }
                Some(Slot::Decision { point, picks, .. }) => match decided.verdict(slot, id) {
                    Some(Ok(decided)) => {
                        let failures = &decided.verdict.failures;
                        if problems.len() >= PROBLEM_LIMIT {
                            untold += failures.len();
                        } else if !failures.is_empty() {
                            let path = path();
                            problems.extend(failures.iter().map(|failure| failed(point, failure).at(path.clone())));
                        }
                        render(&mut data, picks, decided);
                    }
                    Some(Err(error)) => {
                        if problems.len() < PROBLEM_LIMIT {
                            problems.push(undecided(error).at(path()));
                        } else {
                            untold += 1;
                        }
                        data.push_str("null");
                    }
                    None => return Err(Problem::new(Code::Internal, "a decision's facts were not read")),
                },
                None => return Err(Problem::new(Code::Internal, "the response has a place nobody planned")),
            }
        }
        data.push_str(response.get(written..).unwrap_or_default());
        fits(data.len())?;
        if untold > 0 {
            let message = format!("{untold} more decisions could not be made as asked; `fallback` says which");
            problems.push(Problem::new(Code::DecisionFailed, message));
        }
        Ok(Answer { data, problems })
    }
}

/// What fills the marked places of a response.
struct Filling<'a> {
    decided: Verdicts,
    /// By slot.
    counted: HashMap<usize, Result<Value, Problem>>,
    acts: &'a [(String, ActValue)],
}

/// Whether an answer of so many bytes may be given.
pub(crate) fn fits(bytes: usize) -> Result<(), Problem> {
    if bytes <= RESPONSE_LIMIT { Ok(()) } else { Err(StoreError::TooLarge.into()) }
}

/// Decision fields that ask the same question.
struct Group<'p, 'f> {
    point: &'p DecisionPoint,
    request: Value,
    /// What the most curious of them shows.
    detail: Detail,
    subjects: Vec<&'f Facts<'f>>,
}

fn detail(picks: &[Entry<Pick>]) -> Detail {
    let told = |pick: &Entry<Pick>| {
        matches!(pick.value, Pick::Trace(TraceField::Explanation | TraceField::CustomerExplanation, _))
    };
    let explained = picks.iter().any(told);
    if explained { Detail::Explained } else { Detail::Answer }
}

/// The verdicts of an operation.
struct Verdicts {
    /// The group each slot belongs to.
    group: Vec<Option<usize>>,
    /// Where the verdict about a record stands in its group.
    known: HashMap<(usize, String), usize>,
    groups: Vec<Result<Vec<Decided>, DecisionError>>,
}

impl Verdicts {
    fn verdict(&self, slot: usize, id: Option<&str>) -> Option<Result<&Decided, &DecisionError>> {
        let group = self.group.get(slot).copied().flatten()?;
        match self.groups.get(group)? {
            Err(error) => Some(Err(error)),
            Ok(verdicts) => {
                let index = self.known.get(&(group, id?.to_owned()))?;
                verdicts.get(*index).map(Ok)
            }
        }
    }
}

fn failed(point: &DecisionPoint, failure: &guildhall_decision::Failure) -> Problem {
    let message = format!("plugin `{}` could not answer {}: {}", failure.plugin, point.name, failure.message);
    Problem::new(Code::DecisionFailed, message).with("failure", Value::from(failure.code.clone()))
}

fn mixed_currencies() -> Problem {
    Problem::new(Code::MixedCurrencies, "the records are in several currencies; group by CURRENCY to add up each")
}

fn undecided(error: &DecisionError) -> Problem {
    match error {
        DecisionError::NoActiveStrategy => Problem::new(Code::NoActiveStrategy, error.to_string()),
        DecisionError::Request(_) => Problem::new(Code::BadUserInput, error.to_string()),
        DecisionError::Internal(_) => Problem::internal(error),
    }
}
