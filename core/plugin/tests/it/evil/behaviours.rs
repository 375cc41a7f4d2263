//! What the hostile guest does when it is told to.

use std::collections::BTreeMap;

use guildhall_plugin_host::cases::swayed;
use guildhall_plugin_host::{Batch, Call, Limits};

use super::{Case, GOOD, Ground, case};
use crate::fixture::{AT, ask, line, misbehaving};

/// The hostile guest is asked once.
fn behaves(name: &'static str, does: &'static str) -> Case {
    case(name, does, move |ground| {
        let batch = ask(&ground.hostile, &[name]);
        assert_eq!(batch.guest_calls, 1);
        line(&batch.answers[0])
    })
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        behaves("nothing", "behaves"),
        behaves("loop", "computes without end"),
        behaves("panic", "panics with a message that names a place"),
        behaves("abort", "aborts"),
        behaves("memory", "takes memory until there is none"),
        behaves("grow", "asks for 4 GiB at once, and lives with the refusal"),
        behaves("deep", "calls itself a billion times"),
        behaves("write_everywhere", "writes all over the address space"),
        behaves("giant", "hands over 8 MB"),
        behaves("log_forever", "logs without end"),
        behaves("log_giant", "logs 4 MB at once"),
        case("log", "logs 50 long lines with line ends and colours", log),
        case("refuse", "refuses with 2,000 characters, a line end and a colour", refused),
        behaves("disguise", "refuses with a text that turns its direction, hides and forges a line of the log"),
        behaves("too_few", "gives no answer to a question"),
        behaves("too_many", "gives two answers to a question"),
        behaves("nan_bits", "asks the machine for the bits of a NaN"),
        case("count", "counts its calls in a global, over three calls", over(&["count", "count", "count"])),
        case("tell", "keeps the input of one customer in a static and tells it to the next", over(&["tell", "tell"])),
        case("tell_together", "the same in one batch, which is one instance", together(&["tell", "tell"])),
        case("search", "fills 6 MiB, and looks in the next call for what is left of it", over(&["remember", "search"])),
        case("neighbours", "is asked about 20 customers and panics about one", neighbours),
        case("thousand", "panics about 10 of 1,000 customers", thousand),
        case("all_panic", "panics about each of 64 customers", all_panic),
        case("gossip", "logs its input and refuses with it", gossip),
        case("oversized_input", "is asked about a customer with 128 KiB of facts, and about another", oversized),
        case("repeated", "does ten different things twice: same bytes, same fuel?", repeated),
    ]
}

fn log(ground: &Ground) -> String {
    let batch = ask(&ground.hostile, &["log"]);
    assert_eq!(line(&batch.answers[0]), GOOD);
    let kept: usize = batch.log.iter().map(String::len).sum();
    assert!(kept <= Limits::default().log + 100, "{kept}");
    assert!(!batch.log.iter().any(|line| line.contains(char::is_control)));
    format!("answered; {} lines are kept, none with a control character", batch.log.len())
}

fn refused(ground: &Ground) -> String {
    let message = ask(&ground.hostile, &["refuse"]).answers[0].clone().unwrap_err().to_string();
    assert!(!message.contains(char::is_control));
    let kept = message.chars().count();
    format!("{}…, {kept} characters in all", message.chars().take(40).collect::<String>())
}

/// Each behaviour is a call of its own; the last answer counts.
fn over(behaviours: &'static [&'static str]) -> impl Fn(&Ground) -> String {
    move |ground| {
        let mut last = String::new();
        for behaviour in behaviours {
            last = line(&ask(&ground.hostile, &[behaviour]).answers[0]);
        }
        last
    }
}

/// All behaviours in one batch; the last answer counts, and whether golden cases would have told.
fn together(behaviours: &'static [&'static str]) -> impl Fn(&Ground) -> String {
    move |ground| {
        let batch = ask(&ground.hostile, behaviours);
        let last = batch.answers.last().map(line).unwrap_or_default();
        let cases: Vec<_> = behaviours.iter().map(|name| misbehaving(name)).collect();
        let cases: Vec<_> = cases.iter().collect();
        let alone: Vec<_> = cases.iter().map(|case| case.ask(&ground.hostile).0).collect();
        let told = swayed(&cases, &alone.iter().collect::<Vec<_>>(), &ground.hostile);
        assert!(!told.is_empty());
        format!("{last}; `plugin test` says that the answer depends on who else is asked about")
    }
}

/// How often each came: answers and codes of failures.
fn counted(batch: &Batch) -> String {
    let mut counted = BTreeMap::new();
    for answer in &batch.answers {
        let kind = answer.as_ref().map_or_else(|failure| failure.code.to_string(), |_| "answered".to_owned());
        *counted.entry(kind).or_insert(0) += 1;
    }
    counted.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

/// Asks with the guilty at these places, and makes sure that nobody else's answer is another.
fn poisoned(ground: &Ground, size: usize, guilty: &[usize]) -> String {
    let behaviours: Vec<_> = (0..size).map(|place| if guilty.contains(&place) { "panic" } else { "nothing" }).collect();
    let batch = ask(&ground.hostile, &behaviours);
    for (place, answer) in batch.answers.iter().enumerate() {
        assert_eq!(answer.is_err(), guilty.contains(&place), "{place}: {}", line(answer));
        assert!(answer.is_err() || line(answer) == GOOD, "{place}");
    }
    format!("{}; the right ones", counted(&batch))
}

fn neighbours(ground: &Ground) -> String {
    poisoned(ground, 20, &[7])
}

fn thousand(ground: &Ground) -> String {
    poisoned(ground, 1_000, &[0, 1, 99, 255, 256, 500, 511, 700, 901, 999])
}

fn all_panic(ground: &Ground) -> String {
    let batch = ask(&ground.hostile, &["panic"; 64]);
    // To find one of 256 takes sixteen calls.
    assert!(batch.guest_calls <= 200, "{}", batch.guest_calls);
    counted(&batch)
}

fn gossip(ground: &Ground) -> String {
    let parameters = br#"{"misbehave":"gossip"}"#;
    let input = br#"{"subject":{"name":"Secret Ltd"}}"#;
    let batch = ground.hostile.decide("credit.terms", AT, &[Call { parameters, input }]);
    // Who may ask for the decision may read what the plugin reads: the house's own table holds that.
    format!("{}; logged {:?}", line(&batch.answers[0]), batch.log)
}

fn oversized(ground: &Ground) -> String {
    let large = vec![b' '; Limits::default().input + 1];
    let calls = [Call { parameters: b"{}", input: &large }, Call { parameters: b"{}", input: b"{}" }];
    let batch = ground.hostile.decide("credit.terms", AT, &calls);
    assert_eq!(line(&batch.answers[1]), GOOD);
    format!("{}; the other one is answered", line(&batch.answers[0]))
}

fn repeated(ground: &Ground) -> String {
    let behaviours = ["nothing", "loop", "panic", "memory", "deep", "giant", "log", "refuse", "nan_bits", "too_few"];
    for behaviour in behaviours {
        let (one, two) = (ask(&ground.hostile, &[behaviour]), ask(&ground.hostile, &[behaviour]));
        assert_eq!((one.answers, one.fuel, one.log), (two.answers, two.fuel, two.log), "{behaviour}");
    }
    "the same both times".to_owned()
}
