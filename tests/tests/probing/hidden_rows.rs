//! Hidden rows: an actor who sees some customers tries to learn of the others, and of what belongs to them.

use std::collections::BTreeMap;

use guildhall_tests::{Role, Server, places};
use serde_json::{Value, json};

use super::{Type, ask, load, mia, types, upper};
use crate::rows::{FILES, SEEN_FILES};
use crate::writes::{Inputs, inputs, sampled, targets};

/// A role that reads whatever a role of a deployment's own can, of customers the actor owns, and writes all of it.
fn own_of_all(all: &[Type]) -> String {
    let mut file = String::from("[roles.own]\ndoc = \"Sees what is his.\"\nrows = [\"own\"]\n");
    for ty in all.iter().filter(|ty| {
        !["Event", "DeletedRecord", "ImportRun", "RoleDocument", "FieldDocument"].contains(&ty.name.as_str())
    }) {
        file += &format!("[roles.own.types.{}]\nread = \"all\"\n", ty.name);
        if WRITTEN.contains(&ty.name.as_str()) {
            file += "create = true\nupdate = \"all\"\ndelete = true\n";
        }
    }
    file
}

/// Whether records of a type are customers or belong to one, as far as the schema tells.
fn is_limited(all: &[Type], ty: &Type) -> bool {
    let whole = ["order", "invoice", "quote", "creditNote", "payment", "case", "customer", "decision"];
    ty.name == "Customer"
        || whole.iter().any(|relation| {
            let target = ty.fields.get(*relation).and_then(|target| all.iter().find(|ty| ty.name == *target));
            target
                .is_some_and(|target| target.name == "Customer" || (target.name != ty.name && is_limited(all, target)))
        })
}

/// Questions about all records of a type that follow from what the schema has of it.
fn questions(all: &[Type], ty: &Type) -> Vec<String> {
    let list = &ty.list;
    let mut all_of_it = Vec::new();
    let (mut sums, mut extremes, mut keys) = ("__typename ".to_owned(), "__typename ".to_owned(), Vec::new());
    for (field, of) in &ty.fields {
        let changes = ["createdAt", "updatedAt", "version", "id", "digest", "previousDigest", "sequence"]
            .contains(&field.as_str());
        match of.as_str() {
            _ if changes => {}
            // When and in how many steps the one server and the other were filled differs.
            "DateTime" => {}
            "String" | "Int" | "Boolean" | "Decimal" | "Date" => {
                all_of_it.push(field.clone());
                if of == "Int" || of == "Decimal" {
                    sums += &format!("{field} ");
                }
                if of != "String" && of != "Boolean" {
                    extremes += &format!("{field} ");
                }
                if ["String", "Int", "Boolean"].contains(&of.as_str()) {
                    keys.push(upper(field));
                }
            }
            "Money" => {
                all_of_it.push(format!("{field} {{ amount currency }}"));
                sums += &format!("{field} {{ amount }} ");
                extremes += &format!("{field} {{ amount }} ");
            }
            other if all.iter().any(|ty| ty.name == other) => {
                all_of_it.push(format!("{field} {{ __typename externalId }}"))
            }
            other if other.strip_suffix("Connection").is_some_and(|of| all.iter().any(|ty| ty.name == of)) => {
                all_of_it.push(format!("{field}(first: 5, orderBy: {{field: EXTERNAL_ID}}) {{ totalCount nodes {{ externalId }} }} {field}Aggregate {{ count }}"));
            }
            _ => {}
        }
    }
    let selected = all_of_it.join(" ");
    let mut questions = vec![
        format!(
            "{{ {list}(first: 50, orderBy: {{field: EXTERNAL_ID}}) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ {selected} }} }} }}"
        ),
        format!("{{ {list}(last: 1) {{ totalCount pageInfo {{ hasPreviousPage }} }} }}"),
        format!(
            "{{ {list}Aggregate {{ count sum {{ {sums} }} average {{ {sums} }} min {{ {extremes} }} max {{ {extremes} }} }} }}"
        ),
        format!("{{ {list}Aggregate(filter: {{not: {{externalId: {{eq: \"IM\"}}}}}}) {{ count }} }}"),
    ];
    for key in keys {
        questions.push(format!("{{ {list}Groups(by: [{{field: {key}}}]) {{ totalCount nodes {{ count }} }} }}"));
        questions.push(format!(
            "{{ {list}(orderBy: [{{field: {key}}}, {{field: EXTERNAL_ID}}]) {{ nodes {{ externalId }} }} }}"
        ));
        let found = key.chars().fold((String::new(), false), |(mut name, up), letter| match letter {
            '_' => (name, true),
            letter => {
                name.push(if up { letter } else { letter.to_ascii_lowercase() });
                (name, false)
            }
        });
        questions.push(format!("{{ {list}(filter: {{{}: {{isNull: false}}}}) {{ totalCount }} }}", found.0));
    }
    questions
}

