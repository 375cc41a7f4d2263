//! What a plugin wants done about an event becomes a task on the customer.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveTime, Utc};
use guildhall_decision::{DecisionPoint, Question, Strategy};
use guildhall_model::{GlobalId, Model, ObjectType, Role, Value as Datum};
use guildhall_store::event::Place;
use guildhall_store::ledger::Last;
use guildhall_store::reaction::{self, Who};
use guildhall_store::{Record, Transaction, business_day, generation, ledger};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Concern, Reactor};
use crate::decide::{Decided, Facts};
use crate::recording::{append_entry, entry};
use crate::write_records::{Change, Order, Verb, Written, write_within};
use crate::{Actor, Deployment, House, WorkflowError};

/// Who makes the tasks.
const ACTOR: &str = "guildhall";
/// The act that events of such tasks tell of.
const ACT: &str = "followUp";
/// Most follow-ups of a customer in a day, whatever the strategy says.
const MOST_PER_DAY: i64 = 20;
/// Most days until a follow-up is due.
const MOST_DAYS: i64 = 3_650;
/// Most characters of a task's subject and of its description.
const SUBJECT: usize = 500;
const DESCRIPTION: usize = 20_000;

/// A follow-up to be made.
pub(super) struct FollowUp<'a> {
    concern: &'a Concern,
    facts: &'a Facts<'a>,
    decided: Decided,
    customer: Uuid,
}

/// Those of the verdicts that want something done.
pub(super) fn proposed<'a>(
    model: &Model,
    decided: impl Iterator<Item = ((&'a Concern, &'a Facts<'a>), Decided)>,
) -> Result<Vec<FollowUp<'a>>, WorkflowError> {
    let customers = customers(model)?;
    let wanted = decided.filter(|(_, decided)| decided.verdict.output.get("followUp") == Some(&Value::Bool(true)));
    wanted
        .map(|((concern, facts), decided)| {
            let customer =
                GlobalId::parse_as(&facts.id, customers).map_err(|error| WorkflowError::Internal(error.to_string()))?;
            Ok(FollowUp { concern, facts, decided, customer })
        })
        .collect()
}

impl Reactor {
    /// Writes tasks and their decisions, and moves the place on. Says how many tasks there are; nothing if another process was
    /// faster, or strategy or plugins are others by now.
    pub(super) async fn write(
        &self,
        house: &House,
        deployment: &Deployment,
        point: &DecisionPoint,
        followups: &[FollowUp<'_>],
        (from, to): (Place, Place),
        now: DateTime<Utc>,
    ) -> Result<Option<usize>, WorkflowError> {
        let transaction = house.database.begin().await?;
        let in_force = generation::hold(&transaction).await? == deployment.generation;
        if !in_force || !reaction::advance(&transaction, Who::Plugins, Some(self.0), from, to).await? {
            transaction.rollback().await?;
            return Ok(None);
        }
        let mut made = 0;
        if !followups.is_empty() {
            let mut desk = Desk::new(house, deployment, point, &transaction, followups, now).await?;
            for followup in followups {
                made += usize::from(desk.follow_up(followup).await?);
            }
        }
        transaction.commit().await?;
        Ok(Some(made))
    }
}

/// What the follow-ups of a batch are written with.
struct Desk<'a> {
    house: &'a House,
    deployment: &'a Deployment,
    point: &'a DecisionPoint,
    strategy: &'a Strategy,
    transaction: &'a Transaction,
    now: DateTime<Utc>,
    actor: Actor,
    task: Arc<ObjectType>,
    customer: Arc<ObjectType>,
    decision: Arc<ObjectType>,
    event: Arc<ObjectType>,
    /// The customers, locked.
    customers: HashMap<Uuid, Record>,
    /// The ends of their chains.
    last: HashMap<Uuid, Last>,
    /// Their follow-ups of today.
    counts: HashMap<Uuid, i64>,
}

