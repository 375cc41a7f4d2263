//! The API as the server calls it.

use std::sync::Arc;
use std::time::Instant;

use apollo_compiler::Node;
use apollo_compiler::executable::{Operation, OperationType};
use arc_swap::ArcSwap;
use bytes::Bytes;
use chrono::Utc;
use guildhall_decision::{DecisionPoint, Taken};
use guildhall_model::{Access, Model, Role};
use guildhall_workflow::{Actor, Bearer, Deployment, House, InputQueries, InputQuery, WorkflowError};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::ApiError;
use crate::acts::{self, Call, Gave, Outcome};
use crate::execute::{Answer, Execution, fits};
use crate::front::Front;
use crate::generation::{AccessSchema, Document, Generation, PlanKey, Prepared};
use crate::metrics::{Counters, Metrics};
use crate::plan::{
    Bound, Branch, Context, MutationPlan, Payload, Plan, Said, Slot, compile_input_query, plan_mutation, plan_query,
};
use crate::problem::{Code, Problem};
use crate::rate::{Allowance, Rates};
use crate::schema::{self, Source};

/// Most decision fields of an operation: each reads what its plugins ask for.
const DECISIONS: usize = 25;
/// What every request costs, in points, whatever comes of it.
pub(crate) const REQUEST_COST: u64 = 1;
/// Longest SQL of an operation, which every connection that runs it keeps prepared.
const STATEMENT_BYTES: usize = 512 * 1024;

/// A GraphQL request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub query: String,
    pub operation_name: Option<String>,
    /// An object, or null.
    pub variables: Value,
}

/// A GraphQL response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The whole response as JSON.
    pub body: Bytes,
    /// Whether the operation was executed, so that the response has `data`. Otherwise the request itself was wrong.
    pub executed: bool,
    /// Whether the operation is a mutation. One that was not executed changed nothing.
    pub mutation: bool,
    /// What kind of operation it was, once that is known.
    pub operation: Option<&'static str>,
    /// The first problem's code, if there is one.
    pub code: Option<Code>,
    /// What the actor may still spend, if there is a limit.
    pub allowance: Option<Allowance>,
}

/// What becomes known of a request while it is answered.
#[derive(Default)]
struct Known {
    kind: Option<OperationType>,
    allowance: Option<Allowance>,
}

/// The API: the current generation and what is counted of all. One per process.
pub struct Api {
    generation: ArcSwap<Generation>,
    counters: Arc<Counters>,
    rates: Option<Rates>,
    /// One refresh at a time.
    refreshing: Mutex<()>,
}

impl Api {
    /// Loads the deployment and builds its schemas.
    pub async fn new(house: Arc<House>) -> Result<Self, ApiError> {
        let (house, deployment) = load(&house).await?;
        let counters = Arc::new(Counters::new());
        let generation = ArcSwap::from_pointee(Generation::new(house, Arc::new(deployment), &counters)?);
        Ok(Api { generation, counters, rates: None, refreshing: Mutex::new(()) })
    }

    /// The same, where each actor may spend that many points in a minute. With 0 there is no limit.
    pub fn at_rate(self, points: u64) -> Self {
        Api { rates: Rates::new(points), ..self }
    }

    /// The house as the current generation has it. Whoever works on for long asks again, as its model may change.
    pub fn house(&self) -> Arc<House> {
        Arc::clone(&self.generation.load().house)
    }

    /// How often guests were called since the current generation was loaded.
    pub fn guest_calls(&self) -> u64 {
        self.generation.load().deployment.guest_calls()
    }

    /// How many of the installed plugins cannot be asked.
    pub fn suspended(&self) -> usize {
        self.generation.load().deployment.suspended().len()
    }

    /// What was done since the process began.
    pub fn metrics(&self) -> Metrics {
        let guest_calls = self.counters.guest_calls(|| Arc::clone(&self.generation.load().deployment));
        let generation = self.generation.load();
        Metrics {
            generation: generation.deployment.generation,
            guest_calls,
            plugins: generation.deployment.plugin_metrics(),
            suspended: self.suspended() as u64,
            statements: generation.house.database.statements(),
            caches: generation.caches(),
            limits: self.counters.limits(),
        }
    }

