//! Every evil guest, component and package we know, with what comes of it.
//!
//! The cases stand in tables, one per kind. Each is carried out by one host, in turn, and after each of them a plugin that
//! behaves has to be answered. What came of them is written down in `docs/hostile-guests.md`, which is the snapshot:
//! `UPDATE_EXPECT=1` writes it anew. Its last table is that of the end-to-end tests.

mod answers;
mod behaviours;
mod code;
mod component;
mod components;
mod packages;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use guildhall_decision::{
    DecisionPoint, Proposal, ProposalFailure, ProposedOutput, Question, Strategy, Subject, decide, decision_points,
    resolve,
};
use guildhall_model::Model;
use guildhall_plugin_host::{Answer, Call, Failure, Guest, Host, HostConfig, Limits, Package};
use serde_json::{Value, json};

use crate::fixture::{AT, ask, limits, line, package, root};

/// One evil thing.
struct Case {
    name: &'static str,
    does: &'static str,
    come_of: Box<dyn Fn(&Ground) -> String>,
}

fn case(name: &'static str, does: &'static str, come_of: impl Fn(&Ground) -> String + 'static) -> Case {
    Case { name, does, come_of: Box::new(come_of) }
}

/// What all cases happen on.
struct Ground {
    host: Host,
    /// With the limits as they are in production, for what is ended by the clock.
    strict: Host,
    hostile: Guest,
    strategy: Strategy,
    points: Vec<DecisionPoint>,
}

/// No case takes longer, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(60);

const PAGE: &str = "# Hostile guests

Every way we know in which a plugin may harm its host, its neighbours or a customer, and what comes of it. This page is written by the tests that
try them (`UPDATE_EXPECT=1 cargo test --workspace --test it evil`); where an outcome changes, the test fails. After each case the same host answers
a plugin that behaves. Why it is tested like this stands in [decisions/032](decisions/032-hostile-guests.md).

The text of an outcome is what the caller or the administrator is told.
";

