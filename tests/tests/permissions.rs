//! Permissions: what a role may not read or do is not there for it; who has no token is nobody.

use std::time::Duration;

use guildhall_tests::{Role, Server, codes, places, refusals, until};
use reqwest::Method;
use serde_json::{Value, json};

use crate::small::{customers, servers};

/// Whether a role's request is refused because the schema it is served does not have it; the message tells nothing either.
async fn check_absent(role: Role, query: &str, secrets: &[&str]) {
    for server in servers().await.iter() {
        let answer = server.graphql(role, query, Value::Null).await;
        let body = answer.json();
        assert_eq!(codes(&body).first().map(String::as_str), Some("VALIDATION_FAILED"), "{query}: {body}");
        assert_eq!(body.get("data"), None);
        // What the client wrote may come back, but no more.
        for secret in secrets {
            assert!(!answer.text.contains(secret), "{query}: {body}");
        }
    }
}

#[tokio::test]
async fn a_reader_selects_no_margin() {
    check_absent(Role::Reader, "{ customers { nodes { margin12 } } }", &["margin12m"]).await;
    check_absent(Role::Reader, "{ customers { nodes { margin12m { amount } } } }", &["revenue12m"]).await;
}

#[tokio::test]
async fn a_reader_selects_no_credit() {
    check_absent(Role::Reader, "{ customers { nodes { creditAccoun { id } } } }", &["creditAccount"]).await;
    check_absent(Role::Reader, "{ creditAccounts { totalCount } }", &[]).await;
    check_absent(Role::Reader, "{ node(id: \"x\") { ... on CreditAccount { id } } }", &[]).await;
    check_absent(Role::Reader, "{ customers { nodes { creditTerm { netDays } } } }", &["creditTerms"]).await;
    check_absent(Role::Reader, "{ customers { nodes { creditTerms { netDays } } } }", &[]).await;
    check_absent(Role::Reader, "{ customers { nodes { creditCheck(request: {amount: \"1\"}) { outcome } } } }", &[])
        .await;
}

#[tokio::test]
async fn a_reader_filters_by_nothing_hidden() {
    check_absent(Role::Reader, "{ customers(filter: {margin12m: {gt: \"0\"}}) { totalCount } }", &[]).await;
    check_absent(Role::Reader, "{ customers(filter: {creditAccount: {onHold: {eq: true}}}) { totalCount } }", &[])
        .await;
    check_absent(Role::Reader, "{ orders(filter: {customer: {openAmount: {gt: \"0\"}}}) { totalCount } }", &[]).await;
    check_absent(Role::Reader, "{ products(filter: {unitCost: {lt: \"1\"}}) { totalCount } }", &[]).await;
}

#[tokio::test]
async fn a_reader_filters_by_nothing_hidden_in_variables_either() {
    let query = "query($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }";
    for server in servers().await.iter() {
        let answer =
            server.graphql(Role::Reader, query, json!({ "filter": { "margin12m": { "gt": "0" } } })).await.json();
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
    }
}

#[tokio::test]
async fn a_reader_orders_by_nothing_hidden() {
    check_absent(Role::Reader, "{ customers(orderBy: {field: MARGIN12M}) { totalCount } }", &[]).await;
    check_absent(Role::Reader, "{ customers(orderBy: {field: OPEN_AMOUN}) { totalCount } }", &["OPEN_AMOUNT"]).await;
}

#[tokio::test]
async fn a_readers_schema_has_nothing_hidden() {
    for server in servers().await.iter() {
        let sdl = server.get(Role::Reader, "/schema.graphql").await.text;
        let types = server
            .graphql(
                Role::Reader,
                "{ __schema { types { name fields { name } inputFields { name } enumValues { name } } } }",
                Value::Null,
            )
            .await
            .text;
        for hidden in [
            "margin12m",
            "MARGIN12M",
            "openAmount",
            "unitCost",
            "CreditAccount",
            "creditTerms",
            "CreditTerms",
            "creditCheck",
            "CreditOutcome",
            "Strategy",
            "Plugin",
            "evidence",
            "recordDecision",
            "Mutation",
            "DecisionParameter",
        ] {
            assert!(!sdl.contains(hidden), "the SDL has {hidden}");
            assert!(!types.contains(hidden), "introspection has {hidden}");
        }
        assert!(sdl.contains("revenue12m") && types.contains("revenue12m"));
    }
}

