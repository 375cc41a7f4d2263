//! Whatever a plugin does, its customer answers with the decision point's fallback, its neighbours with the truth, and the
//! server serves on.

use guildhall_tests::{Place, Role, Server, Servers, Shared, built, codes, data, sqlite_place};
use serde_json::{Value, json};

static SERVERS: Shared = Shared::new(|place| {
    prepare(&place);
    Server::start(place)
});

/// Customers whose names say how the moody plugin behaves for them. All but one of them have a neighbour on each side.
const NAMES: [&str; 9] = ["Good", "Panic", "Fine", "Loop", "Hunger", "Torn", "Liar", "Braggart", "Silent"];

fn prepare(place: &Place) {
    customers(place, &NAMES);
    place.activate(&data("small/strategy.toml"));
    place.install(&built("tests/guests/moody"));
}

pub(crate) fn customers(place: &Place, names: &[&str]) {
    let rows: String = names.iter().map(|name| format!("{name},{name} Ltd\n")).collect();
    place.file("moods/customers.csv", format!("key,name\n{rows}"));
    let fields = "[files.fields]\nname = \"name\"\nkind = { constant = \"ORGANIZATION\" }\nstatus = { constant = \"ACTIVE\" }\ncurrency = { constant = \"EUR\" }\n";
    let mapping = format!(
        "source = \"moods\"\nas_of = 2026-06-30\n[[files]]\nfile = \"customers.csv\"\ntype = \"Customer\"\nid = \"{{key}}\"\n{fields}"
    );
    let mapping = place.file("moods.toml", mapping);
    place.import(&mapping, &place.folder().join("moods"));
}

async fn servers() -> Servers {
    SERVERS.servers().await
}

fn terms(net_days: u32, discount: &str, days: u32, fallback: bool) -> Value {
    json!({ "netDays": net_days, "discount": discount, "discountDays": days, "fallback": fallback })
}

const TERMS: &str = "creditTerms { netDays discount discountDays fallback }";

/// Asks about one customer alone, and then about one who behaves.
async fn check(name: &str, failure: &str) {
    let query = |name: &str| {
        format!("{{ found: customers(filter: {{externalId: {{eq: \"{name}\"}}}}) {{ nodes {{ name {TERMS} }} }} }}")
    };
    for server in servers().await.iter() {
        let answer = server.graphql(Role::Department, &query(name), Value::Null).await;
        let body = answer.json();
        assert_eq!((answer.status, codes(&body)), (200, vec!["DECISION_FAILED".to_owned()]), "{body}");
        assert_eq!(
            body["data"]["found"]["nodes"][0],
            json!({ "name": format!("{name} Ltd"), "creditTerms": terms(0, "0", 0, true) })
        );
        assert_eq!(body["errors"][0]["path"], json!(["found", "nodes", 0, "creditTerms"]));
        assert_eq!(body["errors"][0]["extensions"]["failure"], failure, "{body}");
        assert!(body["errors"][0]["message"].as_str().unwrap().contains("`moody-guest`"), "{body}");
        let next = server.graphql(Role::Department, &query("Good"), Value::Null).await.data();
        assert_eq!(next["found"]["nodes"][0]["creditTerms"], terms(21, "0.01", 3, false));
    }
}

#[tokio::test]
async fn a_trap_gives_the_fallback() {
    check("Panic", "TRAPPED").await;
}

#[tokio::test]
async fn an_endless_loop_gives_the_fallback() {
    // Which of both ends it first depends on the machine.
    let query = format!("{{ found: customers(filter: {{externalId: {{eq: \"Loop\"}}}}) {{ nodes {{ {TERMS} }} }} }}");
    for server in servers().await.iter() {
        let body = server.graphql(Role::Department, &query, Value::Null).await.json();
        assert_eq!(body["data"]["found"]["nodes"][0]["creditTerms"], terms(0, "0", 0, true));
        let failure = body["errors"][0]["extensions"]["failure"].as_str().unwrap();
        assert!(["OUT_OF_FUEL", "TIMED_OUT"].contains(&failure), "{body}");
    }
}

