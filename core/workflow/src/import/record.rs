//! Record: one record of the model, made from one row.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Datelike, LocalResult, NaiveDate, NaiveDateTime, TimeZone, Utc};
use guildhall_model::{Kind, Value, parse_text, scaled};
use guildhall_store::ExternalKey;
use rust_decimal::Decimal;

use super::expression::Scope;
use super::format::{EMPTY_TEXT, Format, Notation};
use super::mapping::{
    FieldMapping, FileMapping, Invalid, Mapping, Missing, Needs, Origin, Reading, ReferenceMapping, check_source,
};
use super::refusal::{Fault, shown};
use super::rows::Row;
use super::scratch::Scratch;
use super::side_table::SideTables;
use super::taken::{Taken, seen};

/// Longest external id.
const MAX_ID_BYTES: usize = 200;

#[derive(Debug)]
pub(crate) struct Record {
    pub line: u64,
    /// The row as it is in the file.
    pub raw: Vec<u8>,
    pub key: ExternalKey,
    /// One per mapped field.
    pub values: Vec<Value>,
    /// The records it refers to, one per mapped reference.
    pub parents: Vec<Option<ExternalKey>>,
}

impl Record {
    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        let value = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Json(json) => json.to_string().len(),
            _ => 0,
        };
        let keys = self.parents.iter().flatten().chain([&self.key]);
        let of_keys: usize = keys.map(|key| key.source.len() + key.id.len()).sum();
        self.raw.len() + of_keys + self.values.iter().map(value).sum::<usize>()
    }
}

/// What becomes of a row.
#[derive(Debug)]
pub(crate) enum Made {
    Record(Box<Record>),
    /// The mapping does not take it.
    Skipped,
    /// It is more of a record that an earlier row made.
    Merged,
    /// It is more of a record that an earlier row is to make, if that one can be taken.
    Waits,
}

/// A row that waits for what becomes of an earlier one with its id.
pub(crate) struct Waiting {
    pub row: Row,
    pub raw: Vec<u8>,
    positions: Vec<(String, u32)>,
}

/// What a record is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    /// To be written.
    Records,
    /// To know what it refers to among its own type.
    OwnType,
}

/// Where in the scratch file a pass over the file of an entry remembers what.
pub(crate) struct Remembers {
    pub taken: Taken,
    /// The ids of earlier entries whose records this one must not make again.
    pub earlier: Vec<Taken>,
    /// The shelf before those of the positions.
    pub positions: u32,
    pub hierarchy: Hierarchy,
}

/// Makes records of the rows of one file, in their order.
pub(crate) struct Recorder<'m> {
    source: &'m str,
    mapping: &'m FileMapping,
    format: Arc<Format>,
    needs: Needs,
    scratch: Arc<Scratch>,
    remembers: Remembers,
    pass: Pass,
    /// The line of the first row whose fate is not settled.
    unsettled: u64,
    /// Of the row read last.
    positions: Vec<(String, u32)>,
    /// Values that could not be read and were left empty.
    pub left_empty: u64,
}

impl<'m> Recorder<'m> {
    pub(crate) fn new(
        mapping: &'m Mapping,
        file: &'m FileMapping,
        scratch: Arc<Scratch>,
        remembers: Remembers,
        pass: Pass,
    ) -> Self {
        let format = Arc::clone(mapping.format(&file.file));
        let needs = file.needs(&format);
        Recorder {
            source: &mapping.source,
            mapping: file,
            format,
            needs,
            scratch,
            remembers,
            pass,
            unsettled: 0,
            positions: Vec::new(),
            left_empty: 0,
        }
    }

    pub(crate) fn pass(&self) -> Pass {
        self.pass
    }

    /// The tables that must be read before.
    pub(crate) fn tables(&self) -> &BTreeSet<usize> {
        &self.needs.tables
    }

    /// What becomes of a row; `raw` is the row as it is in the file.
    pub(crate) fn record(&mut self, row: &mut Row, raw: &[u8], tables: &SideTables) -> Result<Made, Fault> {
        self.positions = self.positions(row)?;
        self.format.derive(row, &self.needs.derived, Some(tables), &self.positions)?;
        let positions = std::mem::take(&mut self.positions);
        let made = self.made(row, raw, tables, &positions);
        self.positions = positions;
        made
    }

    /// From the row on `line` on nobody knows yet what becomes of them.
    pub(crate) fn unsettled_from(&mut self, line: u64) {
        self.unsettled = line;
    }

