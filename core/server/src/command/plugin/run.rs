//! `guildhall plugin run`: one question, with everything that came of it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use guildhall_plugin_host::cases::{self, Case};
use guildhall_plugin_host::{Batch, Call, Guest, Package};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::sandbox::Sandbox;
use super::{read_package, read_text};
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

/// Input is read as far as any limit could allow.
const INPUT_LIMIT: u64 = 4 << 20;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    package: PathBuf,
    /// The decision point [default: the golden case's, or the only one the plugin serves]
    #[arg(long)]
    point: Option<String>,
    /// JSON file with `{"subject": {...}, "request": {...}}`, or a golden case; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// JSON file with what the strategy sets [default: the golden case's, or what the department does by itself]
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// JSON file with what an administrator sets [default: the golden case's, or the defaults]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The time of the decision, RFC 3339 [default: the golden case's, or now]
    #[arg(long, value_name = "TIME")]
    at: Option<DateTime<Utc>>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How much of a limit was used.
struct Used {
    what: &'static str,
    unit: &'static str,
    used: u64,
    limit: u64,
}

/// One question, put together from files and defaults.
struct Asking {
    point: String,
    at: String,
    parameters: String,
    input: Vec<u8>,
}

pub(super) fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let package = read_package(&options.package)?;
    let workshop = opening::open_workshop(settings)?;
    let sandbox = Sandbox::new(&workshop, &package)?;
    let Asking { point, at, parameters, input } = asking(options, &package, &sandbox)?;
    let call = Call { parameters: parameters.as_bytes(), input: &input };
    let began = Instant::now();
    let batch = sandbox.guest.decide(&point, &at, &[call]);
    let used = used(&sandbox.guest, &point, &batch, parameters.len() + input.len(), began.elapsed());
    let answered = batch.answers.first().cloned();
    let misfit = match &answered {
        Some(Ok(answer)) => sandbox.misfit(&point, &input, &answer.output),
        _ => None,
    };
    if options.json {
        println!("{}", report(&point, &at, &batch, &used, misfit.as_deref()));
    } else {
        print(&point, &at, &batch, &used, misfit.as_deref());
    }
    match (answered, misfit) {
        (Some(Ok(_)), None) => Ok(()),
        (Some(Ok(_)), Some(misfit)) => Err(Failure::Failed(format!("this is no answer to `{point}`: {misfit}"))),
        (Some(Err(failure)), _) => Err(Failure::Failed(failure.to_string())),
        (None, _) => Err(Failure::Failed("the plugin gave no answer".to_owned())),
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    if path != Path::new("-") {
        return read_text(path);
    }
    let mut text = String::new();
    std::io::stdin().lock().take(INPUT_LIMIT).read_to_string(&mut text).map_err(Failure::bad_input)?;
    Ok(text)
}

/// What is asked: the input's own words where it is a golden case, the options before them, the defaults behind them.
fn asking(options: &Options, package: &Package, sandbox: &Sandbox) -> Result<Asking, Failure> {
    let read = text(&options.input)?;
    let wrong = |error: String| Failure::BadInput(format!("`{}`: {error}", options.input.display()));
    let case = serde_json::from_str::<Case>(&read).ok();
    let served: Vec<_> = package.queries().map(|(point, _)| point).collect();
    let point = match (options.point.as_deref().or(case.as_ref().map(|case| case.point.as_str())), served.as_slice()) {
        (Some(point), served) if served.contains(&point) => point.to_owned(),
        (None, [only]) => (*only).to_owned(),
        (Some(point), _) => {
            let problem = format!("the plugin does not serve `{point}`; it serves {}", served.join(", "));
            return Err(Failure::BadInput(problem));
        }
        (None, _) => return Err(Failure::BadInput(format!("say where with `--point`: {}", served.join(", ")))),
    };
    let parameters = match (&options.parameters, &case) {
        (Some(path), _) => Value::Object(members(path)?).to_string(),
        (None, Some(case)) => case.parameters.get().to_owned(),
        (None, None) => sandbox.defaults(&point).to_string(),
    };
    let given = match (&options.settings, &case) {
        (Some(path), _) => members(path)?,
        (None, Some(case)) => case.settings.clone(),
        (None, None) => Map::new(),
    };
    let settings = package.complete_settings(&given).map_err(|problems| {
        Failure::BadInput(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    let asked: Box<RawValue> = match &case {
        Some(case) => case.input.clone(),
        None => serde_json::from_str(&read).map_err(|error| wrong(error.to_string()))?,
    };
    let input = cases::input(&asked, &settings).map_err(wrong)?;
    let at = match (&options.at, &case) {
        (None, Some(case)) => case.at.clone(),
        (at, _) => at.unwrap_or_else(Utc::now).to_rfc3339_opts(SecondsFormat::Millis, true),
    };
    Ok(Asking { point, at, parameters, input })
}

fn members(path: &Path) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(&text(path)?).map_err(|error| Failure::BadInput(format!("`{}`: {error}", path.display())))
}

fn used(guest: &Guest, point: &str, batch: &Batch, input: usize, took: Duration) -> Vec<Used> {
    let limits = guest.limits(point);
    let wide = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let log: usize = batch.log.iter().map(String::len).sum();
    vec![
        Used { what: "fuel", unit: "", used: batch.fuel, limit: limits.fuel },
        Used { what: "time", unit: " µs", used: micros(took), limit: micros(limits.wall_single) },
        Used { what: "memory", unit: " bytes", used: wide(batch.memory_peak), limit: wide(limits.memory) },
        Used { what: "input", unit: " bytes", used: wide(input), limit: wide(limits.input) },
        Used { what: "output", unit: " bytes", used: wide(batch.output_peak), limit: wide(limits.output) },
        Used { what: "log", unit: " bytes", used: wide(log), limit: wide(limits.log) },
    ]
}

impl Used {
    /// In hundredths of the limit.
    fn percent(&self) -> String {
        let hundredths = u128::from(self.used) * 10_000 / u128::from(self.limit.max(1));
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

fn print(point: &str, at: &str, batch: &Batch, used: &[Used], misfit: Option<&str>) {
    println!("{point} at {at}");
    match batch.answers.first() {
        Some(Ok(answer)) => {
            println!("  output  {}", Value::from(answer.output.clone()));
            for reason in &answer.reasons {
                println!("  reason  {reason}");
            }
            println!("  fits    {}", misfit.unwrap_or("yes"));
        }
        Some(Err(failure)) => println!("  failed  {failure}"),
        None => println!("  failed  no answer"),
    }
    for line in &batch.log {
        println!("  log     {line}");
    }
    for limit in used {
        println!("  {:<7} {}{} of {} ({} %)", limit.what, limit.used, limit.unit, limit.limit, limit.percent());
    }
}

fn report(point: &str, at: &str, batch: &Batch, used: &[Used], misfit: Option<&str>) -> Value {
    let (output, reasons, failure) = match batch.answers.first() {
        Some(Ok(answer)) => (json!(answer.output), json!(answer.reasons), Value::Null),
        Some(Err(failure)) => {
            (Value::Null, json!([]), json!({ "code": failure.code.as_str(), "message": failure.message }))
        }
        None => (Value::Null, json!([]), Value::Null),
    };
    let limits: Map<_, _> = used
        .iter()
        .map(|limit| {
            let part = json!({ "used": limit.used, "limit": limit.limit, "percent": limit.percent() });
            (limit.what.to_owned(), part)
        })
        .collect();
    json!({ "point": point, "at": at, "output": output, "reasons": reasons, "failure": failure, "misfit": misfit,
        "log": batch.log, "limits": limits })
}
