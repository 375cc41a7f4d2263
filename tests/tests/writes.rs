//! Writing: records made, changed, deleted and brought back through the API, as a screen and a form do it.

use std::collections::BTreeMap;
use std::sync::Arc;

use guildhall_tests::{Role, Server, codes, places};
use serde_json::{Map, Value, json};

async fn fresh() -> Vec<Server> {
    places().await.into_iter().map(Server::start).collect()
}

/// Sends a mutation with `input` and gives what it came to. What is asked for of it is everything.
async fn write(server: &Server, role: Role, mutation: &str, result: &str, input: Value) -> Value {
    let upper = mutation[..1].to_uppercase() + &mutation[1..];
    let input_type = match mutation {
        _ if mutation.starts_with("delete") => "DeleteInput".to_owned(),
        _ if mutation.starts_with("restore") => "RestoreInput".to_owned(),
        _ => format!("{upper}Input"),
    };
    let query = format!(
        "mutation($input: {input_type}!) {{ done: {mutation}(input: $input) {{ __typename \
         ... on {result} {{ id version outcome }} \
         ... on Invalid {{ problems {{ path code message }} }} ... on Refused {{ reasons {{ code message item }} }} }} }}"
    );
    server.graphql(role, &query, json!({ "input": input })).await.data()["done"].take()
}

async fn made(server: &Server, object: &str, values: Value) -> String {
    let input = json!({ "values": values, "idempotencyKey": key() });
    let done = write(server, Role::Department, &format!("create{object}"), &format!("{object}Written"), input).await;
    assert_eq!(done["outcome"], "CREATED", "{object}: {done}");
    done["id"].as_str().unwrap().to_owned()
}

fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("key-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[tokio::test]
async fn an_order_form_is_filled_in() {
    for server in fresh().await {
        let customer =
            made(&server, "Customer", json!({ "name": "Ada's", "kind": "ORGANIZATION", "currency": "EUR" })).await;
        let product =
            made(&server, "Product", json!({ "name": "Tea", "sku": "T1", "currency": "EUR", "listPrice": "2.50" }))
                .await;
        let order = json!({
            "customer": customer, "number": "N1", "orderedOn": "2026-11-22", "currency": "EUR", "grossTotal": "12.50",
            "netTotal": "12.5000",
        });
        let order = made(&server, "Order", order).await;
        let line = json!({
            "order": order, "product": product, "position": 1, "quantity": "5", "unitPrice": "2.50", "discount": "0",
            "netAmount": "12.50", "currency": "EUR",
        });
        made(&server, "OrderLine", line).await;
        let query = "query($id: ID!) { order(id: $id) { status version netTotal { amount currency } customer { name }
            lines { nodes { quantity product { name } } } } }";
        let read = server.graphql(Role::Department, query, json!({ "id": order })).await.data();
        let expected = json!({ "order": {
            "status": "OPEN", "version": 1, "netTotal": { "amount": "12.50", "currency": "EUR" },
            "customer": { "name": "Ada's" }, "lines": { "nodes": [{ "quantity": "5", "product": { "name": "Tea" } }] },
        } });
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn a_mutation_answers_with_the_record_as_it_is_now() {
    for server in fresh().await {
        let customer = made(&server, "Customer", json!({ "name": "Ada's", "kind": "PERSON", "currency": "EUR" })).await;
        let query = "mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
            ... on CustomerWritten { version outcome customer { name phone version } } } }";
        let input = json!({ "id": customer, "version": 1, "set": { "phone": "7" }, "idempotencyKey": key() });
        let changed = server.graphql(Role::Department, query, json!({ "input": input })).await.data();
        let expected = json!({ "updateCustomer": {
            "version": 2, "outcome": "UPDATED", "customer": { "name": "Ada's", "phone": "7", "version": 2 },
        } });
        assert_eq!(changed, expected);
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_all_at_once_with_its_place() {
    for server in fresh().await {
        let items = json!([
            { "name": "Good", "kind": "PERSON", "currency": "EUR" },
            { "name": " ", "kind": "PERSON", "currency": "euro" },
        ]);
        let query = "mutation($input: CreateCustomersInput!) { createCustomers(input: $input) {
            ... on Invalid { problems { path code } } ... on RecordsWritten { records { id } } } }";
        let variables = json!({ "input": { "items": items, "idempotencyKey": key() } });
        let answer = server.graphql(Role::Department, query, variables).await.data();
        let problems = json!([
            { "path": ["items", "1", "currency"], "code": "RULE_BROKEN" },
            { "path": ["items", "1", "name"], "code": "RULE_BROKEN" },
        ]);
        let mut given = answer["createCustomers"]["problems"].as_array().cloned().unwrap();
        given.sort_by_key(Value::to_string);
        let mut expected = problems.as_array().cloned().unwrap();
        expected.sort_by_key(Value::to_string);
        assert_eq!(given, expected);
        let count =
            server.graphql(Role::Reader, "{ customers(filter: {name: {eq: \"Good\"}}) { totalCount } }", Value::Null);
        assert_eq!(count.await.data()["customers"]["totalCount"], 0);
    }
}

