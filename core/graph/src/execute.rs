//! Executing an operation: one statement, one guest call per plugin, and the response's bytes.

mod places;
mod render;

use std::collections::HashMap;
use std::sync::Arc;

use apollo_compiler::response::JsonMap;
use chrono::{DateTime, Utc};
use guildhall_decision::DecisionPoint;
use guildhall_store::Database;
use guildhall_workflow::decide::{Compare, Decided, DecisionError, Facts, facts_in};
use guildhall_workflow::{ActValue, Deployment};
use serde_json::Value;

use crate::plan::{Plan, Slot, bind};
use crate::problem::{Code, Problem};
use places::{Place, Scanner, places};
use render::render;

/// Most problems of one response. The rest is the same failure again.
const PROBLEM_LIMIT: usize = 100;

/// What executing needs of its surroundings.
pub(crate) struct Execution<'a> {
    pub database: &'a Database,
    pub deployment: &'a Arc<Deployment>,
    pub variables: &'a JsonMap,
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
        acts: &[(&'static str, ActValue)],
        prefix: &[Value],
    ) -> Result<Answer, Problem> {
        let record = |name: &str| {
            acts.iter().find_map(|(field, value)| match value {
                ActValue::Record(id) if *field == name => Some(*id),
                _ => None,
            })
        };
        let variables = bind(&plan.variables, self.variables, &record)?;
        let read = plan.statement.run(self.database, &variables).await?;
        if plan.slots.is_empty() {
            return Ok(Answer { data: read.response, problems: Vec::new() });
        }
        let facts = match &read.facts {
            Some(text) => facts_in(text).map_err(|error| Problem::internal(&error))?,
            None => Vec::new(),
        };
        let decided = self.decide(plan, &facts).await?;
        self.splice(plan, &read.response, &decided, acts, prefix)
    }

    /// One verdict for each record and decision field, however often the response shows it.
    async fn decide(&self, plan: &Plan, facts: &[Facts<'_>]) -> Result<Verdicts, Problem> {
        let mut decided = Verdicts::default();
        for (index, slot) in plan.slots.iter().enumerate() {
            let Slot::Decision { point, request, .. } = slot else { continue };
            let mut subjects: Vec<&Facts<'_>> = Vec::new();
            for fact in facts.iter().filter(|fact| fact.slot == index) {
                decided.known.entry((index, fact.id.clone())).or_insert_with(|| {
                    subjects.push(fact);
                    subjects.len() - 1
                });
            }
            let request = request.as_ref().and_then(|request| request.resolve(self.variables)).unwrap_or(Value::Null);
            let verdicts = self.deployment.decide(point, &subjects, &request, self.now, Compare::StrategyOnly).await;
            decided.slots.insert(index, verdicts);
        }
        Ok(decided)
    }

    fn splice(
        &self,
        plan: &Plan,
        response: &str,
        decided: &Verdicts,
        acts: &[(&'static str, ActValue)],
        prefix: &[Value],
    ) -> Result<Answer, Problem> {
        let mut data = String::with_capacity(response.len() * 2);
        let mut problems = Vec::new();
        let mut scanner = Scanner::new(response);
        let mut written = 0;
        for place in places(response) {
            let Place { slot, id, start, end } = place.map_err(|error| Problem::internal(&error))?;
            data.push_str(response.get(written..start).unwrap_or_default());
            written = end;
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
                Some(Slot::Decision { point, picks, .. }) => match decided.verdict(slot, id) {
                    Some(Ok(decided)) => {
                        let failures = &decided.verdict.failures;
                        if problems.len() < PROBLEM_LIMIT && !failures.is_empty() {
                            let path = path();
                            problems.extend(failures.iter().map(|failure| failed(point, failure).at(path.clone())));
                        }
                        render(&mut data, picks, decided);
                    }
                    Some(Err(error)) => {
                        if problems.len() < PROBLEM_LIMIT {
                            problems.push(undecided(error).at(path()));
                        }
                        data.push_str("null");
                    }
                    None => return Err(Problem::new(Code::Internal, "a decision's facts were not read")),
                },
                None => return Err(Problem::new(Code::Internal, "the response has a place nobody planned")),
            }
        }
        data.push_str(response.get(written..).unwrap_or_default());
        Ok(Answer { data, problems })
    }
}

/// The verdicts of an operation.
#[derive(Default)]
struct Verdicts {
    /// Where the verdict about a record stands among its slot's.
    known: HashMap<(usize, String), usize>,
    slots: HashMap<usize, Result<Vec<Decided>, DecisionError>>,
}

impl Verdicts {
    fn verdict(&self, slot: usize, id: Option<&str>) -> Option<Result<&Decided, &DecisionError>> {
        match self.slots.get(&slot)? {
            Err(error) => Some(Err(error)),
            Ok(verdicts) => {
                let index = self.known.get(&(slot, id?.to_owned()))?;
                verdicts.get(*index).map(Ok)
            }
        }
    }
}

fn failed(point: &DecisionPoint, failure: &guildhall_decision::Failure) -> Problem {
    let message = format!("plugin `{}` could not answer {}: {}", failure.plugin, point.name, failure.message);
    Problem::new(Code::DecisionFailed, message).with("failure", Value::from(failure.code.clone()))
}

fn undecided(error: &DecisionError) -> Problem {
    match error {
        DecisionError::NoActiveStrategy => Problem::new(Code::NoActiveStrategy, error.to_string()),
        DecisionError::Request(_) => Problem::new(Code::BadUserInput, error.to_string()),
        DecisionError::Internal(_) => Problem::internal(error),
    }
}
