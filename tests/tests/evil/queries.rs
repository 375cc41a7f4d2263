//! Input queries that ask for too much, or for what they may not have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use guildhall_decision::decision_points;
use guildhall_graph::ModelQueries;
use guildhall_model::Model;
use guildhall_workflow::InputQueries as _;

use super::{Came, came};

/// Longest that a query may take to be compiled or refused.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn cases() -> Vec<Came> {
    let queries = ModelQueries::new(Arc::new(Model::core())).unwrap();
    let points = decision_points().unwrap();
    let point = points.iter().find(|point| point.name == "credit.terms").unwrap();
    let tried = texts().into_iter().map(|(name, does, text)| {
        let begun = Instant::now();
        let compiled = queries.compile(point, &text);
        assert!(begun.elapsed() < PATIENCE, "`{name}` took {:?}", begun.elapsed());
        let outcome = match compiled {
            Ok(query) => format!("taken; the approver sees {}", query.reads.join(", ")),
            Err(reason) => format!("refused: {reason}"),
        };
        came(name, does, outcome)
    });
    tried.collect()
}

fn fragment(selection: &str) -> String {
    format!("fragment Input on Customer {{ {selection} }}")
}

fn repeated(count: usize, piece: impl Fn(usize) -> String) -> String {
    (0..count).map(piece).collect::<Vec<_>>().join(" ")
}

fn nested(count: usize, open: &str, middle: &str, close: &str) -> String {
    format!("{}{middle}{}", open.repeat(count), close.repeat(count))
}

fn texts() -> Vec<(&'static str, &'static str, String)> {
    let cycle = "fragment A on Customer { name ...A }".to_owned();
    let two = "fragment A on Customer { ...B } fragment B on Customer { name }".to_owned();
    let operation = "fragment A on Customer { name } query { customers { nodes { name } } }".to_owned();
    let there_and_back = nested(12, "orders(first: 1) { nodes { customer { ", "name", " } } }");
    vec![
        (
            "query_aliases",
            "reads a field under 5,000 names",
            fragment(&repeated(5_000, |index| format!("a{index}: name"))),
        ),
        (
            "query_aliased_lists",
            "reads a list under 50 names",
            fragment(&repeated(50, |index| format!("a{index}: orders(first: 5) {{ totalCount nodes {{ number }} }}"))),
        ),
        ("query_page", "reads a page of 250 orders", fragment("orders(first: 250) { nodes { number } }")),
        (
            "query_huge_page",
            "reads a page of two thousand million orders",
            fragment("orders(first: 2147483647) { nodes { number } }"),
        ),
        (
            "query_nested_pages",
            "reads 20 lines of each of 20 orders",
            fragment("orders(first: 20) { nodes { lines(first: 20) { nodes { quantity } } } }"),
        ),
        ("query_there_and_back", "goes from orders to customers and back, 12 times", fragment(&there_and_back)),
        ("query_cycle", "is a fragment that spreads itself", cycle),
        ("query_fragments", "is two fragments", two),
        ("query_inline", "nests 500 inline fragments", fragment(&nested(500, "... { ", "name", " }"))),
        (
            "query_deep_filter",
            "filters by 500 negations",
            fragment(&format!("orders(first: 1, filter: {}) {{ totalCount }}", nested(500, "{not: ", "{}", "}"))),
        ),
        (
            "query_wide_filter",
            "filters by 3,000 alternatives",
            fragment(&format!(
                "orders(first: 1, filter: {{or: [{}]}}) {{ totalCount }}",
                repeated(3_000, |_| "{number: {eq: \"a\"}}".to_owned())
            )),
        ),
        (
            "query_directives",
            "decides 2,000 times whether to read a field",
            fragment(&format!("name {}", "@include(if: true) ".repeat(2_000))),
        ),
        ("query_variables", "asks for a variable nobody gives", fragment("orders(first: $n) { totalCount }")),
        ("query_operation", "brings an operation of its own", operation),
        ("query_comment", "tries to comment out what we write behind it", format!("{} #", fragment("name"))),
        (
            "query_open_text",
            "tries to swallow what we write behind it in a text",
            "fragment A on Customer { orders(filter: {number: {eq: \"\"\"".to_owned(),
        ),
        ("query_other_type", "is about another type", "fragment A on Order { number }".to_owned()),
        ("query_mutation", "is a mutation", "mutation { revokeToken(input: {tokenId: \"x\"}) { tokenId } }".to_owned()),
        ("query_decision", "reads another plugin's decision", fragment("creditTerms { netDays }")),
        ("query_schema", "reads the schema", fragment("__schema { types { name } }")),
        ("query_typename", "reads nothing but a name of a type", fragment("__typename")),
        (
            "query_text",
            "compares with a text of 30 KB",
            fragment(&format!(
                "orders(first: 1, filter: {{number: {{eq: \"{}\"}}}}) {{ totalCount }}",
                "x".repeat(30_000)
            )),
        ),
        ("query_defines", "defines a type", "type Evil { a: Int }".to_owned()),
        (
            "query_colours",
            "has a character that would colour a terminal",
            "fragment A on Customer { na\u{1b}[31mme }".to_owned(),
        ),
        ("query_empty", "is empty", String::new()),
    ]
}