/// Also what no value could be made of: wrong types, what is missing and what there is not.
#[tokio::test]
async fn what_is_no_value_is_told_all_at_once_with_its_place() {
    for server in fresh().await {
        let items = json!([
            { "name": "Good", "kind": "PERSON", "currency": "EUR" },
            { "name": 7, "kind": "ROBOT", "shoe": 44 },
        ]);
        let query = "mutation($input: CreateCustomersInput!) { createCustomers(input: $input) { __typename } }";
        let answer = server.graphql(Role::Department, query, json!({ "input": { "items": items } })).await;
        assert_eq!(answer.status, 400);
        let answer = answer.json();
        let errors = answer["errors"].as_array().unwrap();
        let mut told: Vec<_> = errors
            .iter()
            .map(|error| {
                assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
                (error["extensions"]["input"]["path"].to_string(), error["extensions"]["input"]["code"].clone())
            })
            .collect();
        told.sort_by(|one, other| one.0.cmp(&other.0));
        let at = |path: Value, code: &str| (path.to_string(), json!(code));
        let expected = [
            at(json!(["input", "idempotencyKey"]), "REQUIRED"),
            at(json!(["input", "items", 1, "currency"]), "REQUIRED"),
            at(json!(["input", "items", 1, "kind"]), "MALFORMED"),
            at(json!(["input", "items", 1, "name"]), "MALFORMED"),
            at(json!(["input", "items", 1, "shoe"]), "UNKNOWN_FIELD"),
        ];
        assert_eq!(told, expected, "{answer}");
    }
}

#[tokio::test]
async fn a_reader_has_no_mutations() {
    for server in fresh().await {
        let query = "mutation { createCustomer(input: {values: {name: \"a\", kind: PERSON, currency: \"EUR\"}, idempotencyKey: \"k\"}) { __typename } }";
        let answer = server.graphql(Role::Reader, query, Value::Null).await.json();
        assert_eq!(codes(&answer), ["VALIDATION_FAILED"], "{answer}");
        let sdl = server.get(Role::Reader, "/schema.graphql").await.text;
        assert!(!sdl.contains("Mutation"));
    }
}

#[tokio::test]
async fn what_guildhall_keeps_is_not_written() {
    for server in fresh().await {
        for set in [
            json!({ "revenue12m": "1" }),
            json!({ "segment": "seg_00000000000000000000000000000000" }),
            json!({ "version": 7 }),
            json!({ "id": "cus_00000000000000000000000000000000" }),
        ] {
            let query = "mutation($set: CustomerChanges!) { updateCustomer(input: {id: \"cus_00000000000000000000000000000001\",
                version: 1, set: $set, idempotencyKey: \"k\"}) { __typename } }";
            let answer = server.graphql(Role::Admin, query, json!({ "set": set })).await.json();
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{set}: {answer}");
        }
        let sdl = server.get(Role::Admin, "/schema.graphql").await.text;
        for kept in ["createDecision", "updateStrategy", "deleteEvent", "createMembership", "updateSegment"] {
            assert!(!sdl.contains(&format!("  {kept}(")), "{kept}");
        }
    }
}

