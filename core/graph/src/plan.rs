//! From a validated operation to a read plan.
//!
//! The walk is ours: it merges selections as the specification says, applies `@skip` and `@include`, and turns arguments
//! into filters, orders and pages. What it cannot know before the request runs becomes a variable of the plan.

mod arguments;
mod collect;
mod connection;
mod decision;
mod facts;
mod filter;
mod group;
mod input_query;
mod mutation;
mod object;
mod order;
mod reads;
mod root;
mod said;
mod shape;
mod subscription;
mod variables;
mod visible;

use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use guildhall_decision::DecisionPoint;
use guildhall_model::plan::{Entry, ReadPlan, Root, Visible};
use guildhall_model::{Access, Model, Value};
use guildhall_store::{Dialect, Statement};
use guildhall_workflow::Deployment;

pub(crate) use arguments::Argument;
pub(crate) use decision::{Pick, TracePick};
pub(crate) use input_query::{compile_input_query, validated};
pub(crate) use mutation::{Branch, MutationPlan, Payload, plan_mutation};
pub(crate) use said::Said;
pub(crate) use shape::Shape;
pub(crate) use subscription::{SubscriptionPlan, plan_subscription};
pub(crate) use variables::{Bound, Source, Variable};
pub(crate) use visible::{sees, sight};

use crate::front::Front;
use crate::problem::{Code, Problem};

/// Most records an operation may read, counted by page sizes.
const RECORD_LIMIT: usize = 20_000;
/// Most values an operation may write: records times the fields selected of them.
const VALUE_LIMIT: usize = 400_000;
/// Most conditions and compared values in all filters of an operation.
const CONDITION_LIMIT: usize = 1_000;
/// What a decision costs, in records.
const DECISION_COST: usize = 10;
/// Most `__schema` and `__type` fields of an operation: each may tell the whole schema.
const INTROSPECTION_LIMIT: usize = 10;

/// What planning needs of its surroundings.
pub(crate) struct Context<'a> {
    pub model: &'a Model,
    pub points: &'a [Arc<DecisionPoint>],
    pub front: &'a Front,
    pub document: &'a Valid<ExecutableDocument>,
    pub operation: &'a Operation,
    /// The request's variables, coerced. The plan may depend on those that [`Shape`] names, and on no other.
    pub variables: &'a Valid<JsonMap>,
    pub shape: &'a Shape,
    /// What the actor may do. Plans are shared by actors whose access opens the same rows.
    pub access: &'a Access,
}

/// A query, compiled: run it with the request's variables.
pub(crate) struct Plan {
    pub statement: Statement,
    pub variables: Vec<Variable>,
    pub slots: Vec<Slot>,
    /// What running it costs, in points.
    pub cost: u64,
}

impl Plan {
    /// The values of its variables for a request, once all that it asks is known to be right.
    pub(crate) fn bind(&self, from: &Bound<'_>) -> Result<Vec<Value>, Problem> {
        for slot in &self.slots {
            let Slot::Decision { point, request, place, .. } = slot else { continue };
            let asked = request.as_ref().and_then(|request| request.resolve(from.variables)).unwrap_or_default();
            point
                .read_request(&asked)
                .map_err(|error| Problem::new(Code::BadUserInput, error.to_string()).placed(*place))?;
        }
        variables::bind(&self.variables, from)
    }

    /// About how many bytes it holds on to.
    pub(crate) fn bytes(&self) -> usize {
        let text = |slot: &Slot| if let Slot::Text(text) = slot { text.len() } else { 0 };
        self.statement.text().len() + self.slots.iter().map(text).sum::<usize>()
    }
}

/// What fills a marked place of the response.
pub(crate) enum Slot {
    /// Text known when the plan was made: introspection.
    Text(String),
    /// A value the mutation's act gave, by its payload field.
    Act(String),
    /// Where departments disagree.
    Conflicts { since: Option<Argument>, until: Option<Argument>, decisions: Option<Argument>, said: said::Said },
    /// An amount of money of records in several currencies: null, and a problem.
    MixedCurrencies,
    /// A decision about the record at that place.
    Decision {
        point: Arc<DecisionPoint>,
        request: Option<Argument>,
        picks: Vec<Entry<Pick>>,
        /// Line and column of the field.
        place: Option<(usize, usize)>,
    },
}

/// A plan in the making.
pub(crate) struct Planner<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) variables: Vec<Variable>,
    pub(super) slots: Vec<Slot>,
    /// Which records the actor sees.
    visible: Visible,
    /// Records read so far, by page sizes.
    records: usize,
    values: usize,
    conditions: usize,
    /// Lists the filter being planned goes through, one inside the other.
    lists_deep: usize,
}