#[tokio::test]
async fn endless_hunger_gives_the_fallback() {
    let query = format!("{{ found: customers(filter: {{externalId: {{eq: \"Hunger\"}}}}) {{ nodes {{ {TERMS} }} }} }}");
    for server in servers().await.iter() {
        let body = server.graphql(Role::Department, &query, Value::Null).await.json();
        assert_eq!(body["data"]["found"]["nodes"][0]["creditTerms"], terms(0, "0", 0, true));
        let failure = body["errors"][0]["extensions"]["failure"].as_str().unwrap();
        assert!(["OUT_OF_MEMORY", "OUT_OF_FUEL", "TRAPPED"].contains(&failure), "{body}");
    }
}

#[tokio::test]
async fn half_an_answer_gives_the_fallback() {
    check("Torn", "MALFORMED_ANSWER").await;
}

#[tokio::test]
async fn a_value_of_the_wrong_type_gives_the_fallback() {
    check("Liar", "INVALID_OUTPUT").await;
}

#[tokio::test]
async fn a_field_nobody_asked_for_gives_the_fallback() {
    check("Braggart", "INVALID_OUTPUT").await;
}

#[tokio::test]
async fn a_refusal_to_answer_gives_the_fallback() {
    check("Silent", "REFUSED_BY_GUEST").await;
}

#[tokio::test]
async fn the_neighbours_of_the_guilty_are_answered_right() {
    for server in servers().await.iter() {
        let query = format!("{{ customers(orderBy: {{field: EXTERNAL_ID}}) {{ nodes {{ externalId {TERMS} }} }} }}");
        let body = server.graphql(Role::Department, &query, Value::Null).await.json();
        for node in body["data"]["customers"]["nodes"].as_array().unwrap() {
            let good = ["Good", "Fine"].contains(&node["externalId"].as_str().unwrap());
            let expected = if good { terms(21, "0.01", 3, false) } else { terms(0, "0", 0, true) };
            assert_eq!(node["creditTerms"], expected, "{node}");
        }
        assert_eq!(codes(&body).len(), NAMES.len() - 2, "{body}");
    }
}

#[tokio::test]
async fn errors_are_told_a_hundred_times_and_then_counted() {
    let names: Vec<_> = (0..120).map(|index| format!("Liar{index}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let place = sqlite_place();
    customers(&place, &names);
    place.activate(&data("small/strategy.toml"));
    place.install(&built("tests/guests/moody"));
    let server = Server::start(place);
    let body = server
        .graphql(Role::Admin, "{ customers(first: 250) { nodes { creditTerms { fallback } } } }", Value::Null)
        .await
        .json();
    assert_eq!((body["data"]["customers"]["nodes"].as_array().unwrap().len(), codes(&body).len()), (120, 101));
    assert!(body["errors"][100]["message"].as_str().unwrap().starts_with("20 more"), "{}", body["errors"][100]);
}

#[tokio::test]
async fn a_failed_plugin_is_recorded_as_failed() {
    let place = sqlite_place();
    prepare(&place);
    let server = Server::start(place);
    let found = server.query("{ customers(filter: {externalId: {eq: \"Panic\"}}) { nodes { id } } }").await;
    let mutation = "mutation($id: ID!) { recordDecision(input: {point: \"credit.terms\", customer: $id, idempotencyKey: \"1\"}) { ... on DecisionRecorded { decision { fallback verdict proposals } } } }";
    let data =
        server.graphql(Role::Department, mutation, json!({ "id": found["customers"]["nodes"][0]["id"] })).await.data();
    let decision = &data["recordDecision"]["decision"];
    assert_eq!((&decision["fallback"], &decision["verdict"]["netDays"]), (&json!(true), &json!(0)), "{decision}");
    assert_eq!(decision["proposals"]["underStrategy"][0]["failure"]["code"], "TRAPPED", "{decision}");
}
