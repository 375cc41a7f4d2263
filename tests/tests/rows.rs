//! Rows: an actor of a narrow reach sees some customers and what is theirs, and learns of the others through no door.
//!
//! Mia owns customer M in the North, Tom owns customer T in the South, and some records of one lead to records of the other.

use guildhall_tests::{Place, Server, Servers, Shared, built, codes, data, refusals};
use serde_json::{Value, json};

static READ_ONLY: Shared = Shared::new(|place| {
    load(&place);
    Server::start(place)
});

pub const MAPPING: &str = r#"
source = "rows"
as_of = 2026-06-30

[[files]]
file = "people.csv"
type = "User"
id = "{owner}"
fields = { name = { template = "{owner} Miller" }, login = "owner" }

[[files]]
file = "people.csv"
type = "Territory"
id = "{territory}"
fields = { name = "territory" }

[[files]]
file = "people.csv"
type = "Team"
id = "{team}"
fields = { name = "team" }

[[files]]
file = "members.csv"
type = "TeamMember"
id = "{team}-{user}"
fields = { from = "from", to = "to" }
references = { team = "team", user = "user" }

[[files]]
file = "customers.csv"
type = "Customer"
id = "{key}"
fields = { name = "name", kind = { constant = "ORGANIZATION" }, status = { constant = "ACTIVE" }, currency = { constant = "EUR" } }
references = { parent = "parent", owner = "owner", territory = "territory", team = "team" }

[[files]]
file = "orders.csv"
type = "Order"
id = "{number}"
fields = { number = "number", status = { constant = "OPEN" }, orderedOn = { constant = "2026-05-05" }, currency = { constant = "EUR" }, grossTotal = "total", netTotal = "total" }
references = { customer = "customer" }

[[files]]
file = "invoices.csv"
type = "Invoice"
id = "{number}"
fields = { number = "number", status = { constant = "OPEN" }, issuedOn = { constant = "2026-05-05" }, dueOn = { constant = "2026-06-05" }, currency = { constant = "EUR" }, amount = "amount", paidAmount = { constant = "0" } }
references = { customer = "customer", order = "order" }

[[files]]
file = "payments.csv"
type = "Payment"
id = "{id}"
fields = { receivedOn = { constant = "2026-05-06" }, currency = { constant = "EUR" }, amount = "amount", method = "method" }
references = { customer = "customer", invoice = "invoice" }
"#;

/// Whom and what there is beside customers, which all see alike. Mia left the team Tall, and Tom is not in the team Flat yet.
const PEOPLE: (&str, &str) = ("people.csv", "owner,territory,team\nMia,North,Flat\nTom,South,Tall\n");
const MEMBERS: (&str, &str) = (
    "members.csv",
    "team,user,from,to\nFlat,Mia,2020-01-01,\nTall,Mia,2020-01-01,2020-12-31\nTall,Tom,2020-01-01,9999-12-31\nFlat,Tom,9999-12-31,\n",
);

/// The same as far as Mia sees it.
pub const SEEN_FILES: [(&str, &str); 6] = [
    PEOPLE,
    MEMBERS,
    ("customers.csv", "key,name,owner,territory,team,parent\nM,Mill,Mia,North,Flat,\n"),
    ("orders.csv", "number,customer,total\nOM,M,10\n"),
    ("invoices.csv", "number,customer,order,amount\nIM,M,OM,10\nIY,M,,3\n"),
    ("payments.csv", "id,customer,invoice,amount,method\nPM,M,IM,4,cash\nPX,M,,2,card\n"),
];

pub const FILES: [(&str, &str); 6] = [
    PEOPLE,
    MEMBERS,
    (
        "customers.csv",
        "key,name,owner,territory,team,parent\nM,Mill,Mia,North,Flat,T\nT,Tower,Tom,South,Tall,\nN,Nobody,,,,M\n",
    ),
    ("orders.csv", "number,customer,total\nOM,M,10\nOT,T,700\n"),
    // IX is a hidden invoice of a visible order, IY a visible invoice of a hidden one.
    ("invoices.csv", "number,customer,order,amount\nIM,M,OM,10\nIT,T,OT,700\nIX,T,OM,5000\nIY,M,OT,3\n"),
    ("payments.csv", "id,customer,invoice,amount,method\nPM,M,IM,4,cash\nPX,M,IT,2,card\nPT,T,IT,90,cash\n"),
];

