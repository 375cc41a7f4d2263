//! Input coercion, after the specification: CoerceVariableValues, CoerceArgumentValues, and the rules of each input type.
//!
//! It stands here once, because a value may come in a literal, in a default or in JSON, and must mean the same. Values of
//! custom scalars stay what they are; decimals in literals stay text, so that none passes through a float.

use apollo_compiler::Schema;
use apollo_compiler::ast::{InputValueDefinition, Type, Value as Literal};
use apollo_compiler::executable::{Operation, OperationType};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::{EnumType, ExtendedType, InputObjectType};
use guildhall_model::{Kind, parse_exact, parse_text};
use serde_json::{Map, Value};

/// An argument's value. What stands as [`Argument::Variable`] is known only when the plan runs, but it is not null.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    Null,
    Scalar(Value),
    Variable(String),
    List(Vec<Argument>),
    Object(Vec<(String, Argument)>),
}

impl Argument {
    pub(crate) fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Argument::Null,
            Value::Array(items) => Argument::List(items.iter().map(Argument::from_json).collect()),
            Value::Object(fields) => Argument::Object(
                fields.iter().map(|(name, value)| (name.clone(), Argument::from_json(value))).collect(),
            ),
            scalar => Argument::Scalar(scalar.clone()),
        }
    }

    /// The value with the request's variables; absent variables leave no trace.
    pub(crate) fn resolve(&self, variables: &JsonMap) -> Option<Value> {
        Some(match self {
            Argument::Null => Value::Null,
            Argument::Scalar(value) => value.clone(),
            Argument::Variable(name) => serde_json::to_value(variables.get(name.as_str())?).ok()?,
            Argument::List(items) => items.iter().map(|item| item.resolve(variables).unwrap_or(Value::Null)).collect(),
            Argument::Object(fields) => {
                fields.iter().filter_map(|(name, value)| Some((name.clone(), value.resolve(variables)?))).collect()
            }
        })
    }

    /// The value of a literal without variables.
    fn constant(&self) -> Value {
        match self {
            Argument::Null | Argument::Variable(_) => Value::Null,
            Argument::Scalar(value) => value.clone(),
            Argument::List(items) => items.iter().map(Argument::constant).collect(),
            Argument::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value.constant())).collect(),
        }
    }
}

/// Most faults of an operation's variables that are told.
const FAULTS: usize = 100;

/// What is wrong with a value of a variable.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub message: String,
    /// Where it stands: the variable, then fields and places in lists.
    pub path: Vec<Value>,
    /// As values of records have it.
    pub code: &'static str,
    /// The variable's definition.
    pub location: Option<SourceSpan>,
}

/// The operation's variables as its types have them, with defaults. An absent variable without a default stays absent. What is
/// wrong with them is told all at once.
pub(super) fn variables(
    schema: &Schema,
    operation: &Operation,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Fault>> {
    // What a mutation writes is held to its fields by the act, which tells all that is wrong with it at once.
    let exactly = operation.operation_type != OperationType::Mutation;
    let mut reading = Reading { schema, exactly, path: Vec::new(), location: None, faults: Vec::new() };
    let mut coerced = Map::new();
    let none = JsonMap::new();
    for variable in &operation.variables {
        let (name, ty) = (variable.name.as_str(), &variable.ty);
        reading.location = variable.location();
        let value = reading.within(name, |reading| match (given.get(name), &variable.default_value) {
            (Some(value), _) => Some(reading.value(ty, value)),
            (None, Some(default)) => Some(reading.default(ty, literal(schema, ty, default, &none))),
            (None, None) if ty.is_non_null() => {
                reading.fault(REQUIRED, no_value_given(ty));
                None
            }
            (None, None) => None,
        });
        coerced.extend(value.map(|value| (name.to_owned(), value)));
    }
    if reading.faults.is_empty() { Ok(coerced) } else { Err(reading.faults) }
}

/// JSON being read as values of types. What is no such value is put down and read as null.
struct Reading<'s> {
    schema: &'s Schema,
    /// Whether texts of our own scalars have to be values of theirs.
    exactly: bool,
    path: Vec<Value>,
    location: Option<SourceSpan>,
    faults: Vec<Fault>,
}

