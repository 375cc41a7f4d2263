//! Decision fields: one per decision point, on its subject.

use async_graphql::dynamic::{Enum, EnumItem, Field, InputObject, InputValue, Object, SchemaBuilder, TypeRef};
use async_graphql::indexmap::IndexMap;
use async_graphql::{Name, Value};
use guildhall_decision::{DataType, Datum, DecisionPoint, InputField};

use super::{Source, argument, field};

/// What every decision says beside its own output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceField {
    Explanation,
    CustomerExplanation,
    Parameters,
    Proposals,
    Bounds,
    StrategyNumber,
    Fallback,
}

/// The fields of [`TraceField`] by their GraphQL names.
pub(crate) const TRACE_FIELDS: [(&str, TraceField); 7] = [
    ("explanation", TraceField::Explanation),
    ("customerExplanation", TraceField::CustomerExplanation),
    ("parameters", TraceField::Parameters),
    ("proposals", TraceField::Proposals),
    ("bounds", TraceField::Bounds),
    ("strategyNumber", TraceField::StrategyNumber),
    ("fallback", TraceField::Fallback),
];

fn trace_fields(object: Object) -> Object {
    let list = TypeRef::named_nn_list_nn;
    object
        .field(field(
            "explanation",
            list(TypeRef::STRING),
            "The decision in words for people of the business, one sentence each: not for the customer's eyes.",
        ))
        .field(field(
            "customerExplanation",
            list(TypeRef::STRING),
            "The decision in words for the customer, one sentence each: nothing of segments, departments, plugins and their reasons.",
        ))
        .field(field("parameters", list("DecisionParameter"), "What the plugins had to go by, and which layer set it."))
        .field(field("proposals", list("DecisionProposal"), "What each plugin proposed."))
        .field(field("bounds", list("DecisionBound"), "What ground rules changed."))
        .field(field("strategyNumber", TypeRef::named_nn("Int"), "The strategy version it was made under."))
        .field(field(
            "fallback",
            TypeRef::named_nn("Boolean"),
            "Whether the decision point's fallback answered because a plugin could not.",
        ))
}

/// The field a decision point adds to its subject. Nullable: a failing plugin never takes the customer with it.
pub(super) fn decision_field(point: &DecisionPoint) -> Field {
    let built = field(&point.field, TypeRef::named(&point.output_type), &described(point));
    if point.request.is_empty() {
        return built;
    }
    let request = argument("request", TypeRef::named_nn(request_name(point)), "What is asked.");
    let nothing = point.request.iter().all(|field| !field.required || field.default.is_some());
    built.argument(if nothing { request.default_value(Value::Object(IndexMap::new())) } else { request })
}

/// What it means, and whose it is.
fn described(point: &DecisionPoint) -> String {
    match &point.plugin {
        Some(plugin) => format!("{} Brought by plugin {plugin}.", point.description),
        None => point.description.clone(),
    }
}

fn request_name(point: &DecisionPoint) -> String {
    format!("{}Request", point.output_type)
}

pub(super) fn register(mut builder: SchemaBuilder, source: &Source<'_>) -> SchemaBuilder {
    if source.points.is_empty() {
        return builder;
    }
    builder = shared(builder);
    for point in source.points {
        let mut output = Object::new(&point.output_type).description(described(point));
        for declared in &point.outputs {
            output = output.field(field(
                &declared.name,
                type_ref(&declared.data_type, !declared.nullable),
                &declared.description,
            ));
        }
        builder = builder.register(trace_fields(output));
        if !point.request.is_empty() {
            let request = InputObject::new(request_name(point)).description(format!("What {} is asked.", point.name));
            builder = builder.register(point.request.iter().map(input_value).fold(request, InputObject::field));
        }
        for declared in &point.enums {
            let items = declared.values.iter().map(|value| EnumItem::new(&value.name).description(&value.description));
            builder = builder.register(Enum::new(&declared.name).description(&declared.description).items(items));
        }
    }
    builder
}

fn input_value(declared: &InputField) -> InputValue {
    let value = argument(&declared.name, type_ref(&declared.data_type, declared.required), &declared.description);
    match &declared.default {
        Some(default) => value.default_value(written(&declared.data_type, default)),
        None => value,
    }
}

/// A default as the schema writes it.
fn written(data_type: &DataType, default: &Datum) -> Value {
    match (data_type, default) {
        (DataType::Enum(_), Datum::Text(name)) => Value::Enum(Name::new(name)),
        (_, other) => Value::from_json(other.to_json()).unwrap_or_default(),
    }
}

fn type_ref(data_type: &DataType, required: bool) -> TypeRef {
    match (data_type, required) {
        (DataType::Texts, true) => TypeRef::named_nn_list_nn(TypeRef::STRING),
        (DataType::Texts, false) => TypeRef::named_nn_list(TypeRef::STRING),
        (other, true) => TypeRef::named_nn(other.graphql()),
        (other, false) => TypeRef::named(other.graphql()),
    }
}

fn shared(builder: SchemaBuilder) -> SchemaBuilder {
    let parameter = Object::new("DecisionParameter")
        .description("A parameter of a decision, resolved over the layers.")
        .field(field("name", TypeRef::named_nn(TypeRef::STRING), "The parameter."))
        .field(field("value", TypeRef::named("JSON"), "Its value."))
        .field(field(
            "layer",
            TypeRef::named_nn(TypeRef::STRING),
            "The strongest layer that sets it: contract, customer, subsegment, segment or department default.",
        ))
        .field(field("source", TypeRef::named_nn(TypeRef::STRING), "Which contract, customer or segment that is."));
    let proposal = Object::new("DecisionProposal")
        .description("What one plugin proposed.")
        .field(field("plugin", TypeRef::named_nn(TypeRef::STRING), "The plugin."))
        .field(field("version", TypeRef::named_nn(TypeRef::STRING), "Its version."))
        .field(field("department", TypeRef::named_nn(TypeRef::STRING), "The department that answers for it."))
        .field(field("digest", TypeRef::named_nn(TypeRef::STRING), "SHA-256 of its package, in hex."))
        .field(field("output", TypeRef::named("JSON"), "What it proposed; null if it could not."))
        .field(field("reasons", TypeRef::named_nn_list_nn(TypeRef::STRING), "Why, in its own words."))
        .field(field("failure", TypeRef::named("JSON"), "Why it could not: a code and a message."))
        .field(field(
            "fuel",
            TypeRef::named_nn("Int"),
            "The fuel its call used, shared evenly over the call's customers.",
        ));
    let bound = Object::new("DecisionBound")
        .description("A ground rule that held.")
        .field(field("rule", TypeRef::named_nn(TypeRef::STRING), "The ground rule's id."))
        .field(field("name", TypeRef::named_nn(TypeRef::STRING), "The rule's name for people."))
        .field(field("field", TypeRef::named_nn(TypeRef::STRING), "The output it bounds."))
        .field(field("before", TypeRef::named("JSON"), "What the plugins proposed."))
        .field(field(
            "after",
            TypeRef::named("JSON"),
            "What this rule alone makes of it. The verdict fulfils all rules together.",
        ))
        .field(field(
            "undecided",
            TypeRef::named_nn("Boolean"),
            "Whether the rule holds because a fact it asks for is missing.",
        ))
        .field(field("reason", TypeRef::named_nn(TypeRef::STRING), "Why the rule stands."));
    builder.register(parameter).register(proposal).register(bound)
}