impl<'a> Desk<'a> {
    async fn new(
        house: &'a House,
        deployment: &'a Deployment,
        point: &'a DecisionPoint,
        transaction: &'a Transaction,
        followups: &[FollowUp<'_>],
        now: DateTime<Utc>,
    ) -> Result<Self, WorkflowError> {
        let object = |name: &str| {
            let lost = || WorkflowError::Internal(format!("the model lacks `{name}`"));
            house.model.object(name).cloned().ok_or_else(lost)
        };
        let customer = object("Customer")?;
        let ids: Vec<Uuid> = followups.iter().map(|followup| followup.customer).collect();
        let locked = transaction.lock_records(&customer, &ids).await?;
        let today = now.date_naive().and_time(NaiveTime::MIN).and_utc();
        Ok(Desk {
            last: ledger::last(transaction, &ids).await?,
            counts: reaction::counts(transaction, &ids, today).await?,
            customers: locked.into_iter().map(|record| (record.id, record)).collect(),
            actor: Actor::new(ACTOR, &house.model, Role::Admin),
            task: object("Task")?,
            decision: object("Decision")?,
            event: object("Event")?,
            customer,
            strategy: deployment.strategy().ok_or(WorkflowError::NoActiveStrategy)?,
            house,
            deployment,
            point,
            transaction,
            now,
        })
    }

    /// Makes a task, unless the customer is not there any more or has had enough of them. Says whether it did.
    async fn follow_up(&mut self, followup: &FollowUp<'_>) -> Result<bool, WorkflowError> {
        let id = followup.customer;
        let Some(customer) = self.customers.get(&id) else { return Ok(false) };
        let count = self.counts.get(&id).copied().unwrap_or(0);
        if count >= at_most(&followup.decided) {
            tracing::info!(
                customer = followup.facts.id,
                "no further follow-up today: the customer has as many as there may be"
            );
            return Ok(false);
        }
        let decision = Uuid::now_v7();
        let values = self.values(followup, customer, decision).await?;
        let question = Question {
            strategy: self.strategy,
            point: self.point,
            subject: followup.facts.subject(),
            request: &followup.concern.request,
            at: self.now,
        };
        // The task names its decision, so that stands first; without the task there is neither.
        let part = self.transaction.part().await?;
        let (decided, facts, last) = (&followup.decided, followup.facts, self.last.get(&id));
        let recorded = entry(self.house, self.deployment, decision, id, &question, decided, facts, ACTOR, last)?;
        append_entry(&part, self.point, &recorded, self.now).await?;
        let order = Order {
            act: ACT.to_owned(),
            verb: Verb::Create,
            object: Arc::clone(&self.task),
            changes: vec![Change { values, ..Change::default() }],
            idempotency_key: String::new(),
        };
        match write_within(self.house, &self.actor, &order, &part, self.now).await? {
            Written::Done(_) => part.commit().await?,
            Written::Invalid(problems) => {
                part.rollback().await?;
                let problems: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
                tracing::warn!(
                    customer = followup.facts.id,
                    problems = problems.join("; "),
                    "a follow-up cannot be made"
                );
                return Ok(false);
            }
            Written::Refused(reasons) => {
                part.rollback().await?;
                let reasons: Vec<_> = reasons.iter().map(|reason| reason.message.as_str()).collect();
                tracing::warn!(customer = followup.facts.id, reasons = reasons.join("; "), "a follow-up is refused");
                return Ok(false);
            }
        }
        self.last.insert(id, Last { sequence: recorded.sequence, digest: recorded.digest });
        self.counts.insert(id, count + 1);
        Ok(true)
    }

    /// The values of the task, by the API's names.
    async fn values(
        &self,
        followup: &FollowUp<'_>,
        customer: &Record,
        decision: Uuid,
    ) -> Result<Map<String, Value>, WorkflowError> {
        let FollowUp { concern, decided, .. } = followup;
        let output = &decided.verdict.output;
        let texts = |name: &str| -> Vec<&str> {
            output.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let titles: Vec<_> = texts("titles").into_iter().filter(|title| !title.trim().is_empty()).collect();
        let subject = match titles.is_empty() {
            true => format!("Follow up: {} {}", concern.told.record_type, concern.told.kind.to_lowercase()),
            false => titles.join("; "),
        };
        let plugins = decided.verdict.proposals.iter().filter(|proposal| wants(proposal));
        let plugins: Vec<_> =
            plugins.map(|proposal| format!("{} ({})", proposal.plugin, proposal.department)).collect();
        let mut reasons = texts("reasons");
        let proposed = format!("Proposed by {}.", plugins.join(", "));
        reasons.push(&proposed);
        let mut values = Map::new();
        let mut set = |name: &str, value: Value| values.insert(name.to_owned(), value);
        set("subject", cut(&subject, SUBJECT).into());
        set("description", cut(&reasons.join("\n"), DESCRIPTION).into());
        set("status", json!("OPEN"));
        set("priority", output.get("priority").cloned().unwrap_or(json!("NORMAL")));
        set("source", json!(reaction::SOURCE));
        set("externalId", json!(GlobalId::new(&self.event, concern.told.id).to_string()));
        set("customer", json!(followup.facts.id));
        set("decision", json!(GlobalId::new(&self.decision, decision).to_string()));
        if let Some(days) = output.get("dueInDays").and_then(Value::as_i64) {
            let days = u64::try_from(days.clamp(0, MOST_DAYS)).unwrap_or(0);
            let today = business_day::current(self.transaction).await?.at(self.now);
            set("dueOn", json!(today.checked_add_days(Days::new(days))));
        }
        if let Some((name, id)) = self.assignee(output, customer)? {
            set(name, json!(id));
        }
        // A task names the record it has to do with, where it has a place for one of that type.
        let about = self.task.relations.iter().find(|relation| relation.target == concern.told.record_type);
        if let Some(about) = about {
            set(&about.name, json!(concern.told.record_id));
        }
        Ok(values)
    }

    /// Who is to follow up: the customer's owner or team, where there is one.
    fn assignee(
        &self,
        output: &Map<String, Value>,
        customer: &Record,
    ) -> Result<Option<(&'static str, String)>, WorkflowError> {
        let (name, target) = match output.get("assignee").and_then(Value::as_str) {
            Some("OWNER") => ("owner", "User"),
            Some("TEAM") => ("team", "Team"),
            _ => return Ok(None),
        };
        let Some(Datum::Id(id)) = customer.get(&self.customer, name) else { return Ok(None) };
        let lost = || WorkflowError::Internal(format!("the model lacks `{target}`"));
        let target = self.house.model.object(target).ok_or_else(lost)?;
        Ok(Some((name, GlobalId::new(target, *id).to_string())))
    }
}

fn customers(model: &Model) -> Result<&Arc<ObjectType>, WorkflowError> {
    model.object("Customer").ok_or_else(|| WorkflowError::Internal("the model has no customers".to_owned()))
}

/// How many follow-ups the customer may get in a day.
fn at_most(decided: &Decided) -> i64 {
    let parameters = &decided.verdict.parameters;
    let set = parameters.iter().find(|parameter| parameter.name == "atMostPerDay");
    let set = set.and_then(|parameter| parameter.value.as_ref()?.to_json().as_i64());
    set.unwrap_or(MOST_PER_DAY).min(MOST_PER_DAY)
}

/// Whether a plugin's own answer was that somebody is to follow up.
fn wants(proposal: &guildhall_decision::Proposal) -> bool {
    let output = proposal.result.as_ref().ok().map(|proposed| &proposed.output);
    output.and_then(|output| output.get("followUp")) == Some(&Value::Bool(true))
}

fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}
