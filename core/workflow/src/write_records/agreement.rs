//! What records agree in with those they refer to: the customer they belong to, their currency, and what parts share.
//!
//! What an import brings is not asked, as its values are not held to rules.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use guildhall_model::{ObjectType, RelationKey, Value, belongs_to_customer, towards_customer};
use guildhall_store::{Belonging, Record, record_columns, referring_types};
use serde_json::Value as Json;
use uuid::Uuid;

use super::change::{Step, given_value};
use super::refusal::name;
use super::{InvalidCode, InvalidValue, Reason, ReasonCode, Work};
use crate::WorkflowError;

/// A reference that has to agree with the record it is of.
struct Reference {
    name: String,
    path: Vec<Json>,
    /// Through which the record belongs to its customer.
    root: (Arc<ObjectType>, Uuid),
    to: (Arc<ObjectType>, Uuid),
    /// The record's currency, if it has to be that of the record referred to.
    currency: Option<String>,
    /// Where the currency stands, if it is written.
    currency_path: Option<Vec<Json>>,
}

impl Work<'_> {
    /// References to records of another customer or in another currency.
    pub(super) async fn disagreeing(
        &self,
        object: &Arc<ObjectType>,
        steps: &[Step],
    ) -> Result<Vec<InvalidValue>, WorkflowError> {
        let references: Vec<_> = steps.iter().flat_map(|step| self.written(object, step)).collect();
        let found = self.faults(&references).await?;
        let faults = references.into_iter().zip(found).filter_map(|(reference, fault)| Some((reference, fault?)));
        Ok(faults
            .map(|(reference, (code, message))| {
                let path = reference.currency_path.filter(|_| code == InvalidCode::RuleBroken);
                InvalidValue::new(path.unwrap_or(reference.path), code, message)
            })
            .collect())
    }

    /// The references of a record that have to be looked at: those that are written, or all if what they have to agree with is.
    fn written(&self, object: &Arc<ObjectType>, step: &Step) -> Vec<Reference> {
        let was = |name: &str| step.before.as_ref().and_then(|before| before.get(object, name));
        let is = |name: &str| given_value(step, name).or_else(|| was(name));
        let path = |name: &str| {
            let given = step.values.iter().find(|given| given.column.name == name && was(name) != Some(&given.value));
            given.map(|given| given.path.clone())
        };
        let with = object.visible_with.as_deref().unwrap_or_default();
        let references = self.references_of(object, &is).into_iter();
        references
            .filter_map(|mut reference| {
                reference.currency_path = reference.currency.as_ref().and_then(|_| path("currency"));
                let path = path(&reference.name).or_else(|| path(with));
                reference.path = path.or_else(|| reference.currency_path.clone())?;
                Some(reference)
            })
            .collect()
    }

    /// All references of a record with these values that have to agree with it.
    fn references_of<'v>(
        &self,
        object: &Arc<ObjectType>,
        value: &impl Fn(&str) -> Option<&'v Value>,
    ) -> Vec<Reference> {
        let model = &self.house.model;
        let Some((with, whole)) = towards_customer(model, object) else { return Vec::new() };
        let Some(Value::Id(root)) = value(&with.name) else { return Vec::new() };
        let mut found = Vec::new();
        for relation in object.relations.iter().filter(|relation| relation.is_here() && !relation.across) {
            let target = model.object(&relation.target).filter(|target| belongs_to_customer(model, target));
            let (Some(target), Some(Value::Id(id))) = (target, value(&relation.name)) else { continue };
            let currency = match value("currency") {
                Some(Value::Text(currency)) if relation.same_currency => Some(currency.clone()),
                _ => None,
            };
            if relation.name == with.name && currency.is_none() {
                continue;
            }
            let (name, root) = (relation.name.clone(), (Arc::clone(whole), *root));
            found.push(Reference {
                name,
                path: Vec::new(),
                root,
                to: (Arc::clone(target), *id),
                currency,
                currency_path: None,
            });
        }
        found
    }

    /// What is wrong with each of the references.
    async fn faults(&self, references: &[Reference]) -> Result<Vec<Option<(InvalidCode, String)>>, WorkflowError> {
        let mut wanted: HashMap<String, (Arc<ObjectType>, HashSet<Uuid>)> = HashMap::new();
        for (object, id) in references.iter().flat_map(|reference| [&reference.root, &reference.to]) {
            // A customer is its own.
            if object.visible_with.is_some() {
                let entry = wanted.entry(object.name.clone()).or_insert_with(|| (Arc::clone(object), HashSet::new()));
                entry.1.insert(*id);
            }
        }
        let mut known: HashMap<Uuid, Belonging> = HashMap::new();
        for (object, ids) in wanted.values() {
            let ids: Vec<Uuid> = ids.iter().copied().collect();
            known.extend(self.transaction.belonging(&self.house.model, object, &ids).await?);
        }
        let customer = |(object, id): &(Arc<ObjectType>, Uuid)| {
            if object.visible_with.is_some() { known.get(id).map(|belonging| belonging.customer) } else { Some(*id) }
        };
        let fault = |reference: &Reference| {
            let target = name(&reference.to.0);
            // What is not there is told as such elsewhere.
            let (own, other) = (customer(&reference.root)?, customer(&reference.to)?);
            if own != other {
                let message = format!("`{}` names {target} of another customer", reference.name);
                return Some((InvalidCode::OtherCustomer, message));
            }
            let theirs = known.get(&reference.to.1)?.currency.as_ref()?;
            let ours = reference.currency.as_ref().filter(|ours| *ours != theirs)?;
            Some((InvalidCode::RuleBroken, format!("`currency` is {ours}, and the {target}'s is {theirs}")))
        };
        Ok(references.iter().map(fault).collect())
    }

    /// Records that are to go to another customer, or into another currency, though others that refer to them stay.
    pub(super) async fn left_behind(
        &self,
        object: &Arc<ObjectType>,
        steps: &[Step],
    ) -> Result<Vec<Reason>, WorkflowError> {
        let model = &self.house.model;
        let with = towards_customer(model, object).map(|(relation, _)| relation.name.as_str());
        let in_currency = |other: &ObjectType| {
            other.relations.iter().any(|relation| relation.same_currency && relation.target == object.name)
        };
        let lends = model.objects().iter().any(|other| in_currency(other));
        let mut reasons = Vec::new();
        for step in steps {
            let Some(before) = &step.before else { continue };
            let changes =
                |name: &str| given_value(step, name).is_some_and(|value| before.get(object, name) != Some(value));
            let (moves, converts) = (with.is_some_and(changes), lends && changes("currency"));
            if !moves && !converts {
                continue;
            }
            let referring = referring_types(self.transaction, model, object, &[step.id]).await?;
            let message = match () {
                () if moves && !referring.is_empty() => "it stays with its customer",
                () if converts && referring.iter().any(|other| in_currency(other)) => "it stays in its currency",
                () => continue,
            };
            let message = format!("other records refer to the {}: {message}", name(object));
            reasons.push(Reason::new(ReasonCode::InUse, message).of(step.place));
        }
        Ok(reasons)
    }

    /// Parts that come to more than what they share.
    pub(super) async fn overdrawn(
        &self,
        object: &Arc<ObjectType>,
        steps: &[Step],
    ) -> Result<Vec<InvalidValue>, WorkflowError> {
        let model = &self.house.model;
        let mut problems = Vec::new();
        for part in model.objects() {
            let (Some(shared), Some((relation, whole))) = (&part.shares, towards_customer(model, part)) else {
                continue;
            };
            let RelationKey::Here { column } = &relation.key else { continue };
            let of = |step: &Step| {
                if whole.name == object.name {
                    return Some(step.id).filter(|_| step.before.is_some() && given_value(step, shared).is_some());
                }
                let given = given_value(step, &relation.name);
                let named =
                    given.or_else(|| step.before.as_ref().and_then(|before| before.get(object, &relation.name)));
                if let Some(Value::Id(id)) = named.filter(|_| part.name == object.name) { Some(*id) } else { None }
            };
            let ids: Vec<Uuid> = steps.iter().filter_map(of).collect();
            if ids.is_empty() {
                continue;
            }
            let exceeded = self.transaction.exceeded((part, column, whole), shared, &ids).await?;
            for step in steps.iter().filter(|step| of(step).is_some_and(|id| exceeded.contains(&id))) {
                let given = |name: &str| step.values.iter().find(|given| given.column.name == name);
                let Some(given) = given(shared).or_else(|| given(&relation.name)) else { continue };
                let message = format!("`{shared}`: the {}s of the {} come to more than it is", name(part), name(whole));
                problems.push(InvalidValue::new(given.path.clone(), InvalidCode::RuleBroken, message));
            }
        }
        Ok(problems)
    }

    /// Whether records that come back no longer agree with those they refer to.
    pub(super) async fn no_longer_fits(&self, records: &[(Arc<ObjectType>, Record)]) -> Result<bool, WorkflowError> {
        let (mut references, mut shares) = (Vec::new(), Vec::new());
        for (object, record) in records {
            let columns = record_columns(object);
            let value = |name: &str| {
                let index = columns.iter().position(|column| column.name == name)?;
                record.values.get(index)
            };
            references.extend(self.references_of(object, &value));
            if let (Some(shared), Some((relation, whole))) =
                (&object.shares, towards_customer(&self.house.model, object))
                && let (RelationKey::Here { column }, Some(Value::Id(id))) = (&relation.key, value(&relation.name))
            {
                shares.push((object, column, whole, shared, *id));
            }
        }
        if self.faults(&references).await?.iter().any(Option::is_some) {
            return Ok(true);
        }
        for (part, column, whole, shared, id) in shares {
            if !self.transaction.exceeded((part, column, whole), shared, &[id]).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