    /// Takes up the database's current generation if it is another one. Operations under way end on the old one.
    pub async fn refresh(&self) -> Result<bool, ApiError> {
        let _one = self.refreshing.lock().await;
        let current = self.generation.load().deployment.generation;
        let house = self.house();
        if house.generation().await? == current {
            return Ok(false);
        }
        let (house, deployment) = load(&house).await?;
        tracing::info!(generation = deployment.generation, "a new generation serves");
        let (deployment, counters) = (Arc::new(deployment), Arc::clone(&self.counters));
        // Building schemas takes long, and others want to be answered meanwhile.
        let building = move || Generation::new(house, deployment, &counters);
        let next = tokio::task::spawn_blocking(building).await;
        let next = Arc::new(next.map_err(|error| ApiError::Schema(error.to_string()))??);
        let old = Arc::clone(&self.generation.load().deployment);
        self.counters.ended(old, || self.generation.store(next));
        Ok(true)
    }

    /// What decides now.
    pub fn deployment(&self) -> Arc<Deployment> {
        Arc::clone(&self.generation.load().deployment)
    }

    /// The bearer of a token, with what his roles let him do now. A role that no longer exists lets him do nothing.
    pub fn actor(&self, bearer: Bearer) -> Actor {
        let access = self.generation.load().access(&bearer);
        Actor::bearing(bearer, access)
    }

    /// The schema an actor is served, as SDL.
    pub async fn sdl(&self, actor: &Actor) -> Result<Arc<str>, ApiError> {
        let generation = self.generation.load_full();
        Ok(Arc::clone(&generation.schema(&actor.access).await?.sdl))
    }

    /// Executes a request for an actor. Mutations are refused unless `may_change`, as for GET.
    pub async fn execute(&self, request: &Request, actor: &Actor, may_change: bool) -> Response {
        let generation = self.generation.load_full();
        let schema = match generation.schema(&actor.access).await {
            Ok(schema) => schema,
            Err(error) => return refused(&[Problem::internal(&error)]),
        };
        let mut known = Known::default();
        let answer = self.answer(&generation, &schema, request, actor, may_change, &mut known).await;
        let response = match answer {
            Ok(answer) => {
                self.counters.exceeded(&answer.problems);
                answered(&answer)
            }
            Err(problems) => {
                self.counters.exceeded(&problems);
                refused(&problems)
            }
        };
        let Known { kind, allowance } = known;
        let mutation = kind == Some(OperationType::Mutation);
        Response { mutation, operation: kind.map(|kind| kind.name()), allowance, ..response }
    }

    /// Spends an actor's points. The refusal is all there is to answer.
    pub(crate) fn spend(
        &self,
        actor: &Actor,
        points: u64,
        allowance: &mut Option<Allowance>,
    ) -> Result<(), Vec<Problem>> {
        let Some(rates) = &self.rates else { return Ok(()) };
        let (left, spent) = rates.spend(&actor.name, points, Instant::now());
        *allowance = Some(left);
        spent.map_err(|problem| vec![problem])
    }

    async fn answer(
        &self,
        generation: &Generation,
        schema: &AccessSchema,
        request: &Request,
        actor: &Actor,
        may_change: bool,
        known: &mut Known,
    ) -> Result<Answer, Vec<Problem>> {
        self.spend(actor, REQUEST_COST, &mut known.allowance)?;
        let document = schema.document(&request.query)?;
        let operation = operation(&document, request)?;
        known.kind = Some(operation.operation_type);
        if operation.operation_type != OperationType::Query && !may_change {
            return Err(vec![Problem::new(
                Code::Refused,
                "only queries can be sent by GET; send this operation by POST",
            )]);
        }
        let variables = schema.front.coerce(&document.executable, operation, &request.variables)?;
        let shape = document.shape(operation).ok_or_else(unshaped)?;
        let context = Context {
            model: &generation.house.model,
            points: &schema.points,
            front: &schema.front,
            document: &document.executable,
            operation,
            variables: &variables,
            shape,
            access: &actor.access,
        };
        let key = PlanKey {
            document: document.digest,
            operation: request.operation_name.clone(),
            shape: shape.key(&variables),
            access: (*actor.access.shape(), *actor.access.sight()),
        };
        let prepared = match schema.caches.plans.get(&key) {
            Some(prepared) => prepared,
            None => {
                let prepared = Arc::new(self.prepare(&context, generation).map_err(|problem| vec![problem])?);
                schema.caches.plans.insert(key, Arc::clone(&prepared));
                prepared
            }
        };
        self.spend(actor, prepared.cost(), &mut known.allowance)?;
        let execution = Execution {
            house: &generation.house,
            deployment: &generation.deployment,
            variables: &variables,
            actor,
            now: Utc::now(),
        };
        match prepared.as_ref() {
            Prepared::Query(plan) => execution.run(plan, &[], &[]).await.map_err(|problem| vec![problem]),
            Prepared::Mutation(plan) => mutate(self, plan, &execution, actor).await,
        }
    }

