//! Subscriptions: changes told as they are committed, each authorized when it is told.

use std::sync::Arc;

use apollo_compiler::executable::OperationType;
use apollo_compiler::response::JsonMap;
use bytes::Bytes;
use chrono::{SecondsFormat, Utc};
use guildhall_model::GlobalId;
use guildhall_store::event::Told;
use guildhall_workflow::{ActValue, Actor, Following};
use serde_json::{Value, json};

use crate::api::{REQUEST_COST, answered, refused};
use crate::execute::{Answer, Execution};
use crate::generation::Generation;
use crate::plan::{SubscriptionPlan, plan_subscription, sees};
use crate::problem::{Code, Problem};
use crate::{Allowance, Api, Request, Response};

/// Changes that one client follows.
pub struct Subscription {
    api: Arc<Api>,
    request: Request,
    actor: Actor,
    following: Following,
    planned: Planned,
    ended: bool,
}

/// What a subscription became under a generation.
struct Planned {
    generation: Arc<Generation>,
    plan: SubscriptionPlan,
    variables: JsonMap,
}

impl Api {
    /// Whether a request is a subscription, so that it is followed and not executed. What is wrong with it executing tells.
    pub async fn is_subscription(&self, request: &Request, actor: &Actor) -> bool {
        let schema = self.generation().schema(&actor.access).await.ok();
        let document = schema.and_then(|schema| schema.document(&request.query).ok());
        let operation = |document: &crate::generation::Document| {
            let operation = document.executable.operations.get(request.operation_name.as_deref());
            operation.is_ok_and(|operation| operation.operation_type == OperationType::Subscription)
        };
        document.is_some_and(|document| operation(&document))
    }

    /// Begins to follow what `request` asks for. A refusal is the whole answer.
    pub async fn subscribe(self: &Arc<Self>, request: Request, actor: Actor) -> Result<Subscription, Response> {
        let mut allowance = None;
        let planned = self.begin(&request, &actor, &mut allowance).await.map_err(|problems| {
            self.exceeded(&problems);
            Response { allowance, ..refused(&problems) }
        })?;
        let following = self.house().follow().await.map_err(|error| refused(&[error.into()]))?;
        Ok(Subscription { api: Arc::clone(self), request, actor, following, planned, ended: false })
    }

    /// What is followed, once it is paid for: as an operation that reads what is told of one change.
    async fn begin(
        &self,
        request: &Request,
        actor: &Actor,
        allowance: &mut Option<Allowance>,
    ) -> Result<Planned, Vec<Problem>> {
        self.spend(actor, REQUEST_COST, allowance)?;
        let planned = self.plan_subscription(request, actor).await?;
        self.spend(actor, planned.plan.payload.cost, allowance)?;
        Ok(planned)
    }

    async fn plan_subscription(&self, request: &Request, actor: &Actor) -> Result<Planned, Vec<Problem>> {
        let generation = self.generation();
        let schema = generation.schema(&actor.access).await.map_err(|error| vec![Problem::internal(&error)])?;
        let (plan, variables) = self.prepared((&generation, &schema), request, actor, |context| {
            let plan = plan_subscription(context, &generation.deployment, generation.house.database.dialect())?;
            Ok((plan, JsonMap::clone(context.variables)))
        })?;
        Ok(Planned { generation, plan, variables })
    }
}

impl Subscription {
    /// The next change as a response; nothing when there will be none.
    pub async fn next(&mut self) -> Option<Bytes> {
        while !self.ended {
            let Some(told) = self.following.next().await else {
                self.ended = true;
                let message = "changes came faster than they were taken; read anew and follow again";
                return Some(refused(&[Problem::new(Code::Busy, message)]).body);
            };
            if !self.is_followed(&told) {
                continue;
            }
            match self.tell(&told).await {
                Ok(Some(body)) => return Some(body),
                Ok(None) => {}
                Err(problems) => {
                    self.ended = true;
                    return Some(refused(&problems).body);
                }
            }
        }
        None
    }

    fn is_followed(&self, told: &Told) -> bool {
        let plan = &self.planned.plan;
        told.record_type == plan.object.name
            && plan.ids.as_ref().is_none_or(|ids| ids.contains(&told.record_id))
            && plan.kinds.as_ref().is_none_or(|kinds| kinds.contains(&told.kind))
    }

    /// What is told of a change; nothing if the actor does not see the record.
    async fn tell(&mut self, told: &Told) -> Result<Option<Bytes>, Vec<Problem>> {
        let generation = self.api.generation();
        if !Arc::ptr_eq(&generation, &self.planned.generation) {
            self.planned = self.api.plan_subscription(&self.request, &self.actor).await?;
        }
        let Planned { generation, plan, variables } = &self.planned;
        let house = &generation.house;
        let id = GlobalId::parse_as(&told.record_id, &plan.object).map_err(|error| vec![Problem::internal(&error)])?;
        if !self.actor.access.sees_all() {
            // A deleted record can be asked nothing, so whose it was cannot be told.
            let statement = sees(&house.model, house.database.dialect(), &self.actor, &plan.object, id, Utc::now());
            let statement = statement.map_err(|error| vec![error.into()])?;
            let read = statement.run(&house.database, &[]).await.map_err(|error| vec![error.into()])?;
            if read.response == r#"{"record":null}"# {
                return Ok(None);
            }
        }
        let fields: Vec<_> = told.fields.iter().filter(|field| plan.fields.contains(*field)).collect();
        let values = [
            (crate::schema::lower_first(&plan.object.name), ActValue::Record(id)),
            ("id".to_owned(), ActValue::Json(told.record_id.clone().into())),
            ("kind".to_owned(), ActValue::Json(told.kind.clone().into())),
            ("version".to_owned(), ActValue::Json(told.record_version.into())),
            ("fields".to_owned(), ActValue::Json(json!(fields))),
            (
                "occurredAt".to_owned(),
                ActValue::Json(told.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true).into()),
            ),
        ];
        let execution =
            Execution { house, deployment: &generation.deployment, variables, actor: &self.actor, now: Utc::now() };
        let path = [Value::from(plan.key.as_str())];
        let Answer { data, problems } =
            execution.run(&plan.payload, &values, &path).await.map_err(|problem| vec![problem])?;
        let key = Value::from(plan.key.as_str());
        Ok(Some(answered(&Answer { data: format!("{{{key}:{data}}}"), problems }).body))
    }
}
