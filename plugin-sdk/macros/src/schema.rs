//! The contracts this version of the SDK was built against.

use apollo_compiler::Schema;
use apollo_compiler::validation::{DiagnosticList, Valid};

/// The customer model as the core exports it.
const MODEL: &str = include_str!("../../../schema/model.graphql");

/// The decision points; the directives they use come first.
const DECISIONS: [(&str, &str); 3] = [
    ("directives.graphql", include_str!("../../../schema/decisions/directives.graphql")),
    ("credit_check.graphql", include_str!("../../../schema/decisions/credit_check.graphql")),
    ("credit_terms.graphql", include_str!("../../../schema/decisions/credit_terms.graphql")),
];

/// Name of the field by which an input query is reached during validation.
pub(crate) const ENTRANCE: &str = "guildhallSubject";

/// The model, with a way in to records of type `subject`.
pub(crate) fn model(subject: &str) -> Result<Valid<Schema>, String> {
    let entrance = format!("extend type Query {{ {ENTRANCE}: {subject} }}");
    Schema::builder()
        .parse(MODEL, "model.graphql")
        .parse(entrance, "entrance.graphql")
        .build()
        .and_then(Schema::validate)
        .map_err(|error| format!("the model of this SDK does not fit `{subject}`:\n{}", readable(&error.errors, None)))
}

/// The decision points with all their types: those of this SDK, and those of the plugin's own file and text.
pub(crate) fn decisions(own: Option<(&str, &str)>) -> Result<Valid<Schema>, String> {
    let mut builder = Schema::builder();
    for (name, text) in DECISIONS {
        builder = builder.parse(text, name);
    }
    if let Some((name, text)) = own {
        builder = builder.parse(text, name);
    }
    // A schema needs a query type to be valid; decision points have none of their own.
    let built = builder.parse("type Query { nothing: Boolean }", "query.graphql").build().and_then(Schema::validate);
    built.map_err(|error| match own {
        Some((name, _)) => readable(&error.errors, Some(name)),
        None => format!("the decision points of this SDK are not valid:\n{}", readable(&error.errors, None)),
    })
}

/// The first findings, one a line, as `file:line:column: message`.
pub(crate) fn readable(errors: &DiagnosticList, file: Option<&str>) -> String {
    let lines = errors.iter().take(20).map(|diagnostic| match (file, diagnostic.line_column_range()) {
        (Some(file), Some(range)) => {
            format!("{file}:{}:{}: {}", range.start.line, range.start.column, diagnostic.error)
        }
        _ => diagnostic.error.to_string(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
