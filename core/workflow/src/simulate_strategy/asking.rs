//! Asking about the same customers under both strategies.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_decision::{DecisionPoint, Question, Strategy, Verdict, Worths, decide_unexplained, resolve};
use guildhall_model::ObjectType;
use guildhall_model::plan::{
    Condition, Connection, ConnectionOutput, Direction, End, Entry, Expression, Nulls, OrderTerm, Output, ReadPlan,
    Root, Rows, Selection, Size,
};
use guildhall_store::{Statement, StoreError};
use serde::Deserialize;
use serde_json::Value;

use crate::decide::{Detail, Each, Facts};
use crate::reads::selection_of;
use crate::writing::object;
use crate::{Deployment, House, WorkflowError};

/// Both strategies, with the same plugins or with others.
pub(crate) struct Asking<'a> {
    pub house: &'a Arc<House>,
    pub installed: &'a Deployment,
    pub beside: &'a Deployment,
    pub candidate: &'a Strategy,
    /// Whether `beside` has other plugins, too.
    pub other_plugins: bool,
    pub at: DateTime<Utc>,
}

/// A point that is asked, and what is read of a customer for it under both strategies.
pub(crate) struct Asked {
    pub point: Arc<DecisionPoint>,
    parts: Vec<Entry<Output>>,
    /// The same for the candidate's plugins, where they are others.
    then: Vec<Entry<Output>>,
}

impl Asked {
    pub(crate) fn new(asking: &Asking<'_>, point: &Arc<DecisionPoint>, worth: &Worths) -> Result<Self, WorkflowError> {
        let mut reads = worth.reads();
        for deployment in [asking.installed, asking.beside] {
            reads.extend(deployment.strategy().map(|strategy| strategy.rule_reads(&point.name)).unwrap_or_default());
        }
        reads.sort();
        reads.dedup();
        let rules = selection_of(&asking.house.model, &object(asking.house, &point.subject)?, &reads)?;
        let parts = |deployment: &Deployment| {
            let mut parts = deployment.facts(&point.name).to_vec();
            for part in parts.iter_mut().filter(|part| part.key == "rules") {
                part.value = Output::Same(rules.clone());
            }
            parts
        };
        let then = if asking.other_plugins { parts(asking.beside) } else { Vec::new() };
        Ok(Asked { point: Arc::clone(point), parts: parts(asking.installed), then })
    }
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    customers: Nodes<'a>,
}

#[derive(Deserialize)]
struct Nodes<'a> {
    #[serde(borrow)]
    nodes: Vec<Found<'a>>,
}

/// One customer, as one statement read it.
#[derive(Deserialize)]
pub(super) struct Found<'a> {
    pub id: String,
    pub currency: String,
    /// What the candidate's segments look at, and the segment of today.
    assign: Value,
    /// By decision point.
    #[serde(borrow)]
    facts: BTreeMap<String, Facts<'a>>,
    /// The same, as the candidate's plugins read it, where they are others.
    #[serde(borrow, default)]
    then: BTreeMap<String, Facts<'a>>,
}

impl<'a> Found<'a> {
    pub(super) fn from(&self) -> Option<&str> {
        self.assign.pointer("/segment/key").and_then(Value::as_str)
    }

    pub(super) fn to<'s>(&self, candidate: &'s Strategy) -> Option<&'s str> {
        candidate.assign(&self.assign).map(|segment| segment.key.as_str())
    }

    /// What is known of the customer at a point, today and where the candidate puts him.
    pub(super) fn facts(&self, point: &str, candidate: &Strategy) -> Option<(&Facts<'a>, Facts<'a>)> {
        let today = self.facts.get(point)?;
        Some((today, self.then.get(point).unwrap_or(today).in_segment(self.to(candidate))))
    }
}

/// What one statement read.
pub(super) fn found(response: &str) -> Result<Vec<Found<'_>>, WorkflowError> {
    let read: Read<'_> = serde_json::from_str(response)
        .map_err(|error| WorkflowError::Internal(format!("the facts cannot be read: {error}")))?;
    Ok(read.customers.nodes)
}

/// One customer and what is asked about him.
pub(super) struct Both<'a> {
    pub now: &'a Facts<'a>,
    pub then: &'a Facts<'a>,
    pub request: &'a Value,
    pub text: &'a str,
}

