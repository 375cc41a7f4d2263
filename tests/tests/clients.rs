//! What clients in the field do with the API of the demo: generated types, urql, Apollo Client, Relay, graphql-ws, graphql-sse,
//! and the public audit of GraphQL over HTTP. `tests/clients` holds them; it prints a line for each check.

use std::process::{Command, Stdio};

use guildhall_tests::{node_program_or_say_so, places};

use crate::demo::{curls, parts, serve};

#[tokio::test]
async fn clients_in_the_field_are_served() {
    let Some(folder) = node_program_or_say_so("clients", "the clients in the field") else { return };
    // They write, so they have a demo of their own.
    for server in places().await.into_iter().map(serve) {
        let curls = curls(&server).await;
        let (url, secret, _) = parts(&curls[0]);
        let mut node = Command::new("node");
        node.arg(folder.join("run.mjs")).args([url, secret]).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let told: Vec<_> = printed.lines().filter(|line| !line.starts_with("ok ")).collect();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{complained}", told.join("\n"));
    }
}
