//! What a developer reads when a policy does not fit: each mistake in a crate of its own, compiled as it would be.

#![allow(clippy::unwrap_used, reason = "clippy sees the tests here, but not their helpers")]

use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};

const QUERY: &str = "fragment TermsInput on Customer {\n  name\n  averageDaysLate\n}\n";

const POLICY: &str = r#"use credit_terms::{CreditTerms, Question};
use guildhall_plugin::{Answer, policy};

#[policy(point = "credit.terms", query = "terms.graphql")]
pub fn terms(question: &Question) -> Answer<CreditTerms> {
    let parameters = &question.parameters;
    let late = question.subject.average_days_late;
    let net_days = parameters.net_days - late;
    let terms = CreditTerms { net_days, discount: parameters.discount, discount_days: 0 };
    Answer::new(terms)
}

guildhall_plugin::export!(credit_terms);
"#;

const SETTINGS: &str = r#"{"type": "object", "properties": {"strict": {"type": "boolean", "default": false}}}"#;

/// A policy with its files.
struct Source {
    query: String,
    policy: String,
    settings: String,
}

/// Compiles a policy with something changed in it and shows what the compiler says.
#[track_caller]
fn check(name: &str, change: impl Fn(&mut Source), expected: Expect) {
    let mut source = Source { query: QUERY.to_owned(), policy: POLICY.to_owned(), settings: SETTINGS.to_owned() };
    change(&mut source);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = here.join("../target/messages");
    let folder = target.join("crates").join(name);
    write(&folder.join("src/lib.rs"), &source.policy);
    write(&folder.join("terms.graphql"), &source.query);
    write(&folder.join("settings.schema.json"), &source.settings);
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         guildhall-plugin = {{ path = {:?} }}\n\n[workspace]\n",
        here.display().to_string()
    );
    write(&folder.join("Cargo.toml"), &manifest);
    // The versions that the house uses, so that nothing has to be looked for.
    write(&folder.join("Cargo.lock"), &std::fs::read_to_string(here.join("../Cargo.lock")).unwrap());
    let told = compiled(&folder, &target).replace(&folder.canonicalize().unwrap().display().to_string(), "FOLDER");
    expected.assert_eq(&told);
}

fn write(path: &PathBuf, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn compiled(folder: &Path, target: &Path) -> String {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_")) {
        cargo.env_remove(name);
    }
    cargo.args(["check", "--message-format", "short", "--color", "never"]).current_dir(folder);
    let output = cargo.env("CARGO_TARGET_DIR", target).env_remove("RUSTFLAGS").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let said: Vec<_> =
        text.lines().filter(|line| line.starts_with("src/") || line.starts_with("terms.graphql")).collect();
    match (output.status.success(), said.is_empty()) {
        (true, true) => "compiles".to_owned(),
        (false, true) => text.into_owned(),
        _ => said.join("\n"),
    }
}

#[test]
fn a_policy_that_fits_compiles() {
    check("fits", |_| {}, expect!["compiles"]);
    check(
        "fits-with-settings",
        |source| {
            source.policy = source.policy.replace("terms.graphql\"", "terms.graphql\", settings = Settings");
            source.policy.push_str("guildhall_plugin::settings!(\"settings.schema.json\");\n");
            source.policy = source.policy.replace("- late", "- if question.settings.strict { late } else { 0 }");
        },
        expect!["compiles"],
    );
}

#[test]
fn an_unknown_field_is_named_with_the_one_that_was_meant() {
    check(
        "unknown-field",
        |source| source.query = QUERY.replace("averageDaysLate", "averageDayLate"),
        expect![[r#"
        src/lib.rs:4:42: error: terms.graphql:3:3: type `Customer` does not have a field `averageDayLate`; did you mean `averageDaysLate`?
        src/lib.rs:1:5: error[E0432]: unresolved import `credit_terms`: use of unresolved module or unlinked crate `credit_terms`"#]],
    );
}

#[test]
fn an_unknown_point_is_named_with_the_one_that_was_meant() {
    check(
        "unknown-point",
        |source| source.policy = POLICY.replace("credit.terms", "credit.term"),
        expect![[r#"
        src/lib.rs:4:18: error: there is no decision point `credit.term`; did you mean `credit.terms`?; there are `collections.next`, `credit.check`, `credit.terms`, `followup.propose`, `fulfillment.allocate`, `fulfillment.priority`, `fulfillment.promise`, `marketing.contact`, `marketing.eligibility`, `nba.arbitrate`, `price.discount`, `segment.assign`, `service.level`; your own stand in a file that `schema = "schema.graphql"` names
        src/lib.rs:1:5: error[E0432]: unresolved import `credit_terms`: use of unresolved module or unlinked crate `credit_terms`"#]],
    );
    check(
        "unknown-argument",
        |source| source.policy = POLICY.replace("query =", "querry ="),
        expect![[r#"
        src/lib.rs:4:34: error: unknown argument `querry`; did you mean `query`?; there are `point`, `query`, `schema`, `settings`
        src/lib.rs:1:5: error[E0432]: unresolved import `credit_terms`: use of unresolved module or unlinked crate `credit_terms`
        src/lib.rs:2:24: warning: unused import: `Answer`"#]],
    );
    check(
        "no-query",
        |source| source.policy = POLICY.replace("terms.graphql", "missing.graphql"),
        expect![[r#"
        src/lib.rs:4:42: error: the input query `FOLDER/missing.graphql` cannot be read: No such file or directory (os error 2)
        src/lib.rs:1:5: error[E0432]: unresolved import `credit_terms`: use of unresolved module or unlinked crate `credit_terms`"#]],
    );
}

#[test]
fn a_wrong_type_is_the_compilers_own_message() {
    check(
        "wrong-type",
        |source| source.policy = POLICY.replace("discount_days: 0", "discount_days: \"0\""),
        expect!["src/lib.rs:9:87: error[E0308]: mismatched types: expected `i32`, found `&str`"],
    );
    check(
        "missing-output",
        |source| source.policy = POLICY.replace(", discount_days: 0", ""),
        expect![
            "src/lib.rs:9:17: error[E0063]: missing field `discount_days` in initializer of `CreditTerms`: missing `discount_days`"
        ],
    );
}

#[test]
fn a_missing_parameter_is_named() {
    check(
        "missing-parameter",
        |source| source.policy = POLICY.replace("parameters.net_days", "parameters.net_day"),
        expect!["src/lib.rs:8:31: error[E0609]: no field `net_day` on type `&Parameters`: unknown field"],
    );
    check(
        "not-selected",
        |source| source.query = QUERY.replace("  averageDaysLate\n", ""),
        expect!["src/lib.rs:7:33: error[E0609]: no field `average_days_late` on type `Customer`: unknown field"],
    );
}

#[test]
fn settings_that_have_no_type_are_named() {
    check(
        "settings",
        |source| {
            source.settings = SETTINGS.replace("boolean", "number");
            source.policy.push_str("guildhall_plugin::settings!(\"settings.schema.json\");\n");
        },
        expect![
            "src/lib.rs:14:29: error: settings.schema.json: `strict` needs a `type`: string, integer, boolean, array or object"
        ],
    );
}
