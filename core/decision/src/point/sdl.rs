//! Reads decision points out of GraphQL SDL. Only what a decision point needs is taken; everything else is refused.

mod members;

use std::sync::Arc;

use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, EnumTypeDefinition, FieldDefinition, InputObjectTypeDefinition,
    InputValueDefinition, ObjectTypeDefinition, Type, Value,
};
use apollo_compiler::parser::Parser;

use super::{CombineRule, DecisionPoint, FailPolicy, InputField, Mode, OutputField, Worth, WorthAs};
use crate::{DataType, Datum, EnumDefinition, EnumValue, shown};

const MAX_SDL_BYTES: usize = 64 * 1024;
const MAX_TOKENS: usize = 10_000;
const MAX_RECURSION: usize = 32;
/// Most characters of a name, of a description, and most fields of a type or values of an enum.
const MAX_NAME: usize = 64;
const MAX_DESCRIPTION: usize = 500;
const MAX_MEMBERS: usize = 100;
/// Most characters of what a problem quotes of the text.
const MAX_MESSAGE: usize = 1_000;
/// What the API says of every decision beside its own output, see the trace in `core/graph`.
const TRACE: [&str; 6] = ["explanation", "parameters", "proposals", "bounds", "strategyNumber", "fallback"];

/// Why SDL describes no decision points.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointError {
    #[error("the decision SDL has {0} bytes; split it, at most {MAX_SDL_BYTES} are read")]
    TooLarge(usize),
    #[error("the decision SDL is not GraphQL: {0}")]
    Syntax(String),
    #[error("`{place}` {problem}")]
    Declaration { place: String, problem: String },
}

pub(super) fn refuse<T>(place: impl Into<String>, problem: impl Into<String>) -> Result<T, PointError> {
    // Names, values and directives of the text stand in it.
    Err(PointError::Declaration {
        place: shown(&place.into(), MAX_MESSAGE),
        problem: shown(&problem.into(), MAX_MESSAGE),
    })
}

/// Reads every decision point of an SDL text, in its order.
pub fn read_points(sdl: &str) -> Result<Vec<DecisionPoint>, PointError> {
    if sdl.len() > MAX_SDL_BYTES {
        return Err(PointError::TooLarge(sdl.len()));
    }
    let document = Parser::new()
        .token_limit(MAX_TOKENS)
        .recursion_limit(MAX_RECURSION)
        .parse_ast(sdl, "decision.graphql")
        .map_err(|broken| PointError::Syntax(first_error(&broken.errors)))?;
    let declared = Declared::read(&document)?;
    let mut points = Vec::new();
    for object in declared.objects.iter().filter(|object| !declared.is_answer_about_a_member(object)) {
        points.push(declared.point(object)?);
    }
    declared.all_used(&points)?;
    Ok(points)
}

fn first_error(errors: &apollo_compiler::validation::DiagnosticList) -> String {
    let Some(first) = errors.iter().next() else { return "it cannot be read".to_owned() };
    let error = first.to_json();
    // The parser quotes the text.
    let message = shown(&error.message, MAX_MESSAGE);
    match error.locations.first() {
        Some(place) => format!("line {}, column {}: {message}", place.line, place.column),
        None => message,
    }
}

/// The definitions of one text.
struct Declared<'a> {
    objects: Vec<&'a ObjectTypeDefinition>,
    inputs: Vec<&'a InputObjectTypeDefinition>,
    enums: Vec<Arc<EnumDefinition>>,
}

impl<'a> Declared<'a> {
    fn read(document: &'a Document) -> Result<Self, PointError> {
        let mut declared = Declared { objects: Vec::new(), inputs: Vec::new(), enums: Vec::new() };
        let mut names: Vec<&str> = Vec::new();
        for definition in &document.definitions {
            match definition {
                Definition::ObjectTypeDefinition(object) => declared.objects.push(object),
                Definition::InputObjectTypeDefinition(input) => declared.inputs.push(input),
                Definition::EnumTypeDefinition(definition) => declared.enums.push(Arc::new(read_enum(definition)?)),
                _ => {
                    let name = definition.name().map_or("the document", |name| name.as_str());
                    return refuse(name, "does not belong here; decision SDL has types, inputs and enums only");
                }
            }
            if let Some(name) = definition.name() {
                well_named(name.as_str(), name.as_str())?;
                if names.contains(&name.as_str()) {
                    return refuse(name.as_str(), "is defined twice; remove one");
                }
                names.push(name.as_str());
            }
        }
        Ok(declared)
    }

