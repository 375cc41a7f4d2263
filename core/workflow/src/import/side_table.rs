//! Side tables: what the rows of one file need from the rows of others, remembered in the scratch file.
//!
//! A row of theirs that cannot be read is never left out: what may depend on it cannot be looked up.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::expression::{Operator, Scope, Table, TableFunction, too_large};
use super::folder::Folder;
use super::format::Format;
use super::mapping::{FileMapping, Mapping};
use super::record::key;
use super::refusal::{Fault, Refusal, shown};
use super::rows::{Header, Row, Rows};
use super::scratch::Scratch;
use super::taken::seen;
use super::torn::Torn;

/// Shelves of the ids of corrected rows, by entry of the mapping; those of the tables come before.
const CORRECTED: u32 = 0x2000_0000;

/// The tables of a mapping, each read when the first entry needs it.
pub(crate) struct SideTables {
    tables: Arc<[Table]>,
    scratch: Arc<Scratch>,
    read: HashSet<usize>,
    /// By table; most have none.
    torn: HashMap<usize, Torn>,
}

/// Where looked-up files are read from.
#[derive(Clone, Copy)]
pub(crate) struct Folders<'a> {
    pub all: &'a Folder,
    /// Corrected rows, which stand in for those of the same file with the same ids, and for torn ones.
    pub corrected: Option<&'a Folder>,
}

/// How the rows of a looked-up file are recognised among corrected ones: by the ids that an entry makes of them.
struct Ids<'a> {
    entry: &'a FileMapping,
    source: &'a str,
    derived: Vec<usize>,
    shelf: u32,
}

/// What is remembered of a key.
enum Found {
    Number(Decimal),
    Text(String),
    /// The rows of the key cannot be used: why.
    Spoilt(String),
}

impl SideTables {
    pub(crate) fn new(mapping: &Mapping, scratch: Arc<Scratch>) -> Self {
        SideTables { tables: mapping.tables.clone().into(), scratch, read: HashSet::new(), torn: HashMap::new() }
    }

    /// Opens every file the mapping looks into and checks that it has the columns, also those of its derived columns.
    pub(crate) fn check(folders: Folders<'_>, mapping: &Mapping) -> Result<(), Refusal> {
        for table in &mapping.tables {
            let corrected = folders.corrected.filter(|folder| folder.has(&table.file));
            for folder in [folders.all].into_iter().chain(corrected) {
                let format = mapping.format(&table.file);
                let rows = folder.rows(&table.file, Arc::clone(format))?;
                let header = rows.header();
                let columns = table_columns(table).into_iter().map(|column| (column, 0));
                header.check(&table.file, columns).map_err(|(fault, _)| fault.about(&mapping.name))?;
                let derived = header.check(&table.file, format.derived_from());
                derived.map_err(|(fault, line)| fault.at(&mapping.name, line))?;
            }
        }
        Ok(())
    }