#[test]
fn what_comes_of_evil_is_written_down() {
    let ground = Ground::new();
    let kinds = [
        ("Behaviours", "A guest that computes, eats memory, traps, logs or remembers.", behaviours::cases()),
        ("Answers", "A guest that answers at once, but what? Each goes through to the verdict.", answers::cases()),
        ("Components", "Components written by hand, where a compiler would not help.", components::cases()),
        ("Code", "Modules that want what no plugin needs, or are heavy to compile.", code::cases()),
        ("Packages", "Files that are no packages, or not what they say.", packages::cases()),
    ];
    let count: usize = kinds.iter().map(|(_, _, cases)| cases.len()).sum();
    assert!(count >= 100, "there are {count} cases");
    let mut page = PAGE.to_owned();
    let mut wrong = Vec::new();
    for (kind, about, cases) in kinds {
        page += &format!("\n## {kind}\n\n{about}\n\n| guest | what it does | outcome |\n|---|---|---|\n");
        for case in cases {
            match ground.carry_out(&case) {
                Ok(came) => page += &format!("| `{}` | {} | {} |\n", case.name, case.does, cell(&came)),
                Err(reason) => wrong.push(format!("`{}`: {reason}", case.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    check_page(&page);
}

/// Between what these tests write on the page and what those of the whole house do.
const HOUSE: &str = "\n## The house\n";

#[track_caller]
fn check_page(expected: &str) {
    let path = root().join("docs/hostile-guests.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    let (ours, house) = page.split_once(HOUSE).unwrap_or((&page, ""));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{expected}{HOUSE}{house}")).unwrap();
        return;
    }
    for (written, came) in ours.lines().zip(expected.lines()) {
        assert_eq!(came, written, "docs/hostile-guests.md says otherwise");
    }
    assert_eq!(ours.lines().count(), expected.lines().count(), "docs/hostile-guests.md has other cases");
}

impl Ground {
    fn new() -> Self {
        // Without a cache: that compiling is bounded is among what is tried.
        let host = |limits| Host::new(HostConfig { limits, ..HostConfig::default() }).unwrap();
        let points = decision_points().unwrap();
        let strategy = std::fs::read_to_string(root().join("tests/data/small/strategy.toml")).unwrap();
        let strategy = Strategy::read(&strategy, &Model::core(), &points).unwrap();
        let steady = host(limits());
        let hostile = steady.load(&package("tests/guests/hostile")).unwrap();
        Ground { host: steady, strict: host(Limits::default()), hostile, strategy, points }
    }

    /// What comes of a case; or what of the host does not hold.
    fn carry_out(&self, case: &Case) -> Result<String, String> {
        let started = Instant::now();
        let came = catch_unwind(AssertUnwindSafe(|| (case.come_of)(self)));
        let came = came.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())?;
        let elapsed = started.elapsed();
        let after = behaved(&self.hostile);
        if elapsed > PATIENCE {
            return Err(format!("it took {elapsed:?}"));
        }
        if after != GOOD {
            return Err(format!("the host does not go on: {after}"));
        }
        unshowable(&came).map_or(Ok(came.clone()), Err)
    }

    /// What comes of a package in this host, asked about one customer.
    fn tell(&self, bytes: &[u8]) -> String {
        tell(&self.host, bytes)
    }

    /// The verdict that an answer leads to.
    fn judge(&self, point: &str, answer: Result<Answer, Failure>) -> String {
        let point = self.points.iter().find(|known| known.name == point).unwrap();
        let facts = json!({ "creditAccount": { "exposure": "10", "limit": "100" } });
        let request = if point.request.is_empty() { Value::Null } else { json!({ "amount": "5" }) };
        let subject = Subject { id: "cus_1", source: None, external_id: None, segment: None, facts: &facts };
        let question =
            Question { strategy: &self.strategy, point, subject, request: &request, at: AT.parse().unwrap() };
        let result = match answer {
            Ok(answer) => Ok(ProposedOutput { output: answer.output, reasons: answer.reasons }),
            Err(failure) => Err(ProposalFailure { code: failure.code.to_string(), message: failure.message }),
        };
        let (plugin, version, digest, department) =
            ("evil".to_owned(), "1.0.0".to_owned(), "d".to_owned(), "mischief".to_owned());
        let proposal = Proposal { plugin, version, digest, department, result, fuel: 0 };
        let verdict = decide(&question, &resolve(&question), vec![proposal], None);
        match verdict.failures.first() {
            Some(failure) => format!("fallback; {}: {}", failure.code, failure.message),
            None => Value::from(verdict.output).to_string(),
        }
    }
}

const GOOD: &str = r#"{"netDays":7,"note":""} ["as asked"]"#;

/// The hostile guest when it behaves.
fn behaved(guest: &Guest) -> String {
    line(&ask(guest, &["nothing"]).answers[0])
}

fn tell(host: &Host, bytes: &[u8]) -> String {
    let package = match Package::read(bytes) {
        Ok(package) => package,
        Err(error) => return format!("no package: {error}"),
    };
    let guest = match host.load(&package) {
        Ok(guest) => guest,
        Err(error) => return format!("not loaded: {error}"),
    };
    let call = Call { parameters: b"{}", input: b"{\"subject\":{\"name\":\"Secret Ltd\"},\"request\":null}" };
    line(&guest.decide("credit.terms", AT, &[call]).answers[0])
}

/// Why an outcome may not be shown to anybody, if so.
fn unshowable(text: &str) -> Option<String> {
    let root = root().canonicalize().unwrap();
    let length = text.chars().count();
    if length > 600 {
        return Some(format!("it is told in {length} characters: {text}"));
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Some(format!("it is told in control characters: {text:?}"));
    }
    (text.contains(&*root.to_string_lossy()) || text.contains(".rs:")).then(|| format!("it names the host: {text}"))
}

/// Text as a cell of a table.
fn cell(text: &str) -> String {
    format!("`{}`", text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('`', "'"))
}
