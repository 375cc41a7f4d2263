//! Making and changing records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::SubsecRound;
use guildhall_model::{Kind, Moment, ObjectType, RelationKey, Stamped, Value};
use guildhall_store::{Batch, FieldsSet, Record, RecordColumn, record_columns};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::credit_holds;
use super::given::{self, Given, Values};
use super::refusal::name;
use super::{Done, InvalidCode, InvalidValue, Outcome, Reason, ReasonCode, Verb, Work, Written};
use crate::WorkflowError;

/// A record to be made or changed.
pub(super) struct Step {
    /// Its place among the order's changes.
    pub place: usize,
    pub id: Uuid,
    pub values: Vec<Given>,
    /// What it is now; nothing if it is to be made.
    pub before: Option<Record>,
}

impl Work<'_> {
    /// Makes records, changes records, or does what an upsert finds to do.
    pub(super) async fn change(&mut self, given: &[Values]) -> Result<Written, WorkflowError> {
        let object = Arc::clone(&self.order.object);
        self.take_turns(&object, given).await?;
        let mut steps = match self.steps(&object, given).await? {
            Ok(steps) => steps,
            Err(reasons) => return Ok(Written::Refused(reasons)),
        };
        self.stamp(&object, &mut steps).await?;
        let mut problems = self.references(&object, &steps).await?;
        problems.extend(self.disagreeing(&object, &steps).await?);
        problems.extend(self.lacking(&object, &steps));
        problems.extend(steps.iter().flat_map(|step| self.out_of_order(&object, step)));
        problems.extend(steps.iter().flat_map(|step| self.unfounded(&object, step)));
        if !problems.is_empty() {
            return Ok(Written::Invalid(problems));
        }
        let mut reasons: Vec<_> = steps.iter().flat_map(|step| transitions(&object, step)).collect();
        reasons.extend(steps.iter().flat_map(|step| fixed(&object, step)));
        reasons.extend(self.waiting(&object, &steps).await?);
        reasons.extend(self.circles(&object, &steps).await?);
        reasons.extend(self.left_behind(&object, &steps).await?);
        if !reasons.is_empty() {
            return Ok(Written::Refused(reasons));
        }
        // First what is there changes, so that what it gives up can be taken by what is new.
        let mut done = Vec::with_capacity(steps.len());
        for step in &steps {
            done.push(match &step.before {
                None => Done { id: step.id, version: 1, outcome: Outcome::Created },
                Some(before) => match self.update(&object, step, before).await? {
                    Ok(done) => done,
                    Err(reason) => return Ok(Written::Refused(vec![reason])),
                },
            });
        }
        self.make(&object, &steps).await?;
        let problems = self.overdrawn(&object, &steps).await?;
        if !problems.is_empty() {
            return Ok(Written::Invalid(problems));
        }
        let written: Vec<_> = steps.iter().map(|step| (Arc::clone(&object), step.id)).collect();
        let seen = self.seen(&written).await?;
        let hidden = steps.iter().filter(|step| !seen.contains(&(object.name.clone(), step.id)));
        let reasons: Vec<_> = hidden
            .map(|step| {
                let message = format!("you would not see the {} afterwards; keep it with what you see", name(&object));
                Reason::new(ReasonCode::OutOfReach, message).of(step.place)
            })
            .collect();
        Ok(if reasons.is_empty() { Written::Done(done) } else { Written::Refused(reasons) })
    }

    /// Who changes what stands above what does so alone: two changes at once could close a circle that neither sees.
    async fn take_turns(&self, object: &ObjectType, given: &[Values]) -> Result<(), WorkflowError> {
        let above = |given: &Given| given.column.target.as_deref() == Some(object.name.as_str());
        if given.iter().flatten().any(above) {
            self.transaction.take_turns(&object.table).await?;
        }
        Ok(())
    }

    /// What there is to do for each change, or why it cannot be done.
    async fn steps(
        &self,
        object: &Arc<ObjectType>,
        given: &[Values],
    ) -> Result<Result<Vec<Step>, Vec<Reason>>, WorkflowError> {
        let ids = match self.order.verb {
            Verb::Create => vec![None; given.len()],
            Verb::Upsert => self.known(object, given).await?,
            _ => self.order.changes.iter().map(|change| change.id).collect(),
        };
        let wanted: Vec<Uuid> = ids.iter().flatten().copied().collect();
        let mut records: HashMap<Uuid, Record> = HashMap::new();
        if !wanted.is_empty() {
            let locked = self.transaction.lock_records(object, &wanted).await?;
            records.extend(locked.into_iter().map(|record| (record.id, record)));
        }
        let named: Vec<_> = records.keys().map(|id| (Arc::clone(object), *id)).collect();
        let seen = self.seen(&named).await?;
        let mut twice = HashSet::new();
        let (mut steps, mut reasons) = (Vec::with_capacity(given.len()), Vec::new());
        for (place, ((id, values), change)) in ids.iter().zip(given).zip(&self.order.changes).enumerate() {
            // A new record in the place of one that the actor does not see is what the database refuses, as it would be if he
            // created it. Any other answer would tell more.
            let hidden = |id: &&Uuid| self.order.verb == Verb::Upsert && !seen.contains(&(object.name.clone(), **id));
            let Some(id) = id.as_ref().filter(|id| !hidden(id)) else {
                steps.push(Step { place, id: Uuid::now_v7(), values: values.clone(), before: None });
                continue;
            };
            if !twice.insert(*id) {
                let message = format!("the {} is named twice; send each record once", name(object));
                reasons.push(Reason::new(ReasonCode::NotAllowed, message).of(place));
                continue;
            }
            let record = records.remove(id).filter(|_| seen.contains(&(object.name.clone(), *id)));
            match (record, change.version) {
                (None, _) => {
                    let message = format!("there is no such {}", name(object));
                    reasons.push(Reason::new(ReasonCode::NotFound, message).of(place));
                }
                (Some(record), Some(version)) if record.version != version => {
                    reasons.push(stale(object, record.version).of(place));
                }
                (Some(record), _) => {
                    steps.push(Step { place, id: *id, values: values.clone(), before: Some(record) });
                }
            }
        }
        Ok(if reasons.is_empty() { Ok(steps) } else { Err(reasons) })
    }

    /// The records that an upsert's changes are about, where they are known.
    async fn known(&self, object: &ObjectType, given: &[Values]) -> Result<Vec<Option<Uuid>>, WorkflowError> {
        let text = |values: &Values, name: &str| {
            values.iter().find_map(|given| match &given.value {
                Value::Text(text) if given.column.name == name => Some(text.clone()),
                _ => None,
            })
        };
        let mut by_source: HashMap<String, Vec<(usize, String)>> = HashMap::new();
        for (place, values) in given.iter().enumerate() {
            if let (Some(source), Some(id)) = (text(values, "source"), text(values, "externalId")) {
                by_source.entry(source).or_default().push((place, id));
            }
        }
        let mut known = vec![None; given.len()];
        for (source, wanted) in by_source {
            let ids: Vec<String> = wanted.iter().map(|(_, id)| id.clone()).collect();
            let found = self.transaction.ids_by_external(object, &source, &ids).await?;
            for (place, id) in wanted {
                if let Some(known) = known.get_mut(place) {
                    *known = found.get(&id).copied();
                }
            }
        }
        Ok(known)
    }

    /// References to records that are not there or that the actor does not see.
    async fn references(&self, object: &ObjectType, steps: &[Step]) -> Result<Vec<InvalidValue>, WorkflowError> {
        let model = &self.house.model;
        let references = || {
            steps.iter().flat_map(|step| step.values.iter().map(move |given| (step, given))).filter_map(
                |(step, given)| {
                    let (Some(target), Value::Id(id)) = (&given.column.target, &given.value) else { return None };
                    if given.stamped {
                        return None;
                    }
                    // What stays as it was may lead to what the actor does not see.
                    let stays = step.before.as_ref().and_then(|before| before.get(object, &given.column.name));
                    (stays != Some(&given.value))
                        .then(|| model.object(target).map(|target| (given, Arc::clone(target), *id)))
                        .flatten()
                },
            )
        };
        let wanted: HashSet<_> = references().map(|(_, target, id)| (target.name.clone(), id)).collect();
        let wanted: Vec<_> = wanted
            .into_iter()
            .filter_map(|(name, id)| model.object(&name).map(|object| (Arc::clone(object), id)))
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let seen = self.seen(&wanted).await?;
        let unknown = references().filter(|(_, target, id)| !seen.contains(&(target.name.clone(), *id)));
        Ok(unknown
            .map(|(given, target, _)| {
                let message = format!("`{}` names no {} that there is for you", given.column.name, name(&target));
                InvalidValue::new(given.path.clone(), InvalidCode::UnknownRecord, message)
            })
            .collect())
    }

    /// What the records lack that an upsert found to be new.
    fn lacking(&self, object: &ObjectType, steps: &[Step]) -> Vec<InvalidValue> {
        if self.order.verb != Verb::Upsert {
            return Vec::new();
        }
        let new = steps.iter().filter(|step| step.before.is_none());
        let changes = new.filter_map(|step| self.order.changes.get(step.place).map(|change| (change, &step.values)));
        changes.flat_map(|(change, values)| given::complete(object, change, values)).collect()
    }

    /// Days and times that stand before those they must follow, and amounts that are less than those they must reach.
    fn out_of_order(&self, object: &ObjectType, step: &Step) -> Vec<InvalidValue> {
        let value = |name: &str| {
            given_value(step, name).or_else(|| step.before.as_ref().and_then(|before| before.get(object, name)))
        };
        let path = |name: &str| {
            let given = step.values.iter().find(|given| given.column.name == name);
            given.map(|given| given.path.clone())
        };
        let mut problems = Vec::new();
        for (first, then) in &object.in_order {
            let (reversed, how) = match (value(first), value(then)) {
                (Some(Value::Date(first)), Some(Value::Date(then))) => (then < first, "before"),
                (Some(Value::DateTime(first)), Some(Value::DateTime(then))) => (then < first, "before"),
                (Some(Value::Decimal(first)), Some(Value::Decimal(then))) => (then < first, "less than"),
                _ => (false, ""),
            };
            // What was reversed before and is left alone is no mistake of this order.
            if let Some(path) = path(then).or_else(|| path(first)).filter(|_| reversed) {
                let message = format!("`{then}` is {how} `{first}`");
                problems.push(InvalidValue::new(path, InvalidCode::OutOfOrder, message));
            }
        }
        problems
    }

    /// What a state lacks that it is not reached without.
    fn unfounded(&self, object: &ObjectType, step: &Step) -> Vec<InvalidValue> {
        let was = |name: &str| step.before.as_ref().and_then(|before| before.get(object, name));
        let is = |value: Option<&Value>, state: &str| matches!(value, Some(Value::Text(text)) if text == state);
        let change = self.order.changes.get(step.place);
        let lacking = object.needs.iter().filter(|needs| {
            is(was(&needs.state), needs.from)
                && is(given_value(step, &needs.state), needs.to)
                && given_value(step, &needs.field).or_else(|| was(&needs.field)).is_none_or(Value::is_null)
        });
        lacking
            .map(|needs| {
                let path = change.map(|change| given::path(change, &needs.field)).unwrap_or_default();
                let message =
                    format!("`{}` must have a value: {} leads to {} by it", needs.field, needs.from, needs.to);
                InvalidValue::new(path, InvalidCode::Required, message)
            })
            .collect()
    }

    /// Holds of orders that wait for credit, and would end without it.
    async fn waiting(&self, object: &ObjectType, steps: &[Step]) -> Result<Vec<Reason>, WorkflowError> {
        let ends = |step: &&Step| {
            let before = step.before.as_ref().and_then(|before| before.get(object, "status"));
            given_value(step, "status").is_some_and(|given| Some(given) != before)
        };
        let ending: Vec<_> =
            steps.iter().filter(ends).filter_map(|step| Some((step.place, step.before.as_ref()?))).collect();
        credit_holds::kept(self.house, self.transaction, object, &ending).await
    }

    /// Records that would stand above themselves.
    async fn circles(&self, object: &ObjectType, steps: &[Step]) -> Result<Vec<Reason>, WorkflowError> {
        let mut reasons = Vec::new();
        for relation in object.relations.iter().filter(|relation| relation.target == object.name) {
            let RelationKey::Here { column } = &relation.key else { continue };
            let above: HashMap<Uuid, Uuid> = steps
                .iter()
                .filter_map(|step| {
                    let given = step.values.iter().find(|given| given.column.name == relation.name)?;
                    if let Value::Id(above) = given.value { Some((step.id, above)) } else { None }
                })
                .collect();
            if above.is_empty() {
                continue;
            }
            let ids: Vec<Uuid> = above.values().copied().collect();
            let ancestors = self.transaction.ancestors(object, column, &ids).await?;
            let parent =
                |id: &Uuid| above.get(id).copied().or_else(|| ancestors.get(id).and_then(|found| found.parent));
            for step in steps.iter().filter(|step| above.contains_key(&step.id)) {
                let mut at = step.id;
                // As many steps as there are records lead through all of them.
                let circle = (0..=ancestors.len() + above.len()).any(|_| match parent(&at) {
                    Some(next) => {
                        at = next;
                        next == step.id
                    }
                    None => false,
                });
                if circle {
                    let message = format!("`{}` would put the {} above itself", relation.name, name(object));
                    reasons.push(Reason::new(ReasonCode::Circle, message).of(step.place));
                }
            }
        }
        Ok(reasons)
    }

    /// Writes what each step is stamped with.
    async fn stamp(&self, object: &ObjectType, steps: &mut [Step]) -> Result<(), WorkflowError> {
        let columns = record_columns(object);
        let maker = object.relations.iter().find(|relation| relation.maker);
        let maker = match maker.filter(|_| steps.iter().any(|step| step.before.is_none())) {
            Some(relation) => self.maker(&columns, &relation.name).await?,
            None => None,
        };
        for step in steps {
            let stamps = columns.iter().filter_map(|column| Some((column, object.get(&column.name)?.stamp?)));
            let stamps = stamps.filter(|(_, stamp)| is_now(object, step, stamp.when)).map(|(column, stamp)| {
                let value = match stamp.what {
                    Stamped::Actor => Value::from(self.by.name.as_str()),
                    Stamped::Time => Value::from(self.now.trunc_subsecs(3)),
                };
                Given { column: column.clone(), value, path: Vec::new(), stamped: true }
            });
            let stamps: Vec<_> = stamps.chain(maker.clone().filter(|_| step.before.is_none())).collect();
            step.values.extend(stamps);
        }
        Ok(())
    }

    /// The user by whose login the actor acts, for the reference that names who makes a record.
    async fn maker(&self, columns: &[RecordColumn], reference: &str) -> Result<Option<Given>, WorkflowError> {
        let user = guildhall_store::user_by_login(self.transaction, &self.by.name).await?;
        let column = columns.iter().find(|column| column.name == reference);
        Ok(column.zip(user).map(|(column, user)| Given {
            column: column.clone(),
            value: user.into(),
            path: Vec::new(),
            stamped: true,
        }))
    }

    /// Makes the records that are not there, all in one statement.
    async fn make(&mut self, object: &Arc<ObjectType>, steps: &[Step]) -> Result<(), WorkflowError> {
        let new: Vec<_> = steps.iter().filter(|step| step.before.is_none()).collect();
        if new.is_empty() {
            return Ok(());
        }
        let columns = record_columns(object);
        let values: Vec<Vec<Option<Value>>> =
            new.iter().map(|step| columns.iter().map(|column| begun(object, step, &column.name)).collect()).collect();
        // A column that no record has a value for is left out, for what the database fills by itself.
        let written = |index: usize| values.iter().any(|row| row.get(index).is_some_and(Option::is_some));
        let used: Vec<_> = columns.iter().enumerate().filter(|(index, _)| written(*index)).collect();
        let mut batch = Batch { object, columns: vec!["id".to_owned()], rows: Vec::with_capacity(new.len()) };
        batch.columns.extend(
            used.iter().map(
                |(_, column)| {
                    if column.target.is_some() { column.column.clone() } else { column.name.clone() }
                },
            ),
        );
        for (step, mut values) in new.into_iter().zip(values) {
            let mut after = Map::new();
            let mut row: Vec<Value> = vec![step.id.into()];
            for (index, column) in &used {
                let value = values.get_mut(*index).and_then(Option::take);
                if let Some(value) = &value {
                    after.insert(column.name.clone(), column.json(&self.house.model, object, value));
                }
                row.push(value.unwrap_or(Value::Null));
            }
            batch.rows.push(row);
            self.touched.note(object, step.id, false, None, |name| given_value(step, name));
            self.happened(object, (step.id, 1), "CREATED", None, Some(after));
        }
        self.transaction.insert(&batch, self.now).await?;
        Ok(())
    }

    async fn update(
        &mut self,
        object: &Arc<ObjectType>,
        step: &Step,
        before: &Record,
    ) -> Result<Result<Done, Reason>, WorkflowError> {
        let changed: Vec<&Given> =
            step.values.iter().filter(|given| before.get(object, &given.column.name) != Some(&given.value)).collect();
        if changed.is_empty() {
            return Ok(Ok(Done { id: step.id, version: before.version, outcome: Outcome::Unchanged }));
        }
        let fields: Vec<(&str, Value)> = changed
            .iter()
            .map(|given| {
                let name = if given.column.target.is_some() { &given.column.column } else { &given.column.name };
                (name.as_str(), given.value.clone())
            })
            .collect();
        let version = match self.transaction.set_fields(object, step.id, before.version, &fields, self.now).await? {
            FieldsSet::Done { version } => version,
            FieldsSet::OtherVersion { current } => return Ok(Err(stale(object, current).of(step.place))),
            FieldsSet::Missing => {
                let message = format!("there is no such {}", name(object));
                return Ok(Err(Reason::new(ReasonCode::NotFound, message).of(step.place)));
            }
        };
        let names: Vec<&str> = changed.iter().map(|given| given.column.name.as_str()).collect();
        self.touched.note(object, step.id, true, Some(&names), |name| before.get(object, name));
        self.touched.note(object, step.id, false, Some(&names), |name| {
            given_value(step, name).or_else(|| before.get(object, name))
        });
        let model = &self.house.model;
        let old = changed.iter().map(|given| {
            let value = before.get(object, &given.column.name).unwrap_or(&Value::Null);
            (given.column.name.clone(), given.column.json(model, object, value))
        });
        let new =
            changed.iter().map(|given| (given.column.name.clone(), given.column.json(model, object, &given.value)));
        let (old, new): (Map<String, Json>, Map<String, Json>) = (old.collect(), new.collect());
        self.happened(object, (step.id, version), "UPDATED", Some(old), Some(new));
        Ok(Ok(Done { id: step.id, version, outcome: Outcome::Updated }))
    }
}

