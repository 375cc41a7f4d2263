//! Bad input at the command line: the message names file, place, reason and remedy, the exit code is 2, nothing changed.

use guildhall_tests::{Place, Ran, Role, built, data, sqlite_place};
use serde_json::Value;

/// A command that is refused as bad input, whose message names all of `told`.
#[track_caller]
fn check(ran: &Ran, told: &[&str]) {
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.starts_with("error: ") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
    for piece in told {
        assert!(ran.stderr.contains(piece), "{piece}: {}", ran.stderr);
    }
}

/// The moody guest's package with a piece of its text replaced by one as long.
fn altered(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(built("tests/guests/moody")).unwrap();
    let place = bytes.windows(from.len()).rposition(|window| window == from.as_bytes()).unwrap();
    bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    bytes
}

/// Tries to install a package; it must be refused by `install` and by `inspect`, and leave nothing behind.
#[track_caller]
fn check_package(bytes: &[u8], told: &[&str]) {
    let place = sqlite_place();
    place.file("mine.wasm", bytes);
    for command in [&["plugin", "install", "mine.wasm", "--yes"][..], &["plugin", "inspect", "mine.wasm"]] {
        let ran = place.run(command);
        check(&ran, told);
        check(&ran, &["mine.wasm"]);
    }
    assert_eq!(place.done(&["plugin", "list", "--json"]).trim(), "[]");
}

#[test]
fn a_package_that_is_no_component() {
    check_package(b"a letter", &["not a plugin package", "guildhall plugin build"]);
    check_package(b"", &["not a plugin package"]);
    check_package(b"\0asm\x01\0\0\0", &["core module", "guildhall plugin build"]);
}

#[test]
fn a_package_that_was_cut_short() {
    let bytes = std::fs::read(built("tests/guests/moody")).unwrap();
    check_package(&bytes[..bytes.len() / 2], &["not a plugin package"]);
    check_package(&bytes[..bytes.len() - 5], &["package"]);
}

#[test]
fn a_package_without_a_manifest() {
    check_package(
        &altered("guildhall:manifest", "guildhall:monifest"),
        &["guildhall:manifest", "missing", "guildhall plugin build"],
    );
}

#[test]
fn a_package_whose_code_was_changed() {
    let mut bytes = std::fs::read(built("tests/guests/moody")).unwrap();
    for byte in &mut bytes[200..400] {
        *byte = 0xff;
    }
    check_package(&bytes, &["package"]);
}

#[test]
fn a_manifest_that_is_no_toml() {
    check_package(&altered("department = ", "department ! "), &["manifest", "line 3"]);
}

#[test]
fn a_manifest_with_an_unknown_key() {
    check_package(&altered("department = ", "departmant = "), &["manifest", "departmant"]);
}

#[test]
fn a_manifest_for_another_contract() {
    check_package(&altered("contract = \"0.1\"", "contract = \"9.1\""), &["contract", "9.1", "0.1"]);
}

#[test]
fn a_manifest_for_another_model() {
    check_package(&altered(">=0.1, <0.2", ">=7.1, <7.2"), &["model", ">=7.1, <7.2", "0.1.0", "use a version"]);
}

#[test]
fn a_manifest_for_a_decision_point_there_is_not() {
    let mut bytes = altered("guildhall:query:credit.terms", "guildhall:query:credit.gifts");
    let place = bytes.windows(22).position(|window| window == b"point = \"credit.terms\"").unwrap();
    bytes[place..place + 22].copy_from_slice(b"point = \"credit.gifts\"");
    check_package(&bytes, &["credit.gifts", "credit.terms, credit.check"]);
}

#[test]
fn an_input_query_that_asks_for_what_is_not_there() {
    check_package(&altered("  name\n", "  nmae\n"), &["input query", "credit.terms", "nmae"]);
}

#[test]
fn an_input_query_on_another_type() {
    check_package(&altered("Input on Customer", "Input on Contact "), &["input query", "credit.terms", "Customer"]);
}

#[test]
fn an_input_query_that_is_no_graphql() {
    check_package(&altered("  name\n", "  {{{{\n"), &["input query", "credit.terms"]);
}

#[test]
fn a_package_that_is_not_there() {
    check(&sqlite_place().run(&["plugin", "install", "none.wasm", "--yes"]), &["none.wasm"]);
}

