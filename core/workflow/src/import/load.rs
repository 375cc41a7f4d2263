//! Load: records into the store, a batch at a time, with the records they refer to found by their external ids.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use guildhall_model::{GlobalId, ObjectType, Value};
use guildhall_store::{Ancestor, Batch, ExternalKey, StoreError, Transaction, Upserted};
use uuid::Uuid;

use crate::business_data::HERE;

use super::claims::Claims;
use super::mapping::{FileMapping, Missing, ReferenceMapping};
use super::record::{Hierarchy, Record};
use super::refusal::{Fault, shown};
use super::sample::{Sample, sample};
use super::scratch::Scratch;
use super::taken::{Taken, seen};

/// How many records may stand above one. Beyond, whatever follows a hierarchy would take too long, and the store looks no
/// further up.
const MOST_ANCESTORS: usize = 1000;

/// Rows of a batch that was refused which are tried together. SQLite keeps in memory what a savepoint changes.
const PART: usize = 500;

/// Writes what one entry of the mapping makes.
pub(crate) struct Load<'a> {
    pub mapping: &'a FileMapping,
    pub scratch: &'a Scratch,
    /// The time the run began: what a record says that was made by this run.
    pub now: DateTime<Utc>,
    /// Where nothing is written: the types of this and the entries before it, and the ids they would make.
    pub planned: Option<Vec<(String, Taken)>>,
    /// Where nothing is written: what only one record may have, and who would have it.
    pub claims: Claims,
    /// Where the hierarchy of the file is remembered, one shelf for each reference, and what would be updated where nothing
    /// is written.
    pub hierarchy: Hierarchy,
    pub updated: u32,
    /// How many records are wanted as a sample.
    pub samples: usize,
}

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Loaded {
    pub upserted: Upserted,
    /// Rows passed over because what they refer to is not there.
    pub skipped: Vec<Record>,
    pub rejected: Vec<(Record, Fault)>,
    /// What is referred to and not there, each with the place of the reference.
    pub absent: Absent,
    /// The first records that are taken, as people read them.
    pub sample: Vec<Sample>,
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

/// Records that are referred to and not there, each with the place of the reference.
pub(crate) type Absent = HashSet<(usize, ExternalKey)>;

/// What the records of a batch refer to and what of it is there, by reference: those to other types.
type Parents<'a> = Vec<(usize, &'a ReferenceMapping, Ids)>;

/// Why a record has no place among the others, once all of them say where they stand.
enum Misplaced {
    AboveItself,
    TooDeep,
}

/// Records, and the rows of the table that they are.
struct Part<'a> {
    batch: Batch<'a>,
    records: Vec<Record>,
}