impl Asking<'_> {
    /// Reads up to `rows` customers that fulfil a condition, in the order of their ids. Nothing if that would be too much at once.
    pub(super) async fn read(
        &self,
        points: &[&Asked],
        filter: Condition,
        rows: u32,
    ) -> Result<Option<String>, WorkflowError> {
        let customer = object(self.house, "Customer")?;
        let field = |name: &str| {
            let field = customer.get(name).cloned();
            field.ok_or_else(|| WorkflowError::Internal(format!("the model lacks `Customer.{name}`")))
        };
        let id = field("id")?;
        let mut outputs = vec![
            Entry { key: "id".to_owned(), value: Output::GlobalId },
            Entry { key: "currency".to_owned(), value: Output::Field(field("currency")?) },
            Entry { key: "assign".to_owned(), value: Output::Same(self.assigning(&customer)?) },
        ];
        let facts = |first: usize, parts: &dyn Fn(&Asked) -> Vec<Entry<Output>>| {
            let outputs = points.iter().enumerate().map(|(slot, asked)| Entry {
                key: asked.point.name.clone(),
                value: Output::Facts { slot: first + slot, parts: parts(asked) },
            });
            Output::Same(Selection { object: Arc::clone(&customer), outputs: outputs.collect() })
        };
        outputs.push(Entry { key: "facts".to_owned(), value: facts(0, &|asked| asked.parts.clone()) });
        if self.other_plugins {
            outputs.push(Entry { key: "then".to_owned(), value: facts(points.len(), &|asked| asked.then.clone()) });
        }
        let term = OrderTerm {
            by: Expression::Field(Arc::clone(&id)),
            kind: id.kind.clone(),
            nullable: false,
            direction: Direction::Ascending,
            nulls: Nulls::Last,
        };
        let nodes = ConnectionOutput::Nodes(Selection { object: Arc::clone(&customer), outputs });
        let connection = Connection {
            rows: Rows::Records,
            object: customer,
            filter,
            order: vec![term],
            digest: String::new(),
            size: Size { end: End::First, rows },
            after: None,
            before: None,
            outputs: vec![Entry { key: "nodes".to_owned(), value: nodes }],
        };
        let root = Entry { key: "customers".to_owned(), value: Root::List(Box::new(connection)) };
        let plan = ReadPlan { response: vec![root], ..ReadPlan::default() };
        let statement = Statement::compile(&plan, &self.house.model, self.house.database.dialect())?;
        match statement.run(&self.house.database, &[]).await {
            Ok(read) => Ok(Some(read.response)),
            Err(StoreError::TooLarge) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn assigning(&self, customer: &Arc<ObjectType>) -> Result<Selection, WorkflowError> {
        let mut reads = self.candidate.segment_reads();
        reads.push(vec!["segment".to_owned(), "key".to_owned()]);
        selection_of(&self.house.model, customer, &reads)
    }

    /// The verdicts about each customer, of now and under the candidate. The same plugins are asked a second time about those
    /// alone to whom the candidate gives other parameters: what they are shown beside these is the same.
    pub(super) async fn decide(
        &self,
        point: &DecisionPoint,
        all: &[Both<'_>],
    ) -> Result<Vec<(Verdict, Verdict)>, WorkflowError> {
        let today = self.installed.strategy().ok_or(WorkflowError::NoActiveStrategy)?;
        let each: Vec<_> =
            all.iter().map(|one| Each { facts: one.now, request: one.request, text: one.text }).collect();
        let before = self.installed.decide_each(point, &each, self.at, Detail::Answer, None).await?;
        let mut after = Vec::with_capacity(all.len());
        let (mut anew, mut places) = (Vec::new(), Vec::new());
        for (place, (one, before)) in all.iter().zip(&before).enumerate() {
            let asked = |strategy, subject| Question { strategy, point, subject, request: one.request, at: self.at };
            let (was, is) = (asked(today, one.now.subject()), asked(self.candidate, one.then.subject()));
            let parameters = resolve(&is);
            if !self.other_plugins && resolve(&was).to_json() == parameters.to_json() {
                after.push(decide_unexplained(&is, &parameters, before.verdict.proposals.clone()));
            } else {
                anew.push(Each { facts: one.then, request: one.request, text: one.text });
                places.push(place);
                after.push(Verdict::default());
            }
        }
        let decided = self.beside.decide_each(point, &anew, self.at, Detail::Answer, None).await?;
        for (place, decided) in places.into_iter().zip(decided) {
            if let Some(verdict) = after.get_mut(place) {
                *verdict = decided.verdict;
            }
        }
        Ok(before.into_iter().map(|before| before.verdict).zip(after).collect())
    }
}