#[test]
fn a_folder_that_is_no_plugin() {
    let place = sqlite_place();
    check(&place.run(&["plugin", "build", "nowhere"]), &["nowhere/plugin.toml"]);
    place.file("mine/plugin.toml", "name = 1\n");
    check(&place.run(&["plugin", "build", "mine"]), &["mine/plugin.toml", "name"]);
}

#[test]
fn a_package_nobody_approves_is_refused() {
    let place = sqlite_place();
    let ran = place.run(&["plugin", "install", &built("tests/guests/moody").to_string_lossy()]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stdout.contains("Customer.name") && ran.stderr.contains("--yes"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(place.done(&["plugin", "list", "--json"]).trim(), "[]");
}

/// A strategy with one piece replaced is refused by `lint` and `activate`, with the place of the piece.
#[track_caller]
fn check_strategy(from: &str, to: &str, told: &[&str]) {
    let place = sqlite_place();
    let text = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
    let at = text.find(from).unwrap();
    let line = text[..at].matches('\n').count() + 1;
    place.file("mine.toml", text.replacen(from, to, 1));
    for command in [&["strategy", "lint", "mine.toml"][..], &["strategy", "activate", "mine.toml", "--as", "ada"]] {
        let ran = place.run(command);
        check(&ran, told);
        let begins = format!("mine.toml, line {line}, column ");
        assert!(ran.stderr.contains(&begins), "{begins}: {}", ran.stderr);
    }
    assert_eq!(place.run(&["strategy", "show"]).code, Some(3), "a strategy is active");
}

#[test]
fn a_strategy_that_is_no_toml() {
    check_strategy("approvers = [\"ada\"]", "approvers == [\"ada\"]", &["TOML"]);
}

#[test]
fn a_strategy_with_an_unknown_key() {
    check_strategy("vision = ", "visoin = ", &["visoin"]);
}

#[test]
fn a_condition_on_a_field_there_is_not() {
    check_strategy("customer.orders12m >= 5", "customer.orders13m >= 5", &["orders13m"]);
}

#[test]
fn a_condition_that_compares_what_cannot_be() {
    check_strategy("customer.orders12m >= 5", "customer.orders12m >= 'a'", &[]);
}

#[test]
fn a_condition_that_is_no_cel() {
    check_strategy("customer.orders12m >= 5", "customer.orders12m >= ", &[]);
}

#[test]
fn a_treatment_of_a_segment_there_is_not() {
    check_strategy("[treatments.rest.\"credit.terms\"]", "[treatments.none.\"credit.terms\"]", &["none"]);
}

#[test]
fn a_treatment_with_a_parameter_there_is_not() {
    check_strategy("netDays = 45", "netDys = 45", &["netDys", "netDays"]);
}

#[test]
fn a_treatment_with_a_value_of_another_kind() {
    check_strategy("netDays = 45", "netDays = \"long\"", &["netDays"]);
}

#[test]
fn a_ground_rule_at_a_point_there_is_not() {
    check_strategy("point = \"credit.terms\"\nclamp", "point = \"credit.gifts\"\nclamp", &["credit.gifts"]);
}

#[test]
fn everything_that_is_wrong_with_a_strategy_is_told_at_once() {
    let place = sqlite_place();
    let text = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
    place.file("mine.toml", text.replace("netDays = 45", "netDys = 45").replace("orders12m < 5", "orders99m < 5"));
    check(&place.run(&["strategy", "lint", "mine.toml"]), &["netDys", "orders99m"]);
}

#[test]
fn who_is_no_approver_activates_nothing() {
    let place = sqlite_place();
    let ran = place.run(&["strategy", "activate", &data("small/strategy.toml").to_string_lossy(), "--as", "adam"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("`adam`") && ran.stderr.contains("ada"), "{}", ran.stderr);
}

/// The small company's files in a place, with one of them changed.
fn files_with(place: &Place, file: &str, change: impl Fn(&str) -> String) {
    for entry in std::fs::read_dir(data("small")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        place.file(&format!("small/{name}"), if name == file { change(&text) } else { text });
    }
}

/// An import with one file changed is refused and leaves nothing behind: the right files are all new afterwards.
#[track_caller]
fn check_import(file: &str, from: &str, to: &str, told: &[&str]) {
    let place = sqlite_place();
    files_with(&place, file, |text| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let ran = place.run(&["import", "small/mapping.toml", "small"]);
    check(&ran, told);
    check(&ran, &[file]);
    let report: Value = serde_json::from_str(&place.import(&data("small/mapping.toml"), &data("small"))).unwrap();
    for file in report["files"].as_array().unwrap() {
        assert!(file["created"].as_u64() > Some(0) && file["unchanged"] == 0, "{file}");
    }
}

/// A row that cannot be taken is told and costs no other: with the right file only what it kept away is new.
#[track_caller]
fn check_row(file: &str, from: &str, to: &str, told: &[&str]) {
    let place = sqlite_place();
    files_with(&place, file, |text| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let ran = place.run(&["import", "small/mapping.toml", "small", "--rejects", "rejects", "--json"]);
    assert_eq!(ran.code, Some(4), "{}{}", ran.stdout, ran.stderr);
    let sum = |report: &str, what: &str| {
        let report: Value = serde_json::from_str(report).unwrap();
        report["files"].as_array().unwrap().iter().map(|file| file[what].as_u64().unwrap()).sum::<u64>()
    };
    let reasons = std::fs::read_to_string(place.folder().join("rejects/errors.csv")).unwrap();
    for piece in told.iter().chain([&file]) {
        assert!(reasons.contains(piece), "no `{piece}` in {reasons}");
    }
    assert!(place.folder().join("rejects/rows").join(file).is_file());
    let again = place.import(&data("small/mapping.toml"), &data("small"));
    let whole = sum(&again, "rows");
    assert_eq!(sum(&again, "errors"), 0);
    assert!(sum(&again, "created") < whole / 2 && sum(&again, "unchanged") > whole / 2, "{again}");
}

#[test]
fn a_mapping_that_is_no_toml() {
    check_import("mapping.toml", "source = \"small\"", "source = small", &["line 4"]);
}

#[test]
fn a_mapping_with_an_unknown_field() {
    check_import("mapping.toml", "industry = \"industry\"", "indutsry = \"industry\"", &["line 26", "indutsry"]);
}

#[test]
fn a_mapping_with_a_column_there_is_not() {
    check_import(
        "mapping.toml",
        "industry = \"industry\"",
        "industry = \"trade\"",
        &["line 26", "`trade`", "`industry`"],
    );
}

#[test]
fn a_file_with_a_day_there_is_not() {
    check_row("orders.csv", "1005,", "1005,K01,2026-02-30,,,,\n9,", &["orders.csv,7,ordered,2026-02-30,", "correct"]);
}

#[test]
fn a_file_with_an_amount_that_is_none() {
    check_row("products.csv", "2.10", "2,1O", &["products.csv,3,"]);
}

#[test]
fn a_file_that_names_a_customer_there_is_not() {
    check_row("contacts.csv", "K01", "K99", &["contacts.csv,2,customer,K99,", "Customer"]);
}

#[test]
fn a_file_with_an_id_twice() {
    check_row("products.csv", "P2,", "P1,", &["products.csv,3,", "`P1`", "line 2"]);
}

#[test]
fn a_file_with_a_torn_row() {
    check_row("payments.csv", "Y001,", "Y001\nY000,", &["payments.csv,2,", "columns"]);
}

#[test]
fn a_file_that_is_not_there() {
    let place = sqlite_place();
    files_with(&place, "", str::to_owned);
    std::fs::remove_file(place.folder().join("small/lines.csv")).unwrap();
    check(&place.run(&["import", "small/mapping.toml", "small"]), &["lines.csv"]);
    check(&place.run(&["import", "none.toml", "small"]), &["none.toml"]);
    check(&place.run(&["import", "small/mapping.toml", "nowhere"]), &["nowhere"]);
}

#[test]
fn a_token_that_is_none() {
    let place = sqlite_place();
    check_usage(&place.run(&["token", "create", "eve", "--role", "queen"]), "queen");
    check(
        &place.run(&["token", "create", "eve", "--role", "reader", "--expires", "2001-01-01T00:00:00Z"]),
        &["time to come"],
    );
    check(&place.run(&["token", "create", " ", "--role", "reader"]), &["name"]);
    check(&place.run(&["token", "revoke", "01900000-0000-7000-8000-000000000001"]), &["no token"]);
    place.token("eve", Role::Reader);
    assert_eq!(place.done(&["token", "list"]).lines().count(), 1);
}

/// What the command line itself does not take.
#[track_caller]
fn check_usage(ran: &Ran, told: &str) {
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}
