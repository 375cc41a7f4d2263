//! Fields of a deployment's own: declared in a document, and from then on read, filtered, ordered, grouped, written, told, imported and
//! exported like those of the model.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use guildhall_tests::{Place, Role, Server, codes, places, refusals, until};
use serde_json::{Value, json};

const FIELDS: &str = r#"
[fields.Customer.loyaltyTier]
kind = "text"
doc = "What the loyalty programme calls them."
readable-by = "reader"
indexed = true

[fields.Customer.visits]
kind = "int"
doc = "How often they came."

[fields.Customer.isPartner]
kind = "bool"
doc = "Whether they sell for us."

[fields.Customer.rebate]
kind = "decimal"
scale = 4
doc = "Share of each order that is paid back."

[fields.Customer.budget]
kind = "money"
doc = "What they have for us."

[fields.Customer.metOn]
kind = "date"
doc = "When we met."

[fields.Customer.calledAt]
kind = "date-time"
doc = "When they were called."

[fields.Customer.risk]
kind = "int"
doc = "What the board thinks."
readable-by = "admin"
"#;

const ALL: &str = "loyaltyTier visits isPartner rebate budget { amount currency } metOn calledAt";

fn values(name: &str) -> Value {
    json!({
        "name": name, "kind": "PERSON", "currency": "EUR", "loyaltyTier": "gold", "visits": 7, "isPartner": true, "rebate": "0.0125",
        "budget": "99.50", "metOn": "2024-02-29", "calledAt": "2026-01-02T03:04:05.678Z",
    })
}

fn read_back(name: &str) -> Value {
    json!({
        "name": name, "loyaltyTier": "gold", "visits": 7, "isPartner": true, "rebate": "0.0125",
        "budget": { "amount": "99.50", "currency": "EUR" }, "metOn": "2024-02-29", "calledAt": "2026-01-02T03:04:05.678Z",
    })
}

fn declare(place: &Place, fields: &str) {
    let file = place.file("fields.toml", fields);
    place.done(&["field", "set", &file.to_string_lossy()]);
}

async fn servers() -> Vec<Server> {
    let start = |place: Place| {
        declare(&place, FIELDS);
        Server::start(place)
    };
    places().await.into_iter().map(start).collect()
}

const WHY: &str = "... on Invalid { problems { path code message } } ... on Refused { reasons { code message } }";

async fn set(server: &Server, role: Role, document: &str, key: &str) -> Value {
    let query = format!(
        "mutation($input: SetFieldsInput!) {{ setFields(input: $input) {{ ... on FieldsSet {{ fieldDocument {{ number setBy }} }} {WHY} }} }}"
    );
    server.graphql(role, &query, json!({ "input": { "document": document, "idempotencyKey": key } })).await.json()
}

async fn create(server: &Server, role: Role, values: &Value) -> Value {
    let query = format!(
        "mutation($input: CreateCustomerInput!) {{ createCustomer(input: $input) {{ ... on CustomerWritten {{ customer {{ id version name {ALL} }} }} {WHY} }} }}"
    );
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let key = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    server.graphql(role, &query, json!({ "input": { "values": values, "idempotencyKey": key } })).await.json()
}

async fn update(server: &Server, id: &Value, version: u64, set: &Value) -> Value {
    let query = format!(
        "mutation($input: UpdateCustomerInput!) {{ updateCustomer(input: $input) {{ ... on CustomerWritten {{ outcome version customer {{ {ALL} }} }} {WHY} }} }}"
    );
    let input =
        json!({ "id": id, "version": version, "set": set, "idempotencyKey": format!("update {version} {set}") });
    server.graphql(Role::Department, &query, json!({ "input": input })).await.json()
}

#[tokio::test]
async fn fields_serve_at_once_and_on_other_servers_within_a_second() {
    for place in places().await {
        let place = Arc::new(place);
        let (one, other) = (Server::beside(&place), Server::beside(&place));
        let asked = "{ customers { nodes { loyaltyTier } } }";
        let ask = async |server: &Server| server.graphql(Role::Reader, asked, Value::Null).await.json();
        assert_eq!(codes(&ask(&one).await), ["VALIDATION_FAILED"]);
        let done = set(&one, Role::Admin, FIELDS, "a").await;
        assert_eq!(done["data"]["setFields"]["fieldDocument"], json!({ "number": 1, "setBy": "ada" }), "{done}");
        assert_eq!(ask(&one).await.get("errors"), None);
        let serves = async || ask(&other).await.get("errors").is_none().then_some(());
        until(Duration::from_secs(5), serves).await;
        let none = set(&one, Role::Admin, "[fields]\n", "b").await;
        assert_eq!(none["data"]["setFields"]["fieldDocument"]["number"], 2, "{none}");
        assert_eq!(codes(&ask(&one).await), ["VALIDATION_FAILED"]);
    }
}