#[tokio::test]
async fn a_hidden_record_is_not_found_by_its_id() {
    for server in servers().await.iter() {
        let id =
            server.query("{ creditAccounts(first: 1) { nodes { id } } }").await["creditAccounts"]["nodes"][0]["id"]
                .clone();
        let answer = server
            .graphql(Role::Reader, "query($id: ID!) { node(id: $id) { id __typename } }", json!({ "id": id }))
            .await
            .data();
        assert_eq!(answer, json!({ "node": null }));
    }
}

#[tokio::test]
async fn plans_of_one_role_do_not_serve_another() {
    let query = "query($id: ID!) { node(id: $id) { id } }";
    for server in servers().await.iter() {
        let id =
            server.query("{ creditAccounts(first: 1) { nodes { id } } }").await["creditAccounts"]["nodes"][0]["id"]
                .clone();
        for (role, found) in
            [(Role::Admin, true), (Role::Reader, false), (Role::Department, true), (Role::Reader, false)]
        {
            let data = server.graphql(role, query, json!({ "id": id })).await.data();
            assert_eq!(!data["node"].is_null(), found, "{role:?}");
        }
    }
}

#[tokio::test]
async fn a_department_reads_the_business_and_manages_nothing() {
    for server in servers().await.iter() {
        let data = server
            .graphql(
                Role::Department,
                "{ customers(first: 1) { nodes { margin12m { amount } creditTerms { netDays } } } }",
                Value::Null,
            )
            .await
            .data();
        assert!(data["customers"]["nodes"][0]["creditTerms"]["netDays"].is_i64());
        let sdl = server.get(Role::Department, "/schema.graphql").await.text;
        assert!(sdl.contains("recordDecision"));
        for act in [
            "createToken",
            "revokeToken",
            "installPlugin",
            "uninstallPlugin",
            "activateStrategy",
            "simulateStrategy",
            "TokenScope",
            "setRoles",
            "RoleDocument",
            "setFields",
            "FieldDocument",
        ] {
            assert!(!sdl.contains(act), "{act}");
        }
    }
    check_absent(
        Role::Department,
        "mutation { createToken(input: {actor: \"eve\", roles: [\"admin\"]}) { __typename } }",
        &[],
    )
    .await;
    check_absent(Role::Department, "mutation { createToke { __typename } }", &["createToken"]).await;
}

#[tokio::test]
async fn a_department_sends_no_packages() {
    for server in servers().await.iter() {
        let request =
            server.request(Method::POST, "/packages").bearer_auth(server.secret(Role::Department)).body("no package");
        let answer = server.send(request).await;
        assert_eq!((answer.status, codes(&answer.json())), (403, vec!["REFUSED".to_owned()]));
        // Nor is it told what one would mean.
        let answer = server.get(Role::Department, &format!("/packages/{}", "0".repeat(64))).await;
        assert_eq!((answer.status, codes(&answer.json())), (403, vec!["REFUSED".to_owned()]));
    }
}

async fn check_unauthenticated(server: &Server, request: reqwest::RequestBuilder) {
    let answer = server.send(request).await;
    assert_eq!((answer.status, codes(&answer.json())), (401, vec!["UNAUTHENTICATED".to_owned()]), "{}", answer.text);
}

#[tokio::test]
async fn without_a_token_nothing_is_told() {
    let body = json!({ "query": "{ __typename }" });
    for server in servers().await.iter() {
        check_unauthenticated(server, server.request(Method::POST, "/graphql").json(&body)).await;
        check_unauthenticated(server, server.request(Method::GET, "/graphql?query=%7B__typename%7D")).await;
        check_unauthenticated(server, server.request(Method::GET, "/schema.graphql")).await;
        check_unauthenticated(server, server.request(Method::POST, "/packages").body("x")).await;
    }
}

