//! Deleting records and bringing them back, with their parts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use guildhall_model::{GlobalId, ObjectType, RelationKey};
use guildhall_store::Record;
use uuid::Uuid;

use super::change::stale;
use super::credit_holds;
use super::refusal::name;
use super::{Done, Outcome, Reason, ReasonCode, Work, Written};
use crate::WorkflowError;

/// Most records deleted or brought back along with one.
const PARTS_LIMIT: usize = 2_000;

impl Work<'_> {
    /// Deletes records with their parts. What else refers to one of them keeps all of them from being deleted.
    pub(super) async fn delete(&mut self) -> Result<Written, WorkflowError> {
        let object = Arc::clone(&self.order.object);
        let ids: Vec<Uuid> = self.order.changes.iter().filter_map(|change| change.id).collect();
        let locked = self.transaction.lock_records(&object, &ids).await?;
        let records: HashMap<Uuid, Record> = locked.into_iter().map(|record| (record.id, record)).collect();
        let named: Vec<_> = records.keys().map(|id| (Arc::clone(&object), *id)).collect();
        let seen = self.seen(&named).await?;
        let (mut going, mut reasons, mut twice) = (Vec::new(), Vec::new(), HashSet::new());
        for (place, change) in self.order.changes.iter().enumerate() {
            let record = change.id.and_then(|id| records.get(&id));
            match record.filter(|record| seen.contains(&(object.name.clone(), record.id))) {
                None => {
                    let message = format!("there is no such {}", name(&object));
                    reasons.push(Reason::new(ReasonCode::NotFound, message).of(place));
                }
                Some(record) if change.version.is_some_and(|version| version != record.version) => {
                    reasons.push(stale(&object, record.version).of(place));
                }
                Some(record) if !twice.insert(record.id) => {
                    let message = format!("the {} is named twice; send each record once", name(&object));
                    reasons.push(Reason::new(ReasonCode::NotAllowed, message).of(place));
                }
                Some(record) => going.push((place, record)),
            }
        }
        reasons.extend(credit_holds::kept(self.house, self.transaction, &object, &going).await?);
        if !reasons.is_empty() {
            return Ok(Written::Refused(reasons));
        }
        let mut done = Vec::with_capacity(going.len());
        for (place, record) in going {
            let with = GlobalId::new(&object, record.id);
            let Some(parts) = self.parts(&object, &[record.id]).await? else {
                let message = format!("more than {PARTS_LIMIT} records would be deleted with the {}", name(&object));
                return Ok(Written::Refused(vec![Reason::new(ReasonCode::TooMany, message).of(place)]));
            };
            // Parts of parts stand last, and go first.
            for (part, record) in parts.iter().rev() {
                self.put_away(part, record, &with).await?;
            }
            self.put_away(&object, record, &with).await?;
            done.push(Done { id: record.id, version: record.version, outcome: Outcome::Deleted });
        }
        Ok(Written::Done(done))
    }

    async fn put_away(&mut self, object: &ObjectType, record: &Record, with: &GlobalId) -> Result<(), WorkflowError> {
        let model = Arc::clone(&self.house.model);
        self.transaction.put_away(&model, object, record, with, &self.by.name, self.now).await?;
        self.touched.note(object, record.id, true, None, |name| record.get(object, name));
        let before = record.to_json(&model, object);
        self.happened(object, (record.id, record.version), "DELETED", Some(before), None);
        Ok(())
    }

    /// What are parts of these records, and the parts of those; nothing if there are too many.
    async fn parts(
        &self,
        object: &ObjectType,
        ids: &[Uuid],
    ) -> Result<Option<Vec<(Arc<ObjectType>, Record)>>, WorkflowError> {
        let mut found = Vec::new();
        let mut wholes = vec![(object.name.clone(), ids.to_vec())];
        while let Some((whole, ids)) = wholes.pop() {
            for part in self.house.model.objects().iter().filter(|part| part.part) {
                let relation = part.visible_with.as_deref().and_then(|name| part.relation(name));
                let Some(relation) = relation.filter(|relation| relation.target == whole) else { continue };
                let RelationKey::Here { column } = &relation.key else { continue };
                let records = self.transaction.lock_parts(part, column, &ids).await?;
                if records.is_empty() {
                    continue;
                }
                wholes.push((part.name.clone(), records.iter().map(|record| record.id).collect()));
                found.extend(records.into_iter().map(|record| (Arc::clone(part), record)));
                if found.len() > PARTS_LIMIT {
                    return Ok(None);
                }
            }
        }
        Ok(Some(found))
    }

    /// Brings deleted records back, with what was deleted along with them.
    pub(super) async fn restore(&mut self) -> Result<Written, WorkflowError> {
        let object = Arc::clone(&self.order.object);
        let (mut done, mut reasons) = (Vec::new(), Vec::new());
        for (place, change) in self.order.changes.iter().enumerate() {
            let with = GlobalId::new(&object, change.id.unwrap_or_default());
            let mut records = self.transaction.put_away_with(&with).await?;
            // Wholes before their parts: the order in which tables can be created.
            let position = |name: &str| self.house.model.objects().iter().position(|object| object.name == name);
            records.sort_by_key(|(name, _)| (*name != object.name, position(name)));
            let (mut version, mut back) = (None, Vec::with_capacity(records.len()));
            for (name, values) in &records {
                let Some(of) = self.house.model.object(name).cloned() else { continue };
                let record = self.transaction.bring_back(&of, values, self.now).await?;
                self.touched.note(&of, record.id, false, None, |name| record.get(&of, name));
                if record.id == with.uuid {
                    version = Some(record.version);
                }
                self.happened(&of, (record.id, record.version), "RESTORED", None, Some(values.clone()));
                back.push((of, record));
            }
            let seen = self.seen(&[(Arc::clone(&object), with.uuid)]).await?;
            match version.filter(|_| !seen.is_empty()) {
                Some(_) if self.no_longer_fits(&back).await? => {
                    let message = format!(
                        "what the {} refers to has changed since it was deleted; make a new one",
                        name(&object)
                    );
                    reasons.push(Reason::new(ReasonCode::NotAllowed, message).of(place));
                }
                Some(version) => done.push(Done { id: with.uuid, version, outcome: Outcome::Restored }),
                None => {
                    let message = format!("no {} of this id was deleted", name(&object));
                    reasons.push(Reason::new(ReasonCode::NotFound, message).of(place));
                }
            }
        }
        Ok(if reasons.is_empty() { Written::Done(done) } else { Written::Refused(reasons) })
    }
}