    fn point(&self, object: &ObjectTypeDefinition) -> Result<DecisionPoint, PointError> {
        let output_type = object.name.to_string();
        only_directives(&output_type, &object.directives, &["point"])?;
        if !object.implements_interfaces.is_empty() {
            return refuse(output_type, "implements an interface; the answer of a decision point is a plain type");
        }
        let Some(directive) = object.directives.get("point") else {
            return refuse(output_type, "has no `@point`; every type here is the answer of a decision point");
        };
        only_arguments(&output_type, directive, &["name", "subject", "field", "mode", "fail", "enforcedBy"])?;
        let text = |name| argument_text(&output_type, directive, name);
        members(&output_type, object.fields.iter().map(|field| field.name.as_str()))?;
        if let Some(field) = object.fields.iter().find(|field| TRACE.contains(&field.name.as_str())) {
            let place = format!("{output_type}.{}", field.name);
            return refuse(place, "has a name that every decision uses to say how it was made; choose another");
        }
        let mode = match text("mode")?.as_str() {
            "INDEPENDENT" => Mode::Independent,
            "SET" => Mode::Set,
            other => return refuse(output_type, format!("has mode `{other}`; use INDEPENDENT or SET")),
        };
        let fail = match text("fail")?.as_str() {
            "DENY" => FailPolicy::Deny,
            "DEFAULT" => FailPolicy::Default,
            "SKIP" => FailPolicy::Skip,
            other => return refuse(output_type, format!("has fail policy `{other}`; use DENY, DEFAULT or SKIP")),
        };
        let plain = object.fields.iter().filter(|field| field.directives.get("each").is_none());
        let outputs = plain.map(|field| self.output(&output_type, field)).collect::<Result<Vec<_>, _>>()?;
        by_fields(&output_type, &outputs)?;
        if let Some(field) = outputs.iter().find(|field| field.combine == CombineRule::Core) {
            let place = format!("{output_type}.{}", field.name);
            return refuse(place, "combines by CORE, which only answers about the members of a set have");
        }
        let request = self.inputs(&format!("{output_type}Request"), object)?;
        let parameters = self.inputs(&format!("{output_type}Parameters"), object)?;
        if let Some(field) = parameters.iter().find(|field| field.default.is_none() && field.required) {
            let place = format!("{output_type}Parameters.{}", field.name);
            return refuse(place, "needs a default: what the department does by itself");
        }
        let members = self.members(object, mode, &request, &parameters)?;
        authorities(&output_type, &outputs, &parameters)?;
        lifting(&output_type, &outputs)?;
        let mut enums: Vec<Arc<EnumDefinition>> = Vec::new();
        let inputs = request.iter().chain(&parameters).chain(members.iter().flat_map(|members| &members.inputs));
        let answers = outputs.iter().chain(members.iter().flat_map(|members| &members.outputs));
        for data_type in answers.map(|field| &field.data_type).chain(inputs.map(|field| &field.data_type)) {
            if let DataType::Enum(definition) = data_type
                && !enums.contains(definition)
            {
                enums.push(definition.clone());
            }
        }
        let enforced_by = directive.specified_argument_by_name("enforcedBy").map(|_| text("enforcedBy")).transpose()?;
        let (name, subject, field) = (text("name")?, text("subject")?, text("field")?);
        let description = description(&output_type, object.description.as_ref())?;
        Ok(DecisionPoint {
            name,
            field,
            output_type,
            description,
            subject,
            mode,
            fail,
            enforced_by,
            request,
            parameters,
            outputs,
            members,
            enums,
            plugin: None,
        })
    }

    fn output(&self, output_type: &str, field: &FieldDefinition) -> Result<OutputField, PointError> {
        let place = format!("{output_type}.{}", field.name);
        only_directives(&place, &field.directives, &["combine", "default", "authority", "worth", "lifts", "score"])?;
        if !field.arguments.is_empty() {
            return refuse(place, "has arguments; what is asked belongs into the request");
        }
        let (data_type, required) = self.data_type(&place, &field.ty)?;
        let combine = combine_rule(&place, field, &data_type)?;
        let default = match field.directives.get("default") {
            Some(directive) => {
                only_arguments(&place, directive, &["value"])?;
                let text = argument_text(&place, directive, "value")?;
                Some(default_value(&place, &data_type, data_type.read_text(&text))?)
            }
            None if required => {
                return refuse(place, "needs `@default(value: ...)`: what answers when no plugin can");
            }
            None => None,
        };
        let authority = match field.directives.get("authority") {
            Some(directive) => {
                only_arguments(&place, directive, &["parameter"])?;
                Some(argument_text(&place, directive, "parameter")?)
            }
            None => None,
        };
        let worth = field.directives.get("worth").map(|directive| worth(&place, directive)).transpose()?;
        let lifts = match field.directives.get("lifts") {
            Some(directive) => {
                only_arguments(&place, directive, &["field"])?;
                Some(argument_text(&place, directive, "field")?)
            }
            None => None,
        };
        let description = description(&place, field.description.as_ref())?;
        let (name, nullable) = (field.name.to_string(), !required);
        Ok(OutputField { name, data_type, nullable, combine, default, authority, worth, lifts, description })
    }

