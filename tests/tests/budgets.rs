//! Budgets of an operation: what just fits is answered, one more is refused.

use guildhall_tests::{Role, codes};
use serde_json::Value;

use crate::small::servers;

/// Sends what just fits, and what is one beyond.
async fn check(fits: &str, beyond: &str) {
    for server in servers().await.iter() {
        let answer = server.graphql(Role::Admin, fits, Value::Null).await.json();
        assert_eq!(codes(&answer), Vec::<String>::new(), "{fits}");
        let answer = server.graphql(Role::Admin, beyond, Value::Null).await.json();
        assert_eq!(codes(&answer), ["LIMIT_EXCEEDED"], "{beyond}");
    }
}

fn repeated(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().join(" ")
}

/// 20,000 records: those of a list, and as many times those of the lists inside.
const FULL: &str = "customers(first: 250) { nodes { orders(first: 79) { totalCount } } }";
const NOBODY: &str = "cus_00000000000000000000000000000000";

#[tokio::test]
async fn records_of_lists_inside_lists() {
    check(&format!("{{ {FULL} }}"), &format!("{{ {FULL} products(first: 1) {{ totalCount }} }}")).await;
}

#[tokio::test]
async fn records_by_their_ids() {
    let one = [
        format!("customer(id: \"{NOBODY}\") {{ id }}"),
        format!("node(id: \"{NOBODY}\") {{ id }}"),
        format!("nodes(ids: [\"{NOBODY}\"]) {{ id }}"),
        "search(text: \"a\", first: 1) { __typename }".to_owned(),
    ];
    for one in one {
        check(&format!("{{ {FULL} }}"), &format!("{{ {FULL} {one} }}")).await;
    }
}

#[tokio::test]
async fn records_that_others_lead_to() {
    let lists = |first: usize| {
        format!(
            "{{ customers(first: 100) {{ nodes {{ orders(first: {first}) {{ nodes {{ customer {{ id }} }} }} }} }} }}"
        )
    };
    // 100 + 100 x 99 x 2, and two for each order more.
    check(&lists(99), &lists(100)).await;
}

#[tokio::test]
async fn records_that_ids_lead_to() {
    let ids = |count: usize| format!("[{}]", repeated(count, |_| format!("\"{NOBODY}\"")));
    // 80 + 80 x 249, and 250 for one more.
    let query = |count: usize| {
        format!("{{ nodes(ids: {}) {{ ... on Customer {{ orders(first: 249) {{ totalCount }} }} }} }}", ids(count))
    };
    check(&query(80), &query(81)).await;
}

#[tokio::test]
async fn groups_and_aggregates_cost_ten_records() {
    // 250 x (1 + 10 + 69), and 250 for one more.
    for (kind, rest) in [("Aggregate { count }", 69), ("Groups(by: [{field: STATUS}], first: 9) { totalCount }", 60)] {
        let query = |first: usize| {
            format!(
                "{{ customers(first: 250) {{ nodes {{ orders{kind} invoices(first: {first}) {{ totalCount }} }} }} }}"
            )
        };
        check(&query(rest), &query(rest + 1)).await;
    }
}

#[tokio::test]
async fn records_that_keys_lead_to() {
    let query = |first: usize| {
        format!(
            "{{ customers(first: 250) {{ nodes {{ ordersGroups(by: [{{field: CUSTOMER}}], first: {first}) {{ nodes {{ key {{ customer {{ id }} }} }} }} invoices(first: 1) {{ totalCount }} }} }} }}"
        )
    };
    // 250 x (1 + 10 + 34 x 2 + 1), and two for each group more.
    check(&query(34), &query(35)).await;
}

#[tokio::test]
async fn decisions_cost_ten_records() {
    let query = |first: usize| {
        format!(
            "{{ customers(first: 250) {{ nodes {{ creditTerms {{ fallback }} invoices(first: {first}) {{ totalCount }} }} }} }}"
        )
    };
    check(&query(69), &query(70)).await;
}

#[tokio::test]
async fn values_of_records() {
    let fields = |count: usize| repeated(count, |number| format!("f{number}: id"));
    let query = |outer: usize| {
        format!(
            "{{ customers(first: 250) {{ nodes {{ {} orders(first: 79) {{ nodes {{ {} }} }} }} }} }}",
            fields(outer),
            fields(20)
        )
    };
    // 250 x (19 + 1) + 250 x 79 x 20, and 250 for one field more.
    check(&query(19), &query(20)).await;
}