impl Load<'_> {
    /// Writes records. Those that cannot be written cost no others. Where the transaction has done nothing yet (`first`), what
    /// it does may be undone and done again; the one that is to be committed comes back.
    pub(crate) async fn write(
        &self,
        transaction: Transaction,
        records: Vec<Record>,
        first: bool,
    ) -> Result<(Transaction, Loaded), Stop> {
        self.name(&transaction, &records).await?;
        let parents = self.parents(&transaction, &records).await?;
        let mut columns: Vec<String> = vec!["source".to_owned(), "externalId".to_owned()];
        columns.extend(self.mapping.fields.iter().map(|field| field.field.name.clone()));
        columns.extend(parents.iter().map(|(_, reference, _)| reference.column.clone()));
        let mut loaded = Loaded::default();
        let mut rows = Vec::with_capacity(records.len());
        let mut records = self.sift(records, &parents, &mut loaded);
        for record in &mut records {
            let mut row = Vec::with_capacity(columns.len());
            row.push(Value::from(record.key.source.as_str()));
            row.push(Value::from(record.key.id.as_str()));
            row.append(&mut record.values);
            for (place, _, known) in &parents {
                let key = record.parents.get(*place).and_then(Option::as_ref);
                row.push(key.and_then(|key| known.get(key)).map_or(Value::Null, |id| Value::Id(*id)));
            }
            rows.push(row);
        }
        let batch = Batch { object: &self.mapping.object, columns, rows };
        let transaction = self.upsert(transaction, Part { batch, records }, &mut loaded, first).await?;
        Ok((transaction, loaded))
    }

    /// Which of the records that an earlier part of the run has seen it did not write: those whose lines are on the shelf
    /// `rejected`, and those that are passed over.
    pub(crate) async fn recall(
        &self,
        transaction: &Transaction,
        records: Vec<Record>,
        rejected: u32,
    ) -> Result<Loaded, Stop> {
        let (mut loaded, mut others) = (Loaded::default(), Vec::with_capacity(records.len()));
        for record in records {
            match self.scratch.get(rejected, &record.line.to_be_bytes())? {
                Some(_) => loaded.skipped.push(record),
                None => others.push(record),
            }
        }
        if self.mapping.references.iter().any(|reference| reference.missing == Missing::Skip) {
            let parents = self.parents(transaction, &others).await?;
            self.sift(others, &parents, &mut loaded);
            // They were taken then.
            loaded.rejected.clear();
            loaded.absent.clear();
        }
        Ok(loaded)
    }

    async fn parents(&self, transaction: &Transaction, records: &[Record]) -> Result<Parents<'_>, Stop> {
        let own_type = self.mapping.to_own_type();
        let references = self.mapping.references.iter().enumerate().filter(|(place, _)| !own_type.contains(place));
        let mut parents = Vec::new();
        for (place, reference) in references {
            let keys = records.iter().filter_map(|record| record.parents.get(place)?.as_ref());
            parents.push((place, reference, self.ids(transaction, &reference.target, keys).await?));
        }
        Ok(parents)
    }

    /// The records all of whose parents are there, or may be missing.
    fn sift(&self, records: Vec<Record>, parents: &Parents<'_>, loaded: &mut Loaded) -> Vec<Record> {
        let mut kept = Vec::with_capacity(records.len());
        for record in records {
            let lost = parents.iter().find_map(|(place, reference, known)| {
                let key = record.parents.get(*place)?.as_ref()?;
                (!known.contains_key(key) && reference.missing != Missing::Empty).then(|| (*place, key.clone()))
            });
            match lost {
                None => kept.push(record),
                Some(lost) => {
                    loaded.lose(self.mapping, record, &lost);
                    loaded.absent.insert(lost);
                }
            }
        }
        kept
    }

    /// Writes a batch in the transaction itself. Where it is refused everything is undone and done again in parts, each in a
    /// savepoint, and their halves, until the rows are found that are at fault. Savepoints from the start would cost every
    /// batch what only a refused one needs.
    async fn upsert(
        &self,
        mut transaction: Transaction,
        part: Part<'_>,
        loaded: &mut Loaded,
        first: bool,
    ) -> Result<Transaction, Stop> {
        if part.records.is_empty() {
            return Ok(transaction);
        }
        if first {
            match self.attempt(&transaction, &part, loaded).await {
                Err(Stop::Store(error)) if error.is_of_values() => {}
                done => return done.map(|()| transaction),
            }
            transaction = transaction.anew().await?;
            self.name(&transaction, &part.records).await?;
        }
        let mut waiting = part.pieces(PART);
        while let Some(part) = waiting.pop() {
            let savepoint = transaction.part().await?;
            match self.attempt(&savepoint, &part, loaded).await {
                Ok(()) => savepoint.commit().await?,
                Err(Stop::Store(error)) if error.is_of_values() => {
                    savepoint.rollback().await?;
                    let half = part.records.len().div_ceil(2);
                    if part.records.len() > 1 {
                        waiting.extend(part.pieces(half));
                        continue;
                    }
                    let rejected = part.records.into_iter();
                    loaded
                        .rejected
                        .extend(rejected.map(|record| (record, Fault::new(error.to_string(), "correct the row"))));
                }
                Err(stop) => return Err(stop),
            }
        }
        Ok(transaction)
    }

    /// Writes a batch, or says what would become of it; all of it or nothing.
    async fn attempt(&self, transaction: &Transaction, part: &Part<'_>, loaded: &mut Loaded) -> Result<(), Stop> {
        let done = if self.planned.is_none() {
            transaction.upsert(&part.batch, self.now).await?
        } else {
            let (done, updated) = transaction.compare(&part.batch, self.now).await?;
            self.claims.check(transaction, self.scratch, self.mapping, &part.batch, &part.records).await?;
            for key in &updated {
                self.scratch.put(self.updated, &seen(key), &[])?;
            }
            done
        };
        loaded.upserted.created += done.created;
        loaded.upserted.updated += done.updated;
        loaded.upserted.unchanged += done.unchanged;
        let wanted = self.samples.saturating_sub(loaded.sample.len());
        let taken = part.records.iter().zip(&part.batch.rows).take(wanted);
        loaded.sample.extend(taken.map(|(record, row)| sample(self.mapping, record, row.get(2..).unwrap_or_default())));
        Ok(())
    }

    /// Lets records refer to others of their type, which are all there now.
    pub(crate) async fn link(&self, transaction: &Transaction, records: Vec<Record>) -> Result<Linked, Stop> {
        let mut linked = Linked::default();
        self.name(transaction, &records).await?;
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
                    Some(key) => {
                        let misplaced = self.misplaced(place, &known, &ids, &record.key, key)?;
                        misplaced.map(|misplaced| misplaced.fault(reference, key))
                    }
                    None => None,
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

    /// Whether a record would stand above itself, or under too many, once all rows of the file say what they do.
    fn misplaced(
        &self,
        place: usize,
        known: &HashMap<Uuid, Ancestor>,
        ids: &Ids,
        own: &ExternalKey,
        parent: &ExternalKey,
    ) -> Result<Option<Misplaced>, Stop> {
        let mut passed = HashSet::new();
        let mut above = Some(parent.clone());
        while let Some(key) = above {
            if key == *own {
                return Ok(Some(Misplaced::AboveItself));
            }
            // A circle that it leads into is not its own.
            if !passed.insert(key.clone()) {
                return Ok(None);
            }
            if passed.len() > MOST_ANCESTORS {
                return Ok(Some(Misplaced::TooDeep));
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
        Ok(None)
    }

    /// Names records of this very database that come back from an export, and those they refer to: they are known by their
    /// global ids.
    async fn name(&self, transaction: &Transaction, records: &[Record]) -> Result<(), Stop> {
        self.recognise(transaction, &self.mapping.object, records.iter().map(|record| &record.key)).await?;
        for (place, reference) in self.mapping.references.iter().enumerate() {
            let keys = records.iter().filter_map(|record| record.parents.get(place)?.as_ref());
            self.recognise(transaction, &reference.target, keys).await?;
        }
        Ok(())
    }

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
        let planned = self.planned.iter().flatten().filter(|(name, _)| *name == object.name);
        for (_, taken) in planned {
            if taken.by(self.scratch, key)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Loaded {
    /// Counts what became of more records of the same batch.
    pub(crate) fn add(&mut self, more: Loaded) {
        self.upserted.created += more.upserted.created;
        self.upserted.updated += more.upserted.updated;
        self.upserted.unchanged += more.upserted.unchanged;
        self.sample.extend(more.sample);
    }

    /// A record refers to one that is not there: rejects it, or passes over it.
    fn lose(&mut self, mapping: &FileMapping, record: Record, (place, key): &(usize, ExternalKey)) {
        match mapping.references.get(*place) {
            Some(reference) if reference.missing != Missing::Skip => {
                self.rejected.push((record, missing_parent(reference, key)));
            }
            _ => self.skipped.push(record),
        }
    }

    /// Passes a record on, unless it refers to one that is known not to be there.
    pub(crate) fn unless_lost(&mut self, mapping: &FileMapping, record: Record, absent: &Absent) -> Option<Record> {
        let mut named = record.parents.iter().enumerate().filter_map(|(place, key)| Some((place, key.clone()?)));
        let lost = named.find(|named| absent.contains(named));
        let Some(lost) = lost else { return Some(record) };
        self.lose(mapping, record, &lost);
        None
    }
}

impl<'a> Part<'a> {
    /// The same in pieces of so many rows, the first of them last.
    fn pieces(self, rows: usize) -> Vec<Part<'a>> {
        let Batch { object, columns, rows: mut values } = self.batch;
        let mut records = self.records;
        let mut pieces = Vec::with_capacity(records.len() / rows.max(1) + 1);
        while !records.is_empty() {
            let last = (records.len() - 1) / rows.max(1) * rows;
            let batch = Batch { object, columns: columns.clone(), rows: values.split_off(last.min(values.len())) };
            pieces.push(Part { batch, records: records.split_off(last) });
        }
        pieces
    }
}

fn missing_parent(reference: &ReferenceMapping, key: &ExternalKey) -> Fault {
    let fault = Fault::new(
        format!("there is no `{}` with the id `{}`", reference.target.name, shown(&key.id)),
        format!("add it to its file, and let the mapping import `{}` first", reference.target.name),
    );
    in_column_of(reference, fault.of(&key.id))
}

impl Misplaced {
    fn fault(&self, reference: &ReferenceMapping, key: &ExternalKey) -> Fault {
        let above = shown(&key.id);
        let fault = match self {
            Misplaced::AboveItself => Fault::new(
                format!("the record would stand above itself: `{above}` leads back to it"),
                "correct one of the rows of the circle; until then the record is kept without it",
            ),
            Misplaced::TooDeep => Fault::new(
                format!("under `{above}` the record would have more than {MOST_ANCESTORS} others above it"),
                "let it stand higher up; until then the record is kept without it",
            ),
        };
        in_column_of(reference, fault.of(&key.id))
    }
}

fn in_column_of(reference: &ReferenceMapping, fault: Fault) -> Fault {
    match reference.id.columns().next() {
        Some(column) => fault.in_column(column),
        None => fault,
    }
}