const REQUIRED: &str = "REQUIRED";
const MALFORMED: &str = "MALFORMED";
const UNKNOWN_FIELD: &str = "UNKNOWN_FIELD";

impl Reading<'_> {
    fn within<T>(&mut self, step: impl Into<Value>, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step.into());
        let read = read(self);
        self.path.pop();
        read
    }

    fn fault(&mut self, code: &'static str, reason: String) {
        if self.faults.len() == FAULTS {
            return;
        }
        let mut message = String::new();
        // The reason names a field that there is not.
        let known = self.path.len() - usize::from(code == UNKNOWN_FIELD);
        for (depth, step) in self.path.iter().enumerate().take(known) {
            message += &match step.as_str() {
                Some(name) if depth == 0 => format!("variable `{name}`: "),
                Some(name) => format!("field `{name}`: "),
                None => format!("item {step}: "),
            };
        }
        let (path, location) = (self.path.clone(), self.location);
        self.faults.push(Fault { message: message + &reason, path, code, location });
    }

    /// A value of `ty`.
    fn value(&mut self, ty: &Type, value: &Value) -> Value {
        if value.is_null() {
            if ty.is_non_null() {
                self.fault(REQUIRED, no_null(ty));
            }
            return Value::Null;
        }
        let name = match ty {
            Type::List(item) | Type::NonNullList(item) => {
                return match value {
                    Value::Array(items) => {
                        let items = items.iter().enumerate();
                        items.map(|(place, value)| self.within(place, |reading| reading.value(item, value))).collect()
                    }
                    single => Value::Array(vec![self.value(item, single)]),
                };
            }
            Type::Named(name) | Type::NonNullNamed(name) => name,
        };
        let read = match (self.schema.types.get(name), value) {
            (Some(ExtendedType::InputObject(object)), Value::Object(fields)) => return self.object(object, fields),
            (Some(ExtendedType::Enum(declared)), Value::String(name)) => named(declared, name),
            (Some(ExtendedType::Scalar(scalar)), _) if !scalar.is_built_in() => {
                if self.exactly
                    && let Err(reason) = exact(self.schema, ty, &Argument::from_json(value))
                {
                    self.fault(MALFORMED, reason);
                }
                Some(value.clone())
            }
            (Some(ExtendedType::Scalar(scalar)), _) => json_built_in(&scalar.name, value),
            _ => None,
        };
        read.unwrap_or_else(|| {
            self.fault(MALFORMED, no_value(&value.to_string(), ty));
            Value::Null
        })
    }

    fn object(&mut self, object: &InputObjectType, fields: &Map<String, Value>) -> Value {
        for name in fields.keys().filter(|name| !object.fields.contains_key(name.as_str())) {
            self.within(short(name), |reading| reading.fault(UNKNOWN_FIELD, unknown_field(object, name)));
        }
        let mut coerced = Map::new();
        let none = JsonMap::new();
        for (name, definition) in &object.fields {
            let value = self.within(name.as_str(), |reading| match fields.get(name.as_str()) {
                Some(value) => Some(reading.value(&definition.ty, value)),
                None if definition.default_value.is_none() && definition.ty.is_non_null() => {
                    reading.fault(REQUIRED, no_value_given(&definition.ty));
                    None
                }
                None => definition.default_value.as_ref().map(|default| {
                    reading.default(&definition.ty, literal(reading.schema, &definition.ty, default, &none))
                }),
            });
            coerced.extend(value.map(|value| (name.to_string(), value)));
        }
        Value::Object(coerced)
    }

    /// A default of the document or the schema.
    fn default(&mut self, ty: &Type, read: Result<Argument, String>) -> Value {
        let exact = |argument: &Argument| if self.exactly { exact(self.schema, ty, argument) } else { Ok(()) };
        match read.and_then(|argument| exact(&argument).map(|()| argument.constant())) {
            Ok(value) => value,
            Err(reason) => {
                self.fault(MALFORMED, reason);
                Value::Null
            }
        }
    }
}

