//! `--import`: the built `guildhall import` against a plain bulk load of the very rows it made, and the memory it takes.

mod plain;

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use guildhall_postgres_fixture::{TestDatabase, postgres_or_say_so, sqlite};
use guildhall_store::Database;
use guildhall_tests::memory;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Fallible;
use crate::load::Round;
use crate::process::Folder;
use crate::report::{Case, told};
use plain::Plain;

const ROUNDS: usize = 3;
const ORDERS_EACH: u64 = 10;
/// The least part of a plain load's rate.
const GOAL: f64 = 0.3;
/// The most memory an import may take.
const MEMORY: u64 = 200 << 20;
const POLL: Duration = Duration::from_millis(10);

const MAPPING: &str = r#"
source = "bench"
as_of = 2026-06-30

[[files]]
file = "customers.csv"
type = "Customer"
id = "{id}"
fields = { name = "name", kind = "kind", status = "status", country = "country", phone = "phone", currency = "currency" }

[[files]]
file = "orders.csv"
type = "Order"
id = "{number}"
[files.fields]
number = "number"
status = "status"
orderedOn = "ordered"
currency = "currency"
grossTotal = "gross"
netTotal = "net"
freight = "freight"
shipToCity = "city"
[files.references]
customer = "customer"
"#;

pub(crate) struct Measured {
    customers: u64,
    cases: Vec<Case>,
    /// The most memory an import took on each database, or nothing where the system does not tell.
    peaks: Vec<(&'static str, Option<u64>)>,
}

/// Imports so many customers with their orders, and loads the rows it made plainly, in alternating rounds on each database.
pub(crate) async fn measure(customers: u64) -> Fallible<Measured> {
    let folder = TempDir::with_prefix("guildhall-import-")?;
    let files = Folder::new(folder.path())?;
    write(&files, customers)?;
    let mut measured = Measured { customers, cases: Vec::new(), peaks: Vec::new() };
    for (name, with, is_postgres) in [("import on SQLite", "INSERT", false), ("import on PostgreSQL", "COPY", true)] {
        let (mut plain, mut imports, mut loads, mut peak) = (None, Vec::new(), Vec::new(), None);
        for round in 1..=ROUNDS {
            let Some(database) = empty(is_postgres).await? else { break };
            let (elapsed, used) = imported(&files, database.url())?;
            imports.push(Round::of(measured.rows(), elapsed));
            peak = peak.max(used);
            let plain = match &mut plain {
                Some(plain) => plain,
                None => plain.insert(Plain::read(&database).await?),
            };
            drop(database);
            let Some(database) = empty(is_postgres).await? else { break };
            let begun = Instant::now();
            plain.load(database.url()).await?;
            loads.push(Round::of(measured.rows(), begun.elapsed()));
            eprintln!("{name}, round {round} of {ROUNDS}: {elapsed:.1?}, {with} {:.1?}", begun.elapsed());
            let found = plain::count(&database).await?;
            if found != measured.rows() {
                return Err(format!("{} rows were imported, and {found} loaded", measured.rows()).into());
            }
        }
        if !imports.is_empty() {
            measured.cases.push(Case::new(name, &imports, with, &loads, GOAL));
            measured.peaks.push((name, peak));
        }
    }
    Ok(measured)
}

/// A fresh database with its tables.
async fn empty(is_postgres: bool) -> Fallible<Option<TestDatabase>> {
    let database = if is_postgres { postgres_or_say_so().await } else { Some(sqlite()) };
    let Some(database) = database else { return Ok(None) };
    let opened = Database::open(database.url()).await?;
    opened.migrate().await?;
    opened.close().await?;
    Ok(Some(database))
}

/// Runs the import. Gives how long it took, from its start to its end, and its memory.
fn imported(files: &Folder, database: &str) -> Fallible<(Duration, Option<u64>)> {
    let mut command = files.command(database);
    command.arg("import").args([files.file("mapping.toml"), files.file("")]);
    command.stdout(Stdio::null()).stderr(File::create(files.file("log"))?);
    let begun = Instant::now();
    let mut process = command.spawn()?;
    let mut peak = None;
    loop {
        if let Some(status) = process.try_wait()? {
            let elapsed = begun.elapsed();
            if !status.success() {
                return Err(format!("the import failed: {}", std::fs::read_to_string(files.file("log"))?).into());
            }
            return Ok((elapsed, peak));
        }
        peak = peak.max(memory(process.id()).map(|memory| memory.peak));
        std::thread::sleep(POLL);
    }
}

/// Writes the mapping and the files, the same in every run.
fn write(files: &Folder, customers: u64) -> Fallible<()> {
    const COUNTRIES: [&str; 5] = ["Germany", "France", "Canada", "Portugal", "United States"];
    const CITIES: [&str; 7] = ["Köln", "Lyon", "Ottawa", "Porto", "New York, NY", "Graz", "São Paulo"];
    let one_of = |texts: &[&'static str], index: u64| {
        usize::try_from(index).ok().and_then(|index| texts.get(index % texts.len().max(1)).copied()).unwrap_or_default()
    };
    std::fs::write(files.file("mapping.toml"), MAPPING)?;
    let mut out = BufWriter::new(File::create(files.file("customers.csv"))?);
    writeln!(out, "id,name,kind,status,country,phone,currency")?;
    for index in 0..customers {
        let (country, phone) = (one_of(&COUNTRIES, index / 3), index * 7919 % 10_000_000);
        writeln!(out, "C{index:06},\"Company No. {index}, Ltd.\",ORGANIZATION,ACTIVE,{country},+49 {phone:07},EUR")?;
    }
    out.flush()?;
    let mut out = BufWriter::new(File::create(files.file("orders.csv"))?);
    writeln!(out, "number,customer,status,ordered,currency,gross,net,freight,city")?;
    for index in 0..customers * ORDERS_EACH {
        let (customer, cents) = (index * 7919 % customers, index * 104_729 % 1_000_000);
        let (year, month, day) = (2023 + index % 3, 1 + index / 3 % 12, 1 + index / 36 % 28);
        let (city, status) = (one_of(&CITIES, index), one_of(&["OPEN", "SHIPPED"], index / 2));
        writeln!(
            out,
            "O{index:07},C{customer:06},{status},{year}-{month:02}-{day:02},EUR,{0}.{1:02},{0}.{1:02},{2}.50,\"{city}\"",
            cents / 100,
            cents % 100,
            index % 40
        )?;
    }
    Ok(out.flush()?)
}

impl Measured {
    fn rows(&self) -> u64 {
        self.customers * (1 + ORDERS_EACH)
    }