    /// Reads those of `wanted` that are not yet, each file once.
    pub(crate) fn read(
        &mut self,
        folders: Folders<'_>,
        mapping: &Mapping,
        wanted: &BTreeSet<usize>,
    ) -> Result<(), Refusal> {
        let new: Vec<usize> = wanted.iter().copied().filter(|place| self.read.insert(*place)).collect();
        let tables = Arc::clone(&self.tables);
        let files: BTreeSet<&str> =
            new.iter().filter_map(|place| tables.get(*place)).map(|table| table.file.as_str()).collect();
        for file in files {
            let of_file: Vec<(usize, &Table)> = new
                .iter()
                .filter_map(|place| tables.get(*place).map(|table| (*place, table)))
                .filter(|(_, table)| table.file == file)
                .collect();
            let open = |folder: &Folder| folder.rows(file, Arc::clone(mapping.format(file)));
            let corrected = folders.corrected.filter(|folder| folder.has(file));
            let Some((corrected, ids)) = corrected.zip(Ids::of(mapping, file)) else {
                self.take(open(folders.all)?, &of_file, mapping, |_, _, _| Ok(true))?;
                continue;
            };
            let mut rows = open(corrected)?;
            while let Some(row) = rows.next_row()? {
                if let Ok(mut row) = row
                    && let Some(id) = ids.id(mapping.format(file), &mut row)
                {
                    self.scratch.put(ids.shelf, &id, NEW).map_err(|fault| fault.at(file, row.line))?;
                }
            }
            self.take(open(folders.all)?, &of_file, mapping, |tables, format, row| {
                let Some(id) = ids.id(format, row) else { return Ok(true) };
                let is_corrected = tables.scratch.get(ids.shelf, &id)?.is_some();
                if is_corrected {
                    tables.scratch.put(ids.shelf, &id, OLD)?;
                }
                Ok(!is_corrected)
            })?;
            self.take(open(corrected)?, &of_file, mapping, |tables, format, row| {
                let Some(id) = ids.id(format, row) else { return Ok(true) };
                // It was not among the rows that could be read, so it was one of the others.
                if tables.scratch.get(ids.shelf, &id)?.is_some_and(|mark| mark == NEW) {
                    for (place, table) in &of_file {
                        if let (Some(torn), Ok(key)) = (tables.torn.get_mut(place), row.get(&table.key)) {
                            torn.mend(key);
                        }
                    }
                }
                Ok(true)
            })?;
        }
        Ok(())
    }

    /// Takes the rows of a file that `wanted` says yes to. It sees each with the derived columns in it, if they could be made.
    fn take(
        &mut self,
        mut rows: Rows,
        of_file: &[(usize, &Table)],
        mapping: &Mapping,
        wanted: impl Fn(&mut Self, &Format, &mut Row) -> Result<bool, Fault>,
    ) -> Result<(), Refusal> {
        let Some((_, Table { file, .. })) = of_file.first() else { return Ok(()) };
        let format = Arc::clone(mapping.format(file));
        let derived = format.derived_for(of_file.iter().flat_map(|(_, table)| table_columns(table)));
        while let Some(row) = rows.next_row()? {
            let mut row = match row {
                Ok(row) => row,
                Err(broken) => {
                    for (place, table) in of_file {
                        let text = legible(rows.raw(), rows.header(), &table.key, &format);
                        let torn = self.torn.entry(*place).or_default();
                        torn.add(broken.line, broken.fault.reason.clone(), text);
                    }
                    continue;
                }
            };
            let line = row.line;
            let made = format.derive(&mut row, &derived, None, &[]);
            if !wanted(self, &format, &mut row).map_err(|fault| fault.at(file, line))? {
                continue;
            }
            for (place, table) in of_file {
                let added = match &made {
                    Ok(()) => self.add(*place, table, &row, mapping),
                    Err(_) => self.add_in_part(*place, table, &mut row, mapping),
                };
                added.map_err(|fault| fault.at(file, line))?;
            }
        }
        Ok(())
    }

    /// Adds a row of which a derived column could not be made, if this table does without, or spoils its key.
    fn add_in_part(&mut self, place: usize, table: &Table, row: &mut Row, mapping: &Mapping) -> Result<(), Fault> {
        let format = mapping.format(&table.file);
        let Err(fault) = format.derive(row, &format.derived_for(table_columns(table)), None, &[]) else {
            return self.add(place, table, row, mapping);
        };
        match format.derive(row, &format.derived_for([table.key.as_str()]), None, &[]) {
            Ok(()) => self.spoil(place, row.get(&table.key)?, row.line, &fault),
            Err(_) => {
                self.torn.entry(place).or_default().add(row.line, fault.reason, None);
                Ok(())
            }
        }
    }

