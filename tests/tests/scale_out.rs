//! Several servers on one database: what one is told all know, and what was acknowledged survives the end of any of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use guildhall_tests::{Role, Server, codes, data, places, until};
use serde_json::{Value, json};

use crate::small;

const PATIENCE: Duration = Duration::from_secs(20);

/// Four servers on PostgreSQL, two on SQLite, whose file one machine has.
async fn houses() -> Vec<Vec<Server>> {
    let mut all = Vec::new();
    for place in places().await {
        small::company(&place);
        let place = Arc::new(place);
        let count = if place.is_postgres() { 4 } else { 2 };
        all.push((0..count).map(|_| Server::beside(&place)).collect());
    }
    all
}

/// Makes a customer under a key; nothing if the server could not answer.
async fn create(address: &str, secret: &str, key: &str) -> Option<String> {
    let query =
        "mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { ... on CustomerWritten { id } } }";
    let values = json!({ "name": key, "kind": "PERSON", "currency": "EUR", "industry": "scale" });
    let body = json!({ "query": query, "variables": { "input": { "values": values, "idempotencyKey": key } } });
    let request = reqwest::Client::new().post(format!("http://{address}/graphql")).bearer_auth(secret).json(&body);
    let answer: Value = request.send().await.ok()?.json().await.ok()?;
    answer["data"]["createCustomer"]["id"].as_str().map(str::to_owned)
}

