//! A policy is the same function natively and as WebAssembly: equal answers to equal questions, sensible or not.

use guildhall_plugin::Call as NativeCall;
use guildhall_plugin::cases::Decide;
use guildhall_plugin_host::cases::{Case, input};
use guildhall_plugin_host::{Call, FailureCode, Guest, Host, HostConfig, Limits, Package};
use guildhall_tests::{built, root};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Every plugin that comes with Guildhall, as a native function.
const PLUGINS: [(&str, Decide); 2] =
    [("churn-scores", guildhall_churn_scores::decide), ("credit-rules", guildhall_credit_rules::decide)];

const QUESTIONS: usize = 1_500;

#[test]
fn every_plugin_is_compared() {
    let folders = std::fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<_> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    folders.sort();
    assert_eq!(folders, PLUGINS.map(|(name, _)| name));
}

#[test]
fn golden_cases_have_the_same_answers_natively_and_as_wasm() {
    for (name, decide) in PLUGINS {
        let (package, guest) = guest(name);
        for case in package.cases() {
            let settings = package.complete_settings(&case.settings).unwrap();
            let input = input(&case.input, &settings).unwrap();
            compare(&guest, decide, &case.point, &case.at, case.parameters.get().as_bytes(), &input);
        }
    }
}

#[test]
fn random_questions_have_the_same_answers_natively_and_as_wasm() {
    for (name, decide) in PLUGINS {
        let (package, guest) = guest(name);
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        let mut answered = 0;
        for _ in 0..QUESTIONS {
            // A golden case, with some of its values changed: most questions are still questions.
            let cases = package.cases();
            let case: &Case = &cases[dice.below(cases.len())];
            let parameters = dice.changed(&value(&case.parameters)).to_string();
            let mut asked = dice.changed(&value(&case.input));
            asked["settings"] = json!({});
            let input = asked.to_string();
            answered +=
                usize::from(compare(&guest, decide, &case.point, &case.at, parameters.as_bytes(), input.as_bytes()));
        }
        assert!((QUESTIONS / 5..QUESTIONS).contains(&answered), "{name}: {answered} of {QUESTIONS} were answered");
    }
}

pub(crate) fn guest(name: &str) -> (Package, Guest) {
    let limits = Limits {
        wall_single: std::time::Duration::from_secs(20),
        wall_batch: std::time::Duration::from_secs(60),
        ..Limits::default()
    };
    let cache = Some(root().join("target/plugins/test-code"));
    let host = Host::new(HostConfig { cache, limits, ..HostConfig::default() }).unwrap();
    let bytes = std::fs::read(built(&format!("plugins/{name}"))).unwrap();
    let package = Package::read(&bytes).unwrap();
    let guest = host.load(&package).unwrap();
    (package, guest)
}

fn value(raw: &RawValue) -> Value {
    serde_json::from_str(raw.get()).unwrap()
}

/// Asks both; whether there was an answer.
fn compare(guest: &Guest, decide: Decide, point: &str, at: &str, parameters: &[u8], input: &[u8]) -> bool {
    let native = decide(point, at, &[NativeCall { parameters, input }]).pop().unwrap();
    let wasm = guest.decide(point, at, &[Call { parameters, input }]).answers.pop().unwrap();
    let native = match native {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap(),
        Err(refused) => json!({ "refused": refused }),
    };
    let is_answer = wasm.is_ok();
    let wasm = match wasm {
        Ok(answer) => json!({ "output": answer.output, "reasons": answer.reasons }),
        Err(failure) if failure.code == FailureCode::RefusedByGuest => json!({ "refused": failure.message }),
        Err(failure) => json!({ "failed": failure.to_string() }),
    };
    let asked = String::from_utf8_lossy(input);
    assert_eq!(native, wasm, "{point} asked {} and {asked}", String::from_utf8_lossy(parameters));
    is_answer
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(count.max(1)).unwrap()).unwrap()
    }

    /// The value with some of its parts changed, most of them to another value of the same kind.
    fn changed(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut changed = members.clone();
                changed.retain(|_, _| self.below(200) > 0);
                for value in changed.values_mut() {
                    *value = self.changed(value);
                }
                Value::Object(changed)
            }
            Value::Array(items) => {
                let kept = self.below(items.len() + 2);
                items
                    .iter()
                    .cycle()
                    .take(if items.is_empty() { 0 } else { kept })
                    .map(|item| self.changed(item))
                    .collect()
            }
            _ if self.below(100) == 0 => self.nonsense(),
            Value::Number(_) => self.number(),
            Value::Bool(_) => json!(self.below(2) == 0),
            Value::String(text) if text.parse::<f64>().is_ok() => json!(self.decimal()),
            Value::String(text) if self.below(4) == 0 && text.len() != 10 => json!("Ærøskøbing \"& Søn\" \u{1f6a2}"),
            other => other.clone(),
        }
    }

    fn number(&mut self) -> Value {
        match self.below(8) {
            0 => json!(i32::MAX),
            1 => json!(i32::MIN),
            2 => json!(self.roll()),
            _ => json!(self.below(120)),
        }
    }

    fn decimal(&mut self) -> String {
        match self.below(8) {
            0 => "79228162514264337593543950335".to_owned(),
            1 => "-0.0000000000000000000000000001".to_owned(),
            2 => format!("-{}", self.below(10_000)),
            places => format!("{}.{:02$}", self.below(20_000), self.below(10), places),
        }
    }

    fn nonsense(&mut self) -> Value {
        let all = [json!(null), json!([]), json!({}), json!("nonsense"), json!(1e300), json!(-1), json!(true)];
        all[self.below(all.len())].clone()
    }
}