#[tokio::test]
async fn they_are_written_and_read_in_their_kinds() {
    for server in servers().await {
        let made = create(&server, Role::Department, &values("Ann")).await["data"]["createCustomer"]["customer"].take();
        let (id, mut read) = (made["id"].clone(), made);
        read.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "version");
        assert_eq!(read, read_back("Ann"));
        let changed = update(&server, &id, 1, &json!({ "visits": 8, "metOn": null, "loyaltyTier": "gold" })).await;
        let changed = &changed["data"]["updateCustomer"];
        assert_eq!(
            (&changed["customer"]["visits"], &changed["customer"]["metOn"]),
            (&json!(8), &Value::Null),
            "{changed}"
        );
        assert_eq!(changed["customer"]["budget"]["amount"], "99.50");
        let same = update(&server, &id, 2, &json!({ "rebate": "0.01250" })).await;
        assert_eq!(same["data"]["updateCustomer"]["outcome"], "UNCHANGED", "{same}");
        let events = server.query("{ events(filter: {recordType: {eq: \"Customer\"}}, orderBy: {field: RECORD_VERSION}) { nodes { kind before after } } }").await;
        let nodes = events["events"]["nodes"].as_array().unwrap();
        assert_eq!(nodes[0]["after"]["budget"], "99.50", "{events}");
        assert_eq!(nodes[1]["before"], json!({ "visits": 7, "metOn": "2024-02-29" }), "{events}");
        assert_eq!(nodes[1]["after"], json!({ "visits": 8, "metOn": null }), "{events}");
    }
}

#[tokio::test]
async fn what_is_no_value_of_the_kind_is_refused_with_its_place() {
    for server in servers().await {
        for (field, value, code) in [
            ("rebate", json!("0.00001"), "MALFORMED"),
            ("budget", json!("1e9"), "MALFORMED"),
            ("loyaltyTier", json!("x".repeat(501)), "RULE_BROKEN"),
            ("metOn", json!("2025-02-29"), "MALFORMED"),
            ("calledAt", json!("yesterday"), "MALFORMED"),
        ] {
            let mut wrong = values("Bob");
            wrong[field] = value;
            let answer = create(&server, Role::Department, &wrong).await;
            let told = codes(&answer).is_empty();
            if told {
                let problem = &answer["data"]["createCustomer"]["problems"][0];
                assert_eq!((&problem["path"], &problem["code"]), (&json!(["values", field]), &json!(code)), "{answer}");
            } else {
                // What the schema's own scalars say.
                assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
            }
        }
        let counted = server.query("{ customers { totalCount } }").await;
        assert_eq!(counted["customers"]["totalCount"], 0);
    }
}