/// Writers on all servers while one of them is killed: every acknowledged record is there, once, and a key whose answer was lost
/// is answered by another server.
#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    for mut servers in houses().await {
        let addresses: Vec<(String, String)> = servers
            .iter()
            .map(|server| (server.address().to_owned(), server.secret(Role::Department).to_owned()))
            .collect();
        let mut writers = tokio::task::JoinSet::new();
        let (acknowledged, mut told) = tokio::sync::mpsc::unbounded_channel();
        for (number, (address, secret)) in addresses.iter().cloned().enumerate() {
            // Several at once, so that something is under way whenever the server ends.
            for writer in 0..3 {
                let (address, secret) = (address.clone(), secret.clone());
                let acknowledged = acknowledged.clone();
                writers.spawn(async move {
                    let mut answers = BTreeMap::new();
                    for round in 0.. {
                        let key = format!("{number}-{writer}-{round}");
                        let id = create(&address, &secret, &key).await;
                        let cut = id.is_none();
                        answers.insert(key, id);
                        acknowledged.send((number, cut)).unwrap();
                        // Those of the server that is killed go on until they are cut off.
                        if cut || (number > 0 && round == 12) {
                            break;
                        }
                    }
                    answers
                });
            }
        }
        let mut written = 0;
        while written < 10 {
            let (number, cut) = told.recv().await.unwrap();
            assert!(!cut, "before the kill all is answered");
            written += usize::from(number == 0);
        }
        servers[0].kill();
        let mut answers = BTreeMap::new();
        while let Some(written) = writers.join_next().await {
            answers.extend(written.unwrap());
        }
        let lost: Vec<_> = answers.iter().filter(|(_, id)| id.is_none()).map(|(key, _)| key.clone()).collect();
        assert!(lost.len() == 3 && lost.iter().all(|key| key.starts_with("0-")), "{lost:?}");
        let (address, secret) = &addresses[1];
        // The writer of the killed server asks another one, under the same actor and keys.
        for key in lost {
            let id = create(address, secret, &key).await;
            assert!(id.is_some(), "{key}");
            answers.insert(key, id);
        }
        let query =
            "query($after: String) { customers(first: 250, after: $after, filter: {industry: {eq: \"scale\"}}) {
            nodes { id name } pageInfo { hasNextPage endCursor } } }";
        let (mut found, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = servers[1].graphql(Role::Department, query, json!({ "after": after })).await.data();
            found.extend(page["customers"]["nodes"].as_array().cloned().unwrap());
            if page["customers"]["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["customers"]["pageInfo"]["endCursor"].clone();
        }
        let found: BTreeSet<(String, String)> = found
            .iter()
            .map(|node| (node["name"].as_str().unwrap().to_owned(), node["id"].as_str().unwrap().to_owned()))
            .collect();
        let expected: BTreeSet<_> = answers.into_iter().map(|(key, id)| (key, id.unwrap())).collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn a_token_revoked_at_one_server_ends_at_all() {
    for servers in houses().await {
        let query = "mutation { createToken(input: {actor: \"gone\", roles: [\"reader\"]}) { ... on TokenCreated { token tokenId } } }";
        let made = servers[0].graphql(Role::Admin, query, Value::Null).await.data();
        let secret = made["createToken"]["token"].as_str().unwrap();
        let body = json!({ "query": "{ __typename }" });
        for server in &servers {
            assert_eq!(server.post(secret, &body).await.status, 200);
        }
        let query = "mutation($id: String!) { revokeToken(input: {tokenId: $id}) { ... on TokenRevoked { tokenId } } }";
        servers[0].graphql(Role::Admin, query, json!({ "id": made["createToken"]["tokenId"] })).await.data();
        for server in &servers {
            until(PATIENCE, async || (server.post(secret, &body).await.status == 401).then_some(())).await;
        }
    }
}

/// What a role lets do changes on every server, for those who have a token already.
#[tokio::test]
async fn a_role_changed_at_one_server_holds_at_all() {
    let document = |read: &str| {
        format!("[roles.desk]\ndoc = \"d\"\nrows = [\"all\"]\n[roles.desk.types.Customer]\nread = [{read}]\n")
    };
    for servers in houses().await {
        let set = async |read: &str, key: &str| {
            let query = "mutation($input: SetRolesInput!) { setRoles(input: $input) { __typename } }";
            let input = json!({ "document": document(read), "idempotencyKey": key });
            let done = servers[0].graphql(Role::Admin, query, json!({ "input": input })).await.data();
            assert_eq!(done["setRoles"]["__typename"], "RolesSet", "{done}");
        };
        set("\"name\", \"phone\"", "wide").await;
        let query =
            "mutation { createToken(input: {actor: \"dan\", roles: [\"desk\"]}) { ... on TokenCreated { token } } }";
        let made = servers[0].graphql(Role::Admin, query, Value::Null).await.data();
        let secret = made["createToken"]["token"].as_str().unwrap();
        let body = json!({ "query": "{ customers(first: 1) { nodes { phone } } }" });
        let answered = async |server: &Server, expected: u16| {
            until(PATIENCE, async || (server.post(secret, &body).await.status == expected).then_some(())).await;
        };
        for server in &servers {
            answered(server, 200).await;
        }
        set("\"name\"", "narrow").await;
        for server in &servers {
            answered(server, 400).await;
            assert_eq!(codes(&server.post(secret, &body).await.json()), ["VALIDATION_FAILED"]);
        }
    }
}

#[tokio::test]
async fn a_strategy_activated_at_one_server_decides_at_all() {
    for servers in houses().await {
        let document = std::fs::read_to_string(data("small/strategy.toml")).unwrap();
        let renamed = document.replacen("name = \"", "name = \"Second ", 1).replace("netDays = 14", "netDays = 13");
        let terms = "{ customers(first: 250) { nodes { creditTerms { parameters { name value } } } } }";
        let days = async |server: &Server| -> BTreeSet<String> {
            let decided = server.graphql(Role::Department, terms, Value::Null).await.data();
            let nodes = decided["customers"]["nodes"].as_array().unwrap().clone();
            let parameters =
                nodes.iter().flat_map(|node| node["creditTerms"]["parameters"].as_array().unwrap().clone());
            let days = parameters.filter(|parameter| parameter["name"] == "netDays");
            days.map(|parameter| parameter["value"].to_string()).collect()
        };
        let before = days(&servers[0]).await;
        let query = "mutation($input: ActivateStrategyInput!) { activateStrategy(input: $input) { ... on StrategyActivated { strategy { name } } } }";
        let input = json!({ "document": renamed, "idempotencyKey": "second" });
        let done = servers[0].graphql(Role::Admin, query, json!({ "input": input })).await.data();
        let name = done["activateStrategy"]["strategy"]["name"].clone();
        assert!(name.as_str().unwrap().starts_with("Second "), "{done}");
        let digest = servers[0].get(Role::Admin, "/metrics").await.text;
        let generation = |page: &str| {
            let line = page.lines().find(|line| line.starts_with("guildhall_generation ")).unwrap();
            line.rsplit(' ').next().unwrap().to_owned()
        };
        let wanted = generation(&digest);
        for server in &servers {
            let same = async || (generation(&server.get(Role::Admin, "/metrics").await.text) == wanted).then_some(());
            until(PATIENCE, same).await;
        }
        // The generation is the same, and so is what is decided: by the second strategy.
        let after = days(&servers[0]).await;
        assert_ne!(before, after);
        for server in &servers {
            assert_eq!(days(server).await, after);
        }
    }
}

/// The same version changed on all servers at once: one is done.
#[tokio::test]
async fn of_changes_on_all_servers_one_is_done() {
    for servers in houses().await {
        let secret = servers[0].secret(Role::Department);
        let id = create(servers[0].address(), secret, "raced").await.unwrap();
        let query = "mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { __typename
            ... on Refused { reasons { code } } } }";
        let mut tasks = tokio::task::JoinSet::new();
        for round in 0..24 {
            let server = &servers[round % servers.len()];
            let input = json!({ "id": id, "version": 1, "set": { "phone": round.to_string() }, "idempotencyKey": format!("race {round}") });
            let request = server
                .request(reqwest::Method::POST, "/graphql")
                .bearer_auth(server.secret(Role::Department))
                .json(&json!({ "query": query, "variables": { "input": input } }));
            tasks.spawn(async move { request.send().await.unwrap().json::<Value>().await.unwrap() });
        }
        let mut done = 0;
        while let Some(answer) = tasks.join_next().await {
            let result = answer.unwrap()["data"]["updateCustomer"].clone();
            match result["__typename"].as_str().unwrap() {
                "CustomerWritten" => done += 1,
                _ => assert_eq!(result["reasons"][0]["code"], "STALE_VERSION"),
            }
        }
        assert_eq!(done, 1);
    }
}