    fn prepare(&self, context: &Context<'_>, generation: &Generation) -> Result<Prepared, Problem> {
        let dialect = generation.house.database.dialect();
        match context.operation.operation_type {
            OperationType::Query => {
                let plan = plan_query(context, &generation.deployment, dialect)?;
                bounded(&[&plan])?;
                Ok(Prepared::Query(plan))
            }
            OperationType::Mutation => {
                let plan = plan_mutation(context, &generation.deployment, dialect)?;
                bounded(&plan.plans().collect::<Vec<_>>())?;
                Ok(Prepared::Mutation(plan))
            }
            OperationType::Subscription => Err(Problem::new(
                Code::ValidationFailed,
                "a subscription is followed over a web socket or with `Accept: text/event-stream`",
            )),
        }
    }

    /// Counts the limits that problems speak of.
    pub(crate) fn exceeded(&self, problems: &[Problem]) {
        self.counters.exceeded(problems);
    }

    /// The generation that serves now.
    pub(crate) fn generation(&self) -> Arc<Generation> {
        self.generation.load_full()
    }

    /// What `make` makes of a request's operation, once the request is known to be right.
    pub(crate) fn prepared<T>(
        &self,
        (generation, schema): (&Generation, &AccessSchema),
        request: &Request,
        actor: &Actor,
        make: impl FnOnce(&Context<'_>) -> Result<T, Problem>,
    ) -> Result<T, Vec<Problem>> {
        let document = schema.document(&request.query)?;
        let operation = operation(&document, request)?;
        let variables = schema.front.coerce(&document.executable, operation, &request.variables)?;
        let context = Context {
            model: &generation.house.model,
            points: &schema.points,
            front: &schema.front,
            document: &document.executable,
            operation,
            variables: &variables,
            shape: document.shape(operation).ok_or_else(unshaped)?,
            access: &actor.access,
        };
        make(&context).map_err(|problem| vec![problem])
    }
}

/// Does the acts one after the other. The first that fails ends the operation: its field cannot be null, so `data` is.
/// What was done before stays done, as the specification has it.
async fn mutate(
    api: &Api,
    plan: &MutationPlan,
    execution: &Execution<'_>,
    actor: &Actor,
) -> Result<Answer, Vec<Problem>> {
    // What is wrong with the variables is said before anything is done.
    let from = Bound { variables: execution.variables, actor, now: execution.now, acts: &|_| None };
    for plan in plan.plans() {
        plan.bind(&from).map_err(|problem| vec![problem])?;
    }
    let mut data = String::from("{");
    let mut problems = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        if index > 0 {
            data.push(',');
        }
        data.push_str(&format!("\"{}\":", step.key));
        let Some(act) = &step.act else {
            data.push_str("\"Mutation\"");
            continue;
        };
        let path = [Value::from(step.key.as_str())];
        let outcome = async {
            let input = act.input.resolve(execution.variables).unwrap_or(Value::Null);
            let call = Call { house: execution.house, deployment: execution.deployment, actor, now: execution.now };
            let outcome = acts::perform(&call, &act.name, input).await?;
            let answer = told(execution, &act.payload, &outcome, &path).await?;
            fits(data.len() + answer.data.len())?;
            Ok::<_, Problem>(answer)
        };
        match outcome.await {
            Ok(answer) => {
                data.push_str(&answer.data);
                problems.extend(answer.problems);
            }
            Err(problem) => {
                problems.push(problem.at(path.to_vec()));
                data = String::from("null");
                break;
            }
        }
    }
    if data != "null" {
        data.push('}');
    }
    if let Err(error) = api.refresh().await {
        tracing::error!(%error, "the new generation cannot be served");
    }
    Ok(Answer { data, problems })
}

/// What is answered of what an act came to.
async fn told(
    execution: &Execution<'_>,
    payload: &Payload,
    outcome: &Outcome,
    path: &[Value],
) -> Result<Answer, Problem> {
    let Outcome { of, gave } = outcome;
    let said = |said: &Said, value: &Value| Answer { data: said.of(value).to_string(), problems: Vec::new() };
    match (payload.branch(of), gave) {
        (Some(Branch::Read(plan)), Gave::Values(values)) => execution.run(plan, values, path).await,
        (Some(Branch::Said(members)), Gave::Values(values)) => {
            let values: Map<_, _> = values.iter().map(|(name, value)| (name.clone(), value.json())).collect();
            Ok(said(members, &Value::Object(values)))
        }
        (Some(Branch::Said(members)), Gave::Said(value)) => Ok(said(members, value)),
        _ => Err(Problem::new(Code::Internal, "an act came to what was not planned")),
    }
}