/// The value of an argument that `given` was written for; nothing if it is absent and has no default.
pub(crate) fn argument(
    schema: &Schema,
    definition: &InputValueDefinition,
    given: Option<&Literal>,
    variables: &JsonMap,
) -> Result<Option<Argument>, String> {
    let given = given.filter(|given| is_present(given, variables));
    let Some(value) = given.or(definition.default_value.as_deref()) else {
        return match definition.ty.is_non_null() {
            true => Err(no_value_given(&definition.ty)),
            false => Ok(None),
        };
    };
    literal(schema, &definition.ty, value, variables).map(Some)
}

/// Whether the values of our own scalars in an argument are values of theirs. What stands as a variable was looked at as one.
pub(crate) fn exact(schema: &Schema, ty: &Type, argument: &Argument) -> Result<(), String> {
    let name = ty.inner_named_type().as_str();
    match argument {
        Argument::Null | Argument::Variable(_) => Ok(()),
        Argument::List(items) if ty.is_list() => items.iter().try_for_each(|item| exact(schema, ty.item_type(), item)),
        Argument::List(_) | Argument::Object(_) if is_ours(name) => Err(no_value(&argument.constant().to_string(), ty)),
        Argument::List(_) => Ok(()),
        Argument::Object(fields) => {
            let Some(ExtendedType::InputObject(object)) = schema.types.get(name) else {
                return Ok(());
            };
            fields.iter().try_for_each(|(name, value)| match object.fields.get(name.as_str()) {
                Some(definition) => {
                    exact(schema, &definition.ty, value).map_err(|reason| format!("field `{name}`: {reason}"))
                }
                None => Ok(()),
            })
        }
        Argument::Scalar(value) => {
            let read = |kind: Kind, text: &str| parse_text(&kind, text).map(|_| ());
            let read = match (name, value) {
                ("Decimal", Value::String(text)) => parse_exact(text).map(|_| ()),
                ("Decimal", Value::Number(number)) if number.is_f64() => return Err(fraction(number)),
                ("Decimal", Value::Number(_)) => Ok(()),
                ("Date", Value::String(text)) => read(Kind::Date, text),
                ("DateTime", Value::String(text)) => read(Kind::DateTime, text),
                (name, _) if is_ours(name) => return Err(no_value(&value.to_string(), ty)),
                _ => Ok(()),
            };
            read.map_err(|error| error.to_string())
        }
    }
}

/// Whether it is a scalar whose texts we read ourselves.
fn is_ours(name: &str) -> bool {
    matches!(name, "Decimal" | "Date" | "DateTime")
}

/// A number that has been through a float, which may have changed it.
fn fraction(number: &serde_json::Number) -> String {
    format!("`{number}` is a number with a fraction; write exact decimals as strings, like \"1234.50\"")
}

/// Whether the literal is anything but a variable nobody gave.
fn is_present(literal: &Literal, variables: &JsonMap) -> bool {
    literal.as_variable().is_none_or(|name| variables.contains_key(name.as_str()))
}

fn no_value_given(ty: &Type) -> String {
    format!("it must be given a value of type `{ty}`")
}

fn no_null(ty: &Type) -> String {
    format!("it is null, where a value of type `{ty}` is needed")
}

fn no_value(shown: &str, ty: &Type) -> String {
    format!("`{}` is no value of type `{ty}`", short(shown))
}

