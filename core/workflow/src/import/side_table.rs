//! Side tables: what the rows of one file need from the rows of others, remembered in the scratch file.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::expression::{Operator, Scope, Table, TableFunction, too_large};
use super::folder::Folder;
use super::mapping::Mapping;
use super::refusal::{Fault, Refusal, shown};
use super::rows::Row;
use super::scratch::Scratch;

/// The tables of a mapping, each read when the first entry needs it.
pub(crate) struct SideTables {
    tables: Vec<Table>,
    scratch: Arc<Scratch>,
    read: HashSet<usize>,
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
        SideTables { tables: mapping.tables.clone(), scratch, read: HashSet::new() }
    }

    /// Opens every file the mapping looks into and checks that it has the columns, also those of its derived columns.
    pub(crate) fn check(folder: &Folder, mapping: &Mapping) -> Result<(), Refusal> {
        for table in &mapping.tables {
            let format = mapping.format(&table.file);
            let rows = folder.rows(&table.file, Arc::clone(format))?;
            let header = rows.header();
            let columns = table_columns(table).into_iter().map(|column| (column, 0));
            header.check(&table.file, columns).map_err(|(fault, _)| fault.about(&mapping.name))?;
            let derived = header.check(&table.file, format.derived_from());
            derived.map_err(|(fault, line)| fault.at(&mapping.name, line))?;
        }
        Ok(())
    }

    /// Reads those of `wanted` that are not yet, each file once.
    pub(crate) fn read(&mut self, folder: &Folder, mapping: &Mapping, wanted: &BTreeSet<usize>) -> Result<(), Refusal> {
        let new: Vec<usize> = wanted.iter().copied().filter(|place| self.read.insert(*place)).collect();
        let files: BTreeSet<&str> =
            new.iter().filter_map(|place| self.tables.get(*place)).map(|table| table.file.as_str()).collect();
        for file in files {
            let of_file: Vec<(usize, &Table)> = new
                .iter()
                .filter_map(|place| self.tables.get(*place).map(|table| (*place, table)))
                .filter(|(_, table)| table.file == file)
                .collect();
            let format = mapping.format(file);
            let columns = of_file.iter().flat_map(|(_, table)| table_columns(table));
            let derived = format.derived_for(columns);
            let mut rows = folder.rows(file, Arc::clone(format))?;
            while let Some(row) = rows.next_row()? {
                // A row that cannot be read has no key either: it is told where its own file is imported.
                let Ok(mut row) = row else { continue };
                if format.derive(&mut row, &derived, None, &[]).is_err() {
                    continue;
                }
                for (place, table) in &of_file {
                    self.add(*place, table, &row, mapping).map_err(|fault| fault.at(file, row.line))?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn number(&self, table: usize, key: &str) -> Result<Decimal, Fault> {
        match self.find(table, key)? {
            Some(Found::Number(number)) => Ok(number),
            Some(Found::Spoilt(reason)) => Err(self.spoilt(table, &reason)),
            _ => Ok(Decimal::ZERO),
        }
    }

    pub(crate) fn text(&self, table: usize, key: &str) -> Result<String, Fault> {
        match self.find(table, key)? {
            Some(Found::Text(text)) => Ok(text),
            Some(Found::Number(number)) => Ok(number.to_string()),
            Some(Found::Spoilt(reason)) => Err(self.spoilt(table, &reason)),
            None if key.is_empty() => Ok(String::new()),
            None => match self.tables.get(table) {
                Some(table) if table.function == TableFunction::Lookup => Err(Fault::new(
                    format!("`{}` has no row in `{}`", shown(key), shown(&table.file)),
                    "correct the value or add the row there",
                )
                .of(key)),
                _ => Ok(String::new()),
            },
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
            // One bad row spoils what is looked up of its key, and nothing else.
            Err(fault) => {
                let reason = format!("line {}: {}", row.line, fault.reason);
                self.put(place, key, &Found::Spoilt(reason)).map(drop)
            }
            Ok(()) => Ok(()),
        }
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
