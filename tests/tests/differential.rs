//! The same operations answered by us, on both databases, and by graphql-js over the same rows: they have to agree.
//!
//! `tests/differential` holds the other side, written in JavaScript without the product's help. Here servers are started,
//! rows written and the program run. `GUILDHALL_DIFFERENTIAL_SEED` and `GUILDHALL_DIFFERENTIAL_COUNT` make another run of it.

mod rows;

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use guildhall_tests::{Role, Server, places, root};

use rows::Rows;

/// What every run of the tests generates, unless told otherwise.
const SEED: &str = "20261122";
const COUNT: &str = "2400";

#[tokio::test]
async fn graphql_js_gives_the_same_answers() {
    let Some(folder) = prepared() else { return };
    let mut rows = Rows::new(1);
    let mut servers = Vec::new();
    for place in places().await {
        rows.write(place.url()).await;
        servers.push(Server::start(place));
    }
    let file = servers[0].place().file("rows.json", rows.json());
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let mut node = Command::new("node");
    node.arg(folder.join("main.mjs")).arg("--rows").arg(file);
    node.args(["--seed", &setting("GUILDHALL_DIFFERENTIAL_SEED", SEED)]);
    node.args(["--count", &setting("GUILDHALL_DIFFERENTIAL_COUNT", COUNT)]);
    for server in &servers {
        let secrets = [Role::Reader, Role::Department, Role::Admin].map(|role| server.secret(role)).join(",");
        node.args(["--server", &format!("http://{},{secrets}", server.address())]);
    }
    let status = tokio::task::spawn_blocking(move || node.stdin(Stdio::null()).status().unwrap()).await.unwrap();
    assert!(status.success(), "answers differ; the cases stand above");
}

/// The folder with the other side, its packages installed, or nothing, after saying what is left out.
fn prepared() -> Option<PathBuf> {
    let folder = root().join("tests/differential");
    let lock = File::create(root().join("target/differential.lock")).unwrap();
    lock.lock().unwrap();
    if !succeeded(Command::new("node").arg("--version")) || !succeeded(Command::new("npm").arg("--version")) {
        leave_out("it needs Node.js 20 with npm");
        return None;
    }
    let is_current = || {
        let wanted = folder.join("package-lock.json").metadata().ok()?.modified().ok()?;
        let made = folder.join("node_modules/.package-lock.json").metadata().ok()?.modified().ok()?;
        Some(wanted <= made)
    };
    if is_current() != Some(true) {
        let installed = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).output();
        if let Some(failed) = installed.ok().filter(|output: &Output| !output.status.success()) {
            leave_out(&format!("npm cannot install graphql: {}", String::from_utf8_lossy(&failed.stderr)));
            return None;
        }
    }
    Some(folder)
}

fn succeeded(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn leave_out(why: &str) {
    // Written directly, because a test harness keeps what passing tests print.
    let _ = writeln!(std::io::stderr(), "left out: the differential test against graphql-js; {why}");
}
