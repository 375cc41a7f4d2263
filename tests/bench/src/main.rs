//! `make bench`: our rate against a handwritten server's and PostGraphile's, as ratios in one run.
//!
//! A private PostgreSQL (without fsync: nothing is written while it is measured) gets the demo company in the size asked
//! for, through the product. Then the built `guildhall serve` and the others answer the same requests, in rounds that
//! alternate so that the machine's moods meet them all.

mod company;
mod floods;
mod import;
mod load;
mod plugins;
mod postgraphile;
mod process;
mod report;
mod request;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use tempfile::TempDir;

use company::Company;
use load::{Round, Side};
use postgraphile::{Cursors, PostGraphile};
use process::{Folder, Serving};
use report::{Case, HANDWRITTEN, OURS, POSTGRAPHILE, Report};
use request::{Kind, Places};

pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// Connections of the load generator to the server being measured.
const CONNECTIONS: usize = 8;
/// How many customers and pages are asked for, over and over, in random order.
const PLACES: usize = 2_000;

const BY_ID: &str = "customer by id";
const PAGES: &str = "20 customers, 5 orders, 5 contacts";

/// Measures Guildhall against a handwritten server that runs the same SQL on PostgreSQL, and against PostGraphile
#[derive(Parser, Debug)]
struct Arguments {
    /// Length of a round
    #[arg(long, default_value_t = 3, value_name = "N")]
    seconds: u64,
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    #[arg(long, default_value_t = 20_000, value_name = "N", value_parser = clap::value_parser!(u32).range(100..))]
    customers: u32,
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    orders: u32,
    /// Compare with the handwritten server alone
    #[arg(long)]
    without_postgraphile: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Send every flood of the tests' catalogue instead, and fail if one takes too much time or memory
    #[arg(long)]
    floods: bool,
    /// Measure only the import, against a plain bulk load
    #[arg(long)]
    import: bool,
    /// Measure only what the sandbox costs, against the native function and other engines
    #[arg(long)]
    plugins: bool,
    /// Load the packages of a folder with its cache of code, and print what that took
    #[arg(long, hide = true, value_name = "DIR")]
    load_plugins: Option<PathBuf>,
    /// How many customers are imported, with ten orders each
    #[arg(long, default_value_t = 50_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    imported: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(folder) = &arguments.load_plugins {
        return ended(plugins::load(folder).await.map(|()| true));
    }
    if arguments.plugins {
        return ended(plugins::measure(arguments.rounds, arguments.json));
    }
    if arguments.floods {
        return ended(floods::measure(arguments.rounds).await);
    }
    let measured = if arguments.import { Ok(None) } else { measure(&arguments).await.map(Some) };
    match (measured, import::measure(arguments.imported).await) {
        (Ok(report), Ok(import)) => {
            let is_good = report.as_ref().is_none_or(Report::is_good) && import.is_good();
            if arguments.json {
                let mut json = report.map_or_else(|| json!({}), |report| report.to_json());
                if let Some(json) = json.as_object_mut() {
                    json.insert("import".to_owned(), import.to_json());
                }
                println!("{json:#}");
            } else {
                if let Some(report) = report {
                    println!("{report}\n");
                }
                println!("{import}");
            }
            if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How the program ends when all is as it should be, when something is not, and when it could not be found out.
fn ended(measured: Fallible<bool>) -> ExitCode {
    match measured {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Fallible<Report> {
    let folder = TempDir::with_prefix("guildhall-bench-")?;
    let files = Folder::new(folder.path())?;
    let installed = if arguments.without_postgraphile {
        eprintln!("left out: the comparison with PostGraphile");
        None
    } else {
        PostGraphile::installed_or_say_so(&files.postgraphile())?
    };
    eprintln!(
        "loading {} customers and {} orders into PostgreSQL (fsync off) ...",
        arguments.customers, arguments.orders
    );
    let company = Company::load(&files, arguments.customers, arguments.orders).await?;
    eprintln!("loaded: {}", company.summary);

    let statements = request::statements(&files, &company).await?;
    let ours = Serving::guildhall(&files, &company, &[])?;
    let handwritten = Serving::handwritten(&files, &company, &statements)?;
    let postgraphile = installed.map(|installed| Serving::postgraphile(&files, &company, &installed)).transpose()?;
    let places = Places::random(&ours, &company.token, PLACES).await?;
    eprintln!("comparing the answers of all servers ...");
    let mut sides = compared(&places, &ours, &handwritten, &company.token).await?;
    if let Some(postgraphile) = &postgraphile {
        sides.extend(compared_with_postgraphile(&places, &sides, postgraphile, &company.token).await?);
    }

    eprintln!("measuring {} rounds of {} s for each of {} ...", arguments.rounds, arguments.seconds, sides.len());
    let rounds = alternating(&sides, arguments.rounds, Duration::from_secs(arguments.seconds)).await;
    Ok(Report {
        company: company.summary,
        postgres: company.postgres,
        connections: CONNECTIONS,
        rounds: arguments.rounds,
        seconds: arguments.seconds,
        places: places.len(),
        cases: cases(&rounds)?,
        responses: rounds.iter().flatten().map(|round| round.responses).sum(),
        errors: rounds.iter().flatten().map(|round| round.errors).sum(),
    })
}

/// One round of each side to warm it, then its rounds in turn with the others'.
async fn alternating(sides: &[Side], rounds: u64, length: Duration) -> Vec<Vec<Round>> {
    for side in sides {
        side.round(CONNECTIONS, length).await;
    }
    let mut all = vec![Vec::new(); sides.len()];
    for _ in 0..rounds {
        for (side, rounds) in sides.iter().zip(&mut all) {
            rounds.push(side.round(CONNECTIONS, length).await);
        }
    }
    all
}

/// What is compared, of the sides' rounds in the order of the sides.
fn cases(rounds: &[Vec<Round>]) -> Fallible<Vec<Case>> {
    let [customer, customer_handwritten, page, page_handwritten, decided, postgraphile @ ..] = rounds else {
        return Err("a side was not measured".into());
    };
    let mut cases = vec![
        Case::new(BY_ID, customer, HANDWRITTEN, customer_handwritten, 0.75),
        Case::new(PAGES, page, HANDWRITTEN, page_handwritten, 0.9),
        Case::new("the same, with a decision each", decided, OURS, page, 0.5),
    ];
    if let [customer_postgraphile, page_postgraphile] = postgraphile {
        cases.push(Case::new(BY_ID, customer, POSTGRAPHILE, customer_postgraphile, 3.0));
        cases.push(Case::new(PAGES, page, POSTGRAPHILE, page_postgraphile, 3.0));
    }
    Ok(cases)
}

/// Every request to us and to the handwritten server, after their answers were found equal: customers, ours and theirs, pages, ours and
/// theirs, and our pages with decisions.
async fn compared(places: &Places, ours: &Serving, handwritten: &Serving, token: &str) -> Fallible<Vec<Side>> {
    let mut sides = Vec::new();
    for kind in [Kind::Customer, Kind::Page] {
        let ours = Side::new(ours.address, request::graphql(kind, places, token));
        let handwritten = Side::new(handwritten.address, request::handwritten(kind, places, token));
        let answers = ours.answers().await.map_err(|error| format!("guildhall: {error}"))?;
        let others = handwritten.answers().await.map_err(|error| format!("the handwritten server: {error}"))?;
        for (answer, other) in answers.iter().zip(&others) {
            let data = request::data(answer)?;
            if data != other.as_slice() {
                let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(500).collect::<String>();
                return Err(format!("the servers disagree:\n{}\n{}", shown(data), shown(other)).into());
            }
        }
        sides.extend([ours.expecting(answers), handwritten.expecting(others)]);
    }
    let decided = Side::new(ours.address, request::graphql(Kind::Decided, places, token));
    let answers = decided.answers().await?;
    let pages = sides.get(2).map(Side::expected).unwrap_or_default();
    for (answer, plain) in answers.iter().zip(pages) {
        request::is_decided(answer, plain)?;
    }
    sides.push(decided.expecting(answers));
    Ok(sides)
}

/// The same customers and pages of PostGraphile, after their values were found equal to ours.
async fn compared_with_postgraphile(
    places: &Places,
    sides: &[Side],
    serving: &Serving,
    token: &str,
) -> Fallible<Vec<Side>> {
    let cursors = Cursors::read(serving, token).await?;
    let mut theirs = Vec::new();
    for (kind, ours) in [(Kind::Customer, sides.first()), (Kind::Page, sides.get(2))] {
        let side = Side::new(serving.address, postgraphile::requests(kind, places, &cursors, token)?);
        let answers = side.answers().await.map_err(|error| format!("PostGraphile: {error}"))?;
        for (answer, ours) in answers.iter().zip(ours.map(Side::expected).unwrap_or_default()) {
            postgraphile::is_same(answer, ours)?;
        }
        theirs.push(side.expecting(answers));
    }
    Ok(theirs)
}