    /// The plain fields of an input of `object`; the list of a set's members is read with the answers about them.
    fn inputs(&self, name: &str, object: &ObjectTypeDefinition) -> Result<Vec<InputField>, PointError> {
        let Some(input) = self.inputs.iter().find(|input| input.name == name) else { return Ok(Vec::new()) };
        only_directives(name, &input.directives, &[])?;
        description(name, input.description.as_ref())?;
        members(name, input.fields.iter().map(|field| field.name.as_str()))?;
        let list = members::list_of(object).filter(|_| name.ends_with("Request"));
        let plain = input.fields.iter().filter(|field| list.as_deref() != Some(field.name.as_str()));
        plain.map(|field| self.input(name, field)).collect()
    }

    fn input(&self, input: &str, field: &InputValueDefinition) -> Result<InputField, PointError> {
        let place = format!("{input}.{}", field.name);
        only_directives(&place, &field.directives, &[])?;
        let (data_type, required) = self.data_type(&place, &field.ty)?;
        let default = match field.default_value.as_deref() {
            None => None,
            Some(Value::Null) if !required => None,
            Some(value) => {
                let json = literal(value);
                Some(default_value(&place, &data_type, json.and_then(|json| data_type.read_json(&json)))?)
            }
        };
        let description = description(&place, field.description.as_ref())?;
        Ok(InputField { name: field.name.to_string(), data_type, required, default, description })
    }

    fn data_type(&self, place: &str, declared: &Type) -> Result<(DataType, bool), PointError> {
        let data_type = match declared {
            Type::Named(name) | Type::NonNullNamed(name) => match name.as_str() {
                "Int" => DataType::Int,
                "Decimal" => DataType::Decimal,
                "Boolean" => DataType::Bool,
                "String" => DataType::Text,
                "Date" => DataType::Date,
                other => match self.enums.iter().find(|definition| definition.name == other) {
                    Some(definition) => DataType::Enum(definition.clone()),
                    None => {
                        let problem = format!(
                            "has type `{other}`; use Int, Decimal, Boolean, String, Date, [String!] or an enum of the same file"
                        );
                        return refuse(place, problem);
                    }
                },
            },
            Type::List(item) | Type::NonNullList(item) => match &**item {
                Type::NonNullNamed(name) if name == "String" => DataType::Texts,
                _ => return refuse(place, "is a list of something else than `String!`"),
            },
        };
        Ok((data_type, declared.is_non_null()))
    }

    fn all_used(&self, points: &[DecisionPoint]) -> Result<(), PointError> {
        let belongs = |input: &str| {
            points.iter().any(|point| {
                let own = input.strip_prefix(point.output_type.as_str());
                own.is_some_and(|rest| matches!(rest, "Request" | "Parameters"))
                    || point.members.as_ref().is_some_and(|members| members.list_type == input)
            })
        };
        if let Some(input) = self.inputs.iter().find(|input| !belongs(&input.name)) {
            return refuse(
                input.name.as_str(),
                "belongs to no decision point; name it like the answer, with `Request` or `Parameters` behind",
            );
        }
        let used = |declared: &Arc<EnumDefinition>| points.iter().any(|point| point.enums.contains(declared));
        if let Some(declared) = self.enums.iter().find(|declared| !used(declared)) {
            return refuse(declared.name.as_str(), "is used by no decision point; remove it");
        }
        if let Some(point) = points
            .iter()
            .enumerate()
            .find_map(|(index, point)| points.iter().take(index).any(|other| other.name == point.name).then_some(point))
        {
            return refuse(
                point.output_type.as_str(),
                format!("answers `{}`, which has an answer already", point.name),
            );
        }
        Ok(())
    }
}

fn read_enum(definition: &EnumTypeDefinition) -> Result<EnumDefinition, PointError> {
    let name = definition.name.to_string();
    only_directives(&name, &definition.directives, &[])?;
    members(&name, definition.values.iter().map(|value| value.value.as_str()))?;
    let values = definition.values.iter().map(|value| {
        let place = format!("{name}.{}", value.value);
        only_directives(&place, &value.directives, &[])?;
        Ok(EnumValue { name: value.value.to_string(), description: description(&place, value.description.as_ref())? })
    });
    let values = values.collect::<Result<_, _>>()?;
    Ok(EnumDefinition { description: description(&name, definition.description.as_ref())?, values, name })
}

