//! Whatever a client sends, it is told a code in a few bytes, and the server neither grows nor stops. The floods stand in
//! the harness (`floods::catalogue`), because the benchmark sends them, too.

use std::io::Write as _;
use std::sync::Arc;

use guildhall_graph::DOCUMENT_LIMIT;
use guildhall_tests::floods::{DATA, Flood, SIZES, Sent, catalogue};
use guildhall_tests::{Answer, Place, Role, Server, codes, places};
use serde_json::{Value, json};

use crate::small;

/// Largest body of a request.
const BODY: usize = 1 << 20;
/// Most an error may take.
const ERROR: usize = 64 << 10;
/// Most an answer to a flood may take that is answered: what the usual introspection of the whole schema takes, about.
const ANSWER: usize = 4 << 20;
/// Most memory a catalogue may leave behind or take on its way.
const GROWTH: u64 = 128 << 20;
const CLIENTS: usize = 8;
/// What they send: the largest document the server looks at.
const TOGETHER: [usize; 1] = [63 << 10];

fn serve(place: Place) -> Server {
    small::company(&place);
    Server::start(place)
}

/// What is wrong with the answer to a flood, if anything.
fn judge(flood: &Flood, body: Option<&[u8]>, answer: &Answer) -> Result<(), String> {
    let Some(body) = body else {
        // A head of many bytes is refused before there is a request, by a status alone.
        let by_status = [414, 431].contains(&answer.status) && answer.text.is_empty();
        return if by_status { Ok(()) } else { judge_codes(flood.told, answer) };
    };
    if body.len() > BODY {
        return if answer.status == 413 {
            judge_codes(&["BAD_REQUEST"], answer)
        } else {
            Err("a giant body".to_owned())
        };
    }
    let request: Option<Value> = serde_json::from_slice(body).ok();
    let document = request.as_ref().and_then(|request| request["query"].as_str()).map_or(0, str::len);
    judge_codes(if document > DOCUMENT_LIMIT { &["LIMIT_EXCEEDED"] } else { flood.told }, answer)
}

fn judge_codes(told: &[&str], answer: &Answer) -> Result<(), String> {
    let body: Value = serde_json::from_str(&answer.text).map_err(|error| error.to_string())?;
    let found = codes(&body);
    if found.is_empty() {
        return match body.get("data") {
            Some(_) if told.contains(&DATA) && answer.text.len() < ANSWER => Ok(()),
            _ => Err(format!("an answer of {} bytes", answer.text.len())),
        };
    }
    if answer.text.len() >= ERROR {
        return Err(format!("an error of {} bytes", answer.text.len()));
    }
    match found.iter().find(|code| !told.contains(&code.as_str())) {
        Some(code) => Err(format!("code {code}")),
        None => Ok(()),
    }
}

/// Sends every flood in each of the sizes, followed by a request of a good client. Gives what went wrong.
async fn send_all(server: &Server, sizes: &[usize]) -> Vec<String> {
    let mut wrong = Vec::new();
    for flood in catalogue() {
        for size in sizes {
            let hostile = flood.sent(*size);
            match hostile.send(server.address(), server.secret(Role::Admin)).await {
                Ok(answer) => {
                    if let Err(reason) = judge(&flood, hostile.body(), &answer) {
                        let shown: String = answer.text.chars().take(200).collect();
                        wrong.push(format!("{} in {size}: {reason}: {} {shown}", flood.name, answer.status));
                    }
                }
                Err(reason) => wrong.push(format!("{} in {size}: no answer: {reason}", flood.name)),
            }
        }
        if !is_well(server).await {
            wrong.push(format!("after {}: the server does not answer well", flood.name));
        }
    }
    wrong
}

async fn is_well(server: &Server) -> bool {
    let query = Sent::Body(json!({ "query": "{ customers { totalCount } }" }).to_string().into_bytes());
    let answer = query.send(server.address(), server.secret(Role::Reader)).await;
    answer.is_ok_and(|answer| answer.text == "{\"data\":{\"customers\":{\"totalCount\":14}}}")
}

/// Requests of every kind, so that what a server keeps for good is there before its memory is looked at.
async fn warm_up(server: &Server) {
    let query = "{ __schema { types { name fields { name } } } customers(first: 250) { nodes { id name orders { nodes { id } } creditTerms { netDays } } } }";
    for index in 0..50 {
        server.query(&format!("query Q{index} {query}")).await;
    }
}

#[tokio::test]
async fn floods_are_told_a_code_and_leave_nothing_behind() {
    for place in places().await {
        let database = if place.is_postgres() { "PostgreSQL" } else { "SQLite" };
        let server = serve(place);
        warm_up(&server).await;
        let before = server.memory();
        let wrong = send_all(&server, &SIZES).await;
        assert!(wrong.is_empty(), "{database}:\n{}", wrong.join("\n"));
        let (Some(before), Some(after)) = (before, server.memory()) else {
            let _ = writeln!(std::io::stderr(), "left out: this system does not tell how much memory a process holds");
            continue;
        };
        let grown = (after.peak.saturating_sub(before.now), after.now.saturating_sub(before.now));
        assert!(grown.0 < GROWTH && grown.1 < GROWTH, "{database}: grown by {grown:?} from {before:?}");
        assert!(!server.log().contains("\"ERROR\""), "{database}: {}", server.log());
    }
}

#[tokio::test]
async fn floods_of_eight_clients_at_once_are_told_a_code() {
    for place in places().await {
        let server = Arc::new(serve(place));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let server = Arc::clone(&server);
                tokio::spawn(async move { send_all(&server, &TOGETHER).await })
            })
            .collect();
        for client in clients {
            let wrong = client.await.unwrap();
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }
}