    /// The row read last, for [`Recorder::again`].
    pub(crate) fn waiting(&mut self, row: Row, raw: &[u8]) -> Waiting {
        Waiting { row, raw: raw.to_vec(), positions: std::mem::take(&mut self.positions) }
    }

    /// What becomes of a row that has waited.
    pub(crate) fn again(&mut self, waiting: &Waiting, tables: &SideTables) -> Result<Made, Fault> {
        self.made(&waiting.row, &waiting.raw, tables, &waiting.positions)
    }

    /// The record was rejected or passed over after all: its row has not taken the id.
    pub(crate) fn give_back(&self, record: &Record) -> Result<(), Fault> {
        match self.mapping.once {
            true => self.remembers.taken.free(&self.scratch, &record.key)?,
            false => self.remembers.taken.give_back(&self.scratch, &record.key, record.line)?,
        }
        self.mapping
            .to_own_type()
            .into_iter()
            .try_for_each(|place| self.remembers.hierarchy.forget(&self.scratch, place, &record.key))
    }

    fn made(&mut self, row: &Row, raw: &[u8], tables: &SideTables, positions: &[(String, u32)]) -> Result<Made, Fault> {
        if self.pass == Pass::OwnType {
            return self.linked(row, raw);
        }
        let format = Arc::clone(&self.format);
        let scope = Scope { row, notation: &format.notation, tables: Some(tables), positions };
        if let Some(condition) = &self.mapping.condition
            && !scope.holds(condition)?
        {
            return Ok(Made::Skipped);
        }
        let key = key(self.mapping, self.source, row)?;
        if self.mapping.once
            && let Some(line) = self.remembers.taken.by(&self.scratch, &key)?
        {
            return Ok(if line < self.unsettled { Made::Merged } else { Made::Waits });
        }
        for earlier in &self.remembers.earlier {
            if earlier.by(&self.scratch, &key)?.is_some() {
                return Err(Fault::new(
                    format!(
                        "an earlier entry of the mapping has made a `{}` with the id `{}`",
                        self.mapping.object.name,
                        shown(&key.id)
                    ),
                    "tell their ids apart, as in `id = \"vendor-{ID}\"`, or write `updates = true`",
                )
                .of(&key.id));
            }
        }
        let mut values = Vec::with_capacity(self.mapping.fields.len());
        for field in &self.mapping.fields {
            values.push(value(field, &scope, &mut self.left_empty)?);
        }
        let Some(parents) = self.parents(row)? else { return Ok(Made::Skipped) };
        if let Some(first) = self.remembers.taken.take(&self.scratch, &key, row.line)? {
            return Err(Fault::new(
                format!("the id `{}` was on line {first} already", shown(&key.id)),
                "remove one of the rows, add a column to the mapping's `id`, or write `once = true`",
            )
            .of(&key.id));
        }
        for place in self.mapping.to_own_type() {
            let parent = parents.get(place).and_then(Option::as_ref);
            self.remembers.hierarchy.remember(&self.scratch, place, &key, parent)?;
        }
        Ok(Made::Record(Box::new(Record { line: row.line, raw: raw.to_vec(), key, values, parents })))
    }

    /// The row as what it refers to, if it is the one that made its record. Whatever else became of it was told before.
    fn linked(&self, row: &Row, raw: &[u8]) -> Result<Made, Fault> {
        let key = key(self.mapping, self.source, row)?;
        if self.remembers.taken.by(&self.scratch, &key)? != Some(row.line) {
            return Ok(Made::Skipped);
        }
        let Some(parents) = self.parents(row)? else { return Ok(Made::Skipped) };
        Ok(Made::Record(Box::new(Record { line: row.line, raw: raw.to_vec(), key, values: Vec::new(), parents })))
    }

    /// What the row refers to; none where it is passed over because it names nothing.
    fn parents(&self, row: &Row) -> Result<Option<Vec<Option<ExternalKey>>>, Fault> {
        let mut parents = Vec::with_capacity(self.mapping.references.len());
        for reference in &self.mapping.references {
            let parent = self.parent(reference, row)?;
            if parent.is_none() && reference.missing == Missing::Skip {
                return Ok(None);
            }
            parents.push(parent);
        }
        Ok(Some(parents))
    }

    fn positions(&self, row: &Row) -> Result<Vec<(String, u32)>, Fault> {
        let mut positions = Vec::with_capacity(self.needs.positions.len());
        for (shelf, column) in (self.remembers.positions + 1..).zip(&self.needs.positions) {
            let text = row.get(column)?.as_bytes();
            let before =
                self.scratch.get(shelf, text)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
            let position = before.saturating_add(1);
            self.scratch.put(shelf, text, &position.to_be_bytes())?;
            positions.push((column.clone(), position));
        }
        Ok(positions)
    }

