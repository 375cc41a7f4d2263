//! Input queries: a plugin's fragment on a decision point's subject becomes a selection.

use apollo_compiler::ast::Definition;
use apollo_compiler::parser::Parser;
use guildhall_decision::DecisionPoint;
use guildhall_model::plan::{Connection, ConnectionOutput, EdgeOutput, MoneyPart, Output, Selection};
use guildhall_model::{GlobalId, Model};
use guildhall_workflow::InputQuery;

use super::{Context, Planner, Shape};
use crate::front::{Front, RECURSION_LIMIT, TOKEN_LIMIT};
use crate::problem::Problem;
use crate::schema::lower_first;

/// Most records one input query may read for one subject.
const RECORDS_PER_SUBJECT: usize = 200;

/// Compiles the fragment `text` against the model's schema. The error says what is wrong with it and where.
pub(crate) fn compile_input_query(
    model: &Model,
    front: &Front,
    point: &DecisionPoint,
    text: &str,
) -> Result<InputQuery, String> {
    let tree = Parser::new()
        .recursion_limit(RECURSION_LIMIT)
        .token_limit(TOKEN_LIMIT)
        .parse_ast(text, "input query")
        .map_err(|broken| {
        broken.errors.iter().next().map(|error| error.to_json().message).unwrap_or_else(|| "not GraphQL".to_owned())
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
    let object = model.object(&point.subject).ok_or_else(|| format!("the model has no type `{}`", point.subject))?;
    // The validator wants every fragment used, so an operation that uses it stands behind it.
    let id = GlobalId::new(object, uuid::Uuid::nil());
    let whole = format!("{text}\nquery {{ {}(id: \"{id}\") {{ ...{} }} }}", lower_first(&object.name), fragment.name);
    let document = front.parse(&whole).map_err(|problems| messages(&problems))?;
    let operation = document.operations.iter().next().ok_or("the operation was lost")?;
    let variables =
        front.coerce(&document, operation, &serde_json::Value::Null).map_err(|problems| messages(&problems))?;
    let shape = Shape::default();
    let context =
        Context { model, points: &[], front, document: &document, operation, variables: &variables, shape: &shape };
    let mut planner = Planner::new(&context);
    let sets: Vec<_> = document.fragments.values().map(|fragment| &fragment.selection_set).collect();
    let selection = planner.selection(object, &sets, 1).map_err(|problem| problem.message)?;
    if planner.records > RECORDS_PER_SUBJECT {
        return Err(format!(
            "it may read {} records for one {}; at most {RECORDS_PER_SUBJECT} are allowed",
            planner.records, point.subject
        ));
    }
    let mut reads = Vec::new();
    reads_of(&selection, &mut reads);
    reads.sort();
    reads.dedup();
    Ok(InputQuery { selection, reads })
}

fn messages(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// Every stored field the selection reads, as `Type.field`. Passing a relation reads whether there is a record: its `id`.
fn reads_of(selection: &Selection, reads: &mut Vec<String>) {
    let object = &selection.object.name;
    for entry in &selection.outputs {
        match &entry.value {
            Output::GlobalId => reads.push(format!("{object}.id")),
            Output::Field(field) => reads.push(format!("{object}.{}", field.name)),
            Output::Money { field, parts } => {
                reads.push(format!("{object}.{}", field.name));
                if parts.iter().any(|part| part.value == MoneyPart::Currency) {
                    reads.push(format!("{object}.currency"));
                }
            }
            Output::One { relation, selection } => {
                reads.push(format!("{}.id", relation.target));
                reads_of(selection, reads);
            }
            Output::Same(selection) => reads_of(selection, reads),
            Output::Many { connection, .. } => reads_of_list(connection, reads),
            _ => {}
        }
    }
}

fn reads_of_list(connection: &Connection, reads: &mut Vec<String>) {
    // What a list is filtered and ordered by is disclosed by it, too.
    let mut note = |field: &str| reads.push(format!("{}.{field}", connection.object.name));
    for term in &connection.order {
        if let guildhall_model::plan::Expression::Field(field) = &term.by {
            note(&field.name);
        }
    }
    note_condition(&connection.filter, &connection.object.name, reads);
    for output in &connection.outputs {
        match &output.value {
            ConnectionOutput::Nodes(selection) => reads_of(selection, reads),
            ConnectionOutput::Edges(entries) => {
                for entry in entries {
                    if let EdgeOutput::Node(selection) = &entry.value {
                        reads_of(selection, reads);
                    }
                }
            }
            _ => {}
        }
    }
}

fn note_condition(condition: &guildhall_model::plan::Condition, object: &str, reads: &mut Vec<String>) {
    use guildhall_model::plan::{Condition, Expression};
    let mut field = |expression: &Expression| {
        if let Expression::Field(field) = expression {
            reads.push(format!("{object}.{}", field.name));
        }
    };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| note_condition(part, object, reads))
        }
        Condition::Not(inner) | Condition::NotTrue(inner) => note_condition(inner, object, reads),
        Condition::Compare { left, right, .. } => {
            field(left);
            field(right);
        }
        Condition::OneOf { left, .. } | Condition::IsNull(left) | Condition::Text { left, .. } => field(left),
        Condition::Some { relation, condition } => {
            reads.push(format!("{}.id", relation.target));
            note_condition(condition, &relation.target, reads);
        }
    }
}