fn worth(place: &str, directive: &Directive) -> Result<Worth, PointError> {
    only_arguments(place, directive, &["formula", "as"])?;
    let formula = argument_text(place, directive, "formula")?;
    match argument_text(place, directive, "as")?.as_str() {
        "GIVEN" => Ok(Worth { formula, counts: WorthAs::Given }),
        "LENT" => Ok(Worth { formula, counts: WorthAs::Lent }),
        "ALLOWED" => Ok(Worth { formula, counts: WorthAs::Allowed }),
        other => refuse(place, format!("is worth something as `{other}`; use GIVEN, LENT or ALLOWED")),
    }
}

fn combine_rule(place: &str, field: &FieldDefinition, data_type: &DataType) -> Result<CombineRule, PointError> {
    let Some(directive) = field.directives.get("combine") else {
        return refuse(place, "needs `@combine(rule: ...)`: how several plugins become one answer");
    };
    only_arguments(place, directive, &["rule", "order", "by"])?;
    let by = || argument_text(place, directive, "by");
    let rule = match argument_text(place, directive, "rule")?.as_str() {
        "MIN" => CombineRule::Min,
        "MAX" => CombineRule::Max,
        "MOST_RESTRICTIVE" => CombineRule::MostRestrictive(restriction_order(place, directive, data_type)?),
        "UNION" => CombineRule::Union,
        "SUM" => CombineRule::Sum,
        "ALL" => CombineRule::All,
        "ANY" => CombineRule::Any,
        "BEST_OF" => CombineRule::BestOf(by()?),
        "WEIGHTED_SUM" => CombineRule::WeightedSum(by()?),
        "CORE" => CombineRule::Core,
        "ONLY" => CombineRule::Only,
        "FIRST" => {
            return refuse(place, "combines by FIRST, which depends on the order of the plugins; choose another rule");
        }
        other => {
            let problem = format!(
                "combines by `{other}`; use MIN, MAX, MOST_RESTRICTIVE, UNION, SUM, ALL, ANY, ONLY, BEST_OF, WEIGHTED_SUM or CORE"
            );
            return refuse(place, problem);
        }
    };
    if !rule.takes(data_type) {
        return refuse(place, format!("has type `{}`, which {} cannot combine", data_type.graphql(), rule.name()));
    }
    if !matches!(rule, CombineRule::MostRestrictive(_)) && directive.specified_argument_by_name("order").is_some() {
        return refuse(place, "has an `order`, which only MOST_RESTRICTIVE takes");
    }
    if rule.by().is_none() && directive.specified_argument_by_name("by").is_some() {
        return refuse(place, "has a `by`, which only BEST_OF and WEIGHTED_SUM take");
    }
    Ok(rule)
}

/// The fields that others are combined by are numbers that no other is needed for.
fn by_fields(output_type: &str, outputs: &[OutputField]) -> Result<(), PointError> {
    for field in outputs {
        let Some(by) = field.combine.by() else { continue };
        let beside = outputs.iter().find(|other| other.name == by && other.combine.by().is_none());
        if !beside.is_some_and(|other| matches!(other.data_type, DataType::Int | DataType::Decimal)) {
            let place = format!("{output_type}.{}", field.name);
            return refuse(place, format!("is combined by `{by}`, which is no number beside it"));
        }
    }
    Ok(())
}

/// What needs approval above a parameter is a number, and so is the parameter.
fn authorities(output_type: &str, outputs: &[OutputField], parameters: &[InputField]) -> Result<(), PointError> {
    for field in outputs {
        let Some(name) = &field.authority else { continue };
        let parameter = parameters.iter().find(|parameter| parameter.name == *name);
        let number = matches!(field.data_type, DataType::Int | DataType::Decimal);
        if !number || parameter.is_none_or(|parameter| parameter.data_type != field.data_type) {
            let place = format!("{output_type}.{}", field.name);
            return refuse(place, format!("has the authority `{name}`, which is no parameter of its type"));
        }
    }
    Ok(())
}

/// What lifts another field is beside it, and may have no value.
fn lifting(output_type: &str, outputs: &[OutputField]) -> Result<(), PointError> {
    for field in outputs {
        let Some(lifted) = &field.lifts else { continue };
        let place = || format!("{output_type}.{}", field.name);
        if !outputs.iter().any(|other| other.name == *lifted && other.name != field.name) {
            return refuse(place(), format!("lifts `{lifted}`, which is no field beside it"));
        }
        if !field.nullable {
            return refuse(place(), "lifts another field, so it may have no value; leave out the `!`");
        }
    }
    Ok(())
}

