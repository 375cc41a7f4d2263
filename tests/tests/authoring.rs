//! A department's developer with nothing but the program: from a name to a plugin that decides.

use std::path::{Path, PathBuf};
use std::process::Command;

use guildhall_tests::{Place, Ran, built, program, root, sqlite_place};
use serde_json::Value;

/// What the tutorial says, in its order.
#[derive(Debug)]
enum Step {
    Command(String),
    File { path: String, text: String },
}

/// The fenced blocks of the tutorial. `sh` is done; a block with a path is written.
fn tutorial() -> Vec<Step> {
    let guide = std::fs::read_to_string(root().join("docs/plugins.md")).unwrap();
    let section = guide.split("\n## ").find(|section| section.starts_with("A first one in ten minutes")).unwrap();
    let mut steps = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in section.lines() {
        let line = line.strip_prefix("   ").unwrap_or(line);
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (None, None) => {}
            (Some((info, text)), Some(_)) => match info.split_once(' ') {
                Some((_, path)) => steps.push(Step::File { path: path.to_owned(), text }),
                None => steps.extend(text.lines().map(|line| Step::Command(line.to_owned()))),
            },
            (Some((info, text)), None) => open = Some((info, format!("{text}{line}\n"))),
        }
    }
    assert!(open.is_none() && steps.len() > 12, "{steps:?}");
    steps
}

/// What was compiled stays for the next run; only the folder of the plugin is new.
fn keep_target(plugin: &Path) {
    let target = root().join("target/authoring");
    std::fs::create_dir_all(&target).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&target, plugin.join("target")).unwrap();
}

/// Cargo as a developer has it: nothing of the cargo that runs the tests.
fn cargo_test(folder: &Path) {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_")) {
        cargo.env_remove(name);
    }
    let ran = cargo.arg("test").current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}

