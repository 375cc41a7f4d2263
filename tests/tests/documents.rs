//! Documents: what GraphQL lets a client write, and what comes back.

use guildhall_tests::{Role, Server, codes, normalised};
use reqwest::Method;
use serde_json::{Value, json};

use crate::small::{column, rows, rows_of, servers, sorted};

/// Sends a query to each database, compares the answers with each other, and gives the data.
async fn data(query: &str, variables: Value) -> Value {
    let servers = servers().await;
    let mut answers = Vec::new();
    for server in servers.iter() {
        let answer = server.graphql(Role::Admin, query, variables.clone()).await;
        answers.push((normalised(&answer.text), answer.data()));
    }
    let (first, data) = answers.remove(0);
    for (other, _) in answers {
        assert_eq!(first, other);
    }
    data
}

async fn id_of(server: &Server, key: &str) -> String {
    let found =
        server.query(&format!("{{ customers(filter: {{externalId: {{eq: \"{key}\"}}}}) {{ nodes {{ id }} }} }}")).await;
    found["customers"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn aliases_name_the_answer() {
    let long = format!("a{}", "_long".repeat(14));
    assert!(long.len() > 63);
    let data = data(
        &format!("{{ {long}: customers(first: 1) {{ {long}2: nodes {{ {long}: __typename {long}2: currency }} }} }}"),
        Value::Null,
    )
    .await;
    assert_eq!(data, json!({ &long: { format!("{long}2"): [{ &long: "Customer", format!("{long}2"): "EUR" }] } }));
}

#[tokio::test]
async fn names_that_sql_cuts_alike_stay_apart() {
    let stem = "x".repeat(63);
    let data = data(
        &format!("{{ customers(first: 1) {{ nodes {{ {stem}a: currency {stem}b: __typename }} }} }}"),
        Value::Null,
    )
    .await;
    assert_eq!(data["customers"]["nodes"][0], json!({ format!("{stem}a"): "EUR", format!("{stem}b"): "Customer" }));
}

#[tokio::test]
async fn fragments_are_merged_in_the_order_of_their_fields() {
    let servers = servers().await;
    let query = "{ customers(first: 1, orderBy: {field: EXTERNAL_ID}) { nodes { ...A externalId ...B ... on Node { __typename } ... { kind } } } } fragment A on Customer { name orders(first: 1) { totalCount } } fragment B on Customer { currency ...C } fragment C on Customer { orders(first: 1) { nodes { __typename } } name }";
    for server in servers.iter() {
        let answer = server.graphql(Role::Admin, query, Value::Null).await;
        let count = rows_of("orders.csv", "customer", "K01").len();
        let expected = format!(
            "{{\"data\":{{\"customers\":{{\"nodes\":[{{\"name\":\"Zebra Foods\",\"orders\":{{\"totalCount\":{count},\"nodes\":[{{\"__typename\":\"Order\"}}]}},\"externalId\":\"K01\",\"currency\":\"EUR\",\"__typename\":\"Customer\",\"kind\":\"ORGANIZATION\"}}]}}}}}}"
        );
        assert_eq!(answer.text, expected);
    }
}

#[tokio::test]
async fn skip_and_include_follow_their_variables() {
    let query = "query($yes: Boolean!, $no: Boolean = false) { customers(first: 1, orderBy: {field: EXTERNAL_ID}) { nodes { a: externalId @include(if: $yes) b: externalId @include(if: $no) c: externalId @skip(if: $yes) d: externalId @skip(if: $no) ... @include(if: $no) { e: externalId } ... on Customer @skip(if: $no) { f: externalId } ...G @include(if: $yes) } } } fragment G on Customer { g: externalId @skip(if: false) h: externalId @skip(if: true) }";
    let yes = data(query, json!({ "yes": true })).await;
    assert_eq!(yes["customers"]["nodes"][0], json!({ "a": "K01", "d": "K01", "f": "K01", "g": "K01" }));
    let no = data(query, json!({ "yes": false, "no": true })).await;
    assert_eq!(no["customers"]["nodes"][0], json!({ "b": "K01", "c": "K01", "e": "K01" }));
}

#[tokio::test]
async fn an_object_may_select_nothing_that_is_stored() {
    let data = data("query($no: Boolean = false) { __typename customers(first: 1) { __typename nodes { __typename name @include(if: $no) orders(first: 1) { __typename pageInfo { __typename } } } } }", Value::Null).await;
    let expected = json!({ "__typename": "Query", "customers": { "__typename": "CustomerConnection", "nodes": [{ "__typename": "Customer", "orders": { "__typename": "OrderConnection", "pageInfo": { "__typename": "PageInfo" } } }] } });
    assert_eq!(data, expected);
}

#[tokio::test]
async fn everything_has_a_type_name() {
    let query = "{ customers(first: 1, orderBy: {field: EXTERNAL_ID}) { edges { __typename node { __typename revenue12m { __typename } segment { __typename } creditAccount { __typename } contacts(first: 1) { edges { __typename node { __typename } } } creditTerms { __typename parameters { __typename } proposals { __typename } bounds { __typename } } } } } }";
    let data = data(query, Value::Null).await;
    let edge = &data["customers"]["edges"][0];
    let name = |pointer: &str| edge.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let pointers = [
        "/__typename",
        "/node/__typename",
        "/node/revenue12m/__typename",
        "/node/segment/__typename",
        "/node/creditAccount/__typename",
        "/node/contacts/edges/0/__typename",
        "/node/creditTerms/__typename",
        "/node/creditTerms/parameters/0/__typename",
        "/node/creditTerms/proposals/0/__typename",
    ];
    assert_eq!(
        pointers.map(name),
        [
            "CustomerEdge",
            "Customer",
            "Money",
            "Segment",
            "CreditAccount",
            "ContactEdge",
            "CreditTerms",
            "DecisionParameter",
            "DecisionProposal"
        ]
    );
}

#[tokio::test]
async fn an_absent_variable_is_not_null() {
    let query = "query($filter: CustomerFilter, $first: Int) { customers(filter: $filter, first: $first) { totalCount nodes { id } } }";
    for variables in [json!({}), json!({ "filter": null }), json!({ "filter": {} })] {
        let data = data(query, variables).await;
        assert_eq!(
            (&data["customers"]["totalCount"], data["customers"]["nodes"].as_array().unwrap().len()),
            (&json!(14), 14)
        );
    }
    let industry = "query($is: String) { customers(filter: {industry: {eq: $is}}) { totalCount } }";
    let without = rows_of("customers.csv", "industry", "").len();
    assert_eq!(data(industry, json!({})).await["customers"]["totalCount"], 14, "absent: no condition");
    assert_eq!(data(industry, json!({ "is": null })).await["customers"]["totalCount"], without, "null: no value");
    assert_eq!(data(industry, json!({ "is": "Pub" })).await["customers"]["totalCount"], 2);
}

#[tokio::test]
async fn a_variables_default_holds_when_it_is_absent() {
    let query = "query($first: Int = 3, $by: [CustomerOrderBy!] = [{field: EXTERNAL_ID, direction: DESC}]) { customers(first: $first, orderBy: $by) { nodes { externalId } } }";
    assert_eq!(column(&data(query, json!({})).await["customers"], "/externalId"), ["K14", "K13", "K12"]);
    assert_eq!(column(&data(query, json!({ "first": 1 })).await["customers"], "/externalId"), ["K14"]);
}

#[tokio::test]
async fn variables_of_the_wrong_type_are_refused() {
    let servers = servers().await;
    let query =
        "query($first: Int!, $on: Date) { orders(first: $first, filter: {orderedOn: {gte: $on}}) { totalCount } }";
    for variables in [
        json!({}),
        json!({ "first": null }),
        json!({ "first": "3" }),
        json!({ "first": 3_000_000_000_i64 }),
        json!({ "first": 1, "on": "yesterday" }),
        json!({ "first": 1, "on": "2026-02-30" }),
    ] {
        for server in servers.iter() {
            let answer = server.graphql(Role::Admin, query, variables.clone()).await.json();
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{variables}: {answer}");
            assert_eq!(answer.get("data"), None, "{variables}");
        }
    }
}

#[tokio::test]
async fn several_operations_need_a_name() {
    let servers = servers().await;
    let document = "query A { customers { totalCount } } query B { orders { totalCount } }";
    let body = |name: Value| json!({ "query": document, "operationName": name });
    for server in servers.iter() {
        let secret = server.secret(Role::Admin);
        assert_eq!(server.post(secret, &body(json!("A"))).await.data(), json!({ "customers": { "totalCount": 14 } }));
        assert_eq!(server.post(secret, &body(json!("B"))).await.data(), json!({ "orders": { "totalCount": 60 } }));
        assert_eq!(codes(&server.post(secret, &body(Value::Null)).await.json()), ["BAD_USER_INPUT"]);
        assert_eq!(codes(&server.post(secret, &body(json!("C"))).await.json()), ["BAD_USER_INPUT"]);
    }
}

#[tokio::test]
async fn introspection_stands_beside_data() {
    let data = data("{ __schema { queryType { name } } customers(first: 1) { totalCount } t: __type(name: \"Money\") { kind fields { name } } }", Value::Null).await;
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    assert_eq!(data["customers"]["totalCount"], 14);
    let fields = sorted(data["t"]["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()));
    assert_eq!((&data["t"]["kind"], fields), (&json!("OBJECT"), vec!["amount", "currency"]));
}

#[tokio::test]
async fn more_fields_than_one_sql_call_takes() {
    let fields: Vec<_> = (0..130).map(|index| format!("f{index}: externalId")).collect();
    let data = data(
        &format!("{{ customers(first: 2, orderBy: {{field: EXTERNAL_ID}}) {{ nodes {{ {} }} }} }}", fields.join(" ")),
        Value::Null,
    )
    .await;
    for (index, key) in ["K01", "K02"].iter().enumerate() {
        let node = data["customers"]["nodes"][index].as_object().unwrap();
        assert_eq!(node.len(), 130);
        assert!(node.values().all(|value| value == key));
    }
}

#[tokio::test]
async fn many_roots_come_in_their_order() {
    let servers = servers().await;
    let roots: Vec<_> = (0..60).map(|index| format!("r{index}: customers(first: 0) {{ totalCount }}")).collect();
    let expected: Vec<_> = (0..60).map(|index| format!("\"r{index}\":{{\"totalCount\":14}}")).collect();
    for server in servers.iter() {
        let answer = server.graphql(Role::Admin, &format!("{{ {} }}", roots.join(" ")), Value::Null).await;
        assert_eq!(answer.text, format!("{{\"data\":{{{}}}}}", expected.join(",")));
    }
}

#[tokio::test]
async fn texts_come_back_as_they_went_in() {
    let data =
        data("{ customers(orderBy: {field: EXTERNAL_ID}) { nodes { name creditTerms { netDays } } } }", Value::Null)
            .await;
    let names: Vec<_> = rows("customers.csv").into_iter().map(|row| row["name"].clone()).collect();
    assert_eq!(column(&data["customers"], "/name"), names);
    assert!(data["customers"]["nodes"].as_array().unwrap().iter().all(|node| node["creditTerms"]["netDays"].is_i64()));
}

#[tokio::test]
async fn a_node_is_found_whatever_its_type() {
    let servers = servers().await;
    for server in servers.iter() {
        let lists = [
            "customers",
            "contacts",
            "products",
            "orders",
            "orderLines",
            "invoices",
            "payments",
            "creditAccounts",
            "segments",
            "memberships",
            "strategies",
            "plugins",
        ];
        let query: Vec<_> =
            lists.iter().map(|list| format!("{list}(first: 1) {{ nodes {{ id __typename }} }}")).collect();
        let found = server.query(&format!("{{ {} }}", query.join(" "))).await;
        for list in lists {
            let known = &found[list]["nodes"][0];
            let node = server
                .graphql(
                    Role::Admin,
                    "query($id: ID!) { node(id: $id) { id __typename } }",
                    json!({ "id": known["id"] }),
                )
                .await
                .data();
            assert_eq!(&node["node"], known, "{list}");
        }
    }
}

#[tokio::test]
async fn a_node_opens_as_its_type() {
    let servers = servers().await;
    for server in servers.iter() {
        let id = id_of(server, "K02").await;
        let query = "query($id: ID!) { node(id: $id) { ... on Customer { name segment { key } } ... on Order { number } } customer(id: $id) { externalId } }";
        let data = server.graphql(Role::Admin, query, json!({ "id": id })).await.data();
        assert_eq!(data["node"]["name"], "apple & Söhne GmbH");
        assert_eq!(data["node"].get("number"), None);
        assert_eq!(data["customer"]["externalId"], "K02");
    }
}

#[tokio::test]
async fn a_node_nobody_knows_is_null() {
    let unknown = format!("cus_{}", "0".repeat(32));
    let other = format!("zzz_{}", "0".repeat(32));
    let data = data("query($id: ID!, $other: ID!) { node(id: $id) { id } customer(id: $id) { id name } other: node(id: $other) { id } }", json!({ "id": unknown, "other": other })).await;
    assert_eq!(data, json!({ "node": null, "customer": null, "other": null }));
}

#[tokio::test]
async fn a_malformed_id_is_told() {
    let servers = servers().await;
    let order = format!("ord_{}", "0".repeat(32));
    for server in servers.iter() {
        for query in [
            "{ node(id: \"K01\") { id } }".to_owned(),
            "{ customer(id: \"K01\") { id } }".to_owned(),
            format!("{{ customer(id: \"{order}\") {{ id }} }}"),
        ] {
            let answer = server.graphql(Role::Admin, &query, Value::Null).await.json();
            assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{query}: {answer}");
        }
        let answer = server
            .graphql(Role::Admin, "query($id: ID!) { customer(id: $id) { id } }", json!({ "id": order }))
            .await
            .json();
        assert_eq!(codes(&answer), ["BAD_USER_INPUT"], "{answer}");
    }
}

#[tokio::test]
async fn queries_may_come_by_get() {
    let servers = servers().await;
    for server in servers.iter() {
        let parameters = [
            ("query", "query Q($n: Int) { customers(first: $n) { totalCount } } query R { orders { totalCount } }"),
            ("variables", "{\"n\": 1}"),
            ("operationName", "Q"),
        ];
        let request =
            server.request(Method::GET, "/graphql").query(&parameters).bearer_auth(server.secret(Role::Reader));
        assert_eq!(server.send(request).await.data(), json!({ "customers": { "totalCount": 14 } }));
    }
}

#[tokio::test]
async fn mutations_may_not_come_by_get() {
    let servers = servers().await;
    for server in servers.iter() {
        let mutation = "mutation { createToken(input: {actor: \"eve\", roles: [\"admin\"]}) { __typename } }";
        let request = server
            .request(Method::GET, "/graphql")
            .query(&[("query", mutation)])
            .bearer_auth(server.secret(Role::Admin));
        let answer = server.send(request).await;
        assert_eq!(codes(&answer.json()), ["REFUSED"], "{}", answer.text);
        assert!(!server.place().done(&["token", "list"]).contains("eve"));
    }
}

#[tokio::test]
async fn a_document_that_is_none_is_told_where_it_breaks() {
    let servers = servers().await;
    for server in servers.iter() {
        for (query, code) in [
            ("{ customers { ", "PARSE_FAILED"),
            ("", "PARSE_FAILED"),
            ("{ customers { nodes { nmae } } }", "VALIDATION_FAILED"),
            ("{ customers(frist: 1) { totalCount } }", "VALIDATION_FAILED"),
            ("fragment A on Customer { name }", "VALIDATION_FAILED"),
            ("subscription { customers { totalCount } }", "VALIDATION_FAILED"),
        ] {
            let answer = server.graphql(Role::Admin, query, Value::Null).await;
            let body = answer.json();
            assert_eq!(codes(&body).first().map(String::as_str), Some(code), "{query}: {body}");
            assert_eq!((answer.status, body.get("data")), (400, None), "{query}");
        }
        let answer = server.graphql(Role::Admin, "{\n  customers { nodes { nmae } } }", Value::Null).await.json();
        assert_eq!(answer["errors"][0]["locations"][0], json!({ "line": 2, "column": 23 }));
    }
}

#[tokio::test]
async fn nested_lists_have_pages_of_their_own() {
    let data = data("{ customers(orderBy: {field: EXTERNAL_ID}) { nodes { externalId orders(first: 2, orderBy: {field: NUMBER, direction: DESC}) { totalCount nodes { number lines(first: 1, orderBy: {field: POSITION}) { totalCount nodes { position product { sku } } } } pageInfo { hasNextPage } } } } }", Value::Null).await;
    for customer in data["customers"]["nodes"].as_array().unwrap() {
        let mut numbers = sorted(
            rows_of("orders.csv", "customer", customer["externalId"].as_str().unwrap())
                .into_iter()
                .map(|row| row["number"].clone()),
        );
        numbers.reverse();
        let orders = &customer["orders"];
        assert_eq!(orders["totalCount"], numbers.len());
        assert_eq!(orders["pageInfo"]["hasNextPage"], numbers.len() > 2);
        numbers.truncate(2);
        assert_eq!(column(orders, "/number"), numbers);
        for order in orders["nodes"].as_array().unwrap() {
            let lines = rows_of("lines.csv", "order", order["number"].as_str().unwrap());
            assert_eq!(order["lines"]["totalCount"], lines.len());
            assert_eq!(column(&order["lines"], "/product/sku"), [lines[0]["product"].clone()]);
        }
    }
}

#[tokio::test]
async fn one_list_under_two_aliases_is_two_lists() {
    let data = data("{ customers(first: 1, orderBy: {field: EXTERNAL_ID}) { nodes { open: orders(filter: {status: {eq: OPEN}}) { totalCount } shipped: orders(filter: {status: {eq: SHIPPED}}) { totalCount } } } }", Value::Null).await;
    let orders = rows_of("orders.csv", "customer", "K01");
    let open = orders.iter().filter(|row| row["shipped"].is_empty()).count();
    assert_eq!(
        data["customers"]["nodes"][0],
        json!({ "open": { "totalCount": open }, "shipped": { "totalCount": orders.len() - open } })
    );
}

#[tokio::test]
async fn one_mistake_is_told_once() {
    for server in servers().await.iter() {
        for query in ["{ customers { nodes { id name", "{ customers(first: ) { nodes { id } } }", "query {{ }"] {
            let answer = server.graphql(Role::Reader, query, Value::Null).await.json();
            assert_eq!(codes(&answer), ["PARSE_FAILED"], "{query}: {answer}");
        }
    }
}