    pub(crate) fn number(&self, table: usize, key: &str) -> Result<Decimal, Fault> {
        match self.find(table, key)? {
            Some(Found::Spoilt(reason)) => Err(self.spoilt(table, &reason)),
            found => {
                self.check_torn(table, key)?;
                Ok(if let Some(Found::Number(number)) = found { number } else { Decimal::ZERO })
            }
        }
    }

    pub(crate) fn text(&self, table: usize, key: &str) -> Result<String, Fault> {
        let lookup = self.tables.get(table).filter(|table| table.function == TableFunction::Lookup);
        match (self.find(table, key)?, lookup) {
            (Some(Found::Spoilt(reason)), _) => Err(self.spoilt(table, &reason)),
            (None, Some(_)) if key.is_empty() => Ok(String::new()),
            (Some(Found::Text(text)), Some(_)) => Ok(text),
            (found, lookup) => {
                self.check_torn(table, key)?;
                match (found, lookup) {
                    (Some(Found::Text(text)), _) => Ok(text),
                    (Some(Found::Number(number)), _) => Ok(number.to_string()),
                    (_, Some(table)) => Err(Fault::new(
                        format!("`{}` has no row in `{}`", shown(key), shown(&table.file)),
                        "correct the value or add the row there",
                    )
                    .of(key)),
                    _ => Ok(String::new()),
                }
            }
        }
    }

    /// Refuses what a row that cannot be read may be part of.
    fn check_torn(&self, table: usize, key: &str) -> Result<(), Fault> {
        match self.torn.get(&table).and_then(|torn| torn.reason(key)) {
            Some(reason) => Err(self.spoilt(table, &reason)),
            None => Ok(()),
        }
    }

    fn spoilt(&self, table: usize, reason: &str) -> Fault {
        let file = self.tables.get(table).map_or("", |table| table.file.as_str());
        Fault::new(format!("what is looked up in `{}` cannot be used: {reason}", shown(file)), "correct it there")
    }

    fn find(&self, table: usize, key: &str) -> Result<Option<Found>, Fault> {
        Ok(self.scratch.get(shelf(table), key.as_bytes())?.and_then(|bytes| Found::read(&bytes)))
    }

    fn put(&self, table: usize, key: &str, found: &Found) -> Result<Option<Found>, Fault> {
        let before = self.scratch.put(shelf(table), key.as_bytes(), &found.bytes())?;
        Ok(before.and_then(|bytes| Found::read(&bytes)))
    }

    fn add(&self, place: usize, table: &Table, row: &Row, mapping: &Mapping) -> Result<(), Fault> {
        let key = row.get(&table.key)?;
        let scope = Scope { row, notation: &mapping.format(&table.file).notation, tables: None, positions: &[] };
        match self.added(place, table, key, &scope) {
            Err(fault) if fault.of_disk => Err(fault),
            Err(fault) => self.spoil(place, key, row.line, &fault),
            Ok(()) => Ok(()),
        }
    }

    /// One bad row spoils what is looked up of its key, and nothing else.
    fn spoil(&self, place: usize, key: &str, line: u64, fault: &Fault) -> Result<(), Fault> {
        let reason = format!("line {line}: {}", fault.reason);
        self.put(place, key, &Found::Spoilt(reason)).map(drop)
    }

    fn added(&self, place: usize, table: &Table, key: &str, scope: &Scope<'_>) -> Result<(), Fault> {
        let value = table.value.as_ref();
        match table.function {
            TableFunction::Sum | TableFunction::Count => {
                let more = value.map_or(Ok(Decimal::ONE), |value| scope.number(value))?;
                match self.find(place, key)? {
                    Some(Found::Spoilt(_)) => Ok(()),
                    Some(Found::Number(total)) => {
                        let total = Operator::Add.apply(total, more).ok_or_else(too_large)?;
                        self.put(place, key, &Found::Number(total)).map(drop)
                    }
                    _ => self.put(place, key, &Found::Number(more)).map(drop),
                }
            }
            TableFunction::First => {
                let text = value.map_or(Ok(String::new()), |value| scope.text(value).map(Into::into))?;
                if text.is_empty() || self.find(place, key)?.is_some() {
                    return Ok(());
                }
                self.put(place, key, &Found::Text(text)).map(drop)
            }
            TableFunction::Lookup => {
                let text = value.map_or(Ok(String::new()), |value| scope.text(value).map(Into::into))?;
                match self.put(place, key, &Found::Text(text))? {
                    None => Ok(()),
                    Some(_) => Err(Fault::new(
                        format!("the key `{}` occurs more than once", shown(key)),
                        "look up by a column that tells rows apart, or take the `first`",
                    )),
                }
            }
        }
    }
}

