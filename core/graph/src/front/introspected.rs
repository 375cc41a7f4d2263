//! How much an introspection tells.
//!
//! Lists of the schema's parts multiply: a name asked for once may be told a hundred thousand times. So the values are
//! counted before they are made, by a walk over what is asked and what there is, which is given up when it takes too long.

use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Type};
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::schema::{ExtendedType, Implementers};
use apollo_compiler::{ExecutableDocument, Name, Schema, collections};

use crate::problem::Problem;

/// How often an introspection may tell the whole schema, with about this many values of each of its parts.
const TIMES: usize = 30;

/// Checks what an operation asks of the schema, or says that it is too much.
pub(super) fn check(
    schema: &Schema,
    implementers: &collections::HashMap<Name, Implementers>,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Result<(), Problem> {
    let left = schema.types.values().map(parts).sum::<usize>() * TIMES;
    let mut counting = Counting { schema, implementers, document, left };
    counting.count(&operation.selection_set, Part::Root)
}

/// What a type tells about itself, with names.
fn parts(ty: &ExtendedType) -> usize {
    1 + match ty {
        ExtendedType::Object(object) => object.fields.values().map(|field| 1 + field.arguments.len()).sum(),
        ExtendedType::Interface(interface) => interface.fields.values().map(|field| 1 + field.arguments.len()).sum(),
        ExtendedType::Union(union) => union.members.len(),
        ExtendedType::Enum(values) => values.values.len(),
        ExtendedType::InputObject(input) => input.fields.len(),
        ExtendedType::Scalar(_) => 0,
    }
}

/// What a selection is made on.
#[derive(Clone, Copy)]
enum Part<'s> {
    Root,
    Schema,
    Type(&'s Type),
    Named(&'s ExtendedType),
    Field(&'s FieldDefinition),
    Input(&'s InputValueDefinition),
    /// Something without parts: an enum's value, a directive's place.
    Leaf,
}

struct Counting<'s> {
    schema: &'s Schema,
    implementers: &'s collections::HashMap<Name, Implementers>,
    document: &'s ExecutableDocument,
    left: usize,
}

impl<'s> Counting<'s> {
    fn count(&mut self, set: &'s SelectionSet, part: Part<'s>) -> Result<(), Problem> {
        for selection in &set.selections {
            self.step()?;
            match selection {
                Selection::Field(field) => {
                    let name = match (part, field.name.as_str()) {
                        (Part::Root, name) if !name.starts_with("__") => continue,
                        // Which type it is hangs on variables; none tells more than the largest.
                        (Part::Root, "__type") => {
                            if let Some(largest) = self.schema.types.values().max_by_key(|ty| parts(ty)) {
                                self.count(&field.selection_set, Part::Named(largest))?;
                            }
                            continue;
                        }
                        (_, name) => name,
                    };
                    if field.selection_set.is_empty() {
                        continue;
                    }
                    for inner in self.inner(part, name) {
                        self.step()?;
                        self.count(&field.selection_set, inner)?;
                    }
                }
                Selection::InlineFragment(inline) => self.count(&inline.selection_set, part)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.count(&fragment.selection_set, part)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), Problem> {
        let message =
            "the operation asks for too much of the schema; ask for each of its lists once, or take `/schema.graphql`";
        self.left = self.left.checked_sub(1).ok_or_else(|| Problem::limit("introspection", message))?;
        Ok(())
    }

    /// What the field `name` of `part` leads to.
    fn inner(&self, part: Part<'s>, name: &str) -> Vec<Part<'s>> {
        match (part, name) {
            (Part::Root, _) => vec![Part::Schema],
            (Part::Schema, "types") => self.schema.types.values().map(Part::Named).collect(),
            (Part::Schema, "directives") => {
                // Their arguments are told beside them.
                let directives = self.schema.directive_definitions.values();
                directives.flat_map(|directive| &directive.arguments).map(|argument| Part::Input(argument)).collect()
            }
            (Part::Schema, _) => {
                let query = self.schema.schema_definition.query.as_ref();
                query.and_then(|query| self.schema.types.get(&query.name)).map(Part::Named).into_iter().collect()
            }
            (Part::Field(field), "type") => self.of_type(&field.ty),
            (Part::Field(field), "args") => field.arguments.iter().map(|argument| Part::Input(argument)).collect(),
            (Part::Input(input), "type") => self.of_type(&input.ty),
            // A directive stands for its arguments.
            (Part::Input(_), "args") => vec![part],
            (Part::Type(Type::List(inner) | Type::NonNullList(inner)), "ofType") => self.of_type(inner),
            (Part::Type(Type::NonNullNamed(name)), "ofType") => self.named(name),
            (Part::Named(ty), name) => self.of_named(ty, name),
            _ => Vec::new(),
        }
    }

    fn of_type(&self, ty: &'s Type) -> Vec<Part<'s>> {
        match ty {
            Type::Named(name) => self.named(name),
            wrapped => vec![Part::Type(wrapped)],
        }
    }

    fn named(&self, name: &str) -> Vec<Part<'s>> {
        self.schema.types.get(name).map(Part::Named).into_iter().collect()
    }

    fn of_named(&self, ty: &'s ExtendedType, name: &str) -> Vec<Part<'s>> {
        match (ty, name) {
            (ExtendedType::Object(object), "fields") => {
                object.fields.values().map(|field| Part::Field(field)).collect()
            }
            (ExtendedType::Interface(interface), "fields") => {
                interface.fields.values().map(|field| Part::Field(field)).collect()
            }
            (ExtendedType::Object(object), "interfaces") => {
                object.implements_interfaces.iter().flat_map(|name| self.named(name)).collect()
            }
            (ExtendedType::Interface(interface), "interfaces") => {
                interface.implements_interfaces.iter().flat_map(|name| self.named(name)).collect()
            }
            (ExtendedType::Union(union), "possibleTypes") => {
                union.members.iter().flat_map(|name| self.named(name)).collect()
            }
            (ExtendedType::Interface(interface), "possibleTypes") => {
                let known = self.implementers.get(&interface.name);
                known.into_iter().flat_map(|known| &known.objects).flat_map(|name| self.named(name)).collect()
            }
            (ExtendedType::Enum(values), "enumValues") => vec![Part::Leaf; values.values.len()],
            (ExtendedType::InputObject(input), "inputFields") => {
                input.fields.values().map(|field| Part::Input(field)).collect()
            }
            _ => Vec::new(),
        }
    }
}
