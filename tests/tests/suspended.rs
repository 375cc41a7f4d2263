//! Plugins that do not fit any more: told before an upgrade of Guildhall, and suspended after it.

use std::time::Duration;

use guildhall_plugin_host::Package;
use guildhall_store::plugin::{self, Plugin};
use guildhall_store::{Database, package};
use guildhall_tests::{Place, Role, Server, Variant, data, places, root, until};
use serde_json::{Value, json};

use crate::small::customers;

const TERMS: &str = "{ customers(first: 3) { nodes { name creditTerms { netDays fallback } } } }";

/// The small company with one plugin that answers.
fn prepared(place: &Place, variant: &Variant) {
    customers(place);
    place.activate(&data("small/strategy.toml"));
    place.done(&["plugin", "install", &place.file("plugin.wasm", variant.bytes()).to_string_lossy(), "--yes"]);
}

/// Puts another package, or other columns, in the place of the installed plugin's, as no act would.
async fn tamper(place: &Place, bytes: Option<Vec<u8>>, change: impl FnOnce(&mut Plugin)) {
    let database = Database::open(place.url()).await.unwrap();
    let mut plugin = plugin::present(&database).await.unwrap().remove(0);
    let transaction = database.begin().await.unwrap();
    if let Some(bytes) = bytes {
        Package::read(&bytes).unwrap().digest().clone_into(&mut plugin.digest);
        package::put(&transaction, &plugin.digest, bytes, plugin.installed_at).await.unwrap();
    }
    change(&mut plugin);
    plugin::set_status(&transaction, plugin.id, plugin::Status::Removed, "eve", plugin.installed_at).await.unwrap();
    plugin.id = uuid::Uuid::now_v7();
    plugin::insert(&transaction, &plugin).await.unwrap();
    transaction.commit().await.unwrap();
    database.close().await.unwrap();
}

/// A server starts and answers; what the plugin would have answered is the fallback, with an error beside it.
async fn check_suspended(place: Place, reason: &str) {
    let listed: Value = serde_json::from_str(&place.done(&["plugin", "list", "--json"])).unwrap();
    assert_eq!(listed[0]["status"], "SUSPENDED", "{listed}");
    assert!(listed[0]["suspended"].as_str().unwrap().contains(reason), "{listed}");
    let ran = place.run(&["plugin", "check"]);
    assert_eq!((ran.code, ran.stdout.contains(reason)), (Some(3), true), "{ran:?}");
    let blind = "[roles.blind]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.blind.types.Customer]\nread = [\"phone\"]\n\
        [roles.blind.types.Decision]\nread = [\"point\"]\n";
    place.done(&["role", "set", &place.file("roles.toml", blind).to_string_lossy()]);
    let blind = place.done(&["token", "create", "bo", "--role", "blind"]);
    let server = Server::start(place);
    // What it would look at is hidden from some as before.
    let get = server.request(reqwest::Method::GET, "/schema.graphql").bearer_auth(blind.trim());
    assert!(!server.send(get).await.text.contains("creditTerms"));
    let told = server.graphql(Role::Reader, TERMS, Value::Null).await.json();
    let nodes = told["data"]["customers"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 3);
    assert!(nodes.iter().all(|node| node["name"].is_string() && node["creditTerms"]["fallback"] == true), "{told}");
    assert_eq!(told["errors"][0]["extensions"]["code"], "DECISION_FAILED", "{told}");
    assert!(told.to_string().contains("SUSPENDED"), "{told}");
    let ready = server.send(server.request(reqwest::Method::GET, "/readyz")).await;
    assert_eq!((ready.status, ready.text.as_str()), (200, "ok, and 1 suspended of the installed plugins\n"));
    let metrics = server.get(Role::Admin, "/metrics").await.text;
    assert!(metrics.contains("guildhall_plugins_suspended 1\n"), "{metrics}");
    let logged = async || {
        server.log().lines().any(|line| line.contains("a plugin is suspended") && line.contains(reason)).then_some(())
    };
    until(Duration::from_secs(5), logged).await;
    // A version that fits takes its place.
    let next = server.place().file("next.wasm", Variant::new("9.0.0", 22).bytes());
    server.place().done(&["plugin", "upgrade", &next.to_string_lossy(), "--yes"]);
    let answers = async || {
        let told = server.graphql(Role::Reader, TERMS, Value::Null).await.json();
        (told["data"]["customers"]["nodes"][0]["creditTerms"]["netDays"] == 22).then_some(())
    };
    until(Duration::from_secs(20), answers).await;
}

#[tokio::test]
async fn a_query_that_no_longer_fits_suspends_its_plugin() {
    for place in places().await {
        prepared(&place, &Variant::new("1.0.0", 11));
        let broken = Variant { query: "name oldName".to_owned(), ..Variant::new("1.0.0", 11) };
        tamper(&place, Some(broken.bytes()), |_| ()).await;
        check_suspended(place, "type `Customer` does not have a field `oldName`").await;
    }
}

#[tokio::test]
async fn a_plugin_reads_no_more_than_was_granted() {
    for place in places().await {
        prepared(&place, &Variant { query: "name industry".to_owned(), ..Variant::new("1.0.0", 11) });
        let less = json!([{ "field": "Customer.name", "reason": null }]);
        tamper(&place, None, |plugin| plugin.grants = less).await;
        check_suspended(place, "it reads `Customer.industry`, which nobody approved for this package").await;
    }
}

#[tokio::test]
async fn a_package_that_is_not_there_suspends_its_plugin() {
    for place in places().await {
        prepared(&place, &Variant::new("1.0.0", 11));
        tamper(&place, None, |plugin| plugin.digest = "0".repeat(64)).await;
        check_suspended(place, "is not in the database").await;
    }
}

/// What another schema would break is told before it is there, and nothing is touched.
#[tokio::test]
async fn a_check_says_what_a_schema_would_break() {
    for place in places().await {
        prepared(&place, &Variant { query: "name averageDaysLate".to_owned(), ..Variant::new("1.0.0", 11) });
        let now = root().join("schema/model.graphql");
        let model = now.to_string_lossy();
        assert_eq!(place.done(&["plugin", "check"]), "all 1 plugins fit\n");
        assert_eq!(place.done(&["plugin", "check", "--model", &model]), "all 1 plugins fit\n");
        let sdl = std::fs::read_to_string(&now).unwrap();
        let later = sdl.replace("\taverageDaysLate: Int!\n", "\tlateness: Int!\n");
        assert_ne!(later, sdl);
        let later = place.file("later.graphql", later);
        let later = later.to_string_lossy();
        let ran = place.run(&["plugin", "check", "--model", &later]);
        let line = "settled 1.0.0 at credit.terms: type `Customer` does not have a field `averageDaysLate`\n";
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), line), "{ran:?}");
        let ran = place.run(&["plugin", "check", "--json", "--model", &later]);
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let expected = json!({ "plugins": 1, "broken": [{ "name": "settled", "version": "1.0.0", "disabled": false, "point": "credit.terms",
            "problem": "type `Customer` does not have a field `averageDaysLate`" }] });
        assert_eq!((ran.code, told), (Some(3), expected));
        let none = place.file("none.graphql", "type Query {");
        assert_eq!(place.run(&["plugin", "check", "--model", &none.to_string_lossy()]).code, Some(2));
    }
}
