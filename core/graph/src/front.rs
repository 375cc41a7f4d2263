//! The front: parses with limits, validates against a role's schema, coerces variables, answers introspection.
//!
//! apollo-compiler stands behind this module alone. What its own limits leave open is closed in [`limits`] on the syntax
//! tree and in [`merging`], before the validator, whose work can grow faster than the document, sees it. What its validator
//! leaves open is closed in [`merging`] and [`usages`].

mod coerce;
mod introspected;
mod limits;
mod merging;
mod usages;
mod whole;

#[cfg(test)]
mod tests;

use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::Operation;
use apollo_compiler::introspection;
use apollo_compiler::parser::Parser;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::{DiagnosticList, Valid};
use apollo_compiler::{ExecutableDocument, Name, Schema};

use crate::problem::{Code, Problem};

pub(crate) use coerce::{Argument, argument, exact};

/// Largest document in bytes.
pub const DOCUMENT_LIMIT: usize = 64 * 1024;
pub(crate) const RECURSION_LIMIT: usize = 64;
pub(crate) const TOKEN_LIMIT: usize = 15_000;
/// How many problems of one document are told.
const PROBLEM_LIMIT: usize = 20;

/// A role's schema, ready for documents.
pub(crate) struct Front {
    schema: Valid<Schema>,
    implementers: HashMap<Name, Implementers>,
}

/// The SDL does not hold together: a contribution broke the schema.
#[derive(Debug, thiserror::Error)]
#[error("the schema does not hold together: {0}")]
pub struct SchemaProblem(pub String);

impl Front {
    pub(crate) fn new(sdl: &str) -> Result<Self, SchemaProblem> {
        let schema = Schema::parse_and_validate(sdl, "schema.graphql")
            .map_err(|broken| SchemaProblem(first_messages(&broken.errors).join("; ")))?;
        let implementers = schema.implementers_map();
        Ok(Front { schema, implementers })
    }

    pub(crate) fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    /// The names of all types, GraphQL's own among them.
    pub(crate) fn types(&self) -> Vec<String> {
        self.schema.types.keys().map(ToString::to_string).collect()
    }

    /// The names of an object type's fields.
    pub(crate) fn fields(&self, object: &str) -> Vec<String> {
        let object = self.schema.get_object(object);
        object.into_iter().flat_map(|object| object.fields.keys().map(ToString::to_string)).collect()
    }

    /// Parses and validates a document.
    pub(crate) fn parse(&self, text: &str) -> Result<Valid<ExecutableDocument>, Vec<Problem>> {
        if text.len() > DOCUMENT_LIMIT {
            let message = format!("the document has {} bytes; at most {DOCUMENT_LIMIT} are taken", text.len());
            return Err(vec![Problem::limit("bytes", message)]);
        }
        let tree = Parser::new()
            .recursion_limit(RECURSION_LIMIT)
            .token_limit(TOKEN_LIMIT)
            .parse_ast(text, "document")
            .map_err(|broken| unparsed(&broken.errors))?;
        whole::check(text, &tree).map_err(|problem| vec![problem])?;
        limits::check(&tree).map_err(|problem| vec![problem])?;
        let invalid = |errors: &DiagnosticList| problems(Code::ValidationFailed, errors);
        let document = tree.to_executable(&self.schema).map_err(|broken| invalid(&broken.errors))?;
        merging::check(&document, &self.schema).map_err(|problem| vec![problem])?;
        let document = document.validate(&self.schema).map_err(|broken| invalid(&broken.errors))?;
        usages::check(&self.schema, &document).map_err(|problem| vec![problem])?;
        Ok(document)
    }

    /// The variables as the operation's types have them, with defaults.
    pub(crate) fn coerce(
        &self,
        document: &ExecutableDocument,
        operation: &Operation,
        given: &serde_json::Value,
    ) -> Result<Valid<JsonMap>, Vec<Problem>> {
        limits::check_variables(given).map_err(|problem| vec![problem])?;
        let none = serde_json::Map::new();
        let given = match given {
            serde_json::Value::Null => &none,
            serde_json::Value::Object(map) => map,
            _ => return Err(vec![Problem::new(Code::BadUserInput, "`variables` must be an object")]),
        };
        let coerced = coerce::variables(&self.schema, operation, given).map_err(|faults| {
            let problem = |fault: coerce::Fault| {
                let problem =
                    Problem::new(Code::BadUserInput, fault.message).located(fault.location, &document.sources);
                problem.with("input", serde_json::json!({ "path": fault.path, "code": fault.code }))
            };
            faults.into_iter().map(problem).collect::<Vec<_>>()
        })?;
        serde_json::from_value(serde_json::Value::Object(coerced))
            .map(Valid::assume_valid)
            .map_err(|error| vec![Problem::internal(&error)])
    }

    /// Answers the operation's `__schema` and `__type` fields.
    pub(crate) fn introspect(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &Valid<JsonMap>,
    ) -> Result<JsonMap, Problem> {
        introspected::check(&self.schema, &self.implementers, document, operation)?;
        introspection::partial_execute(&self.schema, &self.implementers, document, operation, variables)
            .map(|response| response.data.unwrap_or_default())
            .map_err(|error| Problem::from_front(Code::BadUserInput, &error.to_graphql_error(&document.sources)))
    }
}

/// What the parser says. Where it stopped at one of its own limits, nothing else counts.
fn unparsed(errors: &DiagnosticList) -> Vec<Problem> {
    let is_limit = |message: &str| !message.starts_with("syntax error") && message.contains("limit reached");
    match errors.iter().find(|diagnostic| is_limit(&diagnostic.error.to_string())) {
        Some(diagnostic) => {
            let name = if diagnostic.error.to_string().contains("token") { "tokens" } else { "depth" };
            vec![Problem::from_front(Code::LimitExceeded, &diagnostic.to_json()).named(name)]
        }
        // The parser goes on after the first mistake, and what it says then is mostly the same mistake again.
        None => problems(Code::ParseFailed, errors).into_iter().take(1).collect(),
    }
}

/// The first problems. The list is never printed as a whole: it quotes the document at each and grows with its square.
fn problems(code: Code, errors: &DiagnosticList) -> Vec<Problem> {
    errors.iter().take(PROBLEM_LIMIT).map(|diagnostic| Problem::from_front(code, &diagnostic.to_json())).collect()
}

fn first_messages(errors: &DiagnosticList) -> Vec<String> {
    errors.iter().take(PROBLEM_LIMIT).map(|diagnostic| diagnostic.to_json().message).collect()
}
