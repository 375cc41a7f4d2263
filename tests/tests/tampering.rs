//! What was recorded is what is found, or `guildhall ledger verify` says where it is not.

use guildhall_tests::{Ran, Role, Server, codes};
use serde_json::{Value, json};

use crate::ledger::{customer, record, servers};
use crate::sql::tamper;

/// Two customers with three decisions each.
async fn recorded(server: &Server) -> [String; 2] {
    let customers = [customer(server, "K01").await, customer(server, "K02").await];
    for customer in &customers {
        for key in ["1", "2", "3"] {
            record(server, "credit.terms", customer, Value::Null, &format!("{customer}-{key}")).await.data();
        }
    }
    customers
}

fn verify(server: &Server, more: &[&str]) -> (Ran, Value) {
    let ran = server.place().run(&[&["ledger", "verify", "--json"], more].concat());
    let told = serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran, told)
}

/// The customer's id as the database has it, in a literal of its dialect.
fn literal(server: &Server, id: &str) -> String {
    let digits = id.split_once('_').unwrap().1;
    if server.place().is_postgres() { format!("'{digits}'::uuid") } else { format!("x'{digits}'") }
}

#[tokio::test]
async fn an_untouched_ledger_is_whole() {
    for server in servers().await {
        let none = json!({ "chains": 0, "entries": 0, "erased": 0, "broken": 0, "breaks": [] });
        assert_eq!(verify(&server, &[]).1, none);
        let [one, _] = recorded(&server).await;
        let (ran, told) = verify(&server, &[]);
        let whole = json!({ "chains": 2, "entries": 6, "erased": 0, "broken": 0, "breaks": [] });
        assert_eq!((ran.code, told), (Some(0), whole));
        let (_, told) = verify(&server, &["--customer", &one]);
        assert_eq!((&told["chains"], &told["entries"]), (&json!(1), &json!(3)));
        let text = server.place().done(&["ledger", "verify"]);
        assert_eq!(text, "2 chains with 6 entries checked, 0 of them erased\n");
    }
}