/// A literal as a value of `ty`.
fn literal(schema: &Schema, ty: &Type, literal: &Literal, variables: &JsonMap) -> Result<Argument, String> {
    match literal {
        Literal::Variable(name) => {
            // The variable's own type was checked against this one, apart from null.
            return match variables.get(name.as_str()) {
                Some(value) if !value.is_null() => Ok(Argument::Variable(name.to_string())),
                _ if ty.is_non_null() => Err(format!("variable `{name}`: {}", no_null(ty))),
                _ => Ok(Argument::Null),
            };
        }
        Literal::Null if ty.is_non_null() => return Err(no_null(ty)),
        Literal::Null => return Ok(Argument::Null),
        _ => {}
    }
    let refuse = || no_value(&literal.to_string(), ty);
    match (ty, literal) {
        (Type::List(item) | Type::NonNullList(item), Literal::List(items)) => {
            let items = items.iter().map(|value| self::literal(schema, item, value, variables));
            Ok(Argument::List(items.collect::<Result<_, _>>()?))
        }
        // A single value where a list is wanted is a list of one.
        (Type::List(item) | Type::NonNullList(item), single) => {
            Ok(Argument::List(vec![self::literal(schema, item, single, variables)?]))
        }
        (Type::Named(name) | Type::NonNullNamed(name), _) => match (schema.types.get(name), literal) {
            (Some(ExtendedType::InputObject(object)), Literal::Object(fields)) => {
                if let Some((unknown, _)) = fields.iter().find(|(name, _)| !object.fields.contains_key(name)) {
                    return Err(unknown_field(object, unknown));
                }
                let mut coerced = Vec::with_capacity(fields.len());
                for (name, definition) in &object.fields {
                    let given = fields.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_ref());
                    let value = argument(schema, definition, given, variables);
                    let value = value.map_err(|reason| format!("field `{name}`: {reason}"))?;
                    coerced.extend(value.map(|value| (name.to_string(), value)));
                }
                Ok(Argument::Object(coerced))
            }
            (Some(ExtendedType::Enum(declared)), Literal::Enum(name)) => {
                named(declared, name).map(Argument::Scalar).ok_or_else(refuse)
            }
            (Some(ExtendedType::Scalar(scalar)), _) if !scalar.is_built_in() => Ok(untyped(literal, variables)),
            (Some(ExtendedType::Scalar(scalar)), _) => {
                built_in(&scalar.name, literal).map(Argument::Scalar).ok_or_else(refuse)
            }
            _ => Err(refuse()),
        },
    }
}

/// A literal of one of the specification's scalars.
fn built_in(scalar: &str, literal: &Literal) -> Option<Value> {
    match (scalar, literal) {
        ("Int", Literal::Int(number)) => number.as_str().parse::<i32>().ok().map(Value::from),
        ("Float", Literal::Int(number)) => number.try_to_f64().ok().map(Value::from),
        ("Float", Literal::Float(number)) => number.try_to_f64().ok().map(Value::from),
        ("String" | "ID", Literal::String(text)) => Some(Value::from(text.as_str())),
        ("ID", Literal::Int(number)) => Some(Value::from(number.as_str())),
        ("Boolean", Literal::Boolean(truth)) => Some(Value::from(*truth)),
        _ => None,
    }
}

/// A literal of a custom scalar, whose meaning is for whoever uses it.
fn untyped(literal: &Literal, variables: &JsonMap) -> Argument {
    match literal {
        Literal::Null => Argument::Null,
        Literal::Variable(name) => match variables.get(name.as_str()) {
            Some(value) if !value.is_null() => Argument::Variable(name.to_string()),
            _ => Argument::Null,
        },
        Literal::String(text) => Argument::Scalar(Value::from(text.as_str())),
        Literal::Enum(name) => Argument::Scalar(Value::from(name.as_str())),
        Literal::Boolean(truth) => Argument::Scalar(Value::from(*truth)),
        Literal::Int(number) => {
            let whole = number.as_str().parse::<i64>();
            Argument::Scalar(whole.map_or_else(|_| Value::from(number.as_str()), Value::from))
        }
        Literal::Float(number) => Argument::Scalar(Value::from(number.as_str())),
        Literal::List(items) => Argument::List(items.iter().map(|item| untyped(item, variables)).collect()),
        Literal::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| is_present(value, variables));
            Argument::Object(present.map(|(name, value)| (name.to_string(), untyped(value, variables))).collect())
        }
    }
}

