//! The input query: one fragment on the decision's subject, validated like any document a client sends.

use apollo_compiler::ast::Definition;
use apollo_compiler::executable::{Field as Selected, Fragment, Selection, SelectionSet};
use apollo_compiler::parser::{Parser, SourceMap};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument, Node, Schema};

use crate::point::Point;
use crate::schema::{self, ENTRANCE, readable};
use crate::shape::{self, Field, Origin, Struct, Ty, Types};
use crate::suggest;

/// Reads the query in `text`, adds the types it selects and returns the name of the subject's type.
pub(crate) fn read(file: &str, text: &str, point: &Point, types: &mut Types) -> Result<String, String> {
    let name = only_fragment(file, text, point)?;
    let schema = schema::model(&point.subject)?;
    // The fragment stands first, so that lines and columns in messages are those of the file.
    let document = format!("{text}\nquery GuildhallInput {{ {ENTRANCE} {{ ...{name} }} }}\n");
    let document = ExecutableDocument::parse_and_validate(&schema, document, file)
        .map_err(|error| with_suggestions(&schema, &readable(&error.errors, Some(file))))?;
    let fragment = document.fragments.get(name.as_str()).ok_or_else(|| format!("{file}: the fragment vanished"))?;
    Reader { file, schema: &schema, sources: &document.sources, types }.subject(fragment)
}

/// The findings, each with the field that may have been meant.
fn with_suggestions(schema: &Schema, findings: &str) -> String {
    let hint = |line: &str| {
        // As the pinned parser words it; a test holds it.
        let (ty, field) = line.split_once("type `")?.1.split_once("` does not have a field `")?;
        let fields: Vec<&str> = match schema.types.get(ty)? {
            ExtendedType::Object(object) => object.fields.keys().map(|name| name.as_str()).collect(),
            _ => return None,
        };
        Some(suggest::hint(field.trim_end_matches('`'), fields))
    };
    let lines = findings.lines().map(|line| format!("{line}{}", hint(line).unwrap_or_default()));
    lines.collect::<Vec<_>>().join("\n")
}

/// The name of the one fragment that the file holds.
fn only_fragment(file: &str, text: &str, point: &Point) -> Result<String, String> {
    let document = Parser::new().parse_ast(text, file).map_err(|error| readable(&error.errors, Some(file)))?;
    let [Definition::FragmentDefinition(fragment)] = document.definitions.as_slice() else {
        let subject = &point.subject;
        return Err(format!("{file}: an input query is exactly one fragment: `fragment Input on {subject} {{ ... }}`"));
    };
    if fragment.type_condition.as_str() != point.subject {
        return Err(format!(
            "{file}: the fragment is on `{}`, but `{}` is about a `{}`",
            fragment.type_condition, point.name, point.subject
        ));
    }
    Ok(fragment.name.to_string())
}

struct Reader<'a> {
    file: &'a str,
    schema: &'a Schema,
    sources: &'a SourceMap,
    types: &'a mut Types,
}

impl Reader<'_> {
    fn subject(&mut self, fragment: &Fragment) -> Result<String, String> {
        let selection = &fragment.selection_set;
        self.object(selection, &[selection.ty.to_string()])
    }

    /// The struct of a selection, under the first free one of `names`.
    fn object(&mut self, selection: &SelectionSet, names: &[String]) -> Result<String, String> {
        let mut fields: Vec<Field> = Vec::new();
        for selected in &selection.selections {
            let selected = self.plain_field(selected)?;
            let field = self.field(selected)?;
            match fields.iter().find(|known| known.key == field.key) {
                Some(known) if *known == field => {}
                Some(_) => {
                    return Err(self.at(selected, "this is selected twice with different fields; select it once"));
                }
                None => fields.push(field),
            }
        }
        let doc = self.schema.types.get(&selection.ty).and_then(|ty| shape::doc(ty.description()));
        self.types.add(names, Struct { name: String::new(), doc, fields, origin: Origin::Selected })
    }

    fn plain_field<'s>(&self, selection: &'s Selection) -> Result<&'s Node<Selected>, String> {
        let Selection::Field(field) = selection else {
            return Err(format!("{}: write the fields out; fragments within the fragment are not read", self.file));
        };
        if field.name.starts_with("__") {
            return Err(self.at(field, "introspection is not input"));
        }
        if !field.directives.is_empty() {
            return Err(self.at(field, "directives are not allowed: input has the same shape for every subject"));
        }
        let is_connection = field.ty().inner_named_type().ends_with("Connection");
        if is_connection && field.specified_argument_by_name("first").is_none_or(|first| first.to_i32().is_none()) {
            return Err(self.at(field, "say how many at most: `first: 5`"));
        }
        Ok(field)
    }

    fn field(&mut self, selected: &Node<Selected>) -> Result<Field, String> {
        let key = selected.response_key().to_string();
        let definition = &selected.definition;
        let ty = shape::wrap(&definition.ty, &mut |name| self.leaf(name, &key, selected))
            .map_err(|message| if message.contains(self.file) { message } else { self.at(selected, &message) })?;
        Ok(Field { key, doc: shape::doc(definition.description.as_ref()), ty, default: None })
    }

    fn leaf(&mut self, name: &str, key: &str, selected: &Selected) -> Result<Ty, String> {
        match self.schema.types.get(name) {
            Some(ExtendedType::Scalar(_)) => shape::scalar(name),
            Some(ExtendedType::Enum(declared)) => self.types.add_enum(declared, Origin::Selected).map(Ty::Named),
            Some(ExtendedType::Object(_)) if name == "Money" && is_whole_money(&selected.selection_set) => {
                Ok(Ty::Money)
            }
            Some(ExtendedType::Object(_)) => {
                let specific = format!("{}{name}", pascal(key));
                let numbered = (2..10).map(|number| format!("{specific}{number}"));
                let names: Vec<_> = [name.to_owned(), specific.clone()].into_iter().chain(numbered).collect();
                self.object(&selected.selection_set, &names).map(Ty::Named)
            }
            _ => Err(format!("`{name}` has no single shape and cannot be input")),
        }
    }

    fn at(&self, field: &Node<Selected>, message: &str) -> String {
        let place = field.location().and_then(|location| location.line_column(self.sources));
        match place {
            Some(place) => format!("{}:{}:{}: `{}`: {message}", self.file, place.line, place.column, field.name),
            None => format!("{}: `{}`: {message}", self.file, field.name),
        }
    }
}

fn is_whole_money(selection: &SelectionSet) -> bool {
    let selects = |name: &str| selection.fields().any(|field| field.response_key() == name && field.name == name);
    selection.selections.len() == 2 && selects("amount") && selects("currency")
}

/// `openInvoices` -> `OpenInvoices`, `ON_HOLD` -> `OnHold`.
pub(crate) fn pascal(name: &str) -> String {
    let is_upper = !name.chars().any(|letter| letter.is_ascii_lowercase());
    name.split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            let rest = letters.map(|letter| if is_upper { letter.to_ascii_lowercase() } else { letter });
            first.into_iter().chain(rest).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests;
