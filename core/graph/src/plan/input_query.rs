//! Input queries: a plugin's fragment on a decision point's subject becomes a selection.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Definition;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;
use guildhall_decision::{DecisionPoint, shown};
use guildhall_model::{Access, GlobalId, Model, Role};
use guildhall_workflow::InputQuery;

use super::reads::reads_of;
use super::{Context, Planner, Shape};
use crate::front::{Front, RECURSION_LIMIT, TOKEN_LIMIT};
use crate::problem::Problem;
use crate::schema::lower_first;

/// Most records one input query may read for one subject.
const RECORDS_PER_SUBJECT: usize = 200;

/// Most characters of what is told of a query: its author's text is quoted in it.
const MESSAGE: usize = 2_000;

/// Compiles the fragment `text` against the model's schema. The error says what is wrong with it and where.
pub(crate) fn compile_input_query(
    model: &Model,
    front: &Front,
    point: &DecisionPoint,
    text: &str,
) -> Result<InputQuery, String> {
    let object = model.object(&point.subject).ok_or_else(|| format!("the model has no type `{}`", point.subject))?;
    let id = GlobalId::new(object, uuid::Uuid::nil());
    let document = validated(front, point, &id.to_string(), text)?;
    let operation = document.operations.iter().next().ok_or("the operation was lost")?;
    let variables =
        front.coerce(&document, operation, &serde_json::Value::Null).map_err(|problems| messages(&problems))?;
    let shape = Shape::default();
    let access = Access::of(model, Role::Admin);
    let context = Context {
        model,
        points: &[],
        front,
        document: &document,
        operation,
        variables: &variables,
        shape: &shape,
        access: &access,
    };
    let mut planner = Planner::new(&context);
    let sets: Vec<_> = document.fragments.values().map(|fragment| &fragment.selection_set).collect();
    let selection = planner.selection(object, &sets, 1).map_err(|problem| messages(&[problem]))?;
    if planner.records > RECORDS_PER_SUBJECT {
        return Err(format!(
            "it may read {} records for one {}; at most {RECORDS_PER_SUBJECT} are allowed",
            planner.records, point.subject
        ));
    }
    if !planner.slots.is_empty() {
        return Err("it adds up money that may be in several currencies; group by CURRENCY instead".to_owned());
    }
    let places: Vec<_> = reads_of(&selection).into_iter().collect();
    let mut reads: Vec<_> = places.iter().map(|(field, _)| field.clone()).collect();
    reads.dedup();
    reads.shrink_to_fit();
    Ok(InputQuery { selection, reads, places })
}

/// Validates the fragment `text` against a schema. The error says what is wrong with it and where.
pub(crate) fn validated(
    front: &Front,
    point: &DecisionPoint,
    id: &str,
    text: &str,
) -> Result<Valid<ExecutableDocument>, String> {
    let tree = Parser::new()
        .recursion_limit(RECURSION_LIMIT)
        .token_limit(TOKEN_LIMIT)
        .parse_ast(text, "input query")
        .map_err(|broken| {
        let first = broken.errors.iter().next().map(|error| error.to_json().message);
        first.map_or_else(|| "not GraphQL".to_owned(), |message| shown(&message, MESSAGE))
    })?;
    let fragment = match tree.definitions.as_slice() {
        [Definition::FragmentDefinition(fragment)] => fragment,
        _ => {
            return Err(format!(
                "it must be one fragment and nothing else, like `fragment Input on {} {{ ... }}`",
                point.subject
            ));
        }
    };
    if fragment.type_condition != point.subject.as_str() {
        return Err(format!(
            "it is a fragment on `{}`; {} asks about a `{}`",
            fragment.type_condition, point.name, point.subject
        ));
    }
    // The validator wants every fragment used, so an operation that uses it stands behind it.
    let whole = format!("{text}\nquery {{ {}(id: \"{id}\") {{ ...{} }} }}", lower_first(&point.subject), fragment.name);
    front.parse(&whole).map_err(|problems| messages(&problems))
}

fn messages(problems: &[Problem]) -> String {
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    shown(&messages.join("; "), MESSAGE)
}