/// A JSON value of one of the specification's scalars. A number without a fraction is whole, however it is written.
fn json_built_in(scalar: &str, value: &Value) -> Option<Value> {
    let whole = || match (value.as_i64(), value.as_f64()) {
        (Some(number), _) => Some(number),
        (None, Some(number)) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => Some(number as i64),
        _ => None,
    };
    match (scalar, value) {
        ("Int", Value::Number(_)) => i32::try_from(whole()?).ok().map(Value::from),
        ("Float", Value::Number(_)) => Some(value.clone()),
        ("String" | "ID", Value::String(_)) | ("Boolean", Value::Bool(_)) => Some(value.clone()),
        ("ID", Value::Number(_)) => Some(Value::from(whole()?.to_string())),
        _ => None,
    }
}

/// The largest number up to which a float holds every whole number.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

fn named(declared: &EnumType, name: &str) -> Option<Value> {
    declared.values.contains_key(name).then(|| Value::from(name))
}

fn unknown_field(object: &InputObjectType, name: &str) -> String {
    format!("`{}` has no field `{}`", object.name, short(name))
}

/// As much of what a client sent as it needs to know it again.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use apollo_compiler::ExecutableDocument;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = "
        type Query { all(ids: [ID!], size: Int = 3, by: By, exact: Decimal): Int }
        input By { names: [String!], size: Int! = 5, not: By, kind: Kind }
        enum Kind { OLD NEW }
        scalar Decimal
    ";

    /// What an operation's variables become, or why they are refused.
    fn variables_of(definitions: &str, given: Value) -> Result<Value, String> {
        let schema = Schema::parse_and_validate(SCHEMA, "schema").unwrap();
        let text = format!("query ({definitions}) {{ __typename }}");
        let document = ExecutableDocument::parse(&schema, text, "document").unwrap();
        let operation = document.operations.get(None).unwrap();
        variables(&schema, operation, given.as_object().unwrap()).map(Value::Object).map_err(|faults| {
            let told = faults.into_iter().map(|fault| fault.message);
            told.collect::<Vec<_>>().join("; ")
        })
    }

    #[track_caller]
    fn takes(definitions: &str, given: Value, expected: Value) {
        assert_eq!(variables_of(definitions, given), Ok(expected));
    }

    #[track_caller]
    fn refuses(definitions: &str, given: Value, reason: &str) {
        assert_eq!(variables_of(definitions, given), Err(reason.to_owned()));
    }

    #[test]
    fn json_is_read_as_its_type() {
        takes("$a: Int", json!({ "a": 1.0 }), json!({ "a": 1 }));
        takes("$a: ID", json!({ "a": 7 }), json!({ "a": "7" }));
        takes("$a: [ID!]", json!({ "a": "x" }), json!({ "a": ["x"] }));
        takes("$a: [[Int]]", json!({ "a": [1, null, [2]] }), json!({ "a": [[1], null, [2]] }));
        takes("$a: By", json!({ "a": { "names": "x" } }), json!({ "a": { "names": ["x"], "size": 5 } }));
        refuses("$a: Int", json!({ "a": 1.5 }), "variable `a`: `1.5` is no value of type `Int`");
        refuses("$a: Int", json!({ "a": 2_147_483_648_i64 }), "variable `a`: `2147483648` is no value of type `Int`");
        refuses("$a: Kind", json!({ "a": "old" }), "variable `a`: `\"old\"` is no value of type `Kind`");
        refuses("$a: By", json!({ "a": { "x": 1 } }), "variable `a`: `By` has no field `x`");
        refuses("$a: Decimal", json!({ "a": { "x": 1 } }), "variable `a`: `{\"x\":1}` is no value of type `Decimal`");
        refuses("$a: Decimal", json!({ "a": ["1"] }), "variable `a`: `[\"1\"]` is no value of type `Decimal`");
        takes("$a: [Decimal]", json!({ "a": "1" }), json!({ "a": ["1"] }));
        let null = "variable `a`: field `size`: it is null, where a value of type `Int!` is needed";
        refuses("$a: By", json!({ "a": { "size": null } }), null);
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let schema = Schema::parse_and_validate(SCHEMA, "schema").unwrap();
        let text = "query ($a: [By!]!, $b: Kind!, $c: Date) { __typename }".replace("Date", "Decimal");
        let document = ExecutableDocument::parse(&schema, text, "document").unwrap();
        let given = json!({
            "a": [{ "size": 1 }, { "size": "x", "odd": 1, "not": { "kind": "GONE" } }, null], "c": "1.2.3"
        });
        let operation = document.operations.get(None).unwrap();
        let faults = variables(&schema, operation, given.as_object().unwrap()).unwrap_err();
        let told: Vec<_> = faults.iter().map(|fault| (json!(fault.path).to_string(), fault.code)).collect();
        let expected = [
            (r#"["a",1,"odd"]"#, UNKNOWN_FIELD),
            (r#"["a",1,"size"]"#, MALFORMED),
            (r#"["a",1,"not","kind"]"#, MALFORMED),
            (r#"["a",2]"#, REQUIRED),
            (r#"["b"]"#, REQUIRED),
            (r#"["c"]"#, MALFORMED),
        ];
        assert_eq!(told, expected.map(|(path, code)| (path.to_owned(), code)));
        assert_eq!(faults[0].message, "variable `a`: item 1: `By` has no field `odd`");
        assert!(faults.iter().all(|fault| fault.location.is_some()));
        let many = json!({ "a": vec![Value::Null; 300], "b": "NEW" });
        assert_eq!(variables(&schema, operation, many.as_object().unwrap()).unwrap_err().len(), FAULTS);
    }

    #[test]
    fn defaults_are_read_as_their_type_and_decimals_keep_their_text() {
        takes("$a: ID = 7, $b: [ID!] = \"x\"", json!({}), json!({ "a": "7", "b": ["x"] }));
        takes("$a: Decimal = 900719925474099.3001", json!({}), json!({ "a": "900719925474099.3001" }));
        takes("$a: By = {kind: NEW}", json!({}), json!({ "a": { "kind": "NEW", "size": 5 } }));
        takes("$a: Int = 3, $b: Int", json!({ "a": null }), json!({ "a": null }));
        refuses("$a: Int!", json!({}), "variable `a`: it must be given a value of type `Int!`");
    }

    /// What the argument `by` becomes with variables.
    fn by(literal: &str, given: Value) -> Result<Value, String> {
        let schema = Schema::parse_and_validate(SCHEMA, "schema").unwrap();
        let text = format!("query ($s: Int, $n: String, $b: By) {{ all(by: {literal}) }}");
        let document = ExecutableDocument::parse(&schema, text, "document").unwrap();
        let given: JsonMap = serde_json::from_value(given).unwrap();
        let field = document.operations.get(None).unwrap().root_fields(&document).next().unwrap();
        let definition = field.definition.argument_by_name("by").unwrap();
        let coerced = argument(&schema, definition, Some(&field.arguments[0].value), &given)?;
        Ok(coerced.and_then(|argument| argument.resolve(&given)).unwrap_or(json!("absent")))
    }

    #[test]
    fn variables_inside_literals_may_be_absent_or_null() {
        assert_eq!(by("$b", json!({})), Ok(json!("absent")));
        assert_eq!(by("$b", json!({ "b": null })), Ok(json!(null)));
        assert_eq!(by("{size: $s}", json!({})), Ok(json!({ "size": 5 })));
        assert_eq!(by("{names: \"x\", not: $b}", json!({})), Ok(json!({ "names": ["x"], "size": 5 })));
        let null = "field `size`: variable `s`: it is null, where a value of type `Int!` is needed";
        assert_eq!(by("{size: $s}", json!({ "s": null })), Err(null.to_owned()));
        assert!(by("{names: [\"x\", $n]}", json!({})).is_err());
    }
}