fn load(place: &Place) {
    for (name, content) in FILES {
        place.file(&format!("rows/{name}"), content);
    }
    let mapping = place.file("rows/mapping.toml", MAPPING);
    place.import(&mapping, &place.folder().join("rows"));
    place.activate(&data("small/strategy.toml"));
    place.install(&built("plugins/credit-rules"));
}

async fn servers() -> Servers {
    READ_ONLY.servers().await
}

/// A token for an actor who sees no more than `reach`.
fn token(server: &Server, actor: &str, reach: &str) -> String {
    let arguments = ["token", "create", actor, "--role", "department", "--reach", reach];
    server.place().done(&arguments).trim().to_owned()
}

async fn ask(server: &Server, secret: &str, query: &str, variables: &Value) -> Value {
    server.post(secret, &json!({ "query": query, "variables": variables })).await.json()
}

/// What Mia, who sees her own, is answered on each database.
async fn check(query: &str, expected: Value) {
    for server in servers().await.iter() {
        let mia = token(server, "Mia", "own");
        assert_eq!(ask(server, &mia, query, &Value::Null).await, json!({ "data": expected }), "{query}");
    }
}

/// The id of a record by its external id, as someone who sees all reads it.
async fn id(server: &Server, list: &str, key: &str) -> String {
    let query = format!("{{ {list}(filter: {{externalId: {{eq: \"{key}\"}}}}) {{ nodes {{ id }} }} }}");
    server.query(&query).await[list]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn lists_and_their_counts_have_her_rows_alone() {
    let query = "{ customers { totalCount nodes { name } } orders { totalCount nodes { number } } invoices { totalCount nodes { number } } payments { totalCount nodes { externalId } } }";
    let expected = json!({
        "customers": { "totalCount": 1, "nodes": [{ "name": "Mill" }] },
        "orders": { "totalCount": 1, "nodes": [{ "number": "OM" }] },
        "invoices": { "totalCount": 2, "nodes": [{ "number": "IM" }, { "number": "IY" }] },
        "payments": { "totalCount": 2, "nodes": [{ "externalId": "PM" }, { "externalId": "PX" }] },
    });
    check(query, expected).await;
}

#[tokio::test]
async fn a_territory_has_its_rows_alone() {
    let query = "{ customers { nodes { name } } payments { nodes { externalId } } }";
    for server in servers().await.iter() {
        let south = token(server, "Sue", "territory:South");
        let expected = json!({ "customers": { "nodes": [{ "name": "Tower" }] }, "payments": { "nodes": [{ "externalId": "PT" }] } });
        assert_eq!(ask(server, &south, query, &Value::Null).await, json!({ "data": expected }));
        let west = token(server, "Sue", "territory:West");
        let nothing = json!({ "customers": { "nodes": [] }, "payments": { "nodes": [] } });
        assert_eq!(ask(server, &west, query, &Value::Null).await, json!({ "data": nothing }));
    }
}

#[tokio::test]
async fn plans_are_not_shared_between_reaches() {
    let query = "{ customers { nodes { name } } }";
    for server in servers().await.iter() {
        for (actor, reach, expected) in [
            ("Mia", "own", vec!["Mill"]),
            ("Tom", "own", vec!["Tower"]),
            ("Mia", "team", vec!["Mill"]),
            ("Tom", "team", vec!["Tower"]),
            ("Flat", "team", vec![]),
            ("Mia", "territory:South", vec!["Tower"]),
            ("Mia", "all", vec!["Mill", "Tower", "Nobody"]),
            ("South", "own", vec![]),
        ] {
            let answer = ask(server, &token(server, actor, reach), query, &Value::Null).await;
            let names: Vec<_> = expected.iter().map(|name| json!({ "name": name })).collect();
            assert_eq!(answer["data"]["customers"]["nodes"], Value::from(names), "{actor} {reach}");
        }
    }
}

#[tokio::test]
async fn a_hidden_record_is_not_there_by_its_id() {
    for server in servers().await.iter() {
        let mia = token(server, "Mia", "own");
        let (mine, theirs) = (id(server, "customers", "M").await, id(server, "customers", "T").await);
        let order = id(server, "orders", "OT").await;
        let query = "query($id: ID!, $order: ID!, $ids: [ID!]!) { customer(id: $id) { name } order(id: $order) { number } node(id: $order) { id } nodes(ids: $ids) { id } }";
        let variables = json!({ "id": theirs, "order": order, "ids": [theirs, mine, order] });
        let expected = json!({ "customer": null, "order": null, "node": null, "nodes": [null, { "id": mine }, null] });
        assert_eq!(ask(server, &mia, query, &variables).await, json!({ "data": expected }));
    }
}

#[tokio::test]
async fn a_hidden_record_is_not_reached_from_a_visible_one() {
    check(
        "{ orders { nodes { number invoices { totalCount nodes { number } } } } payments { nodes { externalId invoice { number } } } invoices { nodes { number order { number } } } }",
        json!({
            "orders": { "nodes": [{ "number": "OM", "invoices": { "totalCount": 1, "nodes": [{ "number": "IM" }] } }] },
            "payments": { "nodes": [{ "externalId": "PM", "invoice": { "number": "IM" } }, { "externalId": "PX", "invoice": null }] },
            "invoices": { "nodes": [{ "number": "IM", "order": { "number": "OM" } }, { "number": "IY", "order": null }] },
        }),
    )
    .await;
}

#[tokio::test]
async fn a_hidden_parent_is_none_and_hidden_children_are_not_there() {
    let query = "{ customers { nodes { name parent { name } children { totalCount nodes { name } } childrenAggregate { count } } } }";
    check(
        query,
        json!({ "customers": { "nodes": [{ "name": "Mill", "parent": null, "children": { "totalCount": 0, "nodes": [] }, "childrenAggregate": { "count": 0 } }] } }),
    )
    .await;
    for server in servers().await.iter() {
        let everyone = server.query(query).await["customers"]["nodes"][0].take();
        assert_eq!(
            everyone,
            json!({ "name": "Mill", "parent": { "name": "Tower" }, "children": { "totalCount": 1, "nodes": [{ "name": "Nobody" }] }, "childrenAggregate": { "count": 1 } })
        );
    }
}

#[tokio::test]
async fn a_hidden_parent_is_neither_filtered_nor_grouped_by() {
    check(
        "{ parent: customers(filter: {parent: {name: {eq: \"Tower\"}}}) { totalCount } any: customers(filter: {parent: {not: {name: {eq: \"\"}}}}) { totalCount } some: customers(filter: {children: {some: {name: {eq: \"Nobody\"}}}}) { totalCount } none: customers(filter: {children: {none: {name: {eq: \"Nobody\"}}}}) { totalCount } customersGroups(by: [{field: PARENT}]) { nodes { key { parent { name } } count } } }",
        json!({
            "parent": { "totalCount": 0 },
            "any": { "totalCount": 0 },
            "some": { "totalCount": 0 },
            "none": { "totalCount": 1 },
            "customersGroups": { "nodes": [{ "key": { "parent": null }, "count": 1 }] },
        }),
    )
    .await;
}

#[tokio::test]
async fn what_belongs_to_a_visible_customer_leads_back_to_it() {
    check(
        "{ customers { nodes { name orders { nodes { number customer { name } } } payments { nodes { customer { name } } } } } }",
        json!({ "customers": { "nodes": [{ "name": "Mill",
            "orders": { "nodes": [{ "number": "OM", "customer": { "name": "Mill" } }] },
            "payments": { "nodes": [{ "customer": { "name": "Mill" } }, { "customer": { "name": "Mill" } }] } }] } }),
    )
    .await;
}

#[tokio::test]
async fn a_filter_does_not_probe_a_hidden_record() {
    check(
        "{ some: orders(filter: {invoices: {some: {amount: {gt: \"1000\"}}}}) { totalCount } every: orders(filter: {invoices: {every: {amount: {lt: \"1000\"}}}}) { totalCount } none: orders(filter: {invoices: {none: {number: {eq: \"IX\"}}}}) { totalCount } one: payments(filter: {invoice: {amount: {eq: \"700\"}}}) { totalCount } }",
        json!({ "some": { "totalCount": 0 }, "every": { "totalCount": 1 }, "none": { "totalCount": 1 }, "one": { "totalCount": 0 } }),
    )
    .await;
}

#[tokio::test]
async fn an_order_does_not_tell_a_hidden_value() {
    for server in servers().await.iter() {
        let mia = token(server, "Mia", "own");
        let query = "{ payments(orderBy: [{invoice: {field: NUMBER, nulls: FIRST}}]) { edges { cursor node { externalId } } } }";
        let answer = ask(server, &mia, query, &Value::Null).await;
        let edges = answer["data"]["payments"]["edges"].as_array().unwrap();
        // PX's invoice is hidden, so it counts as none.
        assert_eq!((&edges[0]["node"]["externalId"], &edges[1]["node"]["externalId"]), (&json!("PX"), &json!("PM")));
        let cursor = hex(edges[0]["cursor"].as_str().unwrap());
        assert!(cursor.contains("\",null,\""), "{cursor}");
        let by_parent = "{ customers(orderBy: [{parent: {field: NAME}}]) { edges { cursor } } }";
        let answer = ask(server, &mia, by_parent, &Value::Null).await;
        let cursor = hex(answer["data"]["customers"]["edges"][0]["cursor"].as_str().unwrap());
        assert!(cursor.contains("\",null,\""), "{cursor}");
    }
}

fn hex(text: &str) -> String {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| char::from_u32(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[tokio::test]
async fn an_aggregate_counts_visible_rows() {
    check(
        "{ invoicesAggregate { count sum { amount { amount } } max { amount { amount } } } orders { nodes { invoicesAggregate { count sum { amount { amount } } } } } invoicesGroups(by: [{field: CUSTOMER}]) { totalCount nodes { key { customer { name } } count } } byOrder: invoicesGroups(by: [{field: ORDER}], orderBy: [{measure: COUNT}]) { nodes { key { order { number } } count } } }",
        json!({
            "invoicesAggregate": { "count": 2, "sum": { "amount": { "amount": "13.00" } }, "max": { "amount": { "amount": "10.00" } } },
            "orders": { "nodes": [{ "invoicesAggregate": { "count": 1, "sum": { "amount": { "amount": "10.00" } } } }] },
            "invoicesGroups": { "totalCount": 1, "nodes": [{ "key": { "customer": { "name": "Mill" } }, "count": 2 }] },
            "byOrder": { "nodes": [{ "key": { "order": { "number": "OM" } }, "count": 1 }, { "key": { "order": null }, "count": 1 }] },
        }),
    )
    .await;
}

/// IY is hers, and its order is not: what a hidden record has is nobody's group.
#[tokio::test]
async fn groups_do_not_tell_what_a_hidden_record_has() {
    check(
        "{ invoicesGroups(by: [{order: {field: NUMBER}}, {order: {field: CUSTOMER}}, {order: {customer: {field: NAME}}}]) { nodes { count key { orderKey { number customer { name } customerKey { name } } } } } customersGroups(by: [{parent: {field: NAME}}]) { nodes { count key { parentKey { name } } } } }",
        json!({
            "invoicesGroups": { "nodes": [
                { "count": 1, "key": { "orderKey": { "number": "OM", "customer": { "name": "Mill" }, "customerKey": { "name": "Mill" } } } },
                { "count": 1, "key": { "orderKey": { "number": null, "customer": null, "customerKey": { "name": null } } } },
            ] },
            "customersGroups": { "nodes": [{ "count": 1, "key": { "parentKey": { "name": null } } }] },
        }),
    )
    .await;
}

#[tokio::test]
async fn a_search_finds_visible_rows() {
    check(
        "{ mine: search(text: \"mil\") { ... on Customer { name } } theirs: search(text: \"tow\") { __typename } orders: search(text: \"o\") { ... on Order { number } } }",
        json!({ "mine": [{ "name": "Mill" }], "theirs": [], "orders": [{ "number": "OM" }] }),
    )
    .await;
}

#[tokio::test]
async fn a_hidden_row_is_not_reached_from_what_all_may_see() {
    for server in servers().await.iter() {
        let everyone = server
            .query("{ segments(first: 250) { nodes { memberships { totalCount } customers { nodes { name } } } } }")
            .await;
        let count = |data: &Value| -> usize {
            let nodes = data["segments"]["nodes"].as_array().unwrap().clone();
            nodes.iter().map(|segment| segment["customers"]["nodes"].as_array().unwrap().len()).sum()
        };
        assert!(count(&everyone) > 1, "the strategy puts every customer into a segment: {everyone}");
        let mia = token(server, "Mia", "own");
        let query = "{ segments(first: 250) { nodes { memberships { totalCount } customers { nodes { name } } } } }";
        let hers = ask(server, &mia, query, &Value::Null).await["data"].take();
        assert_eq!(count(&hers), 1, "{hers}");
        let memberships = hers["segments"]["nodes"].as_array().unwrap().iter();
        assert_eq!(memberships.filter_map(|segment| segment["memberships"]["totalCount"].as_u64()).sum::<u64>(), 1);
    }
}

#[tokio::test]
async fn nothing_is_done_to_a_hidden_row() {
    let record = "mutation($customer: ID!, $key: String!) { recordDecision(input: {point: \"credit.terms\", customer: $customer, idempotencyKey: $key}) { ... on DecisionRecorded { decision { id } } ... on Refused { reasons { code } } } }";
    for server in servers().await.iter() {
        let mia = token(server, "Mia", "own");
        let theirs = json!({ "customer": id(server, "customers", "T").await, "key": "theirs" });
        assert_eq!(refusals(&ask(server, &mia, record, &theirs).await), ["NOT_FOUND"]);
        let mine = json!({ "customer": id(server, "customers", "M").await, "key": "mine" });
        let done = ask(server, &mia, record, &mine).await;
        assert!(done["data"]["recordDecision"]["decision"]["id"].is_string(), "{done}");
    }
}

#[tokio::test]
async fn a_decision_is_the_same_whoever_asks() {
    let query =
        "{ customers(filter: {externalId: {eq: \"M\"}}) { nodes { creditTerms { netDays discount explanation } } } }";
    for server in servers().await.iter() {
        let hers = ask(server, &token(server, "Mia", "own"), query, &Value::Null).await["data"].take();
        assert_eq!(hers, server.query(query).await);
        assert!(hers["customers"]["nodes"][0]["creditTerms"]["netDays"].is_number(), "{hers}");
    }
}

/// What says whose customers are whose is written by those who see all: there is no mutation for it in her schema, while she
/// reads it and writes what is hers.
#[tokio::test]
async fn nobody_opens_rows_for_himself() {
    let query = "{ __schema { mutationType { fields { name } } } }";
    for server in servers().await.iter() {
        for reach in ["own", "team", "territory:North"] {
            let schema = ask(server, &token(server, "Mia", reach), query, &Value::Null).await;
            let fields = schema["data"]["__schema"]["mutationType"]["fields"].as_array().unwrap();
            let has = |name: &str| fields.iter().any(|field| field["name"] == name);
            assert!(has("createNote") && has("updateCustomer") && has("createCustomers"), "{reach}");
            for ty in ["User", "Team", "TeamMember", "Territory", "TerritoryAssignment"] {
                let plural = if ty == "Territory" { "Territories".to_owned() } else { format!("{ty}s") };
                for name in ["create", "update", "upsert", "delete", "restore"] {
                    assert!(!has(&format!("{name}{ty}")) && !has(&format!("{name}{plural}")), "{reach} {name}{ty}");
                }
            }
        }
        let rename = "mutation { updateUser(input: {id: \"a\", version: 1, set: {login: \"Mia\"}, idempotencyKey: \"k\"}) { __typename } }";
        let answer = ask(server, &token(server, "Tom", "own"), rename, &Value::Null).await;
        assert_eq!(codes(&answer).first().map(String::as_str), Some("VALIDATION_FAILED"), "{answer}");
        let all = ask(server, &token(server, "Tom", "all"), query, &Value::Null).await;
        let all = all["data"]["__schema"]["mutationType"]["fields"].as_array().unwrap().clone();
        for name in ["updateUser", "createTeamMember", "createTerritoryAssignment", "upsertTerritories"] {
            assert!(all.iter().any(|field| field["name"] == name), "{name}");
        }
    }
}

#[tokio::test]
async fn an_admin_sees_all() {
    for server in servers().await.iter() {
        let ran = server.place().run(&["token", "create", "eve", "--role", "admin", "--reach", "own"]);
        assert_eq!(ran.code, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("an admin sees all records"), "{}", ran.stderr);
        let create = "mutation { createToken(input: {actor: \"Mia\", roles: [\"reader\"], reach: TERRITORY, territory: \"South\"}) { ... on TokenCreated { token } } }";
        let made = server.query(create).await["createToken"]["token"].take();
        let answer = ask(server, made.as_str().unwrap(), "{ customers { nodes { name } } }", &Value::Null).await;
        assert_eq!(answer["data"]["customers"]["nodes"], json!([{ "name": "Tower" }]));
    }
}