/// Plans a query.
pub(crate) fn plan_query(context: &Context<'_>, deployment: &Deployment, dialect: Dialect) -> Result<Plan, Problem> {
    let mut planner = Planner::new(context);
    let mut roots = Vec::new();
    let mut introspected = None;
    let mut introspections = 0;
    for collected in planner.collect(&[&context.operation.selection_set], "Query")? {
        let field = collected.first()?;
        let value = match field.name.as_str() {
            "__typename" => Root::Constant("Query".to_owned()),
            "__schema" | "__type" => {
                introspections += 1;
                if introspections > INTROSPECTION_LIMIT {
                    let message = format!("the operation asks for the schema more than {INTROSPECTION_LIMIT} times");
                    return Err(Problem::limit("introspection", message));
                }
                let data = match introspected.take() {
                    Some(data) => data,
                    None => context.front.introspect(context.document, context.operation, context.variables)?,
                };
                let text = data.get(collected.key).map(ToString::to_string).unwrap_or_else(|| "null".to_owned());
                introspected = Some(data);
                planner.slot(Slot::Text(text), Root::Slot)
            }
            _ => planner.root(field, &collected.selections())?,
        };
        roots.push(Entry { key: collected.key.to_owned(), value });
    }
    planner.finish(roots, deployment, dialect)
}

impl<'a> Planner<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        let mut planner = Planner {
            context,
            variables: Vec::new(),
            slots: Vec::new(),
            visible: Visible::default(),
            records: 0,
            values: 0,
            conditions: 0,
            lists_deep: 0,
        };
        planner.visible = visible::visible(context.model, context.access, |source| planner.variable(source));
        planner
    }

    fn finish(self, roots: Vec<Entry<Root>>, deployment: &Deployment, dialect: Dialect) -> Result<Plan, Problem> {
        let facts = facts::facts_of(&roots, &self.slots, deployment);
        let plan = ReadPlan { response: roots, facts, visible: self.visible };
        let statement = Statement::compile(&plan, self.context.model, dialect)?;
        tracing::debug!(sql = statement.text(), "planned");
        let cost = u64::try_from(self.records).unwrap_or(u64::MAX);
        Ok(Plan { statement, variables: self.variables, slots: self.slots, cost })
    }

    /// Adds a slot and the mark for it.
    pub(super) fn slot<T>(&mut self, slot: Slot, mark: impl FnOnce(usize) -> T) -> T {
        self.slots.push(slot);
        mark(self.slots.len() - 1)
    }

    /// Counts records towards the limit.
    pub(super) fn count(&mut self, records: usize) -> Result<(), Problem> {
        self.records = self.records.saturating_add(records);
        if self.records > RECORD_LIMIT {
            let message = format!("the operation may read more than {RECORD_LIMIT} records; ask for smaller pages");
            return Err(Problem::limit("records", message));
        }
        Ok(())
    }

    /// Counts what is written of `records` records towards the limit.
    pub(super) fn count_values(&mut self, records: usize, fields: usize) -> Result<(), Problem> {
        self.values = self.values.saturating_add(records.saturating_mul(fields));
        if self.values > VALUE_LIMIT {
            let message = format!(
                "the operation may answer more than {VALUE_LIMIT} values; ask for smaller pages or fewer fields"
            );
            return Err(Problem::limit("values", message));
        }
        Ok(())
    }

    /// Counts a condition or a compared value of a filter towards the limit.
    pub(super) fn count_condition(&mut self) -> Result<(), Problem> {
        self.conditions += 1;
        if self.conditions > CONDITION_LIMIT {
            let message = format!("the operation's filters have more than {CONDITION_LIMIT} conditions and values");
            return Err(Problem::limit("conditions", message));
        }
        Ok(())
    }

    pub(super) fn bad_argument(&self, field: &Field, argument: &str, error: &dyn std::error::Error) -> Problem {
        let message = format!("argument `{argument}` of `{}`: {error}", field.name);
        Problem::new(Code::BadUserInput, message).located(field.name.location(), &self.context.document.sources)
    }

    /// A field the schema has and the planner does not know: our mistake, told instead of guessed around.
    pub(super) fn unplanned(&self, field: &Field) -> Problem {
        tracing::error!(field = %field.name, "the schema has a field the planner does not know");
        Problem::new(Code::Internal, format!("field `{}` cannot be answered", field.name))
    }
}
