//! Load: records into the store, a batch at a time, with the records they refer to found by their external ids.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use guildhall_model::{GlobalId, ObjectType, Value};
use guildhall_store::{Ancestor, Batch, ExternalKey, StoreError, Transaction, Upserted};
use uuid::Uuid;

use crate::business_data::HERE;

use super::mapping::{FileMapping, Missing, ReferenceMapping};
use super::record::{Hierarchy, Record, seen};
use super::refusal::{Fault, shown};
use super::scratch::Scratch;

/// How long a hierarchy may be before it is taken for a circle.
const MOST_ANCESTORS: usize = 1000;

/// Writes what one entry of the mapping makes.
pub(crate) struct Load<'a> {
    pub mapping: &'a FileMapping,
    pub scratch: &'a Scratch,
    /// The time the run began: what a record says that was made by this run.
    pub now: DateTime<Utc>,
    /// Where nothing is written: the types of this and the entries before it, and where the ids they would make are
    /// remembered.
    pub planned: Option<Vec<(String, u32)>>,
    /// Where the hierarchy of the file is remembered, one shelf for each reference, and what would be updated where nothing
    /// is written.
    pub hierarchy: Hierarchy,
    pub updated: u32,
}

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Loaded {
    pub upserted: Upserted,
    /// Rows passed over because what they refer to is not there.
    pub skipped: u64,
    pub rejected: Vec<(Record, Fault)>,
}

/// What became of records whose hierarchy was set: how many counts move from where to where.
#[derive(Default)]
pub(crate) struct Linked {
    /// Records that were counted as unchanged and are changed now.
    pub changed: u64,
    /// Records that were counted so and are errors now.
    pub rejected: Vec<(Record, Fault, Counted)>,
}

/// As what a record of this run was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    Created,
    Updated,
    Unchanged,
}

/// Why a batch could not be written at all.
pub(crate) enum Stop {
    Store(StoreError),
    Scratch(Fault),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Stop::Store(error)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Scratch(fault)
    }
}

type Ids = HashMap<ExternalKey, Uuid>;