    fn parent(&self, reference: &ReferenceMapping, row: &Row) -> Result<Option<ExternalKey>, Fault> {
        let mut columns = reference.id.columns();
        let first = columns.next();
        // A reference is absent if its id is. Half an id is an error either way.
        let may_be_absent = reference.nullable || reference.missing == Missing::Skip;
        if may_be_absent && reference.id.render(row)?.is_empty() {
            return Ok(None);
        }
        let id = reference.id.render_key(row).map_err(|_| {
            let name = &reference.target.name;
            in_first(Fault::new(format!("the row names no `{name}`"), "fill in the column"), first.into_iter())
        })?;
        let source = match &reference.source {
            None => self.source.to_owned(),
            Some(template) => template.render_key(row)?,
        };
        Ok(Some(ExternalKey { source, id }))
    }
}

/// What the record of a row is called in the system it comes from; `source` where the entry does not say.
pub(crate) fn key(mapping: &FileMapping, source: &str, row: &Row) -> Result<ExternalKey, Fault> {
    let id = mapping.id.render_key(row)?;
    if id.len() > MAX_ID_BYTES {
        return Err(Fault::new(
            format!("the id `{}` is longer than {MAX_ID_BYTES} bytes", shown(&id)),
            "use columns that hold a short key",
        )
        .of(&id));
    }
    let source = match &mapping.source {
        None => source.to_owned(),
        Some(template) => template.render_key(row)?,
    };
    check_source(&source).map_err(|fault| fault.of(&source))?;
    Ok(ExternalKey { source, id })
}

/// Which record of the file stands under which of the same type, remembered for all rows: whether there is a circle is a
/// question to the whole file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hierarchy {
    /// The shelf of the first reference of the entry; those of the others come before it.
    pub shelf: u32,
}

impl Hierarchy {
    fn remember(
        self,
        scratch: &Scratch,
        place: usize,
        key: &ExternalKey,
        parent: Option<&ExternalKey>,
    ) -> Result<(), Fault> {
        let parent = parent.map(seen).unwrap_or_default();
        scratch.put(self.of(place), &seen(key), &parent).map(drop)
    }

    fn forget(self, scratch: &Scratch, place: usize, key: &ExternalKey) -> Result<(), Fault> {
        scratch.forget(self.of(place), &seen(key))
    }

    /// What the file says of a record: nothing, that it stands under none, or under which.
    pub(crate) fn parent(
        self,
        scratch: &Scratch,
        place: usize,
        key: &ExternalKey,
    ) -> Result<Option<Option<ExternalKey>>, Fault> {
        let Some(bytes) = scratch.get(self.of(place), &seen(key))? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let parent =
            text.split_once('\0').map(|(source, id)| ExternalKey { source: source.to_owned(), id: id.to_owned() });
        Ok(Some(parent))
    }

    fn of(self, place: usize) -> u32 {
        self.shelf - u32::try_from(place).unwrap_or(0)
    }
}

fn value(mapping: &FieldMapping, scope: &Scope<'_>, left_empty: &mut u64) -> Result<Value, Fault> {
    let reading = &mapping.reading;
    let read = match &mapping.origin {
        Origin::Constant(value) => return Ok(value.clone()),
        Origin::Column(column) => {
            let text = scope.row.exact(column)?;
            read(mapping, text, scope.notation).map_err(|fault| fault.in_column(column).of(text))
        }
        Origin::Template(template) => {
            let text = template.render(scope.row)?;
            read(mapping, &text, scope.notation).map_err(|fault| in_first(fault, template.columns()).of(&text))
        }
        Origin::Expression(expression) if is_number(&mapping.field.kind) && expression.is_number() => {
            let made = scope.number(expression).and_then(|result| number(mapping, result));
            made.map_err(|fault| in_first(fault, expression.columns().into_iter()))
        }
        Origin::Expression(expression) => scope
            .text(expression)
            .and_then(|text| read(mapping, &text, scope.notation).map_err(|fault| fault.of(&text)))
            .map_err(|fault| in_first(fault, expression.columns().into_iter())),
    };
    match read {
        Err(fault) if reading.invalid == Invalid::Empty && !fault.of_disk => {
            *left_empty += 1;
            Ok(reading.default.clone().unwrap_or(Value::Null))
        }
        read => read,
    }
}

/// Whether a number can be computed for a field of this kind.
fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Decimal { .. } | Kind::Money)
}

