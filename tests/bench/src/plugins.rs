//! `--plugins`: what the sandbox costs, against the native function, against other engines, and at rest.

mod calls;
mod customer;
mod engines;
mod idle;

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use guildhall_plugin_host::compile::Worker;
use guildhall_plugin_host::{Guest, Host, HostConfig, Package};
use guildhall_tests::built;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Fallible;
use crate::process::Folder;
use crate::report::told;
use calls::{AT, Calls, POINT};
pub(crate) use idle::load;

/// Length of a round of each side.
const ROUND: Duration = Duration::from_millis(150);

/// As many customers as one guest call may be about. The host makes several calls of them where their fuel takes more.
const BATCH: usize = 256;

/// What was measured of one goal.
struct Line {
    what: String,
    /// Figures it was made from.
    from: String,
    figure: f64,
    /// Whether less is better.
    at_most: bool,
    goal: f64,
}

impl Line {
    fn is_met(&self) -> bool {
        if self.at_most { self.figure <= self.goal } else { self.figure >= self.goal }
    }

    fn to_json(&self) -> Value {
        json!({ "case": self.what, "from": self.from, "figure": self.figure, "goal": self.goal, "atMost": self.at_most, "met": self.is_met() })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = if self.at_most { "at most" } else { "at least" };
        let Line { what, from, figure, goal, .. } = self;
        write!(out, "{what:<52}{from:>34}{figure:>8.2}  {bound:<8} {goal:>5.1}  {}", told(self.is_met()))
    }
}

/// Measures all of it and prints it. Says whether every goal is met.
pub(crate) fn measure(rounds: u64, as_json: bool) -> Fallible<bool> {
    let folder = TempDir::with_prefix("guildhall-plugins-")?;
    let files = Folder::new(folder.path())?;
    let package = std::fs::read(built("plugins/credit-rules"))?;
    let guest = host(&files, &folder.path().join("code"))?.load(&Package::read(&package)?)?;
    let calls = Calls::of(BATCH);
    let measured = format!("{POINT}, {BATCH} customers, {} bytes of input on the average", calls.input_bytes());
    is_same(&guest, &calls)?;
    let mut lines = Vec::new();

    eprintln!("measuring {measured}: {rounds} rounds of {} ms for each side ...", ROUND.as_millis());
    let engines = engines::all(&files, &calls)?;
    let limits = guest.limits(POINT);
    let sides: [&dyn Fn() -> Fallible<f64>; 4] = [
        &|| time(BATCH, || calls.native(limits)),
        &|| time(BATCH, || calls.sandboxed(&guest)),
        &|| time(BATCH, || calls.native_one_by_one(limits)),
        &|| time(BATCH, || calls.sandboxed_one_by_one(&guest)),
    ];
    let mut taken = vec![Vec::new(); sides.len() + engines.len()];
    for round in 0..=rounds {
        let engines = engines.iter().map(|engine| engine.measure(ROUND));
        let figures = sides.iter().map(|side| side()).chain(engines);
        for (figure, taken) in figures.zip(&mut taken) {
            // The first round warms.
            let figure = figure?;
            if round > 0 {
                taken.push(figure);
            }
        }
    }
    let mut medians = taken.into_iter().map(median);
    let mut next = || medians.next().unwrap_or_default();
    let (native, sandboxed, native_alone, alone) = (next(), next(), next(), next());
    lines.push(Line {
        what: format!("a batch of {BATCH}, against the native function"),
        from: format!("{:.2} us / {:.2} us", sandboxed / 1e3, native / 1e3),
        figure: sandboxed / native,
        at_most: true,
        goal: 1.7,
    });
    lines.push(Line {
        what: "one in a fresh instance, against the native function".to_owned(),
        from: format!("{:.2} us / {:.2} us", alone / 1e3, native_alone / 1e3),
        figure: alone / native_alone,
        at_most: true,
        goal: 4.5,
    });
    for (engine, median) in engines.iter().zip(medians) {
        lines.push(Line {
            what: format!("a batch of {BATCH}, faster than {}", engine.name),
            from: format!("{:.2} us / {:.2} us", median / 1e3, sandboxed / 1e3),
            figure: median / sandboxed,
            at_most: false,
            goal: 5.0,
        });
    }
    lines.extend(idle::measure(&files, folder.path(), &package, rounds)?);
    if as_json {
        let lines: Value = lines.iter().map(Line::to_json).collect();
        println!("{:#}", json!({ "measured": measured, "lines": lines }));
    } else {
        println!("{measured}");
        lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(lines.iter().all(Line::is_met))
}

/// A host as the server has one.
fn host(files: &Folder, cache: &Path) -> Fallible<Host> {
    let worker = Some(Worker::of(files.binary("guildhall"), &["compile-plugin"]));
    Ok(Host::new(HostConfig { cache: Some(cache.to_owned()), worker, ..HostConfig::default() })?)
}

/// Whether the sandbox answers what the native function does.
fn is_same(guest: &Guest, calls: &Calls) -> Fallible<()> {
    let batch = calls.with(|calls| guest.decide(POINT, AT, calls));
    for (answer, native) in batch.answers.iter().zip(calls.answers()?) {
        let answer = answer.as_ref().map_err(|failure| failure.to_string())?;
        if json!({ "output": answer.output, "reasons": answer.reasons }) != native {
            return Err(format!("the sandbox answered {answer:?}, the native function {native}").into());
        }
    }
    Ok(())
}

/// Nanoseconds for each of `count` decisions that `decide` makes, over and over for a round.
fn time(count: usize, decide: impl Fn() -> Fallible<()>) -> Fallible<f64> {
    let (mut decided, began) = (0_usize, Instant::now());
    while began.elapsed() < ROUND {
        decide()?;
        decided += count;
    }
    Ok(began.elapsed().as_nanos() as f64 / decided as f64)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