#[tokio::test]
async fn whatever_is_changed_behind_its_back_is_found() {
    for server in servers().await {
        let [one, two] = recorded(&server).await;
        let of = |customer: &str, sequence: i32| {
            format!("\"customer_id\" = {} AND \"sequence\" = {sequence}", literal(&server, customer))
        };
        let changes = [
            (r#""verdict" = '{"netDays":90}'"#, of(&one, 2), format!("what entry 2 of `{one}` tells is not what was")),
            (r#""customer_explanation" = '[]'"#, of(&one, 1), format!("what entry 1 of `{one}` tells is not what was")),
            (r#""recorded_by" = 'eve'"#, of(&two, 3), format!("entry 3 of `{two}` is not what was recorded")),
            (r#""salt" = NULL, "inputs" = NULL"#, of(&two, 2), format!("what entry 2 of `{two}` tells is gone")),
        ];
        for (change, condition, _) in &changes {
            tamper(server.place(), &format!("UPDATE \"decision\" SET {change} WHERE {condition}"), 1).await;
        }
        // Of each chain the first break is told.
        let (ran, told) = verify(&server, &[]);
        let breaks = told["breaks"].as_array().unwrap();
        assert_eq!((ran.code, &told["broken"], breaks.len()), (Some(1), &json!(2), 2), "{told}");
        for (_, _, expected) in [&changes[1], &changes[3]] {
            assert!(breaks.iter().any(|found| found.as_str().unwrap().starts_with(expected)), "{expected}: {told}");
        }
        assert!(ran.stderr.contains("2 breaks"), "{ran:?}");
    }
}

#[tokio::test]
async fn entries_that_are_removed_or_moved_are_found() {
    for server in servers().await {
        let [one, two] = recorded(&server).await;
        let (first, second) = (literal(&server, &one), literal(&server, &two));
        let removed = format!("DELETE FROM \"decision\" WHERE \"customer_id\" = {first} AND \"sequence\" = 2");
        tamper(server.place(), &removed, 1).await;
        // Two entries change places.
        for (from, to) in [(1, 100), (2, 1), (100, 2)] {
            let moved = format!(
                "UPDATE \"decision\" SET \"sequence\" = {to} WHERE \"customer_id\" = {second} AND \"sequence\" = {from}"
            );
            tamper(server.place(), &moved, 1).await;
        }
        let (_, told) = verify(&server, &[]);
        let breaks = told["breaks"].to_string();
        assert!(breaks.contains(&format!("entry 2 of `{one}` is missing; 3 stands in its place")), "{told}");
        assert!(breaks.contains(&format!("entry 1 of `{two}` is not what was recorded")), "{told}");
    }
}

#[tokio::test]
async fn a_chain_that_lost_its_end_is_found() {
    for server in servers().await {
        let [one, two] = recorded(&server).await;
        let (first, second) = (literal(&server, &one), literal(&server, &two));
        let anchor = server.place().folder().join("anchor.jsonl");
        server.place().done(&["ledger", "anchor", "--output", &anchor.to_string_lossy()]);
        let cut = format!("DELETE FROM \"decision\" WHERE \"customer_id\" = {first} AND \"sequence\" > 1");
        tamper(server.place(), &cut, 2).await;
        tamper(server.place(), &format!("DELETE FROM \"decision\" WHERE \"customer_id\" = {second}"), 3).await;
        let (ran, told) = verify(&server, &[]);
        let breaks = told["breaks"].to_string();
        assert_eq!((ran.code, &told["broken"]), (Some(1), &json!(2)), "{told}");
        assert!(breaks.contains(&format!("`{one}` ends with entry 1; the last one recorded was 3")), "{told}");
        assert!(breaks.contains(&format!("`{two}` ends with entry 0; the last one recorded was 3")), "{told}");
        // What is recorded next does not hide it.
        record(&server, "credit.terms", &one, Value::Null, "next").await.data();
        let breaks = verify(&server, &["--customer", &one]).1["breaks"].to_string();
        assert!(breaks.contains("entry 2") && breaks.contains("is missing; 4 stands in its place"), "{breaks}");

        // Who also removes what notes the end is found out by what was written down elsewhere, and by that alone.
        tamper(server.place(), &format!("DELETE FROM \"ledger_head\" WHERE \"customer_id\" = {second}"), 1).await;
        let later = format!("DELETE FROM \"decision\" WHERE \"customer_id\" = {first} AND \"sequence\" = 4");
        tamper(server.place(), &later, 1).await;
        let digest = "(SELECT \"digest\" FROM \"decision\" WHERE \"decision\".\"customer_id\" = \"ledger_head\".\"customer_id\")";
        tamper(server.place(), &format!("UPDATE \"ledger_head\" SET \"sequence\" = 1, \"digest\" = {digest}"), 1).await;
        assert_eq!(verify(&server, &[]).1["broken"], 0);
        let (ran, told) = verify(&server, &["--anchor", &anchor.to_string_lossy()]);
        assert_eq!((ran.code, &told["broken"]), (Some(1), &json!(2)), "{told}");
        assert!(told["breaks"].to_string().contains("is in the anchor and not on the ledger"), "{told}");
    }
}

#[tokio::test]
async fn an_anchor_that_cannot_be_read_is_told_with_its_line() {
    let server = servers().await.remove(0);
    recorded(&server).await;
    let anchor = server.place().folder().join("anchor.jsonl");
    server.place().done(&["ledger", "anchor", "--output", &anchor.to_string_lossy()]);
    assert_eq!(verify(&server, &["--anchor", &anchor.to_string_lossy()]).0.code, Some(0));
    let mut text = std::fs::read_to_string(&anchor).unwrap();
    text.push_str("{\"customer\":\"cus_1\"}\n");
    std::fs::write(&anchor, text).unwrap();
    let ran = server.place().run(&["ledger", "verify", "--anchor", &anchor.to_string_lossy()]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("anchor.jsonl`, line 3: "), "{ran:?}");
}

#[tokio::test]
async fn an_erased_customer_leaves_the_chain_whole_and_nothing_to_read() {
    for server in servers().await {
        let [one, two] = recorded(&server).await;
        let erase =
            "mutation($id: ID!) { eraseDecisions(input: {customer: $id}) { ... on DecisionsErased { erased } } }";
        let erased = server.graphql(Role::Admin, erase, json!({ "id": one })).await.data();
        assert_eq!(erased["eraseDecisions"]["erased"], 3);
        let again = server.graphql(Role::Admin, erase, json!({ "id": one })).await.data();
        assert_eq!(again["eraseDecisions"]["erased"], 0);
        let whole = json!({ "chains": 2, "entries": 6, "erased": 3, "broken": 0, "breaks": [] });
        assert_eq!(verify(&server, &[]).1, whole);
        let fields = "request verdict parameters proposals bounds inputs explanation customerExplanation";
        let query = format!(
            "query($id: ID!) {{ customer(id: $id) {{ decisions: decisions {{ nodes {{ id erasedBy point digest {fields} }} }} }} }}"
        );
        let found = server.graphql(Role::Admin, &query, json!({ "id": one })).await.data();
        let nodes = found["customer"]["decisions"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), 3);
        for node in nodes {
            assert!(fields.split(' ').all(|field| node[field].is_null()), "{node}");
            assert_eq!((&node["erasedBy"], &node["point"]), (&json!("ada"), &json!("credit.terms")));
        }
        // A new decision follows the erased ones, and the other customer's are as they were.
        record(&server, "credit.terms", &one, Value::Null, "new").await.data();
        assert_eq!(verify(&server, &[]).1["broken"], 0);
        let replay = server.place().run(&["plugin", "replay", nodes[0]["id"].as_str().unwrap()]);
        assert_eq!(replay.code, Some(3), "{replay:?}");
        assert!(replay.stderr.contains("cannot be replayed") && replay.stderr.contains("was erased"), "{replay:?}");
        let mine = server.graphql(Role::Admin, &query, json!({ "id": two })).await.data();
        assert!(!mine["customer"]["decisions"]["nodes"][0]["verdict"].is_null());
    }
}

#[tokio::test]
async fn what_is_old_is_erased_by_the_day_it_was_decided() {
    for server in servers().await {
        recorded(&server).await;
        let erase = |day: &str| server.place().done(&["ledger", "erase", "--before", day, "--as", "eve"]);
        assert_eq!(erase("2020-01-01"), "erased what 0 decisions tell\n");
        assert_eq!(erase("2999-01-01"), "erased what 6 decisions tell\n");
        assert_eq!(verify(&server, &[]).1["erased"], 6);
        let by = server.query("{ decisions { nodes { erasedBy } } }").await;
        assert!(by["decisions"]["nodes"].as_array().unwrap().iter().all(|node| node["erasedBy"] == "eve"), "{by}");
    }
}

#[tokio::test]
async fn only_who_manages_the_ledger_erases() {
    let server = servers().await.remove(0);
    let customer = customer(&server, "K01").await;
    let erase = "mutation($id: ID!) { eraseDecisions(input: {customer: $id}) { ... on DecisionsErased { erased } } }";
    let body = server.graphql(Role::Department, erase, json!({ "id": customer })).await.json();
    assert_eq!(codes(&body).len(), 1, "{body}");
    let unknown = format!("cus_{}", "0".repeat(32));
    let nobody = server.graphql(Role::Admin, erase, json!({ "id": unknown })).await.data();
    assert_eq!(nobody["eraseDecisions"]["erased"], 0);
}