/// The answer with its nodes in one order: records that are equal in what a list is ordered by stand by their ids, which differ.
fn in_one_order(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(in_one_order).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, in_one_order(value))).collect(),
        other => other,
    }
}

/// One server with everything, with records of every type that are nobody's, and one with what Mia sees alone: she cannot tell
/// them apart.
#[tokio::test]
async fn hidden_rows_are_as_if_they_were_not_there() {
    for (full, little) in places().await.into_iter().zip(places().await) {
        let mut servers = Vec::new();
        for (place, files) in [(full, &FILES), (little, &SEEN_FILES)] {
            load(&place, files);
            servers.push(Server::start(place));
        }
        let [full, little] = servers.as_slice() else { panic!("two were started") };
        let all = types(full, full.secret(Role::Admin)).await;
        let schema = inputs(full).await;
        let targets = targets(full).await;
        let mut hidden = Vec::new();
        for ty in &all {
            if schema.0.contains_key(&format!("{}Values", ty.name)) && is_limited(&all, ty) {
                hidden.extend(sampled(full, &ty.name, &targets, &schema).await.map(|id| (ty, id)));
            }
        }
        assert!(hidden.len() > 15, "{}", hidden.len());
        let mut secrets = Vec::new();
        for server in [full, little] {
            let file = server.place().file("roles.toml", own_of_all(&all));
            server.place().done(&["role", "set", &file.to_string_lossy()]);
            secrets.push(mia(server.place(), "own"));
        }
        for server in [full, little] {
            let secret = &secrets[usize::from(std::ptr::eq(server, little))];
            guildhall_tests::until(std::time::Duration::from_secs(20), async || {
                (ask(server, secret, "{ customers { totalCount } }", &Value::Null).await["data"]["customers"]["totalCount"] == 1).then_some(())
            })
            .await;
        }
        let served = types(full, &secrets[0]).await;
        for ty in served.iter().filter(|ty| is_limited(&served, ty)) {
            for question in questions(&served, ty) {
                let answer = ask(full, &secrets[0], &question, &Value::Null).await;
                assert_eq!(answer.get("errors"), None, "{question} {answer}");
                let other = ask(little, &secrets[1], &question, &Value::Null).await;
                assert_eq!(in_one_order(answer), in_one_order(other), "{question}");
            }
        }
        for text in ["", "m", "t", "o", "i", "n", "name"] {
            let search = format!(
                "{{ search(text: \"{text}\", first: 20) {{ __typename ... on Customer {{ name }} ... on Order {{ number }} }} }}"
            );
            let found = |answer: Value| -> Vec<Value> {
                let shared =
                    ["Product", "Campaign", "User", "Territory", "Team", "Segment", "Topic", "CreditGroup", "Supply"];
                let records = answer["data"]["search"].as_array().unwrap().clone();
                records.into_iter().filter(|record| !shared.contains(&record["__typename"].as_str().unwrap())).collect()
            };
            let answers = [
                ask(full, &secrets[0], &search, &Value::Null).await,
                ask(little, &secrets[1], &search, &Value::Null).await,
            ];
            let [all, some] = answers.map(found);
            assert_eq!(all, some, "{search}");
        }
        for (ty, id) in &hidden {
            check_hidden(full, &secrets[0], ty, id).await;
            check_bulk(full, &secrets[0], ty, id).await;
        }
        check_references(full, &secrets[0], &hidden, &schema.0, &targets).await;
        check_keys(full, &secrets[0]).await;
    }
}

