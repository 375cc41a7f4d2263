//! Side tables: what the rows of one file need from the rows of others, held in memory while that file is read.

use std::collections::{BTreeSet, HashMap};

use rust_decimal::Decimal;

use super::ImportError;
use super::expression::{Operator, Sum, too_large};
use super::folder::Folder;
use super::mapping::{FileMapping, Lookup, Mapping};
use super::record::read_decimal;
use super::refusal::{Fault, Refusal, shown};
use super::rows::{Header, Row};

/// Most keys one side table may have.
const MAX_KEYS: usize = 2_000_000;

/// One map per sum and per lookup of a file mapping, in its order.
#[derive(Debug, Default)]
pub(crate) struct SideTables {
    sums: Vec<HashMap<String, Decimal>>,
    lookups: Vec<HashMap<String, String>>,
}

impl SideTables {
    /// Opens every file that `wanted` looks into and checks that it has the columns.
    pub(crate) fn check(folder: &Folder, mapping: &Mapping, wanted: &FileMapping) -> Result<(), ImportError> {
        for file in files(wanted) {
            let rows = folder.rows(file).map_err(ImportError::Row)?;
            let checked = check_columns(rows.header(), file, wanted);
            checked.map_err(|fault| ImportError::Mapping(fault.at(&mapping.name, wanted.line)))?;
        }
        Ok(())
    }

    /// Reads every file that `wanted` looks into, each once.
    pub(crate) fn read(folder: &Folder, mapping: &Mapping, wanted: &FileMapping) -> Result<Self, Refusal> {
        let mut tables = SideTables {
            sums: wanted.sums.iter().map(|_| HashMap::new()).collect(),
            lookups: wanted.lookups.iter().map(|_| HashMap::new()).collect(),
        };
        for file in files(wanted) {
            let mut rows = folder.rows(file)?;
            while let Some(row) = rows.next_row()? {
                tables.add(file, &row, mapping, wanted).map_err(|fault| fault.at(file, row.line))?;
            }
        }
        Ok(tables)
    }

    /// The total for a key. No rows give zero.
    pub(crate) fn sum(&self, sum: usize, key: &str) -> Decimal {
        self.sums.get(sum).and_then(|totals| totals.get(key)).copied().unwrap_or_default()
    }

    pub(crate) fn lookup(&self, lookup: usize, key: &str) -> Option<&str> {
        self.lookups.get(lookup).and_then(|texts| texts.get(key)).map(String::as_str)
    }

    fn add(&mut self, file: &str, row: &Row, mapping: &Mapping, wanted: &FileMapping) -> Result<(), Fault> {
        for (totals, sum) in self.sums.iter_mut().zip(&wanted.sums).filter(|(_, sum)| sum.file == file) {
            add_to_sum(totals, sum, row, mapping.notation.decimal)?;
        }
        for (texts, lookup) in self.lookups.iter_mut().zip(&wanted.lookups).filter(|(_, lookup)| lookup.file == file) {
            add_to_lookup(texts, lookup, row)?;
        }
        Ok(())
    }
}

fn files(wanted: &FileMapping) -> BTreeSet<&str> {
    let of_sums = wanted.sums.iter().map(|sum| sum.file.as_str());
    of_sums.chain(wanted.lookups.iter().map(|lookup| lookup.file.as_str())).collect()
}

fn check_columns(header: &Header, file: &str, wanted: &FileMapping) -> Result<(), Fault> {
    let of_sums = wanted.sums.iter().filter(|sum| sum.file == file).flat_map(|sum| {
        let mut columns = sum.value.columns(&[]);
        columns.push(&sum.key);
        columns
    });
    let of_lookups = wanted.lookups.iter().filter(|lookup| lookup.file == file).flat_map(|lookup| {
        let mut columns: Vec<&str> = lookup.text.columns().collect();
        columns.push(&lookup.key);
        columns
    });
    match of_sums.chain(of_lookups).find(|column| !header.has(column)) {
        None => Ok(()),
        Some(column) => {
            let unknown = header.unknown(column);
            Err(Fault::new(format!("{} in `{}`", unknown.reason, shown(file)), unknown.remedy))
        }
    }
}

fn add_to_sum(totals: &mut HashMap<String, Decimal>, sum: &Sum, row: &Row, mark: char) -> Result<(), Fault> {
    let no_sum = |_| Err(Fault::new("a sum stands inside a sum", "sum columns only"));
    let value = sum.value.evaluate(row, &|text| read_decimal(text, mark), &no_sum)?;
    let key = row.get(&sum.key)?;
    match totals.get_mut(key) {
        Some(total) => *total = Operator::Add.apply(*total, value).ok_or_else(too_large)?,
        None => {
            check_size(totals.len())?;
            totals.insert(key.to_owned(), value);
        }
    }
    Ok(())
}

fn add_to_lookup(texts: &mut HashMap<String, String>, lookup: &Lookup, row: &Row) -> Result<(), Fault> {
    check_size(texts.len())?;
    let key = row.get(&lookup.key)?;
    let text = lookup.text.render(row)?;
    match texts.insert(key.to_owned(), text) {
        None => Ok(()),
        Some(_) => Err(Fault::new(
            format!("the key `{}` occurs twice", shown(key)),
            "a column that is looked up by must tell rows apart",
        )
        .in_column(&lookup.key)),
    }
}

fn check_size(size: usize) -> Result<(), Fault> {
    if size < MAX_KEYS {
        return Ok(());
    }
    Err(Fault::new(format!("the file has more than {MAX_KEYS} keys to remember"), "split the import by period"))
}