    pub(crate) fn is_good(&self) -> bool {
        self.cases.iter().all(Case::is_met) && self.peaks.iter().all(|(_, peak)| peak.is_none_or(|peak| peak < MEMORY))
    }

    pub(crate) fn to_json(&self) -> Value {
        let peaks = self.peaks.iter().map(|(name, peak)| json!({ "case": name, "peakBytes": peak, "goal": MEMORY }));
        json!({
            "rows": self.rows(), "rounds": ROUNDS, "cases": self.cases.iter().map(Case::to_json).collect::<Value>(),
            "memory": peaks.collect::<Value>(), "good": self.is_good(),
        })
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders = self.customers * ORDERS_EACH;
        writeln!(
            out,
            "import of {} customers and {orders} orders from CSV files (PostgreSQL with fsync off)",
            self.customers
        )?;
        writeln!(out, "medians of {ROUNDS} alternating rounds into fresh databases; rows per second\n")?;
        write!(out, "{}", Case::head())?;
        for case in &self.cases {
            write!(out, "\n{case}")?;
        }
        writeln!(out, "\n\n{:<36}{:>9}{:>48}", "", "peak MiB", "at most")?;
        for (index, (name, peak)) in self.peaks.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            let Some(peak) = peak else {
                write!(out, "{name:<36} left out: this system does not tell how much memory a process holds")?;
                continue;
            };
            let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
            write!(out, "{name:<36}{:>9.0}{:>48.0}  {}", mib(*peak), mib(MEMORY), told(*peak < MEMORY))?;
        }
        Ok(())
    }
}
