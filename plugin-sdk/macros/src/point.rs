//! Decision points: what they are about and what they want to hear.

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

use crate::shape::{Origin, Types};
use crate::suggest;

/// A decision point as its SDL declares it.
pub(crate) struct Point {
    pub name: String,
    /// GraphQL type the decision is about.
    pub subject: String,
    /// GraphQL type of the answer.
    pub output: String,
    schema: Valid<Schema>,
}

/// The Rust names of a point's types.
pub(crate) struct Contract {
    pub output: String,
    pub parameters: Option<String>,
    pub request: Option<String>,
}

/// The decision point of that name, among those of `schema`.
pub(crate) fn find(schema: Valid<Schema>, name: &str) -> Result<Point, String> {
    let mut known = Vec::new();
    let mut found = None;
    for (output, ty) in &schema.types {
        let ExtendedType::Object(object) = ty else { continue };
        let Some(directive) = object.directives.get("point") else { continue };
        let text = |argument: &str| {
            directive.specified_argument_by_name(argument).and_then(|value| value.as_str()).map(str::to_owned)
        };
        let (Some(point), Some(subject)) = (text("name"), text("subject")) else { continue };
        if point == name {
            found = Some((output.to_string(), subject));
        }
        known.push(point);
    }
    match found {
        Some((output, subject)) => Ok(Point { name: name.to_owned(), subject, output, schema }),
        None => {
            known.sort();
            let hint = suggest::hint(name, known.iter().map(String::as_str));
            let known = known.iter().map(|point| format!("`{point}`")).collect::<Vec<_>>().join(", ");
            Err(format!(
                "there is no decision point `{name}`{hint}; there are {known}; your own stand in a file that \
                 `schema = \"schema.graphql\"` names"
            ))
        }
    }
}

impl Point {
    /// Name of the Rust module: `credit.terms` -> `credit_terms`.
    pub(crate) fn module(&self) -> String {
        self.name.replace(['.', '-'], "_")
    }

    /// Adds the types of answer, parameters and request.
    pub(crate) fn types(&self, types: &mut Types) -> Result<Contract, String> {
        let output = types.declared(&self.schema, &self.output, &self.output, Origin::Answered)?;
        let mut given = |suffix: &str| {
            let name = format!("{}{suffix}", self.output);
            match self.schema.types.contains_key(name.as_str()) {
                true => types.declared(&self.schema, &name, suffix, Origin::Given).map(Some),
                false => Ok(None),
            }
        };
        Ok(Contract { output, parameters: given("Parameters")?, request: given("Request")? })
    }
}
