//! `guildhall ledger`.

use std::io::{BufRead, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Subcommand;
use guildhall_model::GlobalId;
use guildhall_workflow::erase_decisions::{Which, erase_decisions};
use guildhall_workflow::verify_ledger::{Anchor, Verified, anchors, verify_anchors, verify_ledger};
use guildhall_workflow::{House, WorkflowError};
use uuid::Uuid;

use super::Operator;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

/// Longest line of an anchor file that is read.
const LINE: usize = 1_000;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Checks that every recorded decision is what was recorded
    #[command(
        after_help = "Exit code 1 if a chain is broken.\n\nExample:\n  guildhall ledger verify --anchor anchor.jsonl"
    )]
    Verify {
        /// Only this customer's decisions, by id
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
        /// Also checks that what `guildhall ledger anchor` wrote is still there
        #[arg(long, value_name = "FILE")]
        anchor: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Writes down where every chain ends, to be kept where nobody who changes the database reaches it
    #[command(after_help = "Example:\n  guildhall ledger anchor --output anchor.jsonl")]
    Anchor {
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Erases what recorded decisions tell about customers; the decisions stay and say so
    #[command(
        after_help = "Examples:\n  guildhall ledger erase --customer cus_0190...\n  guildhall ledger erase --before 2024-01-01"
    )]
    Erase {
        /// Everything about this customer, by id
        #[arg(long, value_name = "ID", required_unless_present = "before", conflicts_with = "before")]
        customer: Option<String>,
        /// Everything decided before this day, in UTC
        #[arg(long, value_name = "DATE")]
        before: Option<NaiveDate>,
        #[command(flatten)]
        operator: Operator,
    },
}

pub(crate) async fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let house = opening::open(settings).await?;
    match command {
        Command::Verify { customer, anchor, json } => {
            verify(&house, customer.as_deref(), anchor.as_deref(), json).await?
        }
        Command::Anchor { output } => write_anchors(&house, &output).await?,
        Command::Erase { customer, before, operator } => {
            let which = match (customer, before) {
                (Some(customer), _) => Which::Customer(customer_id(&house, &customer)?),
                (None, Some(day)) => {
                    Which::Before(DateTime::from_naive_utc_and_offset(day.and_time(NaiveTime::MIN), Utc))
                }
                (None, None) => return Err(Failure::BadInput("name a customer or a day".to_owned())),
            };
            let erased = erase_decisions(&house, operator.actor(&house).permit()?, which, Utc::now()).await?;
            println!("erased what {erased} decisions tell");
        }
    }
    Ok(house.database.close().await?)
}

async fn verify(house: &House, customer: Option<&str>, anchor: Option<&Path>, json: bool) -> Result<(), Failure> {
    let customer = customer.map(|text| customer_id(house, text)).transpose()?;
    let watched = std::io::stderr().is_terminal();
    let mut progress = move |entries: u64| {
        if watched {
            eprint!("\r{entries} entries checked");
            // Who cannot be told how far it is still gets the result.
            let _ = std::io::stderr().flush();
        }
    };
    let mut verified = verify_ledger(house, customer, &mut progress).await?;
    if watched {
        eprintln!();
    }
    if let Some(file) = anchor {
        let checked = verify_anchors(house, read_anchors(file)?, &mut verified).await?;
        if !json {
            println!("{checked} anchors checked");
        }
    }
    tell(&verified, json)
}

fn tell(verified: &Verified, json: bool) -> Result<(), Failure> {
    let Verified { chains, entries, erased, broken, breaks } = verified;
    if json {
        println!("{}", serde_json::to_string(verified).map_err(Failure::failed)?);
    } else {
        println!("{chains} chains with {entries} entries checked, {erased} of them erased");
        for told in breaks {
            println!("  {told}");
        }
    }
    if *broken == 0 {
        Ok(())
    } else {
        Err(Failure::Failed(format!("the ledger is not what was recorded: {broken} breaks")))
    }
}

async fn write_anchors(house: &House, output: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Failed(format!("`{}`: {error}", output.display()));
    let mut file = BufWriter::new(std::fs::File::create(output).map_err(failed)?);
    let (mut after, mut written) = (None, 0_u64);
    loop {
        let page = anchors(house, after).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (_, anchor) in &page {
            let line = serde_json::to_string(anchor).map_err(Failure::failed)?;
            writeln!(file, "{line}").map_err(failed)?;
            written = written.saturating_add(1);
        }
    }
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)?;
    println!("{} ({written} chains)", output.display());
    Ok(())
}

/// The lines of an anchor file, one after the other.
fn read_anchors(path: &Path) -> Result<impl Iterator<Item = Result<Anchor, WorkflowError>>, Failure> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| Failure::BadInput(format!("`{name}`: {error}")))?;
    let mut reader = BufReader::new(file);
    let mut number = 0_u64;
    Ok(std::iter::from_fn(move || {
        number += 1;
        let bad = |reason: String| WorkflowError::BadInput(format!("`{name}`, line {number}: {reason}"));
        match read_line(&mut reader) {
            Ok(line) if line.is_empty() => None,
            Ok(line) => Some(serde_json::from_str(&line).map_err(|error| bad(error.to_string()))),
            Err(error) => Some(Err(bad(error.to_string()))),
        }
    }))
}

fn read_line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    let limit = u64::try_from(LINE).unwrap_or(u64::MAX);
    std::io::Read::take(reader, limit).read_line(&mut line)?;
    Ok(line)
}

fn customer_id(house: &House, text: &str) -> Result<Uuid, Failure> {
    let object = house.model.object("Customer").ok_or_else(|| Failure::failed("the model lacks `Customer`"))?;
    GlobalId::parse_as(text, object).map_err(Failure::bad_input)
}
