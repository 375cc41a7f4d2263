//! Settings: flags before environment before file; what is not known is refused with its name.

use std::net::TcpListener;

use guildhall_tests::{Place, Ran, sqlite_place};

/// Runs a command with a configuration file and more environment.
fn run(place: &Place, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = place.program();
    command.env_remove("GUILDHALL_DATABASE").env_remove("GUILDHALL_LOG_LEVEL").envs(environment.iter().copied());
    let output = command.args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// A command that is refused as bad input, whose message names all of `told`.
#[track_caller]
fn check_refused(ran: &Ran, told: &[&str]) {
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    for piece in told {
        assert!(ran.stderr.contains(piece), "{piece}: {}", ran.stderr);
    }
}

const LIST: [&str; 2] = ["token", "list"];

#[test]
fn flags_stand_before_the_environment_and_that_before_the_file() {
    let place = sqlite_place();
    place.file("guildhall.toml", "database = \"by-file.db\"\nlog_level = \"warn\"\n");
    assert_eq!(run(&place, &[], &LIST).code, Some(0));
    assert_eq!(run(&place, &[("GUILDHALL_DATABASE", "by-environment.db")], &LIST).code, Some(0));
    let both = [("GUILDHALL_DATABASE", "by-environment-too.db")];
    assert_eq!(run(&place, &both, &["token", "list", "--database", "by-flag.db"]).code, Some(0));
    let made = |name: &str| place.folder().join(name).exists();
    assert!(made("by-file.db") && made("by-environment.db") && made("by-flag.db") && !made("by-environment-too.db"));
}

#[test]
fn an_unknown_key_is_refused() {
    let place = sqlite_place();
    place.file("guildhall.toml", "database = \"x.db\"\nlisten_on = \"127.0.0.1:1\"\n");
    check_refused(&run(&place, &[], &LIST), &["guildhall.toml", "listen_on", "line 2"]);
    assert!(!place.folder().join("x.db").exists());
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    let place = sqlite_place();
    place.file("mine.toml", "listen = \"everywhere\"\n");
    check_refused(&run(&place, &[], &["token", "list", "--config", "mine.toml"]), &["mine.toml", "listen", "line 1"]);
    check_refused(&run(&place, &[], &["token", "list", "--config", "none.toml"]), &["none.toml"]);
}

#[test]
fn an_unknown_variable_of_ours_is_refused() {
    let place = sqlite_place();
    check_refused(&run(&place, &[("GUILDHALL_DATABSE", "x.db")], &LIST), &["GUILDHALL_DATABSE", "GUILDHALL_DATABASE"]);
}

#[test]
fn an_unknown_flag_is_refused() {
    let place = sqlite_place();
    check_refused(&run(&place, &[], &["token", "list", "--databse", "x.db"]), &["--databse"]);
}

#[test]
fn what_names_no_database_is_refused() {
    let place = sqlite_place();
    for url in ["mysql://localhost/x", "sqlite:", ":memory:"] {
        check_refused(&run(&place, &[], &["token", "list", "--database", url]), &[url, "names no database"]);
    }
}

#[test]
fn a_database_that_is_not_there_is_told_at_once() {
    let place = sqlite_place();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://someone:secret@127.0.0.1:{port}/none");
    let ran = run(&place, &[], &["token", "list", "--database", &url]);
    check_refused(&ran, &["cannot open the database", &port.to_string()]);
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
    check_refused(&run(&place, &[], &["token", "list", "--database", "no/such/folder/x.db"]), &["no/such/folder/x.db"]);
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let place = sqlite_place();
    let content = "this is a letter, and not a database at all. ".repeat(100);
    place.file("letter.db", &content);
    check_refused(&run(&place, &[], &["token", "list", "--database", "letter.db"]), &["letter.db"]);
    assert_eq!(std::fs::read_to_string(place.folder().join("letter.db")).unwrap(), content);
}

#[test]
fn a_busy_port_is_told_with_what_to_do() {
    let place = sqlite_place();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = run(&place, &[], &["serve", "--database", "x.db", "--listen", &address]);
    check_refused(&ran, &[&address, "--listen"]);
    assert!(!ran.stdout.contains("serving"), "{}", ran.stdout);
}

#[test]
fn a_log_level_that_is_none_is_refused() {
    let place = sqlite_place();
    check_refused(&run(&place, &[], &["token", "list", "--log-level", "guildhall=loud"]), &["guildhall=loud"]);
    check_refused(&run(&place, &[], &["token", "list", "--log", "xml"]), &["xml", "json"]);
}

#[test]
fn what_is_printed_as_json_is_json() {
    let place = sqlite_place();
    for command in [&["token", "list", "--json"][..], &["plugin", "list", "--json"]] {
        let printed = place.done(command);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap(), serde_json::json!([]), "{command:?}");
    }
}

#[test]
fn what_is_no_origin_is_refused() {
    let place = sqlite_place();
    for origin in ["*", "app.example.com", "https://app.example.com/"] {
        check_refused(
            &run(&place, &[], &["token", "list", "--allow-origin", origin]),
            &[origin, "https://app.example.com"],
        );
    }
}

#[test]
fn a_rate_is_a_number_that_time_can_be_shared_by() {
    let place = sqlite_place();
    check_refused(&run(&place, &[], &["token", "list", "--rate", "1000000001"]), &["1000000001", "1000000000"]);
    check_refused(&run(&place, &[], &["token", "list", "--rate", "many"]), &["many"]);
}