/// What the role of [`own_of_all`] writes.
const WRITTEN: [&str; 6] = ["Customer", "Order", "Invoice", "Payment", "Note", "Task"];
const WHY: &str =
    "__typename ... on Refused { reasons { code message item } } ... on Invalid { problems { path code message } }";

/// The same in bulk: a hidden record among those that are seen is refused as one that there is not.
async fn check_bulk(server: &Server, secret: &str, ty: &Type, id: &str) {
    if !WRITTEN.contains(&ty.name.as_str()) {
        return;
    }
    let (prefix, _) = id.split_once('_').unwrap();
    let nobody = format!("{prefix}_0190000000007000800000000000dead");
    let many = ty.list[..1].to_uppercase() + &ty.list[1..];
    for (verb, input, item) in [
        ("update", format!("Update{many}Input"), json!({ "version": 1, "set": { "source": "x" } })),
        ("delete", "DeleteManyInput".to_owned(), json!({ "version": 1 })),
    ] {
        let document = format!("mutation($i: {input}!) {{ done: {verb}{many}(input: $i) {{ {WHY} }} }}");
        let mut answers = Vec::new();
        for id in [id, &nobody] {
            let mut item = item.clone();
            item["id"] = json!(id);
            let variables = json!({ "i": { "items": [item], "idempotencyKey": format!("bulk {verb} {id}") } });
            let answer = ask(server, secret, &document, &variables).await;
            assert_eq!(answer["data"]["done"]["reasons"][0]["code"], "NOT_FOUND", "{answer}");
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1], "{verb} {}", ty.name);
    }
}

/// A hidden record is referred to as little as one that there is not, by whatever is written, from whatever leads to its type.
async fn check_references(
    server: &Server,
    secret: &str,
    hidden: &[(&Type, String)],
    inputs: &Inputs,
    targets: &BTreeMap<(String, String), String>,
) {
    let mut tried = 0;
    for written in WRITTEN {
        for (field, _, of, _) in inputs.get(&format!("{written}Values")).unwrap() {
            let target = targets.get(&(written.to_owned(), field.clone()));
            let Some((_, id)) = hidden.iter().find(|(ty, _)| of == "ID" && Some(&ty.name) == target) else { continue };
            let (prefix, _) = id.split_once('_').unwrap();
            let nobody = format!("{prefix}_0190000000007000800000000000dead");
            let document =
                format!("mutation($i: Upsert{written}Input!) {{ done: upsert{written}(input: $i) {{ {WHY} }} }}");
            let mut answers = Vec::new();
            for id in [id, &nobody] {
                let input = json!({ "source": "p", "externalId": field, "set": { field: id }, "idempotencyKey": format!("ref {field} {id}") });
                let answer = ask(server, secret, &document, &json!({ "i": input })).await;
                let problems = answer["data"]["done"]["problems"].as_array().unwrap_or_else(|| panic!("{answer}"));
                let of_field = problems.iter().filter(|problem| problem["path"] == json!(["set", field]));
                assert_eq!(
                    of_field.map(|problem| &problem["code"]).collect::<Vec<_>>(),
                    ["UNKNOWN_RECORD"],
                    "{answer}"
                );
                answers.push(answer);
            }
            assert_eq!(answers[0], answers[1], "{written} {field}");
            tried += 1;
        }
    }
    assert!(tried >= 10, "{tried}");
}

