//! Roles of a deployment's own, several of them on a token, scopes, and how they change.

use std::time::Duration;

use guildhall_tests::{Place, Role, Server, codes, places, refusals, until};
use serde_json::{Value, json};

use crate::rows::{FILES, MAPPING};

const ROLES: &str = r#"
[roles.field-sales]
doc = "Visits customers."
rows = ["own"]

[roles.field-sales.types.Customer]
read = ["externalId", "name", "phone"]
update = ["phone"]

[roles.field-sales.types.Note]
read = ["body", "writtenAt"]

[roles.back-office]
doc = "Sends orders and invoices."
rows = ["all"]

[roles.back-office.types.Order]
read = ["externalId", "number", "customer"]

[roles.back-office.types.Customer]
read = ["externalId"]
rows = ["own"]

[roles.desk]
doc = "Answers whoever calls."
rows = ["all"]

[roles.desk.types.Customer]
read = ["name"]
"#;

fn load(place: &Place) {
    for (name, content) in FILES {
        place.file(&format!("rows/{name}"), content);
    }
    let mapping = place.file("rows/mapping.toml", MAPPING);
    place.import(&mapping, &place.folder().join("rows"));
    set(place, ROLES);
}

fn set(place: &Place, roles: &str) {
    let file = place.file("roles.toml", roles);
    place.done(&["role", "set", &file.to_string_lossy()]);
}

async fn started() -> Vec<Server> {
    let serve = |place: Place| {
        load(&place);
        Server::start(place)
    };
    places().await.into_iter().map(serve).collect()
}

/// A token of Mia's with these flags.
fn mia(server: &Server, flags: &[&str]) -> String {
    let mut arguments = vec!["token", "create", "Mia"];
    arguments.extend(flags);
    server.place().done(&arguments).trim().to_owned()
}

async fn ask(server: &Server, secret: &str, query: &str) -> Value {
    server.post(secret, &json!({ "query": query })).await.json()
}

#[tokio::test]
async fn a_role_of_ones_own_reads_and_writes_what_it_says_and_no_more() {
    for server in started().await {
        let sales = mia(&server, &["--role", "field-sales"]);
        let seen = ask(&server, &sales, "{ customers { totalCount nodes { id version name phone } } }").await;
        let customers = &seen["data"]["customers"];
        assert_eq!((&customers["totalCount"], &customers["nodes"][0]["name"]), (&json!(1), &json!("Mill")), "{seen}");
        for hidden in [
            "{ customers { nodes { owner } } }",
            "{ orders { totalCount } }",
            "mutation { deleteCustomer(input: {id: \"a\", version: 1, idempotencyKey: \"k\"}) { __typename } }",
            "mutation { createCustomer(input: {values: {name: \"a\"}, idempotencyKey: \"k\"}) { __typename } }",
            "mutation { upsertCustomer(input: {source: \"a\", externalId: \"b\", set: {phone: \"1\"}, idempotencyKey: \"k\"}) { __typename } }",
            "mutation { updateCustomer(input: {id: \"a\", version: 1, set: {name: \"b\"}, idempotencyKey: \"k\"}) { __typename } }",
            "mutation { recordDecision(input: {point: \"credit.terms\", customer: \"a\", idempotencyKey: \"k\"}) { __typename } }",
        ] {
            assert_eq!(
                codes(&ask(&server, &sales, hidden).await).first().map(String::as_str),
                Some("VALIDATION_FAILED"),
                "{hidden}"
            );
        }
        let node = &customers["nodes"][0];
        let change = format!(
            "mutation {{ updateCustomer(input: {{id: {}, version: {}, set: {{phone: \"7\"}}, idempotencyKey: \"k\"}}) {{ ... on CustomerWritten {{ customer {{ phone }} }} }} }}",
            node["id"], node["version"]
        );
        let changed = ask(&server, &sales, &change).await;
        assert_eq!(changed["data"]["updateCustomer"]["customer"]["phone"], "7", "{changed}");
    }
}

#[tokio::test]
async fn roles_of_a_token_add_up_on_the_rows_that_any_of_them_opens() {
    for server in started().await {
        let one =
            ask(&server, &mia(&server, &["--role", "desk"]), "{ customers { totalCount nodes { phone } } }").await;
        assert_eq!(codes(&one), ["VALIDATION_FAILED"]);
        let both = mia(&server, &["--role", "desk", "--role", "field-sales"]);
        let sum = ask(&server, &both, "{ customers { totalCount nodes { name phone } } }").await;
        assert_eq!(sum["data"]["customers"]["totalCount"], 3, "{sum}");
        let narrowed = mia(&server, &["--role", "desk", "--role", "field-sales", "--reach", "territory:South"]);
        let south = ask(&server, &narrowed, "{ customers { nodes { name } } }").await;
        assert_eq!(south["data"]["customers"]["nodes"], json!([{ "name": "Tower" }]));
        let team = mia(&server, &["--role", "desk", "--reach", "team"]);
        let of_team = ask(&server, &team, "{ customers { nodes { name } } }").await;
        assert_eq!(of_team["data"]["customers"]["nodes"], json!([{ "name": "Mill" }]));
        // Tom will be of Mia's team, and is not yet.
        let arguments = ["token", "create", "Tom", "--role", "desk", "--reach", "team"];
        let tom = server.place().done(&arguments);
        let of_team = ask(&server, tom.trim(), "{ customers { nodes { name } } }").await;
        assert_eq!(of_team["data"]["customers"]["nodes"], json!([{ "name": "Tower" }]));
    }
}