#[tokio::test]
async fn who_changed_what_can_be_read_afterwards() {
    for server in fresh().await {
        let customer = made(&server, "Customer", json!({ "name": "Ada's", "kind": "PERSON", "currency": "EUR" })).await;
        let change = json!({ "id": customer, "version": 1, "set": { "phone": "7" }, "idempotencyKey": key() });
        write(&server, Role::Admin, "updateCustomer", "CustomerWritten", change).await;
        let delete = json!({ "id": customer, "version": 2, "idempotencyKey": key() });
        write(&server, Role::Department, "deleteCustomer", "CustomerWritten", delete).await;
        let query = "query($id: String!) { events(filter: {recordId: {eq: $id}}, orderBy: {field: ID}) { nodes {
            kind actor act recordType recordVersion before after } } }";
        let events = server.graphql(Role::Admin, query, json!({ "id": customer })).await.data();
        let events = events["events"]["nodes"].as_array().cloned().unwrap();
        assert_eq!(events.len(), 3);
        let created = json!({ "name": "Ada's", "kind": "PERSON", "currency": "EUR", "status": "PROSPECT" });
        assert_eq!(
            (&events[0]["kind"], &events[0]["actor"], &events[0]["after"]),
            (&json!("CREATED"), &json!("dora"), &created)
        );
        let updated = json!({
            "kind": "UPDATED", "actor": "ada", "act": "updateCustomer", "recordType": "Customer", "recordVersion": 2,
            "before": { "phone": null }, "after": { "phone": "7" },
        });
        assert_eq!(events[1], updated);
        assert_eq!((&events[2]["kind"], &events[2]["before"]["name"]), (&json!("DELETED"), &json!("Ada's")));
    }
}

/// Who made a token, who rotated and who revoked it, and what it allowed; the secret is nowhere.
#[tokio::test]
async fn who_made_and_revoked_a_token_can_be_read_afterwards() {
    for server in fresh().await {
        let ask = async |query: &str, variables: Value| server.graphql(Role::Admin, query, variables).await.data();
        let create = "mutation { done: createToken(input: {actor: \"eve\", roles: [\"reader\"], reach: OWN}) { ... on TokenCreated { token tokenId } } }";
        let made = ask(create, Value::Null).await["done"].take();
        let rotate = "mutation($id: String!) { done: rotateToken(input: {tokenId: $id}) { ... on TokenRotated { token tokenId } } }";
        let next = ask(rotate, json!({ "id": made["tokenId"] })).await["done"].take();
        let revoke = "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { __typename } }";
        ask(revoke, json!({ "id": next["tokenId"] })).await;
        let events = async |id: &Value| {
            let query = "query($id: String!) { events(filter: {recordType: {eq: \"Token\"}, recordId: {eq: $id}}, orderBy: {field: ID}) { nodes {
                kind actor act recordVersion before after } } }";
            ask(query, json!({ "id": id })).await["events"]["nodes"].take()
        };
        let (first, second) = (events(&made["tokenId"]).await, events(&next["tokenId"]).await);
        let told = |events: &Value| -> Vec<Value> {
            let all = events.as_array().unwrap().iter();
            all.map(|event| json!([event["kind"], event["act"], event["actor"]])).collect()
        };
        let expected = |kind: &str, act: &str| json!([kind, act, Role::Admin.actor()]);
        assert_eq!(told(&first), [expected("CREATED", "createToken"), expected("UPDATED", "rotateToken")]);
        assert_eq!(told(&second), [expected("CREATED", "rotateToken"), expected("UPDATED", "revokeToken")]);
        let allowed = json!({ "actor": "eve", "roles": ["reader"], "scopes": ["read", "write", "act", "admin"], "reach": "own", "expiresAt": null });
        assert_eq!((&first[0]["after"], &second[0]["after"]), (&allowed, &allowed));
        assert!(first[1]["after"]["endsAt"].is_string() && second[1]["after"]["endsAt"].is_string());
        let all = format!("{first}{second}");
        assert!(!all.contains("gh_") && !all.contains("ash"), "{all}");
    }
}

/// An input type's fields: (name, kind of type, type, required).
pub type Inputs = BTreeMap<String, Vec<(String, String, String, bool)>>;

pub async fn inputs(server: &Server) -> (Inputs, BTreeMap<String, Vec<String>>) {
    let query = "{ __schema { types { name kind enumValues { name } inputFields { name type { kind name ofType { kind name } } } } } }";
    let schema = server.graphql(Role::Department, query, Value::Null).await.data();
    let (mut inputs, mut enums) = (Inputs::new(), BTreeMap::new());
    for ty in schema["__schema"]["types"].as_array().unwrap() {
        let name = ty["name"].as_str().unwrap().to_owned();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if let Some(fields) = ty["inputFields"].as_array() {
            let fields = fields.iter().map(|field| {
                let required = field["type"]["kind"] == "NON_NULL";
                let named = if required { &field["type"]["ofType"] } else { &field["type"] };
                (text(&field["name"]), text(&named["kind"]), text(&named["name"]), required)
            });
            inputs.insert(name, fields.collect());
        } else if let Some(values) = ty["enumValues"].as_array() {
            enums.insert(name, values.iter().map(|value| text(&value["name"])).collect());
        }
    }
    (inputs, enums)
}