impl Load<'_> {
    /// Writes records. Those that cannot be written cost no others.
    pub(crate) async fn write(&self, transaction: &Transaction, records: Vec<Record>) -> Result<Loaded, Stop> {
        let own_type = self.mapping.to_own_type();
        let references: Vec<(usize, &ReferenceMapping)> =
            self.mapping.references.iter().enumerate().filter(|(place, _)| !own_type.contains(place)).collect();
        let mut parents = Vec::with_capacity(references.len());
        for (place, reference) in &references {
            let keys = records.iter().filter_map(|record| record.parents.get(*place)?.as_ref());
            parents.push(self.ids(transaction, &reference.target, keys).await?);
        }
        self.recognise(transaction, &self.mapping.object, records.iter().map(|record| &record.key)).await?;
        let mut columns: Vec<String> = vec!["source".to_owned(), "externalId".to_owned()];
        columns.extend(self.mapping.fields.iter().map(|field| field.field.name.clone()));
        columns.extend(references.iter().map(|(_, reference)| reference.column.clone()));
        let mut loaded = Loaded::default();
        let mut kept = Vec::with_capacity(records.len());
        let mut rows = Vec::with_capacity(records.len());
        for mut record in records {
            let mut row = Vec::with_capacity(columns.len());
            row.push(Value::from(record.key.source.as_str()));
            row.push(Value::from(record.key.id.as_str()));
            row.append(&mut record.values);
            let mut lost = None;
            for ((place, reference), known) in references.iter().zip(&parents) {
                let key = record.parents.get(*place).and_then(Option::as_ref);
                match key.map(|key| (key, known.get(key), reference.missing)) {
                    None | Some((_, None, Missing::Empty)) => row.push(Value::Null),
                    Some((_, Some(id), _)) => row.push(Value::Id(*id)),
                    Some((key, None, missing)) => lost = lost.or(Some((*reference, key.clone(), missing))),
                }
            }
            match lost {
                None => {
                    kept.push(record);
                    rows.push(row);
                }
                Some((_, _, Missing::Skip)) => loaded.skipped += 1,
                Some((reference, key, _)) => loaded.rejected.push((record, missing_parent(reference, &key))),
            }
        }
        let batch = Batch { object: &self.mapping.object, columns, rows };
        self.upsert(transaction, batch, kept, &mut loaded).await?;
        Ok(loaded)
    }

    /// Writes a batch; where it is refused, its halves, until the rows are found that are at fault.
    async fn upsert(
        &self,
        transaction: &Transaction,
        batch: Batch<'_>,
        records: Vec<Record>,
        loaded: &mut Loaded,
    ) -> Result<(), Stop> {
        let mut waiting = vec![(batch, records)];
        while let Some((mut batch, mut records)) = waiting.pop() {
            if batch.rows.is_empty() {
                continue;
            }
            let part = transaction.part().await?;
            let done = match &self.planned {
                None => part.upsert(&batch, self.now).await,
                Some(_) => match part.compare(&batch, self.now).await {
                    Ok((done, updated)) => {
                        for key in &updated {
                            self.scratch.put(self.updated, &seen(key), &[])?;
                        }
                        Ok(done)
                    }
                    Err(error) => Err(error),
                },
            };
            match done {
                Ok(done) => {
                    part.commit().await?;
                    loaded.upserted.created += done.created;
                    loaded.upserted.updated += done.updated;
                    loaded.upserted.unchanged += done.unchanged;
                }
                Err(error) if error.is_of_values() => {
                    part.rollback().await?;
                    if batch.rows.len() == 1 {
                        let fault = || Fault::new(error.to_string(), "correct the row");
                        loaded.rejected.extend(records.pop().map(|record| (record, fault())));
                        continue;
                    }
                    let half = batch.rows.len() / 2;
                    let rows = batch.rows.split_off(half);
                    let rest = records.split_off(half.min(records.len()));
                    waiting.push((Batch { rows, columns: batch.columns.clone(), object: batch.object }, rest));
                    waiting.push((batch, records));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Lets records refer to others of their type, which are all there now.
    pub(crate) async fn link(&self, transaction: &Transaction, records: Vec<Record>) -> Result<Linked, Stop> {
        let mut linked = Linked::default();
        let mut records: Vec<Option<Record>> = records.into_iter().map(Some).collect();
        let object = &self.mapping.object;
        for place in self.mapping.to_own_type() {
            let Some(reference) = self.mapping.references.get(place) else { continue };
            let present = || records.iter().flatten();
            let keys =
                present().flat_map(|record| [Some(&record.key), record.parents.get(place).and_then(Option::as_ref)]);
            let ids = self.ids(transaction, object, keys.flatten()).await?;
            let list: Vec<Uuid> = ids.values().copied().collect();
            let mut known = transaction.ancestors(object, &reference.column, &list).await?;
            for slot in &mut records {
                let Some(record) = slot.as_ref() else { continue };
                let Some(id) = ids.get(&record.key).copied() else { continue };
                let parent = record.parents.get(place).and_then(Option::as_ref);
                let to = parent.and_then(|key| ids.get(key)).copied();
                let fault = match parent {
                    Some(key) if to.is_none() && reference.missing != Missing::Empty => {
                        let remedy = "add it to the file; until then the record is kept without it";
                        Some(Fault { remedy: remedy.to_owned(), ..missing_parent(reference, key) })
                    }
                    Some(key) if self.is_circle(place, &known, &ids, &record.key, key)? => Some(circle(reference, key)),
                    _ => None,
                };
                let to = to.filter(|_| fault.is_none());
                let before = known.get(&id);
                let mut counted = before.map_or(Counted::Created, |before| self.counted(before));
                if self.planned.is_some() && self.scratch.get(self.updated, &seen(&record.key))?.is_some() {
                    counted = Counted::Updated;
                }
                let changes = before.is_some_and(|before| before.parent != to);
                if changes && self.planned.is_none() {
                    transaction.set_reference(object, &reference.column, id, to, self.now).await?;
                }
                match fault {
                    Some(fault) => {
                        linked.rejected.extend(slot.take().map(|record| (record, fault, counted)));
                    }
                    None => linked.changed += u64::from(changes && counted == Counted::Unchanged),
                }
                if let Some(entry) = known.get_mut(&id) {
                    entry.parent = to;
                    entry.updated_at = if changes { self.now } else { entry.updated_at };
                }
            }
        }
        Ok(linked)
    }

    fn counted(&self, before: &Ancestor) -> Counted {
        if before.created_at == self.now {
            Counted::Created
        } else if before.updated_at == self.now {
            Counted::Updated
        } else {
            Counted::Unchanged
        }
    }

    /// Whether a record would stand above itself, once all rows of the file say what they do.
    fn is_circle(
        &self,
        place: usize,
        known: &HashMap<Uuid, Ancestor>,
        ids: &Ids,
        own: &ExternalKey,
        parent: &ExternalKey,
    ) -> Result<bool, Stop> {
        let mut passed = HashSet::new();
        let mut above = Some(parent.clone());
        while let Some(key) = above {
            if key == *own {
                return Ok(true);
            }
            // A circle that it leads into is not its own.
            if passed.len() >= MOST_ANCESTORS || !passed.insert(key.clone()) {
                return Ok(passed.len() >= MOST_ANCESTORS);
            }
            above = match self.hierarchy.parent(self.scratch, place, &key)? {
                Some(said) => said,
                None => {
                    let ancestor = ids.get(&key).and_then(|id| known.get(id));
                    let ancestor = ancestor.or_else(|| known.values().find(|one| one.key.as_ref() == Some(&key)));
                    let parent = ancestor.and_then(|one| known.get(&one.parent?));
                    parent.and_then(|one| one.key.clone())
                }
            };
        }
        Ok(false)
    }

    /// Records of this very database that come back from an export are known by their global ids.
    async fn recognise<'k>(
        &self,
        transaction: &Transaction,
        object: &ObjectType,
        keys: impl Iterator<Item = &'k ExternalKey>,
    ) -> Result<(), Stop> {
        let here = keys.filter(|key| key.source == HERE);
        let ids: Vec<Uuid> = here.filter_map(|key| GlobalId::parse_as(&key.id, object).ok()).collect();
        if !ids.is_empty() {
            transaction.name_by_id(object, HERE, &ids).await?;
        }
        Ok(())
    }

    /// The ids of records by what they are called elsewhere.
    async fn ids<'k>(
        &self,
        transaction: &Transaction,
        object: &ObjectType,
        keys: impl Iterator<Item = &'k ExternalKey>,
    ) -> Result<Ids, Stop> {
        let keys: Vec<&ExternalKey> = keys.collect();
        self.recognise(transaction, object, keys.iter().copied()).await?;
        let mut by_source: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for key in keys {
            by_source.entry(&key.source).or_default().insert(&key.id);
        }
        let mut ids = Ids::new();
        for (source, wanted) in by_source {
            let list: Vec<String> = wanted.iter().map(|id| (*id).to_owned()).collect();
            let key = |id: &str| ExternalKey { source: source.to_owned(), id: id.to_owned() };
            let found = transaction.ids_by_external(object, source, &list).await?;
            ids.extend(found.into_iter().map(|(id, uuid)| (key(&id), uuid)));
            for id in wanted {
                if !ids.contains_key(&key(id)) && self.is_planned(object, &key(id))? {
                    ids.insert(key(id), Uuid::nil());
                }
            }
        }
        Ok(ids)
    }

    /// Whether an entry before would make this record, where nothing is written.
    fn is_planned(&self, object: &ObjectType, key: &ExternalKey) -> Result<bool, Stop> {
        let shelves = self.planned.iter().flatten().filter(|(name, _)| *name == object.name);
        for (_, shelf) in shelves {
            let known = self.scratch.get(*shelf, &seen(key))?;
            if known.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn missing_parent(reference: &ReferenceMapping, key: &ExternalKey) -> Fault {
    let fault = Fault::new(
        format!("there is no `{}` with the id `{}`", reference.target.name, shown(&key.id)),
        format!("add it to its file, and let the mapping import `{}` first", reference.target.name),
    );
    in_column_of(reference, fault.of(&key.id))
}

fn circle(reference: &ReferenceMapping, key: &ExternalKey) -> Fault {
    let fault = Fault::new(
        format!("the record would stand above itself: `{}` leads back to it", shown(&key.id)),
        "correct one of the rows of the circle; until then the record is kept without it",
    );
    in_column_of(reference, fault.of(&key.id))
}

fn in_column_of(reference: &ReferenceMapping, fault: Fault) -> Fault {
    match reference.id.columns().next() {
        Some(column) => fault.in_column(column),
        None => fault,
    }
}