fn restriction_order(place: &str, directive: &Directive, data_type: &DataType) -> Result<Vec<String>, PointError> {
    let order: Vec<String> = match directive.specified_argument_by_name("order").map(|value| &**value) {
        Some(Value::List(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    let DataType::Enum(definition) = data_type else {
        return refuse(place, "combines by MOST_RESTRICTIVE, which takes enums only");
    };
    let mut named = order.clone();
    let mut declared: Vec<String> = definition.values.iter().map(|value| value.name.clone()).collect();
    named.sort();
    declared.sort();
    if named != declared {
        return refuse(place, format!("needs an `order` that names every value of `{}` once", definition.name));
    }
    Ok(order)
}

/// One line, which can stand in any schema as it is.
fn description(place: &str, description: Option<&Node<str>>) -> Result<String, PointError> {
    let words = description.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let Some(text) = words.filter(|text| !text.is_empty()) else {
        return refuse(place, "has no description; say in a sentence what it means");
    };
    if text.chars().count() > MAX_DESCRIPTION {
        return refuse(place, format!("has a description of more than {MAX_DESCRIPTION} characters; say less"));
    }
    if text.chars().any(|letter| letter.is_control() || letter == '\\') {
        return refuse(place, "has a description with a control character or a backslash; leave it out");
    }
    Ok(text)
}

/// Names that GraphQL keeps for itself, or that are endless.
fn well_named(place: &str, name: &str) -> Result<(), PointError> {
    if name.starts_with("__") {
        return refuse(place, "begins with `__`, which GraphQL keeps for introspection; choose another name");
    }
    if name.len() > MAX_NAME {
        let shown: String = place.chars().take(MAX_NAME).collect();
        return refuse(shown, format!("has a name of more than {MAX_NAME} characters; choose a shorter one"));
    }
    Ok(())
}

/// The fields of a type or the values of an enum: some, not too many, each once.
fn members<'m>(place: &str, names: impl Iterator<Item = &'m str>) -> Result<(), PointError> {
    let mut known: Vec<&str> = Vec::new();
    for name in names {
        let place = format!("{place}.{name}");
        well_named(&place, name)?;
        if matches!(name, "true" | "false" | "null") {
            return refuse(place, "has a name that is a value in GraphQL; choose another");
        }
        if known.contains(&name) {
            return refuse(place, "stands there twice; remove one");
        }
        known.push(name);
    }
    match known.len() {
        0 => refuse(place, "is empty; give it at least one member or remove it"),
        1..=MAX_MEMBERS => Ok(()),
        many => refuse(place, format!("has {many} members; at most {MAX_MEMBERS} are read")),
    }
}

fn default_value(place: &str, data_type: &DataType, read: Option<Datum>) -> Result<Datum, PointError> {
    match read {
        Some(datum) => Ok(datum),
        None => refuse(place, format!("has a default that is not {}", data_type.expected())),
    }
}

fn literal(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Enum(name) => Some(name.as_str().into()),
        Value::String(text) => Some(text.as_str().into()),
        Value::Int(int) => int.try_to_i32().ok().map(Into::into),
        Value::Boolean(bool) => Some((*bool).into()),
        Value::List(items) => items.iter().map(|item| literal(item)).collect::<Option<Vec<_>>>().map(Into::into),
        _ => None,
    }
}

fn argument_text(place: &str, directive: &Directive, name: &str) -> Result<String, PointError> {
    match directive.specified_argument_by_name(name).map(|value| &**value) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Enum(text)) => Ok(text.to_string()),
        _ => refuse(place, format!("needs `{name}` in `@{}`", directive.name)),
    }
}

fn only_directives(place: &str, directives: &DirectiveList, known: &[&str]) -> Result<(), PointError> {
    for (index, directive) in directives.iter().enumerate() {
        let twice = directives.iter().take(index).any(|other| other.name == directive.name);
        if twice || !known.contains(&directive.name.as_str()) {
            return refuse(place, format!("has `@{}` where it is unknown or stands twice; remove it", directive.name));
        }
    }
    Ok(())
}

fn only_arguments(place: &str, directive: &Directive, known: &[&str]) -> Result<(), PointError> {
    match directive.arguments.iter().find(|argument| !known.contains(&argument.name.as_str())) {
        Some(argument) => {
            refuse(place, format!("gives `@{}` an unknown argument `{}`; remove it", directive.name, argument.name))
        }
        None => Ok(()),
    }
}