/// More orders are opened than customers: those of others are seen, and lead to nobody.
#[tokio::test]
async fn a_record_leads_to_no_hidden_one_where_more_of_it_is_opened() {
    for server in started().await {
        let office = mia(&server, &["--role", "back-office"]);
        let query = "{ orders(orderBy: {field: NUMBER}) { nodes { number customer { externalId } } } filtered: orders(filter: {customer: {externalId: {eq: \"T\"}}}) { totalCount } }";
        let expected = json!({ "data": {
            "orders": { "nodes": [{ "number": "OM", "customer": { "externalId": "M" } }, { "number": "OT", "customer": null }] },
            "filtered": { "totalCount": 0 },
        } });
        assert_eq!(ask(&server, &office, query).await, expected);
    }
}

#[tokio::test]
async fn scopes_narrow_what_a_token_is_for() {
    for server in started().await {
        let change = "mutation { updateCustomer(input: {id: \"a\", version: 1, set: {phone: \"1\"}, idempotencyKey: \"k\"}) { __typename } }";
        let reads = mia(&server, &["--role", "field-sales", "--scope", "read"]);
        assert_eq!(ask(&server, &reads, "{ customers { totalCount } }").await["data"]["customers"]["totalCount"], 1);
        assert_eq!(codes(&ask(&server, &reads, change).await)[0], "VALIDATION_FAILED");
        let writes = mia(&server, &["--role", "field-sales", "--scope", "read", "--scope", "write"]);
        assert_eq!(ask(&server, &writes, change).await["data"]["updateCustomer"]["__typename"], "Invalid");
        let watch = mia(&server, &["--role", "admin", "--scope", "admin"]);
        let get = server.request(reqwest::Method::GET, "/metrics").bearer_auth(&watch);
        assert_eq!(server.send(get).await.status, 200);
        assert_eq!(codes(&ask(&server, &watch, "{ customers { totalCount } }").await), ["VALIDATION_FAILED"]);
        let get = server.request(reqwest::Method::GET, "/metrics").bearer_auth(&reads);
        assert_eq!(server.send(get).await.status, 403);
    }
}

#[tokio::test]
async fn roles_are_set_through_the_api_and_hold_at_once() {
    for server in started().await {
        let sales = mia(&server, &["--role", "field-sales"]);
        let query = "{ customers { nodes { phone } } }";
        assert_eq!(ask(&server, &sales, query).await.get("errors"), None);
        let set = "mutation($input: SetRolesInput!) { setRoles(input: $input) { ... on RolesSet { roleDocument { number setBy } } ... on Invalid { problems { path code message } } ... on Refused { reasons { code message } } } }";
        let input =
            |document: &str| json!({ "input": { "document": document, "idempotencyKey": document.len().to_string() } });
        let narrower = ROLES.replace("\"phone\"]\nupdate = [\"phone\"]", "\"industry\"]");
        let done = server.graphql(Role::Admin, set, input(&narrower)).await.data();
        assert_eq!(done["setRoles"]["roleDocument"], json!({ "number": 2, "setBy": "ada" }));
        assert_eq!(codes(&ask(&server, &sales, query).await), ["VALIDATION_FAILED"]);
        let broken = server.graphql(Role::Admin, set, input("[roles.x]\ndoc = 1\n")).await.json();
        let told = broken["data"]["setRoles"]["problems"].to_string();
        assert!(refusals(&broken).iter().all(|code| code == "MALFORMED"), "{broken}");
        assert!(told.contains("line 1") && told.contains("line 2, column 7"), "{told}");
        let gone = server.graphql(Role::Admin, set, input("[roles]\n")).await.json();
        assert_eq!(refusals(&gone), ["NOT_ALLOWED"], "{gone}");
        let absent = server.graphql(Role::Department, set, input(ROLES)).await.json();
        assert_eq!(codes(&absent).first().map(String::as_str), Some("VALIDATION_FAILED"));
        let list = server.place().done(&["role", "list"]);
        assert!(list.contains("field-sales") && list.contains("department"), "{list}");
    }
}

