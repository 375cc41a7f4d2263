//! What a mutation comes to when the answer is no: a member of its result, of the same form for every mutation.

use guildhall_tests::{Role, Server, places};
use serde_json::{Value, json};

async fn servers() -> Vec<Server> {
    places().await.into_iter().map(Server::start).collect()
}

/// Every mutation's result has the same two members for a no.
#[tokio::test]
async fn every_mutation_is_refused_in_one_form() {
    for server in servers().await {
        let query =
            "{ __type(name: \"Mutation\") { fields { name type { kind ofType { kind possibleTypes { name } } } } } }";
        let told = server.query(query).await;
        let fields = told["__type"]["fields"].as_array().unwrap();
        assert!(fields.len() > 300, "{}", fields.len());
        for field in fields {
            let result = &field["type"]["ofType"];
            let members: Vec<_> =
                result["possibleTypes"].as_array().unwrap().iter().map(|ty| ty["name"].as_str().unwrap()).collect();
            let refusals = members.iter().filter(|name| ["Invalid", "Refused"].contains(name)).count();
            assert_eq!((&field["type"]["kind"], &result["kind"]), (&json!("NON_NULL"), &json!("UNION")), "{field}");
            // An order is placed or held, a strategy in force or to be so: none of it is a no.
            let both = ["placeOrder", "activateStrategy"].iter().any(|name| field["name"] == *name);
            let answers = if both { 2 } else { 1 };
            assert_eq!((members.len() - refusals, refusals), (answers, 2), "{field}");
        }
    }
}

/// Sends an act with `input`; `expected` is what its result has.
async fn check(server: &Server, act: &str, input: Value, expected: Value) {
    let ty = act[..1].to_uppercase() + &act[1..];
    let query = format!(
        "mutation($input: {ty}Input!) {{ done: {act}(input: $input) {{ __typename \
         ... on Invalid {{ problems {{ path code }} }} ... on Refused {{ reasons {{ code item }} }} }} }}"
    );
    let done = server.graphql(Role::Admin, &query, json!({ "input": input })).await.data()["done"].take();
    assert_eq!(done, expected, "{act} {input}");
}

fn invalid(path: &[&str]) -> Value {
    json!({ "__typename": "Invalid", "problems": [{ "path": path, "code": "MALFORMED" }] })
}

fn refused(code: &str) -> Value {
    json!({ "__typename": "Refused", "reasons": [{ "code": code, "item": null }] })
}

#[tokio::test]
async fn what_is_wrong_with_an_act_is_told_with_its_place() {
    let long = "k".repeat(201);
    for server in servers().await {
        let cases = [
            ("createToken", json!({ "actor": "eve", "roles": [] }), &["roles"][..]),
            ("createToken", json!({ "actor": "eve", "roles": ["nobody"] }), &["roles"]),
            ("createToken", json!({ "actor": " ", "roles": ["reader"] }), &["actor"]),
            ("createToken", json!({ "actor": "eve", "roles": ["reader"], "scopes": [] }), &["scopes"]),
            ("createToken", json!({ "actor": "eve", "roles": ["admin"], "reach": "OWN" }), &["reach"]),
            ("createToken", json!({ "actor": "eve", "roles": ["reader"], "territory": "North" }), &["territory"]),
            (
                "createToken",
                json!({ "actor": "eve", "roles": ["reader"], "expiresAt": "2001-01-01T00:00:00.000Z" }),
                &["expiresAt"],
            ),
            ("rotateToken", json!({ "tokenId": "x" }), &["tokenId"]),
            ("rotateToken", json!({ "tokenId": "x", "graceSeconds": -1 }), &["graceSeconds"]),
            ("revokeToken", json!({ "tokenId": "x" }), &["tokenId"]),
            ("installPlugin", json!({ "digest": "\u{0}", "approve": [], "idempotencyKey": "k" }), &["digest"]),
            ("cancelImport", json!({ "id": "x", "idempotencyKey": "k" }), &["id"]),
            ("resumeImport", json!({ "id": "cus_1", "idempotencyKey": "k" }), &["id"]),
            ("startImport", json!({ "mapping": "", "files": [], "idempotencyKey": "" }), &["idempotencyKey"]),
            ("setRoles", json!({ "document": "[roles]\n", "idempotencyKey": long }), &["idempotencyKey"]),
            ("setFields", json!({ "document": "[fields]\n", "idempotencyKey": long }), &["idempotencyKey"]),
            ("activateStrategy", json!({ "document": "x", "idempotencyKey": "k" }), &["document"]),
            ("updateCustomer", json!({ "id": "x", "version": 1, "set": {}, "idempotencyKey": "k" }), &["id"]),
            (
                "upsertCustomer",
                json!({ "source": "s", "externalId": "1", "set": {}, "idempotencyKey": "" }),
                &["idempotencyKey"],
            ),
        ];
        for (act, input, path) in cases {
            check(&server, act, input, invalid(path)).await;
        }
        let missing = "01900000-0000-7000-8000-000000000001";
        check(&server, "rotateToken", json!({ "tokenId": missing }), refused("NOT_FOUND")).await;
        check(&server, "revokeToken", json!({ "tokenId": missing }), refused("NOT_FOUND")).await;
        let gone = format!("imp_{}", missing.replace('-', ""));
        check(&server, "cancelImport", json!({ "id": gone, "idempotencyKey": "k" }), refused("NOT_FOUND")).await;
    }
}

#[tokio::test]
async fn every_record_of_a_bad_id_is_told_at_once() {
    for server in servers().await {
        let query = "mutation($input: RestoreManyInput!) { restoreCustomers(input: $input) { ... on Invalid { problems { path code } } } }";
        let input = json!({ "ids": ["x", "ord_1"], "idempotencyKey": "k" });
        let answer = server.graphql(Role::Admin, query, json!({ "input": input })).await.data();
        let told =
            json!([{ "path": ["ids", "0"], "code": "MALFORMED" }, { "path": ["ids", "1"], "code": "MALFORMED" }]);
        assert_eq!(answer["restoreCustomers"]["problems"], told);
    }
}

/// Without a strategy nothing is decided, and that is an answer, no failure.
#[tokio::test]
async fn without_a_strategy_no_decision_is_recorded() {
    for server in servers().await {
        let create = "mutation { createCustomer(input: {values: {name: \"a\", kind: PERSON, currency: \"EUR\"}, idempotencyKey: \"c\"}) { ... on CustomerWritten { id } } }";
        let id = server.query(create).await["createCustomer"]["id"].take();
        let input = json!({ "point": "credit.terms", "customer": id, "idempotencyKey": "k" });
        check(&server, "recordDecision", input, refused("NO_ACTIVE_STRATEGY")).await;
    }
}