#[tokio::test]
async fn they_are_filtered_ordered_grouped_and_added_up() {
    for server in servers().await {
        for (name, tier, visits, budget) in
            [("Ann", "gold", 7, "1.50"), ("Ben", "gold", 1, "2.25"), ("Cid", "iron", 3, "4")]
        {
            let mut wanted = values(name);
            for (field, value) in [("loyaltyTier", json!(tier)), ("visits", json!(visits)), ("budget", json!(budget))] {
                wanted[field] = value;
            }
            create(&server, Role::Department, &wanted).await;
        }
        let plain = json!({ "name": "Dot", "kind": "PERSON", "currency": "EUR" });
        create(&server, Role::Department, &plain).await;
        let query = "{
            filtered: customers(filter: {loyaltyTier: {istartsWith: \"GO\"}, visits: {gt: 1}}) { nodes { name } }
            ordered: customers(orderBy: {field: VISITS, direction: DESC, nulls: LAST}, first: 3) { nodes { name } pageInfo { endCursor } }
            exact: customers(filter: {rebate: {eq: \"0.0125\"}, metOn: {lt: \"2024-03-01\"}, isPartner: {eq: true}}) { totalCount }
            groups: customersGroups(by: [{field: LOYALTY_TIER}], orderBy: {key: LOYALTY_TIER}) { nodes { key { loyaltyTier } count sum { visits budget { amount } } } }
            total: customersAggregate { max { calledAt } sum { rebate } }
        }";
        let data = server.query(query).await;
        let names = |list: &str| {
            let nodes = data[list]["nodes"].as_array().unwrap();
            nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names("filtered"), ["Ann"]);
        assert_eq!(names("ordered"), ["Ann", "Cid", "Ben"]);
        assert_eq!(data["exact"]["totalCount"], 3);
        let groups: Vec<_> = data["groups"]["nodes"].as_array().unwrap().iter().map(Value::to_string).collect();
        let gold = json!({ "key": { "loyaltyTier": "gold" }, "count": 2, "sum": { "visits": "8", "budget": { "amount": "3.75" } } });
        assert!(groups.contains(&gold.to_string()) && groups.len() == 3, "{groups:?}");
        assert_eq!(
            data["total"],
            json!({ "max": { "calledAt": "2026-01-02T03:04:05.678Z" }, "sum": { "rebate": "0.0375" } })
        );
        let after = &data["ordered"]["pageInfo"]["endCursor"];
        let next = format!(
            "{{ customers(orderBy: {{field: VISITS, direction: DESC, nulls: LAST}}, after: {after}) {{ nodes {{ name }} }} }}"
        );
        assert_eq!(server.query(&next).await["customers"]["nodes"], json!([{ "name": "Dot" }]));
    }
}

#[tokio::test]
async fn who_may_not_read_one_has_it_nowhere() {
    for server in servers().await {
        let sdl = async |role: Role| server.get(role, "/schema.graphql").await.text;
        let (reader, department, admin) =
            (sdl(Role::Reader).await, sdl(Role::Department).await, sdl(Role::Admin).await);
        assert!(reader.contains("loyaltyTier") && !reader.contains("visits") && !reader.contains("VISITS"));
        assert!(department.contains("visits") && !department.contains("risk:") && !department.contains("RISK"));
        assert!(admin.contains("risk:") && admin.contains("FieldDocument") && !department.contains("FieldDocument"));
        let answer = set(&server, Role::Department, FIELDS, "d").await;
        assert_eq!(codes(&answer).first().map(String::as_str), Some("VALIDATION_FAILED"));
        let mut wanted = values("Ann");
        wanted["risk"] = json!(1);
        assert_eq!(codes(&create(&server, Role::Department, &wanted).await), ["BAD_USER_INPUT"]);
        let roles = "[roles.desk]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.desk.types.Customer]\nread = [\"name\", \"visits\"]\nupdate = [\"visits\"]\n";
        let file = server.place().file("roles.toml", roles);
        server.place().done(&["role", "set", &file.to_string_lossy()]);
        let desk = server.place().done(&["token", "create", "dan", "--role", "desk"]);
        let asked = json!({ "query": "{ __type(name: \"CustomerChanges\") { inputFields { name } } customers { nodes { visits } } }" });
        let served = async || {
            let answer = server.post(desk.trim(), &asked).await.json();
            answer.get("errors").is_none().then_some(answer)
        };
        let served = until(Duration::from_secs(5), served).await;
        assert_eq!(served["data"]["__type"]["inputFields"], json!([{ "name": "visits" }]), "{served}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told_and_nothing_changes() {
    for server in servers().await {
        let broken = set(&server, Role::Admin, "[fields.Customer.name]\nkind = \"label\"\ndoc = \"d\"\n", "a").await;
        let told = broken["data"]["setFields"]["problems"].to_string();
        assert!(refusals(&broken) == ["MALFORMED"] && told.contains("line 2, column 8"), "{broken}");
        let taken =
            set(&server, Role::Admin, "[fields.Customer.creditTerms]\nkind = \"int\"\ndoc = \"d\"\n", "b").await;
        assert_eq!(refusals(&taken), ["NOT_ALLOWED"], "{taken}");
        let listed = server.place().done(&["field", "list"]);
        assert!(listed.contains("Customer.loyaltyTier") && listed.lines().count() == 8, "{listed}");
        assert_eq!(server.place().done(&["field", "show"]), FIELDS);
    }
}

#[tokio::test]
async fn a_deleted_record_comes_back_with_them() {
    for server in servers().await {
        let made = create(&server, Role::Department, &values("Ann")).await["data"]["createCustomer"]["customer"].take();
        let done = "... on CustomerWritten { outcome }";
        for (verb, rest) in [("delete", ", version: 1"), ("restore", "")] {
            let query = format!(
                "mutation {{ {verb}Customer(input: {{id: {}{rest}, idempotencyKey: \"{verb}\"}}) {{ __typename {done} {WHY} }} }}",
                made["id"]
            );
            let answer = server.graphql(Role::Department, &query, Value::Null).await.data();
            assert!(answer[format!("{verb}Customer")]["__typename"].as_str().unwrap() != "Refused", "{answer}");
        }
        let read = server.query(&format!("{{ customers {{ nodes {{ name {ALL} }} }} }}")).await;
        assert_eq!(read["customers"]["nodes"], json!([read_back("Ann")]));
    }
}

const MAPPING: &str = r#"
source = "shop"

[[files]]
file = "people.csv"
type = "Customer"
id = "{key}"
fields = { name = "name", kind = { constant = "PERSON" }, status = { constant = "ACTIVE" }, currency = { constant = "EUR" }, loyaltyTier = "tier", visits = "visits", rebate = "rebate" }
"#;

/// Imports the people with these lines, and gives what the run did to them.
fn import(place: &Place, people: &str) -> Value {
    place.file("in/people.csv", format!("key,name,tier,visits,rebate\n{people}"));
    let mapping = place.file("in/mapping.toml", MAPPING);
    let folder = place.folder().join("in");
    let ran = place.run(&["import", &mapping.to_string_lossy(), &folder.to_string_lossy(), "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let file = &report["files"][0];
    json!([file["created"], file["updated"], file["unchanged"], file["errors"]])
}

#[tokio::test]
async fn they_are_imported_and_what_is_exported_is_read_back() {
    for place in places().await {
        declare(&place, FIELDS);
        assert_eq!(import(&place, "1,Ann,gold,7,0.0125\n2,Ben,,,\n"), json!([2, 0, 0, 0]));
        assert_eq!(import(&place, "1,Ann,gold,7,0.0125\n2,Ben,,,\n"), json!([0, 0, 2, 0]));
        assert_eq!(import(&place, "1,Ann,iron,7,0.0125\n2,Ben,,,\n"), json!([0, 1, 1, 0]));
        assert_eq!(import(&place, "1,Ann,iron,7,0.00125\n"), json!([0, 0, 0, 1]));
        place.done(&["export", "Customer", "--out", "out"]);
        let read: Value =
            serde_json::from_str(&place.import(&place.folder().join("out/mapping.toml"), &place.folder().join("out")))
                .unwrap();
        assert_eq!(read["files"][0]["unchanged"], 2, "{read}");
        for other in places().await {
            declare(&other, FIELDS);
            other.import(&place.folder().join("out/mapping.toml"), &place.folder().join("out"));
            let server = Server::start(other);
            let read = server
                .query("{ customers(orderBy: {field: NAME}) { nodes { name loyaltyTier visits rebate } } }")
                .await;
            let expected = json!([
                { "name": "Ann", "loyaltyTier": "iron", "visits": 7, "rebate": "0.0125" },
                { "name": "Ben", "loyaltyTier": null, "visits": null, "rebate": null },
            ]);
            assert_eq!(read["customers"]["nodes"], expected);
        }
    }
}

#[tokio::test]
async fn segments_are_made_of_them() {
    for place in places().await {
        declare(&place, FIELDS);
        import(&place, "1,Ann,gold,7,\n2,Ben,iron,9,\n3,Cid,gold,1,\n");
        let strategy = "name = \"tiers\"\nvision = \"Known by name.\"\napprovers = [\"ada\"]\n
[[segments]]\nkey = \"loyal\"\nname = \"Loyal\"\nneed = \"n\"\nwhen = \"customer.loyaltyTier == 'gold' && customer.visits >= 5\"\n";
        let file = place.file("strategy.toml", strategy);
        place.activate(&file);
        let server = Server::start(place);
        let query = "{ customers(orderBy: {field: NAME}) { nodes { name segment { key } } } }";
        let expected = json!([
            { "name": "Ann", "segment": { "key": "loyal" } }, { "name": "Ben", "segment": null }, { "name": "Cid", "segment": null },
        ]);
        assert_eq!(server.query(query).await["customers"]["nodes"], expected);
    }
}