#[tokio::test]
async fn a_rotated_token_has_a_new_secret_and_the_old_one_ends_after_its_grace() {
    for server in started().await {
        let created = server.place().done(&["token", "create", "Mia", "--role", "desk", "--json"]);
        let created: Value = serde_json::from_str(&created).unwrap();
        let rotate = "mutation($id: String!, $grace: Int) { rotateToken(input: {tokenId: $id, graceSeconds: $grace}) { ... on TokenRotated { tokenId token } ... on Refused { reasons { code } } } }";
        let rotated = server.graphql(Role::Admin, rotate, json!({ "id": created["id"], "grace": 2 })).await.data();
        let (old, new) = (created["token"].as_str().unwrap(), rotated["rotateToken"]["token"].as_str().unwrap());
        let body = json!({ "query": "{ customers { totalCount } }" });
        for secret in [old, new] {
            assert_eq!(server.post(secret, &body).await.data()["customers"]["totalCount"], 3);
        }
        let ended = async || (server.post(old, &body).await.status == 401).then_some(());
        until(Duration::from_secs(6), ended).await;
        let id = rotated["rotateToken"]["tokenId"].as_str().unwrap();
        let last = server.place().done(&["token", "rotate", id]);
        assert_eq!(server.post(last.trim(), &body).await.status, 200);
        let ended = async || (server.post(new, &body).await.status == 401).then_some(());
        until(Duration::from_secs(4), ended).await;
        let again = server.graphql(Role::Admin, rotate, json!({ "id": id, "grace": 0 })).await.json();
        assert_eq!(refusals(&again), ["NOT_FOUND"]);
    }
}

/// A search by what is hidden would tell it letter by letter.
#[tokio::test]
async fn a_search_looks_at_nothing_hidden() {
    for server in started().await {
        let own = format!(
            "{ROLES}\n[roles.post]\ndoc = \"Sends mail.\"\nrows = [\"all\"]\n[roles.post.types.User]\nread = [\"email\"]\n"
        );
        set(server.place(), &own);
        let create = "mutation { createUser(input: {values: {name: \"Quentin\", email: \"post@example.com\"}, idempotencyKey: \"q\"}) { __typename } }";
        server.graphql(Role::Department, create, Value::Null).await.data();
        let post = server.place().done(&["token", "create", "Pia", "--role", "post"]);
        let found = async |text: &str| {
            let query = format!("{{ search(text: \"{text}\") {{ ... on User {{ email }} }} }}");
            ask(&server, post.trim(), &query).await["data"]["search"].clone()
        };
        let one = json!([{ "email": "post@example.com" }]);
        until(Duration::from_secs(2), async || (found("post@").await == one).then_some(())).await;
        assert_eq!(found("quent").await, json!([]));
    }
}

/// What was validated and planned for one role is of no use to another.
#[tokio::test]
async fn what_one_role_asks_serves_no_other() {
    for server in started().await {
        let query = "{ customers { nodes { phone } } }";
        let (sales, desk) = (mia(&server, &["--role", "field-sales"]), mia(&server, &["--role", "desk"]));
        for _ in 0..2 {
            assert_eq!(ask(&server, &sales, query).await.get("errors"), None);
            assert_eq!(codes(&ask(&server, &desk, query).await), ["VALIDATION_FAILED"]);
        }
        // In both schemas, and planned otherwise.
        let order = server.query("{ orders(first: 1) { nodes { id } } }").await["orders"]["nodes"][0]["id"].clone();
        let query = format!("{{ node(id: {order}) {{ id }} }}");
        let office = mia(&server, &["--role", "back-office"]);
        for (secret, found) in [(&office, &order), (&desk, &Value::Null), (&office, &order)] {
            let read = ask(&server, secret, &query).await;
            assert_eq!(&read["data"]["node"]["id"], found, "{read}");
        }
        // In both schemas and over the same rows, and planned otherwise: a search looks at what is read.
        let role = |name: &str, read: &str| {
            format!("[roles.{name}]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.{name}.types.User]\nread = [{read}]\n")
        };
        let own = format!("{ROLES}\n{}{}", role("post", "\"email\""), role("registry", "\"email\", \"name\""));
        set(server.place(), &own);
        let create = "mutation { createUser(input: {values: {name: \"Quentin\", email: \"post@example.com\"}, idempotencyKey: \"q\"}) { __typename } }";
        server.graphql(Role::Department, create, Value::Null).await.data();
        let (post, registry) = (mia(&server, &["--role", "post"]), mia(&server, &["--role", "registry"]));
        let search = "{ search(text: \"quent\") { ... on User { email } } }";
        let found = async |secret: &str| ask(&server, secret, search).await["data"]["search"].clone();
        let one = json!([{ "email": "post@example.com" }]);
        until(Duration::from_secs(2), async || (found(&registry).await == one).then_some(())).await;
        assert_eq!((found(&post).await, found(&registry).await), (json!([]), one));
    }
}