/// The command line in a folder of the place.
fn run_in(place: &Place, folder: &Path, arguments: &[&str]) -> Ran {
    let output = place.program().args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn the_ten_minute_path_leads_to_an_installed_plugin() {
    let place = sqlite_place();
    let mut folder: PathBuf = place.folder().to_owned();
    let mut told = String::new();
    for step in tutorial() {
        match step {
            Step::File { path, text } => std::fs::write(folder.join(path), text).unwrap(),
            Step::Command(command) => match command.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["cd", into] => {
                    folder.push(into);
                    keep_target(&folder);
                }
                ["cargo", "test"] => cargo_test(&folder),
                ["guildhall", arguments @ ..] => {
                    let key = told.split("public key ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
                    let key = key.to_owned();
                    let mut arguments = arguments.to_vec();
                    // Nobody is there to say yes.
                    arguments.extend(arguments.contains(&"install").then_some("--yes"));
                    arguments.iter_mut().filter(|argument| **argument == "KEY").for_each(|argument| *argument = &key);
                    let ran = run_in(&place, &folder, &arguments);
                    assert_eq!(ran.code, Some(0), "{command}: {}{}", ran.stdout, ran.stderr);
                    told.push_str(&ran.stdout);
                }
                _ => panic!("the tutorial has a command that nobody knows: {command}"),
            },
        }
    }
    for expected in [
        "holds   credit.terms: who pays very late pays at once",
        "reason  Harbour Bakery pays 41 days late: 0 days net",
        "signed as finance with the key",
        "Customer.averageDaysLate: no reason is given",
        "2 golden cases",
        "installed payment-terms",
    ] {
        assert!(told.contains(expected), "`{expected}` is not in\n{told}");
    }
    let case = std::fs::read_to_string(folder.join("cases/credit_terms-to-begin-with.json")).unwrap();
    assert!(case.contains("Harbour Bakery pays 2 days late: 30 days net"), "{case}");
    assert!(place.done(&["plugin", "list"]).contains("payment-terms"));
}

#[test]
fn a_new_plugin_serves_every_decision_point_and_one_of_its_own() {
    let place = sqlite_place();
    let points = guildhall_decision::decision_points().unwrap();
    let names: Vec<_> = points.iter().map(|point| point.name.as_str()).chain(["acme_scores.churn"]).collect();
    let sdk = root().join("plugin-sdk").to_string_lossy().into_owned();
    let mut arguments = vec!["plugin", "new", "acme-scores", "--department", "sales", "--settings", "--sdk", &sdk];
    arguments.extend(names.iter().flat_map(|name| ["--point", name]));
    place.done(&arguments);
    let folder = place.folder().join("acme-scores");
    keep_target(&folder);
    cargo_test(&folder);
    let told = place.done(&["plugin", "test", "acme-scores", "--json"]);
    let told: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(told["cases"].as_array().unwrap().len(), names.len(), "{told}");
    assert_eq!(told["pointsWithoutCases"], Value::Array(Vec::new()));

    // A policy that changes its mind is noticed, case by case, and nothing is written without being told to.
    let policy = folder.join("src/terms.rs");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text.replace("question.parameters.net_days", "question.parameters.net_days + 1")).unwrap();
    let ran = place.run(&["plugin", "test", "acme-scores"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.contains("output.netDays: expected 30, answered 31"), "{}", ran.stdout);
    let told = format!("1 of {} golden cases do not hold", names.len());
    assert!(ran.stderr.contains(&told), "{}", ran.stderr);
}

#[test]
fn a_new_plugin_is_named_and_placed_well_or_not_made() {
    let place = sqlite_place();
    let refused = |arguments: &[&str], expected: &str| {
        let ran = place.run(&[&["plugin", "new"], arguments].concat());
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    };
    refused(&["Payment Terms"], "it must be kebab-case");
    refused(
        &["terms", "--point", "credit.limit"],
        "there is no decision point `credit.limit`; there are `credit.terms`",
    );
    refused(&["terms", "--sdk", "nowhere"], "is not the folder of the crate `guildhall-plugin`");
    place.file("taken/file", "mine");
    refused(&["terms", "--dir", "taken"], "is there already and not empty");
    assert!(!place.folder().join("terms").exists() && !place.folder().join("Payment Terms").exists());
}

#[test]
fn one_question_shows_how_near_each_limit_is() {
    let place = sqlite_place();
    let package = built("plugins/credit-rules").to_string_lossy().into_owned();
    let subject = r#"{"subject": {"averageDaysLate": 24, "overdueAmount": {"amount": "0", "currency": "EUR"}, "creditAccount": null}}"#;
    let input = place.file("input.json", subject).to_string_lossy().into_owned();
    let at = "2026-03-01T09:00:00Z";
    let run = |more: &[&str]| place.run(&[&["plugin", "run", &package, "--input", &input, "--at", at], more].concat());
    let ran = run(&["--point", "credit.terms", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["output"]["netDays"], 21, "{told}");
    for limit in ["fuel", "time", "memory", "input", "output"] {
        let (used, limit) = (&told["limits"][limit]["used"], &told["limits"][limit]["limit"]);
        assert!(used.as_u64().unwrap() > 0 && used.as_u64() < limit.as_u64(), "{told}");
    }
    let fuel = |text: &str| serde_json::from_str::<Value>(text).unwrap()["limits"]["fuel"]["used"].clone();
    assert_eq!(fuel(&run(&["--point", "credit.terms", "--json"]).stdout), fuel(&ran.stdout));

    let ran = run(&["--point", "credit.check"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stderr.contains("REFUSED_BY_GUEST: the input is not what the input query selects"), "{}", ran.stderr);
    let ran = run(&[]);
    assert!(ran.code == Some(2) && ran.stderr.contains("credit.check, credit.terms"), "{}", ran.stderr);
    let settings = place.file("settings.json", r#"{"colour": "red"}"#).to_string_lossy().into_owned();
    let ran = run(&["--point", "credit.terms", "--settings", &settings]);
    assert!(ran.code == Some(2) && ran.stderr.contains("the setting `colour` is not known"), "{}", ran.stderr);
}

#[test]
fn a_signed_package_cannot_be_changed() {
    let place = sqlite_place();
    let package = place.folder().join("signed.wasm");
    std::fs::copy(built("plugins/credit-rules"), &package).unwrap();
    place.done(&["plugin", "keygen", "--output", "finance.key"]);
    let again = place.run(&["plugin", "keygen", "--output", "finance.key"]);
    assert!(again.code == Some(2) && again.stderr.contains("is there already"), "{}", again.stderr);
    let sign = ["plugin", "sign", "signed.wasm", "--key", "finance.key", "--publisher"];
    place.done(&[&sign[..], &["finance"]].concat());
    let told = place.done(&[&sign[..], &["finance-team"]].concat());
    assert!(told.contains("the signature of finance was replaced"), "{told}");
    let told: Value = serde_json::from_str(&place.done(&["plugin", "inspect", "signed.wasm", "--json"])).unwrap();
    assert_eq!(told["signature"]["publisher"], "finance-team");
    assert_eq!(told["sections"].as_array().unwrap().last().unwrap()["name"], "guildhall:signature", "{told}");

    let mut bytes = std::fs::read(&package).unwrap();
    let place_of_reason = bytes.windows(10).position(|window| window == b"Late payer").unwrap();
    bytes[place_of_reason] = b'F';
    place.file("changed.wasm", bytes);
    let ran = place.run(&["plugin", "inspect", "changed.wasm"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("the package was changed after it was signed"), "{}", ran.stderr);
    let secret = std::fs::read_to_string(place.folder().join("finance.key")).unwrap();
    assert!(!told.to_string().contains(secret.trim()), "the key went into the package");
    assert!(program().is_file());
}
