//! What a statement gives is bounded in bytes.

use crate::Dialect;
use crate::link::Reads;
use crate::read::{RESPONSE_LIMIT, bounded};
use crate::testing::databases;

/// Gives the columns of the only row, as far as they are texts.
async fn columns(on: &impl Reads, sql: &str, count: usize) -> Vec<Option<String>> {
    let row = on.link().row(sql, Vec::new()).await.unwrap().unwrap();
    (0..count).map(|index| row.try_get_by_index(index).unwrap()).collect()
}

#[tokio::test]
async fn a_text_that_is_too_large_is_not_given_and_neither_is_the_one_beside_it() {
    for (database, _fixture) in databases().await {
        let text = |length: usize| match database.dialect() {
            Dialect::Postgres => format!("repeat('x', {length})"),
            Dialect::Sqlite => format!("printf('%.*c', {length}, 'x')"),
        };
        let read = |one: usize, other: usize| bounded(&[("response", text(one)), ("facts", text(other))]);
        let lengths = |columns: Vec<Option<String>>| -> Vec<_> {
            columns.into_iter().map(|column| column.map(|text| text.len())).collect()
        };
        let largest = columns(&database, &read(RESPONSE_LIMIT, 1), 2).await;
        assert_eq!(lengths(largest), [Some(RESPONSE_LIMIT), Some(1)]);
        for (one, other) in [(RESPONSE_LIMIT + 1, 1), (1, RESPONSE_LIMIT + 1)] {
            assert_eq!(columns(&database, &read(one, other), 2).await, [None, None]);
        }
    }
}

#[tokio::test]
async fn a_text_is_made_once() {
    for (database, _fixture) in databases().await {
        let text = "concat('a', coalesce((SELECT string_agg(name, ',') FROM customer), ''))".to_owned();
        let sql = bounded(&[("response", text)]);
        // PostgreSQL names what a step makes without parentheses, and what it takes over within them.
        let (explain, column, making) = match database.dialect() {
            Dialect::Postgres => ("EXPLAIN (VERBOSE)", 0, "Output: concat("),
            Dialect::Sqlite => ("EXPLAIN", 5, "concat("),
        };
        let rows = database.link().rows(&format!("{explain} {sql}"), Vec::new()).await.unwrap();
        let told = |row: &sea_orm::QueryResult| row.try_get_by_index::<Option<String>>(column).unwrap();
        let plan: Vec<_> = rows.iter().filter_map(told).collect();
        let made = plan.iter().filter(|line| line.contains(making)).count();
        let measured = plan.iter().any(|line| line.contains("octet_length(concat("));
        assert_eq!((made, measured), (1, false), "{}", plan.join("\n"));
    }
}