/// Nobody makes a record that he would not see, or moves one out of his sight.
#[tokio::test]
async fn nobody_writes_out_of_his_own_sight() {
    for server in started().await {
        let mia = mia(&server, &["--role", "department", "--reach", "own"]);
        let why = "... on Refused { reasons { code } }";
        let create = format!(
            "mutation {{ createCustomer(input: {{values: {{name: \"a\", kind: PERSON, currency: \"EUR\"}}, idempotencyKey: \"c\"}}) {{ {why} }} }}"
        );
        assert_eq!(refusals(&ask(&server, &mia, &create).await), ["OUT_OF_REACH"]);
        let hers = ask(&server, &mia, "{ customers { nodes { id version } } }").await;
        let node = &hers["data"]["customers"]["nodes"][0];
        let give = format!(
            "mutation {{ updateCustomer(input: {{id: {}, version: {}, set: {{owner: null}}, idempotencyKey: \"g\"}}) {{ {why} }} }}",
            node["id"], node["version"]
        );
        assert_eq!(refusals(&ask(&server, &mia, &give).await), ["OUT_OF_REACH"]);
        // Nor does anybody bring back what he would not see.
        let theirs = server.query("{ customers(filter: {externalId: {eq: \"T\"}}) { nodes { id } } }").await;
        let note = format!(
            "mutation {{ createNote(input: {{values: {{customer: {}, body: \"b\"}}, idempotencyKey: \"n\"}}) {{ ... on NoteWritten {{ id }} }} }}",
            theirs["customers"]["nodes"][0]["id"]
        );
        let note = server.query(&note).await["createNote"]["id"].take();
        let delete = format!(
            "mutation {{ deleteNote(input: {{id: {note}, version: 1, idempotencyKey: \"d\"}}) {{ __typename }} }}"
        );
        server.query(&delete).await;
        let restore =
            format!("mutation {{ restoreNote(input: {{id: {note}, idempotencyKey: \"r\"}}) {{ __typename {why} }} }}");
        assert_eq!(refusals(&ask(&server, &mia, &restore).await), ["NOT_FOUND"]);
        assert!(refusals(&ask(&server, server.secret(Role::Admin), &restore).await).is_empty());
    }
}

/// Who reads recorded decisions, and of customers the name alone, is not told what plugins make of the rest, also while a
/// plugin cannot be asked.
#[tokio::test]
async fn an_answer_is_hidden_with_what_it_is_made_of() {
    let auditor = "[roles.auditor]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.auditor.types.Customer]\nread = [\"name\"]\n\
        [roles.auditor.types.Decision]\nread = [\"point\", \"decidedAt\"]\n";
    for place in places().await {
        crate::small::company(&place);
        set(&place, auditor);
        let server = Server::start(place);
        let sdl = async |secret: &str| {
            let get = server.request(reqwest::Method::GET, "/schema.graphql").bearer_auth(secret);
            server.send(get).await.text
        };
        let secret = mia(&server, &["--role", "auditor"]);
        assert!(!sdl(&secret).await.contains("creditTerms"));
        assert!(sdl(server.secret(Role::Department)).await.contains("creditTerms"));
    }
}

/// Whose rows are the territory's sees those of the territories he is assigned to, and not those of others.
#[tokio::test]
async fn a_territory_is_seen_by_who_is_assigned_to_it() {
    let region =
        "[roles.region]\ndoc = \"d\"\nrows = [\"territory\"]\n[roles.region.types.Customer]\nread = [\"name\"]\n";
    for server in started().await {
        set(server.place(), &format!("{ROLES}\n{region}"));
        let [mia, tom] = ["Mia", "Tom"].map(|name| server.place().done(&["token", "create", name, "--role", "region"]));
        let seen = async |secret: &str| {
            ask(&server, secret.trim(), "{ customers { nodes { name } } }").await["data"]["customers"]["nodes"].take()
        };
        until(Duration::from_secs(5), async || (seen(&mia).await == json!([])).then_some(())).await;
        let ids = "{ users(filter: {login: {eq: \"Mia\"}}) { nodes { id } } territories(filter: {name: {eq: \"North\"}}) { nodes { id } } }";
        let ids = server.query(ids).await;
        let assign = format!(
            "mutation {{ createTerritoryAssignment(input: {{values: {{user: {}, territory: {}}}, idempotencyKey: \"a\"}}) {{ __typename }} }}",
            ids["users"]["nodes"][0]["id"], ids["territories"]["nodes"][0]["id"]
        );
        server.query(&assign).await;
        assert_eq!(seen(&mia).await, json!([{ "name": "Mill" }]));
        assert_eq!(seen(&tom).await, json!([]));
    }
}