#[tokio::test]
async fn values_of_groups() {
    let typed = |count: usize| repeated(count, |number| format!("t{number}: __typename"));
    let query =
        |parts: &str| format!("{{ ordersGroups(by: [{{field: NUMBER}}], first: 250) {{ nodes {{ {parts} }} }} }}");
    // 250 x 1,600 values.
    check(&query(&typed(1_600)), &query(&typed(1_601))).await;
    check(&query(&format!("key {{ {} }}", typed(1_599))), &query(&format!("key {{ {} }}", typed(1_600)))).await;
    check(&query(&format!("max {{ {} }}", typed(1_599))), &query(&format!("max {{ {} }}", typed(1_600)))).await;
}

#[tokio::test]
async fn conditions_of_filters() {
    let one = |_: usize| "{name: {eq: \"a\"}}".to_owned();
    // Each list counts as one, each of its items as a condition and a value.
    let lists =
        format!("{} {{or: [{}]}}", repeated(4, |_| format!("{{or: [{}]}}", repeated(100, one))), repeated(97, one));
    let query = |more: &str| format!("{{ customers(filter: {{and: [{lists} {more}]}}) {{ totalCount }} }}");
    check(&query(""), &query("{name: {isNull: true}}")).await;
    check(&query(""), &query("{name: {}}")).await;
}

#[tokio::test]
async fn values_of_lists_in_filters() {
    let values = |count: usize| repeated(count, |_| "\"a\"".to_owned());
    // 1 + 9 x (1 + 100) + 1 + 89, the last with one more.
    let query = |last: usize| {
        let full = repeated(9, |_| format!("{{name: {{in: [{}]}}}}", values(100)));
        format!("{{ customers(filter: {{and: [{full} {{name: {{in: [{}]}}}}]}}) {{ totalCount }} }}", values(last))
    };
    check(&query(89), &query(90)).await;
    let one = |count: usize| format!("{{ customers(filter: {{name: {{in: [{}]}}}}) {{ totalCount }} }}", values(count));
    check(&one(100), &one(101)).await;
}

#[tokio::test]
async fn filters_inside_a_filter() {
    let nested = |depth: usize| {
        format!("{{ customers(filter: {}{{}}{}) {{ totalCount }} }}", "{not: ".repeat(depth), "}".repeat(depth))
    };
    check(&nested(12), &nested(13)).await;
    let beside = |count: usize| format!("{{ customers(filter: {{or: [{}]}}) {{ totalCount }} }}", "{} ".repeat(count));
    check(&beside(100), &beside(101)).await;
}

#[tokio::test]
async fn lists_a_filter_goes_through() {
    let through = |inner: &str| {
        format!("{{orders: {{some: {{customer: {{orders: {{some: {{customer: {{orders: {{some: {inner}}}}}}}}}}}}}}}}}")
    };
    let query = |filter: &str| format!("{{ customers(filter: {filter}) {{ totalCount }} }}");
    let three = through("{}");
    // Lists beside each other are not one inside the other.
    let beside = format!("{{and: [{three} {three}], {}", &three[1..]);
    check(&query(&beside), &query(&through("{lines: {some: {}}}"))).await;
}

#[tokio::test]
async fn questions_for_the_schema() {
    let query = |count: usize| {
        format!("{{ {} }}", repeated(count, |number| format!("t{number}: __type(name: \"Money\") {{ name }}")))
    };
    check(&query(10), &query(11)).await;
}

#[tokio::test]
async fn ids_terms_keys_and_sizes() {
    let ids = |count: usize| format!("{{ nodes(ids: [{}]) {{ id }} }}", repeated(count, |_| format!("\"{NOBODY}\"")));
    check(&ids(100), &ids(101)).await;
    let terms = |count: usize| {
        format!("{{ orders(orderBy: [{}]) {{ totalCount }} }}", repeated(count, |_| "{field: NUMBER}".to_owned()))
    };
    check(&terms(8), &terms(9)).await;
    let keys = |keys: &str| format!("{{ ordersGroups(by: [{keys}]) {{ totalCount }} }}");
    let four = "{field: STATUS} {field: CURRENCY} {field: NUMBER} {field: ORDERED_ON}";
    check(&keys(four), &keys(&format!("{four} {{field: CUSTOMER}}"))).await;
    let page = |first: usize| format!("{{ orders(first: {first}) {{ totalCount }} }}");
    check(&page(250), &page(251)).await;
    let page = |last: usize| format!("{{ orders(last: {last}) {{ totalCount }} }}");
    check(&page(250), &page(251)).await;
    let found = |first: usize| format!("{{ search(text: \"a\", first: {first}) {{ __typename }} }}");
    check(&found(20), &found(21)).await;
}
