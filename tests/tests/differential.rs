//! The same operations answered by us, on both databases, and by graphql-js over the same rows: they have to agree.
//!
//! `tests/differential` holds the other side, written in JavaScript without the product's help. Here servers are started,
//! rows written and the program run. `GUILDHALL_DIFFERENTIAL_SEED` and `GUILDHALL_DIFFERENTIAL_COUNT` make another run of it.

mod rows;

use std::process::{Command, Stdio};

use guildhall_tests::{Role, Server, node_program_or_say_so, places};

use crate::sql::tamper;
use rows::Rows;

/// What every run of the tests generates, unless told otherwise.
const SEED: &str = "20261122";
const COUNT: &str = "2400";

#[tokio::test]
async fn graphql_js_gives_the_same_answers() {
    let left_out = "the differential test against graphql-js";
    let Some(folder) = node_program_or_say_so("differential", left_out) else { return };
    let mut rows = Rows::new(1);
    let mut servers = Vec::new();
    for place in places().await {
        rows.write(place.url()).await;
        let server = Server::start(place);
        // Each token that the harness makes is an event, and the reference knows none.
        tamper(server.place(), "DELETE FROM \"event\" WHERE \"act\" = 'createToken'", 3).await;
        servers.push(server);
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