fn in_first<'a>(fault: Fault, mut columns: impl Iterator<Item = &'a str>) -> Fault {
    match columns.next() {
        Some(column) => fault.in_column(column),
        None => fault,
    }
}

/// A text of the file as a value of its field: translated, defaulted, read in the file's notation.
fn read(mapping: &FieldMapping, text: &str, notation: &Notation) -> Result<Value, Fault> {
    let (field, reading) = (&mapping.field, &mapping.reading);
    if let Some(meaning) = reading.map.as_ref().and_then(|map| map.get(text)) {
        return Ok(meaning.clone());
    }
    if text == EMPTY_TEXT {
        return if field.kind == Kind::Text { Ok(Value::from("")) } else { read(mapping, "", notation) };
    }
    if text.is_empty() {
        return match &reading.default {
            Some(default) => Ok(default.clone()),
            None if field.nullable => Ok(Value::Null),
            None => Err(Fault::new(
                format!("the value is empty and `{}` always has one", field.name),
                "fill it in, or give the field a `default` in the mapping",
            )),
        };
    }
    if reading.map.is_some() {
        return Err(Fault::new(
            format!("`{}` is not in the `map` of `{}`", shown(text), field.name),
            "correct the value or add it to the mapping",
        ));
    }
    match &field.kind {
        Kind::Date => read_date(text, &reading.date),
        Kind::DateTime => read_time(text, reading),
        Kind::Int | Kind::Decimal { .. } | Kind::Money => match notation.decimal(text) {
            Some(value) => number(mapping, value),
            None => Err(Fault::new(
                format!("`{}` is not a decimal number like `1234{}50`", shown(text), notation.decimal),
                "correct the value, or `decimal` and `grouping` in the mapping",
            )),
        },
        kind => parse_text(kind, text).map_err(|error| {
            Fault::new(error.to_string(), "correct the value, or translate it with a `map` in the mapping")
        }),
    }
}

fn read_date(text: &str, format: &str) -> Result<Value, Fault> {
    // A format may name a time too, as where a day is exported as midnight.
    let date = NaiveDate::parse_from_str(text, format)
        .or_else(|error| NaiveDateTime::parse_from_str(text, format).map(|time| time.date()).map_err(|_| error));
    // `%Y` also reads `96` as the year 96, which no business record means.
    let date = date.ok().filter(|date| (1000..=9999).contains(&date.year()));
    date.map(Value::Date).ok_or_else(|| {
        Fault::new(
            format!("`{}` is not a date like `{format}`", shown(text)),
            "correct the value, or the date format in the mapping",
        )
    })
}

fn read_time(text: &str, reading: &Reading) -> Result<Value, Fault> {
    let format = &reading.time;
    let unlike = || {
        Fault::new(
            format!("`{}` is not a time like `{format}`", shown(text)),
            "correct the value, or the time format in the mapping",
        )
    };
    let zoned = DateTime::parse_from_str(text, format).map(|time| time.with_timezone(&Utc));
    let time = match zoned {
        Ok(time) => time,
        Err(_) => {
            let local = NaiveDateTime::parse_from_str(text, format).map_err(|_| unlike())?;
            match reading.zone.from_local_datetime(&local) {
                LocalResult::Single(time) => time.with_timezone(&Utc),
                // The hour that is there twice when clocks are put back: the first of the two.
                LocalResult::Ambiguous(first, _) => first.with_timezone(&Utc),
                LocalResult::None => {
                    return Err(Fault::new(
                        format!("`{}` is a time that clocks in {} pass over", shown(text), reading.zone),
                        "correct the value, or the zone in the mapping",
                    ));
                }
            }
        }
    };
    if (1000..=9999).contains(&time.year()) { Ok(Value::DateTime(time)) } else { Err(unlike()) }
}

/// A number as a value of its field, if it fits exactly.
fn number(mapping: &FieldMapping, number: Decimal) -> Result<Value, Fault> {
    let field = &mapping.field;
    let scale = match field.kind {
        Kind::Money => guildhall_model::MONEY_SCALE,
        Kind::Decimal { scale } => scale,
        _ => 0,
    };
    let beyond = || {
        Fault::new(
            format!("`{number}` has more than {scale} decimal places or is too large for `{}`", field.name),
            "correct the value or the expression; nothing is rounded silently",
        )
    };
    let units = scaled(number, scale).ok_or_else(beyond)?;
    match field.kind {
        Kind::Int => i32::try_from(units).map(Value::from).map_err(|_| beyond()),
        _ => Ok(Value::Decimal(number)),
    }
}
