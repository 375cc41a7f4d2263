//! A recorded decision is made again, here and elsewhere, with the same bytes.

use guildhall_decision::{Content, LedgerEntry};
use guildhall_tests::{Answer, Place, Role, Server, codes, data, refusals, sqlite_place};
use serde_json::{Value, json};

use crate::ledger::{customer, record, servers};
use crate::sql::tamper;

const REPLAY: &str = "mutation($id: ID!) { replayDecision(input: {decision: $id}) { ... on DecisionReplayed { same replayedDigest differences decision { digest } } ... on Invalid { problems { path code message } } ... on Refused { reasons { code message } } } }";

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn replay(server: &Server, decision: &str) -> Answer {
    server.graphql(Role::Admin, REPLAY, json!({ "id": decision })).await
}

/// The id of a newly recorded decision.
async fn recorded(server: &Server, point: &str, key: &str, request: Value) -> String {
    let customer = customer(server, key).await;
    let name = format!("{point} {key} {request}");
    let recorded = record(server, point, &customer, request, &name).await.data();
    recorded["recordDecision"]["decision"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn random_decisions_replay_to_the_same_bytes() {
    for server in servers().await {
        let ids = server.query("{ customers(first: 50) { nodes { id } } }").await;
        let ids: Vec<_> = ids["customers"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].clone()).collect();
        let document = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
        let mut dice = Dice(2026);
        let mut decisions = Vec::new();
        for number in 0..60 {
            if number % 20 == 19 {
                let days = dice.roll(80);
                let changed = document.replace("netDays = 45", &format!("netDays = {days}"));
                let path = server.place().file("next.toml", changed);
                server.place().activate(&path);
            }
            let id = ids[dice.roll(ids.len() as u64) as usize].as_str().unwrap();
            let amount = format!("{}.{:02}", dice.roll(100_000), dice.roll(100));
            let (point, request) = match dice.roll(2) {
                0 => ("credit.terms", Value::Null),
                _ => ("credit.check", json!({ "amount": amount })),
            };
            let made = record(&server, point, id, request, &number.to_string()).await.data();
            decisions.push(made["recordDecision"]["decision"].clone());
        }
        // Nothing of today matters: neither what decides now nor what is known now.
        let strategy = document.replace("when = \"customer.orders12m >= 5\"", "when = \"customer.orders12m >= 3\"");
        let strategy = strategy.replace("when = \"customer.orders12m < 5\"", "when = \"customer.orders12m < 3\"");
        server.place().activate(&server.place().file("last.toml", strategy));
        let remove = "mutation($id: ID!) { uninstallPlugin(input: {plugin: $id, idempotencyKey: \"away\"}) { ... on PluginUninstalled { plugin { status } } } }";
        let plugin = server.query("{ plugins { nodes { id } } }").await["plugins"]["nodes"][0]["id"].clone();
        server.graphql(Role::Admin, remove, json!({ "id": plugin })).await.data();
        for decision in &decisions {
            let replayed = &replay(&server, decision["id"].as_str().unwrap()).await.data()["replayDecision"];
            let expected = json!({
                "same": true,
                "replayedDigest": decision["digest"],
                "differences": [],
                "decision": { "digest": decision["digest"] },
            });
            assert_eq!(*replayed, expected, "{decision}");
        }
    }
}

#[tokio::test]
async fn the_command_says_same() {
    for server in servers().await {
        let id = recorded(&server, "credit.check", "K03", json!({ "amount": "99.5" })).await;
        let text = server.place().done(&["plugin", "replay", &id]);
        assert!(text.starts_with(&format!("same: {id} at credit.check, fuel ")), "{text}");
        let told: Value = serde_json::from_str(&server.place().done(&["plugin", "replay", &id, "--json"])).unwrap();
        assert_eq!((&told["same"], &told["decision"], &told["differences"]), (&json!(true), &json!(id), &json!([])));
        assert!(told["fuel"].as_u64().unwrap() > 0 && told["digest"] == told["replayedDigest"]);
        let unknown = server.place().run(&["plugin", "replay", &format!("dec_{}", "0".repeat(32))]);
        assert_eq!(unknown.code, Some(2), "{unknown:?}");
        assert_eq!(server.place().run(&["plugin", "replay"]).code, Some(2));
    }
}

#[tokio::test]
async fn what_is_gone_or_changed_is_told() {
    for server in servers().await {
        let id = recorded(&server, "credit.terms", "K03", Value::Null).await;
        tamper(server.place(), "UPDATE \"decision\" SET \"verdict\" = '{\"netDays\":99}'", 1).await;
        let changed = replay(&server, &id).await.json();
        assert_eq!(refusals(&changed), ["MALFORMED"], "{changed}");
        assert!(changed.to_string().contains("is not what was recorded"), "{changed}");

        let id = recorded(&server, "credit.terms", "K04", Value::Null).await;
        tamper(server.place(), "UPDATE \"strategy\" SET \"document\" = 'name = 1'", 1).await;
        let changed = server.place().run(&["plugin", "replay", &id]);
        assert_eq!(changed.code, Some(2), "{changed:?}");
        assert!(changed.stderr.contains("the document of strategy 1 is another one"), "{changed:?}");

        tamper(server.place(), "DELETE FROM \"package\"", 1).await;
        let gone = server.place().run(&["plugin", "replay", &id]);
        assert_eq!(gone.code, Some(3), "{gone:?}");
        assert!(gone.stderr.contains("cannot be replayed") && gone.stderr.contains("of plugin `credit-rules` is gone"));
    }
}

/// A bundle of a new decision, as a file of the server's place and as JSON.
async fn bundled(server: &Server) -> (String, Value) {
    let id = recorded(server, "credit.check", "K05", json!({ "amount": "12345.67" })).await;
    let path = server.place().folder().join("decision.json").to_string_lossy().into_owned();
    server.place().done(&["plugin", "bundle", &id, "--output", &path]);
    let bundle = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    (path, bundle)
}

/// Replays a bundle where there is no database.
fn elsewhere(place: &Place, bundle: &Value) -> guildhall_tests::Ran {
    let path = place.file("bundle.json", bundle.to_string());
    let mut command = place.program();
    command.env("GUILDHALL_DATABASE", "sqlite:nowhere/at-all.db");
    let output = command.args(["plugin", "replay", "--json", "--bundle"]).arg(&path).output().unwrap();
    guildhall_tests::Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn a_bundle_is_replayed_on_another_machine() {
    for server in servers().await {
        let (path, bundle) = bundled(&server).await;
        let place = sqlite_place();
        let ran = elsewhere(&place, &bundle);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!((&told["same"], &told["digest"]), (&json!(true), &bundle["digest"]));
        assert!(server.place().done(&["plugin", "replay", "--bundle", &path]).starts_with("same: "));
    }
}

#[tokio::test]
async fn a_bundle_that_was_changed_is_refused() {
    let server = servers().await.remove(0);
    let (_, bundle) = bundled(&server).await;
    let place = sqlite_place();
    let content = |name: &str| format!("/content/{name}");
    let text = |text: &str| json!(text);
    let changes = [
        (content("verdict"), text("{}"), "does not fit the commitment"),
        (content("inputs"), text("{}"), "does not fit the commitment"),
        ("/salt".to_owned(), text("00"), "does not fit the commitment"),
        ("/entry/recordedBy".to_owned(), text("eve"), "its digest is wrong"),
        ("/entry/versions".to_owned(), text("{}"), "its digest is wrong"),
        ("/previousDigest".to_owned(), text("00"), "its digest is wrong"),
        ("/strategy".to_owned(), text("name = \"other\""), "strategy 1 is another one"),
        ("/points".to_owned(), json!([]), "is not the recorded one"),
        ("/points".to_owned(), json!(["type"]), "cannot be read"),
        ("/packages".to_owned(), json!([]), "is gone"),
        ("/packages".to_owned(), json!(["AGFzbQ=="]), "is gone"),
        ("/packages".to_owned(), json!(["?"]), "a package"),
        ("/format".to_owned(), text("guildhall.bundle.9"), "this Guildhall reads"),
    ];
    for (pointer, value, told) in changes {
        let mut changed = bundle.clone();
        *changed.pointer_mut(&pointer).unwrap() = value;
        let ran = elsewhere(&place, &changed);
        assert!(matches!(ran.code, Some(2 | 3)) && ran.stderr.contains(told), "{pointer} {told}: {ran:?}");
    }
}

/// Somebody who makes all digests fit still cannot make the guests answer otherwise.
#[tokio::test]
async fn what_the_guests_do_not_answer_is_found() {
    let server = servers().await.remove(0);
    let (_, mut bundle) = bundled(&server).await;
    let mut content: Content = serde_json::from_value(bundle["content"].clone()).unwrap();
    let (held, approved) = ("\"HELD\"", "\"APPROVED\"");
    let (from, to) = if content.verdict.contains(held) { (held, approved) } else { (approved, held) };
    content.verdict = content.verdict.replace(from, to);
    let mut proposals: Value = serde_json::from_str(&content.proposals).unwrap();
    proposals["underStrategy"][0]["fuel"] = json!(7);
    content.proposals = guildhall_decision::canonical_json(&proposals);
    let mut entry: LedgerEntry = serde_json::from_value(bundle["entry"].clone()).unwrap();
    entry.commitment = content.commitment(bundle["salt"].as_str().unwrap());
    bundle["digest"] = json!(entry.digest(bundle["previousDigest"].as_str()));
    bundle["entry"] = serde_json::to_value(&entry).unwrap();
    bundle["content"] = serde_json::to_value(&content).unwrap();
    let ran = elsewhere(&sqlite_place(), &bundle);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found: Vec<_> = told["differences"].as_array().unwrap().iter().map(|found| found["place"].clone()).collect();
    assert_eq!(found, ["verdict.outcome", "proposals.underStrategy.0.fuel"], "{told}");
    assert_eq!(told["same"], false);
}

#[tokio::test]
async fn only_who_manages_the_ledger_replays() {
    let server = servers().await.remove(0);
    let id = recorded(&server, "credit.terms", "K03", Value::Null).await;
    let body = server.graphql(Role::Department, REPLAY, json!({ "id": id })).await.json();
    assert_eq!(codes(&body).len(), 1, "{body}");
}
