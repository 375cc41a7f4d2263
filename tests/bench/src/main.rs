//! `make bench`: our rate against a handwritten server's, as ratios in one run.
//!
//! A private PostgreSQL (without fsync: nothing is written while it is measured) gets the demo company in the size asked
//! for, through the product. Then the built `guildhall serve` and the handwritten server answer the same requests, in
//! rounds that alternate so that the machine's moods meet both.

mod company;
mod floods;
mod load;
mod process;
mod report;
mod request;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tempfile::TempDir;

use company::Company;
use load::{Round, Side};
use process::{Folder, Serving};
use report::{Case, HANDWRITTEN, OURS, Report};
use request::{Kind, Places};

pub(crate) type Fallible<T> = Result<T, Box<dyn Error>>;

/// Connections of the load generator to the server being measured.
const CONNECTIONS: usize = 8;
/// How many customers and pages are asked for, over and over, in random order.
const PLACES: usize = 2_000;

/// Measures Guildhall against a handwritten server that runs the same SQL on PostgreSQL
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
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Send every flood of the tests' catalogue instead, and fail if one takes too much time or memory
    #[arg(long)]
    floods: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.floods {
        return match floods::measure(arguments.rounds).await {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        };
    }
    match measure(&arguments).await {
        Ok(report) => {
            if arguments.json {
                println!("{:#}", report.to_json());
            } else {
                println!("{report}");
            }
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &Arguments) -> Fallible<Report> {
    let folder = TempDir::with_prefix("guildhall-bench-")?;
    let files = Folder::new(folder.path())?;
    eprintln!(
        "loading {} customers and {} orders into PostgreSQL (fsync off) ...",
        arguments.customers, arguments.orders
    );
    let company = Company::load(&files, arguments.customers, arguments.orders).await?;
    eprintln!("loaded: {}", company.summary);

    let statements = request::statements(&files, &company).await?;
    let ours = Serving::guildhall(&files, &company, &[])?;
    let handwritten = Serving::handwritten(&files, &company, &statements)?;
    let places = Places::random(&ours, &company.token, PLACES).await?;
    eprintln!("comparing the answers of both servers ...");
    let by_id = sides(Kind::Customer, &places, &ours, &handwritten, &company.token).await?;
    let pages = sides(Kind::Page, &places, &ours, &handwritten, &company.token).await?;
    let decided = Side::new(ours.address, request::graphql(Kind::Decided, &places, &company.token));
    let answers = decided.answers().await?;
    for (answer, plain) in answers.iter().zip(pages.ours.expected()) {
        request::is_decided(answer, plain)?;
    }
    let decided = decided.expecting(answers);

    eprintln!("measuring {} rounds of {} s for each of 5 ...", arguments.rounds, arguments.seconds);
    let order = [&by_id.ours, &by_id.handwritten, &pages.ours, &pages.handwritten, &decided];
    let length = Duration::from_secs(arguments.seconds);
    for side in order {
        side.round(CONNECTIONS, length / 2).await;
    }
    let mut rounds: [Vec<Round>; 5] = Default::default();
    for _ in 0..arguments.rounds {
        for (side, rounds) in order.iter().zip(&mut rounds) {
            rounds.push(side.round(CONNECTIONS, length).await);
        }
    }
    let [by_id_ours, by_id_handwritten, pages_ours, pages_handwritten, decided] = rounds;
    let cases = vec![
        Case::new("customer by id", by_id_ours, HANDWRITTEN, by_id_handwritten, 0.65),
        Case::new("20 customers, 5 orders, 5 contacts", pages_ours.clone(), HANDWRITTEN, pages_handwritten, 0.8),
        Case::new("the same, with a decision each", decided, OURS, pages_ours, 0.5),
    ];
    Ok(Report {
        company: company.summary,
        postgres: company.postgres,
        connections: CONNECTIONS,
        rounds: arguments.rounds,
        seconds: arguments.seconds,
        places: places.len(),
        cases,
    })
}

/// The two servers compared for one kind of request.
struct Sides {
    ours: Side,
    handwritten: Side,
}

/// Every request of a kind for both servers, after their answers were found equal.
async fn sides(kind: Kind, places: &Places, ours: &Serving, handwritten: &Serving, token: &str) -> Fallible<Sides> {
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
    Ok(Sides { ours: ours.expecting(answers), handwritten: handwritten.expecting(others) })
}