/// Of the id of a corrected row: whether the file as it was has a row with it that can be read.
const NEW: &[u8] = b"+";
const OLD: &[u8] = b"=";

impl<'a> Ids<'a> {
    /// None where ids are made of what is looked up itself.
    fn of(mapping: &'a Mapping, file: &str) -> Option<Self> {
        let (place, entry) = mapping.files.iter().enumerate().find(|(_, entry)| entry.file == file)?;
        let format = mapping.format(file);
        let columns = [&entry.id].into_iter().chain(&entry.source).flat_map(|template| template.columns());
        let derived = format.derived_for(columns);
        let by_itself = |place: &usize| {
            let derived = format.derived.get(*place);
            derived.is_some_and(|one| one.expression.tables().is_empty() && one.expression.positions().is_empty())
        };
        let shelf = CORRECTED + u32::try_from(place).ok()?;
        derived.iter().all(by_itself).then_some(Ids { entry, source: &mapping.source, derived, shelf })
    }

    fn id(&self, format: &Format, row: &mut Row) -> Option<Vec<u8>> {
        format.derive(row, &self.derived, None, &[]).ok()?;
        key(self.entry, self.source, row).ok().map(|key| seen(&key))
    }
}

/// The text of a row that cannot be split, if the key, which is the text of a column of the file, stands in it unharmed.
fn legible(raw: &[u8], header: &Header, key: &str, format: &Format) -> Option<String> {
    let (width, place) = header.place(key);
    let place = place?;
    let text = match format.encoding.decode(raw) {
        Ok(text) if !text.contains('\0') => text,
        // Letters that are none may stand in the key itself.
        _ => {
            let text = String::from_utf8_lossy(raw);
            let mut cells = text.split(&format.separator);
            let harmed = |cell: &str| cell.contains(['\0', char::REPLACEMENT_CHARACTER]);
            if cells.clone().count() != width || cells.nth(place).is_none_or(harmed) {
                return None;
            }
            text
        }
    };
    // Doubled quotes stand for one.
    Some(match format.quote.map(char::from) {
        Some(quote) => text.replace(&format!("{quote}{quote}"), &quote.to_string()),
        None => text.into_owned(),
    })
}

fn shelf(table: usize) -> u32 {
    u32::try_from(table).unwrap_or(u32::MAX)
}

impl Found {
    fn bytes(&self) -> Vec<u8> {
        match self {
            Found::Number(number) => [b"n".as_slice(), &number.serialize()].concat(),
            Found::Text(text) => [b"t", text.as_bytes()].concat(),
            Found::Spoilt(reason) => [b"!", reason.as_bytes()].concat(),
        }
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        let text = || String::from_utf8_lossy(rest).into_owned();
        Some(match tag {
            b'n' => Found::Number(Decimal::deserialize(rest.try_into().ok()?)),
            b't' => Found::Text(text()),
            _ => Found::Spoilt(text()),
        })
    }
}

/// The columns of its own file that a table reads.
pub(crate) fn table_columns(table: &Table) -> Vec<&str> {
    let mut columns = table.value.as_ref().map(|value| value.columns()).unwrap_or_default();
    columns.push(&table.key);
    columns
}
