//! What README.md and docs/ show is what the product does: every block marked `graphql` is sent to the demo. Variables
//! stand after the block, as in: Variables for it: `{"amount": "1500.00"}`. A block marked `json` right after it is the
//! answer; figures follow the day, so its form is compared.

use std::path::PathBuf;

use guildhall_tests::root;
use serde_json::{Map, Value, json};

use crate::demo::{curls, parts, servers};

/// A query a guide shows.
struct Shown {
    guide: String,
    query: String,
    variables: Value,
    answer: Option<Value>,
}

/// README.md and the pages of docs/.
fn guides() -> Vec<PathBuf> {
    let pages = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut guides: Vec<_> = pages.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    guides.push(root().join("README.md"));
    guides
}

fn shown() -> Vec<Shown> {
    let mut all = Vec::new();
    for path in guides() {
        let guide = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for piece in text.split("\n```graphql\n").skip(1) {
            let (query, rest) = piece.split_once("\n```").unwrap();
            let variables = rest.split("Variables for it: `").nth(1).map(|rest| rest.split('`').next().unwrap());
            let variables = variables.map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
            let answer = rest.split_once("\n```json\n").map(|(_, rest)| rest.split("\n```").next().unwrap());
            let answer = answer.map(|text| serde_json::from_str(text).unwrap());
            all.push(Shown { guide: guide.clone(), query: query.to_owned(), variables, answer });
        }
    }
    all
}

/// The form of an answer: names and kinds, with one item for each list.
fn form(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), form(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().take(1).map(form).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}

#[tokio::test]
async fn the_queries_of_the_guides_are_answered() {
    let shown = shown();
    assert!(shown.iter().any(|shown| shown.guide == "README.md"), "README.md shows no query");
    for server in servers().await.iter() {
        let curls = curls(server).await;
        let (_, secret, _) = parts(&curls[0]);
        for Shown { guide, query, variables, answer } in &shown {
            let given = server.post(secret, &json!({ "query": query, "variables": variables })).await.json();
            assert_eq!(given.get("errors"), None, "{guide}:\n{query}");
            if let Some(answer) = answer {
                assert_eq!(form(&given), form(answer), "{guide}:\n{query}");
            }
        }
    }
}

#[test]
fn the_guides_link_to_what_is_there() {
    for path in guides() {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.is_empty();
            assert!(elsewhere || path.parent().unwrap().join(target).exists(), "{}: {link}", path.display());
        }
    }
}
