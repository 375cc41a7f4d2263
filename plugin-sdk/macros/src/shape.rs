//! The Rust types to write, as values.

use apollo_compiler::ast::{FieldDefinition, Type};
use apollo_compiler::schema::{EnumType, ExtendedType, InputValueDefinition};
use apollo_compiler::{Node, Schema};

/// A Rust type as a field has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    Bool,
    Int,
    /// 64 bits; settings only.
    Long,
    Float,
    Text,
    Decimal,
    Date,
    DateTime,
    Json,
    /// The SDK's `Money`: amount and currency.
    Money,
    /// A struct or enum of the same module.
    Named(String),
    Optional(Box<Ty>),
    List(Box<Ty>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    /// Name in the JSON.
    pub key: String,
    pub doc: Option<String>,
    pub ty: Ty,
    /// What a missing value means (parameters and requests only).
    pub default: Option<Node<apollo_compiler::ast::Value>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Struct {
    pub name: String,
    pub doc: Option<String>,
    pub fields: Vec<Field>,
    pub origin: Origin,
}

/// Where a type comes from decides which way it is translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Selected by the input query: read from JSON, with defaults for tests.
    Selected,
    /// Parameters and request: read from JSON, with the defaults of the schema.
    Given,
    /// The answer: written to JSON.
    Answered,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enum {
    pub name: String,
    pub doc: Option<String>,
    pub values: Vec<(String, Option<String>)>,
    pub origin: Origin,
}

/// Every type of one policy. Names are unique in it.
#[derive(Debug)]
pub(crate) struct Types {
    pub structs: Vec<Struct>,
    pub enums: Vec<Enum>,
}

impl Types {
    pub(crate) fn new() -> Self {
        Types { structs: Vec::new(), enums: Vec::new() }
    }

    /// Adds a struct under the first of `names` that is free or already means the same.
    pub(crate) fn add(&mut self, names: &[String], built: Struct) -> Result<String, String> {
        for name in names {
            let candidate = Struct { name: name.clone(), ..built.clone() };
            if self.structs.contains(&candidate) {
                return Ok(name.clone());
            }
            if !self.is_taken(name) {
                self.structs.push(candidate);
                return Ok(name.clone());
            }
        }
        Err(format!("no free name for the type at `{}`: give the field an alias", names.join("`, `")))
    }

    pub(crate) fn add_enum(&mut self, declared: &EnumType, origin: Origin) -> Result<String, String> {
        let built = Enum {
            name: declared.name.to_string(),
            doc: doc(declared.description.as_ref()),
            values: declared
                .values
                .iter()
                .map(|(name, value)| (name.to_string(), doc(value.description.as_ref())))
                .collect(),
            origin,
        };
        let name = built.name.clone();
        match self.enums.iter_mut().find(|existing| existing.name == name) {
            Some(existing) if existing.values == built.values => existing.origin = origin,
            Some(_) => return Err(format!("there are two different enums named `{name}`")),
            None => self.enums.push(built),
        }
        Ok(name)
    }

    /// Adds the choices of a setting.
    pub(crate) fn add_choices(&mut self, built: Enum) -> Result<String, String> {
        let name = built.name.clone();
        match self.enums.iter().find(|existing| existing.name == name) {
            Some(existing) if *existing == built => Ok(name),
            None if !self.is_taken(&name) => {
                self.enums.push(built);
                Ok(name)
            }
            _ => Err(format!("two settings would have the type `{name}`; rename one")),
        }
    }

    /// Whether a struct can be made without being told anything.
    pub(crate) fn has_default(&self, name: &str) -> bool {
        let complete = |field: &Field| field.default.is_some() || matches!(field.ty, Ty::Optional(_));
        self.structs.iter().any(|built| built.name == name && built.fields.iter().all(complete))
    }

    fn is_taken(&self, name: &str) -> bool {
        // These stand in every policy's module.
        ["Question", "Policy", "Option", "Vec", "String"].contains(&name)
            || self.structs.iter().any(|existing| existing.name == name)
            || self.enums.iter().any(|existing| existing.name == name)
    }

    /// The fields of a whole type: of an answer, of parameters or of a request.
    pub(crate) fn declared(
        &mut self,
        schema: &Schema,
        graphql_name: &str,
        rust_name: &str,
        origin: Origin,
    ) -> Result<String, String> {
        let (description, declared): (_, Vec<Declared>) = match schema.types.get(graphql_name) {
            Some(ExtendedType::Object(object)) => {
                (&object.description, object.fields.values().map(|field| Declared::from(&***field)).collect())
            }
            Some(ExtendedType::InputObject(object)) => {
                (&object.description, object.fields.values().map(|field| Declared::from(&***field)).collect())
            }
            _ => return Err(format!("`{graphql_name}` is not an object")),
        };
        let description = doc(description.as_ref());
        let mut fields = Vec::new();
        for field in declared {
            let ty = wrap(&field.ty, &mut |name| self.declared_leaf(schema, name, origin))?;
            fields.push(Field { key: field.name, doc: field.doc, ty, default: field.default });
        }
        self.add(&[rust_name.to_owned()], Struct { name: String::new(), doc: description, fields, origin })
    }

    fn declared_leaf(&mut self, schema: &Schema, name: &str, origin: Origin) -> Result<Ty, String> {
        match schema.types.get(name) {
            Some(ExtendedType::Scalar(_)) => scalar(name),
            Some(ExtendedType::Enum(declared)) => self.add_enum(declared, origin).map(Ty::Named),
            Some(_) => self.declared(schema, name, name, origin).map(Ty::Named),
            None => Err(format!("the type `{name}` is not declared")),
        }
    }
}

/// A field as objects and input objects have it alike.
struct Declared {
    name: String,
    doc: Option<String>,
    ty: Type,
    default: Option<Node<apollo_compiler::ast::Value>>,
}

impl From<&FieldDefinition> for Declared {
    fn from(field: &FieldDefinition) -> Self {
        Declared {
            name: field.name.to_string(),
            doc: doc(field.description.as_ref()),
            ty: field.ty.clone(),
            default: None,
        }
    }
}

impl From<&InputValueDefinition> for Declared {
    fn from(field: &InputValueDefinition) -> Self {
        Declared {
            name: field.name.to_string(),
            doc: doc(field.description.as_ref()),
            ty: (*field.ty).clone(),
            default: field.default_value.clone(),
        }
    }
}

/// The Rust type of a scalar.
pub(crate) fn scalar(name: &str) -> Result<Ty, String> {
    Ok(match name {
        "Boolean" => Ty::Bool,
        "Int" => Ty::Int,
        "Float" => Ty::Float,
        "ID" | "String" => Ty::Text,
        "Decimal" => Ty::Decimal,
        "Date" => Ty::Date,
        "DateTime" => Ty::DateTime,
        "JSON" => Ty::Json,
        other => return Err(format!("the scalar `{other}` has no Rust type in this SDK")),
    })
}

/// Nullability and lists around the named type that `leaf` gives.
pub(crate) fn wrap(ty: &Type, leaf: &mut dyn FnMut(&str) -> Result<Ty, String>) -> Result<Ty, String> {
    Ok(match ty {
        Type::NonNullNamed(name) => leaf(name.as_str())?,
        Type::Named(name) => Ty::Optional(Box::new(leaf(name.as_str())?)),
        Type::NonNullList(inner) => Ty::List(Box::new(wrap(inner, leaf)?)),
        Type::List(inner) => Ty::Optional(Box::new(Ty::List(Box::new(wrap(inner, leaf)?)))),
    })
}

pub(crate) fn doc(description: Option<&Node<str>>) -> Option<String> {
    description.map(|text| text.to_string())
}