/// Whether a step is the moment of a stamp.
fn is_now(object: &ObjectType, step: &Step, when: Moment) -> bool {
    match when {
        Moment::Creation => step.before.is_none(),
        Moment::Becomes(field, state) => {
            let is = |value: Option<&Value>| matches!(value, Some(Value::Text(text)) if text == state);
            is(given_value(step, field)) && !is(step.before.as_ref().and_then(|before| before.get(object, field)))
        }
    }
}

/// What a new record has of a field or a reference: what is given, or what it begins with.
fn begun(object: &ObjectType, step: &Step, name: &str) -> Option<Value> {
    let begins = || {
        let field = object.get(name).filter(|field| field.writable && !field.nullable)?;
        field.begins_with()
    };
    given_value(step, name).cloned().or_else(begins)
}

/// What is given for a field or a reference.
pub(super) fn given_value<'s>(step: &'s Step, name: &str) -> Option<&'s Value> {
    step.values.iter().find(|given| given.column.name == name).map(|given| &given.value)
}

pub(super) fn stale(object: &ObjectType, current: i64) -> Reason {
    let message = format!("the {} was changed since and has version {current} now; read it again", name(object));
    Reason::new(ReasonCode::StaleVersion, message)
}

/// What is said when a record is made, and would be changed.
fn fixed(object: &ObjectType, step: &Step) -> Vec<Reason> {
    let Some(before) = &step.before else { return Vec::new() };
    let changed = step.values.iter().filter(|given| {
        object.fixed.contains(&given.column.name) && before.get(object, &given.column.name) != Some(&given.value)
    });
    changed
        .map(|given| {
            let message = format!("`{}` of a {} is never changed; make another one", given.column.name, name(object));
            Reason::new(ReasonCode::NotAllowed, message).of(step.place)
        })
        .collect()
}

/// States that a record's own does not lead to.
fn transitions(object: &ObjectType, step: &Step) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for given in &step.values {
        let (Kind::Enum(states), Value::Text(to)) = (&given.column.kind, &given.value) else { continue };
        let reason = match step.before.as_ref().and_then(|before| before.get(object, &given.column.name)) {
            Some(Value::Text(from)) if from == to || states.may_move(from, to) => continue,
            Some(Value::Text(from)) => {
                let next = states.next(from).join(", ");
                let next = if next.is_empty() { "nothing".to_owned() } else { next };
                format!("`{}` cannot go from {from} to {to}; {from} leads to {next}", given.column.name)
            }
            _ if states.may_begin(to) => continue,
            _ => {
                let begins = states.begins.join(", ");
                format!("`{}` of a new {} cannot be {to}; it begins as {begins}", given.column.name, name(object))
            }
        };
        reasons.push(Reason::new(ReasonCode::ImpossibleTransition, reason).of(step.place));
    }
    reasons
}
