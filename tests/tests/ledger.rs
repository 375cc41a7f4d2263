//! The ledger: what is recorded once stays as it was, each customer's decisions in a chain.

use guildhall_tests::{Answer, Role, Server, places, refusals};
use serde_json::{Value, json};

use crate::small::company;

const RECORD: &str = "mutation($point: String!, $customer: ID!, $request: JSON, $key: String!) { recordDecision(input: {point: $point, customer: $customer, request: $request, idempotencyKey: $key}) { ... on DecisionRecorded { decision { id sequence digest previousDigest point recordedBy verdict request fallback explanation parameters bounds strategy { number } customer { externalId } } } ... on Invalid { problems { path code message } } ... on Refused { reasons { code message } } } }";

pub async fn servers() -> Vec<Server> {
    let prepared = |place| {
        company(&place);
        Server::start(place)
    };
    places().await.into_iter().map(prepared).collect()
}

pub async fn customer(server: &Server, key: &str) -> String {
    let found =
        server.query(&format!("{{ customers(filter: {{externalId: {{eq: \"{key}\"}}}}) {{ nodes {{ id }} }} }}")).await;
    found["customers"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

pub async fn record(server: &Server, point: &str, customer: &str, request: Value, key: &str) -> Answer {
    let variables = json!({ "point": point, "customer": customer, "request": request, "key": key });
    server.graphql(Role::Department, RECORD, variables).await
}

#[tokio::test]
async fn a_recorded_decision_is_found_by_its_id() {
    for server in servers().await {
        let customer = customer(&server, "K02").await;
        let recorded =
            record(&server, "credit.terms", &customer, Value::Null, "1").await.data()["recordDecision"]["decision"]
                .take();
        assert_eq!(
            (&recorded["recordedBy"], &recorded["verdict"]["netDays"], &recorded["strategy"]["number"]),
            (&json!("dora"), &json!(60), &json!(1)),
            "{recorded}"
        );
        assert_eq!(recorded["bounds"][0]["rule"], "GR2");
        let query = "query($id: ID!) { decision(id: $id) { id sequence digest previousDigest point recordedBy verdict request fallback explanation parameters bounds strategy { number } customer { externalId } } }";
        let found = server.graphql(Role::Department, query, json!({ "id": recorded["id"] })).await.data();
        assert_eq!(found["decision"], recorded);
    }
}

#[tokio::test]
async fn a_recorded_decision_says_what_the_strategy_changed() {
    for server in servers().await {
        let customer = customer(&server, "K02").await;
        let recorded =
            record(&server, "credit.terms", &customer, Value::Null, "1").await.data()["recordDecision"]["decision"]
                .take();
        assert!(
            recorded["explanation"].to_string().contains("Without the strategy finance would give netDays 30"),
            "{recorded}"
        );
    }
}

#[tokio::test]
async fn a_recorded_decision_has_words_for_the_business_and_for_the_customer() {
    for server in servers().await {
        let customer = customer(&server, "K02").await;
        record(&server, "credit.terms", &customer, Value::Null, "1").await.data();
        let query = "{ decisions { nodes { explanation customerExplanation proposals versions } } customers(filter: {externalId: {eq: \"K02\"}}) { nodes { creditTerms { explanation customerExplanation } } } }";
        let found = server.query(query).await;
        let (recorded, read) = (&found["decisions"]["nodes"][0], &found["customers"]["nodes"][0]["creditTerms"]);
        let told = json!([
            "Your contract until 2099-12-31 says net days 90.",
            "Net days is 60 instead, because one of our rules, which nobody lifts, allows no other.",
            "Our answer is net days 60, discount 0 and discount days 0.",
            "One of our rules limits net days to 60."
        ]);
        assert_eq!((&recorded["customerExplanation"], &read["customerExplanation"]), (&told, &told), "{found}");
        // What the departments would do by themselves is worked out for the record alone.
        let business = recorded["explanation"].as_array().unwrap();
        let (last, rest) = business.split_last().unwrap();
        assert!(last.as_str().unwrap().starts_with("Without the strategy finance would give"), "{found}");
        assert_eq!(read["explanation"].as_array().unwrap(), rest);
        let by_default = &recorded["proposals"]["byDefault"][0];
        assert_eq!((&by_default["plugin"], &by_default["output"]["netDays"]), (&json!("credit-rules"), &json!(30)));
        assert!(by_default["fuel"].as_u64().unwrap() > 0 && !by_default["reasons"].as_array().unwrap().is_empty());
        assert_eq!(recorded["versions"]["plugins"][0]["digest"], by_default["digest"]);
    }
}

#[tokio::test]
async fn decisions_of_a_customer_form_a_chain() {
    for server in servers().await {
        let (one, other) = (customer(&server, "K01").await, customer(&server, "K02").await);
        let amount = json!({ "amount": "12.5" });
        let first =
            record(&server, "credit.terms", &one, Value::Null, "1").await.data()["recordDecision"]["decision"].take();
        let second =
            record(&server, "credit.check", &one, amount, "2").await.data()["recordDecision"]["decision"].take();
        let others =
            record(&server, "credit.terms", &other, Value::Null, "3").await.data()["recordDecision"]["decision"].take();
        assert_eq!((&first["sequence"], &first["previousDigest"]), (&json!(1), &Value::Null));
        assert_eq!(
            (&second["sequence"], &second["previousDigest"], &second["request"]),
            (&json!(2), &first["digest"], &json!({ "amount": "12.5", "neededOn": null }))
        );
        assert_eq!((&others["sequence"], &others["previousDigest"]), (&json!(1), &Value::Null));
    }
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer() {
    for server in servers().await {
        let customer = customer(&server, "K01").await;
        let first = record(&server, "credit.terms", &customer, Value::Null, "same").await;
        let again = record(&server, "credit.terms", &customer, Value::Null, "same").await;
        assert_eq!(first.data(), again.data());
        assert_eq!(server.query("{ decisions { totalCount } }").await["decisions"]["totalCount"], 1);
    }
}

#[tokio::test]
async fn the_same_key_for_something_else_is_refused() {
    for server in servers().await {
        let (one, other) = (customer(&server, "K01").await, customer(&server, "K02").await);
        record(&server, "credit.terms", &one, Value::Null, "same").await.data();
        let answer = record(&server, "credit.terms", &other, Value::Null, "same").await.json();
        assert_eq!(refusals(&answer), ["KEY_REUSED"], "{answer}");
    }
}

#[tokio::test]
async fn the_same_key_at_once_is_done_once() {
    for server in servers().await {
        let customer = customer(&server, "K01").await;
        let ask = || record(&server, "credit.terms", &customer, Value::Null, "race");
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        let a = a.data();
        assert_eq!((&a, &a), (&b.data(), &c.data()));
        assert_eq!(server.query("{ decisions { totalCount } }").await["decisions"]["totalCount"], 1);
    }
}

#[tokio::test]
async fn decisions_recorded_at_once_form_one_chain() {
    for server in servers().await {
        let customer = customer(&server, "K01").await;
        let ask = |key: &'static str| record(&server, "credit.terms", &customer, Value::Null, key);
        let (a, b, c, d) = tokio::join!(ask("1"), ask("2"), ask("3"), ask("4"));
        for answer in [a, b, c, d] {
            answer.data();
        }
        let chain = server
            .query("{ decisions(orderBy: {field: SEQUENCE}) { nodes { sequence digest previousDigest } } }")
            .await;
        let nodes = chain["decisions"]["nodes"].as_array().unwrap();
        let mut previous = Value::Null;
        for (node, sequence) in nodes.iter().zip(1..) {
            assert_eq!((&node["sequence"], &node["previousDigest"]), (&json!(sequence), &previous), "{chain}");
            previous = node["digest"].clone();
        }
        assert_eq!(nodes.len(), 4);
    }
}

#[tokio::test]
async fn what_cannot_be_decided_is_told_and_not_recorded() {
    for server in servers().await {
        let known = customer(&server, "K01").await;
        let unknown = format!("cus_{}", "0".repeat(32));
        let cases = [
            ("credit.gift", known.as_str(), Value::Null, "1", Some("point"), "there are"),
            ("credit.terms", unknown.as_str(), Value::Null, "1", None, "no such customer"),
            ("credit.terms", "K01", Value::Null, "1", Some("customer"), "not an id"),
            ("credit.check", known.as_str(), Value::Null, "1", Some("request"), "amount"),
            ("credit.check", known.as_str(), json!({ "amount": "much" }), "1", Some("request"), "amount"),
            ("credit.check", known.as_str(), json!({ "amount": "1", "more": 1 }), "1", Some("request"), "more"),
            ("credit.terms", known.as_str(), Value::Null, "", Some("idempotencyKey"), "key"),
        ];
        for (point, customer, request, key, place, told) in cases {
            let answer = record(&server, point, customer, request, key).await.json();
            assert_eq!(refusals(&answer), [if place.is_some() { "MALFORMED" } else { "NOT_FOUND" }], "{answer}");
            let result = &answer["data"]["recordDecision"];
            let one = if place.is_some() { &result["problems"][0] } else { &result["reasons"][0] };
            assert_eq!(one["path"], place.map_or(Value::Null, |place| json!([place])), "{answer}");
            assert!(one["message"].as_str().unwrap().contains(told), "{told}: {answer}");
        }
        assert_eq!(server.query("{ decisions { totalCount } }").await["decisions"]["totalCount"], 0);
    }
}