/// That a key is taken cannot be hidden, since only one record may have it; whose record has it is. Who creates and who upserts is
/// answered the same, with whatever else is wrong told before, and the record stays as it is.
async fn check_keys(server: &Server, secret: &str) {
    let theirs = "{ customers(filter: {externalId: {eq: \"T\"}}) { nodes { id version name } } }";
    let before = server.query(theirs).await;
    let values = |more: Value| {
        let mut values = json!({ "name": "x", "kind": "PERSON", "currency": "EUR" });
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        values
    };
    let create = format!("mutation($i: CreateCustomerInput!) {{ done: createCustomer(input: $i) {{ {WHY} }} }}");
    let upsert = format!("mutation($i: UpsertCustomerInput!) {{ done: upsertCustomer(input: $i) {{ {WHY} }} }}");
    let bulk = format!("mutation($i: UpsertCustomersInput!) {{ done: upsertCustomers(input: $i) {{ {WHY} }} }}");
    let by = |set: Value| json!({ "source": "rows", "externalId": "T", "set": set });
    let with_key = |mut input: Value, key: &str| {
        input["idempotencyKey"] = json!(key);
        json!({ "i": input })
    };
    let created = with_key(json!({ "values": values(json!({ "source": "rows", "externalId": "T" })) }), "c");
    let created = ask(server, secret, &create, &created).await;
    assert_eq!(created["data"]["done"]["reasons"][0]["code"], "TAKEN", "{created}");
    let upserted = ask(server, secret, &upsert, &with_key(by(values(json!({}))), "u")).await;
    assert_eq!(upserted, created);
    let upserted = ask(server, secret, &bulk, &with_key(json!({ "items": [by(values(json!({})))] }), "b")).await;
    assert_eq!(upserted, created);
    // What a new record lacks is told first, as of a key that nobody has.
    let answers = ["T", "nobody's"].map(async |key| {
        let mut input = by(json!({ "phone": "1" }));
        input["externalId"] = json!(key);
        ask(server, secret, &upsert, &with_key(input, &format!("l {key}"))).await
    });
    let [hidden, free] = answers;
    let (hidden, free) = (hidden.await, free.await);
    assert_eq!(hidden, free);
    assert_eq!(hidden["data"]["done"]["__typename"], "Invalid", "{hidden}");
    assert_eq!(server.query(theirs).await, before);
}

/// Holds what is answered about a hidden record against what is answered about one that there is not.
async fn check_hidden(server: &Server, secret: &str, ty: &Type, id: &str) {
    let (prefix, _) = id.split_once('_').unwrap();
    let nobody = format!("{prefix}_0190000000007000800000000000dead");
    let (list, one, name) = (&ty.list, ty.one(), &ty.name);
    let mut answers = Vec::new();
    for id in [id, &nobody] {
        let read = format!(
            "query($id: ID!) {{ {one}(id: $id) {{ id }} node(id: $id) {{ id }} nodes(ids: [$id]) {{ id }} {list}(filter: {{id: {{eq: $id}}}}) {{ totalCount }} {list}Aggregate(filter: {{id: {{in: [$id]}}}}) {{ count }} }}"
        );
        let mut told = vec![ask(server, secret, &read, &json!({ "id": id })).await];
        if WRITTEN.contains(&name.as_str()) {
            let asked =
                "__typename ... on Refused { reasons { code message } } ... on Invalid { problems { code message } }";
            let update = format!(
                "mutation($id: ID!, $key: String!) {{ update{name}(input: {{id: $id, version: 1, set: {{source: \"x\"}}, idempotencyKey: $key}}) {{ {asked} }} }}"
            );
            let delete = format!(
                "mutation($id: ID!, $key: String!) {{ delete{name}(input: {{id: $id, version: 1, idempotencyKey: $key}}) {{ {asked} }} }}"
            );
            let restore = format!(
                "mutation($id: ID!, $key: String!) {{ restore{name}(input: {{id: $id, idempotencyKey: $key}}) {{ {asked} }} }}"
            );
            for (verb, document) in [("u", update), ("d", delete), ("r", restore)] {
                let answer = ask(server, secret, &document, &json!({ "id": id, "key": format!("{verb}{id}") })).await;
                let (_, done) = answer["data"].as_object().unwrap().iter().next().unwrap();
                assert_eq!(done["reasons"][0]["code"], "NOT_FOUND", "{name} {answer}");
                told.push(answer);
            }
        }
        if name == "Customer" {
            let note = "mutation($id: ID!, $key: String!) { createNote(input: {values: {customer: $id, body: \"b\"}, idempotencyKey: $key}) { ... on Invalid { problems { code message } } } }";
            let answer = ask(server, secret, note, &json!({ "id": id, "key": format!("n{id}") })).await;
            assert_eq!(answer["data"]["createNote"]["problems"][0]["code"], "UNKNOWN_RECORD", "{answer}");
            told.push(answer);
        }
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1], "{name}");
    assert_eq!(answers[0][0]["data"][&one], Value::Null, "{name}");
}