#[tokio::test]
async fn a_wrong_token_is_no_token() {
    let body = json!({ "query": "{ __typename }" });
    for server in servers().await.iter() {
        let right = server.secret(Role::Admin);
        for wrong in ["gh_wrong", "", &right[..right.len() - 1], &right.to_uppercase(), "ü"] {
            check_unauthenticated(server, server.request(Method::POST, "/graphql").bearer_auth(wrong).json(&body))
                .await;
        }
        let basic =
            server.request(Method::POST, "/graphql").header("authorization", format!("Basic {right}")).json(&body);
        check_unauthenticated(server, basic).await;
    }
}

#[tokio::test]
async fn who_is_nobody_is_told_how_to_become_somebody() {
    for server in servers().await.iter() {
        let response =
            server.request(Method::POST, "/graphql").json(&json!({ "query": "{ __typename }" })).send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        assert!(response.text().await.unwrap().contains("guildhall token create"));
    }
}

#[tokio::test]
async fn a_revoked_token_ceases_to_hold_within_two_seconds() {
    for place in places().await {
        customers(&place);
        let server = Server::start(place);
        let made = server
            .graphql(
                Role::Admin,
                "mutation { createToken(input: {actor: \"eve\", roles: [\"reader\"]}) { ... on TokenCreated { tokenId token } } }",
                Value::Null,
            )
            .await
            .data();
        let (id, secret) =
            (made["createToken"]["tokenId"].as_str().unwrap(), made["createToken"]["token"].as_str().unwrap());
        let body = json!({ "query": "{ customers { totalCount } }" });
        assert_eq!(server.post(secret, &body).await.status, 200);
        server.place().done(&["token", "revoke", id]);
        until(Duration::from_millis(2_300), async || (server.post(secret, &body).await.status == 401).then_some(()))
            .await;
        let again = server
            .graphql(
                Role::Admin,
                "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { ... on Refused { reasons { code } } } }",
                json!({ "id": id }),
            )
            .await
            .json();
        assert_eq!(refusals(&again), ["NOT_FOUND"]);
    }
}

#[tokio::test]
async fn a_token_revoked_through_the_api_ceases_to_hold_at_once() {
    for place in places().await {
        let server = Server::start(place);
        let create = "mutation { createToken(input: {actor: \"eve\", roles: [\"reader\"]}) { ... on TokenCreated { tokenId token } } }";
        let made = server.query(create).await["createToken"].take();
        let body = json!({ "query": "{ __typename }" });
        let secret = made["token"].as_str().unwrap();
        assert_eq!(server.post(secret, &body).await.status, 200);
        let revoke = "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { __typename } }";
        server.graphql(Role::Admin, revoke, json!({ "id": made["tokenId"] })).await.data();
        assert_eq!(server.post(secret, &body).await.status, 401);
    }
}

#[tokio::test]
async fn an_expired_token_is_no_token() {
    for place in places().await {
        customers(&place);
        let server = Server::start(place);
        let soon = chrono::Utc::now() + chrono::Duration::milliseconds(900);
        let expires = soon.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let secret = server.place().done(&["token", "create", "eve", "--role", "reader", "--expires", &expires]);
        let body = json!({ "query": "{ customers { totalCount } }" });
        let ask = async || server.post(secret.trim(), &body).await.status;
        until(Duration::from_secs(4), async || (ask().await == 401).then_some(())).await;
        assert!(chrono::Utc::now() >= soon);
    }
}

#[tokio::test]
async fn a_tokens_secret_is_kept_nowhere() {
    let place = guildhall_tests::sqlite_place();
    let secret = place.token("eve", Role::Reader);
    let bytes = std::fs::read(place.url().trim_start_matches("sqlite:")).unwrap();
    let kept = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
    assert!(!kept && !place.done(&["token", "list", "--json"]).contains(&secret));
}