/// The house and its deployment as the database has them now, of one generation.
async fn load(house: &Arc<House>) -> Result<(Arc<House>, Deployment), ApiError> {
    let mut house = Arc::clone(house);
    loop {
        let begun = house.generation().await?;
        house = house.current().await?;
        let deployment = Deployment::load(&house).await?;
        // Between the fields and the rest there may have been a change: then one of them is of before.
        if deployment.generation == begun {
            return Ok((house, deployment));
        }
    }
}

/// Compiles input queries against the model's own schema: every stored field, no decisions.
pub struct ModelQueries {
    model: Arc<Model>,
    front: Front,
    taken: Taken,
}

impl ModelQueries {
    pub fn new(model: Arc<Model>) -> Result<Self, ApiError> {
        let sdl = model_sdl(&model)?;
        let front = Front::new(&sdl).map_err(|error| ApiError::Schema(error.to_string()))?;
        let taken = Taken { types: front.types(), fields: front.fields("Customer") };
        Ok(ModelQueries { model, front, taken })
    }
}

impl InputQueries for ModelQueries {
    fn compile(&self, point: &DecisionPoint, text: &str) -> Result<InputQuery, String> {
        compile_input_query(&self.model, &self.front, point, text)
    }

    fn over(&self, model: &Arc<Model>) -> Result<Arc<dyn InputQueries>, String> {
        let queries = ModelQueries::new(Arc::clone(model)).map_err(|error| error.to_string())?;
        Ok(Arc::new(queries))
    }

    fn taken(&self) -> &Taken {
        &self.taken
    }
}

/// The model's schema without decisions: what plugins write their input queries against. `schema/model.graphql` is this.
pub fn model_sdl(model: &Model) -> Result<String, ApiError> {
    schema::sdl(&Source { model, points: &[], access: &Access::of(model, Role::Admin) })
        .map_err(|error| ApiError::Schema(error.to_string()))
}

/// The operation a request means.
fn operation<'d>(document: &'d Document, request: &Request) -> Result<&'d Node<Operation>, Vec<Problem>> {
    document.executable.operations.get(request.operation_name.as_deref()).map_err(|error| {
        vec![Problem::from_front(Code::BadUserInput, &error.to_graphql_error(&document.executable.sources))]
    })
}

fn unshaped() -> Vec<Problem> {
    vec![Problem::new(Code::Internal, "the operation's document is not its own")]
}

/// Whether the database can plan an operation in little time.
fn bounded(plans: &[&Plan]) -> Result<(), Problem> {
    let decisions =
        plans.iter().flat_map(|plan| &plan.slots).filter(|slot| matches!(slot, Slot::Decision { .. })).count();
    if decisions > DECISIONS {
        let message = format!("the operation has {decisions} decision fields; at most {DECISIONS} are taken");
        return Err(Problem::limit("decisions", message));
    }
    let bytes: usize = plans.iter().map(|plan| plan.statement.text().len()).sum();
    if bytes > STATEMENT_BYTES {
        return Err(Problem::limit(
            "statement",
            "the operation is too large for the database; send several operations",
        ));
    }
    Ok(())
}

pub(crate) fn answered(answer: &Answer) -> Response {
    let mut body = String::with_capacity(answer.data.len() + 64);
    body.push_str("{\"data\":");
    body.push_str(&answer.data);
    if !answer.problems.is_empty() {
        body.push_str(",\"errors\":");
        body.push_str(&errors(&answer.problems));
    }
    body.push('}');
    let code = answer.problems.first().map(|problem| problem.code);
    Response { body: body.into(), executed: true, mutation: false, operation: None, code, allowance: None }
}

pub(crate) fn refused(problems: &[Problem]) -> Response {
    let body = format!("{{\"errors\":{}}}", errors(problems)).into();
    let code = problems.first().map(|problem| problem.code);
    Response { body, executed: false, mutation: false, operation: None, code, allowance: None }
}

fn errors(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_json).collect::<Value>().to_string()
}

impl From<WorkflowError> for ApiError {
    fn from(error: WorkflowError) -> Self {
        ApiError::Workflow(error)
    }
}