/// A value that a field takes, by its name and type. References are filled in before.
fn sample(field: &str, ty: &str, enums: &BTreeMap<String, Vec<String>>) -> Value {
    match ty {
        "String" if field == "currency" => json!("EUR"),
        "String" if field == "email" => json!("ann@example.org"),
        "String" if field == "value" => json!("ann@example.org"),
        "String" => json!(format!("{field} {}", key())),
        "Int" => json!(1),
        "Boolean" => json!(true),
        "Decimal" => json!("1"),
        "Date" => json!("2026-11-22"),
        "DateTime" => json!("2026-11-22T12:00:00.000Z"),
        "JSON" => json!({}),
        _ => json!(enums[ty][0]),
    }
}

/// Makes a record of a type from what the schema alone says of it, and first what it refers to. Nothing if that leads to what
/// only Guildhall makes.
pub async fn sampled(
    server: &Server,
    object: &str,
    targets: &BTreeMap<(String, String), String>,
    schema: &(Inputs, BTreeMap<String, Vec<String>>),
) -> Option<String> {
    let mut values = Map::new();
    for (field, _, ty, required) in schema.0.get(&format!("{object}Values"))? {
        if !required {
            continue;
        }
        let value = match ty.as_str() {
            "ID" => {
                let target = &targets[&(object.to_owned(), field.clone())];
                json!(Box::pin(sampled(server, target, targets, schema)).await?)
            }
            ty => sample(field, ty, &schema.1),
        };
        values.insert(field.clone(), value);
    }
    Some(made(server, object, Value::Object(values)).await)
}

/// The type that a field of a type leads to.
pub async fn targets(server: &Server) -> BTreeMap<(String, String), String> {
    let query = "{ __schema { types { name fields { name type { kind name ofType { name } } } } } }";
    let types = server.graphql(Role::Department, query, Value::Null).await.data();
    let mut targets = BTreeMap::new();
    for ty in types["__schema"]["types"].as_array().unwrap() {
        for field in ty["fields"].as_array().into_iter().flatten() {
            let name = field["type"]["name"].as_str().or_else(|| field["type"]["ofType"]["name"].as_str());
            let key = (ty["name"].as_str().unwrap().to_owned(), field["name"].as_str().unwrap().to_owned());
            targets.insert(key, name.unwrap_or_default().to_owned());
        }
    }
    targets
}

/// Every type that is written is made, changed, deleted and brought back; what it is made of the schema alone says.
#[tokio::test]
async fn every_type_is_made_changed_deleted_and_brought_back() {
    for server in fresh().await {
        let server = Arc::new(server);
        let schema = inputs(&server).await;
        let targets = targets(&server).await;
        let written: Vec<String> =
            schema.0.keys().filter_map(|name| name.strip_suffix("Values").map(str::to_owned)).collect();
        assert!(written.len() > 15, "{written:?}");
        let mut unmade = Vec::new();
        for object in written {
            let Some(id) = sampled(&server, &object, &targets, &schema).await else {
                unmade.push(object);
                continue;
            };
            let result = format!("{object}Written");
            let changes = &schema.0[&format!("{object}Changes")];
            let text = changes.iter().find(|(name, _, ty, _)| ty == "String" && name == "externalId").unwrap();
            let change = json!({ "id": id, "version": 1, "set": { &text.0: "7" }, "idempotencyKey": key() });
            let done = write(&server, Role::Department, &format!("update{object}"), &result, change).await;
            assert_eq!((&done["outcome"], &done["version"]), (&json!("UPDATED"), &json!(2)), "{object}: {done}");
            let delete = json!({ "id": id, "version": 2, "idempotencyKey": key() });
            let done = write(&server, Role::Department, &format!("delete{object}"), &result, delete).await;
            assert_eq!(done["outcome"], "DELETED", "{object}: {done}");
            let restore = json!({ "id": id, "idempotencyKey": key() });
            let done = write(&server, Role::Department, &format!("restore{object}"), &result, restore).await;
            assert_eq!((&done["outcome"], &done["version"]), (&json!("RESTORED"), &json!(3)), "{object}: {done}");
        }
        // It is about a recorded decision.
        assert_eq!(unmade, ["Override"]);
    }
}
